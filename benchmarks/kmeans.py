"""KMeans alone: Moodlist's way of fitting against ``KMeans(n_init=10)`` on the same matrix.

``prepare`` writes the nine standardised features of a song table as a matrix. ``moodlist`` and
``plain`` fit it in a fresh process and print one JSON document: seconds of the fit alone
(imports and reading left out) and the inertia, the sum of squared distances to the nearest
centroid in standardised units, computed by the same code for both.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from scripts.moods.features import FEATURES

#: Names in the song tables, where they differ from ours.
TABLE_NAMES = {"loudness_db": "loudness", "tempo_bpm": "tempo"}
CHUNK = 10_000


def prepare(table: Path, matrix: Path) -> None:
    """Write the standardised features, (n, 9) float64, as ``.npy``."""
    import pandas as pd

    columns = [TABLE_NAMES.get(name, name) for name in FEATURES]
    if table.suffix == ".parquet":
        songs = pd.read_parquet(table, columns=columns)
    else:
        songs = pd.read_csv(table, usecols=columns)
    X = songs[columns].dropna().to_numpy(np.float64)
    np.save(matrix, (X - X.mean(axis=0)) / X.std(axis=0))


def fit_plain(X: np.ndarray, n_clusters: int, seed: int) -> np.ndarray:
    """Fit as the naive way does: ten full runs from ten starts."""
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=n_clusters, n_init=10, random_state=seed).fit(X).cluster_centers_


def inertia_of(X: np.ndarray, centroids: np.ndarray) -> float:
    """Sum the squared distances to the nearest centroid."""
    total = 0.0
    for first in range(0, len(X), CHUNK):
        part = X[first : first + CHUNK]
        distances = ((part[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2)
        total += float(distances.min(axis=1).sum())
    return total


def main() -> None:
    """Prepare a matrix, or fit one."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kmeans", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("what", choices=("prepare", "moodlist", "plain"))
    parser.add_argument("file", type=Path, help="song table for prepare, else the .npy matrix")
    parser.add_argument("matrix", type=Path, nargs="?", help="where prepare writes")
    parser.add_argument("--clusters", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "prepare":
        prepare(options.file, options.matrix or options.file.with_suffix(".npy"))
        return
    # the import also loads scikit-learn, so neither fit pays for it
    from scripts.learning.song_clusters import fit_centroids

    fit = fit_centroids if options.what == "moodlist" else fit_plain
    X = np.load(options.file)
    wall_start, cpu_start = time.perf_counter(), time.process_time()
    centroids = fit(X, options.clusters, options.seed)
    cpu_s, wall_s = time.process_time() - cpu_start, time.perf_counter() - wall_start
    inertia = inertia_of(X, centroids)
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "inertia": inertia, "n": len(X)}))


if __name__ == "__main__":
    main()
