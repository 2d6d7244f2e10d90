"""Ways to place songs by sound and lyrics, each learned from training songs alone.

Conventions
-----------
A way answers a test table with (n, 4) log-probabilities in the order of
:data:`~scripts.moods.vocabulary.QUADRANTS`. Whatever it has to choose (the penalty, the weights of
the fusion), it chooses by folds inside the training songs.

Method
------
Beside embeddings stand the two classical ways to read lyrics: TF-IDF of words and the topics of a
latent Dirichlet allocation (Blei, Ng & Jordan 2003), here the square roots of the topics' shares;
and the emotions that the model of sentences (:mod:`~scripts.text.text_mood`) finds in the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from scripts.errors import DataError
from scripts.learning.lyric_mood import (
    LyricMood,
    audio_log_probability,
    fuse,
    learn_lyric_mood,
    lyric_log_probability,
    quadrant_codes,
)
from scripts.learning.mood_plane import scaling_of, standardise
from scripts.learning.song_mood import SongMoodModel, fit_quadrants
from scripts.text.encoder import SIZE
from scripts.text.text_mood import TextMood, load_numbers

N_TOPICS = 20

AUDIO = "audio"
EMBEDDINGS = "lyrics: embeddings"
WITHOUT_TRUST = "audio + lyrics (calibrated)"
MODEL = "audio + lyrics (calibrated, trust)"

#: Weight of the standardised audio features beside lyric vectors of length 1, in early fusion.
_EARLY_WEIGHT = 0.2

#: Scale of the standardised emotions, so that the penalties tried suit them too.
_EMOTION_WEIGHT = 0.3

LogP = NDArray[np.float64]
Ways = dict[str, LogP]


class LyricSongs(NamedTuple):
    """Labelled songs that have lyrics."""

    X: NDArray[np.float64]  # (n, 9)
    titles: list[str]
    texts: list[str]
    vectors: NDArray[np.floating[Any]]  # (n, size)
    quadrants: NDArray[Any]  # (n,) names
    artists: NDArray[Any]  # (n,) names
    trust: NDArray[np.float64]  # (n,)

    def take(self, rows: NDArray[np.int64]) -> LyricSongs:
        """Return some of the songs."""
        return LyricSongs(
            self.X[rows],
            [self.titles[row] for row in rows],
            [self.texts[row] for row in rows],
            self.vectors[rows],
            self.quadrants[rows],
            self.artists[rows],
            self.trust[rows],
        )


def _count(words: CountVectorizer, train: LyricSongs, test: LyricSongs) -> tuple[Any, Any] | None:
    """Count words; None where no word is common enough to be counted."""
    try:
        return words.fit_transform(train.texts).tocsr(), words.transform(test.texts).tocsr()
    except ValueError:  # scikit-learn's word for an empty vocabulary
        return None


def _tfidf(train: LyricSongs, test: LyricSongs) -> tuple[Any, Any] | None:
    return _count(TfidfVectorizer(sublinear_tf=True, min_df=3), train, test)


def _topics(train: LyricSongs, test: LyricSongs) -> tuple[Any, Any] | None:
    counts = _count(CountVectorizer(min_df=5, max_df=0.4, stop_words="english"), train, test)
    if counts is None:
        return None
    model = LatentDirichletAllocation(N_TOPICS, random_state=0, max_iter=10).fit(counts[0])
    return np.sqrt(model.transform(counts[0])), np.sqrt(model.transform(counts[1]))


class _GivenVectors:
    """Stands where the sentence model looks for its encoder."""

    __slots__ = ("name", "size", "vectors")

    def __init__(self, vectors: NDArray[np.floating[Any]]) -> None:
        self.name, self.size = "given", vectors.shape[1]
        self.vectors = np.asarray(vectors, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.vectors


def _emotions(train: LyricSongs, test: LyricSongs) -> tuple[Any, Any] | None:
    """Read the lyrics' vectors as the sentence model reads a sentence: logits of emotions."""
    if train.vectors.shape[1] != SIZE:
        return None
    told = []
    for part in (train, test):
        reader = TextMood(load_numbers(), _GivenVectors(part.vectors))
        told.append(np.array(reader.vector_logits(part.texts)))
    mean, scale = scaling_of(told[0])
    of_train, of_test = (_EMOTION_WEIGHT * standardise(part, mean, scale) for part in told)
    return of_train, of_test


#: Rivals of embeddings: features of the training and of the test songs; None where there are none.
RIVALS: dict[str, Callable[[LyricSongs, LyricSongs], tuple[Any, Any] | None]] = {
    "TF-IDF": _tfidf,
    "topics": _topics,
    "emotions": _emotions,
}


def _audio(train: LyricSongs, test: LyricSongs) -> LogP:
    upper = fit_quadrants(train.X, train.quadrants)
    return audio_log_probability(SongMoodModel(upper, {}, "truth"), test.X)


def _learn(train: LyricSongs, features: Any, trust: Any, seed: int) -> LyricMood:
    model = learn_lyric_mood(
        train.X, features, train.quadrants, train.artists, trust=trust, seed=seed
    )
    if model is None:
        raise DataError("too few labelled songs with lyrics")
    return model


def _early_fusion(train: LyricSongs, test: LyricSongs) -> LogP:
    """Sound and lyrics in one regression, the penalty as the lyric half alone takes it."""
    mean, scale = scaling_of(train.X)
    sides = [
        np.hstack([part.vectors, _EARLY_WEIGHT * standardise(part.X, mean, scale)])
        for part in (train, test)
    ]
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(sides[0], quadrant_codes(train.quadrants))
    return np.asarray(fitted.predict_log_proba(sides[1]))


def answer_all_ways(train: LyricSongs, test: LyricSongs, seed: int) -> Ways:
    """Answer one fold in every way."""
    audio = _audio(train, test)
    answers = {AUDIO: audio}
    model = _learn(train, train.vectors, None, seed)
    lyric = lyric_log_probability(model, test.vectors)
    ones = np.ones(len(lyric))
    trusting = _learn(train, train.vectors, train.trust, seed)
    careful = lyric_log_probability(trusting, test.vectors)
    product = model._replace(audio_weight=1.0, lyric_weight=1.0)
    answers[EMBEDDINGS] = lyric
    answers["audio + lyrics (product)"] = fuse(audio, lyric, ones, product)
    answers["audio + lyrics (early fusion)"] = _early_fusion(train, test)
    answers[WITHOUT_TRUST] = fuse(audio, lyric, ones, model)
    answers[MODEL] = fuse(audio, careful, test.trust, trusting)
    for name, make_features in RIVALS.items():
        features = make_features(train, test)
        of_train, of_test = features or (np.ones((len(part.X), 1)) for part in (train, test))
        rival = _learn(train, of_train, None, seed)
        answer = lyric_log_probability(rival, of_test)
        answers[f"lyrics: {name}"] = answer
        answers[f"audio + {name} (calibrated)"] = fuse(audio, answer, ones, rival)
    return answers


def answer_by_model(train: LyricSongs, test: LyricSongs, seed: int) -> Ways:
    """Answer one fold by the sound, by the lyric half, and by the calibrated fusion of both."""
    audio = _audio(train, test)
    model = _learn(train, train.vectors, train.trust, seed)
    lyric = lyric_log_probability(model, test.vectors)
    return {AUDIO: audio, EMBEDDINGS: lyric, MODEL: fuse(audio, lyric, test.trust, model)}


def answer_with_and_without_trust(train: LyricSongs, test: LyricSongs, seed: int) -> Ways:
    """Answer one fold by the calibrated fusion alone, without and with trust."""
    audio, ones = _audio(train, test), np.ones(len(test.X))
    plain = _learn(train, train.vectors, None, seed)
    careful = _learn(train, train.vectors, train.trust, seed)
    return {
        "without trust": fuse(audio, lyric_log_probability(plain, test.vectors), ones, plain),
        "with trust": fuse(
            audio, lyric_log_probability(careful, test.vectors), test.trust, careful
        ),
    }
