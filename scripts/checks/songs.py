"""The check ``songs``: the trained set on labelled songs.

Conventions
-----------
A score on songs that took part in the training says so; songs it has not seen are scored apart.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.checks.seen import file_digest, find_seen, tell_training
from scripts.evaluation.song_report import judge_plane, judge_songs, score_quadrants
from scripts.learning.song_mood import model_from_numbers
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import open_set
from scripts.tables.truth import read_truth


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("songs", help="judge the trained song model on labelled songs")
    parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the trained set on labelled songs: quadrants, ratings, or both."""
    truth = read_truth(options.truth)
    trained = open_set(str(options.output))
    numbers = trained.models[SONG_MOOD]
    trained.close()
    X = truth.features[list(FEATURES)].to_numpy()
    digest = file_digest(options.truth)
    report: dict[str, Any] = {"run": trained.run, "truth": truth.source, "n": len(X)}
    if truth.quadrant is not None:
        # without labelled songs the plane is the model of the quadrants
        sources = numbers["truth"] or load_plane()["origin"]
        by_source = find_seen(sources, X, digest)
        report |= tell_training(sources, by_source, digest)
        model, seen = model_from_numbers(numbers), by_source.any(axis=0)
        report |= judge_songs(model, X, truth.quadrant)
        if 0 < seen.sum() < len(X):
            report["unseen"] = score_quadrants(model, X[~seen], truth.quadrant[~seen])
    if truth.valence_mean is not None and truth.arousal_mean is not None:
        ratings = np.column_stack([truth.valence_mean, truth.arousal_mean])
        report["plane"] = _judge_ratings(X, ratings, digest)
        if truth.quadrant is None:
            told = ("n_seen_in_training", "in_sample", "note", "cross_validated")
            report |= {key: report["plane"].pop(key) for key in told if key in report["plane"]}
    report["rows_dropped"] = {reason: n for reason, n in truth.counts.items() if n}
    return report


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
