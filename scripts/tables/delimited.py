"""Read a survey from delimited text, whichever of comma, semicolon and tab it uses.

Conventions
-----------
The text is UTF-8, with or without a byte order mark. Cells that hold the delimiter are quoted.
A row keeps the number of cells it has, so that a reader can tell a row that came apart.
"""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path

from scripts.errors import DataError
from scripts.tables.survey_grid import HEADER_SEARCH_ROWS, Grid, make_grid, match_columns

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


def _decode(content: bytes, path: Path) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: the text is UTF-16; allowed is UTF-8. Save it as 'CSV UTF-8'.")
    if b"\x00" in content:
        raise DataError(
            f"{path}: this is no text (a zero byte at {content.index(0):,}); allowed are .xlsx, "
            "CSV (UTF-8) and the saved page __results__.html. Export the table in one of them."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: the byte {content[error.start]:#04x} is not UTF-8. "
            "Save the table as 'CSV UTF-8'."
        ) from error


def _n_columns(text: str, delimiter: str) -> int:
    """Count the survey columns that the first rows show when split at a delimiter."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(islice(reader, HEADER_SEARCH_ROWS))
    except csv.Error:
        return 0
    return max((len(match_columns(row)) for row in rows), default=0)


def read_delimited(path: Path) -> Grid:
    """Read a delimited text file as one grid; blank lines are blank rows.

    Raises
    ------
    DataError
        For text that is not UTF-8, and for a quote that is never closed.
    """
    text = _decode(path.read_bytes(), path)
    delimiter = max(DELIMITERS, key=lambda mark: _n_columns(text, mark))
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        rows = list(reader)
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: the quotes do not match ({error}). Each quoted "
            "cell needs one quote at either end, and two for a quote inside."
        ) from error
    return make_grid(f"the table ({DELIMITERS[delimiter]}-separated)", rows)
