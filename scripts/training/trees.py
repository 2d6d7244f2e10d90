"""From learned arrays to the trees of the catalogue, in which nearest songs are found.

Conventions
-----------
As in :mod:`scripts.training.rows`; a blob's layout is that of :mod:`scripts.store.layout`. Facts
that a song does not tell are -1, and so is a tempo of 0, which means unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.learning.song_tree import KdTree, build_tree, principal_axes, turn_points
from scripts.moods.features import FEATURES
from scripts.store.catalogue import TreeRows
from scripts.store.layout import FACT_CODES, SPACES, SPLITS_PER_BLOCK, genre_bit
from scripts.training.learned import SongResult
from scripts.training.rows import RankedSongs

#: Most songs of a leaf: small leaves are few songs to measure, large ones few rows to read. A leaf
#: of ``sound`` just fits a page of SQLite's (4,096 bytes).
LEAF_SIZES: dict[str, int] = {"plane": 16, "sound": 64}

#: Leaves whose columns are gathered at a time.
CHUNK_LEAVES = 1_000


def _genre_bits(texts: pd.Series, genres: list[tuple[int, str]]) -> NDArray[np.uint64]:
    """Return for each song the bits of its genres."""
    bit_of = {name: genre_bit(genre_id) for genre_id, name in genres}
    codes, lists = pd.factorize(texts)
    bits = np.zeros(len(lists) + 1, dtype=np.uint64)  # the last one for code -1, no text
    for i, text in enumerate(lists):
        for name in filter(None, text.split(";")):
            bits[i] |= np.uint64(bit_of[name])
    return bits[codes]


def song_facts(
    songs: pd.DataFrame,
    X: NDArray[np.float64],
    result: SongResult,
    ranked: RankedSongs,
    genres: list[tuple[int, str]],
) -> list[NDArray[Any]]:
    """Return the columns of ``FACT_CODES``, by rising rank."""
    order = ranked.order
    tempo = X[order, FEATURES.index("tempo_bpm")]
    known = [
        songs[name].take(order).astype("Float64").fillna(-1.0).to_numpy(np.float64)
        for name in ("popularity", "year", "explicit")
    ]
    columns = [np.where(tempo == 0, -1.0, tempo), *known, result.scores.mood[order]]
    columns.append(_genre_bits(songs["genres"].take(order), genres))
    return [
        np.asarray(column).astype(f"<{np.dtype(code).str[1:]}")
        for column, (_, code) in zip(columns, FACT_CODES, strict=True)
    ]


def leaf_rows(tree: KdTree, columns: list[NDArray[Any]]) -> Iterator[tuple[int, bytes]]:
    """Yield (leaf, songs) with the columns of each leaf's songs, one column after the other."""
    n_leaves = len(tree.starts) - 1
    for first in range(0, n_leaves, CHUNK_LEAVES):
        starts = tree.starts[first : first + CHUNK_LEAVES + 1]
        ranks = tree.order[starts[0] : starts[-1]]
        ends = (starts - starts[0]).tolist()
        parts = [column[ranks] for column in columns]
        for leaf, (start, end) in enumerate(pairwise(ends), first):
            yield leaf, b"".join([part[start:end].tobytes() for part in parts])


def split_rows(tree: KdTree) -> Iterator[tuple[int, bytes]]:
    """Yield (block, splits) with axis and value of each boundary."""
    packed = np.empty(len(tree.axes), dtype=[("axis", "u1"), ("value", "<f8")])
    packed["axis"], packed["value"] = tree.axes, tree.splits
    for block, first in enumerate(range(0, len(packed), SPLITS_PER_BLOCK)):
        yield block, packed[first : first + SPLITS_PER_BLOCK].tobytes()


def _tree_rows(
    space: str,
    points: NDArray[Any],
    turn: list[NDArray[np.float64]],
    facts: list[NDArray[Any]],
) -> TreeRows:
    tree = build_tree(points, LEAF_SIZES[space])
    coordinates = points.astype(f"<{np.dtype(SPACES[space]).str[1:]}", copy=False)
    blobs = [array.astype("<f8").tobytes() for array in turn]
    row = (space, points.shape[1], len(points), len(tree.axes), *blobs)
    ranks = np.arange(len(points), dtype="<i4")
    return TreeRows(row, split_rows(tree), leaf_rows(tree, [coordinates, ranks, *facts]))


def song_trees(
    songs: pd.DataFrame,
    X: NDArray[np.float64],
    result: SongResult,
    ranked: RankedSongs,
    genres: list[tuple[int, str]],
) -> Iterator[TreeRows]:
    """Yield the tree of each space."""
    facts = song_facts(songs, X, result, ranked, genres)
    plane = X[ranked.order][:, [FEATURES.index("valence"), FEATURES.index("energy")]]
    yield _tree_rows("plane", plane, [np.empty(0)] * 3, facts)
    mean, scale = result.clusters.mean, result.clusters.scale
    rotation = principal_axes(X, mean, scale)
    sound = turn_points(X[ranked.order], mean, scale, rotation)
    yield _tree_rows("sound", sound, [mean, scale, rotation], facts)
