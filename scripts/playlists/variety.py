"""Weighing songs against each other: spread, and draws of chance.

Conventions
-----------
*Relevance* is a song's score within its pool, brought to [0, 1]: the pool's best is 1, its last 0.
Sounds are coordinates in all standardised audio features; their distances are in standard
deviations.

Method
------
Variety is maximal marginal relevance (Carbonell & Goldstein 1998, doi:10.1145/290941.291025): the
next song has the greatest (1 - v) relevance - v similarity, where similarity is 1 / (1 + d) to the
nearest song already chosen. Surprise is a draw without replacement (Gumbel's trick): a song is
taken first with a chance in proportion to exp(3 relevance), so the best is twenty times as likely
as the last. The draw hangs on the seed and the song id alone.
"""

from __future__ import annotations

import hashlib
import math

from scripts.playlists.walks import AT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from typing import Any

#: How strongly a draw prefers the better songs.
EAGERNESS = 3.0

#: A pool is so many times as large as the list, within these bounds. What a longer list needs
#: beyond its pool comes in the walk's own order.
POOL_FACTOR = 10
SMALLEST_POOL = 100
LARGEST_POOL = 1000


def pool_size(n: int) -> int:
    """Say how many candidates are weighed for a list of ``n`` songs.

    >>> pool_size(3), pool_size(20), pool_size(5000)
    (100, 200, 1000)
    """
    return max(SMALLEST_POOL, min(POOL_FACTOR * n, LARGEST_POOL))


def relevances(scores: Sequence[float]) -> list[float]:
    """Bring scores to [0, 1]; equal scores are all 1.

    >>> relevances([0.5, 0.4, 0.3])
    [1.0, 0.5, 0.0]
    """
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if high - low < 1e-12:
        return [1.0] * len(scores)
    return [round((score - low) / (high - low), 12) for score in scores]


def chance(seed: int, name: str) -> float:
    """Draw a number in (0, 1) that hangs on a seed and a name alone."""
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "replace")).digest()
    return (int.from_bytes(digest[:7], "big") + 0.5) / (1 << 56)


def surprised(scores: Sequence[float], names: Sequence[str], seed: int) -> list[float]:
    """Add chance to scores: sorted by the result, songs come in a seeded draw.

    Parameters
    ----------
    scores : sequence of float
    names : sequence of str
        The songs' ids.
    seed : int
    """
    return [
        EAGERNESS * relevance - math.log(-math.log(chance(seed, name)))
        for relevance, name in zip(relevances(scores), names, strict=True)
    ]


def sound_places(catalogue: sqlite3.Connection) -> Callable[[Any], tuple[float, ...]]:
    """Return what places a row among all standardised audio features."""
    from scripts.moods.features import FEATURES
    from scripts.playlists.nearest import SongTree

    tree = SongTree(catalogue, "sound")
    at = [AT[name] for name in FEATURES]
    return lambda row: tree.place([row[i] for i in at])


def similarity(one: Sequence[float], other: Sequence[float]) -> float:
    """Tell how alike two sounds are, in (0, 1].

    >>> similarity((0.0, 0.0), (3.0, 4.0))
    0.16666666666666666
    """
    return 1 / (1 + math.dist(one, other))


def best_of(relevance: Sequence[float], nearest: Sequence[float], variety: float) -> int:
    """Find the position of the greatest marginal relevance; of equal ones, the first.

    Parameters
    ----------
    relevance : sequence of float in [0, 1]
    nearest : sequence of float in [0, 1]
        Similarity of each song to the nearest one already chosen; 0 where there is none.
    variety : float in [0, 1]
    """
    worth = [
        (1 - variety) * match - variety * alike
        for match, alike in zip(relevance, nearest, strict=True)
    ]
    return max(range(len(worth)), key=worth.__getitem__)
