"""Count words: a vocabulary and TF-IDF rows of length 1, as the answering side makes them.

Conventions
-----------
A *document* is a list of terms (:func:`scripts.text.text_parts.terms_of`). A term's value is
(1 + log count) times its inverse document frequency; rows are scaled to length 1. The inverse
document frequencies are rounded to 255 steps, so that a byte each can be shipped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

#: A term of our own sentences is kept anyway; others must occur in so many documents.
LEAST = 4


class Vocabulary(NamedTuple):
    """The terms that have weights."""

    terms: list[str]  # sorted
    idf: NDArray[np.uint8]  # in steps
    step: float


def choose_vocabulary(documents: Sequence[Sequence[str]], own: NDArray[np.bool_]) -> Vocabulary:
    """Choose the terms: all of our own documents, and those of others that recur.

    >>> choose_vocabulary([["sad", "so"], ["sad"]], np.array([True, False])).terms
    ['sad', 'so']
    """
    seen = Counter(term for document in documents for term in set(document))
    kept = {
        term for document, is_own in zip(documents, own, strict=True) if is_own for term in document
    }
    terms = sorted(term for term, n in seen.items() if n >= LEAST or term in kept)
    n = len(documents)
    idf = np.array([math.log((1 + n) / (1 + seen[term])) + 1 for term in terms])
    step = float(idf.max()) / 255
    return Vocabulary(terms, np.round(idf / step).astype(np.uint8), step)


def count_terms(documents: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Any:
    """Return (n, n_terms) sparse float64 rows of length 1 (or 0, where no term is known)."""
    place = {term: at for at, term in enumerate(vocabulary.terms)}
    values, columns, ends = [], [], [0]
    for document in documents:
        counts = Counter(place[term] for term in document if term in place)
        row = [
            (1 + math.log(n)) * float(vocabulary.idf[at]) * vocabulary.step
            for at, n in counts.items()
        ]
        norm = math.sqrt(sum(value * value for value in row)) or 1.0
        values += [value / norm for value in row]
        columns += list(counts)
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(documents), len(vocabulary.terms)))
