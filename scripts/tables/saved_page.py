"""Read the tables of a saved web page, such as a notebook that Kaggle rendered.

Conventions
-----------
Every table of the page becomes a grid, whatever stands before it. A frame that pandas rendered
has its index in a first column without a name, which no survey column matches; rows of heading
cells alone, under the header, carry the index's name and are no listeners. In a shortened
preview pandas writes ``...`` for a row, a column or the rest of a long text.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from bs4 import BeautifulSoup, SoupStrainer, Tag

from scripts.tables.survey_grid import Grid, make_grid, match_columns

#: The endings that a saved page may have.
PAGE_SUFFIXES = (".html", ".htm", ".xhtml")

_PAGE_START = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*"
    rb"<(!doctype\s+html|html|head|body|meta|title|script|style|div|p|table)\b",
    re.IGNORECASE | re.DOTALL,
)

#: What pandas writes for what it left out.
ELLIPSES = ("...", "…")


def is_page(start: bytes) -> bool:
    """Say whether a file that begins like this is a web page.

    >>> is_page(b"<!DOCTYPE html><html>"), is_page(b"Age,Gender")
    (True, False)
    """
    return _PAGE_START.match(start.removeprefix(b"\xef\xbb\xbf")) is not None


def _own_rows(table: Tag) -> list[Tag]:
    """List a table's rows without those of tables inside its cells."""
    return [row for row in table.find_all("tr") if row.find_parent("table") is table]


def _cell_texts(row: Tag) -> list[str]:
    return [cell.get_text() for cell in row.find_all(["th", "td"], recursive=False)]


def _is_index_name(row: Tag, texts: list[str]) -> bool:
    return row.find("td", recursive=False) is None and not match_columns(texts)


def read_page(path: Path) -> list[Grid]:
    """Read every table of a saved page as a grid, in the page's order.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on pages that are also XML
        soup = BeautifulSoup(path.read_bytes(), "lxml", parse_only=SoupStrainer("table"))
    grids: list[Grid] = []
    for number, table in enumerate(soup.find_all("table"), start=1):
        rows = [(row, _cell_texts(row)) for row in _own_rows(table)]
        kept = [texts for row, texts in rows if not _is_index_name(row, texts)]
        grid = make_grid(f"table {number} of the page", kept)
        grids.append(grid._replace(may_be_cut=True))
    return grids


def is_shortened(text: str) -> bool:
    """Say whether pandas cut this text short.

    >>> is_shortened("Relaxation and stress relief, Uplifting and moti..."), is_shortened("All")
    (True, False)
    """
    return text.endswith(ELLIPSES)


def drop_shortened(text: str) -> str:
    """Keep the whole answers of a text that was cut short: those before its last comma.

    >>> drop_shortened("Smartphone, Computer or laptop, Smart spe...")
    'Smartphone, Computer or laptop'
    """
    return text.rpartition(",")[0].rstrip() if is_shortened(text) else text


def is_preview_gap(row: list[str]) -> bool:
    """Say whether a row only stands for rows that a preview left out.

    >>> is_preview_gap(["...", "...", ""]), is_preview_gap(["", ""])
    (True, False)
    """
    filled = [cell for cell in row if cell]
    return bool(filled) and all(cell in ELLIPSES for cell in filled)
