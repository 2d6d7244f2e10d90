"""Everything a training run learns, and the judgements on it.

Conventions
-----------
As in :mod:`scripts.learning`: ``X`` is (n_songs, 9) float64, songs in the order of their ids,
listeners in the order of their rows.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataWarning
from scripts.evaluation.listener_report import ListenerReport, evaluate_listeners
from scripts.evaluation.metrics import show
from scripts.evaluation.song_report import cross_validate_songs, fidelity
from scripts.learning.listener_mood import (
    MoodLine,
    encode_listeners,
    fit_listener_mood,
    survey_features,
)
from scripts.learning.mood_plane import place_songs
from scripts.learning.song_clusters import SongClusters, fit_song_clusters
from scripts.learning.song_mood import (
    SongMoodModel,
    SongScores,
    fit_song_mood,
    score_songs,
)
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.moods.vocabulary import QUADRANTS
from scripts.settings import TrainSettings
from scripts.tables.listeners import ListenerTable
from scripts.tables.truth import TruthTable
from scripts.training.lyrics import (
    EmbeddedLyrics,
    LearnedLyricMood,
    fuse_quadrants,
    learn_from_lyrics,
)


class ListenerResult(NamedTuple):
    """The listener model and how well it does."""

    features: list[str]
    lines: list[MoodLine]
    report: ListenerReport | None
    verdict: str


class SongResult(NamedTuple):
    """The song models, what they say of each song, and how well they do."""

    clusters: SongClusters
    model: SongMoodModel
    scores: SongScores
    places: NDArray[np.float64]  # (n_songs, 2)
    fidelity: dict[str, Any]
    cross_validated: dict[str, Any] | None  # on labelled songs
    verdict: str
    lyric_mood: LearnedLyricMood | None = None  # of a training with lyrics


def learn_listeners(table: ListenerTable, settings: TrainSettings) -> ListenerResult:
    """Fit the listener model and judge it by cross-validation."""
    features = survey_features(table.listeners)
    X = encode_listeners(table.listeners, features)
    Y = np.asarray(table.moods)
    lines = fit_listener_mood(X, Y, seed=settings.seed)
    report = evaluate_listeners(X, Y, seed=settings.seed)
    verdict = report.verdict if report else "not tested: fewer than 25 different listeners"
    if table.synthetic:
        verdict = f"{verdict} (synthetic listeners: the figures mean nothing)"
    return ListenerResult(features, lines, report, verdict)


def learn_songs(
    X: NDArray[np.float64],
    truth: TruthTable | None,
    settings: TrainSettings,
    lyrics: EmbeddedLyrics | None = None,
) -> SongResult:
    """Cluster and name the songs, fit the song-mood model and judge it.

    With lyrics the songs' scores are those of sound and words together; how faithful the model is
    to the clusters, and the cross-validation, tell of the sound alone.
    """
    plane = load_plane()
    clusters = fit_song_clusters(X, plane, n_clusters=settings.clusters, seed=settings.seed)
    labelled = None
    if truth is not None and truth.quadrant is not None:
        labelled = (truth.features[list(FEATURES)].to_numpy(), truth.quadrant)
        missing = [name for name in QUADRANTS if name not in set(truth.quadrant.tolist())]
        if missing:
            warnings.warn(
                f"{truth.source}: no song is labelled {' or '.join(missing)}; songs of such "
                "clusters stand for it",
                DataWarning,
                stacklevel=2,
            )
    model = fit_song_mood(X, clusters, plane, truth=labelled, seed=settings.seed)
    scores = score_songs(model, X)
    followed = fidelity(scores, clusters)
    lyric_mood = None
    if lyrics is not None and len(lyrics.songs.rows):
        lyric_mood = learn_from_lyrics(lyrics, truth, settings.seed)
        scores = score_songs(model, X, upper=fuse_quadrants(model, X, lyrics, lyric_mood.model))
    checked = None
    if labelled is not None and truth is not None:
        checked = cross_validate_songs(*labelled, truth.artist, seed=settings.seed)
    return SongResult(
        clusters,
        model,
        scores,
        place_songs(plane, X),
        followed,
        checked,
        _song_verdict(plane, labelled is not None, checked),
        lyric_mood,
    )


def _song_verdict(plane: dict[str, Any], has_truth: bool, checked: dict[str, Any] | None) -> str:
    if checked is not None:
        return f"{checked['verdict']} (quadrants of {checked['n']:,} labelled songs)"
    if has_truth:
        return "not tested: a mood of the labelled songs has fewer than five artists"
    scores = [entry for entry in plane["origin"] if "accuracy" in entry["cross_validated"]]
    known = ", ".join(
        f"{show(entry['cross_validated']['accuracy'])} of the quadrants right on the "
        f"{entry['rows']:,} songs of {entry['source']} (a cut at .5: "
        f"{show(entry['cross_validated']['fixed_cut_accuracy'])})"
        for entry in scores
    )
    return f"not tested on your songs (no --truth); elsewhere {known}"
