"""Targets, their verdicts, and Markdown tables.

Conventions
-----------
A target is *met* or *short*; a figure that was not taken in this run is *not measured*, and
nothing is put in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Target(NamedTuple):
    """One line of the reach table: ``value`` has to be at least or at most ``limit``."""

    what: str
    value: float | None
    sense: str  # ">=" or "<="
    limit: float
    unit: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        """Say met, short or not measured."""
        if self.value is None:
            return "not measured"
        if self.sense == ">=":
            return "met" if self.value >= self.limit else "short"
        return "met" if self.value <= self.limit else "short"


def divide(above: float | None, below: float | None) -> float | None:
    """Divide two medians; None where one of them was not measured."""
    return None if above is None or below is None or below == 0 else above / below


def number(value: float | None, unit: str = "") -> str:
    """Write a figure with three significant digits.

    >>> number(1234.5, "MB"), number(0.02345, "s"), number(51.23, "×"), number(None)
    ('1,234 MB', '0.0234 s', '51.2×', '–')
    """
    if value is None:
        return "–"
    size = abs(value)
    if size >= 100:
        text = f"{value:,.0f}"
    else:
        decimals = 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 else 4
        text = f"{value:.{decimals}f}"
    return text + (unit if unit in {"", "×", "%"} else f" {unit}")


def render_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render a Markdown table; a bar inside a cell is escaped.

    >>> print(render_table(["a", "b"], [["1", "x|y"]]))
    | a | b    |
    |---|------|
    | 1 | x\\|y |
    """
    cells = [[text.replace("|", "\\|") for text in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def render_targets(targets: Iterable[Target]) -> str:
    """Render the reach table."""
    rows = [
        [
            target.what,
            number(target.value, target.unit),
            f"{'≥' if target.sense == '>=' else '≤'} {number(target.limit, target.unit)}",
            target.verdict,
            target.note,
        ]
        for target in targets
    ]
    return render_table(["what", "measured", "reach", "verdict", "note"], rows)
