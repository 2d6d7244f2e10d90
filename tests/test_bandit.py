"""The taste bandit: its posterior against the closed form, its draws, and what likes do."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.feedback.bandit import (
    BIAS_MEAN,
    BIAS_SD,
    FADE_IN,
    FEATURE_SD,
    LEAD_MEAN,
    LEAD_SD,
    NOISE_SD,
    UNKNOWN_RELEVANCE,
    LinearBandit,
    scaling_of,
    song_numbers,
    standard_normals,
    taste_bandit,
    taste_scores,
    taste_weights,
)
from scripts.learning.mood_plane import standardise
from scripts.moods.features import FEATURES

SCALING = ([0.5] * 9, [0.25] * 9)
NAMES = list(FEATURES)


def closed_form(prior_mean, prior_sd, noise_sd, X, r):
    """The textbook's posterior of Bayesian linear regression: mean and covariance."""
    prior = np.diag(1 / np.square(prior_sd))
    covariance = np.linalg.inv(prior + X.T @ X / noise_sd**2)
    return covariance @ (prior @ np.asarray(prior_mean) + X.T @ r / noise_sd**2), covariance


def songs_like(n, seed=0, **fixed):
    rng = random.Random(seed)
    return [
        {"song_id": f"{seed}/{i}"} | {name: rng.random() for name in FEATURES} | fixed
        for i in range(n)
    ]


def judge(song, like):
    return {"event": "like" if like else "skip", **song}


@given(seed=st.integers(0, 10**6), n=st.integers(0, 40), d=st.integers(1, 11))
def test_the_mean_is_the_closed_form(seed, n, d):
    rng = np.random.default_rng(seed)
    prior_mean, prior_sd = rng.normal(size=d), rng.uniform(0.1, 2, d)
    X, r = rng.normal(size=(n, d)) * 2, rng.normal(size=n)
    bandit = LinearBandit(prior_mean.tolist(), prior_sd.tolist(), 0.45)
    for x, reward in zip(X.tolist(), r.tolist(), strict=True):
        bandit.update(x, reward)
    mean, _ = closed_form(prior_mean, prior_sd, 0.45, X, r)
    assert bandit.n == n
    np.testing.assert_allclose(bandit.mean(), mean, rtol=1e-8, atol=1e-10)


def test_samples_have_the_posterior_s_mean_and_covariance():
    rng = np.random.default_rng(1)
    X, r = rng.normal(size=(12, 4)), rng.normal(size=12)
    bandit = LinearBandit([0.0, 1.0, 0.0, -1.0], [0.3, 0.2, 1.0, 0.5], 0.5)
    for x, reward in zip(X.tolist(), r.tolist(), strict=True):
        bandit.update(x, reward)
    mean, covariance = closed_form([0, 1, 0, -1], [0.3, 0.2, 1.0, 0.5], 0.5, X, r)
    for scale in (1.0, 0.25):
        drawn = np.array([bandit.sample(seed, scale) for seed in range(20_000)])
        # five standard errors of a mean, and of a covariance
        sd = scale * np.sqrt(np.diag(covariance))
        assert np.all(np.abs(drawn.mean(axis=0) - mean) < 5 * sd / math.sqrt(len(drawn)))
        wide = 5 * np.outer(sd, sd) * math.sqrt(2 / len(drawn))
        assert np.all(np.abs(np.cov(drawn.T) - scale**2 * covariance) < wide)


def test_a_sample_of_no_width_is_the_mean_and_a_seed_says_all():
    bandit = taste_bandit()
    for song in songs_like(5):
        bandit.update(song_numbers(song, 0.7, SCALING), 1.0)
    assert bandit.sample(3, 0.0) == bandit.mean()
    assert bandit.sample(3) == bandit.sample(3)
    assert bandit.sample(3) != bandit.sample(4)


def test_normal_numbers_are_standard_normal_and_stay_the_same():
    drawn = np.array([standard_normals(seed, 11) for seed in range(4_000)])
    pooled = drawn.ravel()
    n = len(pooled)
    assert abs(pooled.mean()) < 5 / math.sqrt(n)
    assert abs(pooled.var() - 1) < 5 * math.sqrt(2 / n)
    assert abs((pooled**4).mean() - 3) < 5 * math.sqrt(96 / n)
    correlation = np.corrcoef(drawn.T) - np.eye(11)
    assert np.abs(correlation).max() < 5 / math.sqrt(len(drawn))
    # by hand: SHA-256 of "0/0" by hashlib, the first two of its four words through Box and Muller
    import hashlib

    words = np.frombuffer(hashlib.sha256(b"0/0").digest()[:16], dtype=">u8").astype(np.float64)
    u, v = words / 2.0**64
    assert standard_normals(0, 1)[0] == pytest.approx(
        math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v), rel=1e-9
    )


@given(st.lists(st.floats(0, 1), max_size=30), st.integers(0, 2**64 - 1))
def test_without_feedback_the_scores_are_the_matches(matches, seed):
    assert taste_scores([], songs_like(len(matches)), matches, SCALING, seed) == matches


def test_the_prior_expects_the_order_of_the_matches():
    mean = taste_bandit().mean()
    for song in songs_like(20):
        worths = []
        for relevance in (0.0, 0.37, 0.5, 1.0):
            x = song_numbers(song, relevance, SCALING)
            worths.append(sum(w * v for w, v in zip(mean, x, strict=True)))
            assert worths[-1] == pytest.approx(BIAS_MEAN + LEAD_MEAN * (relevance - 0.5))
        assert worths == sorted(worths)


def test_scores_are_the_closed_form_on_the_songs_numbers():
    songs = songs_like(30, seed=5)
    judged = [judge(song, i % 3 == 0) for i, song in enumerate(songs)]
    judged += [judge(song, True) for song in songs_like(3, seed=6)]  # of another list
    rng = np.random.default_rng(0)
    relevances = rng.random(30).tolist()
    seeds = range(600)
    scores = np.array([taste_scores(judged, songs, relevances, SCALING, seed) for seed in seeds])
    features = [[event[name] for name in NAMES] for event in judged]
    F = standardise(np.array(features), *SCALING)
    X = np.column_stack([np.ones(33), F, [*(np.array(relevances) - 0.5), 0, 0, 0]])
    prior = ([BIAS_MEAN, *[0.0] * 9, LEAD_MEAN], [BIAS_SD, *[FEATURE_SD] * 9, LEAD_SD])
    r = np.array([event["event"] == "like" for event in judged], dtype=float)
    mean, _ = closed_form(*prior, NOISE_SD, X, r)
    expected = X[:30] @ mean
    error = scores.std(axis=0) / math.sqrt(len(seeds))
    assert np.all(np.abs(scores.mean(axis=0) - expected) < 5 * error)


def test_exploration_grows_with_what_was_said():
    bandit = taste_bandit()
    assert taste_weights(bandit, 1) == bandit.mean()
    x = song_numbers(songs_like(1)[0], 0.5, SCALING)
    for n in range(1, 31):
        bandit.update(x, 1.0)
        share = n / (n + FADE_IN)
        assert taste_weights(bandit, n, 0.8) == pytest.approx(bandit.sample(n, 0.8 * share))


def test_the_same_log_gives_the_same_scores_and_another_seed_explores():
    songs = songs_like(20)
    judged = [judge(song, True) for song in songs[:3]]
    one, again, other = (taste_scores(judged, songs, [0.5] * 20, SCALING, s) for s in (1, 1, 2))
    assert one == again
    assert one != other


def share_above(judged, songs, matches, probes):
    """The share of the probes that are ranked in the upper half, over sixty seeds."""
    found = []
    for seed in range(60):
        scores = taste_scores(judged, songs, matches, SCALING, seed)
        order = sorted(range(len(songs)), key=lambda i: -scores[i])
        found.append(np.mean([order.index(i) < len(songs) / 2 for i in probes]))
    return np.mean(found)


def test_likes_of_fast_loud_songs_raise_their_kind_and_skips_sink_it():
    fast = songs_like(10, seed=1, tempo_bpm=0.9, loudness_db=0.9, energy=0.9)
    slow = songs_like(10, seed=2, tempo_bpm=0.1, loudness_db=0.1, energy=0.1)
    songs, matches = fast + slow, [0.6] * 20
    told = songs_like(4, seed=3, tempo_bpm=0.85, loudness_db=0.9, energy=0.95)
    assert share_above([judge(song, True) for song in told], songs, matches, range(10)) > 0.85
    assert share_above([judge(song, False) for song in told], songs, matches, range(10)) < 0.15


@given(seed=st.integers(0, 10**6), n=st.integers(0, 20))
def test_a_judgement_moves_the_song_s_expected_worth_towards_what_was_said(seed, n):
    rng = random.Random(seed)
    bandits = [taste_bandit() for _ in range(3)]
    for song in songs_like(n, seed=seed):
        x, reward = song_numbers(song, rng.random(), SCALING), float(rng.random() < 0.5)
        for bandit in bandits:
            bandit.update(x, reward)
    x = song_numbers(songs_like(1, seed=seed + 1)[0], 0.5, SCALING)
    same, liked, skipped = bandits
    liked.update(x, 1.0)
    skipped.update(x, 0.0)
    before, up, down = (
        sum(w * v for w, v in zip(bandit.mean(), x, strict=True))
        for bandit in (same, liked, skipped)
    )
    assert (up - before) * (1 - before) >= 0
    assert (down - before) * (0 - before) >= 0
    assert down < up


def test_a_listed_song_stays_listed_after_its_like():
    songs = songs_like(100, seed=9)
    relevances = [1 - i / 99 for i in range(100)]
    kept = []
    for at in range(10):
        for seed in range(20):
            scores = taste_scores([judge(songs[at], True)], songs, relevances, SCALING, seed)
            kept.append(sum(score > scores[at] for score in scores) < 10)
    assert np.mean(kept) > 0.9


def test_a_judged_song_of_another_list_tells_nothing_of_the_lead():
    songs, other = songs_like(6), songs_like(4, seed=8)
    relevances = [0.1, 0.2, 0.3, 0.4, UNKNOWN_RELEVANCE, 1.0]
    known = [judge(songs[4], True)]
    unknown = [judge(songs[4] | {"song_id": "elsewhere"}, True)]
    one, same = (taste_scores(judged, songs, relevances, SCALING, 1) for judged in (known, unknown))
    assert one == same
    bandit = taste_bandit()
    for event in other:
        bandit.update(song_numbers(event, UNKNOWN_RELEVANCE, SCALING), 0.0)
    assert bandit.mean()[-1] == pytest.approx(LEAD_MEAN)


def test_a_match_in_an_earlier_log_is_not_read():
    songs = songs_like(6)
    events = [judge(song, True) for song in songs[:2]]
    earlier = [event | {"match": 0.93} for event in events]
    one, same = (taste_scores(e, songs, [0.5] * 6, SCALING, 1) for e in (events, earlier))
    assert one == same


def test_far_values_are_cut_and_features_found_by_name():
    model = {
        "features": NAMES[::-1],
        "quadrants": {"mean": list(range(9)), "scale": list(range(1, 10))},
    }
    means, scales = scaling_of(model)
    assert means == list(range(8, -1, -1))
    assert scales == list(range(9, 0, -1))
    song = dict.fromkeys(NAMES, 0.5) | {"loudness_db": -99.0, "tempo_bpm": 99.0, "valence": 0.75}
    x = song_numbers(song, 0.3, SCALING)
    assert x[0] == 1.0
    assert x[1 + NAMES.index("loudness_db")] == -3.0
    assert x[1 + NAMES.index("tempo_bpm")] == 3.0
    assert x[1 + NAMES.index("valence")] == 1.0
    assert x[-1] == pytest.approx(-0.2)


def test_ten_thousand_judgements_of_one_song_do_not_break_the_posterior():
    bandit = taste_bandit()
    x = song_numbers(songs_like(1)[0], 0.9, SCALING)
    for i in range(10_000):
        bandit.update(x, float(i % 4 == 0))
    worth = sum(w * v for w, v in zip(bandit.sample(1), x, strict=True))
    assert worth == pytest.approx(0.25, abs=0.03)
