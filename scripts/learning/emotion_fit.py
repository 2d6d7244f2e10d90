"""Fit the numbers by which words of feeling are found in lyrics.

Conventions
-----------
Embeddings are (n, size), rows of length 1. Numbers are rounded, because they ship as text.

Method
------
The map from an embedding to feelings is one ridge regression a feeling on labelled sentences;
lyrics are scaled by their own spread, so only the directions carry over from sentences to songs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from scripts.learning.emotion_evidence import Lexicon

#: Penalty of the ridge regressions.
_PENALTY = 10.0


def _rounded(values: NDArray[Any], digits: int = 4) -> list[Any]:
    listed: list[Any] = np.round(np.asarray(values, np.float64), digits).tolist()
    return listed


def fit_feelings(
    sentences: NDArray[Any], labels: Sequence[Sequence[str]], known: Sequence[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """Learn the directions of feelings from labelled sentences.

    Parameters
    ----------
    sentences : (n, size) float
    labels : sequence of sequence of str
        The feelings of each sentence.
    known : sequence of str
        The lexicon; other labels (``neutral``) are left out.

    Returns
    -------
    (names, (n_names, size) float64)
    """
    names = sorted({name for row in labels for name in row} & set(known))
    targets = np.array([[name in row for name in names] for row in labels], np.float32)
    weights = Ridge(alpha=_PENALTY).fit(sentences, targets).coef_
    return names, np.asarray(weights, np.float64).reshape(len(names), -1)


def measure_space(
    lyrics: NDArray[Any],
    sentences: NDArray[Any],
    feelings: tuple[list[str], NDArray[np.float64]],
    lexicon: Lexicon,
) -> dict[str, Any]:
    """Measure the middle and the spread of lyrics, sentences and feelings.

    Returns
    -------
    dict
        ``lyrics`` and ``sentences``: ``mean`` (size numbers) and ``scale``, the standard deviation
        of their products with the words; ``feelings``: ``names``, ``weights``, ``scale`` (one a
        feeling) and ``spread``, the standard deviation of their sum a word.
    """
    names, weights = feelings
    told: dict[str, Any] = {}
    for kind, vectors in (("lyrics", lyrics), ("sentences", sentences)):
        rows = np.asarray(vectors, np.float64)
        mean = rows.mean(axis=0)
        scale = float(((rows - mean) @ lexicon.vectors.T).std())
        told[kind] = {"mean": _rounded(mean, 5), "scale": round(scale, 5)}
    felt = (np.asarray(lyrics, np.float64) - np.mean(lyrics, axis=0)) @ weights.T
    scale = felt.std(axis=0)
    labels = [lexicon.words.index(name) for name in names]
    spread = (felt / scale) @ lexicon.vectors[labels] @ lexicon.vectors.T
    told["feelings"] = {
        "names": names,
        "weights": _rounded(weights),
        "scale": _rounded(scale, 5),
        "spread": round(float(spread.std()), 5),
    }
    return told
