"""A journey of a wanted duration: as many songs as fit, and a few swapped to meet it.

Conventions
-----------
As :mod:`scripts.journeys.journey_way`; durations are in milliseconds. Songs of unknown duration
take no part. The *excess* of a journey is how far its duration lies outside the tolerance.

Method
------
The number of songs starts at the wanted duration over the mean duration near the way, and is set
right by the duration of the cheapest way of so many songs. Where that way misses the tolerance,
the one or two songs are swapped for others of their waypoints' candidates that mend it at the
least cost. Where no such swap does, a search in depth goes through the nearest candidates,
waypoint by waypoint, leaving out what can come no nearer. If that fails too, another number of
songs is tried, the likeliest first, up to ``MAX_TRIES``. The first journey within the tolerance is
taken, else the nearest seen.

So the tolerance is met whenever the nearest ``POOL`` candidates of the waypoints allow it for a
number tried, as long as the search in depth ends within ``MAX_LOOKS`` songs, which it does for a
handful of songs; with more, the swaps have so many choices that they rarely fail, but nothing is
proved.
"""

from __future__ import annotations

from scripts.journeys.journey_way import ARTIST, DURATION, POOL, WORK, Way, lay_longest, waypoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from scripts.journeys.journey_way import Candidate, CandidatesAt, Point

#: Most ways that are laid to learn how many songs to try first.
MAX_GUESSES = 3

#: Numbers of songs that are tried, swaps that are paired, songs a search in depth looks at.
MAX_TRIES = 9
MAX_SWAPS = 400
MAX_LOOKS = 20_000


class _Wish:
    """The wanted duration, its tolerance and how many songs an artist may have."""

    __slots__ = ("max_per_artist", "target", "tolerance")

    def __init__(self, target: int, tolerance: int, max_per_artist: int) -> None:
        self.target = target
        self.tolerance = tolerance
        self.max_per_artist = max_per_artist

    def excess(self, total: float) -> float:
        """Say how far a duration lies outside the tolerance."""
        return max(0, abs(total - self.target) - self.tolerance)

    def excess_between(self, least: float, most: float) -> float:
        """Give the least excess of the durations from ``least`` to ``most``."""
        return self.excess(min(max(self.target, least), most))

    def allows(self, songs: list[Candidate], song: Candidate) -> bool:
        """Whether a song may stand beside others that stand together already."""
        work, artist, left = song[WORK], song[ARTIST], self.max_per_artist
        for other in songs:
            if other[WORK] == work:
                return False
            left -= other[ARTIST] == artist
        return left > 0


def total_duration(songs: list[Candidate]) -> int:
    """Add the durations up."""
    return sum(song[DURATION] for song in songs)


def _swaps(way: Way) -> list[tuple[float, int, int, Candidate]]:
    """List (cost, gain of duration, position, song) of the cheapest swaps of one song."""
    found = []
    for i, old in enumerate(way.songs):
        was = way.cost_at(i, old)
        found += [
            (way.cost_at(i, song) - was, song[DURATION] - old[DURATION], i, song)
            for song in way.pools[i]
            if song is not old
        ]
    found.sort(key=lambda one: (one[0], one[2]))
    return found[:MAX_SWAPS]


def _pair_cost(way: Way, one: tuple[Any, ...], two: tuple[Any, ...]) -> float:
    """Cost of two swaps together; neighbours share a step that neither knows by itself."""
    first, second = (one, two) if one[2] < two[2] else (two, one)
    if second[2] - first[2] != 1:
        return one[0] + two[0]
    here, there = way.songs[first[2]], way.songs[second[2]]
    shared = way.step_cost(first[3], second[3]) + way.step_cost(here, there)
    return (
        one[0] + two[0] + shared - way.step_cost(first[3], there) - way.step_cost(here, second[3])
    )


def _swapped(way: Way, swaps: Sequence[tuple[Any, ...]], wish: _Wish) -> list[Candidate]:
    """Return the songs after some swaps, or none where they may not stand together."""
    songs = way.songs[:]
    for _, _, i, song in swaps:
        songs[i] = song
    allowed = all(wish.allows(songs[:i], song) for i, song in enumerate(songs))
    return songs if allowed else []


def swap_songs(way: Way, wish: _Wish) -> list[Candidate]:
    """Swap the one or two songs that bring a way nearest to its tolerance at the least cost."""
    total = total_duration(way.songs)
    best, best_songs = (wish.excess(total), 0.0), way.songs
    if best[0] == 0:
        return best_songs
    swaps = _swaps(way)
    for a, one in enumerate(swaps):
        if best[0] == 0 and one[0] + swaps[0][0] >= best[1]:
            break
        key = (wish.excess(total + one[1]), one[0])
        if key < best and (songs := _swapped(way, [one], wish)):
            best, best_songs = key, songs
        for two in swaps[:a]:
            excess = wish.excess(total + one[1] + two[1])
            if best[0] == 0 and one[0] + two[0] >= best[1]:
                break
            if excess > best[0] or one[2] == two[2]:
                continue
            key = (excess, _pair_cost(way, one, two))
            if key < best and (songs := _swapped(way, [one, two], wish)):
                best, best_songs = key, songs
    return best_songs


def search_in_depth(
    way: Way, pools: list[list[Candidate]], wish: _Wish, songs: list[Candidate]
) -> list[Candidate]:
    """Look for songs of the pools, one each, that come nearer to the tolerance than ``songs``."""
    least, most = [0], [0]  # of the last 0, 1, 2, … pools
    for pool in reversed(pools):
        durations = [song[DURATION] for song in pool]
        least.append(least[-1] + min(durations))
        most.append(most[-1] + max(durations))
    best, looks = wish.excess(total_duration(songs)), 0
    taken: list[Candidate] = []
    stack = [iter(_by_cost(way, pools[0], None))]
    while stack and best > 0 and looks < MAX_LOOKS:
        song = next(stack[-1], None)
        if song is None:
            stack.pop()
            if taken:
                taken.pop()
            continue
        looks += 1
        total, left = total_duration(taken) + song[DURATION], len(pools) - len(taken) - 1
        can_be = wish.excess_between(total + least[left], total + most[left])
        if can_be >= best or not wish.allows(taken, song):
            continue
        if left == 0:
            best, songs = can_be, [*taken, song]
        else:
            taken.append(song)
            stack.append(iter(_by_cost(way, pools[len(taken)], song)))
    return songs


def _by_cost(way: Way, pool: list[Candidate], here: Candidate | None) -> list[Candidate]:
    """Order a pool by the cost of the step to each song, then as it comes."""
    return pool if here is None else sorted(pool, key=lambda song: way.step_cost(here, song))


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


def _meet(way: Way, candidates_at: CandidatesAt, wish: _Wish) -> tuple[list[Candidate], int]:
    """Bring a way to its duration; also say which numbers of songs are left: -1 fewer, 1 more."""
    songs = swap_songs(way, wish)
    if wish.excess(total_duration(songs)) == 0:
        return songs, 0
    pools = [_take(candidates_at(i, point), POOL) for i, point in enumerate(way.waypoints)]
    pools = pools[: len(way.songs)]
    least, most = _bounds([*pools, *way.pools], len(way.songs))
    if wish.excess_between(least, most) < wish.excess(total_duration(songs)):
        songs = search_in_depth(way, pools, wish, songs)
    return songs, 1 if most < wish.target else -1 if least > wish.target else 0


def plan_minutes(
    start: Point,
    end: Point,
    candidates_at: CandidatesAt,
    max_per_artist: int,
    *,
    target_ms: int,
    tolerance_ms: int,
) -> list[Candidate]:
    """Choose the songs of a journey of a wanted duration.

    See :func:`scripts.journeys.journey.plan_journey`; at least one song, if any has a duration.
    """

    def known(i: int, point: Point) -> Iterator[Candidate]:
        return (song for song in candidates_at(i, point) if song[DURATION])

    def lay(n: int) -> Way:
        return lay_longest(start, end, n, known, max_per_artist)

    near = [song for i in range(3) for song in _take(known(i, waypoint(start, end, 3, i)), POOL)]
    if not near:
        return []
    wish = _Wish(target_ms, tolerance_ms, max_per_artist)
    typical = total_duration(near) / len(near)
    way = _first_way(lay, target_ms, typical)
    fewest, most = 1, len(way.songs) if len(way.songs) < way.n else len(way.songs) + 10**6
    tried: set[int] = set()
    nearest: list[Candidate] = []
    while True:
        n = len(way.songs)
        tried |= {n, way.n}
        songs, left = _meet(way, known, wish)
        if not nearest or wish.excess(total_duration(songs)) < wish.excess(total_duration(nearest)):
            nearest = songs
        fewest, most = max(fewest, n + 1) if left > 0 else fewest, n - 1 if left < 0 else most
        wanted = n + (target_ms - total_duration(way.songs)) / typical
        n = _next_number(wanted, fewest, most, tried)
        if wish.excess(total_duration(nearest)) == 0 or n == 0 or len(tried) >= MAX_TRIES:
            return nearest
        way = lay(n)
        if len(way.songs) < n:
            most = len(way.songs)


def _first_way(lay: Callable[[int], Way], target: int, typical: float) -> Way:
    """Lay a way of about the wanted duration: the mean duration of its songs says how many."""
    n = max(1, round(target / typical))
    for _ in range(MAX_GUESSES):
        way = lay(n)
        gap = target - total_duration(way.songs)
        wanted = max(1, round(len(way.songs) + gap / typical))
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
