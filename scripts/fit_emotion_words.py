"""Refit ``scripts/moods/emotion_space.json``: ``python -m scripts.fit_emotion_words``.

Conventions
-----------
Everything is chosen on half of the words and songs (:func:`half_of` = 0 of a word, of a song's
key, of an artist); ``python -m scripts.evaluate lyrics`` reports on the other half. The file keeps
fitted numbers and settings, and no text of a data set.

Method
------
1. Directions of feelings: ridge regressions on labelled sentences.
2. Middle and spread of lyrics and of sentences.
3. Threshold and place weight of merging: the best F1 of merged pairs on half of the groups of
   ``merge_reference.tsv``.
4. Every other setting in turn: a value replaces the one in hand where the average precision of the
   consolidated words rises by more than one standard error of the paired gains over the queries.
   Smaller gains are within the noise of sixty songs.
5. The default limit of similarity: the best mean F1 of the songs that pass, over the sentences.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.checks.retrieval_songs import (
    LabelledSongs,
    RetrievalSongs,
    read_labels,
    read_reference,
    read_songs,
    reference_of,
    take_songs,
)
from scripts.console import note
from scripts.errors import DataError
from scripts.evaluation.merge_report import judge_pairs, read_mapping, reference_groups
from scripts.evaluation.retrieval_report import choose_limit, has_score, score_queries
from scripts.evaluation.retrieval_ways import (
    Query,
    half_of,
    place_words,
    read_points,
    read_sentences,
    relevant_by_quadrants,
    relevant_by_words,
    similarities_by_words,
    word_queries,
)
from scripts.learning.emotion_evidence import (
    Evidence,
    Lexicon,
    centre_words,
    embed_lexicon,
    gather_evidence,
)
from scripts.learning.emotion_fit import fit_feelings, measure_space
from scripts.learning.emotion_words import consolidate_words, find_free_words
from scripts.learning.word_merging import family_of, merge_words
from scripts.moods.emotion_lexicon import SPACE_FILE
from scripts.playlists.program import run_program
from scripts.text.encoder import open_encoder

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder

#: Where the choice begins: every term of the score at work.
_START: dict[str, float] = {
    "centring": 0.5,
    "feelings": 0.5,
    "literal": 0.3,
    "nearest": 0.85,
    "word_sharpness": 0.3,
    "floor": 0.0,
    "width": 0.3,
    "n_asked": 6,
    "sharpness": 0.6,
    "said": 2.0,
    "point": 2.0,
    "min_similarity": 0.0,
}

#: Setting -> the values that are tried.
_GRID: dict[str, tuple[float, ...]] = {
    "centring": (0.0, 0.25, 0.5, 0.75, 1.0),
    "feelings": (0.0, 0.25, 0.5, 1.0),
    "literal": (0.0, 0.15, 0.3, 0.5),
    "word_sharpness": (0.0, 0.3, 0.6),
    "floor": (0.0, 0.1, 0.2, 0.5, 1.0),
    "width": (0.2, 0.25, 0.3, 0.4, 0.6),
    "n_asked": (3, 4, 6, 8),
    "sharpness": (0.0, 0.3, 0.6, 1.0),
    "said": (0.0, 1.0, 2.0, 3.0),
    "point": (0.0, 1.0, 2.0, 3.0, 4.0),
}

_THRESHOLDS = np.round(np.arange(0.0, 1.21, 0.04), 2)
_PLACE_WEIGHTS = (0.0, 0.25, 0.5, 1.0)


class Trial(NamedTuple):
    """Queries and the songs that answer them, of the half for choosing."""

    queries: list[Query]
    embedded: NDArray[np.float32]
    points: list[tuple[float, float] | None]
    relevance: NDArray[np.bool_]
    evidence: Evidence


def _similarities(trial: Trial, lexicon: Lexicon, space: Mapping[str, Any]) -> NDArray[np.float64]:
    free = find_free_words(trial.evidence, lexicon, space)
    words = consolidate_words(free, trial.evidence, lexicon, space)
    asked = (trial.queries, trial.embedded, words, lexicon)
    return similarities_by_words(*asked, space=space, points=trial.points)["consolidated"]


def _precisions(
    trials: list[Trial], lexicon: Lexicon, space: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return the average precision of every query of every trial."""
    told = []
    for trial in trials:
        counted = has_score(trial.relevance)
        similar = _similarities(trial, lexicon, space)
        told.append(score_queries(trial.relevance[counted], similar[counted])["mean_ap"])
    return np.concatenate(told)


def choose_settings(
    trials: list[Trial], lexicon: Lexicon, space: dict[str, Any]
) -> dict[str, float]:
    """Choose the settings one after the other; see the module's method."""
    settings = dict(space["settings"])
    for name, values in _GRID.items():
        in_hand = _precisions(trials, lexicon, space | {"settings": settings})
        gains = {}
        for value in values:
            tried = space | {"settings": settings | {name: value}}
            gain = _precisions(trials, lexicon, tried) - in_hand
            error = gain.std(ddof=1) / np.sqrt(len(gain))
            gains[value] = float(gain.mean()) if gain.mean() > error else 0.0
            note(f"{name} {value}: {gain.mean():+.4f} (standard error {error:.4f})")
        best = max(values, key=lambda value: gains[value])
        if gains[best] > 0:
            settings[name] = best
        note(f"{name} = {settings[name]}")
    return settings


def choose_merging(
    free: list[str], consolidated: list[str], lexicon: Lexicon, encode: Any
) -> dict[str, float]:
    """Choose how near words must be to be merged, on half of the reference's groups."""
    expected = reference_groups(free, consolidated, read_mapping())
    vectors = centre_words(encode(free), lexicon.embeddings)
    places = place_words(free, vectors, lexicon)
    names = [family_of(word, lexicon.families) for word in free]
    rows = [i for i, w in enumerate(free) if w in expected and half_of(expected[w]) == 0]
    best = (-1.0, 0.0, 0.0)
    for weight in _PLACE_WEIGHTS:
        for threshold in _THRESHOLDS.tolist():
            groups = merge_words(names, vectors, places, threshold=threshold, place_weight=weight)
            told = judge_pairs(groups[rows], [expected[free[row]] for row in rows])
            best = max(best, (told["f1"], -threshold, -weight))  # of equals, what merges least
    f1, threshold, weight = best[0], -best[1], -best[2]
    note(f"merging: F1 {f1} with threshold {threshold}, place weight {weight}")
    return {"threshold": threshold, "place_weight": weight}


def _read_sentences(path: Path, labels: Path) -> tuple[list[str], list[list[str]]]:
    names = labels.read_text(encoding="utf-8").split()
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        return [row[0] for row in rows], [
            [names[int(i)] for i in row[1].split(",")] for row in rows
        ]
    except (IndexError, ValueError) as error:
        raise DataError(
            f"{path}: a line is not 'text, tab, numbers of labels divided by commas' with numbers "
            f"of {labels} ({error}). Give GoEmotions' train.tsv and labels.txt."
        ) from error


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fit_emotion_words")
    told = {
        "sentences": "labelled sentences (GoEmotions' train.tsv)",
        "labels": "the names of their labels",
        "songs": "lyrics of songs with free emotion words",
        "reference": "the same songs with consolidated emotion words",
        "truth": "songs with moods",
        "truth-songs": "their lyrics",
    }
    for name, text in told.items():
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=text)
    parser.add_argument("--out", type=Path, default=Path(SPACE_FILE), metavar="FILE")
    return parser


class Sources(NamedTuple):
    """What the numbers are fitted on."""

    sung: RetrievalSongs  # songs with a reference
    reference: list[list[str]]  # the consolidated words of each
    free: list[str]  # the free vocabulary of the reference's makers
    labelled: RetrievalSongs  # songs with quadrants
    truth: LabelledSongs  # of each
    texts: list[str]  # sentences
    labels: list[list[str]]  # of each


def _read_sources(options: argparse.Namespace, encoder: Encoder) -> Sources:
    sung, labelled = (read_songs(p, encoder) for p in (options.songs, options.truth_songs))
    rows, reference = reference_of(sung, read_reference(options.reference), options.reference)
    truth = read_labels(options.truth, labelled)
    free = sorted({w for song in read_reference(options.songs).values() for w in song})
    kept = (take_songs(sung, rows), reference, free, take_songs(labelled, truth.rows), truth)
    return Sources(*kept, *_read_sentences(options.sentences, options.labels))


def _measure(sources: Sources, lexicon: Lexicon, encoder: Encoder) -> dict[str, Any]:
    """Fit the directions of feelings and measure the middles: everything but the settings."""
    note(f"embedding {len(sources.texts):,} sentences")
    sentences = encoder.encode(sources.texts)
    feelings = fit_feelings(sentences, sources.labels, lexicon.words)
    lyrics = np.concatenate([sources.sung.vectors, sources.labelled.vectors])
    return measure_space(lyrics, sentences, feelings, lexicon)


def _make_trials(
    sources: Sources, lexicon: Lexicon, space: Mapping[str, Any], encoder: Encoder
) -> list[Trial]:
    """Ask for words and sentences in the songs with a reference, for quadrants in the others."""
    sentences = read_sentences()
    points = read_points([query.text for query in sentences], encoder)
    words = word_queries(sources.reference)
    unread: list[tuple[float, float] | None] = [None] * len(words)
    queries = words + sentences
    relevance = relevant_by_words(queries, sources.reference)
    in_quadrant = relevant_by_quadrants(sentences, sources.truth.quadrants)
    plans = (
        (sources.sung, sources.sung.keys, queries, unread + points, relevance),
        (sources.labelled, sources.truth.artists, sentences, points, in_quadrant),
    )
    trials = []
    for songs, names, asked, read, answers in plans:
        rows = [row for row, name in enumerate(names) if half_of(name) == 0]
        part = take_songs(songs, rows)
        evidence = gather_evidence(part.texts, part.vectors, lexicon, encoder.encode, space)
        embedded = encoder.encode([query.text for query in asked])
        trials.append(Trial(asked, embedded, read, answers[:, rows], evidence))
    return trials


def _choose_limit(
    trial: Trial, lexicon: Lexicon, space: Mapping[str, Any]
) -> tuple[float, dict[str, float]]:
    rows = [row for row, query in enumerate(trial.queries) if not query.is_word]
    return choose_limit(trial.relevance[rows], _similarities(trial, lexicon, space)[rows])


def main() -> int:
    """Fit and write the numbers."""
    options = build_parser().parse_args()
    encoder = open_encoder()
    lexicon = embed_lexicon(encoder.encode)
    sources = _read_sources(options, encoder)
    space = _measure(sources, lexicon, encoder)
    stayed = sorted({word for song in sources.reference for word in song})
    merging = choose_merging(sources.free, stayed, lexicon, encoder.encode)
    space["settings"] = _START | merging
    trials = _make_trials(sources, lexicon, space, encoder)
    space["settings"] = choose_settings(trials, lexicon, space)
    limit, judged = _choose_limit(trials[0], lexicon, space)
    space["settings"]["min_similarity"] = limit
    space["origin"] = {
        "sentences": len(sources.texts),
        "lyrics": len(sources.sung.keys) + len(sources.labelled.keys),
        "songs_to_choose_on": [trial.relevance.shape[1] for trial in trials],
        "queries_to_choose_on": [len(trial.queries) for trial in trials],
        "min_similarity": {"chosen_for": "the best mean F1 of the sentences", **judged},
    }
    options.out.write_text(json.dumps(space, sort_keys=True) + "\n", encoding="utf-8")
    note(f"written: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
