"""The listener-mood model: from survey answers to four calibrated probabilities.

Conventions
-----------
``X`` is (n_listeners, n_features) of 0/1, one column a survey answer; ``Y`` is
(n_listeners, n_moods) of 0/1, several moods at once. Listeners with the same answers share a
*group*, so that no copy of a test row is ever in a training row. Probabilities are in [0, 1].

Method
------
One ridge-penalised logistic regression a mood. For each mood an inner cross-validation over the
training rows alone chooses whether the rarer answer is over-sampled
(imbalanced-learn's ``RandomOverSampler``, applied inside each inner training fold), by log-loss
after Platt scaling (Platt 1999). The Platt line is folded into the weights, so the model stays
one line of plain numbers a mood. The threshold that turns a probability into yes or no is the
one with the best F1 on the same inner predictions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from scripts.learning.folds import Folds, small_group_folds
from scripts.moods.survey import answers_of, encode_listener

#: Answers that fewer listeners gave carry no column of their own.
MIN_LISTENERS_PER_ANSWER = 5


class Candidate(NamedTuple):
    """One way to fit a mood's line."""

    reg: float  # inverse strength of the penalty (scikit-learn's ``C``)
    oversampled: bool  # whether the rarer answer is repeated until both are as many


#: What the inner cross-validation compares; the penalty lies in the flat middle of [.03, .1].
CANDIDATES: tuple[Candidate, ...] = (Candidate(0.05, False), Candidate(0.05, True))

INNER_FOLDS = 3


class MoodLine(NamedTuple):
    """The model of one mood."""

    bias: float
    weights: NDArray[np.float64]  # (n_features,)
    threshold: float
    reg: float
    oversampled: bool


def survey_features(listeners: Sequence[Mapping[str, str]]) -> list[str]:
    """List the survey answers that at least five listeners gave, sorted.

    A small table keeps every answer that two listeners share.
    """
    counts = Counter(answer for listener in listeners for answer in set(answers_of(listener)))
    least = min(MIN_LISTENERS_PER_ANSWER, max(2, len(listeners) // 20))
    return sorted(answer for answer, count in counts.items() if count >= least)


def encode_listeners(
    listeners: Sequence[Mapping[str, str]], features: Sequence[str]
) -> NDArray[np.float64]:
    """Return (n_listeners, n_features) of 0/1."""
    return np.array([encode_listener(listener, features) for listener in listeners]).reshape(
        len(listeners), len(features)
    )


def groups_of(X: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give each distinct row a number: listeners with the same answers share a number."""
    return np.unique(X, axis=0, return_inverse=True)[1].reshape(-1)


def _fit_line(
    X: NDArray[np.float64], y: NDArray[Any], candidate: Candidate, seed: int
) -> tuple[NDArray[np.float64], float]:
    """Fit one line on training rows: its weights and its bias."""
    if candidate.oversampled:
        X, y = RandomOverSampler(random_state=seed).fit_resample(X, y)
    model = LogisticRegression(C=candidate.reg, solver="newton-cholesky").fit(X, y)
    return model.coef_[0], float(model.intercept_[0])


def fit_platt(logits: NDArray[np.float64], y: NDArray[Any]) -> tuple[float, float]:
    """Fit the line a * logit + c whose logistic matches the observed shares.

    Platt's smoothed targets keep the line finite where the logits separate the classes.
    """
    positive, negative = y.sum(), len(y) - y.sum()
    target = np.where(y == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    model = LogisticRegression(C=1e6, solver="newton-cholesky").fit(
        np.concatenate([logits, logits])[:, None],
        np.repeat([1, 0], len(y)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    slope = float(model.coef_[0, 0])
    if slope <= 0:  # the logits know less than nothing: what is left is the share
        share = float(target.mean())
        return 0.0, float(np.log(share / (1 - share)))
    return slope, float(model.intercept_[0])


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def _log_loss(p: NDArray[np.float64], y: NDArray[Any]) -> float:
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def best_f1_threshold(p: NDArray[np.float64], y: NDArray[Any]) -> float:
    """Return the probability at which saying yes has the best F1.

    >>> best_f1_threshold(np.array([0.1, 0.4, 0.6, 0.8]), np.array([0, 1, 0, 1]))
    0.4
    """
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(y[order])
    f1 = 2 * hits / (np.arange(1, len(y) + 1) + y.sum())
    last_of_value = np.append(np.diff(p[order]) != 0, True)  # ties are said yes to together
    return float(p[order][np.where(last_of_value, f1, -1).argmax()])


def inner_folds(y: NDArray[Any], groups: NDArray[np.int64], seed: int) -> Folds:
    """Split the training rows once more, groups together, every part with both answers.

    Returns an empty list where the mood is too rare to be split.
    """
    rarer = min(len(set(groups[y == value].tolist())) for value in (0, 1))
    n_folds = min(INNER_FOLDS, rarer)
    if n_folds < 2:
        return []
    folds = small_group_folds(y, groups, n_folds, seed)
    return [(train, test) for train, test in folds if 0 < y[train].sum() < len(train)]


class _Choice(NamedTuple):
    loss: float
    candidate: Candidate
    slope: float
    shift: float
    threshold: float


def _try_candidate(
    X: NDArray[np.float64], y: NDArray[Any], folds: Folds, candidate: Candidate, seed: int
) -> _Choice:
    """Predict every training row from the other folds; calibrate and score those predictions."""
    held_out = np.full(len(y), np.nan)
    for train, test in folds:
        weights, bias = _fit_line(X[train], y[train], candidate, seed)
        held_out[test] = X[test] @ weights + bias
    covered = ~np.isnan(held_out)
    slope, shift = fit_platt(held_out[covered], y[covered])
    p = _sigmoid(slope * held_out[covered] + shift)
    return _Choice(
        _log_loss(p, y[covered]), candidate, slope, shift, best_f1_threshold(p, y[covered])
    )


def fit_mood_line(
    X: NDArray[np.float64], y: NDArray[Any], groups: NDArray[np.int64], seed: int
) -> MoodLine:
    """Choose, fit and calibrate the model of one mood on training rows alone.

    A mood that nobody or everybody ticked, or that is too rare to be split, gets its smoothed
    share as a constant.
    """
    folds = inner_folds(y, groups, seed)
    if not folds:
        share = (y.sum() + 0.5) / (len(y) + 1)
        return MoodLine(float(np.log(share / (1 - share))), np.zeros(X.shape[1]), 0.5, 0.0, False)
    best = min(
        (_try_candidate(X, y, folds, candidate, seed) for candidate in CANDIDATES),
        key=lambda choice: choice.loss,
    )
    weights, bias = _fit_line(X, y, best.candidate, seed)
    return MoodLine(
        best.slope * bias + best.shift,
        best.slope * weights,
        best.threshold,
        best.candidate.reg,
        best.candidate.oversampled,
    )


@threadpool_limits.wrap(limits=1)  # the matrices are small: threads would only wait
def fit_listener_mood(
    X: NDArray[np.float64],
    Y: NDArray[Any],
    *,
    groups: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> list[MoodLine]:
    """Fit one line a mood.

    Parameters
    ----------
    X : (n, n_features) of 0/1
    Y : (n, n_moods) of 0/1
    groups : (n,) int, optional
        Rows with the same number are never split; :func:`groups_of` by default.
    seed : int

    Returns
    -------
    list of MoodLine, one a column of ``Y``
    """
    shared = groups_of(X) if groups is None else groups
    return [fit_mood_line(X, y, shared, seed) for y in Y.T]


def predict_moods(lines: Sequence[MoodLine], X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, n_moods) probabilities."""
    return np.column_stack([_sigmoid(X @ line.weights + line.bias) for line in lines])


def lines_to_numbers(
    lines: Sequence[MoodLine], moods: Sequence[str], features: Sequence[str]
) -> dict[str, Any]:
    """Write the model as JSON-ready numbers."""
    return {
        "features": list(features),
        "moods": {
            mood: {
                "bias": line.bias,
                "weights": line.weights.tolist(),
                "threshold": line.threshold,
                "reg": line.reg,
                "oversampled": line.oversampled,
            }
            for mood, line in zip(moods, lines, strict=True)
        },
    }
