"""Fit the linear layers that turn a text's features into emotions: arrays in, numbers out.

Conventions
-----------
``X`` is (n, n_features), dense or sparse. ``allowed`` is (n, n_classes) of 0/1: the classes that a
row's label leaves open, so that a coarse label (*joy* for *calm*) teaches what it says and no
more. ``weight`` is (n,), how much a row counts. Probabilities lie in [0, 1].

Method
------
A softmax with a ridge penalty on its weights, fitted by L-BFGS to the probability that the class
is one of those allowed (learning from partial labels: Jin and Ghahramani 2002, Learning with
multiple labels, NIPS). Where each row allows one class this is multinomial logistic regression.
Several layers are joined by a log-linear pool whose weights are fitted on predictions of rows that
the layers have not seen (stacking: Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]


class Linear(NamedTuple):
    """One linear layer."""

    weights: Floats  # (n_features, n_classes)
    bias: Floats  # (n_classes,)

    def __call__(self, X: Any) -> Floats:
        """Return (n, n_classes) logits."""
        return np.asarray(X @ self.weights + self.bias, np.float64)


class Pool(NamedTuple):
    """How several rows of log-probabilities become one."""

    weights: Floats  # (n_parts,), each at least 0
    bias: Floats  # (n_classes,)

    def __call__(self, parts: Floats) -> Floats:
        """Return (n, n_classes) logits of (n, n_parts, n_classes) log-probabilities."""
        return np.einsum("npk,p->nk", parts, self.weights) + self.bias


def log_softmax(logits: Floats) -> Floats:
    """Turn rows of logits into log-probabilities.

    >>> np.exp(log_softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    raised = logits - logits.max(axis=1, keepdims=True)
    return raised - np.log(np.exp(raised).sum(axis=1, keepdims=True))


def balance_rows(labels: Sequence[Any], power: float = 0.5) -> Floats:
    """Weigh rows so that rare labels count more, with a mean of 1.

    ``power`` 1 makes every label count the same, 0 every row.

    >>> balance_rows(["a", "a", "a", "b"], 1.0).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    counts = Counter(labels)
    weight = np.array([counts[label] ** -power for label in labels])
    return weight / weight.mean()


def _partial_loss(logits: Floats, allowed: Any, share: Floats) -> tuple[float, Floats]:
    """Return the loss of allowed classes and its slope along the logits."""
    P = np.exp(log_softmax(logits))
    inside = P * allowed
    total = np.maximum(inside.sum(axis=1, keepdims=True), 1e-30)
    return -float(share @ np.log(total[:, 0])), (P - inside / total) * share[:, None]


def fit_softmax(
    X: Any,
    allowed: NDArray[Any],
    weight: Floats | None = None,
    *,
    penalty: float,
    n_steps: int = 200,
) -> Linear:
    """Fit one layer.

    Parameters
    ----------
    X : (n, n_features) array or sparse matrix
    allowed : (n, n_classes) of 0/1, at least one 1 in a row
    weight : (n,) float, optional
    penalty : float
        Weight of half the sum of the squared weights beside the mean loss.
    n_steps : int
        Most steps of L-BFGS.
    """
    n, n_features = X.shape
    n_classes = allowed.shape[1]
    share = np.full(n, 1 / n) if weight is None else weight / weight.sum()
    mask = allowed.astype(np.float32)

    def loss(flat: Floats) -> tuple[float, Floats]:
        W = flat.reshape(n_features + 1, n_classes)
        value, slope = _partial_loss(
            np.asarray(X @ W[:-1].astype(X.dtype) + W[-1], np.float64), mask, share
        )
        gradient = np.vstack([X.T @ slope.astype(X.dtype) + penalty * W[:-1], slope.sum(axis=0)])
        value += penalty / 2 * float((W[:-1] ** 2).sum())
        return value, np.asarray(gradient, np.float64).ravel()

    start = np.zeros((n_features + 1) * n_classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": n_steps})
    W = found.x.reshape(n_features + 1, n_classes)
    return Linear(W[:-1], W[-1])


def fit_yes_no(X: Any, Y: NDArray[Any], *, penalty: float, n_steps: int = 100) -> Linear:
    """Fit one logistic line a column of ``Y`` (n, n_labels) of 0/1, for labels that go together."""
    lines = []
    for y in Y.T:
        both = fit_softmax(X, np.column_stack([1 - y, y]), penalty=penalty, n_steps=n_steps)
        lines.append((both.weights[:, 1] - both.weights[:, 0], both.bias[1] - both.bias[0]))
    return Linear(
        np.column_stack([weights for weights, _ in lines]), np.array([bias for _, bias in lines])
    )


def fit_pool(
    parts: Floats, allowed: NDArray[Any], weight: Floats, *, penalty: float = 0.02
) -> Pool:
    """Fit the weights of a log-linear pool on predictions of unseen rows.

    Parameters
    ----------
    parts : (n, n_parts, n_classes) log-probabilities
    allowed : (n, n_classes) of 0/1
    weight : (n,) float
    penalty : float
        On the bias alone.
    """
    n_parts, n_classes = parts.shape[1:]
    share = weight / weight.sum()
    mask = allowed.astype(np.float64)

    def loss(flat: Floats) -> tuple[float, Floats]:
        pool = Pool(flat[:n_parts], flat[n_parts:])
        value, slope = _partial_loss(pool(parts), mask, share)
        along = np.einsum("nk,npk->p", slope, parts)
        bias = slope.sum(axis=0) + penalty * pool.bias
        value += penalty / 2 * float((pool.bias**2).sum())
        return value, np.concatenate([along, bias])

    start = np.concatenate([np.full(n_parts, 1 / n_parts), np.zeros(n_classes)])
    bounds = [(0.0, None)] * n_parts + [(None, None)] * n_classes
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Pool(found.x[:n_parts], found.x[n_parts:])


def choose_limit(confidence: Floats, asks: NDArray[np.bool_]) -> float:
    """Choose the confidence below which a reading abstains.

    The limit is the one at which texts that ask for a mood are kept, and others left out, most
    evenly (the largest sum of both shares; Youden 1950).

    >>> choose_limit(np.array([0.1, 0.3, 0.6, 0.9]), np.array([False, False, True, True]))
    0.6
    """
    order = np.argsort(confidence, kind="stable")
    asking, other = asks[order].astype(float), (~asks[order]).astype(float)
    kept = 1 - (np.cumsum(asking) - asking) / max(asking.sum(), 1.0)
    left = (np.cumsum(other) - other) / max(other.sum(), 1.0)
    return float(confidence[order][np.argmax(kept + left)])
