"""Three other ways to choose the songs of a journey, under the same wishes.

Conventions
-----------
``points`` is (n_songs, 2) of valence and energy in [0, 1]; a song is its row, and rows stand in
the order of rank. Every way keeps to one song a work and so many songs an artist.

Method
------
*Straight line*: for each waypoint of the even way in turn, the nearest song that is still allowed.

*Graph*: songs are joined to their ``NEIGHBOURS`` nearest (more, by doubling, until every journey
can be made), an edge weighs its squared length, and the path of least weight is Dijkstra's from
the song nearest to the first mood to the one nearest to the last. Squared weights favour many
small steps, so the path has mostly more songs than are asked for; then those nearest to n even
positions along its length are taken, which suits its evenness best. A path with fewer songs is
filled up at the middle of its longest step, again and again, by the nearest song still allowed.

*Random*: allowed songs by chance, in the order drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from scripts.journeys.journey_way import waypoint

if TYPE_CHECKING:
    from scripts.journeys.journey_way import Point

NEIGHBOURS = 10

#: Weight added to every edge: songs at one place are neighbours too.
_TOUCH = 1e-12


class Songs:
    """The songs of a catalogue, and which are nearest to a place."""

    def __init__(self, points: NDArray[np.float64], works: Any, artists: Any) -> None:
        self.points = points
        self.works = np.asarray(works).tolist()
        self.artists = np.asarray(artists).tolist()
        self.tree = cKDTree(points)

    def __len__(self) -> int:
        return len(self.points)

    def nearest(self, place: Sequence[float]) -> Iterator[tuple[float, int]]:
        """Yield (distance, row) by rising distance, then rising row."""
        look, done = 32, 0
        while done < len(self):
            look = min(look, len(self))
            distances, rows = self.tree.query(place, k=np.arange(1, look + 1))
            found = sorted(zip(distances.tolist(), rows.tolist(), strict=True))
            if look < len(self):  # more songs may lie just as far as the last of the look
                found = [one for one in found if one[0] < distances[-1]]
            yield from found[done:]
            done = max(done, len(found))
            look *= 4


class Chosen:
    """Songs that stand together, in playing order."""

    def __init__(self, songs: Songs, max_per_artist: int) -> None:
        self.songs = songs
        self.cap = max_per_artist
        self.rows: list[int] = []
        self._works: set[Any] = set()
        self._artists: dict[Any, int] = {}

    def add(self, row: int, at: int | None = None) -> bool:
        """Add a song at a position (by default the end) unless a wish forbids it."""
        work, artist = self.songs.works[row], self.songs.artists[row]
        if work in self._works or self._artists.get(artist, 0) >= self.cap:
            return False
        self._works.add(work)
        self._artists[artist] = self._artists.get(artist, 0) + 1
        self.rows.insert(len(self.rows) if at is None else at, row)
        return True

    def add_nearest(self, place: Sequence[float], at: int | None = None) -> bool:
        """Add the nearest song that is allowed."""
        return any(self.add(row, at) for _, row in self.songs.nearest(place))


def straight_line(songs: Songs, start: Point, end: Point, n: int, max_per_artist: int) -> list[int]:
    """Pick the nearest allowed song of each waypoint."""
    chosen = Chosen(songs, max_per_artist)
    for i in range(n):
        if not chosen.add_nearest(waypoint(start, end, n, i)):
            break
    return chosen.rows


def at_random(songs: Songs, n: int, max_per_artist: int, rng: np.random.Generator) -> list[int]:
    """Draw allowed songs."""
    chosen = Chosen(songs, max_per_artist)
    for row in rng.permutation(len(songs)).tolist():
        if len(chosen.rows) == n:
            break
        chosen.add(row)
    return chosen.rows


def neighbour_graph(songs: Songs, k: int) -> csr_array:
    """Join every song with its k nearest others; an edge weighs its squared length."""
    n = len(songs)
    k = min(k, n - 1)
    distances, rows = songs.tree.query(songs.points, k=np.arange(1, k + 2))
    sources = np.repeat(np.arange(n), k + 1)
    edge = rows.ravel() != sources
    weights = distances.ravel()[edge] ** 2 + _TOUCH
    return csr_array((weights, (sources[edge], rows.ravel()[edge])), shape=(n, n))


def graph_paths(songs: Songs, pairs: Sequence[tuple[Point, Point]]) -> tuple[list[list[int]], int]:
    """Find the path of least weight for each pair of moods.

    Returns
    -------
    paths : list of lists of rows
    k : int
        Neighbours that the graph needed.
    """
    ends = [tuple(next(songs.nearest(place))[1] for place in pair) for pair in pairs]
    sources = sorted({first for first, _ in ends})
    k = NEIGHBOURS
    while True:
        graph = neighbour_graph(songs, k)
        weights, before = dijkstra(graph, directed=False, indices=sources, return_predecessors=True)
        if all(np.isfinite(weights[sources.index(first), last]) for first, last in ends):
            break
        k *= 2
    paths = []
    for first, last in ends:
        path = [last]
        while path[-1] != first:
            path.append(int(before[sources.index(first), path[-1]]))
        paths.append(path[::-1])
    return paths, k


def along_path(songs: Songs, path: list[int], n: int, max_per_artist: int) -> list[int]:
    """Take n songs of a path at even positions of its length, or fill it up to n."""
    places = songs.points[path]
    positions = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    chosen = Chosen(songs, max_per_artist)
    taken: list[int] = []
    wanted = np.linspace(0, positions[-1], n)
    for i in [0, n - 1, *range(1, n - 1)][:n]:  # the ends first: they are what was asked for
        for at in np.argsort(np.abs(positions - wanted[i]), kind="stable").tolist():
            if chosen.add(path[at]):
                taken.append(at)
                break
    chosen.rows = [path[at] for at in sorted(taken)]
    while len(chosen.rows) < n:
        here = songs.points[chosen.rows]
        steps = np.hypot(*np.diff(here, axis=0).T)
        at = int(steps.argmax()) if len(steps) else 0
        if not chosen.add_nearest((here[at] + here[min(at + 1, len(here) - 1)]) / 2, at + 1):
            break
    return chosen.rows
