"""Compare a sentence with songs by words of feeling.

Conventions
-----------
A *word vector* is the embedding of a word minus the mean of all words of feeling, brought to
length 1: plain embeddings of such words are all alike. A place is (valence, arousal) in [0, 1].
Words are given by their number in the vocabulary; the weights of a list of words sum to 1.
Similarities lie in [0, 1]. numpy is loaded inside the functions.

Method
------
Two words are akin if their vectors and their places are::

    kinship = (max(0, cosine) + floor) / (1 + floor) * exp(-(distance / width)^2)

The second factor parts opposites, which embeddings hold for neighbours ("hope", "hopelessness").
The similarity of a sentence and a song is the mean kinship of their words, by weight. The words of
a sentence are those whose vectors are nearest its embedding (minus the mean of sentences), those
that stand in it, and those near the place that it was read to mean. The embedding of "not sad" is
near "sad"; the place heeds negation, so words far from it are not asked for.
"""

from __future__ import annotations

import math
import re

from scripts.moods.emotion_lexicon import load_lexicon, load_space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Weighted = Sequence[tuple[int, float]]

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

#: A word counts only this near to the place that a text was read to mean.
_SAME_SIDE = 0.45


class EmotionQuery:
    """A vocabulary made ready for sentences.

    Attributes
    ----------
    words : list of str
    kinship : (n_words, n_words) float32
    """

    __slots__ = ("kinship", "meant", "places", "space", "vectors", "words")

    words: list[str]
    vectors: NDArray[np.float32]
    places: NDArray[np.float64]
    kinship: NDArray[np.float32]
    meant: dict[str, int]
    space: Mapping[str, Any]


def tokens_of(text: str) -> list[str]:
    """List the words of a text in lower case, compounds in one piece.

    >>> tokens_of("Self-love, ¡Alegría!")
    ['self-love', 'alegría']
    """
    return _TOKEN.findall(text.lower())


def measure_kinship(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    settings: Mapping[str, float],
) -> NDArray[np.float32]:
    """Tell how much the words of one list are akin to those of another.

    Parameters
    ----------
    first, second : (vectors, places)
        (n, size) rows of length 1 and (n, 2) in [0, 1].
    settings : mapping
        ``floor`` and ``width``.

    Returns
    -------
    (n_first, n_second) float32 in [0, 1]
    """
    import numpy as np

    vectors, others = (np.asarray(side[0], np.float32) for side in (first, second))
    places, far = (np.asarray(side[1], np.float64).reshape(-1, 2) for side in (first, second))
    floor, width = settings["floor"], settings["width"]
    squared = ((places[:, None] - far[None]) ** 2).sum(axis=2)
    cosine = np.clip(vectors @ others.T, 0.0, 1.0)
    akin = (cosine + floor) / (1 + floor) * np.exp(-squared / width**2)
    return np.asarray(akin, np.float32)


def open_emotion_query(
    words: Sequence[str],
    word_vectors: ArrayLike,
    places: ArrayLike,
    merged: Mapping[str, Sequence[str]] | None = None,
    space: Mapping[str, Any] | None = None,
) -> EmotionQuery:
    """Make a set's vocabulary ready for sentences.

    Parameters
    ----------
    words : sequence of str
        In the order of their numbers.
    word_vectors : (n_words, size) float
        As a set stores them.
    places : (n_words, 2) float in [0, 1]
        Valence and arousal of each word.
    merged : mapping of str to sequence of str, optional
        Word -> the forms that it stands for; without it those of the lexicon alone.
    space : mapping, optional
        The numbers of :func:`~scripts.moods.emotion_lexicon.load_space`, which are read if absent.
    """
    import numpy as np

    query = EmotionQuery()
    query.words = list(words)
    query.vectors = np.asarray(word_vectors, np.float32)
    query.places = np.asarray(places, np.float64).reshape(-1, 2)
    query.space = load_space() if space is None else space
    own = (query.vectors, query.places)
    query.kinship = measure_kinship(own, own, query.space["settings"])
    number = {word: i for i, word in enumerate(query.words)}
    for word, forms in (merged or {}).items():
        number |= {form: number[word] for form in forms if word in number}
    # a form that no song was given means what its family means
    for form, (_, _, family) in load_lexicon().items():
        if form not in number and family in number:
            number[form] = number[family]
    query.meant = number
    return query


def _score_words(
    text: str, vector: ArrayLike | None, query: EmotionQuery, point: Sequence[float] | None
) -> NDArray[np.float64]:
    import numpy as np

    settings, sentences = query.space["settings"], query.space["sentences"]
    scores = np.zeros(len(query.words))
    if vector is not None:
        shifted = np.asarray(vector, np.float64) - np.asarray(sentences["mean"])
        scores += query.vectors @ shifted / sentences["scale"]
    if point is not None:
        away = np.linalg.norm(query.places - np.asarray(point, np.float64), axis=1)
        scores += settings["point"] * np.exp(-((away / settings["width"]) ** 2))
        scores[away > _SAME_SIDE] = -np.inf
    said = {query.meant[token] for token in tokens_of(text) if token in query.meant}
    scores[sorted(said)] += settings["said"]
    return scores


def query_words(
    text: str,
    vector: ArrayLike | None,
    query: EmotionQuery,
    point: Sequence[float] | None = None,
) -> list[tuple[int, float]]:
    """Find the words of feeling of a sentence.

    Parameters
    ----------
    text : str
    vector : (size,) float, optional
        Its embedding; without it the words that stand in it and `point` decide.
    point : (valence, arousal), optional
        Where the text was read to lie: ``Reading.point``. Words further from it than .45 are not
        asked for, whatever else speaks for them.

    Returns
    -------
    list of (word number, weight)
        Strongest first; empty where nothing tells of a feeling, or no word is near the point.
    """
    settings = query.space["settings"]
    scores = [round(score, 4) for score in _score_words(text, vector, query, point).tolist()]
    near = [word for word, score in enumerate(scores) if score > -math.inf]
    if not near or (point is None and max(scores) == min(scores)):
        return []
    best = sorted(near, key=lambda word: (-scores[word], query.words[word]))
    best = best[: int(settings["n_asked"])]
    weights = [math.exp(settings["sharpness"] * (scores[word] - scores[best[0]])) for word in best]
    return [(word, weight / sum(weights)) for word, weight in zip(best, weights, strict=True)]


def word_similarity(asked: Weighted, query: EmotionQuery) -> NDArray[np.float32]:
    """Tell how near each word of the vocabulary is to what was asked: (n_words,) in [0, 1]."""
    import numpy as np

    near = np.zeros(len(query.words), np.float32)
    for word, weight in asked:
        near += np.float32(weight) * query.kinship[word]
    return near


def song_similarity(song: Weighted, near: Sequence[float]) -> float:
    """Return the similarity of a song's words to what was asked, in [0, 1].

    Parameters
    ----------
    song : sequence of (word number, weight)
        Its weights sum to 1; a song without words is similar to nothing.
    near : sequence of float
        Of :func:`word_similarity`; a list is faster than an array here.

    >>> song_similarity([(0, 0.75), (2, 0.25)], [0.8, 0.1, 0.4])
    0.7
    """
    return round(sum(weight * near[word] for word, weight in song), 6)
