"""Hold each song once, whatever the order in which its rows arrive.

Conventions
-----------
Rows with one id: the row that comes first in a total order stands for the song: one with title
and artist (a title that is the id, and an artist "", count as none), then the highest
popularity (unknown last), then the smallest features in their fixed order, then title, artist,
year, explicit, duration. What that row does not know (year, explicit, duration) is taken from
the next row that does. Songs under several ids: title and artist equal but for case, all nine
features equal to three decimals; the most popular stays, then the smallest id. Genres of all
rows of a song are united.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from scripts.moods.features import FEATURES
from scripts.tables.song_cells import UNKNOWN
from scripts.tables.song_rows import Column

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_FILLED = ("year", "explicit", "duration_ms")


class GenreBook:
    """The distinct genre texts of all songs; a song's genres are a place in it."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """Find the place of a text, new texts at the end."""
        if text not in self._places:
            self._places[text] = len(self.words)
            self.words.append(text)
        return self._places[text]

    def places(self, texts: list[str]) -> np.ndarray:
        """Find the places of texts; shape (n_texts,), int32."""
        return np.array([self.place(text) for text in texts], np.int32)

    def unite(self, codes: list[int]) -> int:
        """Find the place of the union of several texts' genres."""
        genres = {genre for code in codes for genre in self.words[code].split(";")}
        return self.place(";".join(sorted(genres - {""})))


def _unite_genres(genres: np.ndarray, groups: np.ndarray, book: GenreBook) -> np.ndarray:
    """Unite the genres of each group of rows; shape (n_groups,), int32."""
    pairs = pd.DataFrame({"group": groups, "code": genres}).drop_duplicates()
    pairs = pairs.sort_values(["group", "code"])
    firsts = np.flatnonzero(np.diff(pairs["group"].to_numpy(), prepend=-1))
    codes = pairs["code"].to_numpy()
    united = codes[firsts].copy()
    ends = np.append(firsts[1:], len(codes))
    memo: dict[tuple[int, ...], int] = {}
    for group in np.flatnonzero(ends - firsts > 1).tolist():
        several = tuple(codes[firsts[group] : ends[group]].tolist())
        if several not in memo:
            memo[several] = book.unite(list(several))
        united[group] = memo[several]
    return united


def _ranks(texts: pa.ChunkedArray) -> np.ndarray:
    return pc.rank(texts.combine_chunks(), tiebreaker="dense").to_numpy()


def _first_known(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Take the first known value of each run; UNKNOWN where a run has none."""
    n = len(values)
    places = np.where(values != UNKNOWN, np.arange(n), n)
    first = np.minimum.reduceat(places, starts)
    return np.where(first < n, np.append(values, values.dtype.type(UNKNOWN))[first], UNKNOWN)


def _n_unnamed(columns: dict[str, Column], part: pa.Array) -> np.ndarray:
    """Count which of title and artist are unknown in each row: 0, 1 or 2."""
    no_title = pc.equal(columns["title"].take(part), columns["song_id"].take(part))
    no_artist = pc.equal(columns["artist"].take(part), "")
    return no_title.to_numpy().astype(np.int8) + no_artist.to_numpy()


def _by_preference(columns: dict[str, Column], rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Order the rows of each group from the most to the least preferred."""
    part = pa.array(rows)
    keys = [columns[name][rows] for name in reversed(_FILLED)]
    keys += [_ranks(columns[name].take(part)) for name in ("artist", "title")]
    keys += [columns[name][rows] for name in reversed(FEATURES)]
    popularity = columns["popularity"][rows]
    keys += [-np.where(np.isnan(popularity), -1.0, popularity)]
    keys += [_n_unnamed(columns, part), groups]
    return np.lexsort(keys)


def one_row_per_id(columns: dict[str, Column], book: GenreBook) -> tuple[np.ndarray, np.ndarray]:
    """Choose one row for each id, and complete it from the others.

    Parameters
    ----------
    columns : dict
        As :func:`~scripts.tables.song_rows.check_rows` returns them; the chosen rows' genres,
        year, explicit and duration are completed in place.
    book : GenreBook
        What the genre codes mean.

    Returns
    -------
    kept : ndarray, int64
        Chosen rows, in the order of their ids.
    dropped : ndarray, int64
        The other rows.
    """
    ids = pa.concat_arrays(columns["song_id"].chunks)
    order = pc.sort_indices(ids).to_numpy().astype(np.int64)
    ordered = ids.take(pa.array(order))
    same = pc.equal(ordered.slice(1), ordered.slice(0, len(ordered) - 1))
    repeats = np.concatenate([[False], same.to_numpy(zero_copy_only=False)])
    del ids, ordered
    if not repeats.any():
        return order, np.empty(0, np.int64)
    shared = repeats | np.append(repeats[1:], False)
    group_of = np.cumsum(~repeats)[shared]
    rows = order[shared]
    preferred = _by_preference(columns, rows, group_of)
    rows, group_of = rows[preferred], group_of[preferred]
    starts = np.flatnonzero(np.diff(group_of, prepend=-1))
    chosen = rows[starts]
    for name in _FILLED:
        columns[name][chosen] = _first_known(columns[name][rows], starts)
    columns["genres"][chosen] = _unite_genres(columns["genres"][rows], group_of, book)
    order[shared & ~repeats] = chosen
    is_chosen = np.zeros(len(rows), bool)
    is_chosen[starts] = True
    return order[~repeats], rows[~is_chosen]


def _fingerprints(columns: dict[str, Column], kept: np.ndarray) -> np.ndarray:
    """Mix the features, rounded to three decimals, into one number a song; uint64."""
    mixed = np.zeros(len(kept), np.uint64)
    for name in FEATURES:
        mixed ^= np.rint(columns[name][kept] * 1000).astype(np.int64).view(np.uint64)
        mixed *= _PRIME
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _twins(fingerprints: np.ndarray) -> np.ndarray:
    """Find the places whose fingerprint occurs more than once, in ascending order."""
    order = np.argsort(fingerprints, kind="stable")
    ordered = fingerprints[order]
    same = ordered[1:] == ordered[:-1]
    shared = np.append(same, False) | np.insert(same, 0, False)
    return np.sort(order[shared])


def one_id_per_song(
    columns: dict[str, Column], kept: np.ndarray, book: GenreBook
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose one id for each recording.

    Parameters
    ----------
    columns : dict
        The columns; the chosen rows' genres are completed in place.
    kept : ndarray, int64
        Rows with distinct ids, in the order of their ids.
    book : GenreBook
        What the genre codes mean.

    Returns
    -------
    kept : ndarray, int64
        Chosen rows, in the order of their ids.
    dropped : ndarray, int64
        The other rows.
    stand_ins : ndarray, int64
        For each dropped row the row that stands for it.
    """
    fingerprints = _fingerprints(columns, kept)
    places = _twins(fingerprints)
    rows = kept[places]
    names = [columns[name].take(pa.array(rows)).to_pylist() for name in ("title", "artist")]
    keys = [f"{title}\x1f{artist}".casefold() for title, artist in zip(*names, strict=True)]
    frame = pd.DataFrame({"print": fingerprints[places], "key": np.array(keys, dtype=object)})
    groups = frame.groupby(["print", "key"], sort=False).ngroup().to_numpy()
    shared = np.bincount(groups)[groups] > 1 if len(groups) else np.zeros(0, bool)
    if not shared.any():
        return kept, rows[:0], rows[:0]
    places, rows, groups = places[shared], rows[shared], groups[shared]
    popularity = columns["popularity"][rows]
    order = np.lexsort([places, -np.where(np.isnan(popularity), -1.0, popularity), groups])
    places, rows, groups = places[order], rows[order], groups[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    chosen = np.repeat(rows[starts], np.diff(np.append(starts, len(rows))))
    columns["genres"][rows[starts]] = _unite_genres(columns["genres"][rows], groups, book)
    dropped = rows != chosen
    return np.delete(kept, places[dropped]), rows[dropped], chosen[dropped]
