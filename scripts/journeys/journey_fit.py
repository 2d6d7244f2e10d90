"""Bring a journey to its duration: swaps, a search in depth, and a search by duration.

Conventions
-----------
As :mod:`scripts.journeys.journey_way`; durations are in milliseconds. The *excess* of a journey is
how far its duration lies outside the tolerance. A journey *leads* if it has two songs or more and
is not too long; one that leads counts as nearer to the wish than any that does not.

Method
------
*Swaps*: the one or two songs that bring a way nearest to its duration at the least cost.

*In depth*: the candidates of every waypoint are tried in turn, leaving out what can come no nearer.

*By duration*: Viterbi's search again, with the duration so far as part of the state: waypoint by
waypoint the cheapest way of each of ``CLASSES`` classes of durations goes on, if the songs that
follow can still bring it near enough. It finds songs of very different durations that fit
together wherever they lie, but, as ways of one class stand for each other, it proves nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from scripts.journeys.journey_way import ARTIST, DURATION, WORK, Way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scripts.journeys.journey_way import Candidate

#: Most songs of a journey that is searched in depth or by duration.
MOST_SEARCHED = 24

#: Swaps that are paired, songs a search in depth looks at, classes of durations.
MAX_SWAPS = 400
MAX_LOOKS = 20_000
CLASSES = 400


class Wish:
    """The wanted duration, its tolerance and how many songs an artist may have."""

    __slots__ = ("max_per_artist", "target", "tolerance")

    def __init__(self, target: int, tolerance: int, max_per_artist: int) -> None:
        self.target = target
        self.tolerance = tolerance
        self.max_per_artist = max_per_artist

    @property
    def longest(self) -> int:
        """The longest duration allowed."""
        return self.target + self.tolerance

    def excess(self, total: int) -> int:
        """Say how far a duration lies outside the tolerance."""
        return max(0, abs(total - self.target) - self.tolerance)

    def excess_between(self, least: int, most: int) -> int:
        """Give the least excess of the durations from ``least`` to ``most``."""
        return self.excess(min(max(self.target, least), most))

    def miss(self, songs: list[Candidate]) -> tuple[bool, int]:
        """Order journeys by how far they miss the wish: whether they do not lead, the excess."""
        total = total_duration(songs)
        return len(songs) < 2 or total > self.longest, self.excess(total)

    def allows(self, songs: Sequence[Candidate], song: Candidate) -> bool:
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


class _Held:
    """What the songs of a way hold, so that a swap is judged without looking at all of them."""

    __slots__ = ("artists", "cap", "songs", "works")

    def __init__(self, songs: list[Candidate], cap: int) -> None:
        self.songs = songs
        self.cap = cap
        self.works = {song[WORK]: i for i, song in enumerate(songs)}
        self.artists: dict[Any, int] = {}
        for song in songs:
            self.artists[song[ARTIST]] = self.artists.get(song[ARTIST], 0) + 1

    def swapped(self, *swaps: tuple[Any, ...]) -> list[Candidate]:
        """Return the songs after some swaps, or none where they may not stand together."""
        gone = {i for _, _, i, _ in swaps}
        works, artists = set(), [self.songs[i][ARTIST] for i in gone]
        come = [song[ARTIST] for *_, song in swaps]
        for *_, song in swaps:
            artist = song[ARTIST]
            if self.works.get(song[WORK], -1) not in gone | {-1} or song[WORK] in works:
                return []
            works.add(song[WORK])
            many = self.artists.get(artist, 0) - artists.count(artist) + come.count(artist)
            if many > self.cap:
                return []
        songs = self.songs[:]
        for _, _, i, song in swaps:
            songs[i] = song
        return songs


def swap_songs(way: Way, wish: Wish) -> list[Candidate]:
    """Swap the one or two songs that bring a way nearest to its tolerance at the least cost."""
    total = total_duration(way.songs)
    best, best_songs = (wish.excess(total), 0.0), way.songs
    if best[0] == 0:
        return best_songs
    swaps, held = _swaps(way), _Held(way.songs, wish.max_per_artist)
    for a, one in enumerate(swaps):
        if best[0] == 0 and one[0] + swaps[0][0] >= best[1]:
            break
        key = (wish.excess(total + one[1]), one[0])
        if key < best and (songs := held.swapped(one)):
            best, best_songs = key, songs
        for two in swaps[:a]:
            excess = wish.excess(total + one[1] + two[1])
            if best[0] == 0 and one[0] + two[0] >= best[1]:
                break
            if excess > best[0] or one[2] == two[2]:
                continue
            key = (excess, _pair_cost(way, one, two))
            if key < best and (songs := held.swapped(one, two)):
                best, best_songs = key, songs
    return best_songs


def search_in_depth(
    way: Way, pools: list[list[Candidate]], wish: Wish, songs: list[Candidate]
) -> list[Candidate]:
    """Look for songs of the pools, one each, that come nearer to the tolerance than ``songs``."""
    least, most = _ends(pools)
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


def _ends(pools: list[list[Candidate]]) -> tuple[list[int], list[int]]:
    """Bound the duration of the last 0, 1, 2, … songs from below and above."""
    least, most = [0], [0]
    for pool in reversed(pools):
        durations = [song[DURATION] for song in pool]
        least.append(least[-1] + min(durations))
        most.append(most[-1] + max(durations))
    return least, most


def search_by_duration(
    way: Way, pools: list[list[Candidate]], wish: Wish, low: int, high: int
) -> list[Candidate]:
    """Look for songs of the pools, one each, that last ``low`` to ``high`` together.

    Returns
    -------
    list of candidates
        Those of the least excess, of equals the cheapest; none where nothing is found.
    """
    least, most = _ends(pools)
    width = max(1.0, high / CLASSES)
    ways: list[tuple[float, int, tuple[Candidate, ...]]] = [(0.0, 0, ())]
    for i, pool in enumerate(pools):
        by_duration = sorted(pool, key=lambda song: song[DURATION])
        durations = [song[DURATION] for song in by_duration]
        costs = [way.place_cost(i, song) for song in by_duration]
        left = len(pools) - i - 1
        best: dict[float, tuple[float, int, tuple[Candidate, ...]]] = {}
        for cost, so_far, taken in ways:
            first = bisect_left(durations, low - most[left] - so_far)
            last = bisect_right(durations, high - least[left] - so_far)
            for at in range(first, last):
                song, total = by_duration[at], so_far + durations[at]
                # ways that end here are told apart by what counts in the end
                kind = total // width if left else wish.excess(total)
                new = cost + costs[at] + (way.step_cost(taken[-1], song) if i else 0.0)
                if (kind not in best or new < best[kind][0]) and wish.allows(taken, song):
                    best[kind] = new, total, (*taken, song)
        ways = [best[kind] for kind in sorted(best)]
    return list(ways[0][2]) if ways else []
