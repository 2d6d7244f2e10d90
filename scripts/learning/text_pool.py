"""Fit what joins the layers of the text model, and how sure it is: arrays in, numbers out.

Conventions
-----------
``parts`` are (n, n_parts, n_emotions) log-probabilities of rows that the layers have not seen. The
*lead* of a text is the log-odds of its likeliest quarter of the plane against everything else,
*neutral* included.

Method
------
A text's confidence is the probability that the leading quarter is right: a logistic line of the
lead (Platt 1999), fitted so that own sentences, tweets and comments count by their mass. A neutral
text has no right quarter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scripts.learning.text_heads import TextRows
from scripts.learning.text_model import Pool, balance_rows, choose_limit, fit_pool, log_softmax
from scripts.moods.emotions import EMOTIONS, quadrant_of_emotion
from scripts.moods.vocabulary import QUADRANTS

#: How much each kind of row counts.
POOL_MASS: dict[str, float] = {
    "situations situation": 3.0,
    "situations state": 2.0,
    "events situation": 2.0,
    "events state": 1.5,
    "everyday situation": 1.5,
    "everyday state": 1.5,
    "tweets tweet": 2.0,
    "comments comment": 0.7,
}

#: The same for the confidence: what a listener may write.
CONFIDENCE_MASS: dict[str, float] = {
    "situations situation": 1.0,
    "situations state": 2.0,
    "events situation": 0.5,
    "events state": 1.0,
    "everyday situation": 0.7,
    "everyday state": 1.0,
    "tweets tweet": 0.3,
}

#: Comments are many; so many of them are enough for a dozen numbers.
N_COMMENTS = 8000

_IN_QUADRANT = np.array(
    [[quadrant_of_emotion(name) == quadrant for name in EMOTIONS] for quadrant in QUADRANTS]
)


class Mode(NamedTuple):
    """What turns parts into probabilities and a confidence."""

    pool: Pool
    slope: float
    shift: float
    limit: float

    def to_numbers(self) -> dict[str, Any]:
        """Write it as JSON-ready numbers."""
        return {
            "pool": {"weights": self.pool.weights.tolist(), "bias": self.pool.bias.tolist()},
            "confidence": {"slope": self.slope, "shift": self.shift},
            "limit": self.limit,
        }

    def predict(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, n_emotions) probabilities."""
        return np.exp(log_softmax(self.pool(parts[:, : len(self.pool.weights)])))

    def confidence(self, P: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n,) probabilities that the leading quarter is right."""
        return 1 / (1 + np.exp(-(self.slope * lead_of(P) + self.shift)))


def quadrants_of(P: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 4) probabilities of the quarters; what is neutral is in none."""
    return P @ _IN_QUADRANT.T


def lead_of(P: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) log-odds of the leading quarter."""
    top = np.clip(quadrants_of(P).max(axis=1), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(top / (1 - top)))


def right_quadrant(P: NDArray[np.float64], allowed: NDArray[Any]) -> NDArray[np.bool_]:
    """Say of which rows the leading quarter holds an emotion that the label leaves open."""
    leading = quadrants_of(P).argmax(axis=1)
    return np.asarray((allowed * _IN_QUADRANT[leading]).any(axis=1))


def _weigh(kinds: NDArray[Any], labels: NDArray[Any], mass: dict[str, float]) -> Any:
    weight = np.zeros(len(kinds))
    for kind, total in mass.items():
        of_kind = np.flatnonzero(kinds == kind)
        if kind.startswith("comments"):
            of_kind = of_kind[:N_COMMENTS]
        if len(of_kind):
            share = balance_rows(labels[of_kind].tolist(), 0.7)
            weight[of_kind] = total * share / share.sum()
    return weight


def fit_mode(rows: TextRows, kinds: NDArray[Any], parts: NDArray[np.float64]) -> Mode:
    """Fit the pool, the confidence and the limit on predictions of unseen rows.

    Parameters
    ----------
    rows : TextRows
    kinds : (n,) str
        Source and kind of each row, as the keys of :data:`POOL_MASS`.
    parts : (n, n_parts, n_emotions)
    """
    weight = _weigh(kinds, rows.label, POOL_MASS)
    used = weight > 0
    pool = fit_pool(parts[used], rows.allowed[used], weight[used])
    weight = _weigh(kinds, rows.label, CONFIDENCE_MASS)
    used = weight > 0
    P = np.exp(log_softmax(pool(parts[used])))
    right = right_quadrant(P, rows.allowed[used])
    line = LogisticRegression(C=1e6).fit(lead_of(P)[:, None], right, weight[used])
    mode = Mode(pool, float(line.coef_[0, 0]), float(line.intercept_[0]), 0.0)
    # neutral reports against everything else of the same hand; requests and states must be kept
    own = np.isin(
        kinds,
        [
            "situations situation",
            "situations state",
            "events state",
            "everyday situation",
            "everyday state",
        ],
    )
    asks = rows.label[own] != "neutral"
    limit = choose_limit(mode.confidence(mode.predict(parts[own])), asks)
    return mode._replace(limit=limit)
