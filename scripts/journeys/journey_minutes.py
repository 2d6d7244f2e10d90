"""A journey of a wanted duration: how many songs, and which ones.

Conventions
-----------
As :mod:`scripts.journeys.journey_fit`. Songs of unknown duration take no part.

Method
------
1. The number of songs starts at the wanted duration over the mean duration near the way, and is
   set right by the duration of the cheapest way of so many songs. Where that way misses the
   tolerance it is brought to it by swaps, then in depth. If that fails, another number of songs is
   tried, the likeliest first.
2. Where nothing fits, the songs that fit may lie beyond the nearest of each waypoint: ways are laid
   over only the songs that last about one n-th of the wanted duration, for the likely numbers n.
   Up to three such songs fit together in any case, more of them after a swap or two.
3. At last, for up to ``MOST_SEARCHED`` songs, the search by duration over many more candidates.

The journey that misses the wish by the least is taken, so one song alone only where no two were
found that are not too long: it would lead nowhere. At most ``MOST_SONGS`` songs are taken.
"""

from __future__ import annotations

from scripts.journeys.journey_fit import (
    MOST_SEARCHED,
    Wish,
    search_by_duration,
    search_in_depth,
    swap_songs,
    total_duration,
)
from scripts.journeys.journey_way import (
    DURATION,
    MOST_SONGS,
    POOL,
    WORK,
    Way,
    lay_longest,
    waypoint,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from scripts.journeys.journey_way import Candidate, CandidatesAt, Point

    #: Makes the candidates that last at least and at most so many milliseconds.
    CandidatesLasting = Callable[[int, int], CandidatesAt]

#: Most ways that are laid to learn how many songs to try first.
MAX_GUESSES = 3

#: Numbers of songs that are tried at each stage, and how many songs their ways may have in all.
MAX_TRIES = 9
MAX_LAID = 400

#: How often many songs that last about as long are looked for in a wider range.
MAX_WIDER = 3

#: Candidates that are looked at by duration, all waypoints together.
FITTED_POOLS = 1200


class _Plan:
    """What is asked for, and the nearest journey to it so far."""

    __slots__ = ("end", "lasting", "nearest", "start", "wish")

    def __init__(self, start: Point, end: Point, lasting: CandidatesLasting, wish: Wish) -> None:
        self.start = start
        self.end = end
        self.lasting = lasting
        self.wish = wish
        self.nearest: list[Candidate] = []

    @property
    def is_met(self) -> bool:
        """Whether the nearest journey is what was asked for."""
        return self.wish.miss(self.nearest) == (False, 0)

    def lay(self, n: int, candidates_at: CandidatesAt) -> Way:
        return lay_longest(self.start, self.end, n, candidates_at, self.wish.max_per_artist)

    def offer(self, songs: list[Candidate]) -> None:
        """Keep a journey if it is nearer."""
        if songs and (not self.nearest or self.wish.miss(songs) < self.wish.miss(self.nearest)):
            self.nearest = songs


def choose_lasting(candidates_at: CandidatesAt) -> CandidatesLasting:
    """Read past the candidates of any other duration, and of none."""

    def lasting(least: int, most: int) -> CandidatesAt:
        def at(i: int, point: Point) -> Iterator[Candidate]:
            return (
                song for song in candidates_at(i, point) if least <= (song[DURATION] or 0) <= most
            )

        return at

    return lasting


def _take(candidates: Iterator[Candidate], n: int) -> list[Candidate]:
    return [song for _, song in zip(range(n), candidates, strict=False)]


def _bounds(pools: list[list[Candidate]], n: int) -> tuple[int, int]:
    """Bound the duration of any n songs of the pools, a work once, from below and above."""
    shortest: dict[Any, int] = {}
    longest: dict[Any, int] = {}
    for pool in pools:
        for song in pool:
            work, duration = song[WORK], song[DURATION]
            shortest[work] = min(duration, shortest.get(work, duration))
            longest[work] = max(duration, longest.get(work, duration))
    return sum(sorted(shortest.values())[:n]), sum(sorted(longest.values(), reverse=True)[:n])


def _meet(way: Way, candidates_at: CandidatesAt, wish: Wish) -> tuple[list[Candidate], int]:
    """Bring a way to its duration; also say which numbers of songs are left: -1 fewer, 1 more."""
    songs = swap_songs(way, wish)
    if wish.excess(total_duration(songs)) == 0:
        return songs, 0
    pools = [_take(candidates_at(i, point), POOL) for i, point in enumerate(way.waypoints)]
    pools = pools[: len(way.songs)]
    least, most = _bounds([*pools, *way.pools], len(way.songs))
    searchable = len(way.songs) <= MOST_SEARCHED
    if searchable and wish.excess_between(least, most) < wish.excess(total_duration(songs)):
        songs = search_in_depth(way, pools, wish, songs)
    return songs, 1 if most < wish.target else -1 if least > wish.target else 0


def plan_minutes(
    start: Point,
    end: Point,
    candidates_at: CandidatesAt,
    candidates_lasting: CandidatesLasting,
    max_per_artist: int,
    *,
    target_ms: int,
    tolerance_ms: int,
) -> list[Candidate]:
    """Choose the songs of a journey of a wanted duration.

    See :func:`scripts.journeys.journey.plan_journey`; at least one song, if any has a duration.
    """
    wish = Wish(target_ms, tolerance_ms, max_per_artist)
    plan = _Plan(start, end, candidates_lasting, wish)

    def any_length(i: int, point: Point) -> Iterator[Candidate]:
        return (song for song in candidates_at(i, point) if song[DURATION])

    places = [waypoint(start, end, 3, i) for i in range(3)]
    near = [song for i, place in enumerate(places) for song in _take(any_length(i, place), POOL)]
    if not near:
        return []
    typical = total_duration(near) / len(near)
    most = _try_nearest(plan, any_length, typical)
    numbers = _likely_numbers(target_ms / typical, most)
    for fit in (_try_alike, _try_by_duration):
        for n in numbers:
            if plan.is_met:
                return plan.nearest
            fit(plan, n)
    for fit in (_try_alike, _try_by_duration):
        if wish.miss(plan.nearest)[0]:
            fit(plan, 1)
    return plan.nearest


def _try_nearest(plan: _Plan, candidates_at: CandidatesAt, typical: float) -> int:
    """Try the nearest candidates of each waypoint; say how many songs there can be at most."""
    target = plan.wish.target
    way = _first_way(plan, candidates_at, typical)
    there_are = len(way.songs) if len(way.songs) < way.n else MOST_SONGS
    fewest, most = 2, there_are
    tried: set[int] = set()
    while True:
        n = len(way.songs)
        tried |= {n, way.n}
        songs, left = _meet(way, candidates_at, plan.wish)
        plan.offer(songs)
        fewest, most = max(fewest, n + 1) if left > 0 else fewest, n - 1 if left < 0 else most
        wanted = n + (target - total_duration(way.songs)) / typical
        n = _next_number(wanted, fewest, most, tried)
        if plan.is_met or n == 0 or len(tried) >= MAX_TRIES or sum(tried) + n > MAX_LAID:
            return there_are
        way = plan.lay(n, candidates_at)
        if len(way.songs) < n:
            most = there_are = len(way.songs)


def _first_way(plan: _Plan, candidates_at: CandidatesAt, typical: float) -> Way:
    """Lay a way of about the wanted duration: the mean duration of its songs says how many."""
    target = plan.wish.target
    n = min(max(2, round(target / typical)), MOST_SONGS)
    for _ in range(MAX_GUESSES):
        way = plan.lay(n, candidates_at)
        gap = target - total_duration(way.songs)
        wanted = min(max(2, round(len(way.songs) + gap / typical)), MOST_SONGS)
        if wanted == n or len(way.songs) < n:
            break
        n = wanted
    return way


def _next_number(wanted: float, fewest: int, most: int, tried: set[int]) -> int:
    """Choose the number of songs nearest to the wanted one that is not yet tried, or 0."""
    middle = round(min(max(wanted, fewest), most))
    around = range(max(fewest, middle - MAX_TRIES), min(most, middle + MAX_TRIES) + 1)
    left = [n for n in around if n not in tried]
    return min(left, key=lambda n: (abs(n - wanted), n), default=0)


def _likely_numbers(wanted: float, most: int) -> list[int]:
    """List the numbers of songs from 2 that are nearest to the wanted one, the nearest first."""
    tried: set[int] = set()
    numbers: list[int] = []
    while len(numbers) < MAX_TRIES and (n := _next_number(wanted, 2, most, tried)):
        if numbers and sum(numbers) + n > MAX_LAID // 2:
            break
        numbers.append(n)
        tried.add(n)
    return numbers


def _try_alike(plan: _Plan, n: int) -> None:
    """Try songs that all last about one n-th of the wanted duration."""
    wish = plan.wish
    off = wish.tolerance // min(n, 3)
    for _ in range(MAX_WIDER):
        low, high = max(1, wish.target // n - off), wish.target // n + off
        way = plan.lay(n, plan.lasting(low, high))
        if len(way.songs) == n or n <= MOST_SEARCHED:
            break
        off *= 4
    if way.songs:
        plan.offer(swap_songs(way, wish))


def _try_by_duration(plan: _Plan, n: int) -> None:
    """Search many more candidates of each waypoint by duration."""
    if n > MOST_SEARCHED:
        return
    wish = plan.wish
    way = Way(plan.start, plan.end, n)
    leads_not, excess = wish.miss(plan.nearest)
    # a song alone may be too long, where all are; two that lead may be as short as they are
    longest = wish.longest + (excess if n == 1 else 0)
    shortest = 0 if leads_not and n > 1 else wish.target - wish.tolerance - excess
    candidates_at = plan.lasting(1, longest)
    size = FITTED_POOLS // n
    pools = [_take(candidates_at(i, place), size) for i, place in enumerate(way.waypoints)]
    if all(pools):
        plan.offer(search_by_duration(way, pools, wish, shortest, longest))
