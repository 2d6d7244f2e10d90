"""The report of several trials of models of taste: scores with intervals, tests and verdicts.

Conventions
-----------
A trial is name of a contender -> :class:`~scripts.evaluation.taste_trial.Outcome`; all trials have
the same contenders and listeners. Numbers are rounded to five places; what is not defined is NaN.
Of a metric of single listeners the report tells the mean over listeners (each one's mean over the
trials) with its 95% interval, the means of the trials and their standard deviation. Of a metric of
all lists together it tells the mean over the trials and their standard deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.taste_metrics import ACCURACY, SPREAD
from scripts.evaluation.taste_tests import compare_with, interval_of_mean, pool_splits
from scripts.evaluation.taste_trial import Outcome

Trials = Sequence[Mapping[str, Outcome]]

#: The metric that models are chosen and compared by.
MAIN = "ndcg@10"

#: Metrics told of a group of listeners or items.
_OF_GROUPS: tuple[str, ...] = ("ndcg@10", "recall@20")

_PLACES = 5


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _PLACES)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


def pool_metric(trials: Trials, group: str, metric: str) -> dict[str, NDArray[np.float64]]:
    """Gather a metric of a group over the trials: contender -> (n_listeners,)."""
    return {
        name: pool_splits([trial[name].scores[group][metric] for trial in trials])
        for name in trials[0]
        if all(metric in trial[name].scores.get(group, {}) for trial in trials)
    }


def _spread_of(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def _mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def tell_model(trials: Trials, name: str) -> dict[str, Any]:
    """Tell what one contender reached."""
    told: dict[str, Any] = {}
    for metric in (*ACCURACY, "calibration@10"):
        by_trial = [trial[name].scores["all"].get(metric) for trial in trials]
        values = [scores for scores in by_trial if scores is not None]
        if len(values) == len(trials):
            mean, interval = interval_of_mean(pool_splits(values))
            means = [_mean_of_known(scores) for scores in values]
            told |= {
                metric: mean,
                f"{metric}_interval": interval,
                f"{metric}_by_split": means,
                f"{metric}_sd": _spread_of(means),
            }
    for metric in SPREAD:
        numbers = [trial[name].spread[metric] for trial in trials]
        told |= {metric: float(np.mean(numbers)), f"{metric}_sd": _spread_of(numbers)}
    told["settings"] = [trial[name].settings for trial in trials]
    told["validation"] = [trial[name].tried for trial in trials]
    return dict(_rounded(told))


def find_baseline(trials: Trials, pure: Sequence[str]) -> str:
    """Name the pure collaborative contender of the highest ndcg@10 on the test parts.

    Taken where it did best, it is the hardest to be above.
    """
    means = {
        name: interval_of_mean(values)[0]
        for name, values in pool_metric(trials, "all", MAIN).items()
    }
    return max((name for name in means if name in pure), key=lambda name: means[name])


def tell_group(trials: Trials, group: str, rival: str) -> dict[str, Any]:
    """Tell the scores of a group of listeners or items, and each difference to a rival's."""
    told: dict[str, Any] = {}
    for metric in _OF_GROUPS:
        for name, values in pool_metric(trials, group, metric).items():
            mean, interval = interval_of_mean(values)
            told.setdefault(name, {})
            told[name] |= {metric: mean, f"{metric}_interval": interval}
    pooled = pool_metric(trials, group, MAIN)
    known = ~np.isnan(pooled[rival])
    for name, row in compare_with(pooled, rival).items():
        told[name]["against_baseline"] = row
    n_pairs = [int((~np.isnan(trial[rival].scores[group][MAIN])).sum()) for trial in trials]
    return {
        "n_listeners": int(known.sum()),
        "n_listeners_by_split": n_pairs,
        "models": _rounded(told),
    }


def tell_question(trials: Trials, rows: Mapping[str, str]) -> dict[str, Any]:
    """Tell the table of the research question: what each block adds to collaborative filtering.

    Parameters
    ----------
    rows : mapping of str to str
        Name of a row -> contender; the first is what the others add to.
    """
    names = {row: name for row, name in rows.items() if name in trials[0]}
    first = next(iter(names))
    told: dict[str, Any] = {}
    for metric in ACCURACY:
        pooled = pool_metric(trials, "all", metric)
        values = {row: pooled[name] for row, name in names.items()}
        for row, scores in values.items():
            mean, interval = interval_of_mean(scores)
            told.setdefault(row, {"model": names[row]})
            told[row] |= {metric: mean, f"{metric}_interval": interval}
        for row, compared in compare_with(values, first).items():
            told[row][f"{metric}_against_{first}"] = compared
    for row, name in names.items():
        for group in ("cold_items_alone", "history_of_1"):
            pooled = pool_metric(trials, group, MAIN)
            if name in pooled:
                told[row][f"{MAIN} {group}"] = interval_of_mean(pooled[name])[0]
    return dict(_rounded(told))


def tell_trials(trials: Trials, *, pure: Sequence[str], models: Sequence[str]) -> dict[str, Any]:
    """Tell the scores of all models, the baseline, the comparisons with it, and the groups.

    Parameters
    ----------
    trials : sequence of mappings
    pure : sequence of str
        Contenders that learn from histories alone, of which the baseline is one.
    models : sequence of str
        Contenders that are told as models; the others belong to the research question alone.
    """
    told = {name: tell_model(trials, name) for name in models if name in trials[0]}
    baseline = find_baseline(trials, [name for name in pure if name in told])
    pooled = {
        name: values for name, values in pool_metric(trials, "all", MAIN).items() if name in told
    }
    for name, row in compare_with(pooled, baseline).items():
        told[name]["against_baseline"] = _rounded(row)
    groups = [name for name in trials[0][baseline].scores if name != "all"]
    return {
        "models": told,
        "baseline": {
            "model": baseline,
            "chosen_as": "the best pure collaborative model on the test parts, by ndcg@10: the "
            "hardest to be above",
            "tests": "sign flips of the listeners' differences in ndcg@10, two-sided, corrected "
            "by Holm over the models",
        },
        "groups": {group: tell_group(trials, group, baseline) for group in groups},
    }
