"""Fitting and applying the calibrated mood plane.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`. Targets are shares in [0, 1]: 1 pleasant (or stirring),
0 the opposite; a label such as *happy* is (1, 1), a rating in standard deviations z becomes
the logistic of z. Places are (n_songs, 2) float64 in [0, 1]: valence, arousal.

Method
------
One ridge-penalised logistic regression an axis, on standardised features cut at three standard
deviations. A soft target t enters
as two copies of its row, one of each class, weighted t and 1 - t.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from scripts.moods.features import CLIP_SD, FEATURES
from scripts.moods.plane import AXES
from scripts.moods.vocabulary import QUADRANTS

#: (valence, arousal) target of each quadrant.
QUADRANT_TARGETS: dict[str, tuple[float, float]] = {
    "happy": (1.0, 1.0),
    "angry": (0.0, 1.0),
    "sad": (0.0, 0.0),
    "relaxed": (1.0, 0.0),
}


def scaling_of(X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the standard deviation of each column; a constant column scales by 1."""
    scale = X.std(axis=0)
    scale[scale < 1e-12] = 1.0
    return X.mean(axis=0), scale


def standardise(X: NDArray[np.float64], mean: ArrayLike, scale: ArrayLike) -> NDArray[np.float64]:
    """Standardise features and cut them at :data:`~scripts.moods.features.CLIP_SD`."""
    return np.clip((X - np.asarray(mean)) / np.asarray(scale), -CLIP_SD, CLIP_SD)


def fit_plane(
    X: NDArray[np.float64],
    targets: NDArray[np.float64],
    *,
    reg: float = 0.1,
) -> dict[str, Any]:
    """Fit the two linear maps.

    Parameters
    ----------
    X : (n, 9) float64
    targets : (n, 2) float64 in [0, 1]
        Valence and arousal of each labelled song.
    reg : float
        Inverse strength of the penalty (scikit-learn's ``C``).

    Returns
    -------
    dict
        The numbers of :func:`~scripts.moods.plane.load_plane`, without ``origin``.
    """
    mean, scale = scaling_of(X)
    scaled = standardise(X, mean, scale)
    plane: dict[str, Any] = {
        "features": list(FEATURES),
        "mean": mean.tolist(),
        "scale": scale.tolist(),
    }
    for axis, target in zip(AXES, targets.T, strict=True):
        model = LogisticRegression(C=reg).fit(
            np.vstack([scaled, scaled]),
            np.repeat([1, 0], len(X)),
            sample_weight=np.concatenate([target, 1 - target]),
        )
        plane[axis] = {"bias": float(model.intercept_[0]), "weights": model.coef_[0].tolist()}
    return plane


def plane_logits(plane: Mapping[str, Any], X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 2) log-odds of being pleasant and of being stirring."""
    scaled = standardise(X, plane["mean"], plane["scale"])
    weights = np.array([plane[axis]["weights"] for axis in AXES])
    return scaled @ weights.T + np.array([plane[axis]["bias"] for axis in AXES])


def place_songs(plane: Mapping[str, Any], X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place songs on the plane: (n, 2) valence and arousal in [0, 1]."""
    return 1 / (1 + np.exp(-np.clip(plane_logits(plane, X), -500, 500)))


def quadrants_of_places(places: NDArray[np.float64]) -> NDArray[np.object_]:
    """Name each place's quadrant; the middle counts as high."""
    high = places >= 0.5
    names = np.array(QUADRANTS, dtype=object)
    # happy, angry, sad, relaxed stand at (high, high), (low, high), (low, low), (high, low)
    return names[np.where(high[:, 1], np.where(high[:, 0], 0, 1), np.where(high[:, 0], 3, 2))]


def plane_as_softmax(plane: Mapping[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Write the plane's two logistic curves as one softmax over the four quadrants.

    The product of the two curves is exactly the softmax whose logit for a quadrant is the sum of
    the log-odds of the axes on which that quadrant is high.

    Returns
    -------
    weights : (4, 9) float64, on features standardised by the plane's own mean and scale
    bias : (4,) float64
    """
    lines = np.array([plane[axis]["weights"] for axis in AXES])
    biases = np.array([plane[axis]["bias"] for axis in AXES])
    highs = np.array([QUADRANT_TARGETS[name] for name in QUADRANTS])
    return highs @ lines, highs @ biases
