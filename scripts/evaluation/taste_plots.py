"""The plot of the check ``taste``: every model's score, and what side information adds.

Conventions
-----------
A report is what the check ``taste`` prints. On the left ndcg@10 of each model with its 95%
interval, the best on top; on the right the difference that each block of side information makes to
EASE, and to the blend, with its interval, where the report tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    SOFT,
    add_axes,
    house_style,
    new_figure,
    save_figure,
)
from scripts.evaluation.taste_tests import LEVEL

_ROW = 0.32


def _draw_rows(
    axes: Axes, names: list[str], rows: list[tuple[float, list[float]]], colors: list[str]
) -> None:
    for place, ((value, (low, high)), color) in enumerate(zip(rows, colors, strict=True)):
        axes.plot([low, high], [place, place], color=color, lw=2)
        axes.plot([value], [place], "o", color=color, ms=5)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.grid(visible=True)


def _draw_models(axes: Axes, report: Mapping[str, Any]) -> None:
    models, baseline = report["models"], report["baseline"]["model"]
    names = sorted(models, key=lambda name: (models[name]["ndcg@10"], name))
    rows = [(models[name]["ndcg@10"], models[name]["ndcg@10_interval"]) for name in names]
    colors = [ACCENT if name == baseline else INK for name in names]
    _draw_rows(axes, names, rows, colors)
    axes.set_xlim(left=0)
    axes.set_title("All models", loc="left", fontsize=10)
    axes.set_xlabel("ndcg@10")


def _draw_question(axes: Axes, question: Mapping[str, Any]) -> None:
    told = {
        f"{first} {row}": table["ndcg@10_against_cf"]
        for first, rows in question.items()
        for row, table in rows.items()
        if row != "cf"
    }
    names = list(told)[::-1]
    rows = [(told[name]["difference"], told[name]["interval"]) for name in names]
    shown = [told[name]["p_holm"] < LEVEL for name in names]
    axes.axvline(0, color=SOFT, lw=0.8)
    _draw_rows(axes, names, rows, [ACCENT if yes else SOFT for yes in shown])
    axes.set_title("What side information adds", loc="left", fontsize=10)
    axes.set_xlabel("difference in ndcg@10")


def _finding(report: Mapping[str, Any]) -> str:
    """Say which model is best, and whether it is shown to be."""
    models, baseline = report["models"], report["baseline"]["model"]
    best = max(models, key=lambda name: models[name]["ndcg@10"])
    score = f"{best} reaches ndcg@10 {models[best]['ndcg@10']:.3f}"
    if best == baseline:
        return f"{score}; no model with side information is above it"
    return f"{score}: {models[best]['against_baseline']['verdict']}"


def draw_taste(path: Path, report: Mapping[str, Any]) -> Path:
    """Draw the report of the check ``taste``.

    Raises
    ------
    SettingsError
        The file cannot be written.
    """
    tables = {"EASE": report.get("question"), "blend": report.get("question_of_blend")}
    question = {first: rows for first, rows in tables.items() if rows}
    n_rows = max(len(report["models"]), sum(len(rows) - 1 for rows in question.values()))
    height = max(1.6, _ROW * n_rows)
    n = report["split"]["listeners_tested"]
    missing = bool(report["left_out"])
    with house_style():
        figure = new_figure(
            (10.2 if question else 6.0, height + 1.2),
            _finding(report),
            notes=("Blue on the left: the best model of histories alone; on the right: shown.",)
            if question
            else ("Blue: the best model of histories alone.",),
            caption=f"{n:,} listeners, {report['data']['artists']:,} artists, all ranked; "
            f"{len(report['split']['seeds'])} divisions; bars: 95% intervals over the listeners.",
            warning=f"Left out: {', '.join(report['left_out'])}" if missing else "",
        )
        _draw_models(add_axes(figure, 1.35, 0.75, 3.9, height), report)
        if question:
            _draw_question(add_axes(figure, 6.6, 0.75, 3.3, height), question)
    return save_figure(figure, path)
