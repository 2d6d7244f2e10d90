"""Plots of the models of taste that a training tried: their scores, and how far down they reach.

Conventions
-----------
Scores and intervals are those of the part ``taste`` of ``metrics.json``. Lists are (n_listeners, k)
item numbers, best first, -1 where none is left; the first ten places count.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from scripts.evaluation.metrics import show
from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    NEUTRAL,
    SOFT,
    WARNING,
    add_axes,
    house_style,
    new_figure,
    percent,
    save_figure,
)
from scripts.evaluation.taste_card import MODEL_TEXTS
from scripts.evaluation.taste_metrics import CUT

_METRICS = {"ndcg@10": "NDCG@10", "recall@20": "recall@20"}

_COLORS: dict[str, str] = {
    "random": NEUTRAL,
    "popularity": WARNING,
    "item-knn": "#b97015",
    "als": "#176d67",
    "ease": ACCENT,
    "ease+side": "#1b3566",
    "blend": "#f76ca9",
}


def _color(name: str) -> str:
    return _COLORS.get(name, SOFT)


def _finding(part: Mapping[str, Any]) -> str:
    name = MODEL_TEXTS.get(part["model"], part["model"])
    if part["model"] == "popularity":
        return "Kept: the most played; no model is shown to find more of what listeners play"
    if part["answers_use"]:
        return f"Chosen: {name}; it finds more of what listeners play than the most played does"
    return f"Chosen: {name}; it is not shown to be above the most played"


def _draw_scores(axes: Axes, models: list[Mapping[str, Any]], metric: str, chosen: str) -> None:
    places = np.arange(len(models))[::-1]
    for place, model in zip(places.tolist(), models, strict=True):
        low, high = model[f"{metric} interval"]
        color = ACCENT if model["name"] == chosen else SOFT
        axes.plot([low, high], [place, place], color=color, lw=2.2, solid_capstyle="butt")
        axes.plot([model[metric]], [place], "o", color=color, ms=6)
        axes.annotate(
            show(model[metric]),
            (model[metric], place),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=INK,
        )
    names = [MODEL_TEXTS.get(model["name"], model["name"]) for model in models]
    axes.set_yticks(places, names)
    axes.set_ylim(-0.6, len(models) - 0.3)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(_METRICS[metric])
    axes.xaxis.grid(visible=True)


def draw_model_scores(path: Path, part: Mapping[str, Any]) -> Path:
    """Draw each model's scores on the testing listeners, with intervals.

    Parameters
    ----------
    part : mapping
        The part ``taste`` of ``metrics.json``.
    """
    models = part["judged"]["models"]
    height = 0.45 * len(models) + 0.3
    with house_style():
        figure = new_figure(
            (10.2, height + 1.1),
            _finding(part),
            notes=(
                "Mean over listeners whom no model has seen, with 95% bootstrap interval; full "
                "ranking of all known artists that are not in the listener's history.",
            ),
            caption=(
                f"{part['judged']['n_testing']:,} testing listeners of {part['n_listeners']:,}, "
                f"{part['n_items']:,} artists; settings chosen on "
                f"{part['judged']['n_choosing']:,} others."
            ),
        )
        for at, metric in enumerate(_METRICS):
            axes = add_axes(figure, 2.75 + 3.75 * at, 0.85, 3.35, height)
            _draw_scores(axes, models, metric, part["model"])
            if at:
                axes.set_yticklabels([])
        return save_figure(figure, path)


def reach_curve(counts: NDArray[np.int64], listeners: NDArray[np.int64]) -> NDArray[np.float64]:
    """Tell the share of all counts that falls to the most popular artists: (n_items + 1,).

    Entry k is the share of the k artists with most listeners; ties by number.

    >>> reach_curve(np.array([1, 3]), np.array([9, 5])).tolist()
    [0.0, 0.25, 1.0]
    """
    order = np.lexsort((np.arange(len(listeners)), -listeners))
    shares = np.cumsum(counts[order]) / max(1, int(counts.sum()))
    return np.concatenate([[0.0], shares])


def _count_listed(lists: NDArray[np.int64], n_items: int) -> NDArray[np.int64]:
    first = lists[:, :CUT]
    return np.bincount(first[first >= 0], minlength=n_items)


def draw_long_tail(
    path: Path,
    lists: Mapping[str, NDArray[np.int64]],
    listeners: NDArray[np.int64],
    *,
    chosen: str,
    n_testing: int,
) -> Path:
    """Draw how much of the lists goes to the most popular artists, beside the histories.

    Parameters
    ----------
    lists : mapping of model to (n_testing, k) int64
    listeners : (n_items,) int64
        How many listeners played each artist.
    chosen : str
        The model that the set keeps.
    """
    n_items = len(listeners)
    x = np.arange(n_items + 1)
    tenth = max(1, n_items // 10)
    curves = {
        name: reach_curve(_count_listed(told, n_items), listeners) for name, told in lists.items()
    }
    own = reach_curve(listeners, listeners)
    beyond = percent(1 - float(curves[chosen][tenth])) if chosen in curves else "–"
    with house_style():
        figure = new_figure(
            (10.2, 4.3),
            f"Beyond the most popular tenth of the artists: {beyond} of the chosen model's places, "
            f"{percent(1 - float(own[tenth]))} of what listeners play",
            notes=(
                "Share of all places of the lists of ten that the most popular artists take; the "
                "nearer a line is to the histories' own, the fairer to the long tail.",
            ),
            caption=f"{n_testing:,} testing listeners, {n_items:,} artists; logarithmic axis.",
        )
        axes = add_axes(figure, 0.9, 0.85, 6.2, 3.3)
        for name, curve in curves.items():
            width = 2.4 if name == chosen else 1.4
            label = MODEL_TEXTS.get(name, name)
            axes.plot(x[1:], curve[1:], color=_color(name), lw=width, label=label)
        axes.plot(x[1:], own[1:], color=INK, lw=1.6, ls="--", label="the histories")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.set(xlim=(1, max(2, n_items)), ylim=(0, 1.02))
        axes.set(xlabel="artists, the most popular first", ylabel="share of the places")
        axes.yaxis.grid(visible=True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=8.5)
        return save_figure(figure, path)
