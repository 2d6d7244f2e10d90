"""How well the listener model does on listeners it has not seen.

Conventions
-----------
As :mod:`scripts.learning.listener_mood`. Everything the model chooses, it chooses on training
rows alone; the test rows of a fold are touched once, by the scores.

Method
------
Repeated stratified 5-fold cross-validation in which listeners with the same answers stay
together. Each fold's scores stand beside two ways of guessing: the *prior* gives every listener
the training shares and says yes to every mood (the constant answer with the best F1), the
*majority* gives everybody the commonest mood and nothing else. A gain is taken against the better
of the two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn import config_context
from threadpoolctl import threadpool_limits

from scripts.evaluation.metrics import (
    LISTENER_METRICS,
    corrected_interval,
    score_listeners,
    score_one_answer,
    verdict,
)
from scripts.learning.folds import small_group_folds
from scripts.learning.listener_mood import fit_listener_mood, groups_of, predict_moods

N_FOLDS = 5
N_REPEATS = 2

#: Fewer distinct listeners than this are not split into five.
MIN_GROUPS = 25


class ListenerReport(NamedTuple):
    """Scores and the predictions they come from."""

    metrics: dict[str, dict[str, Any]]  # by metric: model, prior, majority, gain, low, high, …
    verdict: str  # on AUC
    probability: NDArray[np.float64]  # (n, n_moods), mean of the out-of-fold predictions
    thresholds: NDArray[np.float64]  # (n_moods,), mean over the folds
    n_folds: int


def guess_prior(Y_train: NDArray[Any], n: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give each of n listeners the training shares, and yes to every mood anybody has.

    The model says yes from the probability with the best F1; among answers that are the same for
    everybody that is yes to all, so a model that knows nothing gains nothing in F1 either.
    """
    P = np.tile(Y_train.mean(axis=0), (n, 1))
    return P, P > 0


def guess_majority(Y_train: NDArray[Any], n: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give each of n listeners the commonest mood with certainty and no other."""
    P = np.zeros((n, Y_train.shape[1]))
    P[:, Y_train.sum(axis=0).argmax()] = 1.0
    return P, P > 0.5


def _summarise(scores: dict[str, list[dict[str, float]]], ratio: float) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for name, (text, more_is_better) in LISTENER_METRICS.items():
        by_way = {way: np.array([fold[name] for fold in folds]) for way, folds in scores.items()}
        sign = 1 if more_is_better else -1
        means = {
            way: float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")
            for way, values in by_way.items()
        }
        rival = max(("prior", "majority"), key=lambda way, m=means: sign * m[way])  # type: ignore[misc]
        gain = corrected_interval(sign * (by_way["model"] - by_way[rival]), ratio)
        own = corrected_interval(by_way["model"], ratio)
        metrics[name] = {
            **means,
            "model_low": own.low,
            "model_high": own.high,
            "best_guess": rival,
            "gain": gain.mean,
            "low": gain.low,
            "high": gain.high,
            "verdict": verdict(gain, text),
        }
    return metrics


def _run_fold(
    X: NDArray[np.float64],
    Y: NDArray[Any],
    fold: tuple[NDArray[np.int64], NDArray[np.int64]],
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, dict[str, float]]]:
    """Learn on one training part and score its test part, beside the two guesses."""
    train, test = fold
    lines = fit_listener_mood(X[train], Y[train], seed=seed)
    P = predict_moods(lines, X[test])
    limits = np.array([line.threshold for line in lines])
    scores = {"model": score_listeners(Y[test], P, limits <= P)}
    for way, guess in (("prior", guess_prior), ("majority", guess_majority)):
        P_guess, yes = guess(Y[train], 1)
        scores[way] = score_one_answer(Y[test], P_guess[0], yes[0])
    return P, limits, scores


@threadpool_limits.wrap(limits=1)  # the matrices are small: threads would only wait
def evaluate_listeners(
    X: NDArray[np.float64],
    Y: NDArray[Any],
    *,
    seed: int = 0,
    n_repeats: int = N_REPEATS,
    n_jobs: int = 1,
) -> ListenerReport | None:
    """Cross-validate the listener model.

    Parameters
    ----------
    X : (n, n_features) of 0/1
    Y : (n, n_moods) of 0/1
    seed : int
    n_repeats : int
        How many times the five folds are drawn anew.
    n_jobs : int
        How many processes share the folds.

    Returns
    -------
    ListenerReport, or None where there are fewer than 25 distinct listeners
    """
    groups = groups_of(X)
    if groups.max() + 1 < MIN_GROUPS:
        return None
    combination = Y @ (1 << np.arange(Y.shape[1]))
    folds = [
        fold
        for repeat in range(n_repeats)
        for fold in small_group_folds(combination, groups, N_FOLDS, seed + repeat)
    ]
    # hundreds of tiny fits: checking their arguments would take as long as the fits
    with config_context(skip_parameter_validation=True, assume_finite=True):
        results = Parallel(n_jobs=n_jobs)(delayed(_run_fold)(X, Y, fold, seed) for fold in folds)
    total = np.zeros(Y.shape)
    for (_, test), (P, _, _) in zip(folds, results, strict=True):
        total[test] += P
    metrics = _summarise(
        {way: [scores[way] for _, _, scores in results] for way in ("model", "prior", "majority")},
        1 / (N_FOLDS - 1),
    )
    return ListenerReport(
        metrics,
        metrics["auc"]["verdict"],
        total / n_repeats,
        np.mean([limits for _, limits, _ in results], axis=0),
        len(folds),
    )
