"""Bring a vocabulary down to the words that differ.

Conventions
-----------
Vectors are rows of length 1 (see :mod:`scripts.text.emotion_query`), places (valence, arousal) in
[0, 1]. A *group* is a number a word; words of one group are merged.

Method
------
Words of one family ("betrayal", "betrayed") are one from the start. Families are then joined by
agglomerative clustering with average linkage on the distance 1 - cosine + place weight * distance
on the plane, up to a threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

#: Endings of words, longest first; what is left of a word without them is its stem.
_ENDINGS: tuple[str, ...] = (
    *("fulness", "iveness", "ations", "ation", "ement", "fully", "ness", "ment", "ance", "ence"),
    *("ious", "ious", "tion", "sion", "ing", "ful", "ity", "ive", "ous", "ent", "ant", "ism"),
    *("ist", "ely", "ish", "ed", "al", "ic", "ly", "er", "es", "y", "e", "s"),
)
_SHORTEST_STEM = 4


def stem_of(word: str) -> str:
    """Take the endings off an English word, leaving at least four letters.

    >>> stem_of("hopefulness"), stem_of("hopeless"), stem_of("betrayed"), stem_of("betrayal")
    ('hope', 'hopeless', 'betray', 'betray')
    """
    if word.endswith("less"):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def family_of(word: str, families: Mapping[str, str]) -> str:
    """Name a word's family: the lexicon's, or that of its stem, or the stem itself.

    >>> family_of("betrayed", {"betrayed": "betrayal"}), family_of("unsung", {})
    ('betrayal', 'unsung')
    """
    return families.get(word) or stem_of(word)


def family_distances(
    vectors: NDArray[Any], places: NDArray[Any], place_weight: float
) -> NDArray[np.float64]:
    """Measure how far words are apart: (n, n), symmetric, 0 on the diagonal."""
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    distances = np.clip(1 - vectors @ vectors.T, 0.0, None) + place_weight * gaps
    distances = np.round((distances + distances.T) / 2, 5)
    np.fill_diagonal(distances, 0.0)
    return np.asarray(distances, np.float64)


def pool_words(
    vectors: NDArray[Any], groups: NDArray[np.int64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Take the mean of each group's rows: ((n, size) of length 1, how many rows a group has)."""
    sums = np.zeros((n, vectors.shape[1]))
    np.add.at(sums, groups, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return sums / np.where(lengths > 0, lengths, 1.0), np.bincount(groups, minlength=n)


def mean_places(places: NDArray[Any], groups: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Take the mean place of each group: (n, 2)."""
    sums = np.zeros((n, 2))
    np.add.at(sums, groups, places)
    return sums / np.maximum(np.bincount(groups, minlength=n), 1)[:, None]


def merge_words(
    names: Sequence[str],
    vectors: NDArray[Any],
    places: NDArray[Any],
    *,
    threshold: float,
    place_weight: float,
) -> NDArray[np.int64]:
    """Group the words of a vocabulary.

    Parameters
    ----------
    names : sequence of str
        Each word's family.
    vectors : (n, size) float, rows of length 1
    places : (n, 2) float in [0, 1]
    threshold : float
        Largest mean distance within a group; 0 merges families alone.
    place_weight : float

    Returns
    -------
    (n,) int64
        Groups, numbered in the order of their first words.
    """
    families, of_word = np.unique(np.asarray(names), return_inverse=True)
    joined = np.arange(len(families))
    if len(families) > 1 and threshold > 0:
        means, _ = pool_words(vectors, of_word, len(families))
        middles = mean_places(places, of_word, len(families))
        distances = family_distances(means, middles, place_weight)
        tree = linkage(squareform(distances, checks=False), "average")
        joined = fcluster(tree, threshold, "distance")
    groups = joined[of_word]
    order = {group: i for i, group in enumerate(dict.fromkeys(groups.tolist()))}
    return np.array([order[group] for group in groups.tolist()], dtype=np.int64)
