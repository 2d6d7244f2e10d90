"""Variety and surprise: what is traded for what, and that a seed is a seed."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from catalogues import make_song, make_trained, open_songs
from hypothesis import given
from hypothesis import strategies as st

from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import request_for_journey
from scripts.playlists.variety import (
    best_of,
    chance,
    pool_size,
    relevances,
    similarity,
    sound_places,
    surprised,
)
from scripts.playlists.walks import AT
from scripts.playlists.words import place_of_request, request_for_point, request_for_word
from scripts.store.layout import SONG_COLUMNS

N = 8
POINT = request_for_point(0.6, 0.4)


def many_songs(n=260, seed=1):
    chance = random.Random(seed)

    def level():
        return round(chance.random(), 3)

    return [
        make_song(
            f"{i:03d}",
            chance.choice(["calm", "relaxed", "happy"]),
            round(chance.gauss(0, 1), 3),
            valence=level(),
            energy=level(),
            danceability=level(),
            acousticness=level(),
            liveness=level(),
            tempo_bpm=float(chance.randrange(60, 180)),
        )
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def catalogue():
    with open_songs(many_songs()) as opened:
        yield opened


@pytest.fixture(scope="module")
def places(catalogue):
    """Where each song lies among all standardised features."""
    place = sound_places(catalogue)
    rows = catalogue.execute(f"SELECT {', '.join(SONG_COLUMNS)} FROM songs")
    return {row[AT["song_id"]]: place(row) for row in rows}


def ids_of(catalogue, request=POINT, n=N, **wishes):
    ranking = rank_songs(catalogue, request, Constraints(n, **wishes))
    return [song["song_id"] for song in ranking.songs]


def spread(found, places):
    pairs = list(itertools.combinations(found, 2))
    return sum(math.dist(places[a], places[b]) for a, b in pairs) / len(pairs)


class TestVariety:
    @pytest.mark.parametrize("request_", [POINT, request_for_word("calm")], ids=["point", "word"])
    def test_none_is_the_plain_order(self, catalogue, request_):
        plain = ids_of(catalogue, request_)
        assert ids_of(catalogue, request_, variety=0.0) == plain
        assert ids_of(catalogue, request_, variety=1e-12) == plain

    def test_all_of_it_takes_the_farthest_first(self, catalogue, places):
        pool = ids_of(catalogue, n=pool_size(N))
        expected, left = [pool[0]], pool[1:]
        while len(expected) < N:
            gaps = [min(math.dist(places[a], places[b]) for b in expected) for a in left]
            expected.append(left.pop(gaps.index(max(gaps))))
        assert ids_of(catalogue, variety=1.0) == expected

    def test_more_variety_spreads_on_average(self, places, catalogue):
        points = [(x / 4, y / 4) for x in range(5) for y in range(5)]
        means = []
        for variety in (0.0, 0.3, 0.6, 1.0):
            spreads = [
                spread(ids_of(catalogue, request_for_point(*point), variety=variety), places)
                for point in points
            ]
            means.append(sum(spreads) / len(spreads))
        assert means == sorted(means)
        assert means[-1] > 1.2 * means[0]

    def test_the_match_is_what_it_costs(self, catalogue):
        def distance(variety):
            songs = rank_songs(catalogue, POINT, Constraints(N, variety=variety)).songs
            return sum(song["distance"] for song in songs)

        costs = [distance(variety) for variety in (0.0, 0.5, 1.0)]
        assert costs[0] < costs[1] < costs[2]

    def test_a_pool_that_runs_out_goes_on_in_order(self):
        songs = [
            make_song(f"{i:03d}", "calm", -i / 100, artist_id=int(i < 110)) for i in range(130)
        ]
        with open_songs(songs) as opened:
            found = ids_of(opened, request_for_word("calm"), n=4, variety=0.5, max_per_artist=2)
        assert found[0] == "000"
        assert len(found) == 4
        assert found[2:] == ["110", "111"]

    @given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1), st.floats(0, 1))
    def test_the_best_is_the_first_of_the_greatest(self, songs, variety):
        relevance, alike = zip(*songs, strict=True)
        worth = [(1 - variety) * r - variety * a for r, a in songs]
        assert best_of(relevance, alike, variety) == worth.index(max(worth))


class TestSurprise:
    def test_a_seed_gives_one_list_and_another_seed_another(self, catalogue):
        lists = {seed: ids_of(catalogue, surprise=seed) for seed in range(12)}
        assert lists == {seed: ids_of(catalogue, surprise=seed) for seed in range(12)}
        assert len({tuple(found) for found in lists.values()}) == 12
        assert tuple(ids_of(catalogue)) not in {tuple(found) for found in lists.values()}

    def test_all_come_from_the_pool(self, catalogue):
        pool = set(ids_of(catalogue, n=pool_size(N)))
        drawn = set().union(*(ids_of(catalogue, surprise=seed) for seed in range(40)))
        assert drawn <= pool
        assert len(drawn) > 60

    def test_the_better_half_is_drawn_more_often(self, catalogue):
        pool = ids_of(catalogue, n=pool_size(N))
        drawn = [one for seed in range(40) for one in ids_of(catalogue, surprise=seed)]
        better = sum(pool.index(one) < len(pool) // 2 for one in drawn)
        assert better > 0.6 * len(drawn)

    def test_songs_that_are_not_there_do_not_move_the_draw(self):
        songs = many_songs(40)
        with open_songs(songs) as opened:
            every = ids_of(opened, n=40, surprise=3)
        with open_songs(songs[:20]) as opened:
            half = ids_of(opened, n=20, surprise=3)
        kept = {song["song_id"] for song in songs[:20]}
        names = [one for one in every if one in kept]
        agreeing = sum(
            (names.index(a) < names.index(b)) == (half.index(a) < half.index(b))
            for a, b in itertools.combinations(sorted(kept), 2)
        )
        assert agreeing > 0.9 * 190  # relevance is scaled within the pool, so a few may turn

    def test_a_journey_is_drawn_too(self, catalogue):
        start, end = request_for_point(0.9, 0.8), request_for_point(0.2, 0.2)
        way = request_for_journey(start, end, (place_of_request(start), place_of_request(end)))
        lists = {tuple(ids_of(catalogue, way, surprise=seed)) for seed in range(6)}
        assert len(lists) == 6
        assert all(len(found) == N for found in lists)
        assert ids_of(catalogue, way, surprise=1) == ids_of(catalogue, way, surprise=1)

    def test_with_variety_both_count(self, catalogue):
        found = [ids_of(catalogue, surprise=s, variety=v) for s in (1, 2) for v in (0.0, 0.8)]
        assert len({tuple(one) for one in found}) == 4

    @given(st.integers(0, 1 << 62), st.text())
    def test_a_chance_is_open_on_both_sides(self, seed, name):
        assert 0 < chance(seed, name) < 1
        assert chance(seed, name) == chance(seed, name)

    def test_chances_are_even(self):
        drawn = sorted(chance(5, str(i)) for i in range(2000))
        worst = max(abs(value - i / 2000) for i, value in enumerate(drawn))
        assert worst < 1.95 / math.sqrt(2000)  # Kolmogorov's bound at 1 in 1000

    def test_draws_are_in_proportion_to_exp_3_relevance(self):
        first = [
            surprised([1.0, 0.0], ["a", "b"], seed)[0] > surprised([1.0, 0.0], ["a", "b"], seed)[1]
            for seed in range(3000)
        ]
        share = math.exp(3) / (math.exp(3) + 1)
        assert sum(first) / 3000 == pytest.approx(share, abs=0.015)


class TestRelevance:
    @given(st.lists(st.floats(-1e6, 1e6), min_size=1))
    def test_the_best_is_1_and_the_order_stays(self, scores):
        found = relevances(scores)
        assert max(found) == 1
        assert min(found) >= 0
        for (a, b), (x, y) in zip(
            itertools.pairwise(scores), itertools.pairwise(found), strict=True
        ):
            assert (a > b) >= (x > y)

    def test_equal_scores_are_all_the_best(self):
        assert relevances([0.3, 0.3]) == [1.0, 1.0]
        assert relevances([]) == []

    @given(st.lists(st.floats(-10, 10), min_size=9, max_size=9))
    def test_a_sound_is_like_itself(self, place):
        assert similarity(place, place) == 1
        assert 0 < similarity(place, [0.0] * 9) <= 1


def test_every_list_of_a_wide_search_is_told_as_it_is(catalogue):
    wishes = Constraints(N, variety=0.5, surprise=1)
    document, notes = answer_request(make_trained(catalogue), POINT, wishes)
    assert notes == []
    assert [song["rank"] for song in document["songs"]] == list(range(1, N + 1))
