"""The JSON documents of a trained set, and the facts and figures of its run.

Conventions
-----------
Documents hold plain numbers and words; nothing in them depends on the clock, the machine's paths
or the process, so the same training writes the same bytes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from scripts.learning.fingerprints import record_rows
from scripts.learning.listener_mood import lines_to_numbers
from scripts.learning.song_mood import model_to_numbers
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import LISTENER_MOODS
from scripts.settings import TrainSettings
from scripts.store.layout import LISTENER_MOOD, LYRICS, SONG_CLUSTERS, SONG_MOOD, TASTE
from scripts.store.writing import to_json
from scripts.training.inputs import Inputs
from scripts.training.learned import ListenerResult, SongResult
from scripts.training.lyric_rows import lyric_document, lyric_metrics
from scripts.training.lyrics import EmbeddedLyrics, LyricWords
from scripts.training.rows import RankedSongs
from scripts.training.taste import LearnedTaste
from scripts.training.taste_rows import taste_document, taste_metrics


def _listener_document(inputs: Inputs, result: ListenerResult) -> dict[str, Any]:
    numbers = lines_to_numbers(result.lines, list(LISTENER_MOODS), result.features)
    return {
        "verdict": result.verdict,
        "n_listeners": len(inputs.listeners.listeners),
        "synthetic": inputs.listeners.synthetic,
        "metrics": result.report.metrics if result.report else None,
        **numbers,
    }


def _cluster_document(result: SongResult, ranked: RankedSongs) -> dict[str, Any]:
    clusters = result.clusters
    sizes = np.bincount(clusters.labels, minlength=len(clusters.moods))
    return {
        "features": list(FEATURES),
        "mean": clusters.mean.tolist(),
        "scale": clusters.scale.tolist(),
        "inertia": clusters.inertia,
        "thresholds": clusters.thresholds,
        "ladder": clusters.ladder,
        "stand_ins": ranked.stand_ins,
        "clusters": [
            {
                "mood": mood,
                "rule": reason,
                "n_songs": int(size),
                "valence_cal": float(place[0]),
                "arousal_cal": float(place[1]),
                "centroid": centroid.tolist(),
            }
            for mood, reason, size, place, centroid in zip(
                clusters.moods,
                clusters.reasons,
                sizes,
                clusters.places,
                clusters.centroids,
                strict=True,
            )
        ],
    }


def without_predictions(scores: dict[str, Any] | None) -> dict[str, Any] | None:
    """Leave out the row-by-row predictions of a cross-validation."""
    if scores is None:
        return None
    return {name: value for name, value in scores.items() if name != "predicted"}


def _song_document(inputs: Inputs, result: SongResult) -> dict[str, Any]:
    truth = []
    if inputs.truth is not None and result.model.learned_from == "truth":
        file = inputs.files[-1]
        truth = [
            {
                "source": file.name,
                "sha256": file.sha256,
                "rows": len(inputs.truth.features),
                # null above 20,000 rows: then only the very file is recognised
                "rows_fitted": record_rows(inputs.truth.features[list(FEATURES)].to_numpy()),
                "cross_validated": without_predictions(result.cross_validated),
            }
        ]
    return {"verdict": result.verdict, "truth": truth, **model_to_numbers(result.model)}


def make_documents(
    inputs: Inputs,
    listeners: ListenerResult,
    songs: SongResult,
    ranked: RankedSongs,
    *,
    lyrics: tuple[EmbeddedLyrics, LyricWords | None] | None = None,
    taste: tuple[LearnedTaste, str] | None = None,
) -> dict[str, str]:
    """Write the three models, and what lyrics and histories told, as JSON texts by file name.

    ``taste`` comes with the SHA-256 of its arrays.
    """
    documents = {
        LISTENER_MOOD: to_json(_listener_document(inputs, listeners)),
        SONG_CLUSTERS: to_json(_cluster_document(songs, ranked)),
        SONG_MOOD: to_json(_song_document(inputs, songs)),
    }
    if lyrics is not None and lyrics[1] is not None:
        documents[LYRICS] = to_json(lyric_document(inputs, lyrics[0], lyrics[1], songs))
    if taste is not None:
        documents[TASTE] = to_json(taste_document(*taste))
    return documents


def make_facts(inputs: Inputs, settings: TrainSettings) -> dict[str, Any]:
    """Say what a run was made from, for its manifest."""
    told = asdict(settings)
    names = ["seed", "clusters", *(["min_play_seconds"] if settings.history else [])]
    return {
        "settings": {name: told[name] for name in names},
        "inputs": [file._asdict() for file in inputs.files],
    }


def make_metrics(
    run: str,
    inputs: Inputs,
    listeners: ListenerResult,
    songs: SongResult,
    ranked: RankedSongs,
    *,
    lyrics: tuple[EmbeddedLyrics, LyricWords | None] | None = None,
    taste: LearnedTaste | None = None,
) -> dict[str, Any]:
    """Collect every figure of a run for ``metrics.json``; of lyrics and taste, where given."""
    report = listeners.report
    moods = [
        {"mood": row[1], "n_songs": row[3], "n_playable": row[4], "stand_in": row[5]}
        for row in ranked.mood_rows
    ]
    of_lyrics = {"lyrics": lyric_metrics(inputs, *lyrics, songs)} if lyrics else {}
    of_taste = {"taste": taste_metrics(taste)} if taste else {}
    return {
        "run": run,
        "listener_mood": {
            "verdict": listeners.verdict,
            "n_listeners": len(inputs.listeners.listeners),
            "synthetic": inputs.listeners.synthetic,
            "n_folds": report.n_folds if report else 0,
            "metrics": report.metrics if report else None,
        },
        "song_mood": {
            "verdict": songs.verdict,
            "learned_from": songs.model.learned_from,
            "cross_validated": without_predictions(songs.cross_validated),
            **songs.fidelity,
        },
        "song_clusters": {
            "n_clusters": len(songs.clusters.moods),
            "inertia": songs.clusters.inertia,
            "ladder": songs.clusters.ladder,
        },
        "songs": {
            "n_read": inputs.songs.n_read,
            "n_kept": len(inputs.songs.songs),
            "dropped": {reason: n for reason, n in inputs.songs.counts.items() if n},
        },
        "listeners": {
            "n_read": inputs.listeners.n_read,
            "n_kept": len(inputs.listeners.listeners),
            "dropped": {reason: n for reason, n in inputs.listeners.counts.items() if n},
        },
        "moods": moods,
        **of_lyrics,
        **of_taste,
    }
