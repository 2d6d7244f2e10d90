"""Three ways to compare a query with songs: raw lyrics, free words, consolidated words.

Conventions
-----------
A query is a word of feeling or a sentence. Similarities are (n_queries, n_songs) float. ``raw`` is
the cosine of the query's embedding and the lyric's; ``free`` and ``consolidated`` are those of
:mod:`scripts.text.emotion_query` on the words before and after merging.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.learning.emotion_evidence import Lexicon, centre_words
from scripts.learning.emotion_words import EmotionWords, SongWords
from scripts.learning.vector_search import exact_cosines
from scripts.text.emotion_query import (
    EmotionQuery,
    measure_kinship,
    open_emotion_query,
    query_words,
    word_similarity,
)
from scripts.text.reading import read_texts
from scripts.text.text_mood import open_text_mood

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder

WAYS: tuple[str, ...] = ("raw", "free", "consolidated")

SENTENCES_FILE = Path(__file__).with_name("retrieval_sentences.tsv")

#: Words of the lexicon whose mean place is that of a word it does not list.
_NEIGHBOURS = 5


class Query(NamedTuple):
    """What is asked, and what answers it."""

    text: str
    words: tuple[str, ...]  # a relevant song has one of them in the reference
    quadrant: str  # "" where the query names none
    language: str
    is_word: bool


def half_of(name: str) -> int:
    """Tell which half a name falls into, by its hash: 0 is for choosing, 1 for reporting.

    >>> half_of("joy") == half_of("joy"), {half_of(str(n)) for n in range(9)}
    (True, {0, 1})
    """
    return hashlib.sha256(name.encode()).digest()[0] & 1


def read_sentences() -> list[Query]:
    """Read our own sentences, each with the words and the quadrant that it asks for."""
    lines = SENTENCES_FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        Query(sentence, tuple(words.split(",")), quadrant, language, False)
        for language, quadrant, words, sentence in rows
    ]


def word_queries(reference: Sequence[Sequence[str]], *, fewest: int = 3) -> list[Query]:
    """Ask for each word that at least `fewest` songs of a reference have, but not all of them."""
    words = sorted({word for song in reference for word in song})
    n_with = {word: sum(word in song for song in reference) for word in words}
    return [
        Query(word, (word,), "", "en", True)
        for word in words
        if fewest <= n_with[word] < len(reference)
    ]


def relevant_by_words(
    queries: Sequence[Query], reference: Sequence[Sequence[str]]
) -> NDArray[np.bool_]:
    """Tell which songs have one of a query's words: (n_queries, n_songs)."""
    songs = [set(song) for song in reference]
    return np.array([[not song.isdisjoint(q.words) for song in songs] for q in queries])


def relevant_by_quadrants(
    queries: Sequence[Query], quadrants: NDArray[np.object_]
) -> NDArray[np.bool_]:
    """Tell which songs lie in a query's quadrant: (n_queries, n_songs)."""
    return np.array([quadrants == query.quadrant for query in queries], dtype=bool)


def place_words(
    words: Sequence[str], vectors: NDArray[Any], lexicon: Lexicon
) -> NDArray[np.float64]:
    """Place words on the plane: those of the lexicon as it says, others amid their neighbours."""
    number = {word: i for i, word in enumerate(lexicon.words)}
    cosine = np.round(vectors @ lexicon.vectors.T, 4)
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :_NEIGHBOURS]
    return np.array(
        [
            lexicon.places[number[word]] if word in number else lexicon.places[near[i]].mean(axis=0)
            for i, word in enumerate(words)
        ]
    ).reshape(-1, 2)


def song_matrix(songs: SongWords, n_words: int) -> NDArray[np.float64]:
    """Write songs' words as a matrix of weights: (n_songs, n_words)."""
    matrix = np.zeros((len(songs), n_words))
    for row, words in enumerate(songs):
        for word, weight in words:
            matrix[row, word] = weight
    return matrix


def _near_words(
    queries: Sequence[Query],
    embedded: NDArray[Any],
    query: EmotionQuery,
    lexicon: Lexicon,
    points: Sequence[Sequence[float] | None],
) -> NDArray[np.float64]:
    """Tell how near each word of a vocabulary is to each query: (n_queries, n_words)."""
    centred = centre_words(embedded, lexicon.embeddings)
    places = place_words([q.text for q in queries], centred, lexicon)
    direct = measure_kinship(
        (centred, places), (query.vectors, query.places), query.space["settings"]
    )
    rows = [
        direct[i]
        if asked.is_word
        else word_similarity(query_words(asked.text, embedded[i], query, points[i]), query)
        for i, asked in enumerate(queries)
    ]
    return np.array(rows, np.float64).reshape(len(queries), len(query.words))


def similarities_by_words(
    queries: Sequence[Query],
    embedded: NDArray[Any],
    words: EmotionWords,
    lexicon: Lexicon,
    *,
    space: Mapping[str, Any],
    points: Sequence[Sequence[float] | None],
) -> dict[str, NDArray[np.float64]]:
    """Compare queries with songs by free and by consolidated words.

    Parameters
    ----------
    queries : sequence of Query
    embedded : (n_queries, size) float
        Their embeddings.
    points : sequence of (valence, arousal) or None
        What each query was read to mean.
    """
    free, told = words.free, {}
    vocabularies = {
        "free": (free.words, free.vectors, free.places, None, free.songs),
        "consolidated": (words.words, words.vectors, words.places, words.merged, words.songs),
    }
    for way, (names, vectors, places, merged, songs) in vocabularies.items():
        query = open_emotion_query(names, vectors, places, merged, space)
        near = _near_words(queries, embedded, query, lexicon, points)
        told[way] = np.round(near @ song_matrix(songs, len(names)).T, 6)
    return told


def compare_ways(
    queries: Sequence[Query],
    embedded: NDArray[Any],
    lyric_vectors: NDArray[Any],
    words: EmotionWords,
    lexicon: Lexicon,
    *,
    space: Mapping[str, Any],
    points: Sequence[Sequence[float] | None],
) -> dict[str, NDArray[np.float64]]:
    """Compare queries with songs by all :data:`WAYS`; see :func:`similarities_by_words`."""
    stored = np.asarray(lyric_vectors, np.float64)
    raw = np.array([exact_cosines(row, stored) for row in embedded]).reshape(-1, len(stored))
    asked = (queries, embedded, words, lexicon)
    return {"raw": np.round(raw, 6)} | similarities_by_words(*asked, space=space, points=points)


def read_points(texts: Sequence[str], encoder: Encoder | None) -> list[tuple[float, float] | None]:
    """Read where sentences lie on the plane, None where the reading abstains."""
    readings = read_texts(list(texts), open_text_mood(encoder))
    return [None if reading.abstained else reading.point for reading in readings]
