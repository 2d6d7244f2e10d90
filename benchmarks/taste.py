"""What models of taste cost: the time of a fit, of scoring and of ranking, and how it grows.

On HetRec's plays (``--history``, a file of user, artist and count; without it a history of the same
size is invented): EASE, item-kNN and ALS, each fitted, all listeners scored, the best 20 found that
were not played, and one history scored by itself. With ``--large`` instead: ALS, in its usual
number of rounds, on invented histories of 5, 10 and 20 million plays by 100,000 listeners of 50,000
artists, with the peak of memory. Times of the CPU, and of the wall beside them; one thread, medians
of ``--repeats`` runs.

Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from scripts.learning.taste import make_model, top_items
from scripts.learning.taste_als import Als

MODELS = ("item-knn", "ease", "als")
N_BEST = 20

#: Listeners, items and plays of the two sizes.
SMALL = (1_892, 17_632, 92_834)
LARGE_LISTENERS, LARGE_ITEMS = 100_000, 50_000
LARGE_PLAYS = (5_000_000, 10_000_000, 20_000_000)

#: Groups of listeners who share a taste, and the share of plays that follow it.
N_GROUPS, FOLLOWING = 50, 0.7

#: Listeners whose plays are drawn at once.
CHUNK = 5_000


def _draw_chunk(
    n: int, mean: float, cumulated: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Draw the sizes of n histories and their items, distinct and ascending in each."""
    n_items = len(cumulated)
    sizes = np.minimum(rng.lognormal(np.log(mean) - 0.5, 1.0, n).astype(int) + 1, n_items // 4)
    rows = np.repeat(np.arange(n), sizes)
    ranks = np.searchsorted(cumulated, rng.random(len(rows)), side="right")
    # a group likes the artists of its own residue: popular ones of the group come first there
    group = rng.integers(0, N_GROUPS, n)[rows]
    own = np.minimum(ranks // N_GROUPS * N_GROUPS + group, n_items - 1)
    items = np.where(rng.random(len(rows)) < FOLLOWING, own, ranks)
    keys = np.unique(rows * np.int64(n_items) + items)
    return np.bincount(keys // n_items, minlength=n), (keys % n_items).astype(np.int32)


def invent_history(n: int, n_items: int, n_plays: int, seed: int) -> csr_matrix:
    """Draw histories of about n_plays distinct pairs, Zipf-like, of listeners in groups of taste.

    Pairs drawn twice count once, so the mean is raised until the number comes out near n_plays.
    """
    weight = 1.0 / (20 + np.arange(n_items)) ** 0.8
    cumulated = np.cumsum(weight / weight.sum())
    cumulated[-1] = 1.0
    mean = n_plays / n
    for _ in range(6):
        drawn, _ = _draw_chunk(2_000, mean, cumulated, np.random.default_rng(seed))
        mean *= n_plays / n / drawn.mean()
    rng = np.random.default_rng(seed)
    parts = [
        _draw_chunk(min(CHUNK, n - first), mean, cumulated, rng) for first in range(0, n, CHUNK)
    ]
    indptr = np.concatenate([[0], np.cumsum(np.concatenate([sizes for sizes, _ in parts]))])
    indices = np.concatenate([items for _, items in parts])
    data = np.ceil(rng.lognormal(2.0, 1.5, len(indices)).astype(np.float32))
    return csr_matrix((data, indices, indptr.astype(np.int32)), (n, n_items))


def read_plays(path: Path) -> csr_matrix:
    """Read a table of user, artist and count with one line of headings."""
    table = np.loadtxt(path, skiprows=1, dtype=np.int64)
    rows, columns = (np.unique(table[:, i], return_inverse=True)[1] for i in (0, 1))
    return csr_matrix((table[:, 2].astype(np.float32), (rows, columns)))


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what the work returns, and its seconds of CPU and of wall."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def measure_model(name: str, X: csr_matrix, repeats: int) -> dict[str, float]:
    """Time a model's fit, the scores and best items of all listeners, and of one."""
    taken: dict[str, list[float]] = {}

    def note(step: str, work: Callable[[], Any]) -> Any:
        result, cpu, wall = timed(work)
        taken.setdefault(f"{step}_cpu_s", []).append(cpu)
        taken.setdefault(f"{step}_wall_s", []).append(wall)
        return result

    one = X[[0]]
    for _ in range(repeats):
        model = note("fit", partial(make_model(name).fit, X))
        scores = note("scores", partial(model.scores, X))
        note(f"best_{N_BEST}", partial(top_items, scores, X, N_BEST))
        note("one_history", partial(model.scores_of, one.indices, one.data))
    return {step: round(statistics.median(values), 4) for step, values in taken.items()}


def peak_gb() -> float:
    """Return the largest memory this process has had, in GB (10^9 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def measure_large(seed: int) -> list[dict[str, float]]:
    """Time the fit of ALS on growing histories, smallest first, so that each peak is its own."""
    found = []
    for n_plays in LARGE_PLAYS:
        X = invent_history(LARGE_LISTENERS, LARGE_ITEMS, n_plays, seed)
        drawn_gb = peak_gb()
        _, cpu, wall = timed(partial(make_model("als").fit, X))
        millions = X.nnz / 1e6
        found.append(
            {
                "plays": X.nnz,
                "fit_cpu_s": round(cpu, 1),
                "fit_wall_s": round(wall, 1),
                "cpu_s_per_million_plays": round(cpu / millions, 3),
                "peak_gb_drawing": round(drawn_gb, 2),
                "peak_gb": round(peak_gb(), 2),
            }
        )
        print(f"{n_plays:,} plays: {cpu:.0f} s of CPU", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--history", type=Path, help="user_artists.dat (default: invented)")
    parser.add_argument("--large", action="store_true", help="5 to 20 million plays, ALS alone")
    parser.add_argument("--repeats", type=int, default=3, help="of each time (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (default: 0)")
    options = parser.parse_args()
    with threadpool_limits(limits=1):
        if options.large:
            size = {
                "listeners": LARGE_LISTENERS,
                "items": LARGE_ITEMS,
                "rounds": Als().iterations,
            }
            told: dict[str, Any] = {**size, "als": measure_large(options.seed)}
        else:
            X = (
                read_plays(options.history)
                if options.history
                else invent_history(*SMALL, options.seed)
            )
            told = {"listeners": X.shape[0], "items": X.shape[1], "plays": X.nnz}
            told |= {name: measure_model(name, X, options.repeats) for name in MODELS}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
