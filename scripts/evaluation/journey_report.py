"""How smooth our journeys are beside other ways to choose their songs.

Conventions
-----------
Our journeys are given by the places of their songs, as the program chose them; the other ways
choose here. Songs are rows in the order of rank, places are (valence, energy) in [0, 1]. Of every
measure less is better, so a *gain* is the other way's value minus ours: a positive gain is ours.
The two measures of smoothness are squares; ``root_mean_square`` gives them in the unit of a step.
Intervals are at 95%.

Method
------
The journeys lead between places of the sixteen words that are more than ``MIN_DISTANCE`` apart;
each ordered pair is drawn once before any is drawn again. All ways choose for the same pairs under
the same wishes (:mod:`scripts.evaluation.journey_rivals`), and every journey is measured by
:func:`scripts.journeys.journey.measure_journey`. The interval of a mean is the percentile
bootstrap's over the journeys (Efron, B. & Tibshirani, R. J., 1993, An Introduction to the
Bootstrap), that of a share is Wilson's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.journey_rivals import (
    Songs,
    along_path,
    at_random,
    graph_paths,
    straight_line,
)
from scripts.evaluation.metrics import Interval, wilson_interval
from scripts.journeys.journey import measure_journey
from scripts.moods.vocabulary import PLANE_WORDS

if TYPE_CHECKING:
    from scripts.journeys.journey_way import Point

#: Moods that are nearer to each other than this make no journey.
MIN_DISTANCE = 0.2

N_BOOTSTRAP = 2_000

#: How far a journey's duration may be from the wanted one.
TOLERANCE_MS = 30_000

#: The two measures of smoothness, in words.
SMOOTHNESS: dict[str, str] = {
    "step_deviation": "mean squared step deviation",
    "length_deviation": "variance of the step lengths",
}

#: The ways that ours has to beat, in words.
RIVALS: dict[str, str] = {
    "straight_line": "straight-line nearest-neighbour picking",
    "graph": "the nearest-neighbour graph path",
}


def draw_pairs(n: int, rng: np.random.Generator) -> list[tuple[Point, Point]]:
    """Draw the first and last moods of n journeys."""
    places = sorted(set(PLANE_WORDS.values()))
    pairs = [
        (a, b) for a in places for b in places if hypot(a[0] - b[0], a[1] - b[1]) > MIN_DISTANCE
    ]
    drawn: list[int] = []
    while len(drawn) < n:
        drawn += rng.permutation(len(pairs)).tolist()
    return [pairs[i] for i in drawn[:n]]


def bootstrap_interval(values: NDArray[np.float64], rng: np.random.Generator) -> Interval:
    """Return a mean and its percentile bootstrap interval; one value has none (NaN)."""
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"))
    means = values[rng.integers(len(values), size=(N_BOOTSTRAP, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(mean, float(low), float(high))


def _places(songs: Songs, rows: list[int]) -> list[Point]:
    return [(valence, energy) for valence, energy in songs.points[rows].tolist()]


def _told(interval: Interval) -> dict[str, float]:
    return interval._asdict()


def compare_ways(
    ours: dict[str, NDArray[np.float64]],
    other: dict[str, NDArray[np.float64]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Compare two ways journey by journey: gains, the share won, and whether ours is better.

    Parameters
    ----------
    ours, other : dict of measure to (n_journeys,) float
    """
    compared: dict[str, Any] = {}
    for name in SMOOTHNESS:
        gains = other[name] - ours[name]
        gain = bootstrap_interval(gains, rng)
        mean = float(ours[name].mean())
        compared[name] = {
            "gain": _told(gain),
            "times": float(other[name].mean()) / mean if mean > 0 else None,
            # in the plane's own unit, a step
            "root_mean_square": {"ours": mean**0.5, "other": float(other[name].mean()) ** 0.5},
            "share_won": _told(wilson_interval(int(np.sum(gains > 0)), len(gains))),
            "better": gain.low > 0,
        }
    return compared


def give_verdict(compared: dict[str, dict[str, Any]]) -> str:
    """Say in words whether ours is smoother than both rivals.

    Parameters
    ----------
    compared : dict of rival to what :func:`compare_ways` returns
    """
    told = []
    for rival, name in RIVALS.items():
        for measure, words in SMOOTHNESS.items():
            one = compared[rival][measure]
            gain, won = one["gain"], one["share_won"]["mean"]
            result = "better" if one["better"] else "not better"
            told.append(
                f"{result} than {name} in {words}: gain {gain['mean']:.2g} "
                f"[{gain['low']:.2g}, {gain['high']:.2g}], {won:.0%} of the journeys won"
            )
    wins = all(compared[rival][name]["better"] for rival in RIVALS for name in SMOOTHNESS)
    return f"{'smoother than both' if wins else 'not smoother than both'}: {'; '.join(told)}"


def judge_minutes(
    journeys: Sequence[Sequence[Point]],
    totals: Sequence[float],
    pairs: Sequence[tuple[Point, Point]],
    minutes: float,
) -> dict[str, Any]:
    """Judge journeys that were asked for by duration.

    Parameters
    ----------
    journeys : sequence of sequences of (valence, energy)
    totals : sequence of float
        How long each lasts, in milliseconds.
    pairs : sequence of pairs of (valence, energy)
        The moods at the ends of each.
    minutes : float
        What was asked for.
    """
    misses = [abs(total - minutes * 60_000) / 1000 for total in totals]
    within = sum(miss <= TOLERANCE_MS / 1000 for miss in misses)
    each = [measure_journey(way, *pair) for way, pair in zip(journeys, pairs, strict=True)]
    return {
        "minutes": minutes,
        "within_30_s": _told(wilson_interval(within, len(misses))),
        "largest_miss_s": max(misses),
        "step_deviation": float(np.mean([one["step_deviation"] for one in each])),
    }


def evaluate_journeys(
    songs: Songs,
    pairs: Sequence[tuple[Point, Point]],
    ours: Sequence[Sequence[Point]],
    *,
    n_songs: int = 20,
    max_per_artist: int = 2,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare our journeys with those along a straight line, through a graph and by chance.

    Parameters
    ----------
    songs : Songs
        The catalogue's songs, in the order of rank; at least one.
    pairs : sequence of pairs of (valence, energy)
        The moods at the ends of each journey, as :func:`draw_pairs` gives them.
    ours : sequence of sequences of (valence, energy)
        Where the songs of our journeys lie, made under the same two wishes as the rivals'.
    n_songs, max_per_artist : int
    seed : int
        Of the random journeys and the bootstrap.

    Returns
    -------
    dict
        ``ways`` (measure by measure, with intervals), ``against`` (gains over each rival) and
        ``verdict``.
    """
    rng = np.random.default_rng(seed)
    paths, k = graph_paths(songs, pairs)
    made: dict[str, list[Sequence[Point]]] = {"ours": list(ours)}
    made |= {way: [] for way in (*RIVALS, "random")}
    for pair, path in zip(pairs, paths, strict=True):
        for way, rows in (
            ("straight_line", straight_line(songs, *pair, n_songs, max_per_artist)),
            ("graph", along_path(songs, path, n_songs, max_per_artist)),
            ("random", at_random(songs, n_songs, max_per_artist, rng)),
        ):
            made[way].append(_places(songs, rows))
    measured: dict[str, dict[str, NDArray[np.float64]]] = {}
    for way, journeys in made.items():
        each = [
            measure_journey(places, *pair) for places, pair in zip(journeys, pairs, strict=True)
        ]
        measured[way] = {name: np.array([one[name] for one in each]) for name in each[0]}
        measured[way]["n_songs"] = np.array([len(places) for places in journeys], dtype=float)
    compared = {
        way: compare_ways(measured["ours"], values, rng)
        for way, values in measured.items()
        if way != "ours"
    }
    return {
        "n": len(songs),
        "n_journeys": len(pairs),
        "songs_per_journey": n_songs,
        "max_per_artist": max_per_artist,
        "seed": seed,
        "graph_neighbours": k,
        "graph_path_songs": float(np.mean([len(path) for path in paths])),
        "ways": {
            way: {name: _told(bootstrap_interval(values, rng)) for name, values in one.items()}
            for way, one in measured.items()
        },
        "against": compared,
        "verdict": give_verdict(compared),
    }
