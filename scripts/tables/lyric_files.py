"""Open a file of lyrics, whatever its form, and hand out its rows, raw.

Conventions
-----------
A file is a list of JSON objects, JSON Lines, CSV, TSV or Parquet; which one, is read from its
content. Each row has the words of a song and says whose they are: by an id (Spotify's id, URI or
link), by title and artist, or by both. Names of columns are compared as those of song tables are,
see :mod:`~scripts.tables.song_columns`. Rows are counted from 1, in the order of the file; a
``null`` among JSON objects is a row that says nothing. JSON is UTF-8, or UTF-16 with its mark.
"""

from __future__ import annotations

import codecs
import json
import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from scripts.errors import DataError
from scripts.tables.song_cells import parse_artists, parse_ids
from scripts.tables.song_columns import SONG_FIELDS, header_key, require_columns
from scripts.tables.song_reading import RawTable, as_text, open_table

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

#: What the reader of tables says is allowed, which knows nothing of JSON.
_ALLOWED_TABLES = "Allowed are CSV, TSV and Parquet."

#: Lists and objects inside each other that a cell of JSON may have.
_DEEPEST = 16

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


def _as_cell(value: Any, separator: str, levels: int = _DEEPEST) -> str:
    """Read a value of JSON as text: lists are joined, objects named by their ``name``.

    Raises
    ------
    RecursionError
        If more than so many levels of lists and objects lie inside each other.
    """
    if isinstance(value, str):
        return _legible(value)
    if isinstance(value, list | dict) and not levels:
        raise RecursionError
    if isinstance(value, list):
        cells = (_as_cell(item, separator, levels - 1) for item in value)
        return separator.join(filter(None, cells))
    if isinstance(value, dict):
        return _as_cell(value.get("name"), separator, levels - 1)
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


def _names_lyrics(name: str) -> bool:
    return header_key(name) in LYRIC_FIELDS["lyrics"]


def _list_inside(document: Any) -> list[Any]:
    """Find the rows in one document: itself, or the one list of objects that it holds.

    An object that has lyrics beside such a list (of its artists, say) is itself a row.
    """
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        lists = {
            name: value
            for name, value in document.items()
            if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
        }
        if len(lists) == 1 and not any(map(_names_lyrics, document.keys() - lists.keys())):
            return next(iter(lists.values()))
    return [document]


def _decode_json(path: Path, content: bytes) -> str:
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: the byte {content[error.start]:#04x} is not "
            f"{encoding.upper().removesuffix('-SIG')}, which the rest of this JSON is. Save the "
            "file as UTF-8."
        ) from error


def _read_json(path: Path, content: bytes) -> list[Any]:
    text = _decode_json(path, content)
    try:
        return _list_inside(json.loads(text))
    except RecursionError as error:
        raise DataError(f"{path}: the JSON is nested too deeply. {_ALLOWED}") from error
    except ValueError as error:
        if not text.lstrip().startswith("["):
            return _read_json_lines(path, text)
        raise DataError(
            f"{path}: is no whole JSON document ({error}). {_ALLOWED} Export or download it again."
        ) from error


def _by_trust(names: Sequence[str], known: tuple[str, ...]) -> list[str]:
    """List the names that mean a field, the most trusted first."""
    ranked = [(known.index(header_key(name)), name) for name in names if header_key(name) in known]
    return [name for _, name in sorted(ranked)]


def _as_row(path: Path, number: int, row: Any) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    if row is None:
        return {}
    seen = reprlib.repr(row) if isinstance(row, list) else str(row)
    raise DataError(
        f"{path}, row {number}: {seen[:60]!r} is no object. Allowed is one object a "
        "song, with its lyrics and its id or title. Correct the row, or take it out."
    )


def _cell_of(path: Path, number: int, row: dict[str, Any], told: tuple[list[str], str]) -> str:
    """Read the first of some fields that says anything; ``told`` are their names and separator."""
    names, separator = told
    for name in names:
        try:
            cell = _as_cell(row.get(name), separator)
        except RecursionError as error:
            raise DataError(
                f"{path}, row {number}, field '{name}': more than {_DEEPEST} lists or objects lie "
                "inside each other. Allowed is a text, or a list of texts. Correct the row, or "
                "take it out."
            ) from error
        if cell:
            return cell
    return ""


def _rows_of_json(path: Path, content: bytes) -> RawLyrics:
    rows = [_as_row(path, n, row) for n, row in enumerate(_read_json(path, content), 1)]
    if not rows:
        raise DataError(f"{path}: the list holds no songs. {_ALLOWED} Export or download it again.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_columns(path, names, required=("lyrics", "title"), fields=LYRIC_FIELDS)

    def column(field: str, separator: str) -> list[str]:
        told = (_by_trust(names, LYRIC_FIELDS[field]), separator)
        return [_cell_of(path, number, row, told) for number, row in enumerate(rows, 1)]

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


def _open_lyric_table(path: Path) -> RawTable:
    try:
        return open_table(path, required=("lyrics", "title"), fields=LYRIC_FIELDS)
    except DataError as error:
        told = str(error).replace(_ALLOWED_TABLES, _ALLOWED)
        raise DataError(told if _ALLOWED in told else f"{told} {_ALLOWED}") from error


def _rows_of_table(path: Path) -> RawLyrics:
    raw = _open_lyric_table(path)

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


def _is_json(head: bytes) -> bool:
    if head.startswith(_UTF_16):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return start.startswith((b"{", b"[", b"null\n", b"null\r"))


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
            if _is_json(file.read(4096)):
                file.seek(0)
                return _rows_of_json(path, file.read())
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}). Check the path and its rights."
        ) from error
    return _rows_of_table(path)
