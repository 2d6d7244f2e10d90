"""Prepare our own sentences as neighbours of a text: arrays in, numbers that ship out.

Conventions
-----------
Embeddings are (n, size) of length 1; ``allowed`` is (n, n_emotions) of 0/1. The emotions that a
label leaves open share its vote.

Method
------
Principal axes of the sentences' embeddings, the first :data:`N_AXES` of them; a sentence is a row
of bytes in one step for all axes, so the weak axes need few of them. What is fitted is what ships:
the votes of held-out rows are taken with the rounded numbers. The count, the sharpness and the
number of axes were chosen on predictions of held-out own sentences.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.text.packing import pack

#: How many axes are kept.
N_AXES = 128

SETTINGS: dict[str, float] = {"k": 40, "sharpness": 20.0, "smoothing": 0.5}

#: Bytes are steps of the largest value over so many.
_SENTENCE_STEPS, _AXIS_STEPS = 31, 127


def pack_neighbours(vectors: NDArray[np.float32], allowed: NDArray[Any]) -> dict[str, Any]:
    """Turn, round and pack sentences as :func:`scripts.text.neighbours.open_neighbours` reads them.

    Parameters
    ----------
    vectors : (n, size)
    allowed : (n, n_emotions) of 0/1
    """
    mean = vectors.mean(axis=0, dtype=np.float64).astype("<f2")
    centred = vectors.astype(np.float64) - mean
    # of the scatter matrix, whose size does not grow with the sentences
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :N_AXES]
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    axes_step = float(np.abs(axes).max()) / _AXIS_STEPS
    bytes_of_axes = np.round(axes / axes_step).astype(np.int8)
    turned = centred @ (bytes_of_axes * axes_step)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
    step = float(np.abs(turned).max()) / _SENTENCE_STEPS
    labels, label = np.unique(allowed > 0, axis=0, return_inverse=True)
    return {
        "mean": pack(mean.tobytes()),
        "axes": pack(np.ascontiguousarray(bytes_of_axes.T).tobytes()),
        "axes_step": axes_step,
        "rows": pack(np.ascontiguousarray(np.round(turned / step).astype(np.int8).T).tobytes()),
        "labels": pack(label.ravel().astype(np.uint8).tobytes()),
        "votes": (labels / labels.sum(axis=1, keepdims=True)).tolist(),
        "settings": SETTINGS,
    }
