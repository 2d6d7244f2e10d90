"""The shipped numbers of the lyric half: what lyrics say of a song's mood, and which to trust.

Conventions
-----------
The numbers live in ``lyric_mood.json`` beside this module, with the tables they were fitted on.
They serve trainings whose labelled songs have no lyrics, or too few. They are refitted by
``python -m scripts.evaluate lyric_mood --truth FILE --lyrics FILE --write``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.errors import ModelError

LYRIC_MOOD_FILE = Path(__file__).with_name("lyric_mood.json")

REFIT = "python -m scripts.evaluate lyric_mood --truth FILE --lyrics FILE --write"


def load_lyric_numbers(path: Path = LYRIC_MOOD_FILE) -> dict[str, Any]:
    """Read the shipped numbers.

    Returns
    -------
    dict
        The numbers of :func:`~scripts.learning.lyric_mood.lyric_mood_to_numbers`; ``trust``:
        those of :func:`~scripts.learning.lyric_trust.trust_to_numbers`; ``encoder``: the name of
        the encoder whose vectors they read; ``origin``: where they come from.

    Raises
    ------
    ModelError
        If the file is missing, is no JSON or lacks one of these.
    """
    try:
        numbers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = [
            name for name in ("weights", "trust", "encoder", "origin") if name not in numbers
        ]
        if missing:
            raise ValueError(f"without {', '.join(missing)}")
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path.name}: the lyric half cannot be read ({error}); refit it with: {REFIT}"
        ) from error
    return numbers
