"""The song-mood model: from nine audio features to a probability for every song mood.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`. Probabilities are float64 in [0, 1]. A *margin* is the
log-odds of a song's quadrant against the runner-up, at least 0; it stays exact where a probability
rounds to 1.

Method
------
A softmax in two levels, all plain numbers. The upper level gives the quadrant of the mood plane,
P(q | x): without labelled songs it is the calibrated plane itself; with them it is the mean of a
multinomial logistic regression and a plane, both fitted on them. The lower level names the mood
within the quadrant: a multinomial logistic regression that learns the names of the clusters. A
song's mood is the best mood of its best quadrant. Its score comes from P(q | x) alone, since that
is what labelled songs can test: the names within a quadrant are the program's own, and a *happy*
song should stand first for being in the happy quarter, not for being neither party, nor energetic,
nor uplifting.

The score is the probability of the song's quadrant against the runner-up. With the calibrated plane
that is the side on which the song's place is less sure: a song that is very stirring and hardly
pleasant has a high P(happy | x), but little that tells it from an angry one. Put in this order, the
first ten of a quadrant held more songs that people call so than in the order of P(q | x) (see
``python -m scripts.evaluate playlists``).

A track that Spotify's own threshold takes for spoken words (speechiness above .66) has the mood
*spoken*, with its speechiness as the score: it would stand first among the angry songs otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scripts.learning.mood_plane import (
    QUADRANT_TARGETS,
    fit_plane,
    plane_as_softmax,
    scaling_of,
    standardise,
)
from scripts.learning.song_clusters import SongClusters
from scripts.moods.features import FEATURES, SPOKEN_SPEECHINESS
from scripts.moods.mood_labels import naming_features
from scripts.moods.vocabulary import QUADRANTS, SONG_MOODS, SPOKEN

#: Inverse penalty of the upper level: level over [.03, 1] on artist-grouped cross-validation.
QUADRANT_REG = 0.3

#: Inverse penalty of the lower level.
MOOD_REG = 0.1

SAMPLE_SIZE = 20_000


class Softmax(NamedTuple):
    """A linear softmax on standardised features."""

    names: list[str]
    weights: NDArray[np.float64]  # (n_names, 9)
    bias: NDArray[np.float64]  # (n_names,)
    mean: NDArray[np.float64]  # (9,)
    scale: NDArray[np.float64]  # (9,)

    def log_probability(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, n_names) log-probabilities."""
        logits = standardise(X, self.mean, self.scale) @ self.weights.T + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


class SongMoodModel(NamedTuple):
    """The two levels."""

    quadrants: Softmax
    moods: dict[str, Softmax]  # by quadrant
    learned_from: str  # "plane" or "truth"


class SongScores(NamedTuple):
    """What the model says of each song."""

    mood: NDArray[np.int16]  # index into ``names``
    margin: NDArray[np.float64]  # log-odds of that mood's quadrant against the runner-up
    names: list[str]


def constant_softmax(name: str) -> Softmax:
    """Give every song the one mood there is."""
    n = len(FEATURES)
    return Softmax([name], np.zeros((1, n)), np.zeros(1), np.zeros(n), np.ones(n))


def fit_softmax(X: NDArray[np.float64], labels: NDArray[Any], *, reg: float) -> Softmax:
    """Fit a multinomial logistic regression on standardised features.

    Parameters
    ----------
    X : (n, 9) float64
    labels : (n,) array of names, at least one distinct
    reg : float
        Inverse strength of the penalty (scikit-learn's ``C``).
    """
    names = sorted({str(label) for label in labels})
    if len(names) == 1:
        return constant_softmax(names[0])
    mean, scale = scaling_of(X)
    model = LogisticRegression(C=reg, max_iter=1000).fit(standardise(X, mean, scale), labels)
    weights, bias = model.coef_, model.intercept_
    if len(names) == 2:  # scikit-learn keeps one line for two classes
        weights = np.vstack([-weights / 2, weights / 2])
        bias = np.concatenate([-bias / 2, bias / 2])
    return Softmax([str(name) for name in model.classes_], weights, bias, mean, scale)


def quadrants_from_plane(plane: Mapping[str, Any]) -> Softmax:
    """Write the calibrated plane as the upper level."""
    weights, bias = plane_as_softmax(plane)
    mean, scale = np.asarray(plane["mean"]), np.asarray(plane["scale"])
    return Softmax(list(QUADRANTS), weights, bias, mean, scale)


def fit_quadrants(X: NDArray[np.float64], quadrants: NDArray[Any]) -> Softmax:
    """Learn the upper level from labelled songs; ``quadrants`` is (n,) of quadrant names.

    Where all four are named, the softmax over the quadrants is averaged with the plane of the same
    songs (see :mod:`~scripts.learning.mood_plane`), log-probability by log-probability: the one
    learns each quadrant by itself, the other what two quadrants of a side share. Both are linear
    in the same features, so their mean is a softmax too.
    """
    softmax = fit_softmax(X, quadrants, reg=QUADRANT_REG)
    if set(softmax.names) != set(QUADRANTS):
        return softmax
    plane = fit_plane(X, np.array([QUADRANT_TARGETS[name] for name in quadrants]))
    weights, bias = plane_as_softmax(plane)
    order = [QUADRANTS.index(name) for name in softmax.names]
    return softmax._replace(
        weights=(softmax.weights + weights[order]) / 2, bias=(softmax.bias + bias[order]) / 2
    )


def _fit_lower_level(
    X: NDArray[np.float64], clusters: SongClusters, quadrant: str, seed: int
) -> Softmax:
    cluster_quadrant = np.array([SONG_MOODS[mood][2] == quadrant for mood in clusters.moods])
    rows = np.flatnonzero(cluster_quadrant[clusters.labels])
    if len(rows) == 0:  # no cluster lies here: its first mood names its few songs
        home = [name for name, (_, _, quarter) in SONG_MOODS.items() if quarter == quadrant]
        return constant_softmax(home[0])
    if len(rows) > SAMPLE_SIZE:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(rows, SAMPLE_SIZE, replace=False))
    names = np.array(clusters.moods)
    return fit_softmax(X[rows], names[clusters.labels[rows]], reg=MOOD_REG)


def fill_quadrants(
    truth: tuple[NDArray[np.float64], NDArray[Any]],
    X: NDArray[np.float64],
    clusters: SongClusters,
    seed: int = 0,
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Let songs of the catalogue stand for quadrants that the labelled songs do not name.

    As many songs as the named quadrants have on average are drawn from the clusters that lie in
    a missing quadrant. Without them that quadrant would vanish from the model.
    """
    features, labels = truth
    named = sorted(set(labels.tolist()))
    rng = np.random.default_rng(seed)
    for quadrant in QUADRANTS:
        here = np.array([SONG_MOODS[mood][2] == quadrant for mood in clusters.moods])
        rows = np.flatnonzero(here[clusters.labels])
        if quadrant in named or len(rows) == 0:
            continue
        n = min(len(rows), max(1, len(truth[1]) // len(named)))
        rows = np.sort(rng.choice(rows, n, replace=False))
        features = np.vstack([features, X[rows]])
        labels = np.concatenate([labels, np.full(n, quadrant, dtype=object)])
    return features, labels


def fit_song_mood(
    X: NDArray[np.float64],
    clusters: SongClusters,
    plane: Mapping[str, Any],
    *,
    truth: tuple[NDArray[np.float64], NDArray[Any]] | None = None,
    seed: int = 0,
) -> SongMoodModel:
    """Fit both levels.

    Parameters
    ----------
    X : (n, 9) float64
        The catalogue, in the order ``clusters`` was fitted on.
    clusters : SongClusters
    plane : mapping
        The calibrated plane, the upper level where there is no truth.
    truth : ((m, 9) float64, (m,) quadrant names), optional
        Labelled songs; see :func:`fill_quadrants` for quadrants they do not name.
    """
    if truth is None:
        upper = quadrants_from_plane(plane)
    else:
        upper = fit_quadrants(*fill_quadrants(truth, X, clusters, seed))
    lower = {name: _fit_lower_level(X, clusters, name, seed) for name in upper.names}
    return SongMoodModel(upper, lower, "plane" if truth is None else "truth")


def _margin_of_best(log_probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's log-odds of its largest probability against the second largest."""
    ordered = np.sort(log_probability, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def score_songs(
    model: SongMoodModel,
    X: NDArray[np.float64],
    upper: NDArray[np.float64] | None = None,
    chunk: int = 200_000,
) -> SongScores:
    """Give each song its mood and the log-odds of that mood's quadrant against the runner-up.

    Log-odds are computed from log-probabilities, so that two songs whose probabilities both round
    to 1 still differ; ``upper``, (n, n_quadrants) in the order of ``model.quadrants.names``, stands
    for the upper level's own. The score of a spoken track is its speechiness.
    """
    names = [name for home in model.quadrants.names for name in model.moods[home].names]
    names.append(SPOKEN)
    mood = np.empty(len(X), dtype=np.int16)
    margin = np.empty(len(X))
    for first in range(0, len(X), chunk):
        part = X[first : first + chunk]
        if upper is None:
            quadrant = model.quadrants.log_probability(part)
        else:
            quadrant = upper[first : first + chunk]
        home = quadrant.argmax(axis=1)
        chosen = np.empty(len(part), dtype=np.int16)
        offset = 0
        for i, name in enumerate(model.quadrants.names):
            lower = model.moods[name]
            here = home == i
            chosen[here] = lower.log_probability(part[here]).argmax(axis=1) + offset
            offset += len(lower.names)
        speech = part[:, FEATURES.index("speechiness")]
        spoken = speech > SPOKEN_SPEECHINESS
        certain = np.clip(speech, 0.5, 1 - 1e-9)
        mood[first : first + chunk] = np.where(spoken, len(names) - 1, chosen)
        margin[first : first + chunk] = np.where(
            spoken, np.log(certain / (1 - certain)), _margin_of_best(quadrant)
        )
    return SongScores(mood, margin, names)


def predict_quadrants(model: SongMoodModel, X: NDArray[np.float64]) -> NDArray[np.object_]:
    """Name the most probable quadrant of each song."""
    names = np.array(model.quadrants.names, dtype=object)
    return names[model.quadrants.log_probability(X).argmax(axis=1)]


def model_to_numbers(model: SongMoodModel) -> dict[str, Any]:
    """Write the model as JSON-ready numbers."""

    def level(softmax: Softmax) -> dict[str, Any]:
        return {
            "names": softmax.names,
            "weights": softmax.weights.tolist(),
            "bias": softmax.bias.tolist(),
            "mean": softmax.mean.tolist(),
            "scale": softmax.scale.tolist(),
        }

    return {
        "features": list(FEATURES),
        "learned_from": model.learned_from,
        "quadrants": level(model.quadrants),
        "moods": {name: level(softmax) for name, softmax in model.moods.items()},
        "named_by": {mood: naming_features(mood) for mood in SONG_MOODS},
    }


def model_from_numbers(numbers: Mapping[str, Any]) -> SongMoodModel:
    """Read what :func:`model_to_numbers` wrote."""

    def level(part: Mapping[str, Any]) -> Softmax:
        arrays = [np.array(part[name]) for name in ("weights", "bias", "mean", "scale")]
        return Softmax(list(part["names"]), *arrays)

    return SongMoodModel(
        level(numbers["quadrants"]),
        {name: level(part) for name, part in numbers["moods"].items()},
        numbers["learned_from"],
    )
