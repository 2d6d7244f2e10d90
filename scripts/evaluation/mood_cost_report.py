"""The report on what asking for a mood costs: tallies in, means with intervals out.

Conventions
-----------
Tallies are those of :mod:`scripts.evaluation.mood_cost`, added up over the splits. A mean is taken
over the moods that enough artists are told to be of, each of which counts alike; what is not
defined is NaN. A *change* is a mean less that of taste alone (t = 1) under the same order.

Method
------
Intervals of 95% by bootstrap with the same draws for all points, so that changes are paired: over
listeners, but over artists for ``precision_by_tags``, where what is uncertain is the artists'
moods (near t = 0 all listeners get the same list, and drawing them would tell nothing). Which t is
best is chosen on the validation parts alone, by ``mood_ndcg@10``: held-out artists that are also
told to be of the mood asked for. The test parts then tell how far the program's t is from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.mood_cost import LEAST_TOLD, MEASURES, TASTES, Catalogue, Tally
from scripts.moods.vocabulary import QUADRANTS

N_DRAWS = 1_000

#: The measure by which t is chosen.
CHOSEN_BY = "mood_ndcg@10"

_BY_TAGS, _CHOOSING = MEASURES.index("precision_by_tags"), MEASURES.index(CHOSEN_BY)


class Draws(NamedTuple):
    """How often each listener and each artist counts in each draw, and the moods that count."""

    listeners: NDArray[np.float64]  # (N_DRAWS, n_listeners)
    artists: NDArray[np.float64]  # (N_DRAWS, n_artists)
    told: NDArray[np.int64]  # (n_artists,)
    moods: list[int]


def _draw(n: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=N_DRAWS).astype(np.float64)


def make_draws(n_listeners: int, catalogue: Catalogue, *, seed: int = 0) -> Draws:
    """Draw listeners, and artists that are told to be of a mood."""
    known = np.flatnonzero(catalogue.told >= 0)
    artists = np.zeros((N_DRAWS, len(catalogue.told)))
    artists[:, known] = _draw(len(known), seed + 1) if len(known) else 0.0
    return Draws(_draw(n_listeners, seed), artists, catalogue.told, list_moods(catalogue))


def list_moods(catalogue: Catalogue) -> list[int]:
    """List the moods that at least :data:`LEAST_TOLD` artists are told to be of, else all."""
    counts = np.bincount(catalogue.told[catalogue.told >= 0], minlength=len(QUADRANTS))
    return np.flatnonzero(counts >= LEAST_TOLD).tolist() or list(range(len(QUADRANTS)))


def ratios_of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn sums (..., 2) into ratios (...), NaN for a denominator of 0."""
    below = sums[..., 1]
    return np.divide(sums[..., 0], below, out=np.full(below.shape, np.nan), where=below > 0)


def _mean_of(ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the moods (second axis from the end) that have a value.

    >>> _mean_of(np.array([[0.2, np.nan], [0.4, np.nan]])).round(2).tolist()
    [0.3, nan]
    """
    known = ~np.isnan(ratios)
    n = known.sum(axis=-2)
    total = np.where(known, ratios, 0.0).sum(axis=-2)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def mean_of_tally(tally: Tally, moods: Sequence[int]) -> NDArray[np.float64]:
    """Return the mean of each measure (4,) of one order's tally."""
    return _mean_of(ratios_of(tally.by_listener.sum(axis=0))[list(moods)])


def drawn_means(tally: Tally, draws: Draws) -> NDArray[np.float64]:
    """Return each draw's means (n_draws, 4) of one order's tally."""
    flat = tally.by_listener.reshape(len(tally.by_listener), -1)
    shape = (len(draws.listeners), *tally.by_listener.shape[1:])
    ratios = ratios_of((draws.listeners @ flat).reshape(shape))
    for mood in draws.moods:
        listed = np.where(draws.told >= 0, tally.by_artist[mood], 0.0)
        both = np.column_stack([np.where(draws.told == mood, listed, 0.0), listed])
        ratios[:, mood, _BY_TAGS] = ratios_of(draws.artists @ both)
    return _mean_of(ratios[:, draws.moods])


def _span(drawn: NDArray[np.float64]) -> list[float]:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return [float("nan"), float("nan")]
    return [round(float(end), 4) for end in np.quantile(known, (0.025, 0.975))]


def _tell(means: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Any]:
    return {
        name: {"value": round(float(means[k]), 4), "interval": _span(drawn[:, k])}
        for k, name in enumerate(MEASURES)
    }


def tell_order(tally: Tally, draws: Draws) -> dict[str, Any]:
    """Tell the means of one order with their intervals, and the figures of each mood."""
    sums = tally.by_listener.sum(axis=0)
    listed = tally.by_artist.sum()
    tagged = tally.by_artist[:, draws.told >= 0].sum()
    return {
        **_tell(mean_of_tally(tally, draws.moods), drawn_means(tally, draws)),
        "tagged_of_ten": round(float(10 * tagged / listed), 2) if listed else 0.0,
        "by_mood": {
            mood: dict(zip(MEASURES, np.round(row, 4).tolist(), strict=True))
            for mood, row in zip(QUADRANTS, ratios_of(sums), strict=True)
        },
    }


def _points(tally: Tally, order: int) -> list[Tally]:
    parts = zip(tally.by_listener[order], tally.by_artist[order], strict=True)
    return [Tally(*part) for part in parts]


def choose_taste(points: Sequence[Tally], moods: Sequence[int]) -> int:
    """Return the number of the point that is best by :data:`CHOSEN_BY`, the first of equals."""
    means = [mean_of_tally(tally, moods)[_CHOOSING] for tally in points]
    return int(np.argmax(np.nan_to_num(means, nan=-1.0)))


class Choice(NamedTuple):
    """The points of a curve that are compared with each other, as places in :data:`TASTES`."""

    chosen: int
    program: int
    mood_alone: int = 0
    taste_alone: int = len(TASTES) - 1


def find_place(taste: float) -> int:
    """Return the place of the point of :data:`TASTES` that is nearest to t.

    >>> find_place(0.8), find_place(0.0)
    (8, 0)
    """
    return int(np.argmin(np.abs(np.array(TASTES) - taste)))


def _tell_difference(
    points: Sequence[Tally], draws: Draws, place: int, less: int
) -> dict[str, Any]:
    """Tell the measures at one point of a curve less those at another, paired by the draws."""
    one, other = points[place], points[less]
    means = mean_of_tally(one, draws.moods) - mean_of_tally(other, draws.moods)
    return _tell(means, drawn_means(one, draws) - drawn_means(other, draws))


def _tell_changes(points: Sequence[Tally], draws: Draws, choice: Choice) -> dict[str, Any]:
    """Tell what the chosen t, the program's and mood alone change, against taste alone."""
    told: dict[str, Any] = {}
    for name in ("chosen", "program", "mood_alone"):
        place = getattr(choice, name)
        told[name] = {
            "taste": TASTES[place],
            **_tell_difference(points, draws, place, choice.taste_alone),
        }
    return told


def tell_curves(
    validation: Tally,
    test: Tally,
    draws: Draws,
    *,
    orders: Sequence[tuple[int | None, str]],
    program: float,
) -> list[dict[str, Any]]:
    """Tell the curve of every order, the t that its validation chooses, and the program's.

    Parameters
    ----------
    validation, test : Tally
        Of :func:`~scripts.evaluation.mood_cost.tally_curve`.
    orders : sequence of (pool, scale)
        As that function was given them.
    program : float
        The t of the program where none is asked for; the nearest of :data:`TASTES` stands for it.
    """
    told = []
    for order, (pool, scale) in enumerate(orders):
        points = _points(test, order)
        known = _points(validation, order)
        choice = Choice(choose_taste(known, draws.moods), find_place(program))
        in_validation = [mean_of_tally(tally, draws.moods)[_CHOOSING] for tally in known]
        curve = [
            {"taste": t, **tell_order(tally, draws)}
            for t, tally in zip(TASTES, points, strict=True)
        ]
        told.append(
            {
                "pool": "all" if pool is None else pool,
                "scale": scale,
                "chosen_taste": TASTES[choice.chosen],
                "validation": {
                    f"{t:g}": round(float(value), 4)
                    for t, value in zip(TASTES, in_validation, strict=True)
                },
                "program_less_chosen": _tell_difference(
                    points, draws, choice.program, choice.chosen
                ),
                "change_from_taste_alone": _tell_changes(points, draws, choice),
                "curve": curve,
            }
        )
    return told


def tell_choice(orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tell in one row for each order which t its validation chose, and how the program's does.

    Parameters
    ----------
    orders : sequence of mappings
        Of :func:`tell_curves`.
    """
    return [
        {
            "pool": order["pool"],
            "scale": order["scale"],
            "chosen_taste": order["chosen_taste"],
            "at_chosen": order["curve"][find_place(order["chosen_taste"])][CHOSEN_BY],
            "program_less_chosen": order["program_less_chosen"][CHOSEN_BY],
        }
        for order in orders
    ]


def tell_moods(catalogue: Catalogue) -> dict[str, Any]:
    """Tell how many artists are of each mood, by tags and by sound, and how often these agree."""
    n = len(QUADRANTS)
    sound = catalogue.match.argmax(axis=1)
    both = catalogue.told >= 0
    by_tags = np.bincount(catalogue.told[both], minlength=n)
    of_these = np.bincount(sound[both], minlength=n)
    size = max(int(both.sum()), 1)
    return {
        "artists_by_tags": dict(zip(QUADRANTS, by_tags.tolist(), strict=True)),
        "artists_by_sound": dict(
            zip(QUADRANTS, np.bincount(sound, minlength=n).tolist(), strict=True)
        ),
        "in_means": [QUADRANTS[mood] for mood in list_moods(catalogue)],
        "sound_agrees_with_tags": round(float((sound == catalogue.told)[both].sum() / size), 4),
        "by_chance": round(float((by_tags / size) @ (of_these / size)), 4),
    }
