"""The report on journeys: rival ways, measures side by side, a verdict that can go both ways."""

from __future__ import annotations

import argparse
import json
from collections import Counter

import numpy as np
import pytest

from scripts.checks import journeys
from scripts.errors import SettingsError
from scripts.evaluation.journey_report import (
    MIN_DISTANCE,
    bootstrap_interval,
    compare_ways,
    draw_pairs,
    evaluate_journeys,
    give_verdict,
    judge_minutes,
)
from scripts.evaluation.journey_rivals import (
    NEIGHBOURS,
    Songs,
    along_path,
    at_random,
    graph_paths,
    straight_line,
)
from scripts.journeys.journey import plan_journey
from scripts.moods.vocabulary import PLANE_WORDS
from scripts.playlists.ranking import rank_songs


@pytest.fixture(scope="module")
def catalogue():
    """Places, works and artists of 700 songs; a work has about two versions."""
    rng = np.random.default_rng(5)
    works = rng.integers(350, size=700)
    return rng.uniform(size=(700, 2)), works, works % 120


def compare(catalogue, n_journeys=30, n_songs=12, seed=0):
    """Plan journeys over songs of no moods, and compare them with the other ways."""
    songs = Songs(*catalogue)

    def candidates_at(_, point):
        for distance, row in songs.nearest(point):
            yield (distance, row, *songs.points[row], songs.works[row], songs.artists[row], None)

    pairs = draw_pairs(n_journeys, np.random.default_rng(seed))
    ours = [plan_journey(*pair, n_songs, candidates_at, max_per_artist=2) for pair in pairs]
    places = [[song[2:4] for song in journey] for journey in ours]
    return evaluate_journeys(songs, pairs, places, n_songs=n_songs, seed=seed)


@pytest.fixture(scope="module")
def report(catalogue):
    return compare(catalogue)


def row_of_songs(n):
    """Songs in a row at even steps, each of its own work and artist."""
    return Songs(np.column_stack([np.linspace(0, 1, n), np.full(n, 0.5)]), range(n), range(n))


# ---- the rivals -------------------------------------------------------------------------------


def test_nearest_songs_come_by_distance_then_row():
    rng = np.random.default_rng(0)
    songs = Songs(rng.integers(4, size=(200, 2)) / 4, range(200), range(200))
    distances = np.hypot(*(songs.points - [0.375, 0.25]).T)  # eighths: ties are exact
    found = list(songs.nearest((0.375, 0.25)))
    assert [row for _, row in found] == np.lexsort((np.arange(200), distances)).tolist()


def test_the_straight_line_picks_the_nearest_song_left():
    songs = Songs(np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0]]), [0, 1, 2], [0, 1, 2])
    assert straight_line(songs, (0, 0), (0, 0), 3, 1) == [0, 1, 2]
    assert straight_line(songs, (1, 0), (0, 0), 2, 1) == [2, 0]
    versions = Songs(songs.points, [0, 0, 2], [0, 0, 0])
    assert straight_line(versions, (0, 0), (0, 0), 3, 2) == [0, 2]
    assert straight_line(versions, (0, 0), (0, 0), 3, 1) == [0]


def test_the_graph_path_goes_from_neighbour_to_neighbour():
    songs = row_of_songs(41)
    (path,), k = graph_paths(songs, [((0.0, 0.5), (1.0, 0.5))])
    assert (path, k) == (list(range(41)), NEIGHBOURS)  # squared weights favour small steps
    assert along_path(songs, path, 5, 1) == [0, 10, 20, 30, 40]


def test_a_graph_in_pieces_gets_more_neighbours():
    near = np.linspace(0, 0.01, 15)
    points = np.vstack([np.column_stack([near, near]), np.column_stack([1 - near, 1 - near])])
    (path,), k = graph_paths(Songs(points, range(30), range(30)), [((0, 0), (1, 1))])
    assert k == 2 * NEIGHBOURS
    assert (path[0], path[-1]) == (0, 15)


def test_a_short_path_is_filled_up_at_its_longest_step():
    songs = Songs(
        np.array([[0.0, 0.0], [1.0, 0.0], [0.52, 0.3], [0.2, 0.1], [0.9, 0.9]]), range(5), range(5)
    )
    assert along_path(songs, [0, 1], 4, 1) == [0, 3, 2, 1]


@pytest.mark.parametrize("cap", [1, 2])
def test_every_way_keeps_the_wishes(catalogue, cap):
    songs = Songs(*catalogue)
    pair = ((0.1, 0.4), (0.9, 0.7))
    (path,), _ = graph_paths(songs, [pair])
    ways = [
        straight_line(songs, *pair, 20, cap),
        along_path(songs, path, 20, cap),
        along_path(songs, path[:3], 20, cap),
        at_random(songs, 20, cap, np.random.default_rng(0)),
    ]
    for rows in ways:
        assert len(rows) == 20
        assert len({songs.works[row] for row in rows}) == 20
        assert max(Counter(songs.artists[row] for row in rows).values()) <= cap


# ---- the report -------------------------------------------------------------------------------


def test_pairs_are_far_enough_apart_and_all_different():
    pairs = draw_pairs(100, np.random.default_rng(0))
    assert len(set(pairs)) == 100
    assert all(np.hypot(*np.subtract(*pair)) > MIN_DISTANCE for pair in pairs)
    assert {place for pair in pairs for place in pair} <= set(PLANE_WORDS.values())
    assert len(draw_pairs(1000, np.random.default_rng(0))) == 1000


def test_our_journeys_are_smoother_than_both_rivals(report):
    assert report["verdict"].startswith("smoother than both")
    for rival in ("straight_line", "graph", "random"):
        for measure in ("step_deviation", "length_deviation"):
            ours, other = (report["ways"][way][measure]["mean"] for way in ("ours", rival))
            told = report["against"][rival][measure]
            assert told["gain"]["mean"] == pytest.approx(other - ours)
            assert told["times"] == pytest.approx(other / ours)
            assert told["root_mean_square"] == {"ours": ours**0.5, "other": other**0.5}
            assert told["gain"]["low"] > 0
            assert told["share_won"]["mean"] > 0.5


def test_the_report_is_whole_and_repeats(catalogue, report):
    assert {way: values["n_songs"]["low"] for way, values in report["ways"].items()} == {
        "ours": 12,
        "straight_line": 12,
        "graph": 12,
        "random": 12,
    }
    assert compare(catalogue) == report
    assert compare(catalogue, seed=1)["ways"] != report["ways"]
    json.dumps(report, allow_nan=False)


def test_a_way_that_is_no_smoother_is_told_so():
    rng = np.random.default_rng(0)
    ours = {name: rng.uniform(size=50) for name in ("step_deviation", "length_deviation")}
    same = compare_ways(ours, ours, rng)
    worse = compare_ways(ours, {name: values / 2 for name, values in ours.items()}, rng)
    better = compare_ways(ours, {name: values * 2 for name, values in ours.items()}, rng)
    assert give_verdict({"straight_line": better, "graph": better}).startswith("smoother than both")
    for one in (same, worse):
        told = give_verdict({"straight_line": better, "graph": one})
        assert told.startswith("not smoother than both")
        assert "not better than the nearest-neighbour graph path" in told
        assert "not better than straight-line" not in told


def test_the_bootstrap_interval_is_that_of_a_mean():
    rng = np.random.default_rng(0)
    values = rng.normal(3.0, 2.0, 400)
    told = bootstrap_interval(values, rng)
    half = 1.96 * values.std() / 20
    assert told.mean == pytest.approx(values.mean())
    assert told.low == pytest.approx(values.mean() - half, abs=0.04)
    assert told.high == pytest.approx(values.mean() + half, abs=0.04)


def test_minutes_are_judged_by_hand():
    pair = ((0.0, 0.0), (1.0, 0.0))
    ways = [[(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)], [(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)]]
    told = judge_minutes(ways, [630_000, 569_000], [pair, pair], 10)
    assert (told["minutes"], told["within_30_s"]["mean"]) == (10, 0.5)
    assert (told["largest_miss_s"], told["step_deviation"]) == (31, 0.125)


# ---- the check --------------------------------------------------------------------------------


def parse(*arguments):
    parser = argparse.ArgumentParser()
    journeys.add_parser(parser.add_subparsers())
    return parser.parse_args(["journeys", *map(str, arguments)])


def test_the_check_reads_a_trained_set(sample_set):
    options = parse("--output", sample_set, "--journeys", 12, "--songs-per-journey", 10)
    document = options.check(options)
    assert document["run"] == (sample_set / "models" / "CURRENT").read_text().strip()
    assert document["n_journeys"] == 12
    assert document["verdict"].startswith("smoother than both")
    assert document["by_minutes"]["within_30_s"]["mean"] == 1.0
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize(
    ("flag", "value"), [("--journeys", 1), ("--songs-per-journey", 2), ("--max-per-artist", 0)]
)
def test_the_check_refuses_numbers_that_say_nothing(tmp_path, flag, value):
    options = parse("--output", tmp_path, flag, value)
    with pytest.raises(SettingsError, match=f"{flag} {value}: give at least"):
        options.check(options)


def test_the_check_refuses_journeys_longer_than_any(tmp_path):
    options = parse("--output", tmp_path, "--songs-per-journey", 201)
    with pytest.raises(SettingsError, match="--songs-per-journey 201: give at most 200"):
        options.check(options)


def test_the_check_judges_what_the_program_answers(sample_set, monkeypatch):
    asked = []

    def answer(catalogue, request, constraints):
        asked.append((request.mood, constraints.n, constraints.minutes))
        return rank_songs(catalogue, request, constraints)

    monkeypatch.setattr(journeys, "rank_songs", answer)
    options = parse("--output", sample_set, "--journeys", 2, "--songs-per-journey", 4)
    options.check(options)
    assert [(n, minutes is None) for _, n, minutes in asked] == [(4, True)] * 2 + [(10, False)] * 2
    assert asked[0][0] == asked[2][0]
