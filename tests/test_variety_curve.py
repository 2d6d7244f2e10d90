"""The curve of ``--variety``: what it measures, that the trade is real, and its plot."""

from __future__ import annotations

import argparse
import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scripts.checks import playlists
from scripts.checks.variety_curve import (
    SCORES,
    VARIETIES,
    WORDS,
    expect_of_draw,
    list_songs,
    score_songs,
    tell_curve,
    tell_means,
    trace_variety,
)
from scripts.errors import DataError, SettingsError
from scripts.evaluation.variety_plot import draw_variety
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import QUADRANTS, SONG_MOODS
from scripts.playlists.constraints import Constraints
from scripts.playlists.nearest import SongTree
from scripts.playlists.ranking import rank_songs
from scripts.playlists.words import request_for_word
from scripts.settings import TrainSettings
from scripts.store.reading import open_set
from scripts.store.writing import to_json
from scripts.training.program import train
from tests.catalogues import make_song, open_songs
from tests.conftest import SAMPLE


def varied_songs(n=60, *, per_artist=1):
    """For each mood songs of falling fit, the best of which all sound the same."""
    rng = np.random.default_rng(0)
    songs = []
    for mood, (valence, energy, _) in SONG_MOODS.items():
        for i in range(n):
            spread = 0.02 if i < 12 else 0.2
            sound = rng.normal(0.5, spread, len(FEATURES)).clip(0, 1)
            facts = dict(zip(FEATURES, map(float, sound), strict=True))
            facts |= {"valence": valence, "energy": energy}
            facts |= {"artist": f"{mood} {i // per_artist}", "artist_id": len(songs) // per_artist}
            songs.append(make_song(f"{mood}{i:03}", mood, 3 - 0.05 * i, **facts))
    return songs


SONGS = varied_songs()
LABELS = {song["song_id"]: SONG_MOODS[song["mood"]][2] for song in SONGS}


@pytest.fixture(scope="module")
def catalogue():
    with open_songs(SONGS) as opened:
        yield opened


@pytest.fixture(scope="module")
def report(catalogue):
    return trace_variety(catalogue, LABELS, n_draws=100)


def column(report, name):
    return [point[name]["value"] for point in report["curve"]]


class TestCurve:
    def test_it_goes_from_nought_to_one_over_all_sixteen_words(self, report):
        assert [point["variety"] for point in report["curve"]] == [i / 10 for i in range(11)]
        assert report["words"] == list(WORDS)
        assert len(WORDS) == 16
        assert report["songs"] == len(SONGS)

    def test_variety_buys_spread_with_match(self, report):
        spread, match = column(report, "intra_list_distance"), column(report, "match")
        assert spread[-1] > 1.5 * spread[0]
        assert match[-1] < match[0]
        last = report["curve"][-1]["change"]
        assert last["intra_list_distance"]["interval"][0] > 0
        assert last["match"]["interval"][1] < 0

    def test_no_variety_matches_better_than_none(self, report):
        match = column(report, "match")
        assert all(value <= match[0] + 1e-12 for value in match)

    def test_it_beats_a_draw_from_its_own_pool(self, report):
        chance = report["by_chance"]
        assert any(
            point["match"]["value"] > chance["match"]
            and point["intra_list_distance"]["value"] > chance["intra_list_distance"]
            for point in report["curve"]
        )

    def test_at_nought_nothing_has_changed(self, report):
        change = report["curve"][0]["change"]
        assert change == {name: {"value": 0.0, "interval": [0.0, 0.0]} for name in SCORES}

    @pytest.mark.parametrize("word", WORDS)
    def test_variety_nought_is_the_plain_list(self, catalogue, word):
        plain = rank_songs(catalogue, request_for_word(word), Constraints(10)).songs
        assert list_songs(catalogue, word, 10, 2, 0.0) == plain
        assert list_songs(catalogue, word, 10, 2, 1.0) != plain

    def test_the_same_call_gives_the_same_document(self, catalogue, report):
        assert to_json(trace_variety(catalogue, LABELS, n_draws=100)) == to_json(report)

    def test_the_seed_moves_the_intervals_alone(self, catalogue, report):
        other = trace_variety(catalogue, LABELS, n_draws=100, seed=1)
        assert other["curve"][5]["match"]["value"] == report["curve"][5]["match"]["value"]
        assert other["curve"][5]["match"]["interval"] != report["curve"][5]["match"]["interval"]

    def test_limits_are_kept(self):
        with open_songs(varied_songs(30, per_artist=3)) as opened:
            told = trace_variety(opened, n=6, per_artist=1, n_draws=10)
        assert column(told, "artist_concentration") == pytest.approx([1 / 6] * len(VARIETIES))
        assert told["by_chance"]["artist_concentration"] == pytest.approx(1 / 6)

    def test_words_without_two_songs_are_left_out(self):
        with open_songs([song for song in SONGS if song["mood"] == "angry"]) as opened:
            told = trace_variety(opened, n_draws=10)
        assert "angry" in told["words"]
        assert "calm" not in told["words"]
        assert not math.isnan(told["by_chance"]["match"])

    def test_a_lone_song_has_no_curve(self, tmp_path):
        with open_songs(SONGS[:1]) as opened:
            told = trace_variety(opened, n_draws=10)
        assert (told["words"], told["by_chance"], told["curve"]) == ([], None, [])
        with pytest.raises(DataError, match="no curve to draw"):
            draw_variety(tmp_path / "curve.png", told)
        assert not list(tmp_path.iterdir())

    def test_songs_that_all_sound_the_same_have_no_change_of_spread(self):
        with open_songs([make_song(f"s{i}", "angry", 1.0) for i in range(20)]) as opened:
            told = trace_variety(opened, n_draws=10)
        assert column(told, "intra_list_distance") == [0.0] * len(VARIETIES)
        change = told["curve"][5]["change"]["intra_list_distance"]
        assert json.loads(to_json(change)) == {"value": None, "interval": [None, None]}


class TestPrecision:
    def test_told_where_every_song_is_labelled(self, report):
        assert report["labelled_songs"] == report["songs"]
        for point in report["curve"]:
            precision = point["quadrants"]["precision"]
            assert precision["value"] == 1
            assert [precision[word] for word in QUADRANTS] == [1, 1, 1, 1]
            assert precision["interval"][0] < 1
        assert report["by_chance"]["precision"] == 1

    def test_by_hand(self, catalogue):
        # by hand: of the ten best happy songs the first is told to be sad, all others are right
        first = list_songs(catalogue, "happy", 10, 2, 0.0)[0]["song_id"]
        told = trace_variety(catalogue, LABELS | {first: "sad"}, n_draws=10)
        precision = told["curve"][0]["quadrants"]["precision"]
        assert precision["happy"] == 0.9
        assert precision["value"] == pytest.approx(39 / 40)
        # its pool: the 100 best of the quarter, of which that song is one
        assert told["by_chance"]["precision"] == pytest.approx((0.99 + 3) / 4)

    def test_not_told_where_a_song_has_no_label(self, catalogue):
        labels = dict(list(LABELS.items())[1:])
        told = trace_variety(catalogue, labels, n_draws=10)
        assert told["labelled_songs"] == told["songs"] - 1
        assert all("precision" not in point["quadrants"] for point in told["curve"])
        assert "precision" not in told["by_chance"]


class TestScores:
    def test_a_draw_scores_as_expected_on_average(self, catalogue):
        with open_songs(varied_songs(30, per_artist=3)) as opened:
            tree = SongTree(opened, "sound")
            pool = list_songs(opened, "calm", 20, 2, 0.0)
            rng = np.random.default_rng(0)
            drawn = [
                score_songs(tree, [pool[i] for i in rng.permutation(len(pool))[:4]])
                for _ in range(2000)
            ]
            assert expect_of_draw(tree, pool, 4) == pytest.approx(np.mean(drawn, axis=0), rel=0.02)

    @given(
        arrays(np.float64, (11, 5, 3), elements=st.floats(0.01, 10)),
        st.integers(0, 5),
    )
    def test_intervals_lie_among_the_words(self, scores, seed):
        for point, values in zip(tell_curve(scores, n_draws=20, seed=seed), scores, strict=True):
            for k, name in enumerate(SCORES):
                low, high = point[name]["interval"]
                assert values[:, k].min() - 1e-9 <= low <= high <= values[:, k].max() + 1e-9
                assert point[name]["value"] == pytest.approx(values[:, k].mean())

    def test_changes_are_paired(self):
        # by hand: every word loses a tenth, so there is nothing uncertain about the loss
        values = np.array([[0.9, 0.2, 0.5], [0.81, 0.18, 0.45]])
        draws = np.random.default_rng(0).integers(0, 3, (50, 3))
        means, changes = tell_means(values, draws)
        assert changes[1]["interval"] == pytest.approx([-0.1, -0.1])
        assert means[1]["interval"][1] - means[1]["interval"][0] > 0.1


class TestPlot:
    @pytest.mark.parametrize("name", ["curve.png", "curve.svg"])
    def test_drawn_twice_it_is_the_same(self, tmp_path, report, name):
        path = draw_variety(tmp_path / name, report)
        first = path.read_bytes()
        assert len(first) > 10_000
        assert draw_variety(path, report).read_bytes() == first
        assert [file.name for file in tmp_path.iterdir()] == [name]

    def test_the_title_claims_no_more_than_is_shown(self, tmp_path, report):
        def text_of(document):
            return draw_variety(tmp_path / "curve.svg", document).read_bytes()

        unsure = copy.deepcopy(report)
        unsure["curve"][5]["change"]["intra_list_distance"]["interval"][0] = -0.1
        free = copy.deepcopy(report)
        free["curve"][5]["change"]["match"]["value"] = 0.0
        assert b"are not shown to lie further apart" in text_of(unsure)
        assert b"and match as well" in text_of(free)
        assert b"% of the match" in text_of(report)

    def test_a_folder_that_cannot_be_written_is_told(self, tmp_path, report):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(SettingsError, match="cannot be written"):
            draw_variety(tmp_path / "file" / "curve.png", report)


@pytest.fixture(scope="module")
def tiny_set(tmp_path_factory, tiny_songs) -> Path:
    output = tmp_path_factory.mktemp("variety") / "output"
    listeners = SAMPLE / "listeners.csv"
    train(
        TrainSettings(
            songs=(tiny_songs,), listeners=listeners, output=output, plots=False, quiet=True
        )
    )
    return output


class TestCheck:
    @staticmethod
    def run(tiny_songs, output, *arguments):
        parser = argparse.ArgumentParser()
        playlists.add_parser(parser.add_subparsers())
        given = ["playlists", "--truth", str(tiny_songs), "--output", str(output)]
        given += ["--bootstrap", "20", "--repeats", "1", *arguments]
        return json.loads(to_json(playlists.run(parser.parse_args(given))))

    def test_the_document_holds_the_curve(self, tiny_set, tiny_songs, tmp_path):
        plot = tmp_path / "curve.png"
        report = self.run(tiny_songs, tiny_set, "--plot", str(plot))
        curve = report["variety"]
        assert curve["run"] == report["ways"]["trained"]["run"]
        assert curve["labelled_songs"] == curve["songs"] == 40
        plain = curve["curve"][0]["quadrants"]["precision"]
        assert plain["value"] == report["ways"]["trained"]["precision"]["mean"]["value"]
        assert plot.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("name", ["curve.jpg", "missing/curve.png"])
    def test_a_plot_that_cannot_be_drawn_is_refused_before_the_work(
        self, tiny_set, tiny_songs, tmp_path, name
    ):
        with pytest.raises(SettingsError, match="--plot"):
            self.run(tiny_songs, tiny_set, "--plot", str(tmp_path / name))

    def test_on_the_songs_of_a_set_the_check_lists_what_the_program_lists(
        self, tiny_set, tiny_songs
    ):
        opened = open_set(str(tiny_set))
        try:
            told = trace_variety(opened.catalogue, n=3, n_draws=5)
        finally:
            opened.close()
        report = self.run(tiny_songs, tiny_set, "-n", "3")
        match = report["variety"]["curve"][3]["match"]["value"]
        assert match == told["curve"][3]["match"]["value"]


class TestReach:
    """On the development half of MoodyLyrics4Q as the catalogue."""

    @pytest.fixture(scope="class")
    @staticmethod
    def report(shared_data, tmp_path_factory):
        truth = shared_data / "mood_truth" / "moodylyrics4q_dev.csv"
        if not truth.exists():
            pytest.skip(f"the real file {truth.name} is absent")
        output = tmp_path_factory.mktemp("variety_dev") / "output"
        listeners = SAMPLE / "listeners.csv"
        train(
            TrainSettings(
                songs=(truth,), listeners=listeners, output=output, plots=False, quiet=True
            )
        )
        return TestCheck.run(truth, output, "-n", "10")

    def test_half_of_variety_costs_little_match(self, report):
        half = report["variety"]["curve"][5]
        assert half["change"]["intra_list_distance"]["interval"][0] > 0.05
        assert half["change"]["match"]["value"] > -0.02
        assert half["quadrants"]["precision"]["value"] >= 0.80

    def test_variety_nought_is_the_list_that_is_judged(self, report):
        told = report["variety"]["curve"][0]["quadrants"]["precision"]
        assert told["value"] == report["ways"]["trained"]["precision"]["mean"]["value"]
