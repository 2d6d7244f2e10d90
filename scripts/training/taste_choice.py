"""Which model of taste a training keeps: chosen on some listeners, judged on others.

Conventions
-----------
As in :mod:`scripts.training.taste_trials`. Scores are NDCG@10, in [0, 1], unless told otherwise.

Method
------
Who is learned from, who chooses and who tests is in :mod:`scripts.training.taste_division`; what is
tried is in :mod:`scripts.training.taste_trials`. Settings are chosen by the mean score on the
choosing listeners. Two steps ask for a 95% interval of the paired difference above 0 there, since
the best of many tries looks better than it is: a model with side information against the best one
without, and then the winner against the most played artists. Where nothing is shown to be above
those, they are kept; a random order is told as a baseline and never kept. The best of each family
is then fitted on all but the testing listeners and judged on those, once. Answers use a model only
if it is shown to be above the most played there too (p after Holm below .05).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.taste_metrics import ACCURACY, describe_lists
from scripts.evaluation.taste_tests import LEVEL, compare_with, interval_of_mean
from scripts.training.taste_division import Division, Task, make_task
from scripts.training.taste_trials import (
    BASELINES,
    METRIC,
    POPULAR,
    PURE,
    Trial,
    Work,
    best_of,
    fit_family,
    judge,
    plan_work,
    try_models,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Side = Mapping[str, csr_matrix]


class Verdict(NamedTuple):
    """What was chosen, and how it does."""

    family: str
    settings: dict[str, Any]
    trials: list[Trial]
    answers_use: bool  # shown to be above the most played on those who chose and who tested
    why: str
    facts: dict[str, Any]
    lists: dict[str, NDArray[np.int64]]  # family -> (n_testing, 20), for plots


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


def _is_shown_above(trial: Trial, rival: Trial) -> bool:
    _, (low, _) = interval_of_mean(trial.scores - rival.scores)
    return low > 0


def keep_one(trials: list[Trial], families: list[str]) -> Trial:
    """Keep the best trial, with side information, and at all, only where that is shown to help."""
    plain = best_of(trials, *(name for name in families if name in PURE))
    best = best_of(trials, *(name for name in families if name not in BASELINES))
    kept = best if _is_shown_above(best, plain) else plain
    popular = best_of(trials, POPULAR)
    return kept if _is_shown_above(kept, popular) else popular


def tell_use(family: str, beside_popularity: Mapping[str, Mapping[str, Any]]) -> tuple[bool, str]:
    """Say whether answers use what was kept, and why."""
    if family == POPULAR:
        return False, (
            "no model is shown to be above the most played on the listeners who chose, so the set "
            "keeps the most played and answers do not use it"
        )
    row = beside_popularity[family]
    low, high = row["interval"]
    told = f"({row['difference']:+.4f} [{low:+.4f}, {high:+.4f}])"
    if row["p_holm"] < LEVEL and row["difference"] > 0:
        return True, (
            f"{family} is shown to be above the most played on the listeners who chose and on "
            f"those who tested {told}"
        )
    return False, (
        f"{family} is shown to be above the most played on the listeners who chose, but not on "
        f"those who tested {told}, so answers do not use it"
    )


class _Judged(NamedTuple):
    """The best of each family on the testing listeners."""

    scores: dict[str, NDArray[np.float64]]
    lists: dict[str, NDArray[np.int64]]
    models: list[dict[str, Any]]


def _judge_best(trials: list[Trial], families: list[str], task: Task, work: Work) -> _Judged:
    judged = _Judged({}, {}, [])
    for family in families:
        work.start(family)
        trial = best_of(trials, family)
        model = fit_family(family, trial.settings, task.X, task.side, work.seed)
        seen, lists = judge(model, task.held)
        judged.scores[family], judged.lists[family] = seen[METRIC], task.name_lists(lists)
        judged.models.append(_tell_model(trial, seen, lists, task.X))
    return judged


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
    X : (n_listeners, n_artists) CSR
    division : Division
        Of the rows of ``X``.
    side : mapping of str to (n_items, d) CSR
        Blocks of side information of the first ``n_items`` artists, in which nothing is told by
        the judging listeners.
    """
    task = make_task(X, division.train, division.validation, side)
    size = min(X.shape[0], len(task.known))
    work = plan_work(size, sorted(side), seed=seed, progress=progress)
    trials = try_models(task, size, work)
    families = list(dict.fromkeys(trial.family for trial in trials))
    pure = best_of(trials, *(name for name in families if name in PURE))
    chosen = keep_one(trials, families)
    known = np.sort(np.concatenate([division.train, division.choosing]))
    judged = _judge_best(trials, families, make_task(X, known, division.test, side), work)
    work.finish()
    beside = compare_with(judged.scores, POPULAR, seed=seed)
    facts = {
        "n_train": len(division.train),
        "n_choosing": len(division.choosing),
        "n_testing": len(division.testing),
        "chosen": chosen.family,
        "settings": chosen.settings,
        "best_pure": pure.family,
        "models": judged.models,
        "beside_popularity": beside,
        "beside_best_pure": compare_with(judged.scores, pure.family, seed=seed),
        "side_blocks": tell_blocks(trials, list(side)),
    }
    used, why = tell_use(chosen.family, beside)
    return Verdict(chosen.family, chosen.settings, trials, used, why, facts, judged.lists)
