"""What a lyric's words of feeling are found by, and the score of each word for each lyric.

Conventions
-----------
A lyric is a clean text in any language and its vector, (size,), of length 1 (a row of zeros stands
for a lyric without words). *Forms* are the words of :mod:`scripts.moods.emotion_lexicon`, known by
their numbers in alphabetical order. Word vectors are centred: see
:mod:`scripts.text.emotion_query`. The order of the lyrics changes nothing.

Method
------
A form's score for a lyric adds up three terms: the product of the form's vector with the lyric's,
less its product with the mean lyric (without that, the same few forms lie near every lyric); the
nearness of the form to the feelings that a linear map reads from the lyric's vector, a map learned
on labelled sentences; and how often a word stands in the lyric whose embedding is nearest this form
("alegría" for *joy*).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.moods.emotion_lexicon import load_lexicon
from scripts.text.emotion_query import tokens_of

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

#: Lyrics that the shipped mean of lyrics counts for, beside those of the set.
_PRIOR_LYRICS = 100

#: Shorter words of a lyric count only if the lexicon lists them.
_SHORTEST = 4

#: Distinct words of a set that are looked at, those of most lyrics first: so many, and so many more
#: a lyric, up to a limit. Embedding them is most of the time that the words of feeling take.
_TOKENS, _TOKENS_A_LYRIC, _MOST_TOKENS = 4_000, 2, 50_000

#: Words that are embedded at once.
_CHUNK = 4096


class Lexicon(NamedTuple):
    """The lexicon in the space of embeddings, in alphabetical order."""

    words: list[str]
    families: dict[str, str]
    embeddings: NDArray[np.float64]  # (n, size)
    vectors: NDArray[np.float64]  # (n, size): centred, of length 1
    places: NDArray[np.float64]  # (n, 2)


class Evidence(NamedTuple):
    """What the words of a set's lyrics are found by."""

    vectors: NDArray[np.float64]  # (n, size)
    mean: NDArray[np.float64]  # (size,)
    said: list[dict[int, float]]  # a lyric: {number in the lexicon: how much it says the word}


def centre_words(vectors: NDArray[Any], lexicon_embeddings: NDArray[Any]) -> NDArray[np.float64]:
    """Take the mean word of feeling from embeddings of words and bring them to length 1."""
    moved = np.asarray(vectors, np.float64) - lexicon_embeddings.mean(axis=0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(lengths > 0, lengths, 1.0))


def embed_lexicon(encode: Encode) -> Lexicon:
    """Embed the words of the lexicon."""
    forms = load_lexicon()
    words = list(forms)
    embeddings = np.asarray(encode(words), np.float64)
    return Lexicon(
        words,
        {form: family for form, (_, _, family) in forms.items()},
        embeddings,
        centre_words(embeddings, embeddings),
        np.array([place[:2] for place in forms.values()]),
    )


def _meanings(
    tokens: Sequence[str], lexicon: Lexicon, encode: Encode, nearest: float
) -> dict[str, int]:
    """Tell which words of any language stand for a word of the lexicon: word -> its number."""
    number = {word: i for i, word in enumerate(lexicon.words)}
    unknown = sorted(token for token in tokens if token not in number)
    for first in range(0, len(unknown), _CHUNK):
        part = unknown[first : first + _CHUNK]
        cosine = np.round(np.asarray(encode(part), np.float64) @ lexicon.embeddings.T, 4)
        best = cosine.argmax(axis=1)
        near = cosine.max(axis=1) >= nearest
        number |= {part[i]: int(best[i]) for i in np.flatnonzero(near)}
    return number


def weigh_said(
    lyrics: Sequence[str], lexicon: Lexicon, encode: Encode, *, nearest: float
) -> list[dict[int, float]]:
    """Weigh the words of feeling that stand in each lyric: often here and rarely elsewhere is much.

    Parameters
    ----------
    nearest : float
        Cosine from which a word of any language stands for a word of the lexicon.

    Returns
    -------
    list of {number in the lexicon: log(1 + times) * log(1 + lyrics / lyrics with the word)}
    """
    known = set(lexicon.words)
    counts = [
        Counter(t for t in tokens_of(text) if len(t) >= _SHORTEST or t in known) for text in lyrics
    ]
    in_songs = Counter(token for tokens in counts for token in tokens)
    common = sorted(in_songs, key=lambda token: (-in_songs[token], token))
    common = common[: min(_MOST_TOKENS, _TOKENS + _TOKENS_A_LYRIC * len(lyrics))]
    number = _meanings(common, lexicon, encode, nearest)
    times: list[Counter[int]] = []
    for tokens in counts:
        here: Counter[int] = Counter()
        for token in sorted(tokens.keys() & number.keys()):
            here[number[token]] += tokens[token]
        times.append(here)
    n_with = Counter(word for here in times for word in here)
    return [
        {w: math.log1p(n) * math.log1p(len(lyrics) / n_with[w]) for w, n in sorted(here.items())}
        for here in times
    ]


def mean_lyric(
    lyrics: Sequence[str], vectors: NDArray[Any], shipped: Sequence[float]
) -> NDArray[np.float64]:
    """Take the mean of a set's vectors, drawn to the shipped one where the set is small."""
    order = sorted(range(len(lyrics)), key=lambda row: lyrics[row])  # sums do depend on order
    rows = np.asarray(vectors, np.float64)[order]
    rows = rows[np.abs(rows).sum(axis=1) > 0]
    prior = _PRIOR_LYRICS * np.asarray(shipped)
    return np.asarray((rows.sum(axis=0) + prior) / (len(rows) + _PRIOR_LYRICS))


def gather_evidence(
    lyrics: Sequence[str],
    vectors: NDArray[Any],
    lexicon: Lexicon,
    encode: Encode,
    space: Mapping[str, Any],
) -> Evidence:
    """Gather what the words of the lyrics are found by."""
    return Evidence(
        np.asarray(vectors, np.float64),
        mean_lyric(lyrics, vectors, space["lyrics"]["mean"]),
        weigh_said(lyrics, lexicon, encode, nearest=space["settings"]["nearest"]),
    )


def score_forms(
    evidence: Evidence, rows: slice, lexicon: Lexicon, space: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Score every form of the lexicon for some of the lyrics: (n_rows, n_forms), rounded.

    Scores are told as heights over the mean form of the lyric.
    """
    settings, feelings = space["settings"], space["feelings"]
    vectors, mean = evidence.vectors[rows], evidence.mean
    forms = lexicon.vectors.T
    scores = (vectors - settings["centring"] * mean) @ forms / space["lyrics"]["scale"]
    labels = [lexicon.words.index(name) for name in feelings["names"]]
    felt = (vectors - mean) @ np.asarray(feelings["weights"]).T / np.asarray(feelings["scale"])
    scores += settings["feelings"] / feelings["spread"] * (felt @ lexicon.vectors[labels]) @ forms
    for row, said in enumerate(evidence.said[rows]):
        for word, weight in said.items():
            scores[row, word] += settings["literal"] * weight
    return np.asarray(np.round(scores - scores.mean(axis=1, keepdims=True), 4))
