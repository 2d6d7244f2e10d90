"""Check the rows of one song table and bring its columns to their types.

Conventions
-----------
A row is refused for the first reason of :data:`REASONS` that applies to it; among the features,
for the first of :data:`~scripts.moods.features.FEATURES`. "malformed row" is a row of a text
table whose number of cells differs from the header's. A title is missing when it is empty, or
when title and artist are both "NA", which is how R writes an absent text; any other text is a
title. Rows count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.errors import DataError
from scripts.moods.features import FEATURE_RANGES, FEATURES
from scripts.tables import song_cells
from scripts.tables.song_cells import UNKNOWN, as_text, parse_numbers
from scripts.tables.song_reading import RawTable
from scripts.tables.works import hash_texts, join_texts

REASONS: tuple[str, ...] = (
    "malformed row",
    "missing feature",
    "not a number",
    "out of range",
    "zero tempo",
    "missing title",
    "duplicate id",
    "same song under another id",
)
MALFORMED, MISSING, NOT_A_NUMBER, OUT_OF_RANGE, ZERO_TEMPO, NO_TITLE, SAME_ID, SAME_SONG = range(8)
_PERCENT_FEATURES = 3

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


@dataclass
class CheckedFeatures:
    """The nine features of a table, and what is wrong in which row."""

    values: dict[str, np.ndarray]
    reason: np.ndarray  # int8, UNKNOWN where the row is sound
    column: np.ndarray  # int8, position in FEATURES
    cells: dict[str, dict[int, str]] = field(default_factory=dict)


def _feature_reasons(name: str, values: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    low, high = FEATURE_RANGES[name]
    reasons = np.where(np.isnan(values), MISSING, UNKNOWN).astype(np.int8)
    reasons[(values < low) | (values > high)] = OUT_OF_RANGE
    reasons[wrong] = NOT_A_NUMBER
    if name == "tempo_bpm":
        reasons[values == 0] = ZERO_TEMPO
    return reasons


def check_features(raw: RawTable) -> CheckedFeatures:
    """Read the nine features and find for each row the first reason to refuse it."""
    reason = np.full(raw.n_rows, UNKNOWN, np.int8)
    checked = CheckedFeatures({}, reason, np.zeros(raw.n_rows, np.int8))
    for position, name in enumerate(FEATURES):
        column = raw.take(name)
        values, wrong = parse_numbers(column)
        checked.values[name] = values
        found = _feature_reasons(name, values, wrong)
        bad = np.flatnonzero(found != UNKNOWN)
        if not len(bad):
            continue
        earlier = bad[(reason[bad] == UNKNOWN) | (found[bad] < reason[bad])]
        reason[earlier] = found[earlier]
        checked.column[earlier] = position
        texts = as_text(column.take(pa.array(earlier))).to_pylist()
        checked.cells[name] = dict(zip(earlier.tolist(), texts, strict=True))
    if raw.malformed is not None:
        reason[raw.malformed] = MALFORMED
    return checked


def refuse_percent_scale(raw: RawTable, values: dict[str, np.ndarray]) -> None:
    """Refuse a table whose [0, 1] features are written from 0 to 100.

    The sign: in at least three of them, more than half of the values lie above 1, up to 100.

    Raises
    ------
    DataError
        For such a table.
    """
    percent = []
    for name in FEATURES:
        known = values[name][~np.isnan(values[name])]
        above = (known > 1) & (known <= 100)
        if FEATURE_RANGES[name] == (0.0, 1.0) and 2 * np.count_nonzero(above) > len(known):
            percent.append((name, float(known[above][0])))
    if len(percent) < _PERCENT_FEATURES:
        return
    names = ", ".join(raw.headers[name] for name, _ in percent)
    raise DataError(
        f"{raw.path}: columns {names} are on a 0-100 scale ({raw.headers[percent[0][0]]} "
        f"{percent[0][1]:g}, for one); allowed is 0 to 1. Divide these columns by 100."
    )


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


def _song_ids(raw: RawTable, columns: dict[str, Column]) -> pa.ChunkedArray:
    names = columns["artist"], columns["title"]
    if "song_id" not in raw.headers:
        return derive_ids(*names, columns["duration_ms"])
    ids = song_cells.parse_ids(raw.take("song_id"))
    empty = pc.equal(ids, "").combine_chunks()
    if not pc.any(empty).as_py():
        return ids
    artists, titles = (name.filter(empty) for name in names)
    durations = columns["duration_ms"][empty.to_numpy(zero_copy_only=False)]
    made = derive_ids(artists, titles, durations)
    ids = pa.concat_arrays(ids.chunks)
    return pa.chunked_array([pc.replace_with_mask(ids, empty, made.chunk(0))])


def _years(raw: RawTable) -> np.ndarray:
    years = np.full(raw.n_rows, UNKNOWN, np.int16)
    for source in ("year", "release_date", "decade"):
        if source in raw.headers and (years == UNKNOWN).any():
            years = np.where(years == UNKNOWN, song_cells.parse_years(raw.take(source)), years)
    return years


def _facts(raw: RawTable) -> dict[str, Column]:
    """Read the columns that a table may lack."""
    n, known = raw.n_rows, raw.headers
    duration = (
        song_cells.parse_durations(raw.take("duration_ms")) if "duration_ms" in known else None
    )
    popular = song_cells.parse_popularity(raw.take("popularity")) if "popularity" in known else None
    explicit = song_cells.parse_flags(raw.take("explicit")) if "explicit" in known else None
    return {
        "year": _years(raw),
        "popularity": np.full(n, np.nan) if popular is None else popular,
        "explicit": np.full(n, UNKNOWN, np.int8) if explicit is None else explicit,
        "duration_ms": np.full(n, UNKNOWN, np.int64) if duration is None else duration,
    }


def _refused(
    raw: RawTable, checked: CheckedFeatures, columns: dict[str, Column], number: int
) -> Refused:
    rows = np.flatnonzero(checked.reason != UNKNOWN)
    names, cells = [], []
    for row in rows.tolist():
        name = FEATURES[checked.column[row]] if checked.reason[row] < NO_TITLE else "title"
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
    columns: dict[str, Column] = {
        "title": pc.utf8_trim_whitespace(as_text(raw.take("title"))),
        "artist": song_cells.parse_artists(raw.take("artist")),
        **_facts(raw),
    }
    untitled = _missing_titles(columns["title"], columns["artist"])
    checked.reason[untitled & (checked.reason == UNKNOWN)] = NO_TITLE
    columns["song_id"] = _song_ids(raw, columns)
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
