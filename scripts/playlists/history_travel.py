"""Journeys through the songs that a listener likes better.

Conventions
-----------
Places are (valence, energy) in [0, 1], and so are distances.

Method
------
The songs nearest to each place of the way are weighed together. At a weight t of taste the worst
:data:`MOST_KEPT_OUT` t of them set the limit: no song that the listener likes less is at hand. The
journey among the others is taken if it is as long as asked, its steps are even within
:data:`ROUGHER` more than those of the journey among all songs, and no song lies further from its
place on the way than :data:`FURTHER` beyond the furthest of that one. Otherwise fewer songs are
kept out (:data:`PARTS`); if none of that helps, the journey stays as it was.
"""

from __future__ import annotations

import math

from scripts.journeys.journey import step_deviation
from scripts.journeys.journey_way import waypoint
from scripts.playlists.walks import AT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.playlists.history_order import TasteOrder
    from scripts.playlists.history_taste import Weighing
    from scripts.playlists.walks import Candidate

    Place = tuple[float, float]

#: The share of the songs near the way that taste alone keeps out.
MOST_KEPT_OUT = 0.8

#: How much rougher a journey may become: the root mean square deviation of its steps from even
#: ones, and the greatest distance of a song from its place on the way.
ROUGHER = 0.01
FURTHER = 0.02

#: Parts of that share that are tried, one after the other.
PARTS = (1.0, 0.75, 0.5, 0.25)

#: Songs near the way that are weighed.
WEIGHED = 2_000

_PLACE = (AT["valence"], AT["energy"])


def travel_liked(
    order: TasteOrder,
    path: tuple[Place, Place],
    plain: list[Candidate],
    songs_near: Callable[[Place], Iterator[Candidate]],
    plan: Callable[[Callable[[Candidate], bool]], list[Candidate]],
) -> list[Candidate]:
    """Plan a journey among the songs that a listener likes better.

    Parameters
    ----------
    order : TasteOrder
    path : (start, end)
    plain : list of candidates
        The journey among all songs; at least one.
    songs_near : callable
        Walks the songs that meet the wishes, nearest to a place first.
    plan : callable
        Plans the journey among the candidates for which its argument is true; empty where they
        are too few.
    """
    rows = {}
    each = max(1, WEIGHED // len(plain))
    for i in range(len(plain)):
        place = waypoint(*path, len(plain), i)
        for candidate, _ in zip(songs_near(place), range(each), strict=False):
            rows[candidate.row[AT["rank"]]] = candidate.row
    weighing = order.weigh(list(rows.values()))
    tastes = sorted(weighing.score(row) for row in rows.values())
    for part in PARTS:
        share = part * MOST_KEPT_OUT * order.share
        limit = tastes[min(len(tastes) - 1, int(share * len(tastes)))]
        found = plan(_at_least(weighing, limit))
        if found and _is_smooth(found, plain, path):
            return found
    return plain


def _at_least(weighing: Weighing, limit: float) -> Callable[[Candidate], bool]:
    return lambda candidate: weighing.score(candidate.row) >= limit


def _is_smooth(found: list[Candidate], plain: list[Candidate], path: tuple[Place, Place]) -> bool:
    new, old = _roughness(found, path), _roughness(plain, path)
    return new[0] <= old[0] + ROUGHER and new[1] <= old[1] + FURTHER


def _roughness(songs: list[Candidate], path: tuple[Place, Place]) -> tuple[float, float]:
    """Return the root mean square deviation of a step and the greatest distance from the way."""
    points = [(song.row[_PLACE[0]], song.row[_PLACE[1]]) for song in songs]
    return (
        math.sqrt(step_deviation(points)),
        max(song.distance or 0.0 for song in songs),
    )
