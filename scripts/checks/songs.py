"""The check ``songs``: the trained set on labelled songs, by their sound and their words.

Conventions
-----------
A score on songs that took part in the training says so; songs it has not seen are scored apart.
Where the table has lyrics, the scores of the document are those of sound and words together, and a
song without lyrics is judged by its sound; its part ``lyrics`` sets the two halves side by side.
``cross_validated`` at the top stays that of the model of the sound, as the note says; what stands
beside a score of both is ``lyrics.cross_validated_in_training``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.checks.labelled_lyrics import read_labelled_lyrics
from scripts.checks.lyric_songs import JudgedLyrics, find_lyric_half, judge_lyrics, tell_lyrics
from scripts.checks.seen import file_digest, find_seen, tell_training
from scripts.evaluation.song_report import judge_answers, judge_plane, score_answers
from scripts.learning.song_mood import model_from_numbers, predict_quadrants
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import TrainedSet, open_set
from scripts.tables.truth import TruthTable, read_truth


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("songs", help="judge the trained song model on labelled songs")
    parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--lyrics",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="lyrics of the songs, where the table has no column of them; needs the extra text",
    )
    parser.add_argument(
        "--cross-validate",
        action=argparse.BooleanOptionalAction,
        help="set ways to use lyrics side by side (left out: up to 1,000 songs with lyrics)",
    )
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the trained set on labelled songs: quadrants, ratings, or both."""
    truth = read_truth(options.truth)
    trained = open_set(str(options.output))
    try:
        return _judge(options, truth, trained)
    finally:
        trained.close()


def _judge(options: argparse.Namespace, truth: TruthTable, trained: TrainedSet) -> dict[str, Any]:
    X = truth.features[list(FEATURES)].to_numpy()
    digest = file_digest(options.truth)
    report: dict[str, Any] = {"run": trained.run, "truth": truth.source, "n": len(X)}
    if truth.quadrant is not None:
        texts = read_labelled_lyrics(truth, options.lyrics)
        lyrics = None
        if texts is not None:
            lyrics = judge_lyrics(trained, truth, texts, find_lyric_half(trained))
        scores, seen = _judge_quadrants(trained.models[SONG_MOOD], truth, digest, lyrics)
        report |= scores
        if lyrics is not None:
            report["lyrics"] = tell_lyrics(lyrics, seen, options.cross_validate)
    if truth.valence_mean is not None and truth.arousal_mean is not None:
        ratings = np.column_stack([truth.valence_mean, truth.arousal_mean])
        report["plane"] = _judge_ratings(X, ratings, digest)
        if truth.quadrant is None:
            told = ("n_seen_in_training", "in_sample", "note", "cross_validated")
            report |= {key: report["plane"].pop(key) for key in told if key in report["plane"]}
    report["rows_dropped"] = {reason: n for reason, n in truth.counts.items() if n}
    return report


def _judge_quadrants(
    numbers: Mapping[str, Any], truth: TruthTable, digest: str, lyrics: JudgedLyrics | None
) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """Judge the named quadrants, by both halves where there are lyrics; says what was seen."""
    X, quadrants = truth.features[list(FEATURES)].to_numpy(), np.asarray(truth.quadrant)
    # without labelled songs the plane is the model of the quadrants
    sources = numbers["truth"] or load_plane()["origin"]
    if lyrics is not None:
        known = {source["sha256"] for source in sources}
        words = [part for part in lyrics.origin if part["sha256"] not in known]
        sources = [{**source, "half": "the sound alone"} for source in sources]
        sources += [{**part, "half": "sound and words"} for part in words]
    by_source = find_seen(sources, X, digest)
    report = tell_training(sources, by_source, digest)
    seen = np.asarray(by_source.any(axis=0))
    predicted = predict_quadrants(model_from_numbers(numbers), X)
    if lyrics is not None:
        predicted[lyrics.rows] = lyrics.predicted
    if lyrics is not None and lyrics.half.cross_validated is not None and seen.any():
        told = "of sound and words: lyrics.cross_validated_in_training"
        report["note"] = f"{report['note']}; cross-validated {told}"
    report |= judge_answers(predicted, X, quadrants)
    if 0 < seen.sum() < len(X):
        report["unseen"] = score_answers(predicted[~seen], quadrants[~seen])
    return report, seen


def _judge_ratings(
    X: NDArray[np.float64], ratings: NDArray[np.float64], digest: str
) -> dict[str, Any]:
    """Judge the calibrated plane on (n, 2) ratings; its own tables say what it has seen."""
    plane = load_plane()
    by_source = find_seen(plane["origin"], X, digest)
    seen = by_source.any(axis=0)
    report = tell_training(plane["origin"], by_source, digest)
    report |= judge_plane(plane, X, *ratings.T)
    if 0 < seen.sum() < len(X):
        report["unseen"] = judge_plane(plane, X[~seen], *ratings[~seen].T)
    return report
