"""The check ``lyrics``: emotion words of songs, their consolidation, and retrieval by them.

Conventions
-----------
Nothing trained is read: the words are found anew for the given songs. ``held_out`` is half of them,
by the hash of a song's key or of its artist. If the songs are those that the numbers were fitted
on, no label of this half took part in choosing a setting; but it is held out by song only: all
the sentences, which are asked here again, served to choose the settings, and the mean and the scale
of lyrics come from all songs. For other songs both parts are unseen; the sentences are the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.checks.retrieval_songs import (
    RetrievalSongs,
    read_labels,
    read_reference,
    read_songs,
    reference_of,
)
from scripts.errors import DataError, SettingsError
from scripts.evaluation.merge_report import judge_merging, support_of_mapping
from scripts.evaluation.retrieval_report import judge_limit, report_ways
from scripts.evaluation.retrieval_ways import (
    Query,
    compare_ways,
    half_of,
    place_words,
    read_points,
    read_sentences,
    relevant_by_quadrants,
    relevant_by_words,
    word_queries,
)
from scripts.learning.emotion_evidence import Lexicon, centre_words, embed_lexicon
from scripts.learning.emotion_words import EmotionWords, build_emotion_words
from scripts.learning.word_merging import family_of, merge_words
from scripts.moods.emotion_lexicon import load_space
from scripts.moods.vocabulary import SONG_MOODS
from scripts.text.encoder import open_encoder

#: What ``held_out`` does not hold out; part of the document.
HELD_OUT_BY = (
    "by song only, if these songs are those of the fit: all sentences served to choose the "
    "settings, and the mean and scale of lyrics come from all songs"
)


class _Songs(NamedTuple):
    """What the parts of the report share."""

    songs: RetrievalSongs
    words: EmotionWords
    lexicon: Lexicon
    space: dict[str, Any]
    encoder: Any


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("lyrics", help="judge emotion words and retrieval by lyrics")
    parser.add_argument("--songs", type=Path, required=True, metavar="FILE", help="lyrics")
    parser.add_argument(
        "--reference", type=Path, metavar="FILE", help="consolidated emotion words of these songs"
    )
    parser.add_argument("--truth", type=Path, metavar="FILE", help="moods of these songs")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the similarities too")
    where = "whose store of runs --track writes to"
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def _similar(
    shared: _Songs, queries: list[Query], rows: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Compare queries with some of the songs, by every way."""
    texts = [query.text for query in queries]
    points = read_points([q.text for q in queries if not q.is_word], shared.encoder)
    unread: list[tuple[float, float] | None] = [None] * sum(query.is_word for query in queries)
    told = compare_ways(
        queries,
        shared.encoder.encode(texts),
        shared.songs.vectors,
        shared.words,
        shared.lexicon,
        space=shared.space,
        points=unread + points,  # words come first
    )
    return {way: similar[:, list(rows)] for way, similar in told.items()}


def _judge(
    queries: Sequence[Query],
    relevance: NDArray[np.bool_],
    similar: dict[str, NDArray[np.float64]],
    kept: Sequence[int],
    limit: float,
) -> dict[str, Any]:
    """Score all queries on some of the songs: words, sentences, and the languages of these."""
    kinds = {
        "words": [i for i, query in enumerate(queries) if query.is_word],
        "sentences": [i for i, query in enumerate(queries) if not query.is_word],
        "sentences_en": [i for i, q in enumerate(queries) if not q.is_word and q.language == "en"],
        "sentences_es": [i for i, q in enumerate(queries) if not q.is_word and q.language == "es"],
    }
    columns = list(kept)
    told: dict[str, Any] = {}
    for kind, rows in kinds.items():
        if rows and columns:
            part = np.ix_(rows, columns)
            ways = {way: values[part] for way, values in similar.items()}
            told[kind] = report_ways(relevance[part], ways, baseline="raw")
            if kind == "sentences":
                told["min_similarity"] = {
                    "limit": limit,
                    "passing": judge_limit(relevance[part], ways["consolidated"], limit),
                    "everything_passes": judge_limit(relevance[part], ways["consolidated"], -1.0),
                }
    return told


def _judge_parts(
    queries: Sequence[Query],
    relevance: NDArray[np.bool_],
    similar: dict[str, NDArray[np.float64]],
    halves: Sequence[int],
    limit: float,
) -> dict[str, Any]:
    everything = range(len(halves))
    held_out = [i for i in everything if halves[i] == 1]
    asked = (queries, relevance, similar)
    return {
        "held_out_by": HELD_OUT_BY,
        "held_out": _judge(*asked, held_out, limit),
        "all_songs": _judge(*asked, everything, limit),
    }


def _judge_their_words(
    options: argparse.Namespace, shared: _Songs, told: dict[str, list[str]]
) -> dict[str, Any]:
    """Consolidate the free words that others gave the songs beside their own consolidation."""
    reference = {key: words for key, words in told.items() if key in set(shared.songs.keys)}
    stayed = sorted({word for song in reference.values() for word in song})
    try:
        free_songs = read_reference(options.songs)
    except DataError:  # the songs' file has lyrics alone
        return {"n_consolidated": len(stayed)}
    keys = sorted(reference.keys() & free_songs.keys())
    free = sorted({word for key in keys for word in free_songs[key]})
    vectors = centre_words(shared.encoder.encode(free), shared.lexicon.embeddings)
    names = [family_of(word, shared.lexicon.families) for word in free]
    places = place_words(free, vectors, shared.lexicon)
    settings = {name: shared.space["settings"][name] for name in ("threshold", "place_weight")}
    groups = merge_words(names, vectors, places, **settings)
    families = merge_words(names, vectors, places, **(settings | {"threshold": 0.0}))
    songs = ([free_songs[key] for key in keys], [reference[key] for key in keys])
    return {
        "n_free": len(free),
        "n_consolidated": len(stayed),
        "n_by_our_consolidation": len(set(groups.tolist())),
        "n_by_inflections_alone": len(set(families.tolist())),
        "mapping": support_of_mapping(*songs),
        "agreement": judge_merging(free, stayed, groups, families, half_of),
    }


def _by_reference(options: argparse.Namespace, shared: _Songs) -> tuple[dict[str, Any], Any]:
    told = read_reference(options.reference)
    rows, reference = reference_of(shared.songs, told, options.reference)
    queries = word_queries(reference) + read_sentences()
    relevance = relevant_by_words(queries, reference)
    similar = _similar(shared, queries, rows)
    halves = [half_of(shared.songs.keys[row]) for row in rows]
    limit = shared.words.min_similarity
    report = {
        "relevance": "a song that has a word of the query in the reference",
        **_judge_parts(queries, relevance, similar, halves, limit),
    }
    sentences = [i for i, query in enumerate(queries) if not query.is_word]
    plotted = ({way: values[sentences] for way, values in similar.items()}, relevance[sentences])
    return {"their_words": _judge_their_words(options, shared, told), "by_words": report}, plotted


def _by_truth(options: argparse.Namespace, shared: _Songs) -> tuple[dict[str, Any], Any]:
    truth = read_labels(options.truth, shared.songs)
    moods = [
        Query(mood, (mood,), quadrant, "en", True) for mood, (_, _, quadrant) in SONG_MOODS.items()
    ]
    queries = moods + read_sentences()
    relevance = relevant_by_quadrants(queries, truth.quadrants)
    similar = _similar(shared, queries, truth.rows)
    halves = [half_of(artist) for artist in truth.artists]
    report = {
        "relevance": "a song of the query's quadrant",
        **_judge_parts(queries, relevance, similar, halves, shared.words.min_similarity),
    }
    return {"by_quadrant": report}, (similar, relevance)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Find the words of songs and report how well they retrieve."""
    if options.reference is None and options.plot is not None and options.truth is None:
        raise SettingsError("--plot draws relevant songs: give --reference or --truth as well")
    encoder = open_encoder()
    songs = read_songs(options.songs, encoder)
    words = build_emotion_words(songs.texts, songs.vectors, encoder.encode)
    shared = _Songs(songs, words, embed_lexicon(encoder.encode), load_space(), encoder)
    report: dict[str, Any] = {
        "songs": options.songs.as_posix(),
        "n_songs": len(songs.keys),
        "vocabulary": dict(words.facts),
    }
    plotted = None
    for path, judge in ((options.truth, _by_truth), (options.reference, _by_reference)):
        if path is not None:
            part, plotted = judge(options, shared)
            report |= part
    if options.plot is not None and plotted is not None:
        from scripts.evaluation.similarity_plot import plot_relevance  # matplotlib: for a plot only

        plot_relevance(options.plot, *plotted)
    return report
