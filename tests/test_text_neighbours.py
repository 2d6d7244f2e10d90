"""The nearest own sentences: that they vote as they should, without steps, and survive packing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.learning.text_neighbours import pack_neighbours
from scripts.text.neighbours import Neighbours, open_neighbours
from scripts.text.packing import pack, unpack


def bundles(n: int = 60, size: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Three bundles of directions, each with an emotion of its own."""
    rng = np.random.default_rng(0)
    label = np.arange(n) % 3
    rows = np.eye(size)[label] * 2 + rng.normal(0, 0.2, (n, size))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), label


def opened(allowed: np.ndarray | None = None, **settings: float) -> Neighbours:
    rows, label = bundles()
    numbers = json.loads(
        json.dumps(pack_neighbours(rows, np.eye(3)[label] if allowed is None else allowed))
    )
    numbers["settings"] |= {"k": 10, **settings}
    return open_neighbours(numbers)


def test_a_text_gets_the_emotion_of_its_neighbours() -> None:
    rows, label = bundles()
    told = np.exp(opened()(rows + 0.05))
    assert (told.argmax(axis=1) == label).all()
    np.testing.assert_allclose(told.sum(axis=1), 1)


def test_the_emotions_that_a_label_leaves_open_share_its_vote() -> None:
    rows, label = bundles()
    allowed = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])[label]
    told = np.exp(opened(allowed)(rows[label == 0]))
    np.testing.assert_allclose(told[:, 0], told[:, 1], rtol=1e-6)
    assert (told[:, 0] > told[:, 2]).all()


def test_smoothing_draws_towards_a_guess() -> None:
    rows, _ = bundles()
    little, much = (np.exp(opened(smoothing=share)(rows)).max(axis=1) for share in (0.1, 100.0))
    assert (much < little).all()
    np.testing.assert_allclose(much, 1 / 3, atol=0.05)


def test_rounding_to_bytes_changes_little() -> None:
    rows, _ = bundles()
    near = opened()
    exact = rows - rows.mean(axis=0)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    turned = (rows - near.mean) @ near.axes
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    np.testing.assert_allclose(turned @ near.rows, exact @ exact.T, atol=0.03)


@given(st.integers(0, 59), st.floats(0, 1))
def test_the_votes_have_no_steps(at: int, share: float) -> None:
    rows, _ = bundles()
    near, step = opened(), 1e-5
    along = [(1 - t) * rows[at] + t * rows[at - 1] for t in (share, share + step)]
    first, second = np.exp(near(np.array(along, np.float32)))
    np.testing.assert_allclose(first, second, atol=5e-3)


def test_a_text_of_no_length_gets_an_answer_and_no_text_none() -> None:
    near = opened()
    assert np.isfinite(near(near.mean[None])).all()
    assert near(np.empty((0, 20), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("values", [b"", bytes(range(256)) * 3])
def test_packed_bytes_come_back(values: bytes) -> None:
    assert unpack(pack(values)) == values
