"""Open one table and hand out its recognised columns, raw.

Conventions
-----------
Only the columns of known fields are read. Text stays text: nothing in a file means "missing"
here, so a title "NA" or "1999" arrives as it stands. Rows keep the order of the file.

Method
------
CSV goes through Arrow's reader, every column as text. What that reader refuses is read again
with the standard library's, row by row; a row whose number of cells differs from the header's
is marked as malformed. Bytes that are not UTF-8 are read as Windows-1252, then as Latin-1,
with a warning. A Parquet file is read one column at a time, when it is asked for.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from scripts.errors import DataError, DataWarning
from scripts.tables.song_columns import REQUIRED, require_columns
from scripts.tables.song_files import (
    TextLayout,
    is_parquet,
    parquet_headers,
    read_head,
    text_layout,
)

_BLOCK_BYTES = 8 << 20
_OLD_ENCODINGS = ("cp1252", "latin-1")
_LARGEST_CELL = 2**31 - 1


@dataclass(frozen=True)
class RawTable:
    """The recognised columns of one file, each handed out once.

    Attributes
    ----------
    path : Path
        The file.
    headers : dict
        Field -> the column's name in the file.
    n_rows : int
        Rows of data.
    malformed : ndarray or None, shape (n_rows,), bool
        Rows with another number of cells than the header; None where there are none.
    take : callable
        Field -> its raw column, a chunked array of any type. May be called once per field.
    """

    path: Path
    headers: dict[str, str]
    n_rows: int
    malformed: np.ndarray | None
    take: Callable[[str], pa.ChunkedArray]


def _legible(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Replace bytes that are no UTF-8, which Parquet lets through, by the replacement sign."""
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)):
        return column
    try:
        text = column.cast(pa.large_string())
        text.validate(full=True)
        return text
    except pa.ArrowInvalid:
        cells = column.cast(pa.large_binary()).to_pylist()
        legible = [None if cell is None else cell.decode("utf-8", "replace") for cell in cells]
        return pa.chunked_array([pa.array(legible, pa.large_string())])


def _read_parquet(path: Path, found: dict[str, int]) -> RawTable:
    names = parquet_headers(path)
    headers = {field: names[position] for field, position in found.items()}
    file = pq.ParquetFile(path)

    def take(field: str) -> pa.ChunkedArray:
        try:
            return _legible(file.read(columns=[headers[field]]).column(0))
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{path}, column '{headers[field]}': this Parquet file is damaged "
                f"({str(error)[:80]}). Download it again."
            ) from error

    return RawTable(path, headers, file.metadata.num_rows, None, take)


def _read_arrow_csv(path: Path, layout: TextLayout, found: dict[str, int]) -> pa.Table:
    names = [f"f{position}" for position in found.values()]
    table = pv.read_csv(
        path,
        read_options=pv.ReadOptions(
            autogenerate_column_names=True,
            block_size=_BLOCK_BYTES,
            encoding="utf8" if layout.encoding == "utf-8-sig" else layout.encoding,
        ),
        parse_options=pv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
        convert_options=pv.ConvertOptions(
            include_columns=names,
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=False,
            null_values=[],
        ),
    )
    return table.slice(1).rename_columns(list(found))


def _decode(path: Path, encoding: str) -> tuple[str, str]:
    """Read a text and tell the encoding that fitted."""
    content = path.read_bytes()
    for attempt in (encoding, "cp1252"):
        try:
            return content.decode(attempt), attempt
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"


def _read_python_csv(
    path: Path, layout: TextLayout, found: dict[str, int]
) -> tuple[pa.Table, np.ndarray | None, str]:
    """Read row by row, as the standard library does; slow, and stopped by nothing."""
    columns: dict[str, list[str]] = {field: [] for field in found}
    malformed: list[bool] = []
    width = len(layout.headers)
    limit = csv.field_size_limit(_LARGEST_CELL)
    text, encoding = _decode(path, layout.encoding)
    try:
        lines = io.StringIO(text, newline="")
        reader = (row for row in csv.reader(lines, delimiter=layout.separator) if row)
        next(reader, None)
        for row in reader:
            malformed.append(len(row) != width)
            for field, position in found.items():
                columns[field].append(row[position] if position < len(row) else "")
    finally:
        csv.field_size_limit(limit)
    table = pa.table({name: pa.array(cells, pa.large_string()) for name, cells in columns.items()})
    return table, np.array(malformed) if any(malformed) else None, encoding


def _warn_encoding(path: Path, encoding: str) -> None:
    warnings.warn(
        f"{path}: the text is not UTF-8; read as {encoding}. Letters may be wrong. Save the "
        "table as 'CSV UTF-8' to be sure.",
        DataWarning,
        stacklevel=2,
    )


def _read_text(path: Path, layout: TextLayout, found: dict[str, int]) -> RawTable:
    malformed = None
    attempts = [layout.encoding]
    attempts += [name for name in _OLD_ENCODINGS if name != layout.encoding]
    for encoding in attempts:
        used = encoding
        try:
            table = _read_arrow_csv(path, layout._replace(encoding=encoding), found)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error):
                continue
            asked = layout._replace(encoding=encoding)
            table, malformed, used = _read_python_csv(path, asked, found)
        if used in _OLD_ENCODINGS:
            _warn_encoding(path, used)
        break
    headers = {field: layout.headers[position] for field, position in found.items()}
    columns = {field: table.column(field) for field in found}
    n_rows = table.num_rows
    return RawTable(path, headers, n_rows, malformed, columns.pop)


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Turn a raw column of any type into text, null into the empty text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), ";")
    if column.type != pa.large_string():
        column = column.cast(pa.large_string())
    return pc.fill_null(column, "") if column.null_count else column


def open_table(
    path: Path,
    *,
    required: tuple[str, ...] = REQUIRED,
    fields: dict[str, tuple[str, ...]] | None = None,
) -> RawTable:
    """Open a CSV, TSV or Parquet file, told by its content.

    Parameters
    ----------
    path : Path
        The file.
    required : tuple of str, optional
        Fields that it must have.
    fields : dict, optional
        Field -> accepted names; the song fields where left out.

    Returns
    -------
    RawTable
        Its recognised columns.

    Raises
    ------
    DataError
        For a file that is no table, lacks a required column, or has no rows.
    """
    head = read_head(path)
    if is_parquet(head):
        names = parquet_headers(path)
        raw = _read_parquet(path, require_columns(path, names, required=required, fields=fields))
    else:
        layout = text_layout(head)
        found = require_columns(path, layout.headers, required=required, fields=fields)
        raw = _read_text(path, layout, found)
    if raw.n_rows == 0:
        raise DataError(f"{path}: the table has a header and no rows. Export or download it again.")
    return raw
