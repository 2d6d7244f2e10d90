"""The layers of the text model and how they are joined: arrays in, numbers out.

Conventions
-----------
Classes are emotions in the order of :data:`~scripts.moods.emotions.EMOTIONS`, unless a layer has
labels of its own: those of the tweets, or Ekman's six with *neutral* for the comments. Besides
the linear layers, the nearest of our own sentences vote.
A *part* is what one layer says: (n, n_emotions) log-probabilities, a coarse label's value standing
for each emotion it covers. What words say is divided by language: the tweets and comments are
English, so their layers are silent on Spanish.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.learning.text_model import (
    Linear,
    balance_rows,
    fit_softmax,
    fit_yes_no,
    log_softmax,
)
from scripts.learning.text_neighbours import pack_neighbours
from scripts.moods.emotions import COARSE, cover
from scripts.text.neighbours import Neighbours, open_neighbours

#: How much each source counts, over all its rows.
VECTOR_MASS: dict[str, float] = {
    "situations": 3.0,
    "events": 3.5,
    "everyday": 2.0,
    "words": 0.6,
}
WORD_MASS: dict[str, float] = {
    "situations": 1.5,
    "events": 1.2,
    "everyday": 1.0,
    "words": 1.0,
    "comments": 1.0,
    "tweets": 1.0,
}

#: Whose sentences are neighbours of a text: forms of single words are not.
NEIGHBOURS: tuple[str, ...] = ("situations", "events", "everyday")

#: How many parts the pool joins.
N_PARTS = 12

#: What turns features into logits or log-probabilities.
Layer = Linear | Neighbours


class TextRows(NamedTuple):
    """Labelled texts as arrays."""

    vectors: NDArray[np.float32]  # (n, 512) embeddings
    words: Any  # (n, n_terms) sparse TF-IDF rows
    allowed: NDArray[np.float32]  # (n, n_emotions) of 0/1
    source: NDArray[Any]
    label: NDArray[Any]
    groups: NDArray[
        np.float32
    ]  # (n, 7) of 0/1: Ekman's six and neutral; a comment may have several
    gates: NDArray[np.float64]  # (n, 3): Spanish share, a form of "feel", a mood word


def _mass(rows: TextRows, index: NDArray[np.int64], mass: Mapping[str, float]) -> Any:
    """Weigh rows so that a source counts as its mass says and its rare labels a little more."""
    weight = np.zeros(len(index))
    for source, total in mass.items():
        of_source = rows.source[index] == source
        if of_source.any():
            labels = [row.tobytes() for row in rows.allowed[index[of_source]]]
            share = balance_rows(labels)
            weight[of_source] = total * share / share.sum()
    return weight


def fit_neighbours(rows: TextRows, index: NDArray[np.int64]) -> dict[str, Any]:
    """Pack the neighbours among some rows."""
    of = index[np.isin(rows.source[index], NEIGHBOURS)]
    return pack_neighbours(rows.vectors[of], rows.allowed[of])


def fit_heads(rows: TextRows, index: NDArray[np.int64]) -> dict[str, Layer]:
    """Fit every layer on some rows.

    Returns
    -------
    dict of str to Linear or Neighbours
        ``words``, ``tweets`` and ``comment_words`` on words; ``states``, ``comment_vectors`` and
        ``neighbours`` on embeddings.
    """
    source = rows.source[index]
    heads: dict[str, Layer] = {}
    own = index[np.isin(source, list(VECTOR_MASS))]
    heads["states"] = fit_softmax(
        rows.vectors[own],
        rows.allowed[own],
        _mass(rows, own, VECTOR_MASS),
        penalty=5e-5,
        n_steps=120,
    )
    heads["words"] = fit_softmax(
        rows.words[index],
        rows.allowed[index],
        _mass(rows, index, WORD_MASS),
        penalty=1e-5,
        n_steps=80,
    )
    tweets = index[source == "tweets"]
    truth = np.array([rows.label[tweets] == name for name in COARSE["tweets"]], np.float32).T
    heads["tweets"] = fit_softmax(
        rows.words[tweets],
        truth,
        balance_rows(rows.label[tweets].tolist(), 1.0),
        penalty=2e-5,
        n_steps=150,
    )
    comments = index[source == "comments"]
    for name, X in (("comment_words", rows.words), ("comment_vectors", rows.vectors)):
        heads[name] = fit_yes_no(X[comments], rows.groups[comments], penalty=1e-5, n_steps=40)
    heads["neighbours"] = open_neighbours(fit_neighbours(rows, index))
    return heads


def _spread(layer: Layer, X: Any, labels: tuple[str, ...]) -> NDArray[np.float64]:
    """Return (n, n_emotions): what a layer with labels of its own says of every emotion."""
    told = log_softmax(layer(X))
    guess = np.full((len(told), 1), -math.log(len(labels)))
    return np.hstack([told, guess])[:, list(cover(labels))]


def head_parts(heads: Mapping[str, Layer], rows: TextRows, index: NDArray[Any]) -> Any:
    """Return (n, 12, n_emotions): the parts that the pool joins, those on words first.

    Their order is that of :data:`scripts.text.text_parts.PARTS`.
    """
    X, T = rows.vectors[index], rows.words[index]
    spanish, feel, explicit = (gate[:, None] for gate in rows.gates[index].T)
    english = 1 - spanish
    words, states = log_softmax(heads["words"](T)), log_softmax(heads["states"](X))
    near = heads["neighbours"](X)
    tweets = _spread(heads["tweets"], T, COARSE["tweets"]) * english
    return np.stack(
        [
            words * english * explicit,
            words * english * (1 - explicit),
            words * spanish * explicit,
            words * spanish * (1 - explicit),
            tweets * feel,
            tweets * (1 - feel),
            _spread(heads["comment_words"], T, COARSE["comments"]) * english,
            states * feel,
            states * (1 - feel),
            _spread(heads["comment_vectors"], X, COARSE["comments"]),
            near * english * (1 - feel),
            near * spanish * (1 - feel),
        ],
        axis=1,
    )


def held_out_parts(rows: TextRows, fold: NDArray[np.int64]) -> dict[str, Any]:
    """Predict every row with layers fitted on the other folds.

    Returns
    -------
    dict
        ``parts`` (n, 12, n_emotions); ``comments`` (n, 2, 7), the logits of the two layers of
        comments, on words and on embeddings.
    """
    n, n_emotions = rows.allowed.shape
    parts = np.zeros((n, N_PARTS, n_emotions))
    comments = np.zeros((n, 2, len(COARSE["comments"])))
    for k in np.unique(fold):
        heads = fit_heads(rows, np.flatnonzero(fold != k))
        test = np.flatnonzero(fold == k)
        parts[test] = head_parts(heads, rows, test)
        comments[test] = comment_logits(heads, rows, test)
    return {"parts": parts, "comments": comments}


def comment_logits(heads: Mapping[str, Layer], rows: TextRows, index: NDArray[Any]) -> Any:
    """Return (n, 2, 7): the logits of the layers of comments, on words and on embeddings."""
    return np.stack(
        [
            heads["comment_words"](rows.words[index]),
            heads["comment_vectors"](rows.vectors[index]),
        ],
        axis=1,
    )
