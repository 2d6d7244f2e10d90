"""Count answers against the truth, and say how sure a share is.

Conventions
-----------
Truth and naming are booleans per listener, probabilities lie in [0, 1]. Intervals are Wilson's
at 95% (Wilson, E. B., 1927, doi:10.1080/01621459.1927.10502953).
"""

from __future__ import annotations

import numpy as np

_Z95 = 1.959963984540054


def count_outcomes(truth: np.ndarray, named: np.ndarray) -> np.ndarray:
    """Count one mood's outcomes.

    Parameters
    ----------
    truth, named : numpy.ndarray, shape (n,), bool
        Whether each listener has the mood, and whether it is named.

    Returns
    -------
    numpy.ndarray, shape (2, 2), int
        Rows: has the mood, has it not; columns: named, not named.

    >>> count_outcomes(np.array([True, True, False]), np.array([True, False, False])).tolist()
    [[1, 1], [0, 1]]
    """
    return np.array(
        [
            [np.sum(truth & named), np.sum(truth & ~named)],
            [np.sum(~truth & named), np.sum(~truth & ~named)],
        ]
    )


def wilson_bounds(hits: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give Wilson's 95% interval of each proportion hits / trials, with trials of 1 or more.

    >>> [bound.round(3).tolist() for bound in wilson_bounds(np.array([5]), np.array([10]))]
    [[0.237], [0.763]]
    """
    share, weight = hits / trials, _Z95**2 / trials
    middle = (share + weight / 2) / (1 + weight)
    half = _Z95 * np.sqrt(share * (1 - share) / trials + weight / (4 * trials)) / (1 + weight)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def quantile_bins(probability: np.ndarray, truth: np.ndarray, n_bins: int) -> np.ndarray:
    """Put predictions into bins of about equal number and compare them with what came true.

    Parameters
    ----------
    probability : numpy.ndarray, shape (n,), float
        Predictions in [0, 1]; equal ones share a bin, so there may be fewer bins.
    truth : numpy.ndarray, shape (n,), bool
        What came true.
    n_bins : int
        Largest number of bins.

    Returns
    -------
    numpy.ndarray, shape (bins, 3), float
        Mean prediction, number that came true, number of predictions.

    >>> quantile_bins(np.array([0.1, 0.1, 0.8, 0.8]), np.array([False, True, True, True]), 2)
    array([[0.1, 1. , 2. ],
           [0.8, 2. , 2. ]])
    """
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, n_bins + 1)[1:-1]))
    bins = np.searchsorted(edges, probability, side="left")
    trials = np.bincount(bins, minlength=len(edges) + 1)
    sums = np.bincount(bins, probability, minlength=len(trials))
    hits = np.bincount(bins, truth, minlength=len(trials))
    full = trials > 0
    return np.column_stack([sums[full] / trials[full], hits[full], trials[full]])
