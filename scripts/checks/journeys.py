"""The check ``journeys``: how smoothly a trained set's songs lead from mood to mood.

Conventions
-----------
Journeys go over the valence and energy of the song tables; tracks of spoken words take no part.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from scripts.errors import DataError, SettingsError
from scripts.evaluation.journey_report import evaluate_journeys
from scripts.moods.vocabulary import SPOKEN
from scripts.store.reading import open_set


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("journeys", help="judge how smooth journeys between moods are")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.add_argument("--journeys", type=int, default=100, metavar="COUNT")
    parser.add_argument("--songs-per-journey", type=int, default=20, metavar="COUNT")
    parser.add_argument("--max-per-artist", type=int, default=2, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compare our journeys with other ways to choose their songs."""
    # two steps are the fewest that can differ from each other
    for flag, value, least in (
        ("--journeys", options.journeys, 2),
        ("--songs-per-journey", options.songs_per_journey, 3),
        ("--max-per-artist", options.max_per_artist, 1),
    ):
        if value < least:
            raise SettingsError(f"{flag} {value}: give at least {least}")
    trained = open_set(str(options.output))
    rows = trained.catalogue.execute(
        "SELECT valence, energy, work_id, artist_id, duration_ms FROM songs "
        "WHERE mood_id IN (SELECT mood_id FROM moods WHERE name <> ?) ORDER BY rank",
        (SPOKEN,),
    ).fetchall()
    trained.close()
    if not rows:
        raise DataError(f"{options.output}: its catalogue has no song but spoken words; train anew")
    valence, energy, works, artists, durations = zip(*rows, strict=True)
    return {
        "run": trained.run,
        **evaluate_journeys(
            np.column_stack([valence, energy]),
            works,
            artists,
            durations=np.array(durations, dtype=float),  # None becomes NaN
            n_journeys=options.journeys,
            n_songs=options.songs_per_journey,
            max_per_artist=options.max_per_artist,
            seed=options.seed,
        ),
    }
