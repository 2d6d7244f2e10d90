"""The search for the smoothest way from one mood to another over a catalogue's songs.

Conventions
-----------
A place is a pair (valence, energy), each in [0, 1], as the song tables hold them. The *even way*
of n songs is the straight line from the first mood to the last, cut into n - 1 equal steps; its
joints are the *waypoints*. A way of one song sits at the first mood.

A *candidate* is a tuple (distance to its waypoint, rank, valence, energy, work_id, artist_id,
duration_ms or None); what stands behind these seven is carried along. The versions of a work are
by one artist.

Method
------
A way costs the sum over its steps of the squared difference between step and even step, plus
``LENGTH_WEIGHT`` times the squared difference of their lengths, plus ``END_WEIGHT`` times the
squared distances of the first and the last song from their moods, plus ``DRIFT_WEIGHT`` times that
of every other song from its waypoint. The cost adds up step by step, so the search is Viterbi's
(1967, doi:10.1109/TIT.1967.1054010): waypoint by waypoint, for each of the nearest ``POOL``
candidates the cheapest ``KEPT`` ways that end there and break no wish, and of all those ``BEAM``
go on. It is a beam search and no proof of the best way, since the wishes (no work twice, so many
songs of an artist) reach back over the whole way. Equal costs go by rank.

A candidate that no way of the beam may hold does not count among the ``POOL``, so the search
reads on where songs are few. It stops short only where no song of the catalogue can be added to
any way; no other choice would have held more songs, because a set of songs with one a work and so
many an artist can be added to until it is as large as any (the works of an artist are his own).
"""

from __future__ import annotations

from math import hypot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Point = tuple[float, float]
    Candidate = tuple[Any, ...]
    CandidatesAt = Callable[[int, Point], Iterator[Candidate]]

#: Most songs of a journey.
MOST_SONGS = 200

#: Candidates of a waypoint that are looked at.
POOL = 24

#: Ways kept for each candidate, and in all.
KEPT = 2
BEAM = 32

LENGTH_WEIGHT = 3.0
END_WEIGHT = 3.0
DRIFT_WEIGHT = 0.01

#: Places of a candidate's parts.
RANK, VALENCE, ENERGY, WORK, ARTIST, DURATION = 1, 2, 3, 4, 5, 6


def waypoint(start: Point, end: Point, n: int, i: int) -> Point:
    """Return the i-th of n waypoints, counted from 0.

    >>> waypoint((0.0, 1.0), (1.0, 0.0), 5, 1)
    (0.25, 0.75)
    """
    if i == 0:
        return start
    if i == n - 1:
        return end
    part = i / (n - 1)
    return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


class Way:
    """A journey, the candidates it was chosen from, and what its songs and steps cost.

    Attributes
    ----------
    n : int
        Songs asked for.
    songs : list of candidates
        Fewer than ``n`` where none could be added.
    pools : list of lists of candidates, one a waypoint
    """

    __slots__ = ("even", "even_length", "n", "pools", "songs", "waypoints")

    def __init__(self, start: Point, end: Point, n: int) -> None:
        steps = max(n - 1, 1)
        self.n = n
        self.waypoints = [waypoint(start, end, n, i) for i in range(n)]
        self.even = ((end[0] - start[0]) / steps, (end[1] - start[1]) / steps)
        self.even_length = hypot(*self.even)
        self.songs: list[Candidate] = []
        self.pools: list[list[Candidate]] = []

    def place_cost(self, i: int, song: Candidate) -> float:
        """Cost of where the i-th song sits."""
        x, y = self.waypoints[i]
        weight = END_WEIGHT if i in (0, self.n - 1) else DRIFT_WEIGHT
        return weight * ((song[VALENCE] - x) ** 2 + (song[ENERGY] - y) ** 2)

    def step_cost(self, here: Candidate, there: Candidate) -> float:
        """Cost of one step."""
        x, y = there[VALENCE] - here[VALENCE], there[ENERGY] - here[ENERGY]
        across, up = x - self.even[0], y - self.even[1]
        uneven = hypot(x, y) - self.even_length
        return across * across + up * up + LENGTH_WEIGHT * uneven * uneven

    def cost_at(self, i: int, song: Candidate) -> float:
        """Cost of a song at the i-th place between the neighbours there are."""
        cost = self.place_cost(i, song)
        if i > 0:
            cost += self.step_cost(self.songs[i - 1], song)
        if i + 1 < len(self.songs):
            cost += self.step_cost(song, self.songs[i + 1])
        return cost


class _Front:
    """The ways that reach one waypoint, the cheapest first: parallel lists, one entry a way.

    What a way has used is held in two whole numbers: a bit a work, and a counter an artist.
    """

    __slots__ = ("artists", "costs", "parents", "songs", "works")

    def __init__(self, ways: list[tuple[float, int, int, Candidate, int, int]]) -> None:
        self.costs = [way[0] for way in ways]
        self.parents = [way[2] for way in ways]
        self.songs = [way[3] for way in ways]
        self.works = [way[4] for way in ways]
        self.artists = [way[5] for way in ways]


class _Marks:
    """Which bit stands for a work, and where an artist's counter starts."""

    __slots__ = ("cap", "field", "shifts", "width", "works")

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.width = cap.bit_length()
        self.field = (1 << self.width) - 1
        self.works: dict[Any, int] = {}
        self.shifts: dict[Any, int] = {}

    def of(self, song: Candidate) -> tuple[int, int]:
        """Return the work's bit and the artist's place."""
        work = self.works.setdefault(song[WORK], 1 << len(self.works))
        return work, self.shifts.setdefault(song[ARTIST], self.width * len(self.shifts))


def _read_pool(candidates: Iterator[Candidate], front: _Front, marks: _Marks) -> list[Candidate]:
    """Take the nearest candidates that at least one way may still hold."""
    pool: list[Candidate] = []
    cap, field = marks.cap, marks.field
    gone = front.works[0]  # works that every way holds
    for works in front.works:
        gone &= works
    used = list(zip(front.works, front.artists, strict=True))
    for song in candidates:
        work, shift = marks.of(song)
        if work & gone:
            continue
        if any(not works & work and artists >> shift & field < cap for works, artists in used):
            pool.append(song)
            if len(pool) == POOL:
                break
    return pool


def _step_costs(way: Way, front: _Front, song: Candidate) -> list[float]:
    """Cost of every way of the front with the step to a song; :meth:`Way.step_cost` unrolled."""
    x, y, even = song[VALENCE], song[ENERGY], way.even_length
    x_left, y_left = x - way.even[0], y - way.even[1]
    return [
        cost
        + (across := x_left - here[VALENCE]) * across
        + (up := y_left - here[ENERGY]) * up
        + (uneven := hypot(x - here[VALENCE], y - here[ENERGY]) - even) * uneven * LENGTH_WEIGHT
        for cost, here in zip(front.costs, front.songs, strict=True)
    ]


def _extend(way: Way, i: int, front: _Front, marks: _Marks) -> _Front:
    """Lead the ways on to the i-th waypoint."""
    cap, field, all_works, all_artists = marks.cap, marks.field, front.works, front.artists
    found = []
    for song in way.pools[i]:
        work, shift = marks.of(song)
        costs = _step_costs(way, front, song) if i else front.costs
        here, kept = way.place_cost(i, song), 0
        for parent in sorted(range(len(costs)), key=costs.__getitem__):
            works, artists = all_works[parent], all_artists[parent]
            if works & work or artists >> shift & field >= cap:
                continue
            cost = costs[parent] + here
            found.append((cost, song[RANK], parent, song, works | work, artists + (1 << shift)))
            kept += 1
            if kept == KEPT:
                break
    found.sort(key=lambda one: one[:3])
    return _Front(found[:BEAM])


def lay_way(
    start: Point, end: Point, n: int, candidates_at: CandidatesAt, max_per_artist: int
) -> Way:
    """Search for the cheapest way of n songs; see the module's method.

    Returns
    -------
    Way
        With fewer than n songs where no other song could be added to them.
    """
    way = Way(start, end, n)
    marks = _Marks(min(max_per_artist, n))
    front = _Front([(0.0, 0, 0, (), 0, 0)])
    trail: list[tuple[list[Candidate], list[int]]] = []
    for i, point in enumerate(way.waypoints):
        pool = _read_pool(candidates_at(i, point), front, marks)
        if not pool:
            break
        way.pools.append(pool)
        front = _extend(way, i, front, marks)
        trail.append((front.songs, front.parents))
    at = 0
    for songs, parents in reversed(trail):
        way.songs.append(songs[at])
        at = parents[at]
    way.songs.reverse()
    return way


def lay_longest(
    start: Point, end: Point, n: int, candidates_at: CandidatesAt, max_per_artist: int
) -> Way:
    """As :func:`lay_way`; where there are fewer songs, lay these out evenly over the whole way."""
    way = lay_way(start, end, n, candidates_at, max_per_artist)
    if not 0 < len(way.songs) < n:
        return way
    again = lay_way(start, end, len(way.songs), candidates_at, max_per_artist)
    return again if len(again.songs) == again.n else way
