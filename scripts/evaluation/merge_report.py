"""How a vocabulary is consolidated beside how others consolidated theirs.

Conventions
-----------
A *pair* is two words of one vocabulary; it is merged where both are in one group. Groups are
numbers, one a word. Precision and recall are of merged pairs.

Source
------
``merge_reference.tsv`` is our own reading of two published word lists, 258 free words and 108
consolidated ones, that come without a mapping: for each free word that is gone, the word that
stands for it. A word that stayed stands for itself; words we found no place for are left out. The
mapping can be checked against the songs: :func:`support_of_mapping`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

REFERENCE_FILE = Path(__file__).with_name("merge_reference.tsv")

_N_SHUFFLES = 200


def read_mapping() -> dict[str, str]:
    """Read which consolidated word stands for a free one."""
    lines = REFERENCE_FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return dict((free, stays) for free, stays in pairs)  # noqa: C402 - the names say which is which


def reference_groups(
    free: Sequence[str], consolidated: Sequence[str], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Tell which consolidated word each free word belongs to, where one is known."""
    stays = set(consolidated)
    groups = {word: word if word in stays else mapping.get(word, "") for word in free}
    return {word: group for word, group in groups.items() if group in stays}


def _pairs(groups: ArrayLike) -> NDArray[np.bool_]:
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    first, second = np.triu_indices(len(codes), 1)
    return np.asarray(codes[first] == codes[second])


def judge_pairs(found: ArrayLike, expected: ArrayLike) -> dict[str, Any]:
    """Compare two groupings of the same words.

    >>> told = judge_pairs([0, 0, 1, 1], ["a", "a", "a", "b"])
    >>> told["precision"], told["recall"]
    (0.5, 0.3333)
    """
    ours, theirs = _pairs(found), _pairs(expected)
    both = int((ours & theirs).sum())
    precision, recall = both / max(1, int(ours.sum())), both / max(1, int(theirs.sum()))
    return {
        "n_pairs": int(ours.sum()),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / max(1e-12, precision + recall), 4),
    }


def judge_chance(found: ArrayLike, expected: ArrayLike) -> dict[str, Any]:
    """Judge groups of the same sizes whose words were drawn by chance: the mean of 200 draws."""
    rng = np.random.default_rng(0)
    codes = np.unique(np.asarray(found), return_inverse=True)[1]
    told = [judge_pairs(rng.permutation(codes), expected) for _ in range(_N_SHUFFLES)]
    return {key: round(float(np.mean([one[key] for one in told])), 4) for key in told[0]}


def support_of_mapping(
    free: Sequence[Sequence[str]], consolidated: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Check the mapping against songs that have both kinds of words.

    Parameters
    ----------
    free, consolidated : sequence of sequence of str
        The words of each song, in the same order of songs.

    Returns
    -------
    dict
        ``n``: uses of a mapped word; ``share``: how often the song also has the word that stands
        for it; ``by_chance``: how often a song has that word whatever its free words.
    """
    mapping = read_mapping()
    kept = [set(song) for song in consolidated]
    uses = [
        (mapping[word], row) for row, song in enumerate(free) for word in song if word in mapping
    ]
    common = {word: float(np.mean([word in song for song in kept])) for word, _ in uses}
    if not uses:
        return {"n": 0, "share": None, "by_chance": None}
    return {
        "n": len(uses),
        "share": round(float(np.mean([word in kept[row] for word, row in uses])), 4),
        "by_chance": round(float(np.mean([common[word] for word, _ in uses])), 4),
    }


def judge_merging(
    free: Sequence[str],
    consolidated: Sequence[str],
    groups: NDArray[np.int64],
    families: NDArray[np.int64],
    half_of: Callable[[str], int],
) -> dict[str, Any]:
    """Compare a grouping of free words with the reference, beside groups by chance.

    Parameters
    ----------
    free, consolidated : sequence of str
        The two vocabularies.
    groups : (n_free,) int64
        Ours.
    families : (n_free,) int64
        The groups of inflections alone.
    half_of : callable
        Of a reference group's name: 0 took part in choosing the threshold, 1 is held out.

    Returns
    -------
    dict
        ``held_out`` and ``all``: ``n_words``, ``ours``, ``inflections_alone``, ``by_chance``;
        ``kept_apart``: of pairs of words that both stayed, the share that ours merges all the same.
    """
    expected = reference_groups(free, consolidated, read_mapping())
    known = [i for i, word in enumerate(free) if word in expected]
    told: dict[str, Any] = {}
    for part, rows in (
        ("held_out", [i for i in known if half_of(expected[free[i]]) == 1]),
        ("all", known),
    ):
        names = [expected[free[row]] for row in rows]
        told[part] = {
            "n_words": len(rows),
            "ours": judge_pairs(groups[rows], names),
            "inflections_alone": judge_pairs(families[rows], names),
            "by_chance": judge_chance(groups[rows], names),
        }
    stays = set(consolidated)
    stayed = groups[[i for i, word in enumerate(free) if word in stays]]
    wrong = float(_pairs(stayed).mean()) if len(stayed) > 1 else 0.0
    told["kept_apart"] = {"n_words": len(stayed), "share_of_pairs_merged": round(wrong, 4)}
    return told
