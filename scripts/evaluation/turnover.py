"""How much of a list one word of feedback replaces.

Conventions
-----------
Pools are those of :func:`scripts.evaluation.replay.make_pools`; lists are their first ten songs
by score. *Replaced* is the mean share of the ten songs of a profile without feedback that are on
the next list no more, *kept* the share of cases in which the judged song still is.

Method
------
For each pool and each of its first ten songs: that song is judged, in a profile without any other
feedback, and the list that follows is drawn under several seeds, as the program would.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scripts.feedback.bandit import taste_bandit, taste_weights

#: What is said -> the reward of one judgement, and how often it is said of the same song.
WORDS: dict[str, tuple[float, int]] = {
    "one_like": (1.0, 1),
    "one_skip": (0.0, 1),
    "three_skips": (0.0, 3),
}

LIST_LENGTH = 10

_DRAWS = 10


def _next_lists(songs: NDArray[np.float64], judged: int, word: str) -> list[set[int]]:
    """List the songs, by their places in the pool, that follow a word on one of them."""
    reward, times = WORDS[word]
    bandit = taste_bandit()
    for _ in range(times):
        bandit.update(songs[judged].tolist(), reward)
    lists = []
    for seed in range(_DRAWS):
        scores = songs @ taste_weights(bandit, seed)
        lists.append(set(np.argsort(-scores, kind="stable")[:LIST_LENGTH].tolist()))
    return lists


def measure_turnover(pools: Mapping[str, NDArray[np.float64]]) -> dict[str, dict[str, float]]:
    """Measure what each of WORDS does to a list.

    Parameters
    ----------
    pools : dict of mood to (m, 12) float64

    Returns
    -------
    dict
        For each word ``replaced`` and ``kept``, shares in [0, 1].
    """
    told = {}
    for word in WORDS:
        replaced, kept = [], []
        for pool in pools.values():
            songs = pool[:, :-1]
            n = min(LIST_LENGTH, len(songs))
            for judged in range(n):
                for following in _next_lists(songs, judged, word):
                    replaced.append(1 - len(following & set(range(n))) / n)
                    kept.append(judged in following)
        told[word] = {
            "replaced": round(float(np.mean(replaced)), 3),
            "kept": round(float(np.mean(kept)), 3),
        }
    return told
