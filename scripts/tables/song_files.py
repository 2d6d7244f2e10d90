"""Find song tables on disk, and refuse what only looks like one.

Conventions
-----------
A song table is a CSV, TSV or Parquet file whose header names at least five of the nine audio
features (:data:`ENOUGH_FEATURES`); five, not nine, so that a table that lacks a column is
reported and not passed over. A listeners table has none of them, an Excel workbook or a saved
page has another ending: neither is ever taken for songs. What a file is, is read from its first
bytes, not from its ending.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.errors import DataError
from scripts.tables.song_columns import match_columns, n_features

SUFFIXES = (".csv", ".tsv", ".parquet")
ENOUGH_FEATURES = 5
_SEPARATORS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 << 17
_ALLOWED = "Allowed are CSV, TSV and Parquet."

# The first bytes of a file -> what it is, and what to do about it.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Excel workbook", "Open it and save it as CSV."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and give the file inside."),
    (b"BZh", "a bzip2 archive", "Unpack it and give the file inside."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it and give the file inside."),
    (b"Rar!", "a RAR archive", "Unpack it and give the file inside."),
    (b"%PDF", "a PDF", "Give the table it was printed from."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
)


class TextLayout(NamedTuple):
    """How a text table is written."""

    headers: list[str]
    separator: str
    encoding: str


def _refuse_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    if "[Content_Types].xml" in names:
        raise DataError(
            f"{path}: this is an Excel workbook. {_ALLOWED} Open it and save it as 'CSV UTF-8'."
        )
    inside = f" with {', '.join(names[:3])}" if names else ""
    raise DataError(
        f"{path}: this is a zip archive{inside}. {_ALLOWED} Unpack it and give the file inside."
    )


def _refuse_foreign(path: Path, head: bytes) -> None:
    if not head.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise DataError(f"{path}: the file is empty. {_ALLOWED} Export or download it again.")
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        _refuse_zip(path)
    for mark, what, advice in _FOREIGN:
        if head.startswith(mark):
            raise DataError(f"{path}: this is {what}. {_ALLOWED} {advice}")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<!--")):
        raise DataError(
            f"{path}: this is a web page (it starts with {start[:15].decode('latin-1')!r}), saved "
            f"under the name of a table. {_ALLOWED} Download the table itself, signed in where "
            "the site asks for it."
        )
    if start.startswith((b'{"', b"[{", b"{\n", b"{\r", b"[\n")):
        raise DataError(f"{path}: this is JSON. {_ALLOWED} Convert it to CSV.")


def read_head(path: Path) -> bytes:
    """Read the first bytes of a file that can be a table.

    Raises
    ------
    DataError
        For a file that cannot be opened, is empty, or is a page, archive or workbook.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}). Check the path and its rights."
        ) from error
    _refuse_foreign(path, head)
    return head


def is_parquet(head: bytes) -> bool:
    """Tell a Parquet file by its first bytes, whatever its name."""
    return head.startswith(b"PAR1")


def parquet_headers(path: Path) -> list[str]:
    """List the columns of a Parquet file.

    Raises
    ------
    DataError
        For a file that is damaged.
    """
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: this Parquet file is damaged ({str(error)[:80]}). Download it again."
        ) from error


def _encoding_of(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: len(head) - 3].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 6:
            return "cp1252"
    return "utf-8-sig"


def _first_row(text: str, separator: str) -> list[str]:
    lines = io.StringIO(text, newline="")
    try:
        return next((row for row in csv.reader(lines, delimiter=separator) if row), [])
    except csv.Error:
        return []


def text_layout(head: bytes) -> TextLayout:
    """Sniff encoding and separator of a text table and read its header.

    The separator is the one that shows the most known columns, then the most columns.
    """
    encoding = _encoding_of(head)
    text = head.decode(encoding, errors="replace")
    rows = {separator: _first_row(text, separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda mark: (len(match_columns(rows[mark])), len(rows[mark])))
    return TextLayout([name.strip() for name in rows[best]], best, encoding)


def headers_of(path: Path) -> list[str]:
    """List the column names of a CSV, TSV or Parquet file.

    Raises
    ------
    DataError
        For a file that is no table.
    """
    head = read_head(path)
    return parquet_headers(path) if is_parquet(head) else text_layout(head).headers


def _table_files(folder: Path) -> list[Path]:
    return sorted(
        (
            entry
            for entry in folder.iterdir()
            if entry.suffix.lower() in SUFFIXES
            and entry.is_file()
            and not entry.name.startswith(".")
        ),
        key=lambda entry: entry.name,
    )


def is_song_table(path: Path) -> bool:
    """Tell by its header whether a file holds songs; a file that is no table holds none."""
    try:
        return n_features(headers_of(path)) >= ENOUGH_FEATURES
    except DataError:
        return False


def _refuse_differing(files: list[Path]) -> None:
    first = set(match_columns(headers_of(files[0])))
    for file in files[1:]:
        fields = set(match_columns(headers_of(file)))
        if fields == first:
            continue
        lacks = ", ".join(sorted(first - fields)) or "none"
        extra = ", ".join(sorted(fields - first)) or "none"
        raise DataError(
            f"{file}: the columns differ from those of {files[0].name} in the same folder "
            f"(missing: {lacks}; extra: {extra}). Allowed in one folder are files with the same "
            "columns. Give the files one by one: --songs FILE --songs FILE."
        )


def list_song_files(path: Path) -> list[Path]:
    """List the song tables that a path means: the file itself, or a folder's in name order.

    In a folder, files without audio features (a listeners table, say) are passed over as long
    as one file has them.

    Raises
    ------
    DataError
        For a path that is not there, a folder without tables, or with tables that differ.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder. Check the path.")
    if not path.is_dir():
        return [path]
    files = _table_files(path)
    if not files:
        raise DataError(f"{path}: the folder holds no table. {_ALLOWED} Put one into it.")
    songs = [file for file in files if is_song_table(file)]
    if not songs:
        return files[:1]
    _refuse_differing(songs)
    return songs


def find_songs(input_dir: Path) -> Path:
    """Find the songs under `input_dir`, where users keep them.

    In this order: ``spotify-dataset/data/data.csv``; tables in ``songs/``, whatever they hold,
    since they were put there as songs; song tables directly in `input_dir` (see the module's
    conventions); the sample, ``sample/songs.csv``.

    Parameters
    ----------
    input_dir : Path
        The folder ``input``.

    Returns
    -------
    Path
        A file, or a folder of several song tables with the same columns.

    Raises
    ------
    DataError
        When there is nothing, not even the sample.
    """
    kaggle = input_dir / "spotify-dataset" / "data" / "data.csv"
    if kaggle.is_file():
        return kaggle
    folder = input_dir / "songs"
    if folder.is_dir() and (files := _table_files(folder)):
        return files[0] if len(files) == 1 else folder
    files = (
        [file for file in _table_files(input_dir) if is_song_table(file)]
        if (input_dir.is_dir())
        else []
    )
    if files:
        return files[0] if len(files) == 1 else input_dir
    sample = input_dir / "sample" / "songs.csv"
    if sample.is_file():
        return sample
    raise DataError(
        f"{input_dir}: no song table found. {_ALLOWED} Looked for {kaggle}, tables in {folder} "
        f"and {input_dir}, and {sample}. Put a table there, or name one with --songs FILE."
    )
