"""Does the map of genres tell which genres an artist has? Asked of artists that it has not seen.

Conventions
-----------
Recall and AUC are in [0, 1], means over the hidden artists that have two genres or more. Intervals
are 95%, by bootstrap over these artists.

Method
------
A part of the artists is hidden and a map fitted on the others. Each genre of a hidden artist ranks
all other genres by similarity: recall at 10 is the part of the artist's other genres among the
first ten (of as many as fit in), AUC the chance that one of them stands before a genre that the
artist does not have. Beside the map stand the number of artists of a genre (a baseline that knows
nothing of nearness), the plain cosine of shared artists, and the map's vectors by themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.learning.genre_graph import GenreTable, Memberships, group_genres, strengths_of
from scripts.learning.genre_map import MOST_GENRES, blend, embed, tidy_genre

AT = 10
_DRAWS = 1_000

Scores = NDArray[np.float64]


def score_genre_map(
    memberships: Memberships,
    *,
    hidden: float = 0.2,
    most_genres: int = MOST_GENRES,
    seed: int = 0,
) -> dict[str, Any]:
    """Hide artists, fit on the others, and score.

    Parameters
    ----------
    memberships : Memberships
    hidden : float in (0, 1)
        What part of the artists is hidden.
    most_genres : int
    seed : int
        Chooses them, and the draws of the bootstrap.

    Returns
    -------
    dict
        ``n_genres``, ``n_hidden`` (artists scored; 0: nothing to score), ``ways``: for each way
        ``recall@10`` and ``auc`` with their intervals, and ``above``: by how much the map's scores
        are above those of each other way, paired by artist.
    """
    rng = np.random.default_rng(seed)
    numbers = np.unique(memberships.artists)
    away = numbers[rng.random(len(numbers)) < hidden]
    is_away = np.isin(memberships.artists, away)
    table = group_genres(_part(memberships, ~is_away), (), most_genres)
    asked = _genres_by_artist(_part(memberships, is_away), table)
    result: dict[str, Any] = {"n_genres": len(table.names), "n_hidden": len(asked)}
    if not asked:
        return result | {"ways": {}, "above": {}}
    scores = {
        name: _score(similarity, table.n_artists, asked)
        for name, similarity in _ways(table).items()
    }
    draws = rng.integers(0, len(asked), (_DRAWS, len(asked)))
    result["ways"] = {name: _told(score, draws) for name, score in scores.items()}
    result["above"] = {
        name: _told(scores["map"] - score, draws) for name, score in scores.items() if name != "map"
    }
    return result


def _part(memberships: Memberships, mine: NDArray[np.bool_]) -> Memberships:
    genres = [memberships.genres[n] for n in np.flatnonzero(mine).tolist()]
    return Memberships(memberships.artists[mine], genres, memberships.weights[mine])


def _ways(table: GenreTable) -> dict[str, NDArray[Any]]:
    """Measure the nearness of the genres in several ways; (n, n) each."""
    strengths = strengths_of(table.shared)
    vectors = embed(strengths)
    together = np.asarray((table.shared.T @ table.shared).todense(), np.float64)
    norm = np.sqrt(np.maximum(np.diag(together), 1.0))
    return {
        "map": blend(strengths, vectors),
        "vectors": vectors @ vectors.T,
        "cosine": together / norm[:, None] / norm[None, :],
        "artists": np.tile(table.n_artists.astype(np.float64), (len(norm), 1)),
    }


def _genres_by_artist(hidden: Memberships, table: GenreTable) -> list[NDArray[np.int64]]:
    """List the rows of the genres of each hidden artist that has at least two on the map."""
    found: dict[int, set[int]] = {}
    for artist, genre in zip(hidden.artists.tolist(), hidden.genres, strict=True):
        row = table.row_of.get(tidy_genre(genre))
        if row is not None:
            found.setdefault(artist, set()).add(row)
    several = [found[artist] for artist in sorted(found) if len(found[artist]) > 1]
    return [np.array(sorted(rows), np.int64) for rows in several if len(rows) < len(table.names)]


def _score(
    similarity: NDArray[Any], n_artists: NDArray[np.int64], asked: list[NDArray[np.int64]]
) -> Scores:
    """Return recall and AUC of each artist; (n_hidden, 2)."""
    n = len(similarity)
    alike = similarity.astype(np.float64)
    np.fill_diagonal(alike, -np.inf)  # a genre itself comes last and is not counted
    order = np.lexsort((np.broadcast_to(-n_artists, alike.shape), -alike), axis=1)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(n), order.shape), axis=1)
    scores = np.empty((len(asked), 2))
    for number, rows in enumerate(asked):
        others = len(rows) - 1
        places = place[np.ix_(rows, rows)][~np.eye(others + 1, dtype=bool)].reshape(-1, others)
        hits = (places < AT).sum(axis=1) / min(AT, others)
        before = places.sum(axis=1) - others * (others - 1) / 2
        lost = before / (others * max(n - 1 - others, 1))
        scores[number] = hits.mean(), 1 - lost.mean()
    return scores


def _told(scores: Scores, draws: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Average scores, with their intervals."""
    told = {}
    for column, name in enumerate((f"recall@{AT}", "auc")):
        means = scores[draws, column].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        mean = float(scores[:, column].mean())
        told[name] = {"mean": mean, "low": float(low), "high": float(high)}
    return told
