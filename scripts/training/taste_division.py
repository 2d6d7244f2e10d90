"""Whose histories models of taste are learned from while one is chosen, and whom they are asked on.

Conventions
-----------
Histories are (n_listeners, n_artists) CSR float32 of listens, with artists of one listener among
them. An artist is *known* to a model if at least :data:`FEWEST_PLAYERS` of the listeners whom it
learns from played it; nothing but known artists is ranked.

Method
------
A fifth of the listeners (:data:`MOST_JUDGES` at most) choose, another fifth test; the models learn
from other people's histories alone, as they will be used: whoever asks for songs was not there when
the model was learned. A fifth of what each of these listeners played is held out, the artists met
last where times are known, else drawn evenly; the rest is the history that is answered. Which
artists are known follows from the learning listeners alone, so a held-out artist that is not counts
as a miss. Where times are known, each artist of a history that is answered counts as one listen,
since totals would tell of later ones; of the learning listeners the whole history is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError
from scripts.evaluation.taste_splits import SHARE, Held, mask_pairs, split_listeners

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Side = Mapping[str, csr_matrix]

#: Choosing and testing listeners: this share of all, and so many at most.
JUDGING_SHARE, MOST_JUDGES = 0.2, 1_000

#: Listeners who played an artist, at least: fewer teach nothing of it that holds for others.
FEWEST_PLAYERS = 2


class Division(NamedTuple):
    """Listeners apart: whose histories are learned from, who choose and who test."""

    train: NDArray[np.int64]  # rows
    choosing: NDArray[np.int64]
    testing: NDArray[np.int64]
    validation: Held  # of the choosing ones
    test: Held


class Task(NamedTuple):
    """What models learn from and are asked, by the artists that are known."""

    X: csr_matrix  # (n_learning, n_known)
    held: Held  # kept: (n_judging, n_known); held: all artists, the known ones first
    side: Side  # blocks of n_known rows
    known: NDArray[np.int64]  # columns of the whole matrix

    def name_lists(self, lists: NDArray[np.int64]) -> NDArray[np.int64]:
        """Turn lists of known artists into lists of columns of the whole matrix; -1 stays."""
        return np.append(self.known, -1)[lists]


def hold_out(X: csr_matrix, first: NDArray[np.int64] | None, seed: int) -> Held:
    """Hold a fifth of each history out: what was met last, or what chance draws.

    Parameters
    ----------
    first : (nnz,) int64 or None
        When each stored pair was first played, -1 unknown; None without times.
    """
    if first is None:
        return split_listeners(X, seed=seed)
    n = np.diff(X.indptr)
    rows = np.repeat(np.arange(X.shape[0]), n)
    # the newest first; artists of the same moment by number
    order = np.lexsort((X.indices, -first, rows))
    place = np.empty(X.nnz, np.int64)
    place[order] = np.arange(X.nnz) - np.repeat(X.indptr[:-1], n)
    n_held = np.clip(np.floor(SHARE * n + 0.5).astype(np.int64), np.minimum(1, n), n - 1)
    out = place < np.repeat(np.where(n >= 2, n_held, 0), n)
    kept = mask_pairs(X, ~out)
    kept.data = np.ones_like(kept.data)
    return Held(kept, mask_pairs(X, out))


def _take(
    X: csr_matrix, first: NDArray[np.int64] | None, rows: NDArray[np.int64]
) -> tuple[csr_matrix, NDArray[np.int64] | None]:
    if first is None:
        return X[rows], None
    pairs = [np.arange(X.indptr[row], X.indptr[row + 1]) for row in rows.tolist()]
    return X[rows], first[np.concatenate(pairs)]


def divide(X: csr_matrix, first: NDArray[np.int64] | None = None, *, seed: int = 0) -> Division:
    """Draw the listeners who choose and who test; only such with two artists are drawn."""
    able = np.flatnonzero(np.diff(X.indptr) >= 2)
    n_judges = min(MOST_JUDGES, max(1, round(JUDGING_SHARE * len(able))))
    drawn = np.random.default_rng(seed).permutation(able)
    choosing, testing = np.sort(drawn[:n_judges]), np.sort(drawn[n_judges : 2 * n_judges])
    train = np.setdiff1d(np.arange(X.shape[0]), drawn[: 2 * n_judges])
    held = [hold_out(*_take(X, first, rows), seed) for rows in (choosing, testing)]
    return Division(train, choosing, testing, *held)


def make_task(X: csr_matrix, learning: NDArray[np.int64], judged: Held, side: Side) -> Task:
    """Leave what the learning listeners know, as models see it.

    Parameters
    ----------
    X : (n_listeners, n_artists) CSR
    learning : (n_learning,) int64
        Rows of ``X``.
    judged : Held
        Of other listeners.
    side : mapping of str to (n_items, d) CSR
        Blocks of the first ``n_items`` columns, which hold all artists of two listeners and more.

    Raises
    ------
    DataError
        If the learning listeners share no artist.
    """
    learned = X[learning]
    n_players = np.bincount(learned.indices, minlength=X.shape[1])
    known = np.flatnonzero(n_players >= FEWEST_PLAYERS)
    if not len(known):
        raise DataError(
            f"--history: of {X.shape[0]:,} listeners, {len(learning):,} are learned from while a "
            "model of taste is chosen, and no two of them played the same artist; give histories "
            "of more listeners, or none"
        )
    order = np.concatenate([known, np.flatnonzero(n_players < FEWEST_PLAYERS)])
    blocks = {name: block[known] for name, block in side.items()}
    return Task(
        learned[:, known], Held(judged.kept[:, known], judged.held[:, order]), blocks, known
    )
