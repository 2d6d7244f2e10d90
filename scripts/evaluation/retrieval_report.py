"""How well songs are retrieved: scores of rankings beside a random order, with intervals.

Conventions
-----------
Relevance is (n_queries, n_songs) bool, similarities the same shape in float, higher is nearer.
Songs of equal similarity keep their order. A query without a relevant song, or to which every song
is relevant, has no score and takes no part.

Metrics
-------
``precision_at_10``: the share of relevant songs among the first ten. ``ndcg_at_10``: discounted
cumulative gain with gains of 0 and 1 against the best possible order (Järvelin & Kekäläinen 2002,
doi:10.1145/582415.582418). ``mean_ap``: the mean over queries of average precision.

Method
------
Intervals of 95% by bootstrap over queries (2,000 draws, a stated seed); the gain of one way over
another is drawn in pairs. The random order is the mean over 200 shuffles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRICS: tuple[str, ...] = ("precision_at_10", "ndcg_at_10", "mean_ap")

CUT = 10
_N_DRAWS = 2000
_N_SHUFFLES = 200
_SEED = 0


def score_ranking(relevant: NDArray[np.bool_], similarity: NDArray[Any]) -> dict[str, float]:
    """Score one ranking.

    Parameters
    ----------
    relevant : (n_songs,) bool
        At least one song is.
    similarity : (n_songs,) float

    Examples
    --------
    >>> score_ranking(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]))["mean_ap"]
    0.8333333333333333
    """
    hits = relevant[np.argsort(-np.asarray(similarity, np.float64), kind="stable")]
    places = np.arange(1, len(hits) + 1)
    discounts = 1 / np.log2(places[:CUT] + 1)
    ideal = discounts[: int(hits.sum())].sum()
    return {
        "precision_at_10": float(hits[:CUT].mean()),
        "ndcg_at_10": float((hits[:CUT] * discounts).sum() / ideal),
        "mean_ap": float((np.cumsum(hits) / places)[hits].mean()),
    }


def has_score(relevance: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which queries have relevant songs and others."""
    return np.asarray(relevance.any(axis=1) & ~relevance.all(axis=1))


def score_queries(
    relevance: NDArray[np.bool_], similarities: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    """Score every query: metric -> (n_queries,)."""
    rows = [score_ranking(*row) for row in zip(relevance, similarities, strict=True)]
    return {name: np.array([row[name] for row in rows]) for name in METRICS}


def score_random(relevance: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """Score random orders: metric -> (n_queries,) means over shuffles."""
    rng = np.random.default_rng(_SEED)
    shape = (_N_SHUFFLES, relevance.shape[1])
    rows = [
        score_queries(np.broadcast_to(relevant, shape), rng.random(shape)) for relevant in relevance
    ]
    return {name: np.array([row[name].mean() for row in rows]) for name in METRICS}


def interval_of_mean(values: NDArray[np.float64]) -> dict[str, Any]:
    """Return the mean of some queries' values and its 95% interval, rounded to four places."""
    if not len(values):
        return {"value": None, "interval": None}
    rng = np.random.default_rng(_SEED)
    draws = values[rng.integers(len(values), size=(_N_DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return {
        "value": round(float(values.mean()), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }


def report_ways(
    relevance: NDArray[np.bool_], ways: Mapping[str, NDArray[Any]], *, baseline: str
) -> dict[str, Any]:
    """Score several ways of ranking on the same queries.

    Parameters
    ----------
    relevance : (n_queries, n_songs) bool
    ways : mapping of str to (n_queries, n_songs) float
    baseline : str
        The way that the others' gains are told over.

    Returns
    -------
    dict
        ``n_queries``, ``n_songs``, ``share_relevant``; for each way and for ``random`` each metric
        with its interval; ``gain``: each way's mean average precision over the baseline's.
    """
    counted = has_score(relevance)
    relevance = relevance[counted]
    scores = {name: score_queries(relevance, way[counted]) for name, way in ways.items()}
    scores["random"] = score_random(relevance)
    gains = {
        name: interval_of_mean(scores[name]["mean_ap"] - scores[baseline]["mean_ap"])
        for name in ways
        if name != baseline
    }
    return {
        "n_queries": len(relevance),
        "n_songs": relevance.shape[1],
        "share_relevant": round(float(relevance.mean()), 4) if relevance.size else None,
        "ways": {
            name: {metric: interval_of_mean(values) for metric, values in by_metric.items()}
            for name, by_metric in scores.items()
        },
        "gain_in_mean_ap": {"over": baseline, **gains},
    }


def choose_limit(
    relevance: NDArray[np.bool_], similarities: NDArray[Any]
) -> tuple[float, dict[str, float]]:
    """Choose the similarity from which songs pass: the largest mean F1 over the queries.

    Returns
    -------
    (limit, {"f1", "precision", "recall", "share_passing"}), means over the queries
    """
    counted = has_score(relevance)
    relevance, similarities = relevance[counted], similarities[counted]
    limits = np.round(np.arange(0.0, 1.0, 0.01), 2)
    told = [judge_limit(relevance, similarities, limit) for limit in limits.tolist()]
    best = max(range(len(limits)), key=lambda i: (told[i]["f1"], -limits[i]))
    return float(limits[best]), told[best]


def judge_limit(
    relevance: NDArray[np.bool_], similarities: NDArray[Any], limit: float
) -> dict[str, float]:
    """Judge the songs that pass a limit: means over the queries, where nothing passes 0."""
    passing = similarities >= limit
    hits = (passing & relevance).sum(axis=1)
    precision = hits / np.maximum(passing.sum(axis=1), 1)
    recall = hits / np.maximum(relevance.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {
        "f1": round(float(f1.mean()), 4),
        "precision": round(float(precision.mean()), 4),
        "recall": round(float(recall.mean()), 4),
        "share_passing": round(float(passing.mean()), 4),
    }
