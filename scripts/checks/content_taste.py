"""The check ``content_taste``: how well the sound of some songs tells which others belong to them.

Conventions
-----------
Playlists of a song table (a column of list ids beside the songs' ids) stand for listeners. Half of
the lists are for validation, by which the best formula is named; figures with intervals are of the
other half. See :mod:`scripts.evaluation.content_taste` for formulas and scores.
"""

from __future__ import annotations

import argparse
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
)
from scripts.evaluation.taste_tests import interval_of_mean
from scripts.moods.features import FEATURES
from scripts.tables.songs import read_songs

#: Name of a kind of case -> how :func:`make_cases` makes it.
KINDS: dict[str, dict[str, Any]] = {
    "new_artists": {},
    "artists_shared": {"new_artists": False},
    "three_lists_joined": {"joined": 3},
    "five_songs_given": {"most_given": 5},
}

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


def _tell(formula: Formula, cases: list[Case], seed: int) -> dict[str, Any]:
    scores = score_cases(formula, cases)
    told = {}
    for name, column in zip(METRICS, scores.T, strict=True):
        mean, span = interval_of_mean(column, seed=seed)
        told[name] = {"value": round(mean, 4), "interval": [round(end, 4) for end in span]}
    return told


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compare the formulas on playlists."""
    songs = read_songs([options.songs]).songs
    lists = read_lists(options.songs, songs)
    artists = songs["artist_id"].to_numpy(dtype=np.int64)
    X = songs[list(FEATURES)].to_numpy(dtype=np.float64)
    formulas = make_formulas(X, songs["popularity"].to_numpy(dtype=np.float64))
    order = np.random.default_rng(options.seed).permutation(len(lists))
    half = len(lists) // 2
    parts = {"validation": order[:half], "test": order[half:]}
    kinds: dict[str, Any] = {}
    for kind, how in KINDS.items():
        cases = {
            part: make_cases([lists[i] for i in chosen], artists, seed=options.seed, **how)
            for part, chosen in parts.items()
        }
        validation = {
            name: float(np.nanmean(score_cases(formula, cases["validation"])[:, 0]))
            for name, formula in formulas.items()
        }
        kinds[kind] = {
            "cases": len(cases["test"]),
            "best_on_validation": max(validation, key=validation.__getitem__),
            "validation_auc": {name: round(value, 4) for name, value in validation.items()},
            "test": {
                name: _tell(formula, cases["test"], options.seed)
                for name, formula in formulas.items()
            },
        }
    return {
        "songs": len(songs),
        "lists": len(lists),
        "note": "playlists are a proxy of listeners; their genres are not used",
        "kinds": kinds,
    }
