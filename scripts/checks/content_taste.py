"""The check ``content_taste``: how well the sound of some songs tells which others belong to them.

Conventions
-----------
Playlists of a song table (a column of list ids beside the songs' ids) stand for listeners. Half of
the lists are for validation, by which the best formula is named; figures with intervals are of the
other half. See :mod:`scripts.evaluation.content_taste` for formulas and scores.

``artist_weight`` is about the weight that the program gives the listens of a song's artist beside
one standard deviation of the sound: the validation half chooses among :data:`ARTIST_WEIGHTS`, and
the program's weight is held against that one, and against none, on the other half. A proxy too: a
playlist has each song once and few songs of an artist, a history has many listens of some.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.errors import DataError
from scripts.evaluation.content_taste import (
    METRICS,
    Case,
    Formula,
    gaussian,
    kernel_density,
    make_cases,
    nearest_songs,
    scale_songs,
    score_cases,
    sweep_artists,
)
from scripts.evaluation.taste_tests import interval_of_mean
from scripts.moods.features import FEATURES
from scripts.playlists.history_taste import WEIGHTS
from scripts.tables.songs import read_songs

#: Name of a kind of case -> how :func:`make_cases` makes it.
KINDS: dict[str, dict[str, Any]] = {
    "new_artists": {},
    "artists_shared": {"new_artists": False},
    "three_lists_joined": {"joined": 3},
    "five_songs_given": {"most_given": 5},
}

#: Kinds of cases, with artists on both sides, on which the weight of the artist is tried.
WEIGHED_KINDS: dict[str, dict[str, Any]] = {
    "artists_shared": {"new_artists": False},
    "three_lists_artists_shared": {"new_artists": False, "joined": 3},
}

#: Weights that are tried beside the program's own, and what validation chooses by.
ARTIST_WEIGHTS: tuple[float, ...] = (0.0, 0.5, 1.0, 1.4, 2.0, 2.8, 4.0)
WEIGHT_CHOSEN_BY = "ndcg@10"

#: The formula that the program has.
PROGRAM_FORMULA = "gaussian"

#: Lists of fewer songs are left out.
LEAST_SONGS = 20


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("content_taste", help="taste told by the sound of songs alone")
    add = parser.add_argument
    add("--songs", type=Path, required=True, metavar="FILE.csv", help="songs with playlist_id")
    add("--seed", type=int, default=0)
    where = "whose store of runs --track writes to"
    add("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def read_lists(path: Path, songs: pd.DataFrame) -> list[NDArray[np.int64]]:
    """Read which songs each playlist holds, as row numbers of the table of songs.

    Raises
    ------
    DataError
        If the file has no playlists, or too few of a useful length.
    """
    columns = pd.read_csv(path, nrows=0).columns
    if not {"track_id", "playlist_id"} <= set(columns):
        raise DataError(
            f"{path}: needs the columns track_id and playlist_id, has {', '.join(columns)}; "
            "give a table of songs that says which playlists they are on"
        )
    told = pd.read_csv(path, usecols=["track_id", "playlist_id"], dtype="str").dropna()
    place = dict(zip(songs["song_id"], range(len(songs)), strict=True))
    told["place"] = told["track_id"].map(place)
    groups = told.dropna().groupby("playlist_id", sort=True)["place"]
    lists = [np.unique(group.to_numpy(dtype=np.int64)) for _, group in groups]
    lists = [part for part in lists if len(part) >= LEAST_SONGS]
    if len(lists) < 4:
        raise DataError(
            f"{path}: {len(lists)} playlists have {LEAST_SONGS} songs or more, and the check needs "
            "4; give a larger table"
        )
    return lists


def make_formulas(X: NDArray[np.float64], popularity: NDArray[np.float64]) -> dict[str, Formula]:
    """Make every formula that is compared, the baselines first."""
    plain, normal = (scale_songs(X, scale) for scale in ("standardised", "normal_scores"))
    known = np.nan_to_num(popularity, nan=-1.0)
    return {
        "random": lambda given: np.random.default_rng(int(given.sum())).random(len(X)),
        "popularity": lambda given: known,
        "gaussian_standardised": gaussian(plain),
        "gaussian": gaussian(normal),
        "gaussian_half_correlated": gaussian(normal, correlated=0.5),
        "gaussian_correlated": gaussian(normal, correlated=1.0),
        "kernel_density": kernel_density(normal),
        "nearest_ten": nearest_songs(normal),
    }


def _tell(scores: NDArray[np.float64], seed: int) -> dict[str, Any]:
    """Tell the means of scores (n_cases, 3) with their intervals."""
    told = {}
    for name, column in zip(METRICS, scores.T, strict=True):
        mean, span = interval_of_mean(column, seed=seed)
        told[name] = {"value": round(mean, 4), "interval": [round(end, 4) for end in span]}
    return told


Parts = dict[str, list[Case]]


def _compare(formulas: Mapping[str, Formula], cases: Parts, seed: int) -> dict[str, Any]:
    """Compare the formulas on one kind of cases."""
    validation = {
        name: float(np.nanmean(score_cases(formula, cases["validation"])[:, 0]))
        for name, formula in formulas.items()
    }
    test = {name: score_cases(formula, cases["test"]) for name, formula in formulas.items()}
    best = max(validation, key=validation.__getitem__)
    return {
        "cases": len(cases["test"]),
        "best_on_validation": best,
        "validation_auc": {name: round(value, 4) for name, value in validation.items()},
        "test": {name: _tell(scores, seed) for name, scores in test.items()},
        "program": PROGRAM_FORMULA,
        "program_less_best": _tell(test[PROGRAM_FORMULA] - test[best], seed),
    }


def _weigh_artists(
    formula: Formula, artists: NDArray[np.int64], cases: Parts, seed: int
) -> dict[str, Any]:
    """Try weights of the artist beside the sound on one kind of cases."""
    program = WEIGHTS["artist"] / WEIGHTS["sound"]
    weights = sorted({*ARTIST_WEIGHTS, program})
    validation, test = (
        sweep_artists(formula, cases[part], artists, weights) for part in ("validation", "test")
    )
    column = METRICS.index(WEIGHT_CHOSEN_BY)
    reached = np.nanmean(validation[:, :, column], axis=1)
    at_program, chosen = weights.index(program), int(np.argmax(reached))
    return {
        "cases": len(cases["test"]),
        "validation": {
            f"{weight:g}": round(float(value), 4)
            for weight, value in zip(weights, reached, strict=True)
        },
        "chosen": weights[chosen],
        "program": program,
        "test": {
            f"{weight:g}": _tell(scores, seed) for weight, scores in zip(weights, test, strict=True)
        },
        "program_less_chosen": _tell(test[at_program] - test[chosen], seed),
        "program_less_sound_alone": _tell(test[at_program] - test[weights.index(0.0)], seed),
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compare the formulas, and weights of the artist beside the program's, on playlists."""
    songs = read_songs([options.songs]).songs
    lists = read_lists(options.songs, songs)
    artists = np.unique(songs["artist_id"].to_numpy(dtype=np.int64), return_inverse=True)[1]
    X = songs[list(FEATURES)].to_numpy(dtype=np.float64)
    formulas = make_formulas(X, songs["popularity"].to_numpy(dtype=np.float64))
    order = np.random.default_rng(options.seed).permutation(len(lists))
    half = len(lists) // 2
    parts = {"validation": order[:half], "test": order[half:]}

    def make(how: Mapping[str, Any]) -> Parts:
        return {
            part: make_cases([lists[i] for i in chosen], artists, seed=options.seed, **how)
            for part, chosen in parts.items()
        }

    return {
        "songs": len(songs),
        "lists": len(lists),
        "note": "playlists are a proxy of listeners, and taken as independent though they share "
        "songs; their genres are not used",
        "kinds": {kind: _compare(formulas, make(how), options.seed) for kind, how in KINDS.items()},
        "artist_weight": {
            "chosen_by": WEIGHT_CHOSEN_BY,
            "kinds": {
                kind: _weigh_artists(formulas[PROGRAM_FORMULA], artists, make(how), options.seed)
                for kind, how in WEIGHED_KINDS.items()
            },
        },
    }
