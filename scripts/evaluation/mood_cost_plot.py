"""The plot of what asking for a mood costs: taste against mood, with t at the points.

Conventions
-----------
A report is what the check ``mood_cost`` tells. On the left NDCG@10 of held-out artists against the
precision of the mood, a point for each t from 0 (mood alone) to 1 (taste alone), with 95% intervals
as crosses; baselines are dashed lines. On the right the NDCG@10 of those held-out artists that are
also told to be of the mood, by t, with bands for the intervals; a ring marks the t that the
validation parts choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from scripts.errors import SettingsError
from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    NEUTRAL,
    SOFT,
    WARNING,
    add_axes,
    add_legend_above,
    house_style,
    new_figure,
    save_figure,
)

#: (pool, scale) -> (name, colour) of the orders that are drawn, the first one with names of t.
_DRAWN: dict[tuple[Any, str], tuple[str, str]] = {
    ("all", "normal_score"): ("normal scores", ACCENT),
    ("all", "percentile"): ("percentiles", WARNING),
    (2000, "normal_score"): ("normal scores, best 2,000 by mood", INK),
}

#: How far apart points must lie for both to be named, as a share of the panel.
_ROOM = 0.06


def _values(
    curve: Sequence[Mapping[str, Any]], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a measure's values (n,) along a curve and how far its interval reaches (2, n)."""
    values = np.array([point[name]["value"] for point in curve], dtype=float)
    ends = np.array([point[name]["interval"] for point in curve], dtype=float).T
    return values, np.abs(ends - values)


def _name_points(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], tastes: Sequence[float]
) -> None:
    """Write t beside the points that lie far enough from the last one named."""
    size = np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
    last = None
    for t, place in sorted(zip(tastes, np.column_stack([x, y]) / size, strict=True), reverse=True):
        if last is not None and np.hypot(*(place - last)) < _ROOM:
            continue
        last = place
        axes.annotate(
            f"t {t:g}" if t == 1 else f"{t:g}",
            place * size,
            xytext=(6, 6),
            textcoords="offset points",
            fontsize=8,
            color=SOFT,
            annotation_clip=False,
        )


def _find_orders(report: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, str]]:
    told = {(order["pool"], order["scale"]): order for order in report["orders"]}
    return [(told[key], *style) for key, style in _DRAWN.items() if key in told]


def _find_limits(orders: Sequence[tuple[Mapping[str, Any], str, str]]) -> tuple[float, float]:
    """Give the points of all curves room on both sides."""
    values = [_values(order["curve"], "precision_by_tags")[0] for order, _, _ in orders]
    known = np.concatenate(values)
    known = known[~np.isnan(known)]
    if not len(known):
        return 0.0, 1.0
    room = 0.25 * np.ptp(known) + 0.02
    return max(-0.02, float(known.min() - room)), min(1.02, float(known.max() + room))


def _draw_baselines(axes: Axes, report: Mapping[str, Any]) -> None:
    """Draw each baseline's NDCG across, and the precision of a draw by chance upright."""
    for name, baseline in report["baselines"].items():
        level = baseline["ndcg@10"]["value"]
        axes.axhline(level, color=NEUTRAL, lw=1, ls="--", zorder=1)
        axes.annotate(
            name,
            (1.0, level),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=SOFT,
        )
    chance = report["baselines"]["random"]["precision_by_tags"]["value"]
    axes.axvline(chance, color=NEUTRAL, lw=1, ls="--", zorder=1)


def _draw_trade(axes: Axes, report: Mapping[str, Any]) -> None:
    """Draw NDCG against precision, and the baselines."""
    orders = _find_orders(report)
    for order, name, color in orders:
        x, across = _values(order["curve"], "precision_by_tags")
        y, up = _values(order["curve"], "ndcg@10")
        axes.errorbar(x, y, xerr=across, yerr=up, fmt="none", ecolor=color, elinewidth=1, alpha=0.3)
        axes.plot(x, y, color=color, lw=1.6, marker="o", ms=4, label=name)
    _draw_baselines(axes, report)
    axes.set_ylim(bottom=0)
    axes.set_xlim(*_find_limits(orders))  # where few listed artists have tags, intervals run on
    for order, _, _ in orders[:1]:
        x, y = (_values(order["curve"], name)[0] for name in ("precision_by_tags", "ndcg@10"))
        _name_points(axes, x, y, [point["taste"] for point in order["curve"]])
    axes.set(xlabel="mood precision@10, by listeners' tags", ylabel="NDCG@10, held-out artists")


def _draw_choice(axes: Axes, report: Mapping[str, Any]) -> None:
    """Draw the NDCG of held-out artists of the mood by t."""
    for order, name, color in _find_orders(report):
        tastes = [point["taste"] for point in order["curve"]]
        y, reach = _values(order["curve"], "mood_ndcg@10")
        axes.fill_between(tastes, y - reach[0], y + reach[1], color=color, alpha=0.18, lw=0)
        axes.plot(tastes, y, color=color, lw=1.6, label=name)
        at = tastes.index(order["chosen_taste"])
        axes.plot(tastes[at], y[at], "o", ms=8, mfc="none", mec=color, mew=1.5, clip_on=False)
    axes.set_ylim(bottom=0)
    axes.set(xlim=(0, 1), xlabel="t: 0 mood alone, 1 taste alone")
    axes.set_ylabel("NDCG@10, held-out artists of the mood")
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.grid(visible=True)


def _finding(report: Mapping[str, Any]) -> str:
    """Say what the chosen t of the first order costs and gains."""
    orders = _find_orders(report)
    order = orders[0][0]
    change = order["change_from_taste_alone"]["chosen"]
    t, alone = order["chosen_taste"], order["curve"][-1]
    cost, gain = change["ndcg@10"], change["precision_by_tags"]
    if t == 1 or not alone["ndcg@10"]["value"] > 0 or not gain["interval"][0] > 0:
        return (
            "Asking for a mood is not shown to bring more of it to what listeners turn out to like"
        )
    share = -100 * cost["value"] / alone["ndcg@10"]["value"]
    before = alone["precision_by_tags"]["value"]
    return (
        f"At t = {t:g} a mood costs {share:.0f}% of the NDCG and lifts its precision "
        f"from {100 * before:.0f}% to {100 * (before + gain['value']):.0f}%"
    )


def draw_mood_cost(path: Path, report: Mapping[str, Any]) -> Path:
    """Draw the curve.

    Parameters
    ----------
    path : Path
        Where the plot goes: a .png, .svg or .pdf file.
    report : mapping
        Of the check ``mood_cost``.

    Raises
    ------
    SettingsError
        The file cannot be written.
    """
    moods, coverage = report["moods"], report["coverage"]
    with house_style():
        figure = new_figure(
            (10.2, 4.75),
            _finding(report),
            notes=(
                "Each point orders artists by (1 - t) x fit to the mood + t x taste, both by rank. "
                "Fit is of the sound alone; whether a mood is right, listeners' tags tell. Crosses "
                "and bands: 95% intervals (wide where few of the ten have tags). Ring: the t that "
                "validation chooses.",
            ),
            caption=(
                f"{report['history']['listeners']:,} listeners, {coverage['artists']:,} artists "
                f"with songs ({coverage['artists_with_mood_tags']:,} with mood tags), model "
                f"{report['model']}, {report['seeds']} "
                f"{'split' if report['seeds'] == 1 else 'splits'}; means over "
                f"{', '.join(moods['in_means'])}. Upright line: by chance."
            ),
        )
        left = add_axes(figure, 0.8, 0.95, 4.45, 3.3)
        _draw_trade(left, report)
        add_legend_above(left)
        _draw_choice(add_axes(figure, 6.15, 0.95, 3.75, 3.3), report)
        try:
            return save_figure(figure, path)
        except OSError as error:
            raise SettingsError(
                f"--plot {path}: cannot be written ({error.strerror}); give another file"
            ) from error
