"""Check the rows of one song table and bring its columns to their types.

Conventions
-----------
A row is refused for the first reason of :data:`~scripts.tables.song_features.REASONS` that applies
to it; among the features, for the first of :data:`~scripts.moods.features.FEATURES`. "malformed
row" is a row of a text table whose number of cells differs from the header's. A title is missing
when it is empty, or when title and artist are both "NA", which is how R writes an absent text; any
other text is a title. In a table without a title column the id is the title; without an artist
column every artist is unknown (""). A decade is no year. Rows count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.moods.features import FEATURES
from scripts.tables import song_cells
from scripts.tables.song_cells import UNKNOWN, as_text
from scripts.tables.song_features import (
    MALFORMED,
    NO_TITLE,
    CheckedFeatures,
    check_features,
    refuse_percent_scale,
)
from scripts.tables.song_reading import RawTable
from scripts.tables.works import hash_texts, join_texts

#: An ndarray, or a pa.ChunkedArray of large_string.
Column: TypeAlias = Any


@dataclass
class Refused:
    """Rows that were left out, column by column; all of the same length."""

    file: np.ndarray
    row: np.ndarray
    reason: np.ndarray
    column: list[str] | np.ndarray
    value: pa.ChunkedArray
    song_id: pa.ChunkedArray
    title: pa.ChunkedArray
    artist: pa.ChunkedArray


def _missing_titles(titles: pa.ChunkedArray, artists: pa.ChunkedArray) -> np.ndarray:
    absent = pc.and_(pc.equal(titles, "NA"), pc.equal(artists, "NA"))
    return pc.or_(absent, pc.equal(titles, "")).to_numpy()


def derive_ids(
    artists: pa.ChunkedArray, titles: pa.ChunkedArray, durations: np.ndarray
) -> pa.ChunkedArray:
    """Make ids for songs without one from artist, title and duration: "x-" and 16 hex digits.

    >>> one = [pa.chunked_array([["Nena"]]), pa.chunked_array([["99 Luftballons"]])]
    >>> derive_ids(*one, np.array([233000])).to_pylist()
    ['x-4dbf859bed18d96a']
    """
    lengths = pa.chunked_array([pa.array(durations).cast(pa.large_string())])
    names = [pc.utf8_lower(column.cast(pa.large_string())) for column in (artists, titles)]
    keys = join_texts(*names, lengths)
    hashes = hash_texts(pa.concat_arrays(keys.chunks))
    texts = [f"x-{number:016x}" for number in hashes.view(np.uint64).tolist()]
    return pa.chunked_array([pa.array(texts, pa.large_string())])


def _artists_or_sound(artists: pa.ChunkedArray, features: dict[str, np.ndarray]) -> pa.ChunkedArray:
    """Let the sound stand for an unknown artist: one title by two of them is two songs."""
    unknown = pc.equal(artists, "")
    if not pc.any(unknown).as_py():
        return artists
    sounds = [pa.array(np.round(features[name], 3)).cast(pa.large_string()) for name in FEATURES]
    return pc.if_else(unknown, join_texts(*sounds), artists)


def _song_ids(
    ids: pa.ChunkedArray | None, columns: dict[str, Column], features: dict[str, np.ndarray]
) -> pa.ChunkedArray:
    """Make an id for each song that has none."""
    if ids is not None and not pc.any(pc.equal(ids, "")).as_py():
        return ids
    names = _artists_or_sound(columns["artist"], features), columns["title"]
    if ids is None:
        return derive_ids(*names, columns["duration_ms"])
    empty = pc.equal(ids, "").combine_chunks()
    artists, titles = (name.filter(empty) for name in names)
    durations = columns["duration_ms"][empty.to_numpy(zero_copy_only=False)]
    made = derive_ids(artists, titles, durations)
    ids = pa.concat_arrays(ids.chunks)
    return pa.chunked_array([pc.replace_with_mask(ids, empty, made.chunk(0))])


def _years(raw: RawTable) -> np.ndarray:
    years = np.full(raw.n_rows, UNKNOWN, np.int16)
    for source in ("year", "release_date"):
        if source in raw.headers and (years == UNKNOWN).any():
            years = np.where(years == UNKNOWN, song_cells.parse_years(raw.take(source)), years)
    return years


def _names(raw: RawTable, ids: pa.ChunkedArray | None) -> dict[str, Column]:
    """Read title and artist; the id is the title of a table without titles."""
    names = {"title": ids, "artist": _no_texts(raw.n_rows)}
    if "title" in raw.headers:
        names["title"] = pc.utf8_trim_whitespace(as_text(raw.take("title")))
    if "artist" in raw.headers:
        names["artist"] = song_cells.parse_artists(raw.take("artist"))
    return names


def _no_texts(n: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(pa.scalar("", pa.large_string()), n)])


def _facts(raw: RawTable) -> dict[str, Column]:
    """Read the columns that a table may lack."""
    n, known = raw.n_rows, raw.headers
    popular = song_cells.parse_popularity(raw.take("popularity")) if "popularity" in known else None
    explicit = song_cells.parse_flags(raw.take("explicit")) if "explicit" in known else None
    return {
        "year": _years(raw),
        "popularity": np.full(n, np.nan) if popular is None else popular,
        "explicit": np.full(n, UNKNOWN, np.int8) if explicit is None else explicit,
    }


def _refused(
    raw: RawTable, checked: CheckedFeatures, columns: dict[str, Column], number: int
) -> Refused:
    rows = np.flatnonzero(checked.reason != UNKNOWN)
    title = "title" if "title" in raw.headers else "song_id"
    names, cells = [], []
    for row in rows.tolist():
        name = FEATURES[checked.column[row]] if checked.reason[row] < NO_TITLE else title
        name = "" if checked.reason[row] == MALFORMED else name
        names.append(raw.headers[name] if name else "")
        cells.append(checked.cells.get(name, {}).get(row, ""))
    texts = {key: columns[key].take(pa.array(rows)) for key in ("song_id", "title", "artist")}
    return Refused(
        file=np.full(len(rows), number, np.int16),
        row=(rows + 1).astype(np.int32),
        reason=checked.reason[rows],
        column=names,
        value=pa.chunked_array([pa.array(cells, pa.large_string())]),
        **texts,
    )


def check_rows(raw: RawTable, number: int) -> tuple[dict[str, Column], list[str], Refused]:
    """Check one table, row by row, and type its columns.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    number : int
        The file's place among the files read.

    Returns
    -------
    columns : dict
        ``song_id``, ``title``, ``artist`` as text; ``genres`` as int32 codes; ``year``,
        ``popularity``, ``explicit``, ``duration_ms``, the features, ``file`` and ``row`` as
        arrays: the sound rows, in the order of the file.
    genre_words : list of str
        What the codes of ``genres`` mean.
    refused : Refused
        The other rows.

    Raises
    ------
    DataError
        For a table on a 0-100 scale.
    """
    checked = check_features(raw)
    refuse_percent_scale(raw, checked.values)
    ids = song_cells.parse_ids(raw.take("song_id")) if "song_id" in raw.headers else None
    columns = {**_names(raw, ids), **_facts(raw), "duration_ms": checked.duration_ms}
    untitled = _missing_titles(columns["title"], columns["artist"])
    checked.reason[untitled & (checked.reason == UNKNOWN)] = NO_TITLE
    columns["song_id"] = _song_ids(ids, columns, checked.values)
    words = [""]
    if "genres" in raw.headers:
        columns["genres"], words = song_cells.parse_genres(raw.take("genres"))
    else:
        columns["genres"] = np.zeros(raw.n_rows, np.int32)
    columns.update(checked.values)
    columns["file"] = np.full(raw.n_rows, number, np.int16)
    columns["row"] = np.arange(1, raw.n_rows + 1, dtype=np.int32)
    refused = _refused(raw, checked, columns, number)
    if len(refused.row):
        _keep_sound(columns, checked.reason == UNKNOWN)
    return columns, words, refused


def _keep_sound(columns: dict[str, Column], sound: np.ndarray) -> None:
    mask = pa.array(sound)
    for name, column in columns.items():
        is_array = isinstance(column, np.ndarray)
        columns[name] = column[sound] if is_array else column.filter(mask)
