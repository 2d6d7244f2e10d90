"""Plots of the song model's errors against truth: who is taken for whom, mood by mood.

Conventions
-----------
A confusion is a mapping with ``labels`` (m names), ``matrix`` (shape (m, m), counts of songs,
true moods in rows, named moods in columns), ``title`` (the finding) and ``caption`` (the data).
Labels are song moods or quadrants. ``is_truth`` (True where it is left out) is False where the
rows are the program's own labels, the names of the songs' clusters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scripts.evaluation.count_matrix import FEW, draw_counts, row_shares
from scripts.evaluation.plot_style import INK, add_axes, mood_color, new_figure, percent

_SHADE = "#14506e"


def draw_confusion(confusion: Mapping[str, Any]) -> Figure:
    """Draw the confusion matrix with counts and row percentages.

    Parameters
    ----------
    confusion : mapping
        As the module describes it.

    Returns
    -------
    matplotlib.figure.Figure
        Ready to be saved.
    """
    labels, matrix = list(confusion["labels"]), np.asarray(confusion["matrix"])
    m = len(labels)
    is_truth = bool(confusion.get("is_truth", True))
    diagonal = "right answers lie" if is_truth else "agreement lies"
    side = m * (1.15 if m <= FEW else 0.72)
    figure = new_figure(
        (max(6.6, side + 1.8), side + (1.15 if m <= FEW else 1.5)),
        str(confusion["title"]),
        notes=(f"Songs, and their share of the row; {diagonal} on the diagonal.",),
        caption=str(confusion["caption"]),
    )
    axes = add_axes(figure, 1.4, 0.95 if m <= FEW else 1.3, side, side)
    draw_counts(axes, matrix, color=_SHADE, fontsize=11 if m <= FEW else 8)
    middles = np.arange(m) + 0.5
    axes.set_xticks(middles, labels)
    if m > FEW:
        axes.tick_params(axis="x", labelrotation=35)
        for name in axes.get_xticklabels():
            name.set(ha="right", rotation_mode="anchor")
    axes.set_yticks(middles, labels)
    axes.set(
        xlabel="named by the model",
        ylabel="true mood" if is_truth else "mood of the song's cluster",
    )
    return figure


def draw_errors_by_mood(confusion: Mapping[str, Any]) -> Figure:
    """Draw how large a share of each mood's songs is taken for which other mood.

    Parameters
    ----------
    confusion : mapping
        As the module describes it; a mood without songs gets an empty row that says so.

    Returns
    -------
    matplotlib.figure.Figure
        Ready to be saved.
    """
    labels, matrix = list(confusion["labels"]), np.asarray(confusion["matrix"])
    m, totals = len(labels), matrix.sum(axis=1)
    shares = np.where(np.eye(m, dtype=bool), 0.0, np.nan_to_num(row_shares(matrix)))
    length = shares.sum(axis=1)
    worst = int(np.argmax(length))
    is_truth = bool(confusion.get("is_truth", True))
    title = "Every song got its true mood" if is_truth else "Every song is named as its cluster is"
    if length[worst]:
        share, name = percent(length[worst]), labels[worst].capitalize()
        title = f"{name} songs are misnamed most: {share} of them"
        if not is_truth:
            title = f"Songs of {labels[worst]} clusters are named otherwise most: {share} of them"
    figure = new_figure(
        (9.2, max(0.45 * m, 0.24 * m + 0.4) + 1.1),
        title,
        notes=("Songs of each mood that were taken for another, in the colour of the other.",),
        caption=str(confusion["caption"]),
    )
    axes = add_axes(figure, 1.25, 0.8, 6.3, 0.45 * m)
    starts = np.cumsum(shares, axis=1) - shares
    for label, part, start in zip(labels, shares.T, starts.T, strict=True):
        look = {"color": mood_color(label), "edgecolor": INK, "linewidth": 0.6, "label": label}
        axes.barh(np.arange(m), part, 0.66, left=start, **look)
    for row in range(m):
        text = f"{percent(length[row])} of {totals[row]:,}" if totals[row] else "no songs"
        axes.text(length[row] + 0.015 * length.max(), row, text, va="center", fontsize=8.5)
    axes.set(xlim=(0, max(0.1, 1.22 * length.max())), ylim=(m - 0.4, -0.6))
    axes.set_yticks(range(m), labels)
    axes.set_xlabel("share of the mood's songs" if is_truth else "share of the clusters' songs")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
    axes.xaxis.grid(visible=True)
    axes.legend(title="taken for", loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return figure
