"""Offline evaluation of playlists: what is listed for each told mood, and how good it is.

Conventions
-----------
The labelled songs are the catalogue. A *way* is one model's order of them, in one or several
repeats (see :mod:`~scripts.evaluation.playlist_ways`). What is measured, and in what unit, stands
in :mod:`~scripts.evaluation.playlist_metrics`.

Method
------
Intervals are 95% percentile intervals of the bootstrap over artists: artists are drawn with
replacement, each with all of its songs, and everything is listed and scored anew (a way with
several repeats takes them in turn). An artist drawn twice counts as two, but copies of one song
are no distance and no step. Gains are paired: both sides on the same draw. The random
baseline lists songs by chance under the same limits, the popularity baseline the most popular.

These intervals are conservative: a draw holds about 63% of the artists, so fewer different songs
are there to fill a list with and its end is worse. The interval lies low around the value, the more
so where the best songs are few. A way's value is the mean of all its repeats, while each draw
scores one of them, which widens the interval by the spread among repeats.

The models are not fitted anew in the draws, so the intervals speak of other songs to list and not
of other songs to learn from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.metrics import Interval, show, verdict
from scripts.evaluation.playlist_metrics import (
    MATCH,
    SPREAD,
    Catalogue,
    choose_songs,
    score_lists,
)
from scripts.evaluation.playlist_ways import Scored

#: What a document says of its intervals.
ABOUT_INTERVALS = (
    "95% percentile intervals of the bootstrap over artists. They are conservative: a draw has "
    "fewer different songs to list, so they lie low around the value. A held-out value is the mean "
    "of all repeats, while each draw scores one."
)

#: Random lists behind the random baseline, and behind that of each bootstrap draw.
RANDOM_LISTS = 200
RANDOM_LISTS_A_DRAW = 5

RANDOM, POPULARITY = "random", "popularity"

Lists = list[NDArray[np.int64]]


def model_lists(catalogue: Catalogue, scored: Scored, n: int, per_artist: int) -> Lists:
    """List the best n songs of each mood."""
    order = np.argsort(scored.position, kind="stable")
    return [
        choose_songs(order[scored.home[order] == k], catalogue, n, per_artist)
        for k in range(len(catalogue.moods))
    ]


def random_lists(catalogue: Catalogue, n: int, per_artist: int, rng: np.random.Generator) -> Lists:
    """List n songs by chance for each mood."""
    orders = (rng.permutation(len(catalogue.mood)) for _ in catalogue.moods)
    return [choose_songs(order, catalogue, n, per_artist) for order in orders]


def popular_lists(catalogue: Catalogue, n: int, per_artist: int) -> Lists | None:
    """List the n most popular songs for every mood; None where no popularity is known."""
    if catalogue.bits is None or np.isnan(catalogue.bits).all():
        return None
    order = np.argsort(np.nan_to_num(catalogue.bits, nan=math.inf), kind="stable")
    chosen = choose_songs(order, catalogue, n, per_artist)
    return [chosen] * len(catalogue.moods)


def draw_artists(
    catalogue: Catalogue, rng: np.random.Generator
) -> tuple[Catalogue, NDArray[np.int64]]:
    """Draw artists with replacement; an artist drawn twice counts as two.

    Returns
    -------
    catalogue : Catalogue
    rows : the row of each of its songs in the old catalogue
    """
    order = np.argsort(catalogue.artist, kind="stable")
    n_songs = np.bincount(catalogue.artist)
    first = np.concatenate([[0], np.cumsum(n_songs)])
    drawn = rng.integers(0, len(n_songs), len(n_songs))
    rows = np.concatenate([order[first[artist] : first[artist + 1]] for artist in drawn])
    copy = np.repeat(np.arange(len(drawn)), n_songs[drawn])
    return Catalogue(
        catalogue.moods,
        catalogue.song[rows],
        catalogue.mood[rows],
        copy,
        copy * (int(catalogue.work.max()) + 1) + catalogue.work[rows],
        catalogue.place[rows],
        catalogue.features[rows],
        None if catalogue.bits is None else catalogue.bits[rows],
    ), rows


def _mean_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average score by score; a score that is not defined is left out."""
    means = {}
    for name in scores[0]:
        known = [score[name] for score in scores if not math.isnan(score[name])]
        means[name] = sum(known) / len(known) if known else math.nan
    return means


def _score_ways(
    catalogue: Catalogue,
    ways: Mapping[str, Sequence[Scored]],
    wanted: tuple[int, int],
    *,
    n_random: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Score every way and both baselines on one catalogue; ``wanted`` is (n, per artist)."""
    n = wanted[0]
    scores = {
        way: _mean_scores(
            [score_lists(catalogue, model_lists(catalogue, one, *wanted), n) for one in repeats]
        )
        for way, repeats in ways.items()
    }
    scores[RANDOM] = _mean_scores(
        [score_lists(catalogue, random_lists(catalogue, *wanted, rng), n) for _ in range(n_random)]
    )
    popular = popular_lists(catalogue, *wanted)
    if popular is not None:
        scores[POPULARITY] = score_lists(catalogue, popular, n)
    return scores


def _span(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan, math.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _told(value: float, draws: Sequence[float]) -> dict[str, Any]:
    return {"value": value, "interval": list(_span(draws))}


def _nested(scores: Mapping[str, Any], moods: Sequence[str]) -> dict[str, Any]:
    """Put the scores of each mood under the name of the score."""
    nested: dict[str, Any] = {
        name: {"mean": scores[name], **{mood: scores[f"{name} {mood}"] for mood in moods}}
        for name in MATCH
    }
    return nested | {name: scores[name] for name in SPREAD}


def judge_playlists(
    catalogue: Catalogue,
    ways: Mapping[str, Sequence[Scored]],
    *,
    n: int = 10,
    per_artist: int = 2,
    n_draws: int = 1000,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Score each way's lists beside random and popular ones.

    Parameters
    ----------
    catalogue : Catalogue
    ways : name to that model's orders, one a repeat
    n, per_artist : int
        Songs a list, and songs an artist may have on it.
    n_draws : int
        Bootstrap draws.

    Returns
    -------
    dict
        For each way and baseline every score of
        :func:`~scripts.evaluation.playlist_metrics.score_lists` with its ``interval``; for each
        way also ``gain_over_random`` and, where popularity is known, ``gain_over_popularity``
        (of ``precision`` and ``ndcg``) and the ``verdict`` on precision: its gain over random
        lists, and its value.
    """
    rng = np.random.default_rng(seed)
    wanted = (n, per_artist)
    full = _score_ways(catalogue, ways, wanted, n_random=RANDOM_LISTS, rng=rng)
    draws = []
    for draw in range(n_draws):
        part, rows = draw_artists(catalogue, rng)
        turn = {
            way: [Scored(*(values[rows] for values in repeats[draw % len(repeats)]))]
            for way, repeats in ways.items()
        }
        draws.append(_score_ways(part, turn, wanted, n_random=RANDOM_LISTS_A_DRAW, rng=rng))
    report = {}
    for way, scores in full.items():
        told = {name: _told(v, [draw[way][name] for draw in draws]) for name, v in scores.items()}
        report[way] = _nested(told, catalogue.moods)
        if way in ways:
            report[way] |= _gains(way, full, draws)
            report[way]["verdict"] = _tell_verdict(report[way], n)
    return report


def _gains(
    way: str,
    full: Mapping[str, Mapping[str, float]],
    draws: Sequence[Mapping[str, Mapping[str, float]]],
) -> dict[str, Any]:
    """Return the paired gains of a way over the baselines."""
    gains: dict[str, Any] = {}
    for rival in (RANDOM, POPULARITY):
        if rival in full:
            gains[f"gain_over_{rival}"] = {
                name: _told(
                    full[way][name] - full[rival][name],
                    [draw[way][name] - draw[rival][name] for draw in draws],
                )
                for name in MATCH
            }
    return gains


def _tell_verdict(scores: Mapping[str, Any], n: int) -> str:
    """Say whether a way beats random lists, and how precise it is itself."""
    unit = f"precision@{n}"
    gain, own = scores[f"gain_over_{RANDOM}"]["precision"], scores["precision"]["mean"]
    told = verdict(Interval(gain["value"], *gain["interval"]), unit)
    low, high = map(show, own["interval"])
    return f"{told}; {unit} is {show(own['value'])} [{low}, {high}]"
