"""Journeys: the wishes they keep, the way they take, the minutes they last, what is told."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.journeys.journey import (
    length_deviation,
    measure_journey,
    plan_journey,
    step_deviation,
)
from scripts.journeys.journey_ends import ends_are_met, mend_ends
from scripts.journeys.journey_way import (
    DRIFT_WEIGHT,
    END_WEIGHT,
    LENGTH_WEIGHT,
    MOST_SONGS,
    POOL,
    waypoint,
)
from scripts.playlists import travel
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import request_for_journey
from scripts.playlists.travel_notes import count_left_out, note_ends, note_minutes
from scripts.playlists.walks import Walker
from scripts.playlists.words import place_of_request, request_for_moods
from scripts.store.reading import open_set

PLACES = st.tuples(*[st.integers(0, 20).map(lambda n: n / 20)] * 2)

#: Places whose squared distances are exact, so that equal ones are equal.
EXACT_PLACES = st.tuples(*[st.integers(0, 16).map(lambda n: n / 16)] * 2)


class Catalogue:
    """Songs (rank, valence, energy, work, artist, duration), and how often they were read."""

    def __init__(self, songs):
        self.songs = songs
        self.n_read = 0

    def __call__(self, i, point):
        def distance(song):
            return math.dist(song[1:3], point)

        for song in sorted(self.songs, key=lambda song: (distance(song), song[0])):
            self.n_read += 1
            yield (distance(song), *song)


@st.composite
def catalogues(draw, most=30):
    """Draw songs of few places, works and artists; a work's versions are by one artist."""
    works = draw(st.lists(st.integers(0, 15), max_size=most))
    n_artists = draw(st.integers(1, 16))
    return Catalogue(
        [
            (rank, *draw(PLACES), work, work % n_artists, draw(st.none() | st.integers(1, 400_000)))
            for rank, work in enumerate(works)
        ]
    )


def lone_songs(places, durations=None):
    """Songs of which each has its own work and artist."""
    durations = durations or [200_000] * len(places)
    return Catalogue(
        [
            (rank, *place, rank, rank, duration)
            for rank, (place, duration) in enumerate(zip(places, durations, strict=True))
        ]
    )


def places_of(journey):
    return [song[2:4] for song in journey]


def most_songs(songs, cap):
    """Count the songs that one playlist can hold at most."""
    works = {(song[4], song[3]) for song in songs}
    return sum(min(cap, n) for n in Counter(artist for artist, _ in works).values())


def keeps_wishes(journey, catalogue, cap):
    assert {song[1:] for song in journey} <= set(catalogue.songs)
    assert len({song[4] for song in journey}) == len(journey)
    assert all(n <= cap for n in Counter(song[5] for song in journey).values())


# ---- how smooth a journey is ------------------------------------------------------------------


def test_deviations_by_hand():
    # steps (1, 0), (1, 0), (4, 0); the even step is (2, 0)
    points = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (6.0, 0.0)]
    assert step_deviation(points) == pytest.approx((1 + 1 + 4) / 3)
    assert length_deviation(points) == pytest.approx((1 + 1 + 4) / 3)
    # a detour of even steps is uneven only in direction
    points = [(0.0, 0.0), (0.0, 3.0), (3.0, 3.0)]
    assert step_deviation(points) == pytest.approx(4.5)
    assert length_deviation(points) == 0.0


@given(st.lists(PLACES, min_size=1, max_size=12))
def test_deviations_are_those_of_their_definitions(points):
    steps = np.diff(np.array(points), axis=0)
    even = steps.mean(axis=0) if len(steps) else np.zeros(2)
    lengths = np.hypot(*steps.T) if len(steps) else np.zeros(1)
    told = measure_journey(points, (0.0, 0.0), (1.0, 1.0))
    expected = ((steps - even) ** 2).sum(axis=1).mean() if len(steps) else 0.0
    assert told["step_deviation"] == pytest.approx(expected, abs=1e-12)
    assert told["length_deviation"] == pytest.approx(lengths.var(), abs=1e-12)
    assert told["largest_step"] == pytest.approx(lengths.max())
    assert told["start_distance"] == pytest.approx(math.hypot(*points[0]))
    assert told["end_distance"] == pytest.approx(math.dist(points[-1], (1, 1)))


# ---- the wishes -------------------------------------------------------------------------------


@given(catalogues(), PLACES, PLACES, st.integers(1, 25), st.integers(1, 4))
@settings(max_examples=200)
def test_every_wish_is_kept_and_no_song_is_missing(catalogue, start, end, n, cap):
    journey = plan_journey(start, end, n, catalogue, max_per_artist=cap)
    keeps_wishes(journey, catalogue, cap)
    assert len(journey) == min(n, most_songs(catalogue.songs, cap))
    assert journey == plan_journey(start, end, n, catalogue, max_per_artist=cap)


@pytest.mark.parametrize("n", [1, 2, 40])
def test_songs_at_one_place_make_a_journey_from_a_mood_to_itself(n):
    catalogue = lone_songs([(0.5, 0.5)] * 60)
    journey = plan_journey((0.5, 0.5), (0.5, 0.5), n, catalogue, max_per_artist=1)
    assert len({song[1] for song in journey}) == n
    assert step_deviation(places_of(journey)) == 0.0


@given(st.lists(EXACT_PLACES, min_size=1, max_size=40), EXACT_PLACES, EXACT_PLACES)
def test_a_single_song_is_the_nearest_to_the_first_mood(places, start, end):
    (song,) = plan_journey(start, end, 1, lone_songs(places), max_per_artist=1)
    distances = [math.dist(place, start) for place in places]
    assert song[0] == min(distances)
    assert song[1] == distances.index(song[0])  # of equally near ones the first


def test_no_songs_make_no_journey():
    assert plan_journey((0, 0), (1, 1), 5, Catalogue([]), max_per_artist=1) == []
    minutes = {"max_per_artist": 1, "target_ms": 600_000}
    assert plan_journey((0, 0), (1, 1), None, Catalogue([]), **minutes) == []


@pytest.mark.parametrize("n", [0, -3, None])
def test_a_journey_without_songs_is_refused(n):
    with pytest.raises(ValueError, match="at least 1 song"):
        plan_journey((0, 0), (1, 1), n, lone_songs([(0, 0)]), max_per_artist=1)


def test_no_more_songs_are_read_than_are_looked_at():
    rng = np.random.default_rng(0)
    catalogue = lone_songs(rng.uniform(size=(400, 2)).tolist())
    plan_journey((0.1, 0.1), (0.9, 0.9), 12, catalogue, max_per_artist=1)
    assert catalogue.n_read <= 12 * (POOL + 11)  # those that every way holds are read past


def test_fewer_songs_are_laid_out_over_the_whole_way():
    catalogue = lone_songs([(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
    journey = plan_journey((0, 0), (1, 1), 20, catalogue, max_per_artist=1)
    assert places_of(journey) == [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)]


# ---- the way ----------------------------------------------------------------------------------


@given(st.integers(2, 12), st.lists(PLACES, max_size=80), st.randoms(use_true_random=False))
def test_songs_on_the_waypoints_are_found_among_others(n, others, random):
    start, end = (0.15, 0.85), (0.77, 0.31)
    places = [waypoint(start, end, n, i) for i in range(n)] + others
    random.shuffle(places)
    journey = plan_journey(start, end, n, lone_songs(places), max_per_artist=1)
    assert step_deviation(places_of(journey)) < 1e-20
    assert (journey[0][2:4], journey[-1][2:4]) == (start, end)


def cost(points, start, end):
    """What a way costs, as the module's method says."""
    steps = np.diff(np.array(points), axis=0)
    even = (np.array(end) - start) / len(steps)
    uneven = np.hypot(*steps.T) - np.hypot(*even)
    way = np.linspace(start, end, len(points))
    off = ((np.array(points) - way) ** 2).sum(axis=1)
    ends = END_WEIGHT * (off[0] + off[-1]) + DRIFT_WEIGHT * off[1:-1].sum()
    return ((steps - even) ** 2).sum() + LENGTH_WEIGHT * (uneven**2).sum() + ends


@given(st.lists(PLACES, min_size=3, max_size=7), PLACES, PLACES, st.integers(2, 3))
def test_short_journeys_are_the_cheapest_there_are(places, start, end, n):
    journey = plan_journey(start, end, n, lone_songs(places), max_per_artist=1)
    best = min(itertools.permutations(places, n), key=lambda way: cost(way, start, end))
    # elsewhere the ends are mended, at the cost of the steps
    assume(ends_are_met([(0, 0, *place) for place in best], start, end, anywhere))
    best_cost = cost(best, start, end)
    assert cost(places_of(journey), start, end) == pytest.approx(best_cost, abs=1e-12)


def anywhere(song, place):
    return True


def test_the_song_nearest_to_an_end_stands_there_where_songs_are_scarce():
    # all along the way but for one song near its end, which the search has spent by then
    places = [(0.1 * i, 0.1) for i in range(6)] + [(0.9, 0.9), (0.45, 0.3), (0.4, 0.2)]
    start, end = (0.0, 0.1), (0.9, 0.9)
    journey = plan_journey(start, end, len(places), lone_songs(places), max_per_artist=1)
    assert places_of(journey)[-1] == (0.9, 0.9)
    assert places_of(journey)[0] == (0.0, 0.1)


@given(
    st.lists(PLACES, min_size=3, max_size=30, unique=True),
    PLACES,
    PLACES,
)
def test_mending_the_ends_keeps_the_songs_and_never_worsens_both_ends(places, start, end):
    songs = [(0, rank, *place, rank, rank, 1) for rank, place in enumerate(places)]
    mended = mend_ends(start, end, songs, anywhere)
    assert sorted(mended) == sorted(songs)
    away = [
        math.dist(order[0][2:4], start) ** 2 + math.dist(order[-1][2:4], end) ** 2
        for order in (songs, mended)
    ]
    assert mended == songs or away[1] < away[0]


def test_a_song_that_fits_an_end_gives_way_to_none_that_does_not():
    places = [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.8, 0.8)]
    songs = [(0, rank, *place, rank, rank, 1) for rank, place in enumerate(places)]
    fits = mend_ends((0.0, 0.0), (1.0, 1.0), songs, lambda song, place: song[1] == 3)
    assert fits[-1][1] == 3
    assert mend_ends((0.0, 0.0), (1.0, 1.0), songs, anywhere)[-1][1] == 2


def test_the_cap_of_an_artist_takes_the_way_elsewhere():
    places = [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)]
    by_one = [(rank, *place, rank, 0, 1) for rank, place in enumerate(places)]
    by_others = [(3 + i, x, y - 0.1, 3 + i, 1 + i, 1) for i, (x, y) in enumerate(places)]
    ways = [
        plan_journey((0, 0), (1, 1), 3, Catalogue(by_one + by_others), max_per_artist=cap)
        for cap in (3, 1)
    ]
    assert [song[1] for song in ways[0]] == [0, 1, 2]
    assert sum(song[5] == 0 for song in ways[1]) <= 1


# ---- minutes ----------------------------------------------------------------------------------


def excess(total, target, tolerance):
    return max(0, abs(total - target) - tolerance)


def miss(durations, target, tolerance):
    """Say how far a journey misses: first whether it leads nowhere or is too long."""
    total = sum(durations)
    leads = len(durations) > 1 and total <= target + tolerance
    return not leads, excess(total, target, tolerance)


def least_miss(songs, cap, target, tolerance):
    """Try every playlist."""
    known = [song for song in songs if song[5] is not None]
    return min(
        miss([song[5] for song in chosen], target, tolerance)
        for n in range(1, len(known) + 1)
        for chosen in itertools.combinations(known, n)
        if len({song[3] for song in chosen}) == n
        and all(count <= cap for count in Counter(song[4] for song in chosen).values())
    )


@st.composite
def small_catalogues(draw):
    """Draw up to seven songs, most of known duration, and a duration some of them may last."""
    works = draw(st.lists(st.integers(0, 9), min_size=1, max_size=7))
    minutes = [draw(st.sampled_from([None, *range(1, 40)])) for _ in works]
    minutes[0] = minutes[0] or 3
    songs = [
        (rank, *draw(PLACES), work, work % 5, length and length * 31_000)
        for rank, (work, length) in enumerate(zip(works, minutes, strict=True))
    ]
    some = draw(st.sets(st.sampled_from([song[5] or 40_000 for song in songs]), min_size=1))
    return Catalogue(songs), max(1, sum(some) + draw(st.integers(-30_000, 30_000)))


@given(small_catalogues(), PLACES, PLACES, st.integers(1, 3), st.sampled_from([0, 1_000, 20_000]))
@example((lone_songs([(0.5, 0.5)] * 3, [100, 200, 400]), 600), (0, 0), (1, 1), 1, 0)
@settings(max_examples=400)
def test_minutes_are_met_or_missed_by_the_least_in_small_catalogues(
    drawn, start, end, cap, tolerance
):
    catalogue, target = drawn
    wish = {"max_per_artist": cap, "target_ms": target, "tolerance_ms": tolerance}
    journey = plan_journey(start, end, None, catalogue, **wish)
    keeps_wishes(journey, catalogue, cap)
    assert all(song[6] is not None for song in journey)
    missed = miss([song[6] for song in journey], target, tolerance)
    assert missed == least_miss(catalogue.songs, cap, target, tolerance)
    assert journey == plan_journey(start, end, None, catalogue, **wish)


@pytest.mark.parametrize("minutes", [4, 15, 60, 240])
def test_minutes_are_met_in_a_usual_catalogue(minutes):
    rng = np.random.default_rng(minutes)
    durations = rng.normal(220_000, 50_000, 500).clip(60_000).astype(int).tolist()
    catalogue = lone_songs(rng.uniform(size=(500, 2)).tolist(), durations)
    journey = plan_journey(
        (0.1, 0.4), (0.9, 0.7), None, catalogue, max_per_artist=1, target_ms=minutes * 60_000
    )
    keeps_wishes(journey, catalogue, 1)
    assert abs(sum(song[6] for song in journey) - minutes * 60_000) <= 30_000
    assert len(journey) == pytest.approx(minutes * 60 / 220, rel=0.15, abs=1)


def test_more_minutes_than_there_is_music_take_all_of_it():
    catalogue = lone_songs([(0.1 * i, 0.5) for i in range(8)], [180_000] * 8)
    journey = plan_journey((0, 0), (1, 1), None, catalogue, max_per_artist=1, target_ms=10**8)
    assert len(journey) == 8


def test_a_swap_of_durations_costs_as_little_smoothness_as_may_be():
    # two songs at each place: one too long for the wish and one off the way, far or near
    places = [(0.0, 0.5), (0.5, 0.5), (1.0, 0.5), (0.5, 0.6), (1.0, 0.9)]
    durations = [200_000, 300_000, 300_000, 200_000, 200_000]
    journey = plan_journey(
        *((0.0, 0.5), (1.0, 0.5), None, lone_songs(places, durations)),
        max_per_artist=1,
        target_ms=700_000,
        tolerance_ms=10_000,
    )
    assert [song[1] for song in journey] == [0, 3, 2]


def test_where_two_swaps_do_not_do_all_songs_may_change():
    on_the_way = [(0.0, 0.5), (0.5, 0.5), (1.0, 0.5)]
    beside_it = [(0.0, 0.7), (0.5, 0.7), (1.0, 0.7)]
    durations = [200_000] * 3 + [210_000, 221_000, 233_000]
    journey = plan_journey(
        *((0.0, 0.5), (1.0, 0.5), None, lone_songs(on_the_way + beside_it, durations)),
        max_per_artist=1,
        target_ms=664_000,
        tolerance_ms=5_000,
    )
    assert [song[1] for song in journey] == [3, 4, 5]


@given(
    st.lists(st.integers(20_000, 200_000), min_size=2, max_size=6),
    st.integers(-29_000, 29_000),
    st.integers(0, 1_000),
)
@settings(max_examples=60, deadline=None)
def test_songs_that_fit_are_found_far_from_the_way(fitting, off, seed):
    target = max(1, sum(fitting) + off)
    rng = np.random.default_rng(seed)
    near = rng.uniform((0.0, 0.0), (1.0, 0.2), (300, 2)).tolist()
    far = rng.uniform((0.0, 0.9), (1.0, 1.0), (len(fitting), 2)).tolist()
    # none of the songs near the way can be part of any journey that is short enough
    too_long = rng.integers(target + 30_001, target + 300_000, 300).tolist()
    catalogue = lone_songs(near + far, too_long + fitting)
    journey = plan_journey(
        (0.1, 0.1), (0.9, 0.1), None, catalogue, max_per_artist=1, target_ms=target
    )
    assert len(journey) > 1
    assert abs(sum(song[6] for song in journey) - target) <= 30_000


@given(st.integers(3, 11), st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_a_song_far_from_the_way_makes_up_what_those_near_it_lack(minutes, seed):
    target, rng = minutes * 60_000, np.random.default_rng(seed)
    # one song near the way is too short by itself, two are too long
    near = rng.integers(round(0.6 * target), round(0.62 * target), 300).tolist()
    places = [*rng.uniform((0.0, 0.0), (1.0, 0.2), (300, 2)).tolist(), [0.5, 1.0]]
    catalogue = lone_songs(places, [*near, round(0.39 * target)])
    journey = plan_journey(
        (0.1, 0.1), (0.9, 0.1), None, catalogue, max_per_artist=1, target_ms=target
    )
    assert 300 in [song[1] for song in journey]
    assert abs(sum(song[6] for song in journey) - target) <= 30_000


def test_a_journey_by_minutes_has_no_more_songs_than_any():
    catalogue = lone_songs([(i / 300, 0.5) for i in range(300)], [60_000] * 300)
    journey = plan_journey((0, 0), (1, 1), None, catalogue, max_per_artist=1, target_ms=10**8)
    assert len(journey) == MOST_SONGS


# ---- through a trained set --------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(sample_set):
    opened = open_set(str(sample_set))
    yield opened
    opened.close()


def way_between(start, end):
    ends = request_for_moods(start), request_for_moods(end)
    return request_for_journey(*ends, tuple(place_of_request(one) for one in ends))


def ask(trained, start, end, **wishes):
    return rank_songs(trained.catalogue, way_between(start, end), Constraints(**wishes)).songs


RARE = [
    {"explicit": True},
    {"tempo": (100, 104)},
    {"popularity": (80, math.inf)},
    {"genre": "hip-hop", "tempo": (80, 100)},
    {"tempo": (100, 104), "minutes": 40},
    {"popularity": (75, math.inf), "surprise": 3},
]


@pytest.mark.parametrize("wishes", RARE)
def test_songs_gathered_at_once_are_those_of_the_tree(trained, monkeypatch, wishes):
    monkeypatch.setattr(travel, "FAR", -1.0)
    gathered = ask(trained, "sad", "excited", **wishes)
    monkeypatch.setattr(travel, "MOST_GATHERED", 0)
    assert ask(trained, "sad", "excited", **wishes) == gathered
    assert gathered


@pytest.mark.parametrize(("start", "end"), [("relaxed", "anxious"), ("fearful", "calm")])
@pytest.mark.parametrize("minutes", [1.5, 2, 3, 4, 5])
def test_few_minutes_lead_somewhere(trained, monkeypatch, start, end, minutes):
    songs = ask(trained, start, end, minutes=minutes)
    assert len(songs) > 1
    assert abs(sum(song["duration_ms"] for song in songs) - minutes * 60_000) <= 30_000
    monkeypatch.setattr(travel, "MOST_GATHERED", 0)  # the same from the tree
    assert ask(trained, start, end, minutes=minutes) == songs


@pytest.mark.parametrize("n", [MOST_SONGS + 1, 10**9])
def test_more_songs_than_a_journey_may_have_are_refused(trained, n):
    with pytest.raises(SettingsError, match=rf"-n {n}: a journey \(--from, --to\) has at most 200"):
        ask(trained, "sad", "happy", n=n)
    assert len(ask(trained, "sad", "happy", n=MOST_SONGS)) == MOST_SONGS


def test_a_journey_may_stay_at_one_place(trained):
    songs = ask(trained, "sad", "gloomy", n=6)
    assert len(songs) == 6
    assert all(math.dist((song["valence"], song["energy"]), (0.1, 0.4)) < 0.1 for song in songs)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_smoothness_is_told_where_steps_can_differ(trained, n):
    document, _ = answer_request(trained, way_between("sad", "happy"), Constraints(n))
    assert ("smoothness" in document["request"]) == (n > 2)


def test_ends_far_from_their_moods_are_told():
    way = way_between("sad", "happy")
    (start, end), far = way.path, (0.5, 0.5)
    songs = [{"valence": v, "energy": e} for v, e in (start, far, end)]
    assert note_ends(songs, way) == []
    (told,) = note_ends(songs[:2], way)
    assert told.startswith(f"The journey ends {math.dist(far, end):.2f} from happy on the plane")
    assert note_ends(songs[1:2], way) == [], "one song leads nowhere, wherever it sits"
    (told,) = note_ends([songs[1], songs[1]], way)
    both = f"begins {math.dist(far, start):.2f} from sad and ends {math.dist(far, end):.2f} from"
    assert both in told


@pytest.mark.parametrize(("away", "is_told"), [(0.09, False), (0.11, True)])
def test_an_end_is_far_from_a_tenth_of_the_plane_on(away, is_told):
    way = way_between("sad", "happy")
    (v, e), end = way.path
    songs = [{"valence": v + away, "energy": e}, {"valence": end[0], "energy": end[1]}]
    assert bool(note_ends(songs, way)) == is_told


def test_missed_minutes_and_lone_songs_are_told():
    songs = [{"duration_ms": 60_000}] * 2
    assert note_minutes(songs, Constraints(minutes=2.5)) == []
    (told,) = note_minutes(songs, Constraints(minutes=2.6))
    assert told.startswith("The journey lasts 2:00, not 2:36: none was found")
    (told,) = note_minutes(songs * 100, Constraints(minutes=700))
    assert "none of at most 200 songs was found" in told
    (told,) = note_minutes(songs[:1], Constraints(minutes=1))
    assert told.startswith("One song leads nowhere")


def test_every_song_left_out_has_a_reason(trained):
    constraints = Constraints(MOST_SONGS, popularity=(82, math.inf), max_per_artist=1)
    way = way_between("sad", "happy")
    songs = rank_songs(trained.catalogue, way, constraints).songs
    (passing,) = trained.catalogue.execute(
        "SELECT count(*) FROM songs JOIN moods USING (mood_id) "
        "WHERE popularity >= 82 AND name <> 'spoken'"
    ).fetchone()
    counts = count_left_out(Walker(trained.catalogue, constraints), songs)
    assert passing == len(songs) + sum(counts.values())
    works = {song["work_id"] for song in songs}
    left = trained.catalogue.execute(
        "SELECT work_id, song_id FROM songs JOIN moods USING (mood_id) "
        "WHERE popularity >= 82 AND name <> 'spoken'"
    ).fetchall()
    chosen = {song["song_id"] for song in songs}
    versions = sum(work in works for work, song_id in left if song_id not in chosen)
    assert counts.get("another version", 0) == versions
    assert counts["artist"] == passing - len(songs) - versions > 0
    _, notes = answer_request(trained, way, constraints)
    assert any(f"--max-per-artist 1 cost {counts['artist']}" in note for note in notes)
