"""The lyric half of the song-mood model, and its fusion with the half that hears the sound.

Conventions
-----------
Quadrants stand in the order of :data:`~scripts.moods.vocabulary.QUADRANTS`. A *log-probability*
array is (n, 4) float64 whose rows' exponentials sum to 1. A lyric's *vector* is (512,), of length
1: see :func:`lyric_pieces`. *Trust* is the probability, in [0, 1], that a text is the words of its
song (:mod:`~scripts.learning.lyric_trust`); 0 also stands for a song without lyrics.

Method
------
A multinomial logistic regression on the vectors gives P(q | lyric), the softmax and plane of
:func:`~scripts.learning.song_mood.fit_quadrants` P(q | sound). Late fusion is a
log-linear pool (Genest & Zidek 1986, doi:10.1214/ss/1177013825)::

    log P(q | sound, lyric) = a log P(q | sound) + t b log P(q | lyric) + constant

with the trust t. The weights a and b, which also are the inverse temperatures of the halves, have
the largest likelihood of labelled songs whose two probabilities come from folds without their
artist; so does the penalty of the regression. Where t falls to 0, a goes back to 1 and the sound
decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from scripts.errors import ModelError
from scripts.learning.folds import artist_folds
from scripts.learning.song_mood import Softmax, SongMoodModel, fit_quadrants
from scripts.moods.lyric_mood import REFIT, load_lyric_numbers
from scripts.moods.vocabulary import QUADRANTS

#: Inverse penalties of the logistic regression that are tried.
PENALTIES: tuple[float, ...] = (0.3, 1.0, 3.0)

#: Labelled songs with lyrics, and artists a quadrant, below which a lyric half is not fitted.
MIN_SONGS = 200
MIN_ARTISTS = 5

N_FOLDS = 5

#: Log-probability of a quadrant that a model does not know.
_NEVER = -30.0

#: What fusion weights may be: a half may fall silent, but its word is never turned round.
_WEIGHT_BOUNDS = (0.0, 5.0)


class LyricMood(NamedTuple):
    """A softmax over quadrants on lyric vectors, and the weights of the fusion."""

    weights: NDArray[np.float64]  # (4, size)
    bias: NDArray[np.float64]  # (4,)
    reg: float
    audio_weight: float  # a
    lyric_weight: float  # b
    n_songs: int  # labelled songs it was fitted on


def _normalise(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def quadrant_codes(quadrants: NDArray[Any]) -> NDArray[np.int64]:
    """Turn quadrant names into their places in ``QUADRANTS``."""
    return np.array([QUADRANTS.index(name) for name in quadrants], dtype=np.int64)


def _in_order(softmax: Softmax, X: NDArray[np.float64]) -> NDArray[np.float64]:
    logp = np.full((len(X), len(QUADRANTS)), _NEVER)
    logp[:, [QUADRANTS.index(name) for name in softmax.names]] = softmax.log_probability(X)
    return _normalise(logp)


def audio_log_probability(model: SongMoodModel, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 4) log-probabilities of the song-mood model's upper level."""
    return _in_order(model.quadrants, X)


def lyric_log_probability(
    model: LyricMood, vectors: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Return (n, 4) log-probabilities of the lyric half alone."""
    return _normalise(vectors.astype(np.float64) @ model.weights.T + model.bias)


def fit_lyric_mood(
    vectors: NDArray[np.floating[Any]],
    quadrants: NDArray[Any],
    *,
    trust: ArrayLike | None = None,
    reg: float = 1.0,
) -> LyricMood:
    """Fit the lyric half alone, with a plain product as fusion.

    Parameters
    ----------
    vectors : (n, size) float
    quadrants : (n,) quadrant names, all four
    trust : (n,) float in [0, 1], optional
        Weighs the rows.
    reg : float
        Inverse strength of the penalty (scikit-learn's ``C``).
    """
    fitted = LogisticRegression(C=reg, max_iter=1000).fit(
        vectors.astype(np.float64), quadrant_codes(quadrants), sample_weight=trust
    )
    weights = np.zeros((len(QUADRANTS), vectors.shape[1]))
    bias = np.full(len(QUADRANTS), _NEVER)
    weights[fitted.classes_], bias[fitted.classes_] = fitted.coef_, fitted.intercept_
    # rounded as they are written, so that a set read back answers as the training did
    return LyricMood(weights.round(4), bias.round(4), reg, 1.0, 1.0, vectors.shape[0])


def fuse(
    audio: NDArray[np.float64],
    lyric: NDArray[np.float64],
    trust: ArrayLike,
    model: LyricMood,
) -> NDArray[np.float64]:
    """Pool the two halves.

    Parameters
    ----------
    audio, lyric : (n, 4) log-probabilities
    trust : (n,) float in [0, 1]
        0 gives back ``audio``.
    model : LyricMood

    Returns
    -------
    (n, 4) log-probabilities
    """
    t = np.asarray(trust, dtype=np.float64).reshape(-1, 1)
    return _normalise((1 + t * (model.audio_weight - 1)) * audio + t * model.lyric_weight * lyric)


def _loss(logp: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    return -float(logp[np.arange(len(codes)), codes].mean())


def fit_fusion(
    model: LyricMood,
    audio: NDArray[np.float64],
    lyric: NDArray[np.float64],
    quadrants: NDArray[Any],
    *,
    trust: ArrayLike | None = None,
) -> tuple[LyricMood, float]:
    """Choose the two weights by likelihood; returns the model with them and its log loss.

    ``audio`` and ``lyric`` must come from models that have not seen the songs' artists, or the
    half that fits its own rows best would be trusted too much.
    """
    codes = quadrant_codes(quadrants)
    t = np.ones(len(codes)) if trust is None else np.asarray(trust, dtype=np.float64)

    def loss(weights: NDArray[np.float64]) -> float:
        tried = model._replace(audio_weight=weights[0], lyric_weight=weights[1])
        return _loss(fuse(audio, lyric, t, tried), codes)

    found = minimize(loss, np.ones(2), bounds=[_WEIGHT_BOUNDS] * 2, method="L-BFGS-B")
    a, b = (round(float(weight), 3) for weight in found.x)
    return model._replace(audio_weight=a, lyric_weight=b), float(found.fun)


def can_learn(quadrants: NDArray[Any], artists: NDArray[Any]) -> bool:
    """Say whether labelled songs with lyrics are enough for a lyric half of their own."""
    per_quadrant = [len(set(artists[quadrants == name].tolist())) for name in QUADRANTS]
    return len(quadrants) >= MIN_SONGS and min(per_quadrant) >= MIN_ARTISTS


def learn_lyric_mood(
    X: NDArray[np.float64],
    vectors: NDArray[np.floating[Any]],
    quadrants: NDArray[Any],
    artists: NDArray[Any],
    *,
    trust: ArrayLike | None = None,
    seed: int = 0,
) -> LyricMood | None:
    """Fit the lyric half and its fusion with the sound on labelled songs that have lyrics.

    Parameters
    ----------
    X : (n, 9) float64
        The audio features; the audio half is refitted in each fold to weigh it honestly.
    vectors : (n, size) float
    quadrants : (n,) quadrant names
    artists : (n,) artist names; an artist's songs stay together
    trust : (n,) float in [0, 1], optional

    Returns
    -------
    LyricMood, or None where the songs are too few (:func:`can_learn`)
    """
    if not can_learn(quadrants, artists):
        return None
    t = np.ones(len(X)) if trust is None else np.asarray(trust, dtype=np.float64)
    audio = np.empty((len(X), len(QUADRANTS)))
    lyric = {reg: np.empty_like(audio) for reg in PENALTIES}
    for train, test in artist_folds(quadrants, artists, N_FOLDS, seed):
        audio[test] = _in_order(fit_quadrants(X[train], quadrants[train]), X[test])
        for reg, answer in lyric.items():
            half = fit_lyric_mood(vectors[train], quadrants[train], trust=t[train], reg=reg)
            answer[test] = lyric_log_probability(half, vectors[test])
    start = fit_lyric_mood(vectors, quadrants, trust=t)
    tried = [
        (fit_fusion(start._replace(reg=reg), audio, answer, quadrants, trust=t))
        for reg, answer in lyric.items()
    ]
    best, _ = min(tried, key=lambda pair: pair[1])
    final = fit_lyric_mood(vectors, quadrants, trust=t, reg=best.reg)
    return final._replace(audio_weight=best.audio_weight, lyric_weight=best.lyric_weight)


def lyric_mood_to_numbers(model: LyricMood) -> dict[str, Any]:
    """Write the model as JSON-ready numbers."""
    return {
        "quadrants": list(QUADRANTS),
        "n_songs": model.n_songs,
        "reg": model.reg,
        "audio_weight": model.audio_weight,
        "lyric_weight": model.lyric_weight,
        "bias": model.bias.tolist(),
        "weights": model.weights.tolist(),
    }


def lyric_mood_from_numbers(numbers: Mapping[str, Any]) -> LyricMood:
    """Read what :func:`lyric_mood_to_numbers` wrote.

    Raises
    ------
    ModelError
        If a number is missing or the quadrants are others.
    """
    try:
        if numbers["quadrants"] != list(QUADRANTS):
            raise ValueError(f"quadrants {numbers['quadrants']}")
        weights, bias = np.array(numbers["weights"], float), np.array(numbers["bias"], float)
        if weights.ndim != 2 or len(weights) != len(QUADRANTS) or bias.shape != (len(QUADRANTS),):
            raise ValueError(f"weights of shape {weights.shape}")
        reg, a, b = (float(numbers[name]) for name in ("reg", "audio_weight", "lyric_weight"))
        return LyricMood(weights, bias, reg, a, b, int(numbers["n_songs"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"the numbers of the lyric half cannot be read ({error}); train again, or refit the "
            f"shipped ones with: {REFIT}"
        ) from error


def load_lyric_mood() -> LyricMood:
    """Read the shipped lyric half, for trainings without labelled songs that have lyrics."""
    return lyric_mood_from_numbers(load_lyric_numbers())
