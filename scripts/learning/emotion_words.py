"""Give each lyric at most eight English words of feeling, and consolidate their vocabulary.

Conventions
-----------
A song's words are (number in the vocabulary, weight) with the strongest first; the weights sum to
1, as rounded. *Free* words are forms of the lexicon as they were found; *consolidated* words stand
for the free words that were merged into them. Vectors and lyrics are those of
:mod:`~scripts.learning.emotion_evidence`. The order of the lyrics changes nothing.

Method
------
The eight best forms of a lyric are its free words, and the forms that any song was given are the
vocabulary, which :mod:`~scripts.learning.word_merging` brings down. A group of merged words is
named by the family in it that songs were given most often. Each song then gets the eight best of
the merged words, a word counting as much as its best form: so its words no longer say one thing
twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.learning.emotion_evidence import (
    Encode,
    Evidence,
    Lexicon,
    embed_lexicon,
    gather_evidence,
    score_forms,
)
from scripts.learning.word_merging import mean_places, merge_words, pool_words
from scripts.moods.emotion_lexicon import load_space

SongWords = list[list[tuple[int, float]]]

#: Words a song is given at most.
MAX_WORDS = 8

#: What a word must score, as a share of the lyric's best.
_LEAST_SHARE = 1 / 3

#: Lyrics that are scored at once.
_CHUNK = 4096


class FreeWords(NamedTuple):
    """A vocabulary and the songs' words in it."""

    words: list[str]
    vectors: NDArray[np.float32]  # (n_words, size)
    places: NDArray[np.float64]  # (n_words, 2)
    songs: SongWords


class EmotionWords(NamedTuple):
    """The consolidated words of a set of lyrics."""

    words: list[str]
    merged: dict[str, list[str]]
    vectors: NDArray[np.float32]
    places: NDArray[np.float64]
    songs: SongWords
    free: FreeWords
    min_similarity: float
    facts: dict[str, Any]


def pick_words(scores: NDArray[np.float64], sharpness: float, n: int = MAX_WORDS) -> SongWords:
    """Take the `n` best words of each row, with weights that fall with their scores.

    A word that scores less than a third of the best is left out: a lyric has fewer than `n` words
    where the vocabulary has no more that fit it.

    >>> pick_words(np.array([[0.0, 2.0, 2.0, 1.0]]), sharpness=0.0, n=2)
    [[(1, 0.5), (2, 0.5)]]
    >>> pick_words(np.array([[0.5, 2.0]]), sharpness=0.0, n=2)
    [[(1, 1.0)]]
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    values = np.take_along_axis(scores, best, axis=1)
    weights = np.exp(sharpness * (values - values[:, :1]))
    weights[:, 1:] *= values[:, 1:] >= _LEAST_SHARE * np.abs(values[:, :1])
    weights /= weights.sum(axis=1, keepdims=True)
    pairs = zip(best.tolist(), np.round(weights, 4).tolist(), strict=True)
    return [[(w, x) for w, x in zip(*pair, strict=True) if x > 0] for pair in pairs]


def _pick_all(
    evidence: Evidence,
    lexicon: Lexicon,
    space: Mapping[str, Any],
    groups: NDArray[np.int64] | None = None,
) -> SongWords:
    """Take every lyric's words: forms, or with `groups` (a group a form, -1 none) groups."""
    songs: SongWords = []
    for first in range(0, len(evidence.said), _CHUNK):
        rows = slice(first, first + _CHUNK)
        scores = score_forms(evidence, rows, lexicon, space)
        if groups is not None:
            scores = best_of_group(scores, groups)
        picked = pick_words(scores, space["settings"]["word_sharpness"])
        has_words = np.abs(evidence.vectors[rows]).sum(axis=1) > 0
        songs += [words if has else [] for words, has in zip(picked, has_words, strict=True)]
    return songs


def best_of_group(scores: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each group of columns its best score; columns of group -1 take no part.

    >>> best_of_group(np.array([[1.0, 5.0, 2.0, 9.0]]), np.array([0, 1, 0, -1]))
    array([[2., 5.]])
    """
    n = int(groups.max(initial=-1)) + 1
    columns = [scores[:, groups == group].max(axis=1) for group in range(n)]
    return np.column_stack(columns) if columns else np.empty((len(scores), 0))


def find_free_words(evidence: Evidence, lexicon: Lexicon, space: Mapping[str, Any]) -> FreeWords:
    """Find every lyric's words, before any are merged; the vocabulary is what was used."""
    songs = _pick_all(evidence, lexicon, space)
    used = sorted({word for song in songs for word, _ in song})
    number = {word: i for i, word in enumerate(used)}
    return FreeWords(
        [lexicon.words[word] for word in used],
        lexicon.vectors[used].astype(np.float32),
        lexicon.places[used],
        [[(number[word], weight) for word, weight in song] for song in songs],
    )


def name_groups(
    names: Sequence[str], groups: NDArray[np.int64], used: Mapping[int, int]
) -> list[str]:
    """Name each group by the family that its songs were given most often.

    >>> name_groups(["joy", "joy", "cheer"], np.array([0, 0, 0]), {0: 1, 1: 1, 2: 3})
    ['cheer']
    """
    times: Counter[tuple[int, str]] = Counter()
    for word, group in enumerate(groups.tolist()):
        times[group, names[word]] += used.get(word, 0)
    best: dict[int, str] = {}
    for group, name in sorted(times, key=lambda key: (-times[key], key)):
        best.setdefault(group, name)
    return [best[group] for group in range(len(best))]


def consolidate(
    free: FreeWords, families: Mapping[str, str], settings: Mapping[str, float]
) -> tuple[list[str], NDArray[np.int64]]:
    """Merge a vocabulary: the words that stay, alphabetical, and each free word's number there."""
    names = [families[word] for word in free.words]
    merging = {key: settings[key] for key in ("threshold", "place_weight")}
    groups = merge_words(names, free.vectors, free.places, **merging)
    used = Counter(word for song in free.songs for word, _ in song)
    words = name_groups(names, groups, used)
    rank = np.argsort(np.argsort(np.array(words))) if words else np.empty(0, np.int64)
    return sorted(words), rank[groups]


def build_emotion_words(
    lyrics: Sequence[str], vectors: NDArray[Any], encode: Encode
) -> EmotionWords:
    """Give each lyric its words of feeling.

    Parameters
    ----------
    lyrics : sequence of str
        Clean texts.
    vectors : (n, size) float
        Their embeddings, rows of length 1; a row of zeros gets no words.
    encode : callable
        Embeds words: called with the lexicon, then with the lyrics' distinct words by the
        thousand.
    """
    space, lexicon = load_space(), embed_lexicon(encode)
    evidence = gather_evidence(lyrics, vectors, lexicon, encode, space)
    free = find_free_words(evidence, lexicon, space)
    return consolidate_words(free, evidence, lexicon, space)


def consolidate_words(
    free: FreeWords, evidence: Evidence, lexicon: Lexicon, space: Mapping[str, Any]
) -> EmotionWords:
    """Merge the free vocabulary and give each lyric its words anew, out of what is left."""
    settings = space["settings"]
    words, groups = consolidate(free, lexicon.families, settings)
    number = dict(zip(free.words, groups.tolist(), strict=True))
    of_form = np.array([number.get(form, -1) for form in lexicon.words], dtype=np.int64)
    songs = _pick_all(evidence, lexicon, space, of_form)
    vectors, _ = pool_words(free.vectors, groups, len(words))
    return EmotionWords(
        words,
        {word: [form for form, group in number.items() if words[group] == word] for word in words},
        vectors.astype(np.float32),
        mean_places(free.places, groups, len(words)),
        songs,
        free,
        settings["min_similarity"],
        {
            "n_lexicon": len(lexicon.words),
            "n_free": len(free.words),
            "n_words": len(words),
            "settings": dict(settings),
            "chosen_on": space.get("origin", {}),
        },
    )
