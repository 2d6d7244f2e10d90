"""Read song tables of any publisher into one checked table.

Conventions
-----------
One row is one song, sorted by ``song_id``. Danceability to valence lie in [0, 1], loudness is in
dB, tempo in beats per minute, duration in ms, popularity in 0 to 100 (NaN where unknown). A year
is taken from a year column, else from the start of a release date; a decade is no year, and a
song known only by its decade has none. A table without titles is read with its ids as titles,
one without artists with unknown artists (""). The same rows give the same table, in whatever
order of rows or files.

What is left out, and why, is told by :mod:`~scripts.tables.song_rows` (single rows) and
:mod:`~scripts.tables.song_duplicates` (rows that repeat a song); which columns are known, by
:mod:`~scripts.tables.song_columns`; what a work is, by :mod:`~scripts.tables.works`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from scripts.errors import DataError
from scripts.moods.features import FEATURES
from scripts.tables.song_cells import UNKNOWN
from scripts.tables.song_duplicates import GenreBook, one_id_per_song, one_row_per_id
from scripts.tables.song_features import REASONS, SAME_ID, SAME_SONG
from scripts.tables.song_files import list_song_files
from scripts.tables.song_reading import open_table
from scripts.tables.song_rows import Column, Refused, check_rows
from scripts.tables.works import identify_works

SONG_COLUMNS: tuple[str, ...] = (
    *("song_id", "title", "artist", "genres", "year", "popularity", "explicit", "duration_ms"),
    *FEATURES,
    *("work_id", "artist_id"),
)
_TEXTS = ("song_id", "title", "artist")


@dataclass(frozen=True)
class SongTable:
    """Checked songs, and the account of what was left out.

    Attributes
    ----------
    songs : DataFrame, shape (n_songs, 19)
        Columns :data:`SONG_COLUMNS`; ``song_id`` is unique and sorted, the index is 0, 1, ...
    rejected : DataFrame, shape (n_rejected, 8)
        ``file, row, reason, column, value, song_id, title, artist``; rows count from 1.
    counts : dict
        Reason -> rows left out, every reason, in the order of the tests.
    n_read : int
        Rows read.
    sources : tuple of str
        Files read.
    notes : tuple of str
        What a reader of the figures should know.
    """

    songs: pd.DataFrame
    rejected: pd.DataFrame
    counts: dict[str, int]
    n_read: int
    sources: tuple[str, ...]
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Account for the rows in one line."""
        told = f"{_count(self.n_read, 'row')} read, {_count(len(self.songs), 'song')} kept"
        return f"{told}; {describe_counts(self.counts)}"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def describe_counts(counts: dict[str, int]) -> str:
    """Say how many rows were dropped, the commonest reason first.

    >>> describe_counts({"zero tempo": 1, "duplicate id": 4477, "missing title": 0})
    'dropped 4,478: 4,477 duplicate id, 1 zero tempo'
    """
    told = sorted((-n, reason) for reason, n in counts.items() if n)
    if not told:
        return "none dropped"
    listed = ", ".join(f"{-n:,} {reason}" for n, reason in told)
    return f"dropped {sum(counts.values()):,}: {listed}"


def _refuse_repeats(
    columns: dict[str, Column], rows: np.ndarray, reason: int, values: pa.ChunkedArray
) -> Refused:
    part = pa.array(rows)
    return Refused(
        file=columns["file"][rows],
        row=columns["row"][rows],
        reason=np.full(len(rows), reason, np.int8),
        column=np.full(len(rows), "song_id", object),
        value=values,
        **{name: columns[name].take(part) for name in _TEXTS},
    )


def _join(parts: list[dict[str, Column]]) -> dict[str, Column]:
    """Join the columns of several tables, freeing the parts on the way."""
    joined: dict[str, Column] = {}
    for name in list(parts[0]):
        pieces = [part.pop(name) for part in parts]
        if name in _TEXTS:
            joined[name] = pa.chunked_array(
                [c for p in pieces for c in p.chunks], pa.large_string()
            )
        else:
            joined[name] = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
    return joined


def _read_files(
    files: list[Path], book: GenreBook
) -> tuple[dict[str, Column], list[Refused], list[str]]:
    parts, refused = [], []
    lacks: dict[str, list[Path]] = {}
    for number, file in enumerate(files):
        raw = open_table(file)
        for lack in _lacks(raw.headers):
            lacks.setdefault(lack, []).append(file)
        columns, words, left_out = check_rows(raw, number)
        columns["genres"] = book.places(words)[columns["genres"]]
        parts.append(columns)
        refused.append(left_out)
    notes = [f"{_name_files(some)}: {lack}" for lack, some in lacks.items()]
    return _join(parts), refused, notes


def _lacks(headers: dict[str, str]) -> list[str]:
    """Say what follows from the columns that a table lacks."""
    lacks = []
    if "title" not in headers:
        lacks.append(f"no column of titles, so the ids ({headers['song_id']!r}) serve as titles")
    if "artist" not in headers:
        lacks.append("no column of artists, so each song counts as by an artist of its own")
    if "decade" in headers and not headers.keys() & {"year", "release_date"}:
        lacks.append(
            "a decade is no year: --year-from and --year-to leave out songs with nothing more exact"
        )
    return lacks


def _name_files(files: list[Path]) -> str:
    others = _count(len(files) - 1, "other table")
    return files[0].name if len(files) == 1 else f"{files[0].name} and {others}"


def _text_series(column: pa.ChunkedArray) -> pd.Series:
    return column.to_pandas().astype("str")


def _rejected_frame(parts: list[Refused], names: list[str]) -> pd.DataFrame:
    file = np.concatenate([part.file for part in parts])
    row = np.concatenate([part.row for part in parts])
    order = np.lexsort([row, file])
    take = pa.array(order)
    reason = np.concatenate([part.reason for part in parts])[order]
    column = np.concatenate([np.asarray(part.column, dtype=object) for part in parts])[order]
    frame = {
        "file": pd.Categorical.from_codes(file[order], categories=names),
        "row": row[order],
        "reason": pd.Categorical.from_codes(reason, categories=list(REASONS)),
        "column": pd.Categorical(column),
    }
    for name in ("value", *_TEXTS):
        pieces = [piece for part in parts for piece in getattr(part, name).chunks]
        texts = pa.chunked_array(pieces, pa.large_string())
        frame[name] = _text_series(texts.take(take))
    return pd.DataFrame(frame, copy=False)


def _typed(name: str, values: np.ndarray, book: GenreBook) -> object:
    """Bring one column to the type that :class:`SongTable` promises."""
    unknown = values == UNKNOWN
    if name == "genres":
        return _text_series(
            pa.chunked_array([pa.array(book.words, pa.large_string()).take(pa.array(values))])
        )
    if name == "explicit":
        return pd.arrays.BooleanArray(values == 1, unknown)
    if name in ("year", "duration_ms"):
        return pd.arrays.IntegerArray(np.where(unknown, 1, values).astype(values.dtype), unknown)
    return values


def _songs_frame(columns: dict[str, Column], kept: np.ndarray, book: GenreBook) -> pd.DataFrame:
    take = pa.array(kept)
    texts = {name: columns.pop(name).take(take) for name in _TEXTS}
    works, artists = identify_works(texts["title"], texts["artist"], texts["song_id"])
    frame: dict[str, object] = {"work_id": works, "artist_id": artists}
    frame.update({name: _text_series(column) for name, column in texts.items()})
    for name in SONG_COLUMNS:
        if name not in frame:
            frame[name] = _typed(name, columns.pop(name)[kept], book)
    return pd.DataFrame({name: frame[name] for name in SONG_COLUMNS}, copy=False)


def read_songs(paths: Sequence[Path]) -> SongTable:
    """Read song tables and hold each song once.

    Parameters
    ----------
    paths : sequence of Path
        CSV, TSV or Parquet files, or folders of files with the same columns. The files may
        have different columns: each is brought to the common form before they are joined.

    Returns
    -------
    SongTable
        The songs and the account of what was left out.

    Raises
    ------
    DataError
        For a file that is no song table, lacks a feature, or both ids and titles, is empty or
        on a 0-100 scale, and when no row is left.
    """
    files = list(dict.fromkeys(file for path in paths for file in list_song_files(Path(path))))
    names = [file.as_posix() for file in files]
    if not files:
        raise DataError("no song table given. Name one with --songs FILE.")
    book = GenreBook()
    columns, refused, notes = _read_files(files, book)
    n_sound = len(columns["row"])
    if n_sound:
        kept, dropped = one_row_per_id(columns, book)
        ids = columns["song_id"].take(pa.array(dropped))
        refused.append(_refuse_repeats(columns, dropped, SAME_ID, ids))
        kept, dropped, stand_ins = one_id_per_song(columns, kept, book)
        ids = columns["song_id"].take(pa.array(stand_ins))
        refused.append(_refuse_repeats(columns, dropped, SAME_SONG, ids))
    rejected = _rejected_frame(refused, names)
    tally = np.bincount(rejected["reason"].cat.codes, minlength=len(REASONS)).tolist()
    counts = dict(zip(REASONS, tally, strict=True))
    if not n_sound:
        raise _nothing_left(rejected, counts)
    del columns["file"], columns["row"]
    songs = _songs_frame(columns, kept, book)
    n_read = len(songs) + len(rejected)
    return SongTable(songs, rejected, counts, n_read, tuple(names), (*notes, *_notes(songs)))


def _nothing_left(rejected: pd.DataFrame, counts: dict[str, int]) -> DataError:
    first = rejected.iloc[0]
    return DataError(
        f"{first['file']}, row {first['row']}, column '{first['column']}': {first['reason']} "
        f"(seen {first['value']!r}), and no row is left: {describe_counts(counts)}. Allowed are "
        "danceability to valence in 0..1, loudness in dB (-70..10), tempo above 0, up to 300. "
        "Correct the columns, or give another table."
    )


def _notes(songs: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    if songs["popularity"].isna().all():
        notes.append("no song has a popularity: ties are broken by id alone")
    elif n := int(songs["popularity"].isna().sum()):
        notes.append(f"{n:,} of {len(songs):,} songs have no popularity")
    if (songs["genres"] == "").all():
        notes.append("no song has a genre: --genre finds nothing")
    if songs["year"].isna().all():
        notes.append("no song has a year: --year-from and --year-to find nothing")
    return tuple(notes)
