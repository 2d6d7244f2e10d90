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
    to_normal_scores,
)

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
        joined = make_cases(lists, artists, joined=3)
        assert max(len(own) + len(held) for own, held in joined) > 20

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
        assert abs(kind["test"]["random"]["auc"]["value"] - 0.5) < 0.15
        assert repr(told) == repr(run_check("--songs", tmp_path / "songs.csv"))

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
