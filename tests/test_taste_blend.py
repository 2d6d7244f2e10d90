"""The blend: what its weights are learned from, and what they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from scripts.errors import MissingExtraError
from scripts.learning import taste_blend
from scripts.learning.taste import top_items
from scripts.learning.taste_blend import Blend, Nearness, bend
from scripts.learning.taste_blend_weights import (
    Candidates,
    cut_rows,
    fit_weights,
    gather,
    hold_out,
    slopes_of,
)

CORE = ("ease", "item-knn")


def histories(seed: int = 0, n: int = 60, n_items: int = 24) -> csr_matrix:
    rng = np.random.default_rng(seed)
    rows = np.zeros((n, n_items), np.float32)
    for row in range(n):
        rows[row, rng.choice(np.arange(row % 2, n_items, 2), 6, replace=False)] = 1
    return csr_matrix(rows)


def parity(n_items: int = 24) -> dict[str, csr_matrix]:
    return {"parity": csr_matrix(np.eye(2, dtype=np.float32)[np.arange(n_items) % 2])}


@given(st.integers(0, 1000), st.sampled_from([0.1, 0.2, 0.5]))
def test_each_history_of_two_and_more_is_split_and_nothing_is_lost(seed, share):
    X = csr_matrix(random_array((12, 9), density=0.4, rng=np.random.default_rng(seed)))
    X = X.astype(np.float32)
    kept, held = hold_out(X, share, seed=seed)
    assert abs(kept + held - X).sum() == 0
    assert kept.multiply(held).nnz == 0
    sizes = np.diff(X.indptr)
    assert (np.diff(held.indptr)[sizes > 1] >= 1).all()
    assert (np.diff(kept.indptr)[sizes > 0] >= 1).all()


def test_every_second_history_is_cut_and_keeps_one_item_at_least():
    X = histories()
    cut = cut_rows(X, np.random.default_rng(0))
    sizes = np.diff(cut.indptr)
    assert (sizes[0::2] == 6).all()
    assert sizes[1::2].min() == 1
    assert sizes[1::2].max() <= 6
    assert (cut.toarray()[cut.nonzero()] == X.toarray()[cut.nonzero()]).all()


def test_candidates_are_marked_where_they_were_held_out():
    bent = np.arange(8, dtype=np.float32).reshape(1, 2, 4)
    held = csr_matrix(np.array([[0, 1, 0, 0], [0, 0, 0, 1]], np.float32))
    slopes = (np.array([0, -0.5], np.float32), np.array([0, 0.5, 0, 1], np.float32))
    found = gather(bent, np.array([[1, 1, 2], [0, 3, -1]]), held, slopes)
    assert found.listeners.tolist() == [0, 0, 1, 1]
    assert found.chosen.tolist() == [True, False, False, True]
    # by hand: score, score times the history's slope, score times the item's slope
    expected = [[1, 0, 0.5], [2, 0, 0], [4, -2, 0], [7, -3.5, 7]]
    np.testing.assert_allclose(found.features, expected)


def test_a_part_that_tells_gets_the_weight_and_one_that_does_not_gets_none():
    rng = np.random.default_rng(0)
    listeners = np.repeat(np.arange(200), 20)
    chosen = np.tile(np.arange(20) == 0, 200)
    tells, noise = rng.normal(size=4000) + 2 * chosen, rng.normal(size=4000)
    zeros = np.zeros(4000)
    features = np.stack([tells, noise, *[zeros] * 4], axis=1).astype(np.float32)
    halves = [slice(0, 2000), slice(2000, 4000)]
    found = [Candidates(listeners[h] % 100, features[h], chosen[h]) for h in halves]
    weights = fit_weights(found, 1e-4)
    # the density ratio of the two normals: exp(2 x), so the true weight is 2
    assert weights[0, 0] == pytest.approx(2, abs=0.3)
    assert abs(weights[1, 0]) < 0.2
    assert weights[:, 1:] == pytest.approx(0, abs=1e-6)


def test_slopes_are_nil_for_a_full_history_and_a_middling_item():
    by_size, by_listeners = slopes_of(np.array([0, 32, 500]), np.array([0.0, 32.0], np.float32))
    assert by_size == pytest.approx([-1, 0, 0], abs=1e-6)
    assert by_listeners == pytest.approx([-1, 0], abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=20))
def test_bending_keeps_the_order_and_is_finite(values):
    scores = np.array(values, np.float32)
    bent = bend(scores)
    assert np.isfinite(bent).all()
    order = np.argsort(scores, kind="stable")
    assert (np.diff(bent[order]) >= -1e-5).all()


def test_constant_scores_say_nothing():
    assert not bend(np.full((2, 5), 3.0, np.float32)).any()


def test_nearness_of_one_history_equals_that_in_a_matrix():
    X = histories()
    near = Nearness(parity()["parity"])
    row = X[[3]]
    np.testing.assert_allclose(near.scores_of(row.indices, row.data), near.scores(row)[0], 1e-6)
    assert near.scores(row)[0, 1] == pytest.approx(1)
    assert near.scores(row)[0, 0] == pytest.approx(0)


def test_a_new_item_is_offered_to_those_whose_taste_it_fits():
    X = histories().tolil()
    X[:, 22] = 0
    X = csr_matrix(X)
    X.eliminate_zeros()
    scores = Blend(bases=CORE).fit(X, parity()).scores(X)
    place = (scores > scores[:, [22]]).sum(axis=1)
    assert place[0::2].mean() < place[1::2].mean()
    assert (top_items(scores, X, 3) % 2 == (np.arange(60) % 2)[:, None]).mean() > 0.9


def test_inner_weights_are_learned_without_the_held_out_tags():
    asked = []

    def side_without(held):
        asked.append(held)
        return parity()

    X = histories()
    model = Blend(bases=CORE, side_without=side_without).fit(X, parity())
    assert len(asked) == 1
    assert asked[0].nnz == 60  # a fifth of six items each, at least one
    assert asked[0].multiply(X).nnz == 60
    assert list(model.weights) == ["ease", "item-knn", "near:parity"]


def test_a_missing_package_is_left_out_unless_it_was_asked_for(monkeypatch):
    real = taste_blend.make_model

    def refuse(name, **settings):
        if name.startswith("als"):
            raise MissingExtraError("als needs the extra `taste`")
        return real(name, **settings)

    monkeypatch.setattr(taste_blend, "make_model", refuse)
    assert list(Blend().fit(histories()).weights) == ["ease", "item-knn"]
    with pytest.raises(MissingExtraError, match="taste"):
        Blend(bases=("als",)).fit(histories())


def test_histories_of_one_item_give_equal_weights():
    X = csr_matrix(np.eye(5, dtype=np.float32))
    model = Blend(bases=CORE).fit(X)
    assert list(model.weights.values()) == [1.0, 1.0]
    assert np.isfinite(model.scores(X)).all()
