"""Which songs belong together by sound: the scales, the formulas, the cases, the check."""

import argparse
import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import roc_auc_score

from scripts.checks import content_taste as check
from scripts.errors import DataError
from scripts.evaluation.content_taste import (
    gaussian,
    kernel_density,
    make_cases,
    nearest_songs,
    scale_songs,
    score_case,
    split_list,
    sum_with_artists,
    sweep_artists,
    to_normal_scores,
)
from scripts.playlists.history_taste import WEIGHTS

FORMULAS = {
    "gaussian": gaussian,
    "half_correlated": lambda Z: gaussian(Z, correlated=0.5),
    "correlated": lambda Z: gaussian(Z, correlated=1.0),
    "kernel_density": kernel_density,
    "nearest": nearest_songs,
}


def two_clouds(n=60, seed=0):
    """Songs of two sounds that nobody would mix up."""
    rng = np.random.default_rng(seed)
    return np.vstack([rng.normal(-1, 0.2, (n, 9)), rng.normal(1, 0.2, (n, 9))])


class TestScales:
    def test_normal_scores_of_one_feature_by_hand(self):
        values = np.linspace(0, 1, 101)[:, None] ** 3  # skewed; its order alone counts
        scores = to_normal_scores(values).ravel()
        assert scores[50] == pytest.approx(0, abs=1e-9)
        assert scores[75] == pytest.approx(0.674, abs=0.01)
        assert scores[0] == pytest.approx(-scores[-1])

    def test_a_value_that_most_songs_share_gets_one_score(self):
        values = np.concatenate([np.zeros(80), np.linspace(0.1, 1, 20)])[:, None]
        scores = to_normal_scores(values).ravel()
        assert len(set(scores[:80].tolist())) == 1
        assert scores[0] < scores[85] < scores[99]

    @given(values=arrays.arrays(np.float64, (9, 2), elements=st.floats(0, 1)))
    def test_order_is_kept(self, values):
        scores = to_normal_scores(values)
        assert np.isfinite(scores).all()
        for before, after in zip(values.T, scores.T, strict=True):
            assert (np.diff(after[np.argsort(before)]) >= 0).all()

    @pytest.mark.parametrize("scale", ["standardised", "normal_scores"])
    def test_a_constant_feature_is_no_trouble(self, scale):
        X = np.column_stack([np.ones(20), np.arange(20.0)])
        assert np.isfinite(scale_songs(X, scale)).all()


@pytest.mark.parametrize("name", FORMULAS)
class TestFormulas:
    def test_songs_of_the_same_sound_come_first(self, name):
        scores = FORMULAS[name](two_clouds())(np.arange(40))
        assert np.quantile(scores[40:60], 0.1) > np.quantile(scores[60:], 0.9)

    def test_one_given_song_is_enough(self, name):
        scores = FORMULAS[name](two_clouds())(np.array([70]))
        assert np.isfinite(scores).all()
        assert scores[60:].mean() > scores[:60].mean()

    def test_the_order_of_given_songs_is_nothing(self, name):
        score = FORMULAS[name](two_clouds())
        assert np.allclose(score(np.array([1, 5, 9])), score(np.array([9, 1, 5])))


class TestCases:
    @pytest.mark.parametrize("new_artists", [True, False])
    def test_a_split_divides_a_list(self, new_artists):
        songs, artists = np.arange(5, 25), np.arange(30) // 3
        rng = np.random.default_rng(2)
        own, held = split_list(songs, artists, rng, new_artists=new_artists)
        assert sorted([*own, *held]) == songs.tolist()
        assert bool(set(artists[own]) & set(artists[held])) is not new_artists

    def test_a_list_of_one_artist_cannot_be_divided_by_artist(self):
        rng = np.random.default_rng(0)
        assert split_list(np.arange(4), np.zeros(4, dtype=int), rng, new_artists=True) is None

    def test_kinds(self):
        lists = [np.arange(k, k + 20) for k in (0, 20, 40, 60)]
        artists = np.arange(80)
        assert len(make_cases(lists, artists)) == 4
        assert all(len(own) == 5 for own, _ in make_cases(lists, artists, most_given=5))

    @given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
    def test_every_list_is_in_one_case(self, n_lists, joined, seed):
        lists = [np.arange(20 * k, 20 * k + 20) for k in range(n_lists)]
        artists = np.arange(20 * n_lists)
        cases = make_cases(lists, artists, joined=joined, seed=seed)
        assert len(cases) == max(1, n_lists // joined)
        songs = np.concatenate([part for case in cases for part in case])
        assert sorted(songs.tolist()) == artists.tolist()
        for own, held in cases:
            members = set((np.concatenate([own, held]) // 20).tolist())
            assert len(own) + len(held) == 20 * len(members)
            assert min(joined, n_lists) <= len(members) < 2 * joined

    @given(st.integers(0, 1000))
    def test_auc_is_that_of_another_program(self, seed):
        rng = np.random.default_rng(seed)
        scores = rng.random(40)
        songs = rng.permutation(40)
        own, held = songs[:6], songs[6:15]
        rest = np.setdiff1d(np.arange(40), own)
        expected = roc_auc_score(np.isin(rest, held), scores[rest])
        auc, recall, ndcg = score_case(scores, (own, held))
        assert auc == pytest.approx(expected)
        assert recall == 1  # fewer than a hundred songs are left
        assert 0 <= ndcg <= 1

    def test_a_perfect_ranking(self):
        scores = np.zeros(50)
        scores[:4] = [4, 3, 2, 1]
        assert score_case(scores, (np.array([49]), np.arange(4))) == [1, 1, 1]


class TestArtists:
    def test_a_weight_counts_in_units_of_the_median_artist(self):
        artists = np.array([0, 0, 0, 1, 1, 2, 3])
        sound = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 6.0, 7.0])
        # three songs of the first artist, one of the second and the third each
        none, some = sum_with_artists(sound, np.array([0, 1, 2, 3, 5]), artists, [0.0, 2.0])
        assert none == pytest.approx((sound - 4) / 2)
        own = some - none
        assert own == pytest.approx([4, 4, 4, 2, 2, 2, 0])

    def test_a_sound_that_is_the_same_everywhere_leaves_the_artists(self):
        (summed,) = sum_with_artists(np.ones(4), np.array([0]), np.array([0, 0, 1, 2]), [1.0])
        assert summed.tolist() == [1, 1, 0, 0]

    def test_artists_tell_where_they_are_on_both_sides_alone(self):
        rng = np.random.default_rng(1)
        Z, artists = rng.normal(size=(120, 9)), np.arange(120) // 6
        lists = [rng.permutation(120)[:4][:, None] // 6 * 6 + np.arange(6) for _ in range(12)]
        lists = [np.unique(part) for part in lists]
        shared = make_cases(lists, artists, new_artists=False)
        without, with_ = sweep_artists(gaussian(Z), shared, artists, [0.0, 4.0])[:, :, 0]
        assert (with_ > without + 0.2).mean() > 0.8
        apart = make_cases(lists, artists)
        without, with_ = sweep_artists(gaussian(Z), apart, artists, [0.0, 4.0])[:, :, 0]
        assert np.allclose(without, with_)  # what is given is not ranked


def write_lists(path, n_lists=12):
    """Lists of two sounds, with a column that says which list a song is on."""
    Z = two_clouds(150, seed=4)
    features = 1 / (1 + np.exp(-Z))
    names = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        facts = ("track_id", "track_name", "track_artist", "track_popularity", "playlist_id")
        writer.writerow([*facts, *names, "liveness", "valence", "loudness", "tempo", "duration_ms"])
        for song in range(300):
            row = features[song]
            on = f"list{song % (n_lists // 2) + (n_lists // 2) * (song // 150)}"
            told = (f"{song:022d}", f"Song {song}", f"Artist {song // 2}", song % 100, on)
            sound = (*(row[:5] * 0.6).round(4), *row[5:7].round(4), -20 * row[7], 80 + 80 * row[8])
            writer.writerow([*told, *sound, 200_000])
    return path


def run_check(*arguments):
    parser = argparse.ArgumentParser()
    check.add_parser(parser.add_subparsers())
    options = parser.parse_args(["content_taste", *map(str, arguments)])
    return options.check(options)


class TestCheck:
    def test_the_document(self, tmp_path):
        told = run_check("--songs", write_lists(tmp_path / "songs.csv"))
        assert told["lists"] == 12
        kind = told["kinds"]["new_artists"]
        assert kind["best_on_validation"] not in ("random", "popularity")
        for scores in kind["test"].values():
            low, high = scores["auc"]["interval"]
            assert low <= scores["auc"]["value"] <= high
        assert kind["test"]["gaussian"]["auc"]["value"] > 0.65
        best = kind["test"][kind["best_on_validation"]]["auc"]["value"]
        apart = kind["test"][kind["program"]]["auc"]["value"] - best
        assert kind["program_less_best"]["auc"]["value"] == pytest.approx(apart, abs=2e-4)
        assert abs(kind["test"]["random"]["auc"]["value"] - 0.5) < 0.15
        assert repr(told) == repr(run_check("--songs", tmp_path / "songs.csv"))

    def test_the_programs_weight_is_held_against_the_chosen_one(self, tmp_path):
        told = run_check("--songs", write_lists(tmp_path / "songs.csv"))["artist_weight"]
        for kind in told["kinds"].values():
            assert kind["program"] == WEIGHTS["artist"] / WEIGHTS["sound"]
            best = max(kind["validation"].values())
            assert kind["validation"][f"{kind['chosen']:g}"] == best
            program, chosen = (
                kind["test"][f"{kind[name]:g}"]["auc"]["value"] for name in ("program", "chosen")
            )
            apart = kind["program_less_chosen"]["auc"]["value"]
            assert apart == pytest.approx(program - chosen, abs=2e-4)

    def test_a_table_without_lists(self, tiny_songs):
        with pytest.raises(DataError, match="needs the columns track_id and playlist_id"):
            run_check("--songs", tiny_songs)

    def test_too_few_lists(self, tmp_path):
        with pytest.raises(DataError, match="2 playlists have 20 songs or more"):
            run_check("--songs", write_lists(tmp_path / "songs.csv", n_lists=2))

    def test_real_lists_are_read(self, shared_data):
        path = shared_data / "songs" / "spotify_songs.csv"
        songs = check.read_songs([path]).songs
        lists = check.read_lists(path, songs)
        assert len(lists) > 400
        assert max(part.max() for part in lists) < len(songs)
