"""What the check ``taste`` reads: histories of many listeners, or a split of them in two files.

Conventions
-----------
Items are artists. Of a split in two files (the layout of HetRec 2011) listeners are those of either
file, known by their numbers. Artists are all of the file of artists, if there is one, and those of
either file of plays, so an artist of the test alone is an item that nobody has played; without a
file of artists, that such an artist is among the items tells something of the test, and the report
says so. Pairs of the test that cannot be answered are counted, not hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.errors import DataError, SettingsError
from scripts.evaluation.taste_splits import (
    SHARE,
    Parts,
    split_by_chance,
    split_by_time,
    split_given,
    to_matrix,
)
from scripts.tables.histories import read_hetrec, read_listeners_histories
from scripts.text.names import artist_key

#: Companions of a HetRec file: option -> the file's usual name.
COMPANIONS: dict[str, str] = {
    "artists": "artists.dat",
    "tags": "tags.dat",
    "tagged": "user_taggedartists.dat",
}


class Tagging(NamedTuple):
    """Which listener gave which artist which tag; the listener is -1 where unknown."""

    listeners: NDArray[np.int64]
    items: NDArray[np.int64]
    tags: NDArray[np.int64]
    names: list[str]


class TasteInputs(NamedTuple):
    """Histories, and how they are divided."""

    X: csr_matrix  # all that may be divided: the history, or the train file
    test: csr_matrix | None
    first: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]] | None
    item_keys: list[str]
    tagging: Tagging
    facts: dict[str, Any]

    @property
    def how(self) -> str:
        """How the histories are divided, in a sentence."""
        if self.test is not None:
            return "the files given; settings are chosen on a fifth of each listener's train file"
        if self.first is not None:
            return (
                "at two moments, before which 80 and 90% of all first listens lie; tested on "
                "artists that are new to a listener, each counted as one listen"
            )
        return "a share of each listener's artists is the test, drawn anew by each seed"

    def divide(self, seed: int, share: float = SHARE) -> Parts:
        """Divide the histories for one trial; the share is used where they are drawn by chance."""
        if self.test is not None:
            return split_given(self.X, self.test, seed=seed)
        if self.first is not None:
            return split_by_time(*self.first, self.X.shape)
        return split_by_chance(self.X, share=share, seed=seed)


def _facts(listening: Any, X: csr_matrix) -> dict[str, Any]:
    return {
        "format": listening.format,
        "listeners": X.shape[0],
        "artists": X.shape[1],
        "pairs": int(X.nnz),
        "listens": float(X.data.sum(dtype=np.float64)),
        "rows": dict(listening.counts),
    }


def _refuse_few(X: csr_matrix, name: str) -> None:
    if X.shape[0] < 2 or (np.diff(X.indptr) >= 2).sum() < 2:
        raise DataError(
            f"{name}: {X.shape[0]} listeners, and fewer than two of them have played two artists; "
            "the check learns from what listeners have in common: give histories of many"
        )


def read_history_input(path: Path, *, min_play_seconds: float) -> TasteInputs:
    """Read the histories of many listeners."""
    listening = read_listeners_histories(
        [str(path)], min_play_seconds=min_play_seconds, option="--history"
    )
    X = listening.matrix()
    _refuse_few(X, f"--history {path}")
    first = None
    if listening.has_times:
        first = (
            listening.rows.astype(np.int64),
            listening.cols.astype(np.int64),
            listening.first,
        )
    tagging = Tagging(
        listening.tag_users.astype(np.int64),
        listening.tag_items.astype(np.int64),
        listening.tag_numbers.astype(np.int64),
        listening.tag_names,
    )
    return TasteInputs(X, None, first, listening.artist_keys, tagging, _facts(listening, X))


def find_companions(train: Path, given: Mapping[str, Path | None]) -> dict[str, str | None]:
    """Find the files of artists and tags: those given, else those beside the train file."""
    found: dict[str, str | None] = {}
    for option, name in COMPANIONS.items():
        path = given.get(option)
        if path is not None and not path.is_file():
            raise SettingsError(f"--{option} {path}: there is no such file; name an existing one")
        beside = train.parent / name
        chosen = path if path is not None else beside if beside.is_file() else None
        found[option] = None if chosen is None else str(chosen)
    return found


def _union(first: list[str], second: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Append what is new to a list of names; also the place of each of the second."""
    places = {name: place for place, name in enumerate(first)}
    for name in second:
        places.setdefault(name, len(places))
    return list(places), np.array([places[name] for name in second], dtype=np.int64)


def _join_tagging(train: Any, test: Any, items: NDArray[np.int64]) -> Tagging:
    """Put the tags of the train's artists beside those of artists that the test alone has.

    Listeners keep their number in the train, by which their held-out pairs are known.
    """
    numbers = {number: place for place, number in enumerate(train.user_numbers)}
    users = np.array([numbers.get(number, -1) for number in test.user_numbers], dtype=np.int64)
    names, tags = _union(train.tag_names, test.tag_names)
    added = items[test.tag_items] >= len(train.artists)
    of_test = test.tag_users[added]
    return Tagging(
        np.concatenate([train.tag_users, np.where(of_test >= 0, users[of_test], -1)]),
        np.concatenate([train.tag_items, items[test.tag_items[added]]]),
        np.concatenate([train.tag_numbers, tags[test.tag_numbers[added]]]),
        names,
    )


def _named_artists(path: str | None) -> dict[str, str]:
    """Read the numbers of a file of artists, each with the key of its name."""
    if path is None:
        return {}
    lines = Path(path).read_text(encoding="utf-8", errors="replace").split("\n")[1:]
    cells = [line.rstrip("\r").split("\t") for line in lines]
    return {
        str(int(row[0])): artist_key(row[1])
        for row in cells
        if len(row) > 1 and row[0].isascii() and row[0].isdigit()
    }


def read_split_input(
    train_path: Path, test_path: Path, companions: Mapping[str, str | None]
) -> TasteInputs:
    """Read a split in two files of HetRec's layout.

    Raises
    ------
    DataError
        If a file cannot be read, or no listener of the test has a history in the train file.
    """
    train = read_hetrec(str(train_path), option="--train", **companions)
    test = read_hetrec(str(test_path), option="--test", **companions)
    listeners, rows = _union(train.user_numbers, test.user_numbers)
    played, columns = _union(train.artist_ids, test.artist_ids)
    named = _named_artists(companions.get("artists"))
    artists, _ = _union(played, list(named))
    shape = (len(listeners), len(artists))
    X = to_matrix(train.rows, train.cols, train.plays, shape)
    held = to_matrix(rows[test.rows], columns[test.cols], test.plays, shape)
    _refuse_few(X, f"--train {train_path}")
    known = np.diff(X.indptr) > 0
    if not np.diff(held.indptr)[known].any():
        raise DataError(
            f"--test {test_path}: none of its {len(test.user_numbers):,} listeners is in "
            f"{train_path}; give two parts of the same collection"
        )
    keys = named | dict(zip(train.artist_ids, train.artist_keys, strict=True))
    keys |= dict(zip(test.artist_ids, test.artist_keys, strict=True))
    facts = {
        **_facts(train, X),
        "test_rows": dict(test.counts),
        "test_pairs": int(held.nnz),
        "candidates": "all of the file of artists, and those of either file of plays"
        if named
        else "those of either file of plays, as no file of artists was given: artists of the test "
        "alone are among them, and others that nobody has played are not",
        "test_artists_not_in_train": int(len(played) - len(train.artist_ids)),
        "test_pairs_of_artists_not_in_train": int((held.indices >= len(train.artist_ids)).sum()),
        "test_listeners_not_in_train": int(len(listeners) - len(train.user_numbers)),
    }
    tagging = _join_tagging(train, test, columns)
    return TasteInputs(X, held, None, [keys[artist] for artist in artists], tagging, facts)
