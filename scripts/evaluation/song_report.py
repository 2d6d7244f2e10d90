"""How well songs are placed, judged by songs that people labelled.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`; labels are quadrant names (happy, angry, sad, relaxed);
ratings are in any linear unit. Accuracy and macro-F1 are in [0, 1].

Method
------
The model's quadrant is compared with the label. Beside it stand three answers that need no
model: the commonest label, a cut of raw valence and energy at .5, and the naive way (12 KMeans
clusters whose middles are cut at the medians of raw valence and energy). Cross-validation keeps
each artist on one side (an artist's songs resemble each other). Agreement with the clusters that
gave the labels is *fidelity*; it says nothing about mood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import confusion_matrix, f1_score
from threadpoolctl import threadpool_limits

from scripts.evaluation.metrics import (
    Interval,
    corrected_interval,
    correlation_interval,
    paired_interval,
    pearson_r,
    show,
    verdict,
    wilson_interval,
)
from scripts.learning.folds import artist_folds
from scripts.learning.mood_plane import place_songs, quadrants_of_places, scaling_of
from scripts.learning.song_clusters import SongClusters
from scripts.learning.song_mood import (
    Softmax,
    SongMoodModel,
    SongScores,
    fit_quadrants,
    predict_quadrants,
)
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import QUADRANTS, SONG_MOODS, SPOKEN

N_FOLDS = 5
N_REPEATS = 6
VALENCE, ENERGY = FEATURES.index("valence"), FEATURES.index("energy")

FIDELITY_NOTE = (
    "Fidelity to the clusters is agreement with labels that the program made itself; "
    "it says nothing about mood."
)


def fixed_cut(X: NDArray[np.float64]) -> NDArray[np.object_]:
    """Name quadrants by cutting raw valence and energy at .5."""
    return quadrants_of_places(X[:, [VALENCE, ENERGY]])


def naive_clusters(X: NDArray[np.float64], seed: int = 0) -> NDArray[np.object_]:
    """Name quadrants as the naive way does: 12 clusters cut at the songs' medians.

    It clusters the labelled songs themselves (their features, not their labels), where the
    model's clusters come from a catalogue. The songs are sorted first, so their order in the
    file changes nothing.

    Parameters
    ----------
    X : (n, 9) float64

    Returns
    -------
    (n,) quadrant names, in the order of ``X``
    """
    order = np.lexsort(X.T)
    songs = X[order]
    mean, scale = scaling_of(songs)
    n_clusters = min(12, len(np.unique(songs, axis=0)))
    with threadpool_limits(limits=1):
        model = KMeans(n_clusters, n_init=10, random_state=seed).fit((songs - mean) / scale)
    middles = (model.cluster_centers_ * scale + mean)[:, [VALENCE, ENERGY]]
    above = middles - np.median(songs[:, [VALENCE, ENERGY]], axis=0)
    names = np.empty(len(X), dtype=object)
    names[order] = quadrants_of_places(above + 0.5)[model.labels_]
    return names


def score_quadrants(
    model: SongMoodModel, X: NDArray[np.float64], labels: NDArray[Any]
) -> dict[str, Any]:
    """Return ``n``, ``accuracy`` and ``macro_f1`` of a trained model, without baselines."""
    return score_answers(predict_quadrants(model, X), labels)


def score_answers(predicted: NDArray[Any], labels: NDArray[Any]) -> dict[str, Any]:
    """Return ``n``, ``accuracy`` and ``macro_f1`` of (n,) quadrant names."""
    return {"n": len(labels), **_scores(labels, predicted)}


def _scores(labels: NDArray[Any], predicted: NDArray[Any]) -> dict[str, float]:
    present = sorted(set(labels.tolist()))
    return {
        "accuracy": float(np.mean(labels == predicted)),
        "macro_f1": float(
            f1_score(labels, predicted, labels=present, average="macro", zero_division=0.0)
        ),
    }


def _majority(labels: NDArray[Any]) -> str:
    names, counts = np.unique(labels.astype(str), return_counts=True)
    return str(names[counts.argmax()])


def judge_songs(
    model: SongMoodModel, X: NDArray[np.float64], labels: NDArray[Any]
) -> dict[str, Any]:
    """Score a trained model on labelled songs, by their sound."""
    return judge_answers(predict_quadrants(model, X), X, labels)


def judge_answers(
    predicted: NDArray[Any], X: NDArray[np.float64], labels: NDArray[Any]
) -> dict[str, Any]:
    """Score (n,) quadrant names, however they were found, beside answers that need no model.

    Returns
    -------
    dict
        ``n``, ``accuracy`` with ``accuracy_interval`` (Wilson 95%), ``macro_f1``,
        ``confusion`` (``labels`` and ``matrix``, a row a true label), ``baselines`` (each with
        the model's paired ``gain`` over it and its ``interval``), ``verdict``.
    """
    scores = _scores(labels, predicted)
    guesses = {
        "majority": np.full(len(labels), _majority(labels), dtype=object),
        "fixed_cut": fixed_cut(X),
        "naive_clusters": naive_clusters(X),
    }
    gains, baselines = {}, {}
    for name, guess in guesses.items():
        right = (labels == predicted).astype(float) - (labels == guess).astype(float)
        gains[name] = paired_interval(right)
        baselines[name] = {
            **_scores(labels, guess),
            "gain": gains[name].mean,
            "interval": [gains[name].low, gains[name].high],
        }
    rival = min(gains, key=lambda name: gains[name].mean)
    return {
        "n": len(labels),
        **scores,
        "accuracy_interval": list(wilson_interval(int(sum(labels == predicted)), len(labels))[1:]),
        "confusion": {
            "labels": list(QUADRANTS),
            "matrix": confusion_matrix(
                labels.astype(str), predicted.astype(str), labels=list(QUADRANTS)
            ).tolist(),
        },
        "baselines": baselines,
        "verdict": _tell(gains, rival),
    }


def cross_validate_songs(
    X: NDArray[np.float64],
    labels: NDArray[Any],
    artists: NDArray[Any],
    *,
    seed: int = 0,
    n_repeats: int = N_REPEATS,
) -> dict[str, Any] | None:
    """Cross-validate the upper level of the song model on labelled songs.

    Parameters
    ----------
    X : (n, 9) float64
    labels : (n,) quadrant names
    artists : (n,) artist names; an artist's songs stay together

    Returns
    -------
    dict, or None where a label has fewer than five artists
        ``accuracy``, ``macro_f1``, ``baselines``, ``gain`` over the best baseline with its
        ``interval``, ``verdict``, ``predicted`` (out-of-fold quadrants of the first repeat).
    """
    if min(len(set(artists[labels == name])) for name in set(labels.tolist())) < N_FOLDS:
        return None
    ways: dict[str, list[dict[str, float]]] = {
        name: [] for name in ("model", "majority", "fixed_cut", "naive_clusters")
    }
    cut, naive = fixed_cut(X), naive_clusters(X, seed)
    predicted = np.empty(len(X), dtype=object)
    for repeat in range(n_repeats):
        for train, test in artist_folds(labels, artists, N_FOLDS, seed + repeat):
            upper = fit_quadrants(X[train], labels[train])
            answer = predict_quadrants(SongMoodModel(upper, {}, "truth"), X[test])
            if repeat == 0:
                predicted[test] = answer
            commonest = np.full(len(test), _majority(labels[train]), dtype=object)
            for way, guess in (
                ("model", answer),
                ("majority", commonest),
                ("fixed_cut", cut[test]),
                ("naive_clusters", naive[test]),
            ):
                ways[way].append(_scores(labels[test], guess))
    accuracy = {way: np.array([fold["accuracy"] for fold in folds]) for way, folds in ways.items()}
    means: dict[str, dict[str, Any]] = {
        way: {name: float(np.mean([fold[name] for fold in folds])) for name in folds[0]}
        for way, folds in ways.items()
    }
    gains = {}
    for way in list(ways)[1:]:
        gains[way] = corrected_interval(accuracy["model"] - accuracy[way], 1 / (N_FOLDS - 1))
        means[way] |= {"gain": gains[way].mean, "interval": [gains[way].low, gains[way].high]}
    rival = max(list(ways)[1:], key=lambda way: accuracy[way].mean())
    return {
        "n": len(X),
        "n_folds": N_FOLDS * n_repeats,
        **means.pop("model"),
        "baselines": means,
        "best_guess": rival,
        "gain": gains[rival].mean,
        "interval": [gains[rival].low, gains[rival].high],
        "verdict": _tell(gains, rival),
        "predicted": predicted,
    }


def _tell(gains: Mapping[str, Interval], rival: str) -> str:
    """Say how far above guessing, and how far above the best answer that needs no model."""
    told = verdict(gains["majority"], "accuracy")
    if rival == "majority" or np.isnan(gains[rival].low):
        return told
    name = {"fixed_cut": "a cut of raw valence and energy at .5"}.get(rival, "the naive way")
    gain = gains[rival]
    span = f"{show(gain.mean)} [{show(gain.low)}, {show(gain.high)}]"
    return f"{told}; beside {name}: {span}"


def judge_plane(
    plane: Mapping[str, Any],
    X: NDArray[np.float64],
    valence: NDArray[np.float64],
    arousal: NDArray[np.float64],
) -> dict[str, Any]:
    """Compare the calibrated plane with people's ratings, beside raw valence and energy.

    Ratings come on any scale, so R^2 is that of the best straight line from the prediction to
    the rating, which is the square of Pearson's r.
    """
    places = place_songs(plane, X)
    rows = {
        "valence": (valence, places[:, 0], X[:, VALENCE]),
        "arousal": (arousal, places[:, 1], X[:, ENERGY]),
    }
    report: dict[str, Any] = {"n": len(X)}
    for axis, (rating, calibrated, raw) in rows.items():
        report[axis] = {
            name: {
                "pearson_r": r,
                "interval": list(correlation_interval(r, len(X))[1:]),
                "r2": r * r,
            }
            for name, r in (
                ("calibrated", pearson_r(calibrated, rating)),
                ("raw", pearson_r(raw, rating)),
            )
        }
    return report


def fidelity(scores: SongScores, clusters: SongClusters) -> dict[str, Any]:
    """Say how often the model names a song as its cluster is named."""
    present = set(clusters.moods) | set(scores.names)
    labels = [name for name in (*SONG_MOODS, SPOKEN) if name in present]
    number = {name: i for i, name in enumerate(labels)}
    by_cluster = np.array([number[name] for name in clusters.moods])[clusters.labels]
    by_model = np.array([number[name] for name in scores.names])[scores.mood]
    matrix = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(matrix, (by_cluster, by_model), 1)
    share = float(np.trace(matrix) / max(1, matrix.sum()))
    return {
        "fidelity_to_the_clusters": share,
        "note": FIDELITY_NOTE,
        "confusion": {"labels": labels, "matrix": matrix.tolist()},
    }


def plane_upper_level(softmax: Softmax) -> SongMoodModel:
    """Wrap an upper level so that :func:`judge_songs` can score it by itself."""
    return SongMoodModel(softmax, {}, "plane")
