"""The check ``genres``: how well the map of genres tells which genres artists have.

Conventions
-----------
Memberships are read as the training reads them: the tags that listeners gave to artists
(``--history``), or the genres of songs by their first artist (``--songs``). A fifth of the artists
is hidden; see :mod:`scripts.evaluation.genre_report` for the question and the scores. Beside the
map's similarity stand the number of artists of a genre, which knows nothing of nearness, the plain
cosine of shared artists, and the map's vectors by themselves; ``map_above`` is paired by artist.
Where genres are so few that a list of ten holds all others, AUC alone is told.

How the map mixes its parts was chosen on HetRec 2011, so its figures there lean upwards; another
collection, or the genres of songs, knows nothing of that choice.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scripts.errors import DataError
from scripts.evaluation.genre_report import AT, score_genre_map
from scripts.learning.genre_graph import Memberships, memberships_of_songs, memberships_of_tags
from scripts.tables.histories import read_listeners_histories
from scripts.tables.songs import read_songs
from scripts.text.names import artist_key

#: Ways of :func:`~scripts.evaluation.genre_report.score_genre_map` that the map has to be above.
BASELINES: tuple[str, ...] = ("artists", "cosine")


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("genres", help="whether the map of genres tells artists' genres")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--history", type=Path, metavar="PATH", help="with listeners' tags")
    source.add_argument("--songs", type=Path, nargs="+", metavar="FILE", help="with genres")
    parser.add_argument("--seed", type=int, default=0, help="of the artists that are hidden")
    where = "whose store of runs --track writes to"
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def read_tags(path: Path) -> Memberships:
    """Read which artists listeners gave which tags.

    Raises
    ------
    DataError
        If the histories have no tags.
    """
    listening = read_listeners_histories([str(path)], option="--history")
    if not len(listening.tag_items):
        raise DataError(
            f"--history {path}: has no tags; give histories with listeners' tags, such as the "
            "folder of HetRec 2011, or genres of songs with --songs"
        )
    names = [listening.tag_names[number] for number in listening.tag_numbers.tolist()]
    return memberships_of_tags(
        listening.tag_items.astype(np.int64), names, listening.tag_users.astype(np.int64)
    )


def read_genres(paths: Sequence[Path]) -> Memberships:
    """Read which artists have songs of which genres."""
    songs = read_songs(list(paths)).songs
    keys = [artist_key(name) for name in songs["artist"].astype(str)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    artists = np.array([numbers[key] for key in keys], dtype=np.int64)
    return memberships_of_songs(artists, songs["genres"].astype(str).tolist())


def _tell(scores: Mapping[str, Mapping[str, float]], measures: Sequence[str]) -> dict[str, Any]:
    told = {name: scores[name] for name in measures}
    return {
        name: {
            "value": round(score["mean"], 4),
            "interval": [round(score["low"], 4), round(score["high"], 4)],
        }
        for name, score in told.items()
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Hide artists, fit the map on the others, and tell how well it does."""
    if options.history is not None:
        source, memberships = f"--history {options.history}", read_tags(options.history)
    else:
        source = f"--songs {', '.join(map(str, options.songs))}"
        memberships = read_genres(options.songs)
    report = score_genre_map(memberships, seed=options.seed)
    if not report["n_hidden"]:
        raise DataError(
            f"{source}: no hidden artist has two genres or more, so none can tell another; give "
            "tags of listeners, or songs of artists with several genres"
        )
    measures = (f"recall@{AT}", "auc") if report["n_genres"] > AT + 1 else ("auc",)
    ways = {name: _tell(scores, measures) for name, scores in report["ways"].items()}
    above = {name: _tell(scores, measures) for name, scores in report["above"].items()}
    return {
        "source": "tags of listeners" if options.history is not None else "genres of songs",
        "artists": len(np.unique(memberships.artists)),
        "genres": report["n_genres"],
        "hidden_artists": report["n_hidden"],
        "baselines": {name: ways[name] for name in BASELINES},
        "map": ways["map"],
        "map_vectors_alone": ways["vectors"],
        "map_above": above,
    }
