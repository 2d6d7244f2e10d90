"""Scores, intervals, verdicts, folds, reports, the model card and the command of checks."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from scripts import checks, evaluate
from scripts.checks.seen import file_digest
from scripts.errors import DataError, DataWarning, SettingsError
from scripts.evaluation import song_report
from scripts.evaluation.listener_report import (
    evaluate_listeners,
    guess_majority,
    guess_prior,
)
from scripts.evaluation.metrics import (
    LISTENER_METRICS,
    Interval,
    corrected_interval,
    paired_interval,
    score_listeners,
    show,
    verdict,
    wilson_interval,
)
from scripts.evaluation.model_card import write_card
from scripts.evaluation.plane_report import (
    LabelledSongs,
    cross_validate_plane,
    fit_plane_on,
    targets_of,
)
from scripts.evaluation.song_report import (
    FIDELITY_NOTE,
    cross_validate_songs,
    fidelity,
    fixed_cut,
    judge_plane,
    judge_songs,
    naive_clusters,
    pearson_r,
    plane_upper_level,
)
from scripts.evaluation.text_card import text_section
from scripts.learning.fingerprints import (
    MAX_ROWS,
    find_recorded,
    fingerprint_rows,
    record_rows,
)
from scripts.learning.folds import artist_folds, merge_rare, small_group_folds
from scripts.learning.mood_plane import quadrants_of_places
from scripts.learning.song_clusters import fit_song_clusters
from scripts.learning.song_mood import fit_song_mood, quadrants_from_plane, score_songs
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.moods.vocabulary import LISTENER_MOODS, QUADRANTS
from scripts.settings import TrainSettings
from scripts.tables.truth import read_truth
from scripts.text.text_mood import load_numbers
from scripts.training.learned import _song_verdict
from scripts.training.program import train
from tests.conftest import PROJECT, SAMPLE

VALENCE, ENERGY = FEATURES.index("valence"), FEATURES.index("energy")


@pytest.fixture(scope="module")
def tiny_truth(tiny_songs):
    table = read_truth(tiny_songs)
    return table.features[list(FEATURES)].to_numpy(), table.quadrant, table.artist


@pytest.fixture(scope="module")
def tiny_set(tmp_path_factory, tiny_songs) -> Path:
    """A set that learned from forty clear songs and their labels."""
    output = tmp_path_factory.mktemp("tiny_set") / "output"
    train(
        TrainSettings(
            songs=(tiny_songs,),
            listeners=SAMPLE / "listeners.csv",
            truth=tiny_songs,
            output=output,
            plots=False,
            quiet=True,
        )
    )
    return output


def probabilities(n: int, n_moods: int = 4) -> st.SearchStrategy:
    row = st.lists(st.floats(0, 1), min_size=n_moods, max_size=n_moods)
    return st.lists(row, min_size=n, max_size=n).map(np.array)


def answers(n: int, n_moods: int = 4) -> st.SearchStrategy:
    row = st.lists(st.integers(0, 1), min_size=n_moods, max_size=n_moods)
    return st.lists(row, min_size=n, max_size=n).map(np.array)


class TestListenerMetrics:
    def test_against_a_hand_computation(self):
        Y = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
        P = np.array([[0.9, 0.2], [0.6, 0.7], [0.4, 0.8], [0.1, 0.3]])
        # by hand, mood 0: of the four (yes, no) pairs .9>.6 .9>.1 .4>.1 are right: 3/4; mood 1:
        # all right. AP: mood 0 finds its two at ranks 1 and 3: (1 + 2/3)/2; mood 1: 1.
        # Highest probability: moods 0, 1, 1, 1 -> has it: yes, yes, yes, no. Yes from .5:
        # mood 0 says yes to rows 0, 1 (one right of two, one missed): F1 .5; mood 1: 1.
        # Brier: (.01 + .04 + .36 + .09 + .36 + .04 + .01 + .09) / 8.
        scores = score_listeners(Y, P, P >= 0.5)
        assert scores["auc"] == pytest.approx((0.75 + 1) / 2)
        assert scores["mean_ap"] == pytest.approx((5 / 6 + 1) / 2)
        assert scores["top1_hit"] == pytest.approx(3 / 4)
        assert scores["macro_f1"] == pytest.approx(0.75)
        assert scores["brier"] == pytest.approx(1 / 8)

    def test_against_scikit_learn(self):
        rng = np.random.default_rng(0)
        Y, P = rng.integers(0, 2, (80, 4)), rng.random((80, 4))
        scores = score_listeners(Y, P, P > 0.5)
        assert scores["auc"] == pytest.approx(roc_auc_score(Y, P, average="macro"))
        assert scores["mean_ap"] == pytest.approx(average_precision_score(Y, P, average="macro"))
        assert scores["macro_f1"] == pytest.approx(f1_score(Y, P > 0.5, average="macro"))

    @given(answers(7), probabilities(7))
    @pytest.mark.filterwarnings("ignore::scripts.errors.DataWarning")
    def test_every_score_lies_in_zero_to_one_or_is_undefined(self, Y, P):
        for name, score in score_listeners(Y, P, P > 0.5).items():
            assert math.isnan(score) or 0 <= score <= 1, name

    def test_a_mood_nobody_has_is_left_out(self):
        Y, P = np.array([[1, 0], [0, 0]]), np.array([[0.8, 0.4], [0.2, 0.9]])
        scores = score_listeners(Y, P, P > 0.5)
        assert scores["auc"] == scores["mean_ap"] == scores["macro_f1"] == 1

    def test_nothing_defined_is_nan_with_a_warning(self):
        Y, P = np.zeros((3, 2), dtype=int), np.full((3, 2), 0.4)
        with pytest.warns(DataWarning, match="no mood has both answers") as caught:
            scores = score_listeners(Y, P, P > 0.5)
        assert len(caught) == 3
        assert all(math.isnan(scores[name]) for name in ("auc", "mean_ap", "macro_f1"))
        assert scores["top1_hit"] == 0
        assert scores["brier"] == pytest.approx(0.16)

    def test_a_perfect_answer_is_perfect(self):
        Y = np.array([[1, 0], [0, 1]])
        scores = score_listeners(Y, Y.astype(float), Y == 1)
        assert scores == {"auc": 1, "mean_ap": 1, "top1_hit": 1, "macro_f1": 1, "brier": 0}


class TestIntervals:
    def test_corrected_interval_against_the_formula_by_hand(self):
        # by hand: mean .2, variance ((.1)^2 + 0 + (.1)^2) / 2 = .01, k = 3, ratio 1/4:
        # spread sqrt((1/3 + 1/4) * .01) = .0763763; t(.975, 2) = 4.302653 (printed tables)
        interval = corrected_interval(np.array([0.1, 0.2, 0.3]), 1 / 4)
        half = 4.302653 * 0.0763763
        assert interval == pytest.approx((0.2, 0.2 - half, 0.2 + half), abs=1e-5)

    def test_the_correction_widens_the_naive_interval(self):
        gains = np.random.default_rng(0).normal(0.1, 0.02, 10)
        corrected, naive = corrected_interval(gains, 1 / 4), corrected_interval(gains, 0)
        # (1/10 + 1/4) / (1/10) = 3.5
        ratio = (corrected.high - corrected.mean) / (naive.high - naive.mean)
        assert ratio == pytest.approx(math.sqrt(3.5))

    def test_undefined_folds_are_left_out(self):
        with_nan = corrected_interval(np.array([0.1, math.nan, 0.2, 0.3]), 0.25)
        assert with_nan == corrected_interval(np.array([0.1, 0.2, 0.3]), 0.25)

    @pytest.mark.parametrize("gains", [[], [math.nan], [0.3]])
    def test_fewer_than_two_folds_have_no_interval(self, gains):
        interval = corrected_interval(np.array(gains), 0.25)
        assert math.isnan(interval.low)
        assert math.isnan(interval.high)
        assert interval.mean == pytest.approx(0.3) if gains == [0.3] else math.isnan(interval.mean)

    def test_wilson_against_a_published_value(self):
        # Newcombe 1998, table I (doi:10.1002/(SICI)1097-0258(19980430)17:8<857): 81 of 263 by
        # the score method without continuity correction: .2553 to .3662
        interval = wilson_interval(81, 263)
        assert interval.mean == pytest.approx(81 / 263)
        assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)

    @given(st.integers(1, 500), st.data())
    def test_wilson_against_scipy(self, n, data):
        hits = data.draw(st.integers(0, n))
        expected = binomtest(hits, n).proportion_ci(method="wilson")
        interval = wilson_interval(hits, n)
        assert interval[1:] == pytest.approx((expected.low, expected.high), abs=1e-9)
        assert 0 <= interval.low <= interval.mean + 1e-12
        assert interval.mean - 1e-12 <= interval.high <= 1

    def test_wilson_of_nothing_is_undefined(self):
        assert all(math.isnan(value) for value in wilson_interval(0, 0))

    def test_paired_differences_against_a_hand_computation(self):
        # by hand: mean .5, variance 10 * .25 / 9 = .27778, half 1.96 * sqrt(.27778 / 10) = .32666
        interval = paired_interval(np.array([1.0, 0.0] * 5))
        assert interval == pytest.approx((0.5, 0.5 - 0.32666, 0.5 + 0.32666), abs=1e-4)

    @pytest.mark.parametrize("n", [1, 2, 9])
    def test_fewer_than_ten_pairs_have_no_interval(self, n):
        interval = paired_interval(np.ones(n))
        assert interval.mean == 1
        assert math.isnan(interval.low)
        assert math.isnan(interval.high)
        assert verdict(interval, "accuracy").startswith("not tested against guessing")


class TestVerdict:
    @pytest.mark.parametrize(
        ("gain", "text"),
        [
            ((0.25, 0.22, 0.28), "better than guessing by .250 AUC [.220, .280]"),
            ((0.01, -0.02, 0.04), "no better than guessing: AUC gain .010 [-.020, .040]"),
            ((0.01, 0.0, 0.02), "no better than guessing: AUC gain .010 [.000, .020]"),
            ((-0.1, -0.2, -0.05), "worse than guessing: AUC gain -.100 [-.200, -.050]"),
            ((0.3, math.nan, math.nan), "not tested against guessing: too few rows (AUC)"),
        ],
    )
    def test_texts(self, gain, text):
        assert verdict(Interval(*gain), "AUC") == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [(0.0, ".000"), (0.9996, "1.000"), (-1.0, "-1.000"), (10.5, "10.500"), (0.1004, ".100")],
    )
    def test_show(self, value, text):
        assert show(value) == text


class TestGuesses:
    Y = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0]])

    def test_prior_gives_the_shares_and_yes_to_what_anybody_has(self):
        P, yes = guess_prior(self.Y, 2)
        assert P.tolist() == [[0.75, 0.5, 0.0]] * 2
        assert yes.tolist() == [[True, True, False]] * 2

    def test_majority_gives_the_commonest_and_no_other(self):
        P, yes = guess_majority(self.Y, 2)
        assert P.tolist() == [[1, 0, 0]] * 2
        assert yes.tolist() == [[True, False, False]] * 2

    def test_no_constant_answer_has_a_better_f1_than_the_prior(self):
        best = score_listeners(self.Y[:, :2], *(part[:, :2] for part in guess_prior(self.Y, 4)))
        for bits in range(4):
            yes = np.tile([bool(bits & 1), bool(bits & 2)], (4, 1))
            other = score_listeners(self.Y[:, :2], np.full((4, 2), 0.5), yes)
            assert other["macro_f1"] <= best["macro_f1"]


class TestFolds:
    @given(st.data())
    def test_groups_stay_together_and_every_row_is_tested_once(self, data):
        n_groups = data.draw(st.integers(5, 30))
        groups = np.array(
            [*range(n_groups), *data.draw(st.lists(st.integers(0, n_groups - 1), max_size=20))]
        )
        labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=50, max_size=50)))
        labels = labels[: len(groups)]
        folds = small_group_folds(labels, groups, 5, data.draw(st.integers(0, 9)))
        assert len(folds) == 5
        assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(
            range(len(groups))
        )
        for train_rows, test in folds:
            assert not set(groups[train_rows]) & set(groups[test])
            assert sorted([*train_rows, *test]) == list(range(len(groups)))

    def test_labels_are_spread_evenly(self):
        labels = np.repeat([0, 1], [80, 20])
        for _, test in small_group_folds(labels, np.arange(100), 5, 0):
            assert labels[test].sum() == 4

    def test_a_few_rare_labels_join_the_commonest(self):
        labels = np.array([0] * 20 + [1, 2])
        folds = small_group_folds(labels, np.arange(22), 5, 0)
        assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(22))

    def test_the_seed_deals_anew(self):
        labels, groups = np.zeros(40, dtype=int), np.arange(40)
        first, again, other = (small_group_folds(labels, groups, 5, seed) for seed in (0, 0, 1))
        assert first[0][1].tolist() == again[0][1].tolist()
        assert first[0][1].tolist() != other[0][1].tolist()

    def test_merge_rare(self):
        assert merge_rare(np.array([5, 5, 7, 7, 9]), 2).tolist() == [1, 1, 2, 2, 0]

    @pytest.mark.parametrize("seed", range(3))
    def test_an_artist_is_on_one_side_only(self, seed):
        rng = np.random.default_rng(seed)
        artists = rng.integers(0, 40, 200).astype(str)
        labels = np.array(QUADRANTS)[rng.integers(0, 4, 200)]
        folds = artist_folds(labels, artists, 5, seed)
        assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(200))
        for train_rows, test in folds:
            assert not set(artists[train_rows]) & set(artists[test])


def checkerboard(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Songs in the four corners of raw valence and energy; the corner is the answer."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0.4, 0.6, (n, len(FEATURES)))
    corner = np.arange(n) % 4
    X[:, VALENCE] = np.where(np.isin(corner, [0, 3]), 0.85, 0.15) + rng.uniform(-0.1, 0.1, n)
    X[:, ENERGY] = np.where(np.isin(corner, [0, 1]), 0.85, 0.15) + rng.uniform(-0.1, 0.1, n)
    artists = np.array([f"artist {i // 4}" for i in range(n)], dtype=object)
    return X, np.array(QUADRANTS, dtype=object)[corner], artists


class TestSongReport:
    def test_the_fixed_cut_finds_the_corners(self):
        X, labels, _ = checkerboard()
        assert fixed_cut(X).tolist() == labels.tolist()

    def test_the_fixed_cut_counts_the_middle_as_high(self):
        assert fixed_cut(np.full((1, 9), 0.5)).tolist() == ["happy"]

    def test_the_naive_way_cuts_at_the_songs_medians(self):
        X, labels, _ = checkerboard()
        X[:, [i for i in range(len(FEATURES)) if i not in (VALENCE, ENERGY)]] = 0.5
        assert np.mean(naive_clusters(X) == labels) == 1
        # moved into one corner a fixed cut sees one mood, medians still see four
        X[:, [VALENCE, ENERGY]] = 0.6 + X[:, [VALENCE, ENERGY]] / 3
        assert set(fixed_cut(X)) == {"happy"}
        assert np.mean(naive_clusters(X) == labels) == 1

    def test_the_naive_way_with_fewer_songs_than_clusters(self):
        X, labels, _ = checkerboard(4)
        assert naive_clusters(X).tolist() == labels.tolist()

    def test_the_naive_way_does_not_depend_on_the_order_of_the_songs(self):
        rng = np.random.default_rng(0)
        X = np.vstack([rng.random((300, 9)), rng.random((1, 9)).repeat(20, axis=0)])
        told = naive_clusters(X)
        assert set(told) == set(QUADRANTS)
        for _ in range(5):
            order = rng.permutation(len(X))
            assert naive_clusters(X[order]).tolist() == told[order].tolist()

    def test_a_handful_of_songs_is_not_tested(self, tiny_truth):
        X, labels, _ = tiny_truth
        model = plane_upper_level(quadrants_from_plane(load_plane()))
        report = judge_songs(model, X[::5], labels[::5])
        assert report["n"] == 8
        assert report["verdict"] == "not tested against guessing: too few rows (accuracy)"
        assert all(math.isnan(end) for end in report["baselines"]["majority"]["interval"])

    def test_judging_an_obvious_table(self, tiny_truth):
        X, labels, _ = tiny_truth
        report = judge_songs(plane_upper_level(quadrants_from_plane(load_plane())), X, labels)
        assert report["n"] == 40
        assert report["accuracy"] == report["macro_f1"] == 1
        assert report["confusion"]["labels"] == list(QUADRANTS)
        assert report["confusion"]["matrix"] == np.diag([10] * 4).tolist()
        assert report["accuracy_interval"] == pytest.approx(list(wilson_interval(40, 40)[1:]))
        # the commonest of four equal labels is right for a quarter; its F1 there is
        # 2 * 10 / (40 + 10) = .4, and 0 elsewhere
        majority = report["baselines"]["majority"]
        assert (majority["accuracy"], majority["macro_f1"]) == pytest.approx((0.25, 0.1))
        # 30 rows gain 1 and 10 gain 0: mean .75, sd .4385, half-width 1.96 * .4385 / sqrt(40)
        assert majority["gain"] == pytest.approx(0.75)
        assert majority["interval"] == pytest.approx([0.6141, 0.8859], abs=1e-4)
        assert report["verdict"].startswith("better than guessing by .750 accuracy")
        assert set(report["baselines"]) == {"majority", "fixed_cut", "naive_clusters"}

    def test_a_row_of_the_confusion_is_a_true_label(self, tiny_truth):
        X, labels, _ = tiny_truth
        told = np.where(labels == "sad", "angry", labels).astype(object)
        report = judge_songs(plane_upper_level(quadrants_from_plane(load_plane())), X, told)
        row, column = QUADRANTS.index("angry"), QUADRANTS.index("sad")
        assert report["confusion"]["matrix"][row][column] == 10
        assert report["accuracy"] == pytest.approx(0.75)

    def test_cross_validation_of_an_obvious_table(self):
        report = cross_validate_songs(*checkerboard(), n_repeats=2)
        assert report is not None
        assert report["accuracy"] == report["macro_f1"] == 1
        assert report["n_folds"] == 10
        assert report["best_guess"] == "fixed_cut"
        assert report["baselines"]["majority"]["gain"] == pytest.approx(
            1 - report["baselines"]["majority"]["accuracy"]
        )
        assert report["verdict"].startswith("better than guessing by .750 accuracy")
        # the cut is right as well, and the verdict must not hide it
        assert report["verdict"].endswith(
            "; beside a cut of raw valence and energy at .5: .000 [.000, .000]"
        )

    def test_cross_validation_beats_guesses_that_cannot_see_the_answer(self):
        X, labels, artists = checkerboard()
        X = X[:, ::-1].copy()  # the answer now hides in two other features
        report = cross_validate_songs(X, labels, artists, n_repeats=1)
        assert report is not None
        assert report["accuracy"] == 1
        rival = report["baselines"][report["best_guess"]]
        assert rival["accuracy"] == max(way["accuracy"] for way in report["baselines"].values())
        assert report["gain"] == rival["gain"] == pytest.approx(1 - rival["accuracy"])
        assert report["interval"][0] > 0
        assert report["verdict"].startswith("better than guessing by")

    def test_labels_that_follow_only_the_artist_are_not_learned(self):
        rng = np.random.default_rng(0)
        voice = rng.normal(size=(60, 9))  # each artist has a sound of its own and one mood
        owner = np.repeat(np.arange(60), 5)
        labels = np.array(QUADRANTS, dtype=object)[rng.integers(0, 4, 60)][owner]
        X = voice[owner] + rng.normal(0, 0.01, (300, 9))
        artists = np.array([f"artist {i}" for i in owner], dtype=object)
        report = cross_validate_songs(X, labels, artists, n_repeats=2)
        assert report is not None
        assert not report["verdict"].startswith("better")

    def test_no_artist_is_fitted_and_tested(self, monkeypatch):
        X, labels, artists = checkerboard()
        by_row = {row.tobytes(): artist for row, artist in zip(X, artists, strict=True)}
        fitted: list[set[str]] = []
        fit, answer = song_report.fit_quadrants, song_report.predict_quadrants

        def spy_fit(X, quadrants):
            fitted.append({by_row[row.tobytes()] for row in X})
            return fit(X, quadrants)

        def spy_answer(model, X):
            assert not fitted[-1] & {by_row[row.tobytes()] for row in X}
            return answer(model, X)

        monkeypatch.setattr(song_report, "fit_quadrants", spy_fit)
        monkeypatch.setattr(song_report, "predict_quadrants", spy_answer)
        report = cross_validate_songs(X, labels, artists, n_repeats=1)
        assert report is not None
        assert len(fitted) == 5
        assert None not in report["predicted"], "every song was predicted once"

    def test_too_few_artists_are_not_split(self):
        X, labels, artists = checkerboard()
        artists[labels == "sad"] = "one singer"
        assert cross_validate_songs(X, labels, artists) is None

    def test_fidelity_counts_agreement_and_says_what_it_is_worth(self, tiny_truth):
        X, _, _ = tiny_truth
        clusters = fit_song_clusters(X, load_plane(), n_clusters=4)
        scores = score_songs(fit_song_mood(X, clusters, load_plane()), X)
        report = fidelity(scores, clusters)
        by_cluster = [clusters.moods[label] for label in clusters.labels]
        by_model = [scores.names[mood] for mood in scores.mood]
        agree = np.mean([a == b for a, b in zip(by_cluster, by_model, strict=True)])
        assert report["fidelity_to_the_clusters"] == pytest.approx(agree)
        assert np.sum(report["confusion"]["matrix"]) == 40
        assert report["note"] == FIDELITY_NOTE
        assert "says nothing about mood" in report["note"]


class TestPlaneReport:
    def test_r_and_r2_against_a_hand_computation(self):
        # by hand: deviations (-1, 0, 1) and (-1, 1, 0): covariance 1, variances 2 and 2
        assert pearson_r(np.array([1.0, 2, 3]), np.array([1.0, 3, 2])) == pytest.approx(0.5)
        assert math.isnan(pearson_r(np.ones(3), np.array([1.0, 2, 3])))

    def test_judging_ratings_that_are_the_raw_features(self):
        X = np.random.default_rng(0).random((80, 9))
        report = judge_plane(load_plane(), X, 9 * X[:, VALENCE] - 3, 1 - X[:, ENERGY])
        assert report["n"] == 80
        for axis, r in (("valence", 1), ("arousal", -1)):
            raw = report[axis]["raw"]
            assert (raw["pearson_r"], raw["r2"]) == pytest.approx((r, 1))
        for axis in ("valence", "arousal"):
            told = report[axis]["calibrated"]
            assert told["r2"] == pytest.approx(told["pearson_r"] ** 2)

    def test_targets_of_moods_and_ratings(self):
        X, names = np.zeros((2, 9)), np.array(["a", "b"], dtype=object)
        moods = np.array(["angry", "relaxed"], dtype=object)
        assert targets_of(LabelledSongs("m", X, names, moods, None)).tolist() == [[0, 1], [1, 0]]
        # by hand: each axis from its mean, (1, 2), in its standard deviations, (2, 1)
        ratings = np.array([[-1.0, 1], [3, 3]])
        targets = targets_of(LabelledSongs("r", X, names, None, ratings))
        expected = 1 / (1 + np.exp(-np.array([[-1, -1], [1, 1]])))
        assert targets == pytest.approx(expected)

    def test_cross_validation_of_a_table_of_moods_and_one_of_ratings(self):
        X, labels, artists = checkerboard()
        ratings = 8 * X[:, [VALENCE, ENERGY]] + 1
        tables = [
            LabelledSongs("moods", X, artists, labels, None),
            LabelledSongs("ratings", X, artists, None, ratings),
        ]
        moods, rated = cross_validate_plane(tables, n_repeats=1)
        assert moods == {"source": "moods", "n": 200, "accuracy": 1, "fixed_cut_accuracy": 1}
        assert rated["valence_r"] > 0.9
        assert rated["arousal_r"] > 0.9
        assert rated["raw_valence_r"] == pytest.approx(1)

    def test_the_plane_is_judged_on_artists_it_was_not_fitted_on(self):
        X, _, artists = checkerboard()
        rng = np.random.default_rng(0)
        labels = np.array(QUADRANTS, dtype=object)[rng.integers(0, 4, len(X))]
        (report,) = cross_validate_plane([LabelledSongs("noise", X, artists, labels, None)])
        fitted = fit_plane_on(
            [LabelledSongs("noise", X, artists, labels, None)], [np.arange(len(X))]
        )
        from scripts.learning.mood_plane import place_songs

        in_sample = np.mean(quadrants_of_places(place_songs(fitted, X)) == labels)
        assert report["accuracy"] < in_sample
        assert report["accuracy"] == pytest.approx(0.25, abs=0.1)


class TestListenerReport:
    def test_fewer_than_25_different_listeners_are_not_tested(self):
        X = np.repeat(np.eye(24), 3, axis=0)
        assert evaluate_listeners(X, np.ones((72, 4), dtype=int)) is None

    def test_every_figure_stands_beside_its_guesses(self, sample_set):
        metrics = json.loads((sample_set / "metrics.json").read_text(encoding="utf-8"))
        told = metrics["listener_mood"]["metrics"]
        assert set(told) == set(LISTENER_METRICS)
        for name, (_, more_is_better) in LISTENER_METRICS.items():
            m = told[name]
            best = max if more_is_better else min
            rival = best(m["prior"], m["majority"])
            assert m[m["best_guess"]] == rival
            sign = 1 if more_is_better else -1
            assert m["gain"] == pytest.approx(sign * (m["model"] - rival), abs=1e-9)
            assert m["low"] <= m["gain"] <= m["high"]
            assert all(0 <= m[way] <= 1 for way in ("model", "prior", "majority"))

    def test_an_undefined_mood_everywhere_is_nan_and_said(self):
        X = np.eye(30)
        with pytest.warns(DataWarning, match="no mood has both answers"):
            report = evaluate_listeners(X, np.ones((30, 4), dtype=int), n_repeats=1)
        assert report is not None
        assert math.isnan(report.metrics["auc"]["model"])
        assert report.verdict.startswith("not tested against guessing")

    def test_out_of_fold_probabilities_are_probabilities(self):
        rng = np.random.default_rng(0)
        X = (rng.random((60, 12)) < 0.5).astype(float)
        report = evaluate_listeners(X, (rng.random((60, 4)) < 0.4).astype(int), n_repeats=3)
        assert report is not None
        assert report.n_folds == 15
        assert report.probability.min() >= 0
        assert report.probability.max() <= 1


class TestModelCard:
    @pytest.fixture
    def metrics(self, sample_set) -> dict[str, Any]:
        return json.loads((sample_set / "metrics.json").read_text(encoding="utf-8"))

    def test_the_sample_says_that_its_listeners_mean_nothing(self, sample_set, metrics):
        card = (sample_set / "MODEL_CARD.md").read_text(encoding="utf-8")
        assert "These listeners are synthetic" in card
        assert "means nothing" in card
        assert card == write_card(metrics, ["songs.csv", "listeners.csv"])

    def test_verdicts_and_baselines_are_in_the_card(self, metrics):
        card = write_card(metrics, ["a.csv"])
        assert f"**Verdict: {metrics['listener_mood']['verdict']}.**" in card
        assert f"**Verdict: {metrics['song_mood']['verdict']}.**" in card
        assert "| | model | prior | majority | gain | 95% interval |" in card
        for name, (text, _) in LISTENER_METRICS.items():
            assert f"| {text}" in card
            assert show(metrics["listener_mood"]["metrics"][name]["prior"]) in card
        assert FIDELITY_NOTE in card
        assert "Read: a.csv." in card
        assert metrics["run"] in card

    def test_labelled_songs_put_every_baseline_beside_the_model(self, tiny_set):
        card = (tiny_set / "MODEL_CARD.md").read_text(encoding="utf-8")
        assert "learned from the labelled songs" in card
        for line in (
            "| this model | 1.000 | 1.000 |",
            "| always the commonest | ",
            "| raw valence and energy cut at .5 | 1.000",
            "| the naive way: 12 clusters cut at the medians | ",
        ):
            assert line in card

    def test_every_mood_is_told_and_every_stand_in_named(self, metrics):
        moods = [
            {"mood": "party", "n_songs": 3, "n_playable": 2, "stand_in": "energetic;happy"},
            {"mood": "sad", "n_songs": 1234, "n_playable": 1000, "stand_in": None},
            {"mood": "spoken", "n_songs": 1, "n_playable": 1, "stand_in": None},
        ]
        card = write_card(metrics | {"moods": moods}, [])
        assert "- *party* has 2 playable songs here" in card
        assert "*energetic, happy* stands in." in card
        assert "| sad | sad | else | 1,234 |  |" in card
        assert "| spoken | none | speechiness above .66 | 1 |  |" in card

    def test_real_listeners_are_not_called_synthetic(self, metrics):
        part = metrics["listener_mood"] | {"synthetic": False, "verdict": "better"}
        assert "synthetic" not in write_card(metrics | {"listener_mood": part}, [])

    def test_an_untested_model_has_no_figures(self, metrics):
        part = metrics["listener_mood"] | {"metrics": None, "verdict": "not tested: too few"}
        card = write_card(metrics | {"listener_mood": part}, [])
        assert "**Verdict: not tested: too few.**" in card
        assert "| | model | prior |" not in card

    def test_a_score_that_is_not_defined_is_said_to_be(self, metrics):
        told = json.loads(json.dumps(metrics))
        told["listener_mood"]["metrics"]["auc"]["low"] = None
        assert "[not defined, " in write_card(told, [])

    def test_what_was_dropped_is_counted(self, metrics):
        part = metrics["songs"] | {"dropped": {"zero tempo": 1234}}
        assert "dropped: 1,234 zero tempo" in write_card(metrics | {"songs": part}, [])

    def test_the_limits_are_told(self, metrics):
        card = write_card(metrics, [])
        assert "## Limits" in card
        assert "weak one for pleasantness" in card


class TestSongVerdict:
    def test_without_truth_the_planes_own_figures_are_named(self):
        entry = {
            "source": "decade_10.csv",
            "rows": 1234,
            "cross_validated": {"accuracy": 0.6, "fixed_cut_accuracy": 0.5},
        }
        rated = {"source": "ratings.csv", "rows": 9, "cross_validated": {"valence_r": 0.4}}
        assert _song_verdict({"origin": [entry, rated]}, False, None) == (
            "not tested on your songs (no --truth); elsewhere .600 of the quadrants right on "
            "the 1,234 songs of decade_10.csv (a cut at .5: .500)"
        )

    def test_too_few_artists(self):
        assert _song_verdict(load_plane(), True, None).startswith("not tested: a mood of the")


FEATURE_ROWS = st.lists(
    st.lists(st.integers(-60_000, 250_000), min_size=9, max_size=9), min_size=1, max_size=20
).map(lambda rows: np.array(rows) / 1000)


class TestFingerprints:
    @given(FEATURE_ROWS, st.data())
    def test_any_part_in_any_order_is_recognised(self, X, data):
        rows = data.draw(st.permutations(range(len(X))))
        part = X[rows[: data.draw(st.integers(1, len(X)))]]
        assert find_recorded(part, record_rows(X)).all()

    @given(FEATURE_ROWS)
    def test_order_and_repetition_do_not_change_the_record(self, X):
        assert record_rows(np.vstack([X[::-1], X])) == record_rows(X)

    def test_a_thousandth_makes_another_song(self):
        rng = np.random.default_rng(0)
        X = rng.random((200, 9))
        for column in range(9):
            moved = X.copy()
            moved[:, column] += 0.001
            assert not find_recorded(moved, record_rows(X)).any()

    def test_a_copy_in_single_precision_is_recognised(self):
        # .0345 and its like lie halfway between two thousandths
        X = (np.arange(9 * 900).reshape(900, 9) % 1000 * 10 + 5) / 10_000
        assert not np.array_equal(X.astype(np.float32).astype(float), X)
        assert find_recorded(X.astype(np.float32).astype(float), record_rows(X)).all()

    def test_minus_zero_is_zero(self):
        assert fingerprint_rows(np.full((1, 9), -0.0)) == fingerprint_rows(np.zeros((1, 9)))

    def test_golden(self):
        # own output (regression): records that were kept must be understood by later versions
        X = np.array([[0.5, 0.25, -7.5, 0.0345, 0.1, 0, 0.2, 0.9, 120.123]])
        assert fingerprint_rows(X) == ["b2947abd78"]

    def test_an_empty_record_holds_nothing(self):
        assert find_recorded(np.zeros((3, 9)), "").tolist() == [False] * 3

    def test_the_longest_record_leaves_room_for_the_models(self):
        X = np.arange(9 * MAX_ROWS, dtype=float).reshape(MAX_ROWS, 9)
        record = record_rows(X)
        assert record is not None
        assert len(record) == 200_000, "no two of 20,000 rows are taken for one"
        assert record_rows(np.vstack([X, X[:1]])) is None


def run_check(monkeypatch, capsys, *argv: object) -> dict[str, Any]:
    """Run one check in this process and read its document."""
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, argv)])
    assert evaluate.main() == 0
    return json.loads(capsys.readouterr().out)


class TestEvaluateCommand:
    def test_songs_on_the_very_file_that_was_learned_from(
        self, monkeypatch, capsys, tiny_set, tiny_songs
    ):
        report = run_check(
            monkeypatch, capsys, "songs", "--truth", tiny_songs, "--output", tiny_set
        )
        assert report["n"] == 40
        assert report["accuracy"] == 1
        assert report["in_sample"] is True
        assert "flatter" in report["note"]
        assert report["cross_validated"]["n_folds"] == 30
        assert "predicted" not in report["cross_validated"]
        assert set(report["baselines"]) == {"majority", "fixed_cut", "naive_clusters"}

    def test_songs_on_another_file(self, monkeypatch, capsys, sample_set, tiny_songs):
        report = run_check(
            monkeypatch, capsys, "songs", "--truth", tiny_songs, "--output", sample_set
        )
        assert report["in_sample"] is False
        assert report["n_seen_in_training"] == 0
        assert not {"note", "cross_validated", "unseen"} & set(report)
        assert report["accuracy"] == 1
        assert report["rows_dropped"] == {}
        assert report["run"] == json.loads((sample_set / "metrics.json").read_text())["run"]

    def test_the_models_own_figures_come_before_the_planes(
        self, monkeypatch, capsys, tiny_set, tiny_songs
    ):
        digest = file_digest(tiny_songs)
        entry = {"source": "a.csv", "sha256": digest, "cross_validated": {"accuracy": 0.123}}
        plane = load_plane() | {"origin": [entry]}
        monkeypatch.setattr(checks.songs, "load_plane", lambda: plane)
        report = run_check(
            monkeypatch, capsys, "songs", "--truth", tiny_songs, "--output", tiny_set
        )
        assert report["cross_validated"]["accuracy"] == 1

    def test_songs_the_plane_was_fitted_on_are_in_sample(
        self, monkeypatch, capsys, sample_set, tiny_songs
    ):
        digest = file_digest(tiny_songs)
        entry = {"source": "a.csv", "sha256": digest, "cross_validated": {"accuracy": 0.123}}
        plane = load_plane() | {"origin": [entry]}
        monkeypatch.setattr(checks.songs, "load_plane", lambda: plane)
        report = run_check(
            monkeypatch, capsys, "songs", "--truth", tiny_songs, "--output", sample_set
        )
        assert report["in_sample"] is True
        assert report["n_seen_in_training"] == 40
        assert report["cross_validated"] == {"accuracy": 0.123}
        assert report["note"] == (
            "the model's numbers were fitted on all of these songs: the scores below flatter it; "
            "the cross-validated ones, of a.csv, do not"
        )

    @pytest.fixture
    def judge(self, monkeypatch, capsys) -> Callable[[Path, Path], dict[str, Any]]:
        return lambda truth, output: run_check(
            monkeypatch, capsys, "songs", "--truth", truth, "--output", output
        )

    @pytest.fixture
    def rewrite(self, tmp_path, tiny_songs) -> Callable[[Callable[[list[dict]], list[dict]]], Path]:
        """Write a changed copy of the labelled songs, other bytes in any case."""

        def write(change: Callable[[list[dict]], list[dict]]) -> Path:
            with tiny_songs.open(encoding="utf-8", newline="") as file:
                rows = change(list(csv.DictReader(file)))
            path = tmp_path / "copy.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL)
                writer.writeheader()
                writer.writerows(rows)
            assert file_digest(path) != file_digest(tiny_songs)
            return path

        return write

    @pytest.mark.parametrize(
        ("change", "n"),
        [
            (lambda rows: rows, 40),
            (lambda rows: rows[::-1], 40),
            (lambda rows: rows[::2], 20),
            (lambda rows: [{**row, "id": f"other {i}"} for i, row in enumerate(rows)], 40),
            (lambda rows: [{**row, "tempo": f"{float(row['tempo']):.6f}"} for row in rows], 40),
        ],
        ids=["saved anew", "shuffled", "halved", "other ids", "other digits"],
    )
    def test_a_changed_copy_hides_no_leak(self, judge, tiny_set, rewrite, change, n):
        path = rewrite(change)
        report = judge(path, tiny_set)
        assert report["n"] == report["n_seen_in_training"] == n
        assert report["in_sample"] is True
        assert report["cross_validated"]["n_folds"] == 30
        assert "fitted on all of these songs" in report["note"]
        assert "unseen" not in report

    @staticmethod
    def mix(every: int) -> Callable[[list[dict]], list[dict]]:
        """Keep every so many songs; the others get another tempo and a wrong mood."""
        wrong = {"happy": "sad", "sad": "happy", "angry": "relaxed", "relaxed": "angry"}

        def change(rows: list[dict]) -> list[dict]:
            return [
                row
                if i % 4 < every
                else {
                    **row,
                    "tempo": f"{float(row['tempo']) + 1:.3f}",
                    "mood": wrong[row["mood"]],
                }
                for i, row in enumerate(rows)
            ]

        return change

    def test_songs_mostly_seen(self, judge, tiny_set, rewrite):
        path = rewrite(self.mix(3))
        report = judge(path, tiny_set)
        assert report["in_sample"] is True
        assert (report["n"], report["n_seen_in_training"]) == (40, 30)
        assert report["accuracy"] == 0.75
        assert report["unseen"] == {"n": 10, "accuracy": 0, "macro_f1": 0}
        assert report["cross_validated"]["accuracy"] == 1
        assert "fitted on 30 of these 40 songs" in report["note"]
        assert "the unseen songs are scored by themselves" in report["note"]

    def test_songs_partly_seen(self, judge, tiny_set, rewrite):
        path = rewrite(self.mix(2))
        report = judge(path, tiny_set)
        assert (report["in_sample"], report["n_seen_in_training"]) == (True, 20)
        assert report["unseen"]["n"] == 20
        assert "cross_validated" not in report, "half is no majority"
        assert "cross-validated" not in report["note"]

    def test_rows_of_the_plane_count_without_labels_only(
        self, monkeypatch, judge, tiny_set, sample_set, tiny_songs
    ):
        X = read_truth(tiny_songs).features[list(FEATURES)].to_numpy()
        entry = {
            "source": "a.csv",
            "sha256": "0" * 64,
            "rows_fitted": record_rows(X[:25]),
            "cross_validated": {"accuracy": 0.123},
        }
        monkeypatch.setattr(checks.songs, "load_plane", lambda: load_plane() | {"origin": [entry]})
        report = judge(tiny_songs, sample_set)
        assert report["n_seen_in_training"] == 25
        assert report["cross_validated"] == {"accuracy": 0.123}
        assert report["unseen"] == {"n": 15, "accuracy": 1, "macro_f1": 1}
        # a set with labelled songs of its own answers without the plane
        report = judge(tiny_songs, tiny_set)
        assert report["n_seen_in_training"] == 40
        assert report["cross_validated"]["accuracy"] == 1

    def test_a_table_without_its_rows_is_said_not_to_be_compared(
        self, monkeypatch, judge, sample_set, tiny_songs
    ):
        entry = {"source": "big.csv", "sha256": "0" * 64, "rows_fitted": None}
        monkeypatch.setattr(checks.songs, "load_plane", lambda: load_plane() | {"origin": [entry]})
        report = judge(tiny_songs, sample_set)
        assert (report["in_sample"], report["n_seen_in_training"]) == (False, 0)
        assert report["note"] == "not compared, since their rows are not recorded: big.csv"

    def test_ratings_are_judged_by_what_the_plane_has_seen(
        self, monkeypatch, judge, tiny_set, rewrite, tiny_truth
    ):
        path = rewrite(
            lambda rows: [
                {**row, "valence_mean": row["valence"], "arousal_mean": row["energy"]}
                for row in rows
            ]
        )
        entry = {
            "source": "a.csv",
            "sha256": "0" * 64,
            "rows_fitted": record_rows(tiny_truth[0][::4]),
            "cross_validated": {"valence_r": 0.123},
        }
        monkeypatch.setattr(checks.songs, "load_plane", lambda: load_plane() | {"origin": [entry]})
        report = judge(path, tiny_set)
        assert report["n_seen_in_training"] == 40, "the quadrants were learned from them all"
        assert "unseen" not in report
        assert report["plane"]["n_seen_in_training"] == 10
        assert report["plane"]["in_sample"] is True
        assert report["plane"]["unseen"]["n"] == 30
        assert report["plane"]["unseen"]["valence"]["raw"]["pearson_r"] == pytest.approx(1)

    def test_songs_with_ratings(self, monkeypatch, capsys, tmp_path, sample_set, tiny_songs):
        header, *rows = tiny_songs.read_text(encoding="utf-8").splitlines()
        at = header.split(",")
        table = [f"{header.replace(',mood,', ',tag,')},valence_mean,arousal_mean"]
        for row in rows:
            cells = row.split(",")
            table.append(
                f"{row},{cells[at.index('valence')]},{100 * float(cells[at.index('energy')])}"
            )
        path = tmp_path / "rated.csv"
        path.write_text("\n".join(table), encoding="utf-8")
        report = run_check(monkeypatch, capsys, "songs", "--truth", path, "--output", sample_set)
        assert "accuracy" not in report
        assert (report["in_sample"], report["n_seen_in_training"]) == (False, 0)
        assert report["plane"]["valence"]["raw"]["pearson_r"] == pytest.approx(1)
        assert report["plane"]["arousal"]["raw"]["r2"] == pytest.approx(1)
        assert 0 < report["plane"]["valence"]["calibrated"]["pearson_r"] <= 1

    def test_listeners(self, monkeypatch, capsys):
        path = SAMPLE / "listeners.csv"
        report = run_check(monkeypatch, capsys, "listeners", "--listeners", path, "--repeats", 1)
        assert report["note"] == "synthetic listeners: these figures mean nothing"
        assert report["n_folds"] == 5
        assert report["verdict"] == report["metrics"]["auc"]["verdict"]

    def test_too_few_listeners(self, monkeypatch, capsys, tmp_path):
        header, *rows = (SAMPLE / "listeners.csv").read_text(encoding="utf-8").splitlines()
        path = tmp_path / "few.csv"
        path.write_text("\n".join([header, *rows[:10]]), encoding="utf-8")
        report = run_check(monkeypatch, capsys, "listeners", "--listeners", path)
        assert report["verdict"] == "not tested: fewer than 25 different listeners"
        assert "metrics" not in report

    @pytest.fixture
    def ratings(self, tmp_path) -> Path:
        lines = ["artist_name,track_name,valence,arousal"]
        for n in range(10):
            for mood, place in (("Happy", "1.5,1.2"), ("Sad", "-1.1,-0.9")):
                lines.append(
                    f"{mood.lower()} artist {'abcde'[n // 2]},{mood} Song Number {n + 1},{place}"
                )
        lines += ["Nobody,Nothing,0.1,0.1", "Happy Artist A,,1,1"]
        path = tmp_path / "ratings.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def test_plane_from_moods_and_ratings(self, monkeypatch, capsys, tmp_path, tiny_songs, ratings):
        kept = tmp_path / "plane.json"
        monkeypatch.setattr(checks.plane, "PLANE_FILE", kept)
        argv = ("plane", "--truth", tiny_songs, "--ratings", ratings, "--songs", tiny_songs)
        document = run_check(monkeypatch, capsys, *argv)
        assert not kept.exists(), "kept only when asked"
        assert document == run_check(monkeypatch, capsys, *argv, "--write")
        assert load_plane(kept) == document
        moods, rated = document["origin"]
        assert moods["source"] == tiny_songs.name
        assert moods["sha256"] == file_digest(tiny_songs)
        assert moods["cross_validated"] == {"accuracy": 1, "fixed_cut_accuracy": 1}
        X = read_truth(tiny_songs).features[list(FEATURES)].to_numpy()
        assert moods["rows_fitted"] == record_rows(X)
        assert find_recorded(X, rated["rows_fitted"]).sum() == 20
        assert rated["rows"] == 20
        assert rated["cross_validated"]["valence_r"] > 0.9

    def test_an_artist_has_one_name_in_both_kinds_of_tables(self, tiny_songs, ratings):
        table = checks.plane.join_ratings(ratings, [tiny_songs])
        assert set(table.artist) < set(read_truth(tiny_songs).artist)

    def test_ratings_that_join_nothing(self, tmp_path, tiny_songs):
        path = tmp_path / "none.csv"
        path.write_text("artist_name,track_name,valence,arousal\nA,B,0,1\n", encoding="utf-8")
        with pytest.raises(DataError, match="no song of it is in"):
            checks.plane.join_ratings(path, [tiny_songs])

    def test_ratings_without_their_columns(self, tmp_path, tiny_songs):
        path = tmp_path / "odd.csv"
        path.write_text("artist_name,track_name,joy\nA,B,0\n", encoding="utf-8")
        with pytest.raises(DataError, match=r"needs the columns .*'valence'.*, has .*'joy'"):
            checks.plane.join_ratings(path, [tiny_songs])

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (["plane"], "give labelled songs with --truth FILE"),
            (["plane", "--ratings", "r.csv"], "name the song tables"),
        ],
    )
    def test_a_plane_of_nothing_is_refused(self, monkeypatch, argv, message):
        monkeypatch.setattr(sys, "argv", ["evaluate", *argv])
        with pytest.raises(SettingsError, match=message):
            evaluate.main()

    def test_ratings_alone_refit_the_plane(self, monkeypatch, capsys, tmp_path, tiny_songs):
        header, *rows = tiny_songs.read_text(encoding="utf-8").splitlines()
        at = header.split(",")
        table = [f"{header.replace(',mood,', ',tag,')},valence_mean,arousal_mean"]
        for row in rows:
            cells = row.split(",")
            table.append(f"{row},{cells[at.index('valence')]},{cells[at.index('energy')]}")
        path = tmp_path / "rated.csv"
        path.write_text("\n".join(table), encoding="utf-8")
        (origin,) = run_check(monkeypatch, capsys, "plane", "--truth", path)["origin"]
        assert origin["rows"] == 40
        assert origin["cross_validated"]["raw_valence_r"] == pytest.approx(1)
        assert origin["cross_validated"]["arousal_r"] > 0.8

    def test_as_a_command(self, tiny_set, tiny_songs):
        command = [sys.executable, "-m", "scripts.evaluate", "songs"]
        done = subprocess.run(
            [*command, "--truth", str(tiny_songs), "--output", str(tiny_set)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout)["accuracy"] == 1

    def test_a_mistake_ends_in_one_line(self, tmp_path, tiny_songs):
        command = [sys.executable, "-m", "scripts.evaluate", "songs"]
        done = subprocess.run(
            [*command, "--truth", str(tiny_songs), "--output", str(tmp_path / "nothing")],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 4
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1

    def test_listener_moods_in_the_document_are_the_vocabularys(self, sample_set):
        run = json.loads((sample_set / "metrics.json").read_text())["run"]
        model = json.loads((sample_set / "models" / run / "listener_mood.json").read_text())
        assert list(model["moods"]) == list(LISTENER_MOODS)


def test_the_card_tells_how_well_sentences_are_read():
    facts = load_numbers()["facts"]
    section = "\n".join(text_section(facts))
    for name in ("tweets, full", "tweets, words"):
        assert show(facts[name]["accuracy"]) in section
    assert section.count("\n| ") == 5, "a heading and four rows"
