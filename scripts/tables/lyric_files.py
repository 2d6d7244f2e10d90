"""Open a file of lyrics, whatever its form, and hand out its rows, raw.

Conventions
-----------
A file is a list of JSON objects, JSON Lines, CSV, TSV or Parquet; which one, is read from its
content. Each row has the words of a song and says whose they are: by an id (Spotify's id, URI or
link), by title and artist, or by both. Names of columns are compared as those of song tables are,
see :mod:`~scripts.tables.song_columns`. Rows are counted from 1, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from scripts.errors import DataError
from scripts.tables.song_cells import parse_artists, parse_ids
from scripts.tables.song_columns import SONG_FIELDS, header_key, require_columns
from scripts.tables.song_reading import as_text, open_table

#: Field -> its names, most trusted first, in the spelling of ``header_key``.
LYRIC_FIELDS: dict[str, tuple[str, ...]] = {
    "song_id": (*SONG_FIELDS["song_id"], "spotifytrackurl", "spotifyurl", "spotifylink"),
    "title": (*SONG_FIELDS["title"], "sname"),
    "artist": SONG_FIELDS["artist"],
    "lyrics": (
        *("lyrics", "lyric", "songlyrics", "fulllyrics", "lyricstext", "letra", "letras"),
        *("paroles", "testo", "songtext", "liedtext", "words", "text", "content"),
    ),
}
_ALLOWED = "Allowed are JSON (a list of objects), JSON Lines, CSV, TSV and Parquet."


class RawLyrics(NamedTuple):
    """The rows of one file of lyrics; each list has one entry a row, "" where it says nothing."""

    path: Path
    song_id: list[str]
    title: list[str]
    artist: list[str]
    text: list[str]


def _legible(text: str) -> str:
    """Replace halves of characters, which JSON can hold and no text can."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _as_cell(value: Any, separator: str) -> str:
    """Read a value of JSON as text: lists are joined, objects named by their ``name``."""
    if isinstance(value, str):
        return _legible(value)
    if isinstance(value, list):
        return separator.join(filter(None, (_as_cell(item, separator) for item in value)))
    if isinstance(value, dict):
        return _as_cell(value.get("name"), separator)
    return "" if value is None or isinstance(value, bool) else str(value)


def _read_json_lines(path: Path, text: str) -> list[Any]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path}, line {number}: {line.strip()[:60]!r} is no JSON ({error}). Allowed is "
                "one whole object a line, or one list of objects. Correct the line, or take it out."
            ) from error
    return rows


def _list_inside(document: Any) -> list[Any]:
    """Find the rows in one document: itself, or the one list of objects that it holds."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        lists = [
            value
            for value in document.values()
            if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
        ]
        if len(lists) == 1:
            return lists[0]
    return [document]


def _read_json(path: Path, content: bytes) -> list[Any]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: the byte {content[error.start]:#04x} is not UTF-8, which JSON "
            "has to be. Save the file as UTF-8."
        ) from error
    try:
        return _list_inside(json.loads(text))
    except RecursionError as error:
        raise DataError(f"{path}: the JSON is nested too deeply. {_ALLOWED}") from error
    except ValueError as error:
        if text.lstrip().startswith("{"):
            return _read_json_lines(path, text)
        raise DataError(
            f"{path}: is no whole JSON document ({error}). {_ALLOWED} Export or download it again."
        ) from error


def _by_trust(names: Sequence[str], known: tuple[str, ...]) -> list[str]:
    """List the names that mean a field, the most trusted first."""
    ranked = [(known.index(header_key(name)), name) for name in names if header_key(name) in known]
    return [name for _, name in sorted(ranked)]


def _rows_of_json(path: Path, content: bytes) -> RawLyrics:
    rows = _read_json(path, content)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DataError(
                f"{path}, row {number}: {str(row)[:60]!r} is no object. Allowed is one object a "
                "song, with its lyrics and its id or title. Correct the row, or take it out."
            )
    if not rows:
        raise DataError(f"{path}: the list holds no songs. {_ALLOWED} Export or download it again.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_columns(path, names, required=("lyrics", "title"), fields=LYRIC_FIELDS)
    keys = {field: _by_trust(names, known) for field, known in LYRIC_FIELDS.items()}

    def column(field: str, separator: str) -> list[str]:
        return [
            next(filter(None, (_as_cell(row.get(key), separator) for key in keys[field])), "")
            for row in rows
        ]

    return _parsed(
        path,
        song_id=pa.array(column("song_id", ""), pa.large_string()),
        title=pa.array(column("title", " "), pa.large_string()),
        artist=pa.array(column("artist", ";"), pa.large_string()),
        text=column("lyrics", "\n"),
    )


def _parsed(
    path: Path, *, song_id: pa.Array, title: pa.Array, artist: pa.Array, text: list[str]
) -> RawLyrics:
    def listed(column: pa.ChunkedArray) -> list[str]:
        return [cell.strip() for cell in column.to_pylist()]

    columns = [pa.chunked_array([column]) for column in (song_id, title, artist)]
    return RawLyrics(
        path,
        listed(parse_ids(columns[0])),
        listed(columns[1]),
        listed(parse_artists(columns[2])),
        text,
    )


def _rows_of_table(path: Path) -> RawLyrics:
    raw = open_table(path, required=("lyrics", "title"), fields=LYRIC_FIELDS)

    def column(field: str) -> pa.Array:
        if field not in raw.headers:
            return pa.array([""] * raw.n_rows, pa.large_string())
        chunks = as_text(raw.take(field)).chunks
        return pa.concat_arrays(chunks) if chunks else pa.array([], pa.large_string())

    text = column("lyrics").to_pylist()
    if raw.malformed is not None:  # the cells may have slipped: no text is better than another's
        text = ["" if bad else cell for cell, bad in zip(text, raw.malformed, strict=True)]
    columns = {field: column(field) for field in ("song_id", "title", "artist")}
    return _parsed(path, **columns, text=text)


def open_lyrics(path: Path) -> RawLyrics:
    """Open a file of lyrics.

    Raises
    ------
    DataError
        For a file that cannot be read, is in none of the forms, has no column of lyrics or none
        that says whose they are, or holds a row that is no object.
    """
    if path.is_dir():
        raise DataError(f"{path}: this is a folder; allowed is one file of lyrics. Name the file.")
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
            is_json = head.startswith((b"{", b"[")) and not head.startswith(b"[]")
            if is_json or head.startswith(b"[]"):
                file.seek(0)
                return _rows_of_json(path, file.read())
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}). Check the path and its rights."
        ) from error
    return _rows_of_table(path)
