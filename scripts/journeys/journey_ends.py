"""Putting the right songs at a journey's ends where songs are scarce.

Conventions
-----------
As :mod:`scripts.journeys.journey_way`.

Method
------
The search goes from the first mood to the last, so where few songs meet the wishes it may have
spent the one nearest to the last mood on an earlier place. The same songs are then put into a
better order: songs near an end are moved to it, or the part of the way up to it is turned around,
as long as that lowers the cost of the way, in which the two ends weigh heavily.
"""

from __future__ import annotations

from itertools import pairwise
from math import dist

from scripts.journeys.journey_way import ENERGY, VALENCE, Way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.journeys.journey_way import Candidate, Point

    Fits = Callable[[Candidate, Point], bool]

#: A song of the journey that is nearer to an end than the song there by more than this is moved.
TOLERANCE = 0.1

#: Songs near an end that are tried there, rounds of moves, and what an end weighs meanwhile.
TRIED = 8
ROUNDS = 12
END_WEIGHT = 30.0


def _away(song: Candidate, place: Point) -> float:
    return dist((song[VALENCE], song[ENERGY]), place)


def _nearest(songs: list[Candidate], now: Candidate, place: Point, fits: Fits) -> list[int]:
    """Order the positions of the songs that may stand at a place instead of the one there."""
    strict = fits(now, place)
    allowed = [i for i, song in enumerate(songs) if not strict or fits(song, place)]
    return sorted(allowed, key=lambda i: _away(songs[i], place))


def ends_are_met(songs: list[Candidate], start: Point, end: Point, fits: Fits) -> bool:
    """Whether no song of a journey is much nearer to one of its ends than the song there."""
    return all(
        _away(now, place) - _away(songs[_nearest(songs, now, place, fits)[0]], place) <= TOLERANCE
        for now, place in ((songs[0], start), (songs[-1], end))
    )


def _miss(songs: list[Candidate], start: Point, end: Point) -> float:
    return _away(songs[0], start) ** 2 + _away(songs[-1], end) ** 2


def _cost(way: Way, songs: list[Candidate], start: Point, end: Point) -> float:
    cost = END_WEIGHT * _miss(songs, start, end)
    cost += sum(way.place_cost(i, song) for i, song in enumerate(songs))
    return cost + sum(way.step_cost(a, b) for a, b in pairwise(songs))


def _moves(
    songs: list[Candidate], start: Point, end: Point, fits: Fits
) -> Iterator[list[Candidate]]:
    """Yield orders in which another song stands at one of the ends."""
    for k in _nearest(songs, songs[-1], end, fits)[:TRIED]:
        yield [*songs[:k], *songs[k + 1 :], songs[k]]
        yield [*songs[:k], *reversed(songs[k:])]
    for k in _nearest(songs, songs[0], start, fits)[:TRIED]:
        yield [songs[k], *songs[:k], *songs[k + 1 :]]
        yield [*reversed(songs[: k + 1]), *songs[k + 1 :]]


def mend_ends(start: Point, end: Point, songs: list[Candidate], fits: Fits) -> list[Candidate]:
    """Put the songs of a journey into an order whose ends sit where they should.

    Parameters
    ----------
    start, end : (valence, energy)
    songs : list of candidates
    fits : callable (song, place) -> bool
        Whether a song may stand at an end for more than where it sits. A song that does is not
        replaced by one that does not.

    Returns
    -------
    list of candidates
        The same songs; as they come where the ends are met already.
    """
    if len(songs) < 3 or ends_are_met(songs, start, end, fits):
        return songs
    way = Way(start, end, len(songs))
    cost = _cost(way, songs, start, end)
    for _ in range(ROUNDS):
        miss = _miss(songs, start, end)
        moves = _moves(songs, start, end, fits)
        orders = [order for order in moves if _miss(order, start, end) < miss]
        costs = [_cost(way, order, start, end) for order in orders]
        least = min(costs, default=cost)
        if least >= cost - 1e-12:
            break
        cost, songs = least, orders[costs.index(least)]
    return songs
