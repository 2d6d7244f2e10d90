"""Fitting the text model: layers, pool, limit, vocabulary, on data with an obvious answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from scripts.learning.text_heads import TextRows, fit_heads, head_parts, held_out_parts
from scripts.learning.text_model import (
    balance_rows,
    choose_limit,
    fit_pool,
    fit_softmax,
    fit_yes_no,
    log_softmax,
)
from scripts.learning.text_pool import fit_mode, quadrants_of, right_quadrant
from scripts.learning.text_words import choose_vocabulary, count_terms
from scripts.moods.emotions import COARSE, EMOTIONS
from scripts.text.text_parts import PARTS


def clouds(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds far apart, each its own class."""
    rng = np.random.default_rng(0)
    y = np.arange(3 * n) % 3
    return np.eye(3)[y] * 3 + rng.normal(0, 0.3, (3 * n, 3)), y


def test_a_layer_learns_clouds_dense_and_sparse_alike() -> None:
    X, y = clouds()
    allowed = np.eye(3)[y]
    dense = fit_softmax(X, allowed, penalty=1e-3)
    sparse = fit_softmax(csr_matrix(X), allowed, penalty=1e-3)
    assert (dense(X).argmax(axis=1) == y).all()
    np.testing.assert_allclose(dense.weights, sparse.weights, atol=1e-3)


def test_a_coarse_label_leaves_the_finer_ones_to_others() -> None:
    # class 0 and 1 are told apart by half of the rows; the other half says "0 or 1"
    X, y = clouds()
    allowed = np.eye(3)[y]
    coarse = np.flatnonzero((y < 2) & (np.arange(len(y)) % 2 == 0))
    allowed[coarse, :2] = 1
    layer = fit_softmax(X, allowed, penalty=1e-3)
    assert (layer(X).argmax(axis=1) == y).all()


def test_a_heavier_penalty_gives_smaller_weights() -> None:
    X, y = clouds()
    light, heavy = (fit_softmax(X, np.eye(3)[y], penalty=p) for p in (1e-3, 1.0))
    assert np.abs(heavy.weights).sum() < np.abs(light.weights).sum()


def test_yes_and_no_are_learned_label_by_label() -> None:
    X, y = clouds()
    Y = np.column_stack([y == 0, y != 2]).astype(float)
    logits = fit_yes_no(X, Y, penalty=1e-3)(X)
    assert ((logits > 0) == (Y == 1)).all()


def test_the_pool_hears_the_part_that_knows() -> None:
    _, y = clouds()
    rng = np.random.default_rng(1)
    knows = log_softmax(np.eye(3)[y] * 2 + rng.normal(0, 1, (len(y), 3)))
    noise = log_softmax(rng.normal(0, 1, (len(y), 3)))
    pool = fit_pool(np.stack([noise, knows], axis=1), np.eye(3)[y], np.ones(len(y)))
    assert (pool.weights >= 0).all()
    assert pool.weights[1] > 5 * pool.weights[0]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_balanced_rows_have_a_mean_of_one_and_equal_labels(labels: list[str]) -> None:
    weight = balance_rows(labels, 1.0)
    assert weight.mean() == pytest.approx(1)
    sums = {
        name: sum(w for w, label in zip(weight, labels, strict=True) if label == name)
        for name in set(labels)
    }
    assert max(sums.values()) == pytest.approx(min(sums.values()))


def test_the_limit_parts_those_who_ask_from_those_who_do_not() -> None:
    confidence = np.array([0.9, 0.2, 0.7, 0.4, 0.1])
    asks = np.array([True, False, True, True, False])
    assert choose_limit(confidence, asks) == 0.4


def test_terms_are_counted_into_rows_of_length_one() -> None:
    documents = [["sad", "sad", "song"], ["happy"], ["rare"], ["happy", "?"]]
    own = np.array([True, True, False, True])
    vocabulary = choose_vocabulary(documents, own)
    assert vocabulary.terms == ["?", "happy", "sad", "song"]
    X = count_terms([*documents, ["unknown"]], vocabulary).toarray()
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), [1, 1, 0, 1, 0])
    assert X[0, 2] > X[0, 3] > 0


def obvious_rows(n: int = 400) -> TextRows:
    """Texts whose embedding and whose one word both give the emotion away."""
    rng = np.random.default_rng(2)
    label = np.array(EMOTIONS)[np.arange(n) % len(EMOTIONS)]
    source = np.array(["situations", "events", "words", "tweets", "comments"])[
        (np.arange(n) // len(EMOTIONS)) % 5
    ]
    truth = np.array([[name == e for e in EMOTIONS] for name in label], np.float32)
    label[source == "tweets"] = np.where(
        np.isin(label[source == "tweets"], COARSE["tweets"]), label[source == "tweets"], "joy"
    )
    vectors = (truth * 4 + rng.normal(0, 0.1, truth.shape)).astype(np.float32)
    groups = np.array([[name == g for g in COARSE["comments"]] for name in label], np.float32)
    gates = np.column_stack([np.zeros(n), source == "tweets", np.ones(n)]).astype(float)
    return TextRows(vectors, csr_matrix(truth * 1.0), truth, source, label, groups, gates)


def test_the_whole_fit_reads_obvious_texts_and_is_sure_of_them() -> None:
    rows = obvious_rows()
    fold = (np.arange(len(rows.label)) // (5 * len(EMOTIONS))) % 2
    held_out = held_out_parts(rows, fold)
    assert held_out["parts"].shape == (len(rows.label), len(PARTS), len(EMOTIONS))
    kind = {"situations": "situation", "events": "state", "words": "word"}
    kinds = np.array([f"{s} {kind.get(s, s[:-1])}" for s in rows.source])
    mode = fit_mode(rows, kinds, held_out["parts"])
    P = mode.predict(held_out["parts"])
    np.testing.assert_allclose(P.sum(axis=1), 1)
    own = np.isin(rows.source, ["situations", "events"])
    assert (P[own].argmax(axis=1) == rows.allowed[own].argmax(axis=1)).mean() > 0.9
    asks = rows.label[own] != "neutral"
    confidence = mode.confidence(P[own])
    assert confidence[asks].min() > confidence[~asks].max()
    assert right_quadrant(P[own][asks], rows.allowed[own][asks]).all()
    assert quadrants_of(P).max() <= 1


def test_a_fit_repeats_to_the_last_bit() -> None:
    rows = obvious_rows(200)
    index = np.arange(200)
    first, second = (head_parts(fit_heads(rows, index), rows, index) for _ in range(2))
    assert (first == second).all()
