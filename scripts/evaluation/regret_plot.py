"""The plot of the replay: how regret grows under each policy.

Conventions
-----------
A report is what :func:`scripts.evaluation.replay.replay` tells. Regret is cumulative, in likes
missed by one listener; bands are 95% intervals of its mean over the listeners.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    NEUTRAL,
    WARNING,
    add_axes,
    house_style,
    new_figure,
    save_figure,
)
from scripts.evaluation.replay import greedy_at_its_best

_COLORS = {
    "random": NEUTRAL,
    "greedy": WARNING,
    "greedy_tuned": WARNING,
    "bandit": ACCENT,
    "oracle": INK,
}
_NAMES = {"greedy_tuned": "tuned greedy"}

_PANELS = {
    "song_a_round": "One song a round, judged",
    "list_of_ten": "Ten songs a round, one of them judged",
}


def _keep_apart(ends: Mapping[str, float], gap: float) -> dict[str, float]:
    """Move names that would overlap apart, both by the same way.

    >>> _keep_apart({"a": 5.0, "b": 5.0, "c": 0.0}, 2.0)
    {'c': 0.0, 'a': 4.0, 'b': 6.0}
    """
    names = sorted(ends, key=ends.__getitem__)
    places = {name: ends[name] for name in names}
    for _ in range(20):
        for lower, upper in pairwise(names):
            short = max(0.0, gap - (places[upper] - places[lower])) / 2
            places[lower] -= short
            places[upper] += short
    return places


def _draw_panel(axes: Axes, told: Mapping[str, Any], title: str, *, highest: float) -> None:
    """Draw one protocol's curves, each named at its end."""
    rounds = told["curve"]["round"]
    for policy, color in _COLORS.items():
        curve = told["curve"][policy]
        axes.fill_between(rounds, curve["low"], curve["high"], color=color, alpha=0.22, lw=0)
        dashes = "--" if policy == "greedy_tuned" else "-"
        axes.plot(rounds, curve["mean"], color=color, lw=1.8, ls=dashes)
    ends = {policy: told["curve"][policy]["mean"][-1] for policy in _COLORS}
    for policy, place in _keep_apart(ends, 0.055 * highest).items():
        axes.annotate(
            f"{_NAMES.get(policy, policy)} {ends[policy]:.0f}",
            (rounds[-1], place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=_COLORS[policy],
            annotation_clip=False,
        )
    axes.set_title(title, loc="left", fontsize=10)
    axes.set(xlim=(0, rounds[-1]), ylim=(-0.02 * highest, 1.04 * highest), xlabel="round")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.grid(visible=True)


def _finding(report: Mapping[str, Any]) -> str:
    regret = report["song_a_round"]["regret"]
    bandit, greedy = regret["bandit"], greedy_at_its_best(regret)
    if bandit["high"] < greedy["low"] and greedy["mean"] > 0:
        less = 100 * (1 - bandit["mean"] / greedy["mean"])
        return f"Song by song, Thompson sampling misses {less:.0f}% fewer likes than tuned greedy"
    return "Song by song, Thompson sampling is not shown to miss fewer likes than tuned greedy"


def draw_regret(path: Path, report: Mapping[str, Any]) -> Path:
    """Draw the cumulative regret of each policy under each protocol.

    Parameters
    ----------
    path : Path
        Where the PNG goes.
    report : mapping
        Of :func:`scripts.evaluation.replay.replay`.
    """
    highest = max(
        max(report[protocol]["curve"][policy]["high"]) for protocol in _PANELS for policy in _COLORS
    )
    with house_style():
        figure = new_figure(
            (10.2, 4.3),
            _finding(report),
            notes=(
                "Mean likes missed against an oracle, with 95% interval. Greedy plays the "
                "posterior's mean; tuned, from its own best prior.",
                f"With lists of ten, {report['list_of_ten']['verdict']}.",
            ),
            caption=(
                f"{report['n_listeners']:,} simulated listeners, {report['n_rounds']:,} rounds, "
                f"seed {report['seed']}; pools of up to {max(report['pools'].values())} songs."
            ),
        )
        for at, (protocol, title) in enumerate(_PANELS.items()):
            axes = add_axes(figure, 0.75 + 4.75 * at, 0.85, 3.45, 3.15)
            _draw_panel(axes, report[protocol], title, highest=highest or 1.0)
            if at == 0:
                axes.set_ylabel("cumulative regret, likes")
        return save_figure(figure, path)
