"""Side information: what is known of artists as blocks, and what must not be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from scripts.errors import DataError
from scripts.learning.side_info import (
    audio_block,
    genre_block,
    keep_unheld,
    lyric_block,
    tag_block,
)


def lengths(block) -> np.ndarray:
    return np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())


def test_tags_of_held_out_pairs_are_left_out_and_all_others_stay():
    held = csr_matrix(np.array([[0, 1, 0], [0, 0, 1]], np.float32))
    users = np.array([0, 0, 1, 1, -1])
    items = np.array([1, 2, 2, 1, 1])
    assert keep_unheld(users, items, held).tolist() == [False, True, False, True, True]


@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 5)), max_size=30),
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=10),
)
def test_no_assignment_that_stays_belongs_to_a_held_out_pair(given_tags, pairs):
    held = np.zeros((5, 6), np.float32)
    for pair in pairs:
        held[pair] = 1
    users, items = np.array(given_tags, int).reshape(-1, 2).T
    kept = keep_unheld(users, items, csr_matrix(held))
    expected = [pair not in pairs for pair in given_tags]
    assert kept.tolist() == expected


def test_tags_of_another_numbering_are_refused():
    with pytest.raises(DataError, match="same numbering"):
        keep_unheld(np.array([3]), np.array([0]), csr_matrix((2, 2)))


def test_a_rare_tag_weighs_more_than_a_common_one_and_the_rarest_is_left_out():
    # tag 0 on four items, tag 1 on three, tag 2 on one
    items = np.array([0, 1, 2, 3, 0, 1, 4, 0])
    tags = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    block = tag_block(items, tags, 6).toarray()
    assert block.shape == (6, 2)
    assert block[0, 1] > block[0, 0] > 0
    # by hand: log(2) * log(7/5) and log(2) * log(7/4), then length 1
    ratio = np.log(7 / 4) / np.log(7 / 5)
    assert block[0, 1] / block[0, 0] == pytest.approx(ratio, rel=1e-5)
    assert not block[5].any()


def test_what_more_listeners_said_weighs_more():
    block = tag_block([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 1], 3, least_artists=1).toarray()
    assert block[0, 0] > block[0, 1]
    assert block[1, 0] == pytest.approx(block[1, 1])


def test_like_sounding_artists_are_near_and_unheard_ones_are_zero():
    rng = np.random.default_rng(0)
    loud = np.repeat([0.0, 1.0], 20)[:, None] + rng.normal(0, 0.05, (40, 9))
    block = audio_block(np.arange(40), loud, 41)
    near = (block @ block.T).toarray()
    assert near[:20, :20].mean() > 0.1
    assert near[:20, 20:40].mean() < 0
    assert not block[[40]].nnz


def test_songs_without_an_artist_or_a_feature_do_not_count():
    rng = np.random.default_rng(1)
    features = rng.random((12, 3))
    items = np.arange(12) % 4
    whole = audio_block(items, features, 5)
    more = np.vstack([features, [[9.0, 9, 9]], [[np.nan, 1, 1]]])
    padded = audio_block(np.append(items, [-1, 0]), more, 5)
    np.testing.assert_array_equal(whole.toarray(), padded.toarray())


def test_the_order_of_songs_changes_nothing():
    rng = np.random.default_rng(2)
    features, items = rng.random((60, 4)), rng.integers(-1, 10, 60)
    order = rng.permutation(60)
    first = audio_block(items, features, 10).toarray()
    again = audio_block(items[order], features[order], 10).toarray()
    np.testing.assert_allclose(first, again, atol=1e-5)


def test_lyrics_of_one_topic_are_near_and_songs_without_lyrics_do_not_count():
    shares = np.array([[1.0, 0, 0], [0.9, 0.1, 0], [0, 0, 1.0], [0, 0, 0]])
    block = lyric_block([0, 1, 2, 3], shares, 4)
    near = (block @ block.T).toarray()
    assert near[0, 1] > 0.5
    assert near[0, 2] < 0
    assert not block[[3]].nnz


def test_shares_below_zero_are_refused():
    with pytest.raises(DataError, match="from 0 up"):
        lyric_block([0], np.array([[-0.1, 1.1]]), 1)


@given(st.integers(0, 10_000))
def test_every_known_row_has_length_one_and_float32(seed):
    rng = np.random.default_rng(seed)
    items = rng.integers(-1, 8, 30)
    blocks = [
        tag_block(items, rng.integers(0, 5, 30), 8, least_artists=1),
        audio_block(items, rng.normal(size=(30, 3)), 8),
        lyric_block(items, rng.dirichlet(np.ones(4), 30), 8),
        genre_block(rng.normal(size=(8, 3)) * (rng.random(8) < 0.5)[:, None]),
    ]
    for block in blocks:
        assert block.shape[0] == 8
        assert block.dtype == np.float32
        found = lengths(block)
        assert np.all((np.abs(found - 1) < 1e-5) | (found == 0))


def test_nothing_known_gives_rows_of_zeros():
    assert tag_block([], [], 3).nnz == 0
    assert audio_block([-1], np.zeros((1, 9)), 3).nnz == 0
    assert lyric_block([0], np.zeros((1, 2)), 3).nnz == 0
    assert tag_block([], [], 3).shape[0] == audio_block([], np.empty((0, 9)), 3).shape[0] == 3


def test_items_beyond_the_last_are_refused():
    with pytest.raises(DataError, match="allowed are -1 to 2"):
        audio_block([3], np.ones((1, 9)), 3)
