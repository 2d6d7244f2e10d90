"""Which model of taste a training keeps: chosen on some listeners, judged on others.

Conventions
-----------
As in :mod:`scripts.training.taste_trials`. Scores are NDCG@10, in [0, 1], unless told otherwise.

Method
------
A fifth of the listeners (2,000 at most) choose, another fifth test; the models are fitted on
other people's histories alone, as they will be used: whoever asks for songs was not there when the
model was learned. A fifth of what each of these listeners played is held out, the artists met last
where times are known, else drawn evenly; the rest is the history that is answered with a full
ranking of all other artists. Settings are chosen by the mean score on the choosing listeners. A
model with side information has to earn its place: it is kept only if it is shown to be above the
best model without on the choosing listeners (95% interval of the paired difference), since many
more such settings are tried and the best of many looks better than it is. The best of each family
is then fitted on all but the testing listeners and judged on those, once.
What is tried is in :mod:`scripts.training.taste_trials`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.taste_metrics import ACCURACY, describe_lists
from scripts.evaluation.taste_splits import SHARE, Held, mask_pairs, split_listeners
from scripts.evaluation.taste_tests import compare_with, interval_of_mean
from scripts.training.taste_trials import (
    BASELINES,
    METRIC,
    PURE,
    Trial,
    best_of,
    fit_family,
    judge,
    try_models,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Side = Mapping[str, csr_matrix]

#: Choosing and testing listeners: this share of all, and so many at most.
JUDGING_SHARE, MOST_JUDGES = 0.2, 2_000


class Division(NamedTuple):
    """Listeners apart: whose histories are learned from, who choose and who test."""

    train: NDArray[np.int64]  # rows
    choosing: NDArray[np.int64]
    testing: NDArray[np.int64]
    validation: Held  # of the choosing ones
    test: Held


class Verdict(NamedTuple):
    """What was chosen, and how it does."""

    family: str
    settings: dict[str, Any]
    trials: list[Trial]
    facts: dict[str, Any]
    lists: dict[str, NDArray[np.int64]]  # family -> (n_testing, 20), for plots


def hold_out(X: csr_matrix, first: NDArray[np.int64] | None, seed: int) -> Held:
    """Hold a fifth of each history out: what was met last, or what chance draws.

    Parameters
    ----------
    first : (nnz,) int64 or None
        When each stored pair was first played, -1 unknown; None without times.
    """
    if first is None:
        return split_listeners(X, seed=seed)
    n = np.diff(X.indptr)
    rows = np.repeat(np.arange(X.shape[0]), n)
    # the newest first; artists of the same moment by number
    order = np.lexsort((X.indices, -first, rows))
    place = np.empty(X.nnz, np.int64)
    place[order] = np.arange(X.nnz) - np.repeat(X.indptr[:-1], n)
    n_held = np.clip(np.floor(SHARE * n + 0.5).astype(np.int64), np.minimum(1, n), n - 1)
    out = place < np.repeat(np.where(n >= 2, n_held, 0), n)
    return Held(mask_pairs(X, ~out), mask_pairs(X, out))


def _take(
    X: csr_matrix, first: NDArray[np.int64] | None, rows: NDArray[np.int64]
) -> tuple[csr_matrix, NDArray[np.int64] | None]:
    if first is None:
        return X[rows], None
    pairs = [np.arange(X.indptr[row], X.indptr[row + 1]) for row in rows.tolist()]
    return X[rows], first[np.concatenate(pairs)]


def divide(X: csr_matrix, first: NDArray[np.int64] | None = None, *, seed: int = 0) -> Division:
    """Draw the listeners who choose and who test; only such with two artists are drawn."""
    able = np.flatnonzero(np.diff(X.indptr) >= 2)
    n_judges = min(MOST_JUDGES, max(1, round(JUDGING_SHARE * len(able))))
    drawn = np.random.default_rng(seed).permutation(able)
    choosing, testing = np.sort(drawn[:n_judges]), np.sort(drawn[n_judges : 2 * n_judges])
    train = np.setdiff1d(np.arange(X.shape[0]), drawn[: 2 * n_judges])
    held = [hold_out(*_take(X, first, rows), seed) for rows in (choosing, testing)]
    return Division(train, choosing, testing, *held)


def _tell_model(
    trial: Trial, scores: Mapping[str, NDArray[np.float64]], lists: NDArray[Any], X: csr_matrix
) -> dict[str, Any]:
    told: dict[str, Any] = {"name": trial.family, "settings": trial.settings}
    told["validation"] = trial.mean
    for metric in ACCURACY:
        told[metric], interval = interval_of_mean(scores[metric])
        told[f"{metric} interval"] = interval
    return told | describe_lists(lists, X)


def tell_blocks(trials: list[Trial], blocks: list[str]) -> list[dict[str, Any]]:
    """Tell what each block of side information, alone at its best weight, adds to EASE.

    EASE is that of the same other settings. On the choosing listeners; the interval is that of the
    paired difference.
    """
    plain = {tuple(sorted(t.settings.items())): t for t in trials if t.family == "ease"}
    told = []
    for name in sorted(blocks):
        alone = [t for t in trials if list(t.settings.get("weights") or {}) == [name]]
        if not alone:
            continue
        top = max(alone, key=lambda trial: trial.mean)
        others = {key: value for key, value in top.settings.items() if key != "weights"}
        without = plain[tuple(sorted(others.items()))]
        gain, interval = interval_of_mean(top.scores - without.scores)
        weight = top.settings["weights"][name]
        told.append({"name": name, "weight": weight, "gain": gain, "interval": interval})
    return told


def keep_one(trials: list[Trial], families: list[str]) -> Trial:
    """Keep the best trial, with side information only where that is shown to help."""
    plain = best_of(trials, *(name for name in families if name in (*BASELINES, *PURE)))
    best = best_of(trials, *families)
    _, (low, _) = interval_of_mean(best.scores - plain.scores)
    return best if low > 0 else plain


def choose_model(
    X: csr_matrix,
    division: Division,
    side: Side,
    *,
    seed: int = 0,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Verdict:
    """Choose a model and judge it beside the others.

    Parameters
    ----------
    X : (n_listeners, n_items) CSR
    division : Division
        Of the rows of ``X``.
    side : mapping of str to (n_items, d) CSR
        Blocks of side information, in which nothing is told by the judging listeners.
    """
    trials = try_models(X[division.train], division.validation, side, seed=seed, progress=progress)
    families = list(dict.fromkeys(trial.family for trial in trials))
    pure = best_of(trials, *(name for name in families if name in PURE))
    chosen = keep_one(trials, families)
    known = X[np.sort(np.concatenate([division.train, division.choosing]))]
    scores: dict[str, NDArray[np.float64]] = {}
    lists, models = {}, []
    for family in families:
        trial = best_of(trials, family)
        model = fit_family(family, trial.settings, known, side, seed)
        seen, lists[family] = judge(model, division.test)
        scores[family] = seen[METRIC]
        models.append(_tell_model(trial, seen, lists[family], known))
    facts = {
        "n_train": len(division.train),
        "n_choosing": len(division.choosing),
        "n_testing": len(division.testing),
        "chosen": chosen.family,
        "settings": chosen.settings,
        "best_pure": pure.family,
        "models": models,
        "beside_popularity": compare_with(scores, "popularity", seed=seed),
        "beside_best_pure": compare_with(scores, pure.family, seed=seed),
        "side_blocks": tell_blocks(trials, list(side)),
    }
    return Verdict(chosen.family, chosen.settings, trials, facts, lists)
