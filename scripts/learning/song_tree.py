"""A balanced k-d tree over the songs of a catalogue, for nearest songs in a space.

Conventions
-----------
``points`` is (n_songs, n_dims), n_songs >= 1, row r being the song of rank r. Leaves are numbered
from left to right. ``axes[i]`` and ``splits[i]`` belong to the boundary between leaf i - 1 and
leaf i: the inner node over leaves first to last - 1 divides at leaf ``(first + last) // 2``, so
the numbers of the leaves are all the structure there is (entry 0 is unused). Songs left of a
boundary have at most the split's value on its axis, songs right of it at least that.

Method
------
Bentley (1975), Multidimensional binary search trees used for associative searching,
doi:10.1145/361002.361007, with the songs in the leaves and each node split at the quantile that
fills its leaves evenly, across the axis of largest variance. The variance is that of at most
:data:`SPREAD_SAMPLE` songs at even steps. Of songs with just the split's value the lower ranks go
left, so the tree does not depend on how a library breaks ties.

For the nine features the points are standardised and turned to their principal axes: distances
stay as they are, and boxes across uncorrelated axes hold fewer leaves near a song.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Songs of a node whose spread chooses the axis.
SPREAD_SAMPLE = 512

#: Songs that are turned at a time.
CHUNK = 50_000


class KdTree(NamedTuple):
    """Songs divided into leaves."""

    order: NDArray[np.int64]  # (n_songs,) ranks, leaf by leaf, rising within each
    starts: NDArray[np.int64]  # (n_leaves + 1,) where each leaf begins in ``order``
    axes: NDArray[np.uint8]  # (n_leaves,)
    splits: NDArray[np.float64]  # (n_leaves,)


def build_tree(points: NDArray[Any], leaf_size: int) -> KdTree:
    """Divide points into the fewest leaves of at most ``leaf_size`` songs, all about as full.

    >>> tree = build_tree(np.array([[0.0], [9.0], [1.0], [8.0]]), 2)
    >>> tree.order.tolist(), tree.starts.tolist(), tree.splits.tolist()
    ([0, 2, 1, 3], [0, 2, 4], [0.0, 8.0])
    """
    n_leaves = -(-len(points) // leaf_size)
    axes = np.zeros(n_leaves, dtype=np.uint8)
    splits = np.zeros(n_leaves)
    leaves: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * n_leaves
    nodes = [(0, n_leaves, np.arange(len(points)))]
    while nodes:
        first, last, ranks = nodes.pop()
        if last - first == 1:
            leaves[first] = ranks
            continue
        middle = (first + last) // 2
        n_left = len(ranks) * (middle - first) // (last - first)
        axis = int(points[ranks[:: -(-len(ranks) // SPREAD_SAMPLE)]].var(axis=0).argmax())
        values = points[ranks, axis]
        split = np.partition(values, n_left)[n_left]
        left = values < split
        ties = np.flatnonzero(values == split)
        left[ties[: n_left - np.count_nonzero(left)]] = True
        axes[middle], splits[middle] = axis, split
        nodes += [(first, middle, ranks[left]), (middle, last, ranks[~left])]
    starts = np.concatenate([[0], np.cumsum([len(ranks) for ranks in leaves])])
    return KdTree(np.concatenate(leaves), starts, axes, splits)


def principal_axes(
    X: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the principal axes of the standardised rows, (n_dims, n_dims), the widest first.

    Column j is axis j; the sign is chosen so that its largest entry is positive.
    """
    moments = np.zeros((X.shape[1], X.shape[1]))
    for first in range(0, len(X), CHUNK):
        part = (X[first : first + CHUNK] - mean) / scale
        moments += part.T @ part
    _, vectors = np.linalg.eigh(moments / len(X))
    vectors = vectors[:, ::-1]
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(vectors))]
    return np.ascontiguousarray(vectors * np.sign(largest))


def turn_points(
    X: NDArray[np.float64],
    mean: NDArray[np.float64],
    scale: NDArray[np.float64],
    rotation: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Standardise rows and turn them to the axes that are the columns of ``rotation``.

    Products are added up one by one in the order of the features, as the answering side does it
    (:meth:`scripts.playlists.nearest.SongTree.place`): a song lies at distance 0 from itself.
    """
    points = np.empty(X.shape, dtype=np.float32)
    for first in range(0, len(X), CHUNK):
        part = ((X[first : first + CHUNK] - mean) / scale).T
        for j, axis in enumerate(rotation.T):
            total = np.zeros(part.shape[1])
            for values, weight in zip(part, axis, strict=True):
                total += values * weight
            points[first : first + CHUNK, j] = total
    return points
