"""Choose how many topics lyrics bear, by how well held-out words are told and how words cohere.

Conventions
-----------
``X`` is (n_lyrics, n_words) int64, CSR with sorted columns: how often each lyric has each word.
Perplexity is per word, at least 1, lower is better. NPMI lies in [-1, 1], higher is better. Folds
are by row number, so rows must come in an order that does not depend on the input's.

Method
------
As told in :mod:`scripts.learning.topics`. scikit-learn's own ``perplexity`` is a bound that charges
a held-out set for every topic anew, which says more of the topics' number than of the words; so
held-out words are predicted instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import LatentDirichletAllocation

#: Numbers of topics that are tried, and how many lyrics a topic must have on average.
CANDIDATES: tuple[int, ...] = (2, 4, 6, 8, 12, 16, 24)
LYRICS_PER_TOPIC = 20

N_FOLDS = 3
TOP_WORDS = 10

#: Log-perplexity above the lowest that still counts as predicting as well: two per cent.
AS_GOOD = 0.02

#: Priors of words within topics, and of topics within lyrics (over their number).
WORD_PRIOR, TOPIC_PRIOR = 1.0, 1.0

#: Lyrics from which on a fit reads batches, and the size of one.
ONLINE_FROM, BATCH = 5_000, 512


class CountScore(NamedTuple):
    """How a number of topics does on held-out lyrics, over the folds."""

    n_topics: int
    perplexity: float
    excess: float  # mean log-perplexity of a lyric above that of the best number
    excess_error: float  # its standard error, paired by lyric
    npmi: float
    npmi_error: float  # standard error over the folds


class CountChoice(NamedTuple):
    """The numbers that were tried, and what stands beside them."""

    scores: list[CountScore]
    n_topics: int
    frequency_perplexity: float  # of the words' frequencies alone
    frequent_npmi: float  # of the words that most lyrics have


def fit_lda(X: csr_matrix, n_topics: int, seed: int) -> LatentDirichletAllocation:
    """Fit topics to counts."""
    online = X.shape[0] >= ONLINE_FROM
    return LatentDirichletAllocation(
        n_topics,
        doc_topic_prior=TOPIC_PRIOR / n_topics,
        topic_word_prior=WORD_PRIOR,
        learning_method="online" if online else "batch",
        batch_size=BATCH,
        max_iter=3 if online else 15,
        max_doc_update_iter=20,
        mean_change_tol=0.01,
        random_state=seed % 2**32,
        n_jobs=1,
    ).fit(X)


def word_probability(lda: LatentDirichletAllocation) -> NDArray[np.float64]:
    """Return (k, n_words) probabilities of words in topics; rows sum to 1."""
    weights = np.asarray(lda.components_, np.float64)
    return weights / weights.sum(axis=1, keepdims=True)


def word_frequency(X: csr_matrix) -> NDArray[np.float64]:
    """Return (n_words,) parts of all counts, with the prior of a topic's words."""
    counts = np.asarray(X.sum(axis=0), np.float64).ravel() + WORD_PRIOR
    return counts / counts.sum()


def split_words(X: csr_matrix) -> tuple[csr_matrix, csr_matrix]:
    """Deal the different words of each lyric out in turn: those that are told, those predicted.

    >>> told, predicted = split_words(csr_matrix([[2, 0, 1, 3], [0, 0, 5, 0]]))
    >>> told.toarray().tolist(), predicted.toarray().tolist()
    ([[2, 0, 0, 3], [0, 0, 5, 0]], [[0, 0, 1, 0], [0, 0, 0, 0]])
    """
    turn = np.concatenate([np.arange(n) % 2 for n in np.diff(X.indptr)] or [np.empty(0, int)])
    halves = []
    for mine in (turn == 0, turn == 1):
        # copies: eliminating zeros moves the columns of an array that both would share
        half = csr_matrix((X.data * mine, X.indices.copy(), X.indptr.copy()), X.shape)
        half.eliminate_zeros()
        halves.append(half)
    return halves[0], halves[1]


def log_likelihood(X: csr_matrix, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum up the log-probability of each lyric's words.

    Parameters
    ----------
    X : (n, n_words) counts
    probability : (n, n_words) float, or (n_words,) the same for every lyric

    Returns
    -------
    (n,) float64
    """
    cells = X.tocoo()
    told = probability[cells.col] if probability.ndim == 1 else probability[cells.row, cells.col]
    return np.bincount(cells.row, cells.data * np.log(told), X.shape[0]).astype(np.float64)


def npmi(
    tops: NDArray[np.int64], shared: NDArray[np.float64], n_lyrics: int
) -> NDArray[np.float64]:
    """Measure the coherence of sets of words.

    Parameters
    ----------
    tops : (k, m) int64
        Words of each set.
    shared : (n_words, n_words) float64
        How many lyrics have both words; on the diagonal, how many have the word.
    n_lyrics : int

    Returns
    -------
    (k,) float64 in [-1, 1]
        Mean over the pairs of a set: -1 for words that never meet, 0 for words that meet as chance
        would have it, 1 for words that only come together.
    """
    first, second = np.triu_indices(tops.shape[1], 1)
    a, b = tops[:, first], tops[:, second]
    both, alone = shared[a, b] / n_lyrics, shared[a, a] * shared[b, b] / n_lyrics**2
    met = (both > 0) & (both < 1)
    surprise = -np.log(np.where(met, both, 0.5))
    value = np.log(np.where(met, both, 0.5) / np.where(met, alone, 0.5)) / surprise
    return np.where(met, value, np.where(both > 0, 1.0, -1.0)).mean(axis=1)


def count_shared(X: csr_matrix) -> NDArray[np.float64]:
    """Count the lyrics that have two words: (n_words, n_words)."""
    present = csr_matrix((np.ones(len(X.data)), X.indices, X.indptr), X.shape)
    return np.asarray((present.T @ present).toarray(), np.float64)


def top_columns(probability: NDArray[np.float64], n: int = TOP_WORDS) -> NDArray[np.int64]:
    """Return (k, n) the most probable words of each topic, the first in the alphabet of equals."""
    return np.argsort(-probability, axis=1, kind="stable")[:, :n]


def numbers_to_try(n_lyrics: int) -> list[int]:
    """List the numbers of topics that so many lyrics can bear.

    >>> numbers_to_try(120), numbers_to_try(1000)
    ([2, 4, 6], [2, 4, 6, 8, 12, 16, 24])
    """
    return [k for k in CANDIDATES if k * LYRICS_PER_TOPIC <= n_lyrics] or [CANDIDATES[0]]


def choose_count(scores: list[CountScore]) -> int:
    """Take the most coherent number among those that predict about as well as the best.

    About as well: within two per cent, or one standard error of the difference if that is more.

    >>> row = CountScore(4, 700.0, 0.0, 0.0, 0.10, 0.01)
    >>> choose_count([row, row._replace(n_topics=6, excess=0.01, npmi=0.2)])
    6
    """
    near = [score for score in scores if score.excess <= max(AS_GOOD, score.excess_error)]
    return max(near, key=lambda score: (score.npmi, -score.n_topics)).n_topics


def try_counts(X: csr_matrix, seed: int) -> CountChoice:
    """Try numbers of topics in three folds.

    Parameters
    ----------
    X : (n, n_words) counts of n different lyrics, each with a word
    seed : int
        Deals out the folds and starts the fits.
    """
    n, numbers = X.shape[0], numbers_to_try(X.shape[0])
    fold = np.random.default_rng(seed).permutation(n) % N_FOLDS
    shared = count_shared(X)
    told = np.empty((len(numbers), n))
    plain, words = np.empty(n), np.empty(n)
    coherence = np.empty((len(numbers), N_FOLDS))
    for number in range(N_FOLDS):
        train, test = X[fold != number], np.flatnonzero(fold == number)
        seen, hidden = split_words(X[test])
        words[test] = np.asarray(hidden.sum(axis=1)).ravel()
        plain[test] = log_likelihood(hidden, word_frequency(train))
        for at, k in enumerate(numbers):
            lda = fit_lda(train, k, seed)
            probability = word_probability(lda)
            told[at, test] = log_likelihood(hidden, lda.transform(seen) @ probability)
            coherence[at, number] = npmi(top_columns(probability), shared, n).mean()
    scores = _score(numbers, told, words, coherence)
    return CountChoice(
        scores,
        choose_count(scores),
        float(np.exp(-plain.sum() / words.sum())),
        float(npmi(top_columns(np.diag(shared)[None]), shared, n)[0]),
    )


def _score(
    numbers: list[int],
    told: NDArray[np.float64],
    words: NDArray[np.float64],
    coherence: NDArray[np.float64],
) -> list[CountScore]:
    """Sum up the folds, each number beside the one of lowest perplexity."""
    best = int(told.sum(axis=1).argmax())
    n, scores = len(words), []
    for at, k in enumerate(numbers):
        # a ratio of sums: the error is that of the residuals (words behind) about the ratio
        behind = told[best] - told[at]
        excess = float(behind.sum() / words.sum())
        error = float((behind - excess * words).std(ddof=1) * np.sqrt(n) / words.sum())
        scores.append(
            CountScore(
                k,
                float(np.exp(-told[at].sum() / words.sum())),
                excess,
                error,
                float(coherence[at].mean()),
                float(coherence[at].std(ddof=1) / np.sqrt(N_FOLDS)),
            )
        )
    return scores


def tell_choice(choice: CountChoice) -> str:
    """Say which number of topics was taken, and why, in a sentence."""
    taken = next(score for score in choice.scores if score.n_topics == choice.n_topics)
    tried = ", ".join(str(score.n_topics) for score in choice.scores)
    gain = 1 - taken.perplexity / choice.frequency_perplexity
    told = f"{gain:.0%} below" if gain > 0 else "no better than"
    return (
        f"{choice.n_topics} topics: of {tried}, the most coherent (NPMI {taken.npmi:.3f}, that of "
        f"the commonest words {choice.frequent_npmi:.3f}) among those within 2% or one standard "
        f"error of the lowest perplexity ({taken.perplexity:.0f}, {told} that of the words' "
        "frequencies)"
    )


def choice_to_numbers(choice: CountChoice) -> dict[str, Any]:
    """Write the choice as JSON-ready numbers."""
    return {
        "tried": [
            {
                name: round(value, 5) if isinstance(value, float) else value
                for name, value in score._asdict().items()
            }
            for score in choice.scores
        ],
        "n_topics": choice.n_topics,
        "frequency_perplexity": round(choice.frequency_perplexity, 3),
        "frequent_npmi": round(choice.frequent_npmi, 5),
    }
