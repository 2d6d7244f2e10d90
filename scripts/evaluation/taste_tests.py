"""Intervals of listeners' scores, and tests of whether one model is above another.

Conventions
-----------
Scores are (n_listeners,) or (n_listeners, n_models) float64, NaN where a listener has none. A
listener who was tested in several splits has one value, the mean over them, so that listeners, who
are independent, are what is drawn and flipped.

Method
------
Intervals of 95% by bootstrap over listeners (:data:`N_DRAWS` draws). Two-sided p-values by flipping
the signs of the listeners' differences (:data:`N_FLIPS` draws; Fisher 1935); of several comparisons
by Holm's steps (1979), which hold whatever the comparisons have in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_DRAWS, N_FLIPS = 2_000, 10_000

#: Differences with a p-value below this, after Holm, are told as shown.
LEVEL = 0.05

#: Numbers drawn at a time, so that memory does not grow with the listeners.
_AT_A_TIME = 4_000_000


def pool_splits(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return each listener's mean over the splits in which he or she has a score.

    >>> pool_splits([np.array([0.2, np.nan]), np.array([0.4, np.nan])]).round(3).tolist()
    [0.3, nan]
    """
    table = np.stack(values)
    known = ~np.isnan(table)
    n = known.sum(axis=0)
    total = np.where(known, table, 0.0).sum(axis=0)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _draw_means(values: NDArray[np.float64], n_draws: int, seed: int) -> NDArray[np.float64]:
    n = len(values)
    rng = np.random.default_rng(seed)
    step = max(1, _AT_A_TIME // n)
    means = []
    for start in range(0, n_draws, step):
        size = min(step, n_draws - start)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=size)
        means.append(weights @ values / n)
    return np.concatenate(means)


def interval_of_mean(
    values: NDArray[np.float64], *, n_draws: int = N_DRAWS, seed: int = 0
) -> tuple[float, list[float]]:
    """Return the mean of listeners' scores and its 95% interval; NaN where nobody has one.

    >>> interval_of_mean(np.array([1.0, 1.0, np.nan]))
    (1.0, [1.0, 1.0])
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), [float("nan"), float("nan")]
    low, high = np.quantile(_draw_means(known, n_draws, seed), (0.025, 0.975))
    return float(known.mean()), [float(low), float(high)]


def flip_signs(differences: NDArray[np.float64], *, n_flips: int = N_FLIPS, seed: int = 0) -> float:
    """Return the two-sided p-value of a mean difference being 0, by flipping signs.

    Differences of 0 are the same either way. The least p-value is 1 / (n_flips + 1).

    >>> flip_signs(np.zeros(5))
    1.0
    """
    known = differences[~np.isnan(differences)]
    known = known[known != 0]
    n = len(known)
    if not n:
        return 1.0
    rng = np.random.default_rng(seed)
    step = max(1, _AT_A_TIME // n)
    seen = abs(known.sum()) * (1 - 1e-9)  # the same sum in another order may differ in a last bit
    n_beyond = 0
    for start in range(0, n_flips, step):
        size = min(step, n_flips - start)
        signs = rng.integers(0, 2, size=(size, n), dtype=np.int8)
        sums = 2 * (signs @ known) - known.sum()
        n_beyond += int((np.abs(sums) >= seen).sum())
    return (1 + n_beyond) / (1 + n_flips)


def correct_by_holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p-values of several comparisons, in the order given.

    >>> [round(p, 3) for p in correct_by_holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    n = len(p_values)
    corrected = [0.0] * n
    so_far = 0.0
    for step, i in enumerate(sorted(range(n), key=lambda i: (p_values[i], i))):
        so_far = max(so_far, min(1.0, (n - step) * p_values[i]))
        corrected[i] = so_far
    return corrected


def compare_with(
    scores: Mapping[str, NDArray[np.float64]], rival: str, *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Compare each model with a rival, listener by listener.

    Parameters
    ----------
    scores : mapping of str to (n_listeners,) float64
    rival : str
        One of the models.

    Returns
    -------
    dict
        Model, without the rival -> ``difference``, ``interval``, ``p``, ``p_holm``, ``verdict``.
    """
    told: dict[str, dict[str, Any]] = {}
    for name, values in scores.items():
        if name != rival:
            difference = values - scores[rival]
            mean, interval = interval_of_mean(difference, seed=seed)
            told[name] = {
                "difference": mean,
                "interval": interval,
                "p": flip_signs(difference, seed=seed),
            }
    corrected = correct_by_holm([row["p"] for row in told.values()])
    for row, p in zip(told.values(), corrected, strict=True):
        row["p_holm"] = p
        row["verdict"] = tell_verdict(row["difference"], p, rival)
    return told


def tell_verdict(difference: float, p: float, rival: str) -> str:
    """Say what a corrected p-value shows.

    >>> tell_verdict(0.01, 0.2, "ease"), tell_verdict(-0.1, 0.001, "ease")
    ('not shown to be above ease', 'significantly below ease')
    """
    if p < LEVEL:
        return f"significantly {'above' if difference > 0 else 'below'} {rival}"
    return f"not shown to be above {rival}"
