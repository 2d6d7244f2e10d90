"""The calibrated mood plane: the few numbers that place a song by its nine audio features.

Conventions
-----------
Spotify's ``valence`` is a weak proxy for how pleasant people find a song (r about .4 with
listeners' tags), so songs are placed by two linear maps of all nine audio features (standardised
and cut at three standard deviations), each passed through a logistic curve. A place is (valence,
arousal) in [0, 1], the chance that listeners call the song pleasant, and stirring; .5 divides
low from high.

The numbers live in ``plane.json`` beside this module, with the tables they were fitted on. They
are refitted by ``python -m scripts.evaluate plane --truth FILE --write``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.errors import ModelError
from scripts.moods.features import CLIP_SD, FEATURES

PLANE_FILE = Path(__file__).with_name("plane.json")

AXES: tuple[str, ...] = ("valence", "arousal")


def load_plane(path: Path = PLANE_FILE) -> dict[str, Any]:
    """Read the calibrated plane.

    Returns
    -------
    dict
        ``features``: the nine names; ``mean`` and ``scale``: nine numbers each; ``valence`` and
        ``arousal``: ``{"bias": float, "weights": [9 floats]}`` on standardised features;
        ``origin``: where the numbers come from.

    Raises
    ------
    ModelError
        If the file is missing, is no JSON or lists other features.
    """
    try:
        plane: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        sizes = {len(plane["mean"]), len(plane["scale"])}
        sizes |= {len(plane[axis]["weights"]) for axis in AXES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path.name}: the calibrated plane cannot be read ({error}); "
            "refit it with: python -m scripts.evaluate plane --truth FILE --write"
        ) from error
    if plane["features"] != list(FEATURES) or sizes != {len(FEATURES)}:
        raise ModelError(
            f"{path.name}: fitted on the features {plane['features']}, "
            f"but this version reads {list(FEATURES)}; refit it with: "
            "python -m scripts.evaluate plane --truth FILE --write"
        )
    return plane


def place_song(plane: Mapping[str, Any], features: Sequence[float]) -> tuple[float, float]:
    """Place one song.

    Parameters
    ----------
    plane : mapping
        As :func:`load_plane` returns it.
    features : sequence of 9 floats
        In the order and units of :data:`~scripts.moods.features.FEATURES`.

    Returns
    -------
    (valence, arousal) : two floats in [0, 1]
    """
    scaled = [
        max(-CLIP_SD, min(CLIP_SD, (value - mean) / scale))
        for value, mean, scale in zip(features, plane["mean"], plane["scale"], strict=True)
    ]
    places = []
    for axis in AXES:
        line = plane[axis]
        logit = line["bias"] + sum(
            weight * value for weight, value in zip(line["weights"], scaled, strict=True)
        )
        places.append(1 / (1 + math.exp(-max(-500.0, min(500.0, logit)))))
    return places[0], places[1]
