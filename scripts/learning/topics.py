"""Find what lyrics are about: latent Dirichlet allocation, with as many topics as the lyrics bear.

Conventions
-----------
Texts are clean lyrics (:mod:`scripts.tables.lyric_text`). A song's *shares* of the topics are
float32, in [0, 1], and sum to 1; a text without a known word has a row of zeros. Perplexity is per
word, lower is better; NPMI lies in [-1, 1], higher is better. Topics are numbered by their mean
share, the largest first. The order of the texts changes nothing, nor does a text that stands
there twice.

Method
------
LDA (Blei, Ng & Jordan 2003) in scikit-learn's variational form, on the words of
:mod:`scripts.learning.topic_words`. How many topics is decided in three folds, on two measures that
pull apart (Chang et al. 2009, "Reading tea leaves"):

- *perplexity*, by completion of held-out lyrics: of each lyric's different words, every second one
  tells the shares, and the rest are predicted (Wallach et al. 2009, doi:10.1145/1553374.1553515).
  It stands beside that of the words' frequencies alone, which know no topics;
- *coherence*: normalised pointwise mutual information of the ten first words of a topic, by the
  lyrics they share (Bouma 2009; Lau, Newman & Baldwin 2014, doi:10.3115/v1/E14-1056), beside that
  of the ten commonest words of all.

Of the numbers whose perplexity is within two per cent of the lowest, or within one standard error
of the difference (paired by lyric) if that is more, the most coherent is taken; of two alike, the
smaller. Topics of a mixed collection may part its languages, so each is told with the languages of
the lyrics it leads. The words that name a topic are those of highest
relevance with a weight of .6 (Sievert & Shirley 2014, doi:10.3115/v1/W14-3110).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from threadpoolctl import threadpool_limits

from scripts.learning.topic_choice import (
    CountChoice,
    choice_to_numbers,
    fit_lda,
    tell_choice,
    try_counts,
    word_frequency,
    word_probability,
)
from scripts.learning.topic_words import main_language, topic_words

#: Different lyrics with words below which no topics are looked for.
FEWEST_LYRICS = 50

#: Lyrics that topics are learned from, and that their number is chosen on; more are sampled.
MOST_LYRICS, MOST_FOR_CHOICE = 20_000, 2_000

#: A word counts if it is in this part of the lyrics, and in so many at least; not beyond MAX_PART.
MIN_PART, MIN_LYRICS, MAX_PART = 0.01, 3, 0.4
MOST_WORDS = 4_000

#: Weight of a word's probability, beside its lift, in what names a topic.
RELEVANCE = 0.6

#: Words listed of a topic, and those that name it.
N_WORDS, N_NAMES = 10, 3

CHUNK = 5_000


class TopicModel(NamedTuple):
    """Topics whose shares can be told for any lyric."""

    vectorizer: CountVectorizer
    lda: LatentDirichletAllocation
    order: NDArray[np.int64]  # (k,), the columns of `lda`, largest topic first
    probability: NDArray[np.float64]  # (k, n_words), rows sum to 1
    frequency: NDArray[np.float64]  # (n_words,), sums to 1

    @property
    def n_topics(self) -> int:
        """How many topics there are."""
        return len(self.order)


class Topics(NamedTuple):
    """The topics of a collection of lyrics, and each lyric's shares of them."""

    model: TopicModel | None  # None where no topics were looked for
    shares: NDArray[np.float32]  # (n, k)
    languages: list[str]  # (n,), "" where it cannot be told
    choice: CountChoice | None  # None where the number was given
    note: str  # how many topics and why, in a sentence

    @property
    def leading(self) -> NDArray[np.int64]:
        """The largest topic of each lyric, -1 for those without."""
        if self.model is None or len(self.shares) == 0:
            return np.full(len(self.shares), -1, np.int64)
        return np.where(self.shares.any(axis=1), self.shares.argmax(axis=1), -1)

    @property
    def names(self) -> list[str]:
        """The three words that name each topic."""
        if self.model is None:
            return []
        return [", ".join(word for word, _ in row) for row in top_words(self.model, N_NAMES)]

    def to_numbers(self) -> dict[str, Any]:
        """Write what is to be told of the topics as JSON-ready numbers."""
        return {
            "n_topics": 0 if self.model is None else self.model.n_topics,
            "n_lyrics": len(self.shares),
            "note": self.note,
            "topics": [] if self.model is None else _describe(self),
            "choice": None if self.choice is None else choice_to_numbers(self.choice),
        }


def _describe(topics: Topics) -> list[dict[str, Any]]:
    leading, found = topics.leading, topics.shares.any(axis=1)
    part = topics.shares[found].mean(axis=0, dtype=np.float64) if found.any() else None
    rows = []
    for number, words in enumerate(top_words(topics.model) if topics.model else []):
        spoken = Counter(topics.languages[row] for row in np.flatnonzero(leading == number))
        languages = sorted(spoken.items(), key=lambda pair: (-pair[1], pair[0]))
        rows.append(
            {
                "name": ", ".join(word for word, _ in words[:N_NAMES]),
                "share": 0.0 if part is None else round(float(part[number]), 4),
                "n_lyrics_leading": int((leading == number).sum()),
                "languages": {name or "unknown": count for name, count in languages},
                "words": [[word, round(weight, 5)] for word, weight in words],
            }
        )
    return rows


def top_words(model: TopicModel, n: int = N_WORDS) -> list[list[tuple[str, float]]]:
    """List the words of each topic by relevance, each with its probability in the topic."""
    vocabulary = model.vectorizer.get_feature_names_out()
    lift = np.log(model.probability / model.frequency)
    relevance = RELEVANCE * np.log(model.probability) + (1 - RELEVANCE) * lift
    ranked = np.argsort(-relevance, axis=1, kind="stable")[:, :n]
    return [
        [(str(vocabulary[word]), float(row[word])) for word in words]
        for row, words in zip(model.probability, ranked, strict=True)
    ]


def _damp(X: csr_matrix) -> csr_matrix:
    """Let a word count once, twice if it is there twice, and once more for each doubling."""
    X = X.tocsr().astype(np.int64)
    X.data = 1 + np.floor(np.log2(X.data)).astype(np.int64)
    X.sort_indices()
    return X


def _identity(words: list[str]) -> list[str]:
    return words


def _sample(bags: list[list[str]], most: int, seed: int) -> list[list[str]]:
    if len(bags) <= most:
        return bags
    rows = np.random.default_rng(seed).choice(len(bags), most, replace=False)
    return [bags[row] for row in np.sort(rows).tolist()]


def _distinct_bags(bags: Sequence[list[str]]) -> list[list[str]]:
    """Keep the different lyrics that have words, in an order of their own."""
    return [list(bag) for bag in sorted({tuple(sorted(bag)) for bag in bags if bag})]


def _count(bags: list[list[str]]) -> tuple[CountVectorizer, csr_matrix] | None:
    """Count words, None where too few lyrics or no words are left."""
    if len(bags) < FEWEST_LYRICS:
        return None
    vectorizer = CountVectorizer(
        analyzer=_identity,
        min_df=max(MIN_LYRICS, int(MIN_PART * len(bags))),
        max_df=MAX_PART,
        max_features=MOST_WORDS,
    )
    try:
        X = _damp(vectorizer.fit_transform(bags))
    except ValueError:  # scikit-learn's word for: no word is in enough lyrics and in few enough
        return None
    X = X[np.diff(X.indptr) > 0]
    return None if X.shape[0] < FEWEST_LYRICS else (vectorizer, X)


def _fit(counted: tuple[CountVectorizer, csr_matrix], n_topics: int, seed: int) -> TopicModel:
    vectorizer, X = counted
    lda = fit_lda(X, n_topics, seed)
    order = np.argsort(-lda.transform(X).mean(axis=0), kind="stable")
    return TopicModel(vectorizer, lda, order, word_probability(lda)[order], word_frequency(X))


def fit_topics(texts: Sequence[str], *, n_topics: int, seed: int = 0) -> TopicModel | None:
    """Fit a given number of topics, for instance to the training part of a fold.

    Parameters
    ----------
    texts : sequence of str
        Clean lyrics, in any order.
    n_topics : int
        2 or more.
    seed : int

    Returns
    -------
    TopicModel, or None
        None with fewer than :data:`FEWEST_LYRICS` different lyrics that share words.
    """
    bags = _sample(_distinct_bags([topic_words(text) for text in texts]), MOST_LYRICS, seed)
    counted = _count(bags)
    with threadpool_limits(limits=1):
        return None if counted is None else _fit(counted, n_topics, seed)


def topic_shares(model: TopicModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """Tell the shares of the topics in lyrics: (n, k) float32, each row for itself."""
    return _shares(model, [topic_words(text) for text in texts])


def _shares(model: TopicModel, bags: Sequence[list[str]]) -> NDArray[np.float32]:
    shares = np.zeros((len(bags), model.n_topics), np.float32)
    with threadpool_limits(limits=1):
        for first in range(0, len(bags), CHUNK):
            X = _damp(model.vectorizer.transform(bags[first : first + CHUNK]))
            known = np.flatnonzero(np.diff(X.indptr))
            if len(known):
                shares[first + known] = model.lda.transform(X[known])[:, model.order]
    return shares


def learn_topics(texts: Sequence[str], *, seed: int = 0, n_topics: int | None = None) -> Topics:
    """Choose the number of topics, find them, and tell every lyric's shares.

    Parameters
    ----------
    texts : sequence of str
        Clean lyrics, in any order.
    seed : int
    n_topics : int, optional
        Takes this number instead of choosing one.

    Returns
    -------
    Topics
        Without a model where there are too few lyrics; ``note`` says so.
    """
    bags = [topic_words(text) for text in texts]
    languages = [main_language(text) for text in texts]
    distinct = _distinct_bags(bags)
    learned = _sample(distinct, MOST_LYRICS, seed)
    counted = _count(learned)
    if counted is None:
        note = (
            f"no topics: {len(distinct):,} different lyrics with words, and at least "
            f"{FEWEST_LYRICS} that share words are needed"
        )
        return Topics(None, np.zeros((len(texts), 0), np.float32), languages, None, note)
    choice = None
    with threadpool_limits(limits=1):
        if n_topics is None:
            few = _count(_sample(learned, MOST_FOR_CHOICE, seed))
            choice = try_counts((few or counted)[1], seed)
        model = _fit(counted, choice.n_topics if choice else n_topics or 2, seed)
    note = tell_choice(choice) if choice else f"{model.n_topics} topics, as asked"
    return Topics(model, _shares(model, bags), languages, choice, note)


def share_columns(topics: Topics, lyric_of_song: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Give each song the shares of its lyric, a column a topic.

    Parameters
    ----------
    topics : Topics
    lyric_of_song : (n_songs,) int64
        Row of each song's lyric, -1 without.

    Returns
    -------
    dict
        ``topic_1`` … ``topic_k``: (n_songs,) float32, NaN for songs without topics.
    """
    found = np.where(lyric_of_song < 0, False, topics.leading[lyric_of_song] >= 0)
    return {
        f"topic_{number + 1}": np.where(found, column[lyric_of_song], np.float32(np.nan))
        for number, column in enumerate(topics.shares.T)
    }
