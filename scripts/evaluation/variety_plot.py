"""The plot of ``--variety``: what match a list pays for its spread.

Conventions
-----------
A report is what :func:`scripts.checks.variety_curve.trace_variety` tells. On the left both scores
as changes since variety 0, in percent, with 95% intervals over the mood words; on the right one
against the other, in their own units, each point named by its variety. The cross is the rival:
songs drawn by chance from the pool that variety chooses from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from scripts.errors import DataError, SettingsError
from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    SOFT,
    WARNING,
    add_axes,
    house_style,
    new_figure,
    save_figure,
)

_LINES = {"intra_list_distance": ("spread", ACCENT), "match": ("match", INK)}

#: The variety that the title tells of.
_TOLD = 0.5

#: How far apart points must lie for each to be named, as a share of the panel's width or height.
_ROOM = 0.045


def _draw_changes(axes: Axes, curve: Sequence[Mapping[str, Any]]) -> None:
    """Draw how match and spread change with variety."""
    varieties = [point["variety"] for point in curve]
    for name, (word, color) in _LINES.items():
        change = [point["change"][name] for point in curve]
        values = 100 * np.array([one["value"] for one in change])
        low, high = 100 * np.array([one["interval"] for one in change]).T
        axes.fill_between(varieties, low, high, color=color, alpha=0.18, lw=0)
        axes.plot(varieties, values, color=color, lw=1.8, marker="o", ms=3.5, clip_on=False)
        axes.annotate(
            f"{word} {values[-1]:+.0f}%".replace("-", "\N{MINUS SIGN}"),
            (varieties[-1], values[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=color,
            annotation_clip=False,
        )
    axes.set_title("Change since variety 0", loc="left", fontsize=10)
    axes.set(xlim=(-0.02, 1.0), xlabel="variety")
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: (f"{y:+.0f}%" if y else "0%").replace("-", "\N{MINUS SIGN}"))
    )
    axes.yaxis.grid(visible=True)


def _in_panel(x: Sequence[float], y: Sequence[float]) -> NDArray[np.float64]:
    """Bring points to shares of the panel's width and height."""
    places = np.column_stack([x, y])
    size = np.ptp(places, axis=0)
    return np.asarray(places / np.where(size > 0, size, 1.0))


def _named_points(x: Sequence[float], y: Sequence[float]) -> list[int]:
    """Choose the points that have room for a name, the first one first.

    >>> _named_points([0.9, 0.9, 0.9, 0.5], [1.0, 1.01, 1.2, 2.0])
    [0, 2, 3]
    """
    places = _in_panel(x, y)
    named = [0]
    for at in range(1, len(places)):
        if np.abs(places[at] - places[named]).max(axis=1).min() >= _ROOM:
            named.append(at)
    return named


def _draw_trade(axes: Axes, report: Mapping[str, Any]) -> None:
    """Draw spread against match, with the varieties at their points."""
    curve, chance = report["curve"], report["by_chance"]
    match = [point["match"]["value"] for point in curve]
    spread = [point["intra_list_distance"]["value"] for point in curve]
    axes.plot(match, spread, color=ACCENT, lw=1.8, marker="o", ms=4)
    places = _in_panel(match, spread)
    ways = np.abs(np.diff(places, axis=0, prepend=places[:1]))
    for at in _named_points(match, spread):
        flat = ways[at, 0] > 0.5 * ways[at, 1]  # the line leads off to the right: name it above
        axes.annotate(
            f"{curve[at]['variety']:.1g}",
            (match[at], spread[at]),
            xytext=(6, 5) if flat else (7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=SOFT,
            annotation_clip=False,
        )
    axes.plot(chance["match"], chance["intra_list_distance"], "x", color=WARNING, ms=7, mew=1.8)
    axes.annotate(
        "by chance\nfrom the pool",
        (chance["match"], chance["intra_list_distance"]),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=WARNING,
    )
    axes.set_title("Spread against match, by variety", loc="left", fontsize=10)
    axes.margins(x=0.09, y=0.07)
    axes.set(xlabel="match (mean fit)", ylabel="spread (mean distance, standard deviations)")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.grid(visible=True)


def _finding(curve: Sequence[Mapping[str, Any]]) -> str:
    """Say what variety 0.5 wins and what it costs."""
    (point,) = (point for point in curve if point["variety"] == _TOLD)
    spread, match = (point["change"][name] for name in _LINES)
    if not spread["interval"][0] > 0:
        return f"At variety {_TOLD} the songs of a list are not shown to lie further apart"
    cost = -100 * match["value"]
    paid = f"for {cost:.1f}% of the match" if cost >= 0.05 else "and match as well"
    gain = 100 * spread["value"]
    return f"At variety {_TOLD} the songs of a list lie {gain:.0f}% further apart, {paid}"


def draw_variety(path: Path, report: Mapping[str, Any]) -> Path:
    """Draw the curve.

    Parameters
    ----------
    path : Path
        Where the plot goes: a .png, .svg or .pdf file.
    report : mapping
        Of :func:`scripts.checks.variety_curve.trace_variety`.

    Raises
    ------
    DataError
        The catalogue lists too few songs for any word.
    SettingsError
        The file cannot be written.
    """
    if not report["curve"]:
        raise DataError(
            f"--plot {path}: there is no curve to draw, for no mood word lists two songs of this "
            "catalogue; train on more songs with: python train.py --songs FILE"
        )
    with house_style():
        figure = new_figure(
            (10.2, 4.4),
            _finding(report["curve"]),
            notes=(
                "Variety weighs a song's distance from those already chosen against its fit to "
                "the mood. Bands: 95% intervals over the words.",
            ),
            caption=(
                f"Lists of {report['songs_a_list']} for {len(report['words'])} mood words from "
                f"{report['songs']:,} songs, at most {report['songs_an_artist']} an artist; "
                f"pool of the best {report['pool']}."
            ),
        )
        _draw_changes(add_axes(figure, 0.8, 0.85, 3.5, 3.2), report["curve"])
        _draw_trade(add_axes(figure, 6.0, 0.85, 3.85, 3.2), report)
        try:
            return save_figure(figure, path)
        except OSError as error:
            raise SettingsError(
                f"--plot {path}: cannot be written ({error.strerror}); give another file"
            ) from error
