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
from scripts.evaluation.taste_trial import GROUPS, Outcome

Trials = Sequence[Mapping[str, Outcome]]

#: The metric that models are chosen and compared by.
MAIN = "ndcg@10"

#: Metrics told of a group of listeners or items.
_OF_GROUPS: tuple[str, ...] = ("ndcg@10", "recall@20")

#: Of fewer listeners no comparison is told.
FEWEST = 30

#: What is told of a group whose baseline was chosen among models like this one.
UNTESTED = "one of those that the baseline is the best of, so it is not tested"

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
    told["settings_are"] = _how_chosen(trials, name)
    told["at_edge_of_grid"] = sorted(
        {key for trial in trials for key in list_edges(trial[name].settings, trial[name].tried)}
    )
    told["validation"] = [trial[name].tried for trial in trials]
    return dict(_rounded(told))


def _how_chosen(trials: Trials, name: str) -> str:
    if any(trial[name].tried for trial in trials):
        return "chosen on the validation part"
    if trials[0][name].settings.get("bases"):
        return "its bases' were chosen on the validation part; its own are shipped, not tuned here"
    return "shipped, not tuned on this split"


def _flat(settings: Mapping[str, Any]) -> dict[str, float]:
    told: dict[str, float] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            told |= {f"{name}.{key}": inner for key, inner in _flat(value).items()}
        elif isinstance(value, int | float):
            told[name] = float(value)
    return told


def list_edges(chosen: Mapping[str, Any], tried: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the settings of which the least or the largest value tried is the best.

    >>> rows = [{"settings": {"l2": l2, "k": 5}} for l2 in (1.0, 2.0, 3.0)]
    >>> list_edges({"l2": 3.0, "k": 5}, rows), list_edges({"l2": 2.0, "k": 5}, rows)
    (['l2'], [])
    """
    rows = [_flat(row["settings"]) for row in tried]
    found = []
    for name, value in _flat(chosen).items():
        values = [row[name] for row in rows if name in row]
        if len(set(values)) > 1 and value in (min(values), max(values)):
            found.append(name)
    return found


def find_baseline(trials: Trials, pure: Sequence[str], group: str = "all") -> str:
    """Name the pure collaborative contender of a group's highest ndcg@10 on the test parts.

    Taken where it did best, it is the hardest to be above. The first of those without a score is
    named where nobody has one.
    """
    pooled = pool_metric(trials, group, MAIN)
    means = {name: interval_of_mean(pooled[name])[0] for name in pooled if name in pure}
    return max(means, key=lambda name: np.nan_to_num(means[name], nan=-1.0))


def compare_with_best(
    pooled: Mapping[str, NDArray[np.float64]], rival: str, pure: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Compare models with the baseline; those it was chosen among get a difference, no verdict.

    That the best of some models is above the others is no finding.
    """
    others = {name: values for name, values in pooled.items() if name not in pure or name == rival}
    compared = compare_with(others, rival)
    told = {}
    for name, values in pooled.items():
        if name in compared:
            told[name] = compared[name]
        elif name != rival:
            mean, interval = interval_of_mean(values - pooled[rival])
            told[name] = {"difference": mean, "interval": interval, "verdict": UNTESTED}
    n = int((~np.isnan(pooled[rival])).sum())
    if n < FEWEST:
        for row in told.values():
            row["verdict"] = f"too few to tell ({n} listeners)"
    return told


def tell_group(trials: Trials, group: str, pure: Sequence[str]) -> dict[str, Any]:
    """Tell the scores of a group of listeners or items, and each difference to its baseline's."""
    rival = find_baseline(trials, pure, group)
    told: dict[str, Any] = {}
    for metric in _OF_GROUPS:
        for name, values in pool_metric(trials, group, metric).items():
            mean, interval = interval_of_mean(values)
            told.setdefault(name, {})
            told[name] |= {metric: mean, f"{metric}_interval": interval}
    pooled = pool_metric(trials, group, MAIN)
    known = ~np.isnan(pooled[rival])
    for name, row in compare_with_best(pooled, rival, pure).items():
        told[name]["against_baseline"] = row
    n_pairs = [int((~np.isnan(trial[rival].scores[group][MAIN])).sum()) for trial in trials]
    return {
        "what": GROUPS.get(group, ""),
        "baseline": rival,
        "n_listeners": int(known.sum()),
        "n_listeners_by_split": n_pairs,
        "models": _rounded(told),
    }


def tell_question(trials: Trials, rows: Mapping[str, str], best: str) -> dict[str, Any]:
    """Tell the table of the research question: what each block adds to collaborative filtering.

    Parameters
    ----------
    rows : mapping of str to str
        Name of a row -> contender; the first is what the others add to.
    best : str
        The best pure contender, which every row is compared with too.
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
    told = _against_best(trials, names, best, told)
    for row, name in names.items():
        for group in ("cold_items_alone", "history_of_1"):
            pooled = pool_metric(trials, group, MAIN)
            if name in pooled:
                told[row][f"{MAIN} {group}"] = interval_of_mean(pooled[name])[0]
    return dict(_rounded(told))


def _against_best(
    trials: Trials, names: Mapping[str, str], best: str, told: dict[str, Any]
) -> dict[str, Any]:
    """Add how far each row is above or below the best pure contender, in ndcg@10."""
    pooled = pool_metric(trials, "all", MAIN)
    values = {row: pooled[name] for row, name in names.items() if name != best}
    first = next(iter(names))
    rivals = compare_with_best({**values, best: pooled[best]}, best, (first, best))
    for row in values:
        told[row][f"{MAIN}_against_best_pure"] = {"model": best, **rivals[row]}
    return told


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
    pure = [name for name in pure if name in told]
    baseline = find_baseline(trials, pure)
    pooled = {
        name: values for name, values in pool_metric(trials, "all", MAIN).items() if name in told
    }
    for name, row in compare_with_best(pooled, baseline, pure).items():
        told[name]["against_baseline"] = _rounded(row)
    groups = [name for name in trials[0][baseline].scores if name != "all"]
    return {
        "models": told,
        "baseline": {
            "model": baseline,
            "chosen_as": "the best pure collaborative model on the test parts, by ndcg@10: the "
            "hardest to be above",
            "tests": "sign flips of the listeners' differences in ndcg@10, two-sided, corrected "
            "by Holm over the models that the baseline was not chosen among",
        },
        "groups": {group: tell_group(trials, group, pure) for group in groups},
    }
