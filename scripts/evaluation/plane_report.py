"""Fitting the calibrated plane on labelled tables, and saying how well it holds.

Conventions
-----------
Two kinds of tables are mixed. Songs with a *mood* have the targets 0 or 1 of its quadrant. Songs
with *ratings* (valence and arousal on any scale) have as target the logistic of the rating in
standard deviations from its table's mean: where a scale has its middle says little of where the
listeners' is. Every row counts the same, so a table counts by its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.song_report import ENERGY, VALENCE, fixed_cut, pearson_r
from scripts.learning.folds import artist_folds
from scripts.learning.mood_plane import (
    QUADRANT_TARGETS,
    fit_plane,
    place_songs,
    quadrants_of_places,
)

N_FOLDS = 5
N_REPEATS = 4


class LabelledSongs(NamedTuple):
    """Songs with a mood or with ratings; exactly one of the two is None."""

    source: str
    X: NDArray[np.float64]  # (n, 9)
    artist: NDArray[np.object_]  # (n,)
    quadrant: NDArray[np.object_] | None
    ratings: NDArray[np.float64] | None  # (n, 2) valence and arousal


def targets_of(table: LabelledSongs) -> NDArray[np.float64]:
    """Return (n, 2) targets in [0, 1]."""
    if table.quadrant is not None:
        return np.array([QUADRANT_TARGETS[name] for name in table.quadrant])
    ratings = np.asarray(table.ratings, dtype=float)
    return 1 / (1 + np.exp(-(ratings - ratings.mean(axis=0)) / ratings.std(axis=0)))


def fit_plane_on(
    tables: Sequence[LabelledSongs], rows: Sequence[NDArray[np.int64]]
) -> dict[str, Any]:
    """Fit the plane on the given rows of each table."""
    return fit_plane(
        np.vstack([table.X[r] for table, r in zip(tables, rows, strict=True)]),
        np.vstack([targets_of(table)[r] for table, r in zip(tables, rows, strict=True)]),
    )


def _judge(table: LabelledSongs, places: NDArray[np.float64]) -> dict[str, float]:
    if table.quadrant is not None:
        return {
            "accuracy": float(np.mean(quadrants_of_places(places) == table.quadrant)),
            "fixed_cut_accuracy": float(np.mean(fixed_cut(table.X) == table.quadrant)),
        }
    ratings = np.asarray(table.ratings)
    return {
        "valence_r": pearson_r(places[:, 0], ratings[:, 0]),
        "arousal_r": pearson_r(places[:, 1], ratings[:, 1]),
        "raw_valence_r": pearson_r(table.X[:, VALENCE], ratings[:, 0]),
        "raw_energy_r": pearson_r(table.X[:, ENERGY], ratings[:, 1]),
    }


def cross_validate_plane(
    tables: Sequence[LabelledSongs], *, seed: int = 0, n_repeats: int = N_REPEATS
) -> list[dict[str, Any]]:
    """Judge the plane on songs it was not fitted on, an artist on one side only.

    Returns
    -------
    list of dict
        One a table: ``source``, ``n`` and the mean scores over the repeats.
    """
    artist = np.concatenate([table.artist for table in tables])
    of_table = np.repeat(np.arange(len(tables)), [len(table.X) for table in tables])
    starts = np.searchsorted(of_table, np.arange(len(tables)))
    kind = np.concatenate(
        [
            table.quadrant if table.quadrant is not None else np.full(len(table.X), "rated")
            for table in tables
        ]
    ).astype(str)
    scores: list[list[dict[str, float]]] = [[] for _ in tables]
    for repeat in range(n_repeats):
        places = np.zeros((len(artist), 2))
        for train, test in artist_folds(kind, artist, N_FOLDS, seed + repeat):
            rows = [train[of_table[train] == i] - starts[i] for i in range(len(tables))]
            plane = fit_plane_on(tables, rows)
            everything = np.vstack([table.X for table in tables])
            places[test] = place_songs(plane, everything[test])
        for i, table in enumerate(tables):
            scores[i].append(_judge(table, places[of_table == i]))
    return [
        {
            "source": table.source,
            "n": len(table.X),
            **{name: float(np.mean([s[name] for s in scores[i]])) for name in scores[i][0]},
        }
        for i, table in enumerate(tables)
    ]
