"""The nearest vectors: those that a pass in float64 over all of them finds, in one fixed order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scripts.learning.vector_search import VectorIndex, exact_cosines, nearest_vectors


def by_hand(query: list[float], vectors: list[list[float]], n: int) -> list[int]:
    """Sort rows by falling cosine, then row, in Python's own numbers."""

    def cosine(row: list[float]) -> float:
        squares = sum(x * x for x in row) * sum(x * x for x in query)
        return sum(x * y for x, y in zip(row, query, strict=True)) / squares**0.5 if squares else 0

    return sorted(range(len(vectors)), key=lambda i: (-cosine(vectors[i]), i))[:n]


def brute_force(query: NDArray[Any], vectors: NDArray[Any], n: int) -> list[int]:
    """Sort all rows by the float64 cosine, ties by row."""
    cosines = exact_cosines(query, vectors)
    return np.lexsort((np.arange(len(vectors)), -cosines))[:n].tolist()


def unit_rows(rng: np.random.Generator, n: int, size: int) -> NDArray[np.float16]:
    rows = rng.standard_normal((n, size))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def test_a_result_worked_out_by_hand() -> None:
    vectors = np.array([[3, 4], [0, 0], [4, 3], [-1, 0], [6, 8]], np.float16)

    found = nearest_vectors(np.array([1.0, 0.0]), vectors, 5)

    assert found.rows.tolist() == [2, 0, 4, 1, 3]
    assert found.cosines.tolist() == pytest.approx([0.8, 0.6, 0.6, 0.0, -1.0])


@given(
    st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=1, max_size=40),
    st.tuples(*[st.integers(-2, 2)] * 3),
    st.integers(0, 45),
)
def test_many_ties_stand_in_the_order_of_rows(
    rows: list[tuple[int, ...]], query: tuple[int, ...], n: int
) -> None:
    # lengths of these vectors differ, so equal directions may differ in the last bit: compare the
    # cosines of the two orders, and the order itself among equal rows
    found = nearest_vectors(np.array(query, float), np.array(rows, np.float16), n)

    assert found.rows.tolist() == brute_force(np.array(query), np.array(rows, np.float16), n)
    expected = by_hand([float(x) for x in query], [[float(x) for x in row] for row in rows], n)
    values = exact_cosines(np.array(query), np.array(rows, np.float16))
    np.testing.assert_allclose(values[found.rows], values[expected], atol=1e-12)
    places = found.rows.tolist()
    for one in places:
        for other in places:
            if rows[one] == rows[other] and one < other:
                assert places.index(one) < places.index(other)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([3, 64, 512]))
def test_the_best_are_those_of_a_pass_over_all(seed: int, n: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng, 300, size)
    copies = rng.integers(0, 300, 100)
    vectors[copies] = vectors[rng.integers(0, 300, 100)]
    query = vectors[7].astype(np.float64) + rng.choice([0, 1e-3, 1]) * rng.standard_normal(size)

    found = VectorIndex(vectors).search(query, n)

    assert found.rows.tolist() == brute_force(query, vectors, n)
    assert (np.diff(found.cosines) <= 0).all()


def test_neighbours_closer_than_float32_can_tell_are_told_apart() -> None:
    # the cosines fall by steps of about 1e-9, a sixtieth of what one float32 product may err
    size, n = 64, 400
    angles = 0.3 + 1e-9 * np.arange(n)[np.random.default_rng(0).permutation(n)]
    vectors = np.zeros((n, size))
    vectors[:, 0], vectors[:, 1] = np.cos(angles), np.sin(angles)
    query = np.zeros(size)
    query[0] = 1.0
    rotation, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((size, size)))

    found = nearest_vectors(query @ rotation, vectors @ rotation, 25)

    assert found.rows.tolist() == np.argsort(angles)[:25].tolist()


def test_a_larger_n_begins_with_a_smaller_one() -> None:
    rng = np.random.default_rng(3)
    index = VectorIndex(unit_rows(rng, 9000, 32))
    query = rng.standard_normal(32)

    few, many = index.search(query, 10), index.search(query, 50)

    assert many.rows[:10].tolist() == few.rows.tolist()
    assert len(index.search(query, 10_000).rows) == len(index) == 9000


def test_the_length_of_the_query_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    index = VectorIndex(unit_rows(rng, 500, 16))
    query = rng.standard_normal(16)

    assert index.search(query, 9).rows.tolist() == index.search(1024 * query, 9).rows.tolist()


def test_a_query_of_zeros_is_as_near_to_every_row() -> None:
    vectors = unit_rows(np.random.default_rng(5), 5, 4)

    found = nearest_vectors(np.zeros(4), vectors, 3)

    assert found.rows.tolist() == [0, 1, 2]
    assert found.cosines.tolist() == [0, 0, 0]


def test_no_vectors_and_no_wish() -> None:
    assert nearest_vectors(np.ones(4), np.empty((0, 4), np.float16), 3).rows.tolist() == []
    assert nearest_vectors(np.ones(4), np.ones((3, 4), np.float16), 0).rows.tolist() == []
