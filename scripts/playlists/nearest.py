"""The songs nearest to a point, in rising distance, without reading the table of songs.

Conventions
-----------
A *space* is ``plane``, raw (valence, energy), or ``sound``, all nine features less their mean and
divided by their standard deviation over the catalogue, turned to principal axes and rounded to
32 bits. A target has the coordinates of its space, see :meth:`SongTree.place`. Distances are
Euclidean, in the units of the space. Equal distances come by rising rank.

Method
------
Hjaltason & Samet (1999), Distance browsing in spatial databases, doi:10.1145/320248.320255: a
queue holds nodes of the k-d tree by the least distance that any of their songs can have (the
distance to the nearest point of the node's cell), leaves by that of their nearest song, and songs
by their own. What comes out of the queue first is nearest. Each song costs little more than the
ones before it, so a caller takes songs until it has enough.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from heapq import heappop, heappush

from scripts.errors import ModelError
from scripts.playlists.facts import FACTS_SIZE, FactBounds
from scripts.store.layout import SPACES, SPLIT_CODE, SPLITS_PER_BLOCK, genre_bit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from typing import Any

    Leaf = tuple[Sequence[tuple[float, ...]], Sequence[int]]

#: Leaves that are kept unpacked; a few hundred bytes a song.
_KEPT_LEAVES = 8192

#: Rounding may put a cell's distance above that of a song on its border, by far less than this.
_SLACK = 1 - 1e-12


class _Splits(dict[int, tuple[int, float]]):
    """Axis and value of each boundary between leaves, read as they are asked for."""

    __slots__ = ("_catalogue", "_query")

    def __init__(self, catalogue: sqlite3.Connection, space: str) -> None:
        self._catalogue = catalogue
        self._query = f"SELECT splits FROM {space}_splits WHERE block = ?"

    def __missing__(self, boundary: int) -> tuple[int, float]:
        block = boundary // SPLITS_PER_BLOCK
        (blob,) = self._catalogue.execute(self._query, (block,)).fetchone()
        self.update(enumerate(struct.iter_unpack(SPLIT_CODE, blob), block * SPLITS_PER_BLOCK))
        if boundary not in self:  # damage on the disk
            raise LookupError(f"no split {boundary}")
        return self[boundary]


class SongTree:
    """The songs of a catalogue in one space.

    Attributes
    ----------
    n_dims, n_songs : int

    Raises
    ------
    ModelError
        If the catalogue has no tree for this space.
    """

    __slots__ = (
        "_catalogue",
        "_kept",
        "_n_leaves",
        "_point",
        "_query",
        "_splits",
        "_turn",
        "n_dims",
        "n_songs",
    )

    def __init__(self, catalogue: sqlite3.Connection, space: str) -> None:
        code = SPACES[space]
        row = catalogue.execute(
            "SELECT n_dims, n_songs, n_leaves, mean, scale, rotation FROM trees WHERE space = ?",
            (space,),
        ).fetchone()
        if row is None:
            raise ModelError(
                f"the catalogue has no tree of its songs in the space {space!r}; "
                "train again with: python train.py"
            )
        self.n_dims, self.n_songs, self._n_leaves = row[:3]
        self._turn = [_floats(blob) for blob in row[3:]]
        self._splits = _Splits(catalogue, space)
        self._point = struct.Struct(f"<{self.n_dims}{code}")
        self._catalogue = catalogue
        self._query = f"SELECT songs FROM {space}_leaves WHERE leaf = ?"
        self._kept: dict[int, Leaf] = {}

    def place(self, values: Sequence[float]) -> tuple[float, ...]:
        """Turn what a song's row says into coordinates.

        Parameters
        ----------
        values : sequence of float
            In the plane valence and energy, which stay as they are; in ``sound`` the nine
            features as the row has them, in the order of
            :data:`~scripts.moods.features.FEATURES`.
        """
        mean, scale, rotation = self._turn
        if not rotation:
            return tuple(values)
        unit = [(x - m) / s for x, m, s in zip(values, mean, scale, strict=True)]
        turned = []
        for j in range(self.n_dims):
            total = 0.0  # not sum(), which some versions of Python round less often than NumPy
            for value, weight in zip(unit, rotation[j :: self.n_dims], strict=True):
                total += value * weight
            turned.append(total)
        return tuple(array("f", turned))

    def nearest(
        self, target: Sequence[float], bounds: FactBounds | None = None
    ) -> Iterator[tuple[float, int]]:
        """Yield (distance, rank) of every song whose facts are allowed, the nearest first."""
        splits, distance = self._splits, math.dist
        target = tuple(target)
        # A node is (distance, -1, first leaf, last leaf + 1, its point nearest to the target), a
        # measured leaf (distance, -1, leaf, leaf, (distances, ranks)) and a song
        # (distance, rank, place in list, 0, list): at equal distances songs come after all else.
        queue: list[tuple[Any, ...]] = [(0.0, -1, 0, self._n_leaves, target)]
        while queue:
            _, rank, first, last, near = heappop(queue)
            if rank < 0 and first != last:
                while last - first > 1:
                    middle = (first + last) // 2
                    axis, split = splits[middle]
                    border = (*near[:axis], split, *near[axis + 1 :])
                    bound = distance(target, border) * _SLACK
                    if target[axis] < split:
                        heappush(queue, (bound, -1, middle, last, border))
                        last = middle
                    else:
                        heappush(queue, (bound, -1, first, middle, border))
                        first = middle
                points, ranks = self._read(first, bounds)
                if points:
                    distances = [distance(target, point) for point in points]
                    heappush(queue, (min(distances), -1, first, first, (distances, ranks)))
                continue
            at, songs = (0, sorted(zip(*near, strict=True))) if rank < 0 else (first, near)
            for i in range(at, len(songs)):
                song = songs[i]
                if queue and queue[0] < song:
                    heappush(queue, (*song, i, 0, songs))
                    break
                yield song

    def nearest_few(self, target: Sequence[float], k: int) -> list[tuple[float, int]]:
        """Return the first k of :meth:`nearest` sooner, where any song will do.

        Depth first: a cell beside the way down is looked into only if it is nearer than the worst
        of the k nearest so far (Friedman, Bentley & Finkel 1977, doi:10.1145/355744.355745).
        """
        splits, distance = self._splits, math.dist
        target = tuple(target)
        best: list[tuple[float, int]] = []
        worst = math.inf
        # a cell: gap to its border, first leaf, last leaf + 1, nearest point but for the border
        stack = [(0.0, 0, self._n_leaves, target, 0, target[0])]
        while stack:
            gap, first, last, near, axis, split = stack.pop()
            if gap > worst:
                continue
            near = (*near[:axis], split, *near[axis + 1 :])
            if distance(target, near) * _SLACK > worst:
                continue
            while last - first > 1:
                middle = (first + last) // 2
                axis, split = splits[middle]
                gap = target[axis] - split
                if gap < 0:
                    stack.append((-gap, middle, last, near, axis, split))
                    last = middle
                else:
                    stack.append((gap, first, middle, near, axis, split))
                    first = middle
            points, ranks = self._read(first, None)
            distances = [distance(target, point) for point in points]
            best += [song for song in zip(distances, ranks, strict=True) if song[0] <= worst]
            best.sort()
            del best[k:]
            if len(best) == k:
                worst = best[-1][0]
        return best

    def _read(self, leaf: int, bounds: FactBounds | None) -> Leaf:
        """Return the points and the ranks of a leaf's songs that may be among the answers."""
        kept = self._kept.get(leaf) if bounds is None else None
        if kept is not None:
            return kept
        (blob,) = self._catalogue.execute(self._query, (leaf,)).fetchone()
        size, unpack = self._point.size, self._point.unpack_from
        n = len(blob) // (size + 4 + FACTS_SIZE)
        passing = None if bounds is None else bounds.passing(blob, n * (size + 4), n)
        if passing == []:
            return (), ()
        ranks = struct.unpack_from(f"<{n}i", blob, n * size)
        if passing is not None:
            return [unpack(blob, i * size) for i in passing], [ranks[i] for i in passing]
        if len(self._kept) >= _KEPT_LEAVES:
            self._kept.clear()
        self._kept[leaf] = kept = list(self._point.iter_unpack(blob[: n * size])), ranks
        return kept


def _floats(blob: bytes) -> array[float]:
    numbers = array("d", blob)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def nearest(
    catalogue: sqlite3.Connection,
    space: str,
    target: Sequence[float],
    bounds: FactBounds | None = None,
) -> Iterator[tuple[float, int]]:
    """Yield (distance, rank) of the songs nearest to a point, see :meth:`SongTree.nearest`."""
    return SongTree(catalogue, space).nearest(target, bounds)


def sound_of(catalogue: sqlite3.Connection, features: Sequence[float]) -> tuple[float, ...]:
    """Return where nine features as a row has them lie in the space ``sound``."""
    return SongTree(catalogue, "sound").place(features)


__all__ = ["FactBounds", "SongTree", "genre_bit", "nearest", "sound_of"]
