"""What the topics of lyrics are, and which moods' songs they are sung in.

Conventions
-----------
Shares are in [0, 1]. A mood's share of a topic is the mean over its songs; its 95% interval is
normal, and there is none (null) for fewer than ten songs. A share is *clear* if it differs from the
mean of all songs at a level of 5% over all cells of the table together (Bonferroni): with forty
cells, two would else differ by luck. What luck does is told by the spread of all songs, not by that
of the mood's own, which is next to nothing for a topic that its songs happen to miss. Songs without
a mood, or without words, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from scripts.evaluation.metrics import MIN_PAIRS
from scripts.evaluation.plot_style import quadrant_order
from scripts.learning.topics import Topics

_Z95 = 1.959963984540054


class MoodShares(NamedTuple):
    """Mean share of each topic among the songs of each mood."""

    moods: list[str]
    n_songs: NDArray[np.int64]  # (m,)
    share: NDArray[np.float64]  # (m, k)
    half: NDArray[np.float64]  # (m, k), half the width of the 95% interval; NaN for few songs
    clear: NDArray[np.bool_]  # (m, k)
    overall: NDArray[np.float64]  # (k,), of all songs with a mood


def shares_by_mood(shares: NDArray[np.float32], moods: Sequence[str]) -> MoodShares:
    """Average the shares of the topics over the songs of each mood.

    Parameters
    ----------
    shares : (n, k) float32
        Rows of zeros are songs without words.
    moods : sequence of n str
        "" for a song without a mood.

    Raises
    ------
    ValueError
        If there are not as many moods as rows.

    Examples
    --------
    >>> table = shares_by_mood(np.float32([[1, 0], [0.5, 0.5], [0, 1]]), ["sad", "sad", "happy"])
    >>> table.moods, table.share.tolist(), table.overall.tolist()
    (['happy', 'sad'], [[0.0, 1.0], [0.75, 0.25]], [0.5, 0.5])
    """
    if len(moods) != len(shares):
        raise ValueError(f"{len(moods)} moods for {len(shares)} songs: one each is needed")
    named = np.array(list(moods), dtype=object)
    used = shares.any(axis=1) & (named != "") if shares.size else np.zeros(len(shares), bool)
    values, named = shares[used].astype(np.float64), named[used]
    names = quadrant_order(sorted(set(named.tolist())))
    m, k = len(names), shares.shape[1]
    share, half, luck = (np.full((m, k), math.nan) for _ in range(3))
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(k)
    counts = np.zeros(m, np.int64)
    for row, name in enumerate(names):
        own = values[named == name]
        counts[row], share[row] = len(own), own.mean(axis=0)
        if len(own) >= MIN_PAIRS:
            half[row] = _Z95 * own.std(axis=0, ddof=1) / math.sqrt(len(own))
            luck[row] = spread * math.sqrt(1 / len(own) - 1 / len(values))
    overall = values.mean(axis=0) if len(values) else np.full(k, math.nan)
    limit = float(norm.isf(0.025 / max(1, m * k)))
    clear = np.abs(share - overall) > limit * np.nan_to_num(luck, nan=math.inf)
    return MoodShares(names, counts, share, half, clear, overall)


def _cell(table: MoodShares, row: int, topic: int) -> dict[str, Any]:
    share, half = float(table.share[row, topic]), float(table.half[row, topic])
    known = math.isfinite(half)
    return {
        "share": round(share, 4),
        "low": round(max(0.0, share - half), 4) if known else None,
        "high": round(min(1.0, share + half), 4) if known else None,
        "clear": bool(table.clear[row, topic]),
    }


def report_topics(topics: Topics, moods: Sequence[str]) -> dict[str, Any]:
    """Report the topics, how their number was chosen, and their shares by mood.

    Parameters
    ----------
    topics : Topics
    moods : sequence of str
        One a lyric: the mood of its song, "" for none.

    Returns
    -------
    dict
        What :meth:`Topics.to_numbers` gives, with ``by_mood``: per mood ``n_songs`` and a list of
        ``share``, ``low``, ``high``, ``clear``, one a topic; and ``overall``, the mean of all.
    """
    numbers = topics.to_numbers()
    if topics.model is None:
        return {**numbers, "by_mood": {}, "overall": []}
    table = shares_by_mood(topics.shares, moods)
    by_mood = {
        name: {
            "n_songs": int(table.n_songs[row]),
            "topics": [_cell(table, row, topic) for topic in range(len(table.overall))],
        }
        for row, name in enumerate(table.moods)
    }
    overall = [round(float(share), 4) for share in table.overall] if by_mood else []
    return {**numbers, "by_mood": by_mood, "overall": overall}
