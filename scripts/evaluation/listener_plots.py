"""Plots of the listener model: what it confuses, how far its probabilities hold, its scores.

Conventions
-----------
A mood is *named* for a listener when its out-of-fold probability reaches the mood's threshold.
It is *missed* when the listener has it and it is not named, and *wrongly named* the other way
round. Intervals are 95% intervals. A proportion of nothing is undefined and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scripts.errors import DataError
from scripts.evaluation.count_matrix import draw_counts
from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    PALE,
    SOFT,
    add_axes,
    add_legend_above,
    house_style,
    mood_color,
    new_figure,
    percent,
    save_figure,
)
from scripts.evaluation.proportions import count_outcomes, quantile_bins, wilson_bounds

SYNTHETIC_LINE = "synthetic listeners: these figures mean nothing"
_BINS = 8
_FIFTHS = np.linspace(0, 1, 6)
_METRIC_NAMES = {
    "auc": "AUC",
    "mean_ap": "mean average precision",
    "top1_hit": "top-1 hit",
    "macro_f1": "macro F1",
    "brier": "Brier score (lower is better)",
}


class _Answers(NamedTuple):
    """What the plots are drawn from; one column per mood."""

    moods: tuple[str, ...]
    truth: np.ndarray
    probability: np.ndarray
    thresholds: np.ndarray
    warning: str

    @property
    def named(self) -> np.ndarray:
        return self.probability >= self.thresholds

    @property
    def size(self) -> str:
        return f"{len(self.truth):,} listener{'s' if len(self.truth) != 1 else ''}"


def draw_listener_plots(
    folder: Path,
    *,
    moods: Sequence[str],
    truth: np.ndarray,
    probability: np.ndarray,
    thresholds: np.ndarray,
    scores: Sequence[Mapping[str, Any]],
    synthetic: bool,
) -> list[Path]:
    """Draw the four plots of the listener model.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go; it is made if it is missing.
    moods : sequence of str
        Names of the m listener moods.
    truth : numpy.ndarray, shape (n, m), int
        1 where the listener has the mood, else 0.
    probability : numpy.ndarray, shape (n, m), float
        Out-of-fold probabilities in [0, 1].
    thresholds : numpy.ndarray, shape (m,), float
        Probability from which on a mood is named.
    scores : sequence of mappings
        One per metric: ``metric``, ``model``, ``prior``, ``majority``, ``low`` and ``high``, the
        last two being the model's 95% interval; a figure that is None or NaN is left out.
    synthetic : bool
        True writes on each plot that its figures mean nothing.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    DataError
        There is no listener, or the arrays do not belong together.
    OSError
        A file cannot be written.
    """
    answers = _Answers(
        tuple(moods),
        np.asarray(truth).astype(bool),
        np.asarray(probability, dtype=float),
        np.asarray(thresholds, dtype=float),
        SYNTHETIC_LINE if synthetic else "",
    )
    expected = (len(answers.truth), len(answers.moods))
    if not expected[0] or answers.truth.shape != expected or answers.probability.shape != expected:
        raise DataError(
            f"listener plots: truth has shape {answers.truth.shape} and probability "
            f"{answers.probability.shape}, both must be (listeners, {expected[1]} moods) with at "
            "least one listener; draw them from the rows that were scored"
        )
    with house_style():
        figures = {
            "confusion_matrix.png": _confusion(answers),
            "misclassification_bar.png": _errors(answers),
            "reliability_curve.png": _reliability(answers),
            "scores_beside_guessing.png": _scores(answers, scores),
        }
        return [save_figure(figure, folder / name) for name, figure in figures.items()]


def _confusion(answers: _Answers) -> Figure:
    tables = [count_outcomes(*pair) for pair in zip(answers.truth.T, answers.named.T, strict=True)]
    limits = ", ".join(
        f"{mood} {limit:.2f}" for mood, limit in zip(answers.moods, answers.thresholds, strict=True)
    )
    figure = new_figure(
        (2.55 * len(tables) + 1.0, 3.3),
        _best_and_worst(answers.moods, tables),
        notes=("One small table per mood: listeners, and their share of the row.",),
        caption=f"{answers.size}, out-of-fold predictions. "
        f"A mood is named from this probability on: {limits}.",
        warning=answers.warning,
    )
    for number, (mood, table) in enumerate(zip(answers.moods, tables, strict=True)):
        axes = add_axes(figure, 1.0 + 2.55 * number, 0.95, 2.25, 1.85)
        draw_counts(axes, table, color=ACCENT, fontsize=11)
        axes.set_xticks((0.5, 1.5), ("named", "not named"))
        axes.set_yticks((0.5, 1.5), ("has it", "has it not") if number == 0 else ("", ""))
        axes.set_title(mood, fontsize=11, weight="bold", pad=6)
        axes.set_xlabel("prediction")
        if number == 0:
            axes.set_ylabel("answer in the survey")
    return figure


def _best_and_worst(moods: Sequence[str], tables: Sequence[np.ndarray]) -> str:
    """Say which mood is found most often among those who have it, and which least."""
    found = {
        mood: table[0, 0] / table[0].sum()
        for mood, table in zip(moods, tables, strict=True)
        if table[0].sum()
    }
    if not found:
        return "No listener has any of these moods"
    best, worst = max(found, key=lambda m: found[m]), min(found, key=lambda m: found[m])
    finding = f"{best.capitalize()} is found in {percent(found[best])} of those who have it"
    return finding if worst == best else f"{finding}, {worst} in {percent(found[worst])}"


def _errors(answers: _Answers) -> Figure:
    missed = (answers.truth & ~answers.named).mean(axis=0)
    wrongly = (~answers.truth & answers.named).mean(axis=0)
    share = answers.truth.mean(axis=0)
    guessing, total = np.minimum(share, 1 - share), missed + wrongly
    worst, m = int(np.argmax(total)), len(total)
    title = "No mood is misjudged for any listener"
    if total[worst]:
        title = (
            f"{answers.moods[worst].capitalize()} is misjudged most: "
            f"for {percent(total[worst])} of the listeners"
        )
    figure = new_figure(
        (9.4, 1.3 + 0.55 * m),
        title,
        caption=f"{answers.size}, out-of-fold predictions.",
        warning=answers.warning,
    )
    axes = add_axes(figure, 1.1, 0.8, 5.6, 0.55 * m)
    rows, colors = np.arange(m), [mood_color(mood) for mood in answers.moods]
    axes.barh(rows, missed, 0.6, color=colors)
    axes.barh(rows, wrongly, 0.6, left=missed, color="white", edgecolor=colors, hatch="////")
    axes.barh(rows, missed, 0.6, fill=False, edgecolor=INK, linewidth=0.8)
    axes.barh(rows, total, 0.6, fill=False, edgecolor=INK, linewidth=0.8)
    axes.vlines(guessing, rows - 0.4, rows + 0.4, color=INK, linewidth=2.4)
    for row in range(m):
        text = f"{percent(missed[row])} missed, {percent(wrongly[row])} wrongly named"
        axes.text(1.02, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set(xlim=(0, max(0.1, 1.06 * max(total.max(), guessing.max()))), ylim=(m - 0.45, -0.55))
    axes.set_yticks(rows, answers.moods)
    axes.set_xlabel("share of all listeners")
    axes.xaxis.set_major_formatter(lambda part, _: f"{100 * part:.0f}%")
    _explain_errors(axes)
    return figure


def _explain_errors(axes: Axes) -> None:
    handles = [
        Patch(facecolor=SOFT, edgecolor=INK, label="missed"),
        Patch(facecolor="white", edgecolor=SOFT, hatch="////", label="wrongly named"),
        Line2D([], [], color=INK, linewidth=2.4, label="errors if all get the commoner answer"),
    ]
    add_legend_above(axes, handles)


def _reliability(answers: _Answers) -> Figure:
    pairs = zip(answers.probability.T, answers.truth.T, strict=True)
    curves = [quantile_bins(probability, truth, _BINS) for probability, truth in pairs]
    predicted, hits, trials = np.vstack(curves).T
    gap = 100 * np.average(np.abs(predicted - hits / trials), weights=trials)
    figure = new_figure(
        (2.75 * len(curves) + 0.9, 4.1),
        f"Predicted and real shares differ by {gap:.1f} percentage points on average",
        notes=(
            f"Up to {_BINS} groups of equal size per mood, with 95% intervals; on the dashed line "
            "a probability means what it says.",
        ),
        caption=f"{answers.size}, out-of-fold predictions.",
        warning=answers.warning,
    )
    for number, (mood, curve) in enumerate(zip(answers.moods, curves, strict=True)):
        upper = add_axes(figure, 0.85 + 2.75 * number, 1.7, 2.35, 2.05)
        lower = add_axes(figure, 0.85 + 2.75 * number, 0.8, 2.35, 0.75)
        _draw_curve(upper, curve, mood)
        counts, edges = np.histogram(answers.probability[:, number], 25, (0.0, 1.0))
        lower.stairs(counts, edges, fill=True, facecolor=mood_color(mood), edgecolor=INK)
        lower.set(xlim=(0, 1), xticks=_FIFTHS, xlabel="predicted probability")
        lower.locator_params(axis="y", nbins=2, integer=True)
        if number == 0:
            upper.set_ylabel("share who have the mood")
            upper.tick_params(labelleft=True)
            lower.set_ylabel("listeners")
    return figure


def _draw_curve(axes: Axes, curve: np.ndarray, mood: str) -> None:
    predicted, hits, trials = curve.T
    axes.plot((0, 1), (0, 1), color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.vlines(predicted, *wilson_bounds(hits, trials), color=INK, linewidth=1.2)
    (line,) = axes.plot(predicted, hits / trials, "o-", color=INK, markersize=6.5, linewidth=1)
    line.set_markerfacecolor(mood_color(mood))
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=_FIFTHS, yticks=_FIFTHS)
    axes.tick_params(labelbottom=False, labelleft=False)
    axes.grid(visible=True)
    axes.set_title(mood, fontsize=11, weight="bold", pad=6)


def _number(row: Mapping[str, Any], key: str) -> float:
    """Read a figure that may be absent."""
    value = row.get(key)
    return float("nan") if value is None else float(value)


def _scores(answers: _Answers, scores: Sequence[Mapping[str, Any]]) -> Figure:
    names = [_METRIC_NAMES.get(str(row["metric"]), str(row["metric"])) for row in scores]
    keys = ("model", "prior", "majority", "low", "high")
    table = np.array([[_number(row, key) for key in keys] for row in scores]).reshape(-1, 5)
    model, prior, majority, low, high = table.T
    lower_wins = np.array(["lower is better" in name for name in names], dtype=bool)
    guess = np.where(lower_wins, np.fmin(prior, majority), np.fmax(prior, majority))
    clear = int(np.sum(np.where(lower_wins, high < guess, low > guess)))
    n, right = len(names), max([1.0, *1.05 * table[np.isfinite(table)]])
    figure = new_figure(
        (9.4, 1.25 + 0.5 * max(1, n)),
        f"The model is clear of the better guess on {clear} of {n} metrics",
        notes=("Clear: the whole 95% interval lies on the better side of both guesses.",),
        caption=f"{answers.size}, cross-validated.",
        warning=answers.warning,
    )
    axes = add_axes(figure, 2.35, 0.75, 5.1, 0.5 * max(1, n))
    rows = np.arange(n)
    axes.hlines(rows, 0, right, color=PALE, linewidth=0.8)
    axes.hlines(rows, low, high, color=ACCENT, linewidth=3.5)
    axes.plot(prior, rows, "D", color="white", markeredgecolor=INK, markersize=8, label="prior")
    axes.plot(majority, rows, "|k", markersize=17, markeredgewidth=2, label="majority")
    axes.plot(model, rows, "o", color=ACCENT, markersize=9, label="model, 95% interval")
    for row in range(n):
        text = f"{model[row]:.3f}"
        text += f"  [{low[row]:.3f}, {high[row]:.3f}]" if np.isfinite(low[row] + high[row]) else ""
        axes.text(1.02, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set(xlim=(0, right), ylim=(max(1, n) - 0.4, -0.6), xlabel="score")
    axes.set_yticks(rows, names)
    add_legend_above(axes)
    return figure
