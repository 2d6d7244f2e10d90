"""A map of genres: near to each other are genres that share artists, or neighbours that do.

Conventions
-----------
A genre is a row of the map, those with most artists first. Vectors are rows of length 1 (of length
0 where a genre shares no artist with another). The *similarity* of two genres is in [-1, 1], that
of a genre to itself is 1. Places for drawing are in [-1, 1].

Method
------
The graph of :mod:`scripts.learning.genre_graph` is embedded by its spectrum: the vectors are the
leading eigenvectors of the matrix of strengths, times a power of their eigenvalues, brought to
length 1. The *similarity* of two genres is for :data:`STRENGTH_SHARE` their strength and for the
rest the cosine of their vectors, so two genres may be near without an artist in common.

All this was chosen by hiding a fifth of the artists of HetRec 2011 (Last.fm) and asking how well
one genre of such an artist tells its others; :mod:`scripts.evaluation.genre_report` repeats the
test. Pointwise mutual information, Laplacian eigenmaps and the closed form of random walks on the
graph (Qiu et al. 2018, doi:10.1145/3159652.3159706) were tried too and told less.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.errors import SettingsError
from scripts.learning.genre_graph import (
    Memberships,
    find_families,
    group_genres,
    join_nearest,
    strengths_of,
    tidy_genre,
)
from scripts.learning.genre_layout import lay_out, leading_axes
from scripts.text.names import fold_name

#: Most numbers of a vector, and genres of a map.
N_DIMS = 64
MOST_GENRES = 2_000

#: At 1/2, cosines are the strengths as well as so many numbers can tell them; at 1, they say how
#: alike the strengths of two genres to all others are.
EIGENVALUE_POWER = 0.75

#: What part of a similarity is the strength of two genres.
STRENGTH_SHARE = 0.75

#: Neighbours that the catalogue lists of each genre, and how many of them, at least, are genres
#: that its songs have, as far as there are any.
MOST_NEAR, MOST_WALKED = 20, 8

Near = list[tuple[str, float]]


class GenreMap(NamedTuple):
    """Genres, what they lie near to, and the families they form."""

    names: list[str]
    n_artists: NDArray[np.int64]  # (n,)
    vectors: NDArray[np.float32]  # (n, d)
    families: NDArray[np.int64]  # (n,), 0 is the largest
    xy: NDArray[np.float32]  # (n, 2)
    edges: NDArray[np.int64]  # (m, 2)
    strengths: NDArray[np.float32]  # (m,)
    similarity: NDArray[np.float32]  # (n, n)
    row_of: dict[str, int]  # every spelling met -> row
    n_components: int
    n_left_out: int  # genres of too few artists


class GenreVectors(NamedTuple):
    """Genres and their vectors alone: what describing artists needs, without what drawing needs."""

    names: list[str]
    vectors: NDArray[np.float32]  # (n, d), those of the map
    row_of: dict[str, int]  # every spelling met -> row


def fit_genre_vectors(
    memberships: Memberships, *, keep: Sequence[str] = (), most_genres: int = MOST_GENRES
) -> GenreVectors:
    """Learn the vectors of :func:`fit_genre_map` alone, in a small part of its time."""
    table = group_genres(memberships, keep, most_genres)
    return GenreVectors(table.names, embed(strengths_of(table.shared)), table.row_of)


def fit_genre_map(
    memberships: Memberships,
    *,
    keep: Sequence[str] = (),
    most_genres: int = MOST_GENRES,
    seed: int = 0,
) -> GenreMap:
    """Learn the map of the genres of some artists.

    Parameters
    ----------
    memberships : Memberships
    keep : sequence of str
        Genres that stay as they are spelled and are the last to be left out, such as a
        catalogue's.
    most_genres : int
        At least 1; genres of the fewest artists are left out.
    seed : int
        Starts the search for families and the layout.
    """
    table = group_genres(memberships, keep, most_genres)
    strengths = strengths_of(table.shared)
    edges, weights = join_nearest(strengths)
    families, n_components = find_families(len(table.names), edges, weights, seed)
    vectors = embed(strengths)
    similarity = blend(strengths, vectors)
    return GenreMap(
        table.names,
        table.n_artists,
        vectors,
        families,
        lay_out(similarity, seed),
        edges,
        weights,
        similarity,
        table.row_of,
        n_components,
        table.n_left_out,
    )


def embed(strengths: NDArray[np.float64], n_dims: int = N_DIMS) -> NDArray[np.float32]:
    """Turn strengths into vectors, see the module's *Method*; (n, at most n_dims) float32."""
    bound = strengths.sum(axis=1) > 1.0 if len(strengths) else np.zeros(0, bool)
    vectors = np.zeros((len(strengths), max(1, min(n_dims, int(bound.sum())))))
    if bound.any():
        vectors[bound] = _spectrum(strengths[np.ix_(bound, bound)], vectors.shape[1])
    return vectors.astype(np.float32)


def _spectrum(strengths: NDArray[np.float64], n_dims: int) -> NDArray[np.float64]:
    """Return the leading axes of the strengths, weighted, as rows of length 1."""
    values, axes = leading_axes(strengths, n_dims)
    axes = axes * np.maximum(values, 0.0) ** EIGENVALUE_POWER
    return np.asarray(axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-12))


def blend(strengths: NDArray[np.float64], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weigh strengths and cosines into similarities; (n, n) float32, symmetric."""
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    mixed = STRENGTH_SHARE * strengths + (1 - STRENGTH_SHARE) * np.clip(cosines, -1.0, 1.0)
    mixed = ((mixed + mixed.T) / 2).round(6)
    np.fill_diagonal(mixed, 1.0)
    return mixed.astype(np.float32)


# ---- asking -----------------------------------------------------------------------------------


def place_of(genre_map: GenreMap, name: str) -> int | None:
    """Find the row of a genre in any spelling; None where the map does not have it."""
    tidy = tidy_genre(name)
    if tidy in genre_map.row_of:
        return genre_map.row_of[tidy]
    folded = fold_name(tidy)
    return next((row for row, one in enumerate(genre_map.names) if fold_name(one) == folded), None)


def nearest_genres(genre_map: GenreMap, name: str, k: int = 10) -> Near:
    """List the genres most similar to one, the nearest first; no similarity is 0 or less.

    Raises
    ------
    SettingsError
        For a genre that the map does not have; the message offers names spelled like it.
    """
    row = place_of(genre_map, name)
    if row is None:
        import difflib

        near = difflib.get_close_matches(tidy_genre(name), genre_map.names, n=3, cutoff=0.6)
        offer = f"; did you mean {' or '.join(near)}?" if near else ""
        raise SettingsError(
            f"genre {name[:60]!r}: not among the {len(genre_map.names):,} of the map{offer}"
        )
    return _listed(genre_map, row, _near(genre_map, row)[:k])


def _near(genre_map: GenreMap, row: int) -> NDArray[np.int64]:
    """Order the genres of positive similarity to one, the nearest first, then by rows."""
    alike = genre_map.similarity[row]
    order = np.argsort(-alike, kind="stable")
    return order[(alike[order] > 0) & (order != row)]


def _listed(genre_map: GenreMap, row: int, others: NDArray[np.int64]) -> Near:
    alike = genre_map.similarity[row].astype(np.float64)
    return [(genre_map.names[j], round(float(alike[j]), 4)) for j in others]


def artist_vectors(
    genre_map: GenreMap | GenreVectors, memberships: Memberships, n_artists: int
) -> NDArray[np.float32]:
    """Describe artists by their genres: the weighted mean of the genres' vectors.

    Returns
    -------
    (n_artists, d) float32
        Rows of zeros for artists without a genre of the map.
    """
    row_of = _places_of(genre_map, dict.fromkeys(memberships.genres))
    rows = np.array([row_of[genre] for genre in memberships.genres], int)
    known = rows >= 0
    artists = np.asarray(memberships.artists)[known]
    weights = np.asarray(memberships.weights, np.float64)[known]
    from scipy.sparse import csr_matrix

    shape = (n_artists, len(genre_map.names))
    shares = csr_matrix((weights, (artists, rows[known])), shape)
    totals = np.maximum(np.asarray(shares.sum(axis=1)).ravel(), 1e-12)
    return np.asarray((shares @ genre_map.vectors) / totals[:, None], np.float32)


def _places_of(genre_map: GenreMap | GenreVectors, names: Iterable[str]) -> dict[str, int]:
    """Find the rows of many genres as :func:`place_of` does; -1 where the map does not have one."""
    folded: dict[str, int] = {}
    for row, name in enumerate(genre_map.names):
        folded.setdefault(fold_name(name), row)
    tidied = {name: tidy_genre(name) for name in names}
    return {
        name: genre_map.row_of[tidy]
        if tidy in genre_map.row_of
        else folded.get(fold_name(tidy), -1)
        for name, tidy in tidied.items()
    }


def genre_rows(genre_map: GenreMap, genre_ids: Mapping[str, int]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the catalogue's table ``genre_map``.

    Parameters
    ----------
    genre_map : GenreMap
    genre_ids : mapping of genre to int
        The catalogue's genres; the other names are tags that no song has.
    """
    vectors = genre_map.vectors.astype("<f4")
    walked = np.array([name in genre_ids for name in genre_map.names], bool)
    for row, name in enumerate(genre_map.names):
        order = _near(genre_map, row)
        kept = np.zeros(len(order), bool)
        kept[np.flatnonzero(walked[order])[:MOST_WALKED]] = True
        kept[np.flatnonzero(~kept)[: MOST_NEAR - int(kept.sum())]] = True
        near = json.dumps(_listed(genre_map, row, order[kept]), ensure_ascii=False)
        x, y = (round(float(value), 5) for value in genre_map.xy[row])
        counted = int(genre_map.n_artists[row]), int(genre_map.families[row])
        yield name, genre_ids.get(name), *counted, x, y, near, vectors[row].tobytes()
