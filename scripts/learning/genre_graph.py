"""The graph of genres that share artists: which genres there are, how strongly they are bound.

Conventions
-----------
Artists are numbers; only whether two are equal counts. Genre names are lower case. Strengths are
in [0, 1]; 1 means the same artists. Edges are pairs of rows, the lower one first, in order.

Method
------
Names that differ in case, hyphens, blanks or accents alone are one genre, in the spelling that most
artists have. An artist divides one vote among its genres, so that one with a hundred tags binds no
more than one with two. The strength of two genres is the square root of the cosine of their votes;
the root keeps the few genres that share nearly everything from drowning the rest. How often a name
was given is left out: on held-out artists it did worse than whether it was. An edge joins two
genres if each is among the other's strongest ones. Families are communities that Louvain's
method finds (Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.text.names import fold_name

#: Two genres are joined where each is among so many strongest ones of the other.
N_NEIGHBOURS = 12

#: Below this strength (about two per cent of the artists) no edge joins two genres.
LEAST_STRENGTH = 0.15

#: Votes that every genre is taken to have beside its own, shared with none: what a genre of one
#: artist says of others is worth little.
PRIOR_VOTES = 0.5


class Memberships(NamedTuple):
    """Which artists are of which genres, one row a pair; the same pair may occur again."""

    artists: NDArray[np.int64]  # (m,), at least 0
    genres: Sequence[str]  # (m,), as people write them
    weights: NDArray[np.float64]  # (m,), above 0: songs of the genre, or listeners who gave the tag


def memberships_of_tags(
    artists: NDArray[np.int64], tags: Sequence[str], users: NDArray[np.int64], least_users: int = 3
) -> Memberships:
    """Count the listeners who gave each tag to each artist; a tag of fewer listeners is left out.

    Parameters
    ----------
    artists, tags, users : sequences of equal length
        One entry for each tag that a listener gave to an artist.
    least_users : int
        What one or two people call their artists is seldom a genre.
    """
    numbers = {name: n for n, name in enumerate(dict.fromkeys(tidy_genre(tag) for tag in tags))}
    tag = np.array([numbers[tidy_genre(name)] for name in tags], int)
    given = np.unique(
        np.column_stack([np.asarray(artists, int), tag, np.asarray(users, int)]), axis=0
    )
    people = np.unique(given[:, [1, 2]], axis=0)[:, 0]
    common = np.bincount(people, minlength=len(numbers)) >= least_users
    pairs, counts = np.unique(given[common[given[:, 1]]][:, :2], axis=0, return_counts=True)
    names = list(numbers)
    return Memberships(pairs[:, 0], [names[n] for n in pairs[:, 1]], counts.astype(np.float64))


def memberships_of_songs(artists: NDArray[np.int64], texts: Sequence[str]) -> Memberships:
    """Count the songs of each genre that each artist has; genres of a song are joined by ";".

    >>> memberships_of_songs(np.array([7, 7]), ["jazz;pop", "pop"]).genres
    ['jazz', 'pop']
    """
    counts: dict[tuple[int, str], int] = {}
    for artist, text in zip(np.asarray(artists).tolist(), texts, strict=True):
        for genre in text.split(";") if text else ():
            counts[artist, genre] = counts.get((artist, genre), 0) + 1
    return Memberships(
        np.array([artist for artist, _ in counts], np.int64),
        [genre for _, genre in counts],
        np.array(list(counts.values()), np.float64),
    )


def join_memberships(*parts: Memberships) -> Memberships:
    """Put memberships of the same numbering of artists together."""
    return Memberships(
        np.concatenate([part.artists for part in parts]),
        [genre for part in parts for genre in part.genres],
        np.concatenate([part.weights for part in parts]),
    )


class GenreTable(NamedTuple):
    """The genres and their artists."""

    names: list[str]  # most artists first, then by name
    n_artists: NDArray[np.int64]  # (n,)
    shared: csr_matrix  # (n_artists, n), 1 where an artist is of a genre
    row_of: dict[str, int]  # every spelling met, tidied -> row; those left out are absent
    n_left_out: int


def tidy_genre(name: str) -> str:
    """Write a genre's name as catalogues do.

    >>> tidy_genre("  Nu   Jazz ")
    'nu jazz'
    """
    return " ".join(name.split()).casefold()


def group_genres(memberships: Memberships, keep: Sequence[str], most: int) -> GenreTable:
    """Join the spellings of each genre and keep the genres of most artists.

    Parameters
    ----------
    memberships : Memberships
    keep : sequence of str
        Genres that stay as they are spelled, and come before others where there is no room for
        all; other spellings join them.
    most : int
        How many genres are kept.
    """
    kept = {tidy_genre(name): name for name in sorted(keep)}
    tidied = {name: tidy_genre(name) for name in dict.fromkeys(memberships.genres)}
    groups: dict[str, str] = {}
    for name in sorted(kept, reverse=True):  # of two genres that fold alike, the first takes others
        groups[fold_name(name)] = name
    keys = {
        name: tidy if tidy in kept else groups.get(fold_name(tidy), "\n" + fold_name(tidy))
        for name, tidy in tidied.items()
        if tidy
    }
    numbers = {key: n for n, key in enumerate(dict.fromkeys([*kept, *keys.values()]))}
    rows = [n for n, name in enumerate(memberships.genres) if name in keys]
    columns = [numbers[keys[memberships.genres[n]]] for n in rows]
    artists, artist = np.unique(np.asarray(memberships.artists)[rows], return_inverse=True)
    shared = csr_matrix(
        (np.ones(len(rows)), (artist, np.array(columns, int))), (len(artists), len(numbers))
    )
    shared.data[:] = 1.0  # pairs that occurred again were added up
    n_artists = np.bincount(shared.indices, minlength=len(numbers)).astype(np.int64)
    spelled = _spellings(memberships, rows, keys, tidied)
    names = [spelled.get(key, key) for key in numbers]
    first = sorted(range(len(names)), key=lambda n: (-n_artists[n], names[n]))
    allowed = set(sorted(first, key=lambda n: n >= len(kept))[:most])
    order = [n for n in first if n in allowed]
    row_at = {n: row for row, n in enumerate(order)}
    row_of = {
        tidied[name]: row_at[numbers[key]] for name, key in keys.items() if numbers[key] in row_at
    }
    row_of.update({names[n]: row for n, row in row_at.items()})
    return GenreTable(
        [names[n] for n in order],
        n_artists[order],
        shared[:, order],
        row_of,
        len(names) - len(order),
    )


def _spellings(
    memberships: Memberships, rows: list[int], keys: dict[str, str], tidied: dict[str, str]
) -> dict[str, str]:
    """Choose for each group of spellings the one that most rows have, the first of equals."""
    counts: dict[str, dict[str, int]] = {}
    for n in rows:
        name = memberships.genres[n]
        of_group = counts.setdefault(keys[name], {})
        of_group[tidied[name]] = of_group.get(tidied[name], 0) + 1
    return {
        key: key if not key.startswith("\n") else min(found, key=lambda name: (-found[name], name))
        for key, found in counts.items()
    }


def strengths_of(shared: csr_matrix) -> NDArray[np.float64]:
    """Measure how strongly genres are bound by their artists.

    Parameters
    ----------
    shared : (n_artists, n) of 0/1

    Returns
    -------
    (n, n) float64 in [0, 1]
        Symmetric; 1 on the diagonal.

    >>> strengths_of(csr_matrix([[1, 1, 0], [1, 1, 0], [0, 0, 1]])).round(2).tolist()
    [[1.0, 0.82, 0.0], [0.82, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    per_artist = np.maximum(np.asarray(shared.sum(axis=1)).ravel(), 1.0)
    votes = shared.multiply(1 / per_artist[:, None]).tocsr()
    together = np.asarray((votes.T @ shared).todense(), np.float64)
    norm = np.sqrt(np.diag(together) + PRIOR_VOTES)
    strengths = np.sqrt(np.clip(together / norm[:, None] / norm[None, :], 0.0, 1.0))
    strengths = (strengths + strengths.T) / 2  # equal to the last bit
    np.fill_diagonal(strengths, 1.0)
    return strengths


def join_nearest(
    strengths: NDArray[np.float64],
    n_neighbours: int = N_NEIGHBOURS,
    least: float = LEAST_STRENGTH,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """List the edges between genres that are each among the other's strongest.

    Returns
    -------
    edges : (m, 2) int64
    weights : (m,) float32
    """
    n = len(strengths)
    bound = strengths.copy()
    np.fill_diagonal(bound, -1.0)
    best = np.argsort(-bound, axis=1, kind="stable")[:, : min(n_neighbours, max(n - 1, 0))]
    chosen = np.zeros((n, n), bool)
    np.put_along_axis(chosen, best, True, axis=1)
    edges = np.argwhere(np.triu(chosen & chosen.T & (bound >= least), 1)).astype(np.int64)
    return edges, strengths[edges[:, 0], edges[:, 1]].astype(np.float32)


def find_families(
    n: int, edges: NDArray[np.int64], weights: NDArray[np.float32], seed: int
) -> tuple[NDArray[np.int64], int]:
    """Divide genres into families, and count the parts that no edge connects.

    Returns
    -------
    families : (n,) int64
        0 is the largest family; a genre without an edge is one by itself.
    n_components : int
    """
    import networkx as nx  # takes .2 s to load

    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_weighted_edges_from(
        (int(a), int(b), float(w)) for (a, b), w in zip(edges, weights, strict=True)
    )
    found = nx.community.louvain_communities(graph, seed=seed) if n else []
    families = np.zeros(n, np.int64)
    for number, members in enumerate(sorted(found, key=lambda group: (-len(group), min(group)))):
        families[sorted(members)] = number
    return families, nx.number_connected_components(graph) if n else 0
