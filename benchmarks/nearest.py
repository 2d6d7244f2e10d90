"""Nearest songs in one process: Moodlist's tree against ``scipy.spatial.cKDTree``.

Both get the points of one trained catalogue and the same seeded queries: in ``plane`` places drawn
evenly from the unit square, in ``sound`` songs drawn evenly from the catalogue. They take turns in
blocks (A B A B …), and each query is timed alone, because an answer asks for one place. Reading
the points and building SciPy's tree are not timed, nor is opening the catalogue.

Every query is asked more than once. In the first round Moodlist reads the leaves it comes to from
SQLite, where SciPy has all points in memory; from the second round on it has those leaves too.

Prints one JSON document: by space the median microseconds a query, of the ``first`` round and of
the rounds ``again``, for ``moodlist`` and ``ckdtree``. Distances that differ by more than rounding
end the run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scripts.learning.song_tree import turn_points
from scripts.moods.features import FEATURES
from scripts.playlists.nearest import SongTree
from scripts.store.layout import SPACES
from scripts.store.reading import open_set

K = 10
N_QUERIES = 2_000
BLOCK = 100
#: Rounds over all queries, the first one included.
ROUNDS = 4

Ask = Callable[[Any], Any]


def read_points(catalogue: sqlite3.Connection, space: str) -> NDArray[np.float64]:
    """Read the points of a space, (n_songs, n_dims), by rank."""
    names = FEATURES if space == "sound" else ("valence", "energy")
    rows = catalogue.execute(f"SELECT {', '.join(names)} FROM songs ORDER BY rank")
    X = np.fromiter(chain.from_iterable(rows), dtype=np.float64).reshape(-1, len(names))
    if space == "plane":
        return X
    query = "SELECT mean, scale, rotation FROM trees WHERE space = ?"
    mean, scale, rotation = (
        np.frombuffer(blob, "<f8") for blob in catalogue.execute(query, (space,)).fetchone()
    )
    turned = turn_points(X, mean, scale, rotation.reshape(len(mean), len(mean)))
    return turned.astype(np.float64)


def draw_queries(
    points: NDArray[np.float64], space: str, n_queries: int, seed: int
) -> NDArray[np.float64]:
    """Draw what is asked for, (n_queries, n_dims)."""
    rng = np.random.default_rng(seed)
    if space == "plane":
        return rng.random((n_queries, points.shape[1]))
    return points[rng.integers(len(points), size=n_queries)]


def time_each(ask: Ask, queries: Iterable[Any]) -> list[int]:
    """Ask one query after the other; returns nanoseconds of each."""
    clock, taken = time.perf_counter_ns, []
    for query in queries:
        started = clock()
        ask(query)
        taken.append(clock() - started)
    return taken


def check_distances(ours: Ask, theirs: Ask, pairs: Iterable[tuple[Any, Any]]) -> None:
    """Stop unless both find songs at the same distances."""
    for mine, other in pairs:
        found = [distance for distance, _ in ours(mine)]
        expected = theirs(other)[0]
        if not np.allclose(found, expected, rtol=1e-9, atol=1e-12):
            raise SystemExit(f"at {mine}: distances {found}, but cKDTree has {expected.tolist()}")


def time_in_turn(ways: dict[str, Ask], forms: dict[str, list[Any]]) -> dict[str, dict[str, float]]:
    """Return the median microseconds a query by round (``first``, ``again``) and way."""
    taken: dict[str, dict[str, list[int]]] = {
        part: {name: [] for name in ways} for part in ("first", "again")
    }
    for turn in range(ROUNDS):
        part = taken["again" if turn else "first"]
        for start in range(0, max(map(len, forms.values())), BLOCK):
            for name, ask in ways.items():
                part[name] += time_each(ask, forms[name][start : start + BLOCK])
    return {
        part: {name: statistics.median(times) / 1e3 for name, times in of_way.items()}
        for part, of_way in taken.items()
    }


def compare(
    tree: SongTree, points: NDArray[np.float64], queries: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    """Time both ways, then check that they find the same distances; see :func:`time_in_turn`."""
    rival = cKDTree(points)

    def ours(query: tuple[float, ...]) -> list[tuple[float, int]]:
        return tree.nearest_few(query, K)

    def theirs(query: NDArray[np.float64]) -> Any:
        return rival.query(query, k=K)

    # each gets the form that it takes without a conversion
    forms = {"moodlist": [tuple(q) for q in queries.tolist()], "ckdtree": list(queries)}
    medians = time_in_turn({"moodlist": ours, "ckdtree": theirs}, forms)
    check_distances(ours, theirs, zip(*forms.values(), strict=True))
    return medians


def main() -> None:
    """Compare both in each space of a trained set."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.nearest", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("output", type=Path, help="folder of a trained set")
    parser.add_argument("--queries", type=int, default=N_QUERIES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    document: dict[str, dict[str, dict[str, float]]] = {}
    with contextlib.closing(open_set(str(options.output))) as trained:
        for space in SPACES:
            points = read_points(trained.catalogue, space)
            queries = draw_queries(points, space, options.queries, options.seed)
            tree = SongTree(trained.catalogue, space)
            document[space] = compare(tree, points, queries)
    print(json.dumps(document))


if __name__ == "__main__":
    main()
