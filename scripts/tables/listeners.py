"""Read the listeners' survey: any of its forms in, a checked table and what was dropped out.

Conventions
-----------
A row's number counts the rows under the header from 1, as a person does: listener N is row N,
and stays row N when rows before it are dropped. A blank answer is the empty text; the text
``None`` is an answer. Moods are 0/1 in the order of ``LISTENER_MOODS``.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.errors import DataError, DataWarning
from scripts.moods.survey import (
    MOOD_COLUMN,
    MULTI_COLUMNS,
    SURVEY_COLUMNS,
    moods_of,
    split_answers,
)
from scripts.moods.vocabulary import LISTENER_MOODS
from scripts.tables.listener_files import choose_grid, find_listeners, read_grids
from scripts.tables.saved_page import drop_shortened, is_preview_gap, is_shortened
from scripts.tables.survey_grid import Grid

__all__ = ["ListenerTable", "find_listeners", "read_listeners"]

#: The column that marks a generated table, and what it says.
SYNTHETIC_COLUMN = "synthetic"
_YES = ("yes", "true", "1")

#: A longer answer is a broken cell; the survey's longest has 110 letters.
MAX_ANSWER_LETTERS = 1_000

REJECTED_COLUMNS = ("file", "row", "reason", "column", "value")

_MOOD_PHRASES = {phrase.casefold() for phrase, _ in LISTENER_MOODS.values()}
_ALLOWED_MOODS = "; ".join(phrase for phrase, _ in LISTENER_MOODS.values())

#: Why a row is dropped, the column at fault, and the value seen there.
_Fault = tuple[str, str, str]


@dataclass(frozen=True)
class ListenerTable:
    """The listeners that were read, and an account of those that were not.

    Attributes
    ----------
    listeners : list of dict
        Survey column -> answer, for the survey columns the table has, in the table's order.
    moods : int8 array of shape (n, 4), 0 or 1, or None
        The moods each listener ticks, in the order of ``LISTENER_MOODS``; None without the
        mood column.
    rows : list of int
        The number of each listener's row, counted from 1 under the header.
    counts : dict
        Reason -> number of rows dropped for it.
    rejected : DataFrame
        One line per dropped row: file, row, reason, column, value.
    n_read : int
        Rows under the header, dropped ones included.
    source : str
        The file the table came from.
    synthetic : bool
        Whether the table calls itself generated, so that figures learned from it mean nothing.
    """

    listeners: list[dict[str, str]]
    moods: NDArray[np.int8] | None
    rows: list[int]
    counts: dict[str, int]
    rejected: pd.DataFrame
    n_read: int
    source: str
    synthetic: bool

    def summary(self) -> str:
        """Say in one line what was read, what was dropped, and how often each mood occurs."""
        text = f"{len(self.listeners):,} of {self.n_read:,} rows"
        text += f" from {Path(self.source).name}"
        if self.moods is not None:
            n_ticked = self.moods.sum(axis=0)
            text += (
                " ("
                + ", ".join(f"{m} {n}" for m, n in zip(LISTENER_MOODS, n_ticked, strict=True))
                + ")"
            )
        if self.counts:
            text += "; dropped: " + ", ".join(f"{why} {n}" for why, n in self.counts.items())
        if self.synthetic:
            text += "; synthetic, so nothing can be learned from them"
        return text


def _shape_fault(row: list[str], grid: Grid) -> _Fault | None:
    """Say what is wrong with a row's cells, or None."""
    if is_preview_gap(row):
        return "rows left out by a preview (...)", "", "..."
    if not any(row):
        return "no answers", "", ""
    width = len(grid.header)
    n_named = next(n for n in range(width, 0, -1) if grid.header[n - 1])
    if len(row) < n_named or any(row[width:]):
        return "wrong number of cells", "", f"{len(row)} cells, the header has {width}"
    for column, (at, *_) in grid.columns.items():
        if len(row[at]) > MAX_ANSWER_LETTERS:
            return "answer too long", column, row[at][:60] + "..."
    if not any(row[at] for at, *_ in grid.columns.values()):
        return "no answers", "", ""
    return None


def _mood_fault(text: str, *, may_be_cut: bool) -> _Fault | None:
    """Say why a row's moods cannot be learned from, or None."""
    if not split_answers(text) or text.casefold() == "none":
        return "no mood", MOOD_COLUMN, text
    if may_be_cut and is_shortened(text):
        return "moods cut short by a preview", MOOD_COLUMN, text
    return None if moods_of(text) else ("unknown mood", MOOD_COLUMN, text)


def _warn(path: Path, what: str, rows: list[int]) -> None:
    """Report rows that are kept although they are suspect."""
    if rows:
        message = f"{path}: {what} in {len(rows):,} rows, first in row {rows[0]}"
        warnings.warn(message, DataWarning, stacklevel=4)


def _answers(row: list[str], grid: Grid) -> tuple[dict[str, str], bool]:
    """Read a row's answers, and whether a preview shortened one of them."""
    listener: dict[str, str] = {}
    shortened = False
    for column in SURVEY_COLUMNS:
        if column in grid.columns:
            text = row[grid.columns[column][0]]
            if grid.may_be_cut and is_shortened(text):
                shortened = True
                text = drop_shortened(text) if column in MULTI_COLUMNS else ""
            listener[column] = text
    return listener, shortened


def _check_moods(moods: NDArray[np.int8], path: Path) -> None:
    """Refuse moods that never differ."""
    if (moods == moods[0]).all():
        same = [mood for mood, ticked in zip(LISTENER_MOODS, moods[0], strict=True) if ticked]
        raise DataError(
            f"{path}, column {MOOD_COLUMN!r}: all {len(moods):,} listeners have the same moods, "
            f"{' and '.join(same)}, so there is nothing to learn. Allowed are rows that differ "
            f"in: {_ALLOWED_MOODS}. Add listeners of other moods."
        )


def _no_rows_left(rejected: pd.DataFrame, path: Path) -> DataError:
    first = rejected.iloc[0]
    counts = ", ".join(f"{why} {n}" for why, n in Counter(rejected["reason"]).items())
    advice = "Put quotes around cells that hold a comma."
    if first["column"] == MOOD_COLUMN:
        advice = f"Allowed in {MOOD_COLUMN!r}, several with commas: {_ALLOWED_MOODS}."
    return DataError(
        f"{path}: none of the {len(rejected):,} rows can be used ({counts}); "
        f"row {first['row']} has {str(first['value'])[:80]!r}. {advice}"
    )


def _build(grid: Grid, path: Path, *, need_moods: bool) -> ListenerTable:
    """Sort the rows of the chosen table into listeners and rejected rows."""
    listeners: list[dict[str, str]] = []
    mood_texts: list[str] = []
    rows: list[int] = []
    rejected: list[tuple[str, int, str, str, str]] = []
    cut_rows: list[int] = []
    for number, row in enumerate(grid.rows, start=1):
        fault = _shape_fault(row, grid)
        if fault is None and need_moods:
            text = row[grid.columns[MOOD_COLUMN][0]]
            fault = _mood_fault(text, may_be_cut=grid.may_be_cut)
        if fault is not None:
            rejected.append((path.name, number, *fault))
            continue
        listener, was_cut = _answers(row, grid)
        listeners.append(listener)
        mood_texts += [row[at] for at in grid.columns.get(MOOD_COLUMN, [])]
        rows.append(number)
        cut_rows += [number] if was_cut else []
    table = pd.DataFrame(rejected, columns=list(REJECTED_COLUMNS))
    if not rows:
        raise _no_rows_left(table, path)
    moods = _mood_array(mood_texts) if mood_texts else None
    if need_moods and moods is not None:
        _check_moods(moods, path)
        odd = [n for n, text in zip(rows, mood_texts, strict=True) if _has_unknown_mood(text)]
        _warn(path, "unknown mood words, left out,", odd)
    _warn(path, "answers cut short by a preview, left out,", cut_rows)
    return ListenerTable(
        listeners=listeners,
        moods=moods,
        rows=rows,
        counts=dict(Counter(reason for _, _, reason, _, _ in rejected)),
        rejected=table,
        n_read=len(grid.rows),
        source=str(path),
        synthetic=_is_synthetic(grid),
    )


def _mood_array(texts: list[str]) -> NDArray[np.int8]:
    ticked = [moods_of(text) for text in texts]
    return np.array([[mood in found for mood in LISTENER_MOODS] for found in ticked], np.int8)


def _has_unknown_mood(text: str) -> bool:
    return any(answer.casefold() not in _MOOD_PHRASES for answer in split_answers(text))


def _is_synthetic(grid: Grid) -> bool:
    names = [name.casefold() for name in grid.header]
    if SYNTHETIC_COLUMN not in names:
        return False
    at = names.index(SYNTHETIC_COLUMN)
    return any(row[at].casefold() in _YES for row in grid.rows if at < len(row))


def read_listeners(path: Path, *, need_moods: bool = True) -> ListenerTable:
    """Read a listeners' table from a workbook, delimited text or a saved notebook page.

    Parameters
    ----------
    path : Path
        The file; its content decides its form.
    need_moods : bool
        Whether rows without a known mood are dropped, as training needs; without it the mood
        column may be missing, and listeners without a known mood have zeros.

    Returns
    -------
    ListenerTable

    Raises
    ------
    DataError
        For a file of another form, a damaged, locked or hostile workbook, a table without the
        survey's columns or without rows, and moods that are unknown or all the same.

    Warns
    -----
    DataWarning
        For unknown mood words beside known ones, and for answers that a preview cut short.
    """
    path = Path(path)
    grid = choose_grid(read_grids(path), path, need_moods=need_moods)
    return _build(grid, path, need_moods=need_moods)
