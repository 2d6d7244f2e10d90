"""Playlists of a wanted duration, held against trying every choice of songs."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.playlists.lengths import TICK_MS, fit_in_depth, fit_length

DURATIONS = st.lists(st.integers(20_000, 400_000), max_size=10)
EVEN = st.lists(st.integers(1, 40).map(lambda n: n * 10_000), max_size=9)
TARGETS = st.integers(1, 1_500_000)


def subsets(durations):
    for size in range(len(durations) + 1):
        yield from itertools.combinations(range(len(durations)), size)


def total(durations, chosen):
    return sum(durations[i] for i in chosen)


def nearest_gap(durations, target):
    return min(abs(total(durations, chosen) - target) for chosen in subsets(durations))


class TestFitLength:
    @settings(max_examples=150)
    @given(DURATIONS, TARGETS, st.sampled_from([5_000, 30_000]))
    def test_within_the_tolerance_wherever_any_songs_are(self, durations, target, tolerance):
        chosen = fit_length(durations, target, tolerance)
        assert chosen == sorted(set(chosen))
        gap = abs(total(durations, chosen) - target)
        # lengths are added up in ticks: half a tick a song on both sides
        assert gap <= max(tolerance, nearest_gap(durations, target) + TICK_MS * len(durations))

    @settings(max_examples=100)
    @given(EVEN, TARGETS)
    def test_whole_ticks_give_the_very_nearest(self, durations, target):
        target -= target % TICK_MS
        chosen = fit_length(durations, target, 1_000)
        gap = abs(total(durations, chosen) - target)
        assert gap == nearest_gap(durations, target) or gap <= 1_000

    @settings(max_examples=100)
    @given(EVEN, st.integers(1, 80).map(lambda n: n * 10_000))
    def test_a_better_song_comes_before_all_after_it(self, durations, target):
        fitting = [chosen for chosen in subsets(durations) if total(durations, chosen) == target]
        if fitting:
            # first come first: the choice whose pattern of yes and no is the greatest
            expected = max(fitting, key=lambda chosen: [i in chosen for i in range(len(durations))])
            assert tuple(fit_length(durations, target, 1_000)) == expected

    @pytest.mark.parametrize("target", [1, 60_000, 86_400_000])
    def test_no_songs_no_list(self, target):
        assert fit_length([], target, 30_000) == []

    @pytest.mark.parametrize("target", [1, 29_999, 60_000])
    def test_songs_that_are_far_too_long(self, target):
        assert fit_length([3_600_000, 500_000], target, 20_000) == []

    def test_too_few_songs_are_all_taken(self):
        assert fit_length([200_000] * 5, 86_400_000, 30_000) == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize("seed", range(12))
    def test_a_long_list_takes_the_best_and_fits_its_end(self, seed):
        chance = random.Random(seed)
        durations = [chance.randint(150_000, 300_000) for _ in range(140)]
        target = chance.randint(3_600_000, sum(durations) // 2)
        chosen = fit_length(durations, target, 30_000)
        assert abs(total(durations, chosen) - target) <= 30_000
        n_sure = 0
        while total(durations, range(n_sure + 1)) <= target - 1_800_000:
            n_sure += 1
        assert chosen[:n_sure] == list(range(n_sure))
        assert n_sure > 5

    def test_where_the_end_cannot_fit_the_beginning_gives_way(self):
        durations = [1_000_000, 900_000, 1_700_000, 1_700_000]
        assert fit_length(durations, 3_400_000, 30_000) == [2, 3]

    def test_a_whole_day_of_tiny_songs(self):
        chosen = fit_length([1] * 3_000, 60_000, 30_000)
        assert chosen == sorted(set(chosen))


FACTS = st.lists(
    st.tuples(st.integers(1, 60).map(lambda n: n * 7_000), st.integers(0, 5)).map(
        lambda drawn: (*drawn, drawn[1] % 3)
    ),
    max_size=10,
)


def may_stand_together(songs, cap):
    works, artists = [song[1] for song in songs], [song[2] for song in songs]
    return len(set(works)) == len(works) and all(artists.count(one) <= cap for one in artists)


class TestFitInDepth:
    @settings(max_examples=150)
    @given(FACTS, st.integers(1, 3), st.integers(1, 900_000))
    @example([(100_000, 1, 1), (300_000, 2, 1), (120_000, 3, 2)], 1, 420_000)
    def test_the_nearest_of_all_that_may_stand_together(self, songs, cap, target):
        durations = [song[0] for song in songs]
        chosen = fit_in_depth(songs, cap, target, 5_000)
        assert may_stand_together([songs[i] for i in chosen], cap)
        gaps = [
            abs(total(durations, choice) - target)
            for choice in subsets(songs)
            if may_stand_together([songs[i] for i in choice], cap)
        ]
        assert abs(total(durations, chosen) - target) <= max(5_000, min(gaps))

    def test_it_ends(self):
        songs = [(100_000 + i, i, i) for i in range(500)]
        chosen = fit_in_depth(songs, 1, 3_000_000, 0)
        assert abs(sum(songs[i][0] for i in chosen) - 3_000_000) < 100_000
