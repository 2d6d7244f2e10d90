"""What the nearest of our own sentences say of a text.

Conventions
-----------
Sentences are rows of whole numbers in [-127, 127]: their embeddings minus the mean, turned to
their principal axes, of which the first are kept, and rounded in one step for all axes. A *vote*
is a row of shares in the order of :data:`~scripts.moods.emotions.EMOTIONS` that sum to 1. numpy is
loaded inside the functions.

Method
------
The k nearest sentences vote, each with exp(s * (cosine - that of the next one further away)) - 1,
so that a sentence which just enters the circle has no say yet and the answer has no steps. The
votes are smoothed towards a guess, which has the say of ``smoothing`` of the nearest sentence.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

#: How many texts are compared with all sentences in one step.
_BATCH = 512


class Neighbours:
    """The sentences, made ready to be compared with.

    Attributes
    ----------
    mean : (size,) float32
    axes : (size, n_axes) float32
    rows : (n_axes, n) float32
        Sentences, each of length 1.
    votes : (n, n_emotions) float32
    settings : mapping
        ``k``, ``sharpness`` and ``smoothing``.
    """

    __slots__ = ("axes", "mean", "rows", "settings", "votes")

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    rows: NDArray[np.float32]
    votes: NDArray[np.float32]
    settings: Mapping[str, float]

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, n_emotions) log-probabilities for (n, size) embeddings."""
        import numpy as np

        turned = _to_length_one((np.asarray(vectors, np.float32) - self.mean) @ self.axes)
        told = [self._vote(turned[at : at + _BATCH]) for at in range(0, len(turned), _BATCH)]
        return np.concatenate(told) if told else np.empty((0, self.votes.shape[1]))

    def _vote(self, turned: NDArray[np.float32]) -> NDArray[np.float64]:
        import numpy as np

        cosine = turned @ self.rows
        n = cosine.shape[1]
        k = min(int(self.settings["k"]), n - 1)
        # the k nearest, and at place 0 the next one
        found = np.argpartition(cosine, n - 1 - k, axis=1)[:, n - 1 - k :]
        near = np.take_along_axis(cosine, found, axis=1).astype(np.float64)
        say = np.expm1(self.settings["sharpness"] * (near - near.min(axis=1, keepdims=True)))
        smoothing = self.settings["smoothing"] * say.max(axis=1, keepdims=True) + 1e-9
        votes = np.einsum("nk,nke->ne", say, self.votes[found].astype(np.float64))
        guess = smoothing / votes.shape[1]
        return np.log((votes + guess) / (say.sum(axis=1, keepdims=True) + smoothing))


def _to_length_one(rows: NDArray[Any]) -> NDArray[np.float32]:
    import numpy as np

    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), np.float32)


def open_neighbours(numbers: Mapping[str, Any]) -> Neighbours:
    """Make the shipped sentences ready: rows of whole numbers of length about 1.

    Parameters
    ----------
    numbers : mapping
        ``mean`` and ``axes`` (size rows), ``rows`` (n_axes lines, one an axis), ``labels`` (a
        byte a sentence) as packed numbers (:mod:`scripts.text.packing`), ``votes`` (a row a
        label), ``settings``.
    """
    import numpy as np

    from scripts.text.packing import unpack

    found = Neighbours()
    found.mean = np.frombuffer(unpack(numbers["mean"]), "<f2").astype(np.float32)
    step = np.asarray(numbers["axes_step"], np.float32)
    axes = np.frombuffer(unpack(numbers["axes"]), np.int8).reshape(-1, len(found.mean))
    found.axes = np.ascontiguousarray(axes.T.astype(np.float32) * step)
    rows = np.frombuffer(unpack(numbers["rows"]), np.int8).reshape(len(axes), -1)
    found.rows = np.ascontiguousarray(_to_length_one(rows.T.astype(np.float32)).T)
    labels = np.frombuffer(unpack(numbers["labels"]), np.uint8)
    found.votes = np.asarray(numbers["votes"], np.float32)[labels]
    found.settings = numbers["settings"]
    return found
