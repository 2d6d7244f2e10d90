"""What a check has to say of songs that took part in the training.

Conventions
-----------
A song is recognised by its features (see :mod:`scripts.learning.fingerprints`), whatever file it
is in. ``X`` is (n_songs, 9) float64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.learning.fingerprints import find_recorded


def file_digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_seen(
    sources: Sequence[Mapping[str, Any]], X: NDArray[np.float64], digest: str
) -> NDArray[np.bool_]:
    """Say which songs each table of the training held.

    Parameters
    ----------
    sources : sequence of mappings
        The tables a model was fitted on: ``sha256`` and, if their rows are kept, ``rows_fitted``.
    X : (n, 9) float64
    digest : str
        SHA-256 of the file that the songs come from; the very file of a source holds them all.

    Returns
    -------
    (n_sources, n) bool
    """
    seen = np.zeros((len(sources), len(X)), dtype=bool)
    for row, source in zip(seen, sources, strict=True):
        row[:] = source["sha256"] == digest or find_recorded(X, source.get("rows_fitted") or "")
    return seen


def tell_training(
    sources: Sequence[Mapping[str, Any]], seen: NDArray[np.bool_], digest: str
) -> dict[str, Any]:
    """Say how many of the songs took part in the training, and what that does to the scores.

    ``cross_validated`` are the figures of the table that held most of the songs. A source can say
    by ``half`` what they are of, where songs are judged by more than one.
    """
    n, n_seen = seen.shape[1], int(seen.any(axis=0).sum())
    report: dict[str, Any] = {"n_seen_in_training": n_seen, "in_sample": n_seen > 0}
    notes = []
    if n_seen:
        told = "all of these songs" if n_seen == n else f"{n_seen:,} of these {n:,} songs"
        notes.append(f"the model's numbers were fitted on {told}: the scores below flatter it")
    if 0 < n_seen < n:
        notes.append("the unseen songs are scored by themselves (some may share an artist)")
    if len(sources) and 2 * seen.sum(axis=1).max() > n:
        most = sources[int(seen.sum(axis=1).argmax())]
        report["cross_validated"] = most["cross_validated"]
        if most["cross_validated"]:
            half = f"{most['half']} on " if "half" in most else ""
            notes.append(f"the cross-validated ones, of {half}{most['source']}, do not")
    unknown = [
        source["source"]
        for source in sources
        if source["sha256"] != digest and source.get("rows_fitted") is None
    ]
    if unknown:
        notes.append(f"not compared, since their rows are not recorded: {', '.join(unknown)}")
    return report | ({"note": "; ".join(notes)} if notes else {})
