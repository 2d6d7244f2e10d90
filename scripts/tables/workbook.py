"""Read the sheets of an Excel workbook that may come from anywhere.

Conventions
-----------
Nothing is unpacked before the archive's own directory has been judged: a workbook that would
grow beyond the limits below is refused. Every part is looked at for a document type declaration,
the only place where XML entities can be defined, before openpyxl reads it, and openpyxl itself
must run with defusedxml. Formulas give the value the spreadsheet program last stored.
"""

from __future__ import annotations

import mmap
import re
import warnings
import zipfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from scripts.errors import DataError
from scripts.tables.survey_grid import Grid, make_grid

#: First bytes of an OLE2 container: a legacy or an encrypted Office file.
OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
#: First bytes of a zip archive: with entries, and empty.
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")

MAX_UNPACKED_BYTES = 200_000_000
MAX_RATIO = 100
#: Below this size a high ratio is only tidy repetition.
RATIO_FREE_BYTES = 20_000_000
MAX_MEMBERS = 10_000
#: Excel's own limit of rows.
MAX_ROWS = 1_048_576
#: No survey is wider; cells further right are not looked at.
MAX_COLUMNS = 256

_EMPTY_ROW = (None,) * MAX_COLUMNS

_SAVE_AGAIN = "Open it in a spreadsheet program and save it as .xlsx or as CSV (UTF-8)."


def refuse_ole(path: Path) -> NoReturn:
    """Say which kind of OLE2 file this is: encrypted, or of the format before 2007.

    Raises
    ------
    DataError
        Always.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        encrypted = content.find("EncryptedPackage".encode("utf-16-le")) >= 0
        legacy = any(content.find(name.encode("utf-16-le")) >= 0 for name in ("Workbook", "Book"))
    if encrypted:
        raise DataError(
            f"{path}: this workbook is encrypted, and Moodlist asks for no passwords. "
            "Open it in a spreadsheet program, remove the password and save it again."
        )
    kind = "a legacy .xls workbook" if legacy else "a legacy Office file (OLE2)"
    raise DataError(f"{path}: this is {kind}; allowed are .xlsx, CSV and .html. {_SAVE_AGAIN}")


def _refuse_bomb(path: Path, seen: str, allowed: str) -> NoReturn:
    raise DataError(
        f"{path}: refused before unpacking, for it would grow like a zip bomb: {seen}; "
        f"allowed is {allowed}. If you trust it, save its one table as CSV (UTF-8)."
    )


def _refuse_other_archive(path: Path, names: list[str]) -> NoReturn:
    if "xl/workbook.bin" in names:
        raise DataError(f"{path}: this is a binary workbook (.xlsb). {_SAVE_AGAIN}")
    if "mimetype" in names and "content.xml" in names:
        raise DataError(f"{path}: this is an OpenDocument file. {_SAVE_AGAIN}")
    inside = ", ".join(repr(name[:60]) for name in names[:3]) or "nothing"
    raise DataError(
        f"{path}: this is a zip archive and not a workbook; it holds {inside}"
        f"{' and more' if len(names) > 3 else ''}. Unpack it and name the table inside."
    )


def check_archive(path: Path) -> None:
    """Judge a zip file by its directory: a workbook, of a sane size, without a password.

    Raises
    ------
    DataError
        For a damaged zip, one that is no workbook, an encrypted one, or one that would unpack
        to more than 200 MB, to more than 20 MB at a ratio above 100, or to over 10,000 members.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        entry_starts = islice(re.finditer(rb"PK\x01\x02", content), MAX_MEMBERS + 1)
        n_members = sum(1 for _ in entry_starts)
        del entry_starts  # it holds on to the mapped file
        n_bytes = len(content)
    if n_members > MAX_MEMBERS:
        _refuse_bomb(path, f"more than {MAX_MEMBERS:,} members", f"up to {MAX_MEMBERS:,}")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(
            f"{path}: the file begins like a workbook but is damaged ({error}). "
            "Fetch or save it again."
        ) from error
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        _refuse_bomb(
            path, f"{unpacked / 1e6:,.0f} MB unpacked", f"{MAX_UNPACKED_BYTES // 10**6} MB"
        )
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * n_bytes:
        _refuse_bomb(path, f"{unpacked / n_bytes:,.0f} times its size", f"{MAX_RATIO} times")
    names = [member.filename for member in members]
    parts = {name.lstrip("/") for name in names}
    is_workbook = "[Content_Types].xml" in parts and any(part.startswith("xl/") for part in parts)
    if not is_workbook or "xl/workbook.bin" in parts:
        _refuse_other_archive(path, names)
    if any(member.flag_bits & 1 for member in members):
        raise DataError(f"{path}: parts of this workbook are locked by a password. {_SAVE_AGAIN}")


def check_entities(path: Path) -> None:
    """Refuse a workbook with a document type declaration, where XML entities are defined.

    A declaration can only stand before the first element, so no part is read beyond it.

    Raises
    ------
    DataError
        Naming the part that holds the declaration, or the part that cannot be read.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            try:
                with archive.open(member) as part:
                    next(iter(iterparse(part, events=("start",), forbid_dtd=True)), None)
            except DefusedXmlException as error:
                raise DataError(
                    f"{path}: the part {member.filename!r} declares a document type or XML "
                    f"entities ({type(error).__name__}); no spreadsheet program writes that, "
                    "and nothing of it is expanded. Use a copy from a source you trust."
                ) from error
            except (ParseError, ValueError, LookupError):
                continue  # a picture or another part that is no XML
            except Exception as error:  # the many ways of a damaged stream
                raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    cause: BaseException = error  # openpyxl wraps what went wrong
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    detail = f"{type(cause).__name__}: {str(cause)[:120]}"
    return DataError(f"{path}: the workbook cannot be read ({detail!r}). {_SAVE_AGAIN}")


def _trimmed(rows: Iterable[tuple[object, ...]], path: Path, sheet: str) -> list[list[object]]:
    """Copy a sheet's rows without the empty cells to the right."""
    kept: list[list[object]] = []
    for row in rows:
        if len(kept) >= MAX_ROWS:
            raise DataError(
                f"{path}, sheet {sheet!r}: rows beyond {MAX_ROWS:,}, which no workbook can have. "
                f"{_SAVE_AGAIN}"
            )
        width = 0 if row == _EMPTY_ROW else len(row)
        while width and row[width - 1] is None:
            width -= 1
        kept.append(list(row[:width]))
    return kept


def read_sheets(path: Path) -> list[Grid]:
    """Read every sheet of an .xlsx workbook as a grid, each row as wide as the header.

    Raises
    ------
    DataError
        For what :func:`check_archive` and :func:`check_entities` refuse, for a workbook that
        cannot be read, and when openpyxl runs without defusedxml.
    """
    check_archive(path)
    if not openpyxl.DEFUSEDXML:
        raise DataError(
            f"{path}: workbooks are read only with defusedxml active, and here it is not. "
            "Run `pip install defusedxml` and unset OPENPYXL_DEFUSEDXML, or save the table as CSV."
        )
    check_entities(path)
    sheets: list[tuple[str, list[list[object]]]] = []
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on styles and validation rules
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # the stated size may be untrue
                rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
                sheets.append((sheet.title, _trimmed(rows, path, sheet.title)))
            book.close()
    except DataError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part leads it to
        raise _damaged(path, error) from error
    return [_squared(make_grid(f"sheet {title!r}", rows)) for title, rows in sheets]


def _squared(grid: Grid) -> Grid:
    """Give every row the header's width: a sheet's cells have fixed places."""
    width = len(grid.header)
    return grid._replace(rows=[(row + [""] * (width - len(row)))[:width] for row in grid.rows])
