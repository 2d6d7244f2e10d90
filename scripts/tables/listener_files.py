"""Find the listeners' file in ``input/``, and in the file the table that is the survey.

Conventions
-----------
Forms: an Excel workbook, delimited text, and the saved notebook page ``__results__.html``. The
content decides which form a file has; only a web page must also be named as one, for a page
under another name is most often a failed download. Of several sheets or tables the one with the
most listeners of known mood is read, then the one with the most answers.
"""

from __future__ import annotations

from pathlib import Path

from scripts.errors import DataError
from scripts.moods.survey import MOOD_COLUMN, SURVEY_COLUMNS, moods_of
from scripts.tables.delimited import read_delimited
from scripts.tables.saved_page import PAGE_SUFFIXES, is_page, read_page
from scripts.tables.survey_grid import MIN_SURVEY_COLUMNS, Grid, nearest_names
from scripts.tables.workbook import OLE_MAGIC, ZIP_MAGICS, read_sheets, refuse_ole

FORMS = "an Excel workbook (.xlsx), CSV (UTF-8) or the saved page __results__.html"

#: Where users of the naive system keep the saved notebook page.
PAGE_PATH = Path("spotify-user-behavior-analysis", "__results__.html")
#: The published workbook's own name.
WORKBOOK_NAME = "Spotify_data.xlsx"
#: Endings of a file called ``listeners``, the first that exists is taken.
SUFFIXES = (".xlsx", ".csv", ".tsv", ".txt", ".html", ".htm")
SAMPLE_PATH = Path("sample", "listeners.csv")


def _find_in(folder: Path) -> Path | None:
    """Find the listeners' file of one folder: by the workbook's name, by stem, any workbook."""
    if not folder.is_dir():
        return None
    files = sorted(path for path in folder.iterdir() if path.is_file())
    files = [path for path in files if not path.name.startswith((".", "~$"))]  # open in Excel
    for path in files:
        if path.name.casefold() == WORKBOOK_NAME.casefold():
            return path
    named = [path for path in files if path.stem.casefold() == "listeners"]
    for suffix in SUFFIXES:
        for path in named:
            if path.suffix.casefold() == suffix:
                return path
    workbooks = [path for path in files if path.suffix.casefold() == ".xlsx"]
    if len(workbooks) > 1:
        names = ", ".join(repr(path.name) for path in workbooks[:5])
        raise DataError(
            f"{folder}: {len(workbooks)} workbooks, {names}, and no telling which one holds the "
            "listeners. Name one of them listeners.xlsx, or give --listeners FILE."
        )
    return workbooks[0] if workbooks else None


def find_listeners(input_dir: Path) -> Path:
    """Find the listeners' file: the notebook page, then a real table, then the sample.

    Raises
    ------
    DataError
        When there is none, or several workbooks and none with a telling name.
    """
    page = input_dir / PAGE_PATH
    if page.is_file():
        return page
    for folder in (input_dir / "listeners", input_dir):
        found = _find_in(folder)
        if found is not None:
            return found
    sample = input_dir / SAMPLE_PATH
    if sample.is_file():
        return sample
    raise DataError(
        f"{input_dir}: no listeners' table here. Looked for {PAGE_PATH}, {WORKBOOK_NAME}, "
        f"listeners.csv, any .xlsx, and {SAMPLE_PATH}. Allowed is {FORMS}: put one there, or "
        "give --listeners FILE."
    )


def read_grids(path: Path) -> list[Grid]:
    """Read all tables of a file in the form that its first bytes show.

    Raises
    ------
    DataError
        When the file is missing, unreadable, or of none of the forms.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file. Allowed is {FORMS}; check the path.")
    if path.is_dir():
        raise DataError(f"{path}: this is a folder. Name the file in it: {FORMS}.")
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        if start.startswith(OLE_MAGIC):
            refuse_ole(path)
        if start.startswith(ZIP_MAGICS):
            return read_sheets(path)
        if not is_page(start):
            return [read_delimited(path)]
        if path.suffix.casefold() in PAGE_SUFFIXES:
            return read_page(path)
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read ({error.strerror or error}).") from error
    raise DataError(
        f"{path}: this is a web page (HTML) saved as {path.suffix or 'a file without ending'!r}, "
        f"often a sign-in or preview page. Allowed is {FORMS}. Download the file itself; if it "
        "is the notebook's page, give it the ending .html."
    )


def _n_survey_columns(grid: Grid) -> int:
    return sum(column in SURVEY_COLUMNS for column in grid.columns)


def _worth(grid: Grid) -> tuple[int, int, int]:
    """Rank a table: the survey's columns, listeners of known mood, answers in all."""
    known = 0
    for at in grid.columns.get(MOOD_COLUMN, [])[:1]:
        known = sum(bool(moods_of(row[at])) for row in grid.rows if at < len(row))
    positions = [at for found in grid.columns.values() for at in found]
    n_answers = sum(bool(row[at]) for row in grid.rows for at in positions if at < len(row))
    return min(_n_survey_columns(grid), MIN_SURVEY_COLUMNS), known, n_answers


def _check_columns(grid: Grid, path: Path, *, need_moods: bool) -> None:
    """Hold a table's header against the survey's columns."""
    seen = ", ".join(repr(name[:40]) for name in grid.header[:8] if name) or "no names"
    if _n_survey_columns(grid) < MIN_SURVEY_COLUMNS:
        missing = [column for column in SURVEY_COLUMNS if column not in grid.columns]
        offers = {column: nearest_names(column, grid.header) for column in missing}
        near = [f"{names[0]!r} for {column}" for column, names in offers.items() if names]
        raise DataError(
            f"{path}, {grid.place}: {_n_survey_columns(grid)} of the survey's columns found, at "
            f"least {MIN_SURVEY_COLUMNS} are needed. Seen: {seen}. Nearest names: "
            f"{', '.join(near[:6]) or 'none'}. Allowed: {', '.join(SURVEY_COLUMNS)}. "
            "Rename the columns, or check that this is the listeners' table."
        )
    if need_moods and MOOD_COLUMN not in grid.columns:
        near = nearest_names(MOOD_COLUMN, grid.header)
        raise DataError(
            f"{path}, {grid.place}: the column {MOOD_COLUMN!r} is missing. Seen: {seen}. "
            f"Nearest names: {', '.join(map(repr, near)) or 'none'}. Rename the column that "
            "holds the moods; without it there is nothing to learn."
        )
    for column, positions in grid.columns.items():
        if len(positions) > 1:
            names = ", ".join(repr(grid.header[at]) for at in positions)
            raise DataError(
                f"{path}, {grid.place}: the columns {names} all mean {column!r}; one is allowed. "
                "Remove or rename the others."
            )


def choose_grid(grids: list[Grid], path: Path, *, need_moods: bool) -> Grid:
    """Pick the listeners' table among all tables of a file, wherever it stands.

    Raises
    ------
    DataError
        Without a table, without the survey's columns (the nearest names are offered), with a
        column twice, and without rows.
    """
    if not grids:
        raise DataError(
            f"{path}: the file holds no table. Save a notebook's page with its output, a workbook "
            f"with a sheet; allowed is {FORMS}."
        )
    grid = max(grids, key=_worth)
    if not grid.header:
        raise DataError(f"{path}: the table is empty. It needs a header and rows of listeners.")
    _check_columns(grid, path, need_moods=need_moods)
    if not grid.rows:
        raise DataError(
            f"{path}, {grid.place}: the table is empty, a header without rows. Add listeners."
        )
    return grid
