"""Scores, their intervals and the verdict against guessing.

Conventions
-----------
``Y`` is (n, n_moods) of 0/1, ``P`` (n, n_moods) probabilities in [0, 1]. A *gain* is a difference
in the direction that is better, so a positive gain is always good. A score that is not defined
(a mood that nobody in the test rows has) is NaN and is left out of the mean; a mean of nothing
is NaN with a warning.

Method
------
Folds of one table share training rows, so their scores are not independent. The interval of a
mean gain over k folds uses the corrected variance (1/k + n_test/n_train) s^2 with k - 1 degrees
of freedom (Nadeau & Bengio 2003, doi:10.1023/A:1024068626366). The interval of a share is
Wilson's (1927), that of a correlation Fisher's (1921). A constant guess has the share of a mood as
its average precision; a random order would get a little more in a small fold (about .01 at 100
rows), so a gain in mean AP of that size means nothing.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from scripts.errors import DataWarning
from scripts.evaluation.proportions import wilson_bounds

#: Listener metric -> (what it is called in texts, whether more is better).
LISTENER_METRICS: dict[str, tuple[str, bool]] = {
    "auc": ("AUC", True),
    "mean_ap": ("mean AP", True),
    "top1_hit": ("top-1 hit", True),
    "macro_f1": ("macro-F1", True),
    "brier": ("Brier score", False),
}


#: Fewer paired rows than this are too few for a normal interval.
MIN_PAIRS = 10


class Interval(NamedTuple):
    """A mean with the ends of its 95% interval."""

    mean: float
    low: float
    high: float


def _mean_defined(values: list[float], name: str) -> float:
    defined = [value for value in values if not math.isnan(value)]
    if not defined:
        warnings.warn(f"{name} is not defined: no mood has both answers", DataWarning, stacklevel=3)
        return math.nan
    return float(np.mean(defined))


def score_listeners(
    Y: NDArray[Any], P: NDArray[np.float64], yes: NDArray[np.bool_]
) -> dict[str, float]:
    """Score multi-label predictions.

    Parameters
    ----------
    Y : (n, n_moods) of 0/1
    P : (n, n_moods) float in [0, 1]
    yes : (n, n_moods) bool
        The moods the model says yes to (for F1).

    Returns
    -------
    dict
        ``auc``, ``mean_ap`` (average precision), ``macro_f1``: means over the moods;
        ``top1_hit``: the share of listeners who have the mood with the highest probability;
        ``brier``: mean squared error of the probabilities, where less is better.
    """
    defined = [0 < column.sum() < len(column) for column in Y.T]
    columns = [k for k, is_defined in enumerate(defined) if is_defined]
    return {
        "auc": _mean_defined([roc_auc_score(Y[:, k], P[:, k]) for k in columns], "AUC"),
        "mean_ap": _mean_defined(
            [average_precision_score(Y[:, k], P[:, k]) for k in columns], "mean AP"
        ),
        "top1_hit": float(Y[np.arange(len(Y)), P.argmax(axis=1)].mean()),
        "macro_f1": _mean_defined(
            [f1_score(Y[:, k], yes[:, k], zero_division=0.0) for k in columns], "macro-F1"
        ),
        "brier": float(np.mean((P - Y) ** 2)),
    }


def score_one_answer(
    Y: NDArray[Any], p: NDArray[np.float64], yes: NDArray[np.bool_]
) -> dict[str, float]:
    """Score the same answer given to everybody, as :func:`score_listeners` would.

    An answer that tells nobody apart has an AUC of .5 and the share of a mood as its average
    precision, so nothing has to be sorted.

    Parameters
    ----------
    Y : (n, n_moods) of 0/1
    p : (n_moods,) float in [0, 1]
    yes : (n_moods,) bool

    Examples
    --------
    >>> Y = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])
    >>> score_one_answer(Y, np.array([0.7, 0.2]), np.array([True, False]))["top1_hit"]
    0.75
    """
    share = Y.mean(axis=0)
    defined = (share > 0) & (share < 1)
    f1 = np.where(yes, 2 * share / (share + 1), 0.0)
    return {
        "auc": _mean_defined([0.5] * int(defined.sum()), "AUC"),
        "mean_ap": _mean_defined(share[defined].tolist(), "mean AP"),
        "top1_hit": float(share[p.argmax()]),
        "macro_f1": _mean_defined(f1[defined].tolist(), "macro-F1"),
        "brier": float(np.mean((p - Y) ** 2)),
    }


def corrected_interval(gains: NDArray[np.float64], test_to_train: float) -> Interval:
    """Return the mean gain over folds and its Nadeau-Bengio 95% interval.

    Parameters
    ----------
    gains : (k,) float
        One gain a fold; NaN folds are left out.
    test_to_train : float
        Rows in a test part over rows in a training part, 1/4 in 5-fold cross-validation.
    """
    defined = gains[~np.isnan(gains)]
    k = len(defined)
    if k < 2:
        mean = float(defined[0]) if k else math.nan
        return Interval(mean, math.nan, math.nan)
    mean = float(defined.mean())
    spread = math.sqrt((1 / k + test_to_train) * float(defined.var(ddof=1)))
    half = float(student_t.ppf(0.975, k - 1)) * spread
    return Interval(mean, mean - half, mean + half)


def wilson_interval(hits: int, n: int) -> Interval:
    """Return a share and its Wilson 95% interval.

    >>> [round(value, 3) for value in wilson_interval(8, 10)]
    [0.8, 0.49, 0.943]
    """
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    low, high = wilson_bounds(np.array([hits]), np.array([n]))
    return Interval(hits / n, float(low[0]), float(high[0]))


def paired_interval(gains: NDArray[np.float64]) -> Interval:
    """Return the mean of paired differences, one a row, and its normal 95% interval.

    Fewer than ten rows have no interval: its ends are NaN.

    >>> [round(value, 3) for value in paired_interval(np.array([1.0, 0.0] * 6))]
    [0.5, 0.205, 0.795]
    """
    mean = float(gains.mean())
    if len(gains) < MIN_PAIRS:
        return Interval(mean, math.nan, math.nan)
    half = 1.959963984540054 * float(gains.std(ddof=1)) / math.sqrt(len(gains))
    return Interval(mean, mean - half, mean + half)


def pearson_r(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Pearson's r, NaN where one side is constant."""
    if a.std() < 1e-12 or b.std() < 1e-12:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def correlation_interval(r: float, n: int) -> Interval:
    """Return a Pearson correlation of n pairs and its Fisher 95% interval.

    >>> [round(value, 3) for value in correlation_interval(0.5, 28)]
    [0.5, 0.156, 0.736]
    """
    if math.isnan(r) or n < 4 or abs(r) >= 1:
        return Interval(r, math.nan, math.nan)
    half = 1.959963984540054 / math.sqrt(n - 3)
    return Interval(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))


def show(value: float) -> str:
    """Print a score of at most 1 to three places, without its leading zero.

    >>> show(0.7512), show(-0.02), show(1.0), show(float("nan"))
    ('.751', '-.020', '1.000', 'not defined')
    """
    if math.isnan(value):
        return "not defined"
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 0.9995 else f"{value:.3f}"


def verdict(gain: Interval, unit: str) -> str:
    """Say in words whether a model beats guessing.

    >>> verdict(Interval(0.25, 0.22, 0.28), "AUC")
    'better than guessing by .250 AUC [.220, .280]'
    >>> verdict(Interval(0.01, -0.02, 0.04), "AUC")
    'no better than guessing: AUC gain .010 [-.020, .040]'
    """
    span = f"[{show(gain.low)}, {show(gain.high)}]"
    if math.isnan(gain.low):
        return f"not tested against guessing: too few rows ({unit})"
    if gain.low > 0:
        return f"better than guessing by {show(gain.mean)} {unit} {span}"
    if gain.high < 0:
        return f"worse than guessing: {unit} gain {show(gain.mean)} {span}"
    return f"no better than guessing: {unit} gain {show(gain.mean)} {span}"
