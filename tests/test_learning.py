"""The models: clusters, song moods, the plane and the listeners' moods."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from scripts.evaluation import listener_report
from scripts.evaluation.listener_report import evaluate_listeners
from scripts.learning import listener_mood
from scripts.learning.listener_mood import (
    best_f1_threshold,
    encode_listeners,
    fit_listener_mood,
    fit_platt,
    groups_of,
    inner_folds,
    lines_to_numbers,
    predict_moods,
    survey_features,
)
from scripts.learning.mood_plane import (
    fit_plane,
    place_songs,
    plane_as_softmax,
    plane_logits,
    quadrants_of_places,
    scaling_of,
    standardise,
)
from scripts.learning.song_clusters import (
    N_CLUSTERS_LADDER,
    SAMPLE_SIZE,
    SongClusters,
    assign_clusters,
    choose_centroids,
    fit_centroids,
    fit_song_clusters,
    measure_thresholds,
)
from scripts.learning.song_mood import (
    SongMoodModel,
    fill_quadrants,
    fit_quadrants,
    fit_softmax,
    fit_song_mood,
    model_from_numbers,
    model_to_numbers,
    predict_quadrants,
    quadrants_from_plane,
    score_songs,
)
from scripts.moods.features import CLIP_SD, FEATURES, SPOKEN_SPEECHINESS
from scripts.moods.mood_labels import LEVELS
from scripts.moods.plane import AXES, load_plane
from scripts.moods.vocabulary import LISTENER_MOODS, QUADRANTS, SONG_MOODS, SPOKEN
from scripts.playlists.request import predict_listener
from scripts.tables.listeners import read_listeners
from scripts.tables.songs import read_songs
from scripts.tables.truth import read_truth
from tests.conftest import SAMPLE

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def sample_X() -> Array:  # noqa: N802
    """The sample's songs, in id order."""
    return read_songs([SAMPLE / "songs.csv"]).songs[list(FEATURES)].to_numpy()


@pytest.fixture(scope="module")
def sample_clusters(sample_X) -> SongClusters:
    return fit_song_clusters(sample_X, load_plane())


@pytest.fixture(scope="module")
def sample_model(sample_X, sample_clusters) -> SongMoodModel:
    return fit_song_mood(sample_X, sample_clusters, load_plane())


@pytest.fixture(scope="module")
def tiny_truth(tiny_songs):
    table = read_truth(tiny_songs)
    return table.features[list(FEATURES)].to_numpy(), table.quadrant, table.artist


def blobs(n: int, n_blobs: int, seed: int = 0) -> tuple[Array, NDArray[np.int64]]:
    """Nine-dimensional clouds that do not touch, and which cloud each row is from."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(0, 10, (n_blobs, len(FEATURES)))
    owner = rng.integers(0, n_blobs, n)
    return middles[owner] + rng.normal(0, 0.5, (n, len(FEATURES))), owner


class TestKMeans:
    @pytest.mark.parametrize("chunk", [1, 7, 1000])
    def test_assignment_equals_brute_force(self, chunk):
        rng = np.random.default_rng(3)
        Z, centroids = rng.normal(size=(50, 9)), rng.normal(size=(6, 9))
        distance = ((Z[:, None, :] - centroids[None]) ** 2).sum(axis=2)
        labels, inertia = assign_clusters(Z, centroids, chunk=chunk)
        assert labels.tolist() == distance.argmin(axis=1).tolist()
        assert inertia == pytest.approx(distance.min(axis=1).sum())

    def test_clouds_that_do_not_touch_are_found(self):
        Z, owner = blobs(400, 5)
        labels, _ = assign_clusters(Z, fit_centroids(Z, 5))
        pairs = set(zip(labels.tolist(), owner.tolist(), strict=True))
        assert len(pairs) == 5, "a cluster is a cloud and a cloud is a cluster"

    def test_inertia_is_within_a_thousandth_of_ten_full_restarts(self, sample_X):
        mean, scale = scaling_of(sample_X)
        rng = np.random.default_rng(0)
        # more rows than the sample of the ten starts, so that the finishing passes take part
        rows = rng.integers(0, len(sample_X), 24_000)
        Z = ((sample_X - mean) / scale)[rows] + rng.normal(0, 0.3, (len(rows), len(FEATURES)))
        assert len(Z) > SAMPLE_SIZE
        # ten restarts themselves end .2% apart from seed to seed, so medians are compared
        ours = [assign_clusters(Z, fit_centroids(Z, 12, seed))[1] for seed in range(5)]
        theirs = [KMeans(12, n_init=10, random_state=seed).fit(Z).inertia_ for seed in range(3)]
        assert np.median(ours) <= np.median(theirs) * 1.001

    def test_the_same_songs_give_the_same_bits(self, sample_X):
        first, second = (fit_song_clusters(sample_X.copy(), load_plane()) for _ in range(2))
        assert first.centroids.tobytes() == second.centroids.tobytes()
        assert first.labels.tobytes() == second.labels.tobytes()
        assert first.inertia == second.inertia

    def test_row_order_changes_nothing_once_songs_are_sorted_by_id(self, tmp_path, tiny_songs):
        header, *rows = tiny_songs.read_text(encoding="utf-8").splitlines()
        shuffled = tmp_path / "shuffled.csv"
        order = np.random.default_rng(1).permutation(len(rows))
        shuffled.write_text("\n".join([header, *(rows[i] for i in order)]), encoding="utf-8")
        results = []
        for path in (tiny_songs, shuffled):
            X = read_songs([path]).songs[list(FEATURES)].to_numpy()
            results.append(fit_song_clusters(X, load_plane(), n_clusters=6))
        assert results[0].centroids.tobytes() == results[1].centroids.tobytes()
        assert results[0].labels.tolist() == results[1].labels.tolist()

    def test_no_more_clusters_than_distinct_rows(self):
        Z = np.repeat(np.eye(9)[:3], 4, axis=0)
        centroids = fit_centroids(Z, 12)
        assert len(centroids) == 3
        assert assign_clusters(Z, centroids)[1] == pytest.approx(0, abs=1e-9)

    def test_one_song_alone(self):
        clusters = fit_song_clusters(np.full((1, 9), 0.5), load_plane())
        assert len(clusters.moods) == 1
        assert clusters.labels.tolist() == [0]


class TestChoiceOfClusters:
    """The fewest clusters whose names cover every song mood."""

    @staticmethod
    def names(*n_named: int):
        """Name centroids so that the n-th call covers that many moods."""
        calls = iter(n_named)
        return lambda centroids: list(SONG_MOODS)[: next(calls)]

    def test_the_fewest_that_name_every_mood(self, sample_clusters):
        *before, last = sample_clusters.ladder
        assert [step["n_clusters"] for step in sample_clusters.ladder] == list(
            N_CLUSTERS_LADDER[: len(before) + 1]
        )
        assert all(step["moods_named"] < len(SONG_MOODS) for step in before)
        assert last["moods_named"] == len(SONG_MOODS)
        assert len(sample_clusters.moods) == last["n_clusters"]
        assert set(sample_clusters.moods) == set(SONG_MOODS)

    def test_names_lost_on_all_songs_ask_for_more_clusters(self):
        Z, _ = blobs(400, 4)
        every = len(SONG_MOODS)
        # 24: all on the sample, one lost on all songs; 32: all, and all
        centroids, ladder = choose_centroids(Z, self.names(every, every - 1, every, every))
        assert [step["moods_named"] for step in ladder] == [every - 1, every]
        assert len(centroids) == N_CLUSTERS_LADDER[1]

    def test_the_first_that_names_most_where_none_names_all(self):
        Z, _ = blobs(400, 4)
        centroids, ladder = choose_centroids(Z, self.names(7, 9, 9, 8))
        assert [step["moods_named"] for step in ladder] == [7, 9, 9, 8]
        assert len(centroids) == N_CLUSTERS_LADDER[1]

    def test_a_table_smaller_than_the_ladder(self):
        centroids, ladder = choose_centroids(np.eye(9)[:4], self.names(2))
        assert len(centroids) == 4
        assert ladder == [{"n_clusters": 4, "moods_named": 2}]

    def test_a_given_number_is_not_chosen_anew(self, sample_X):
        clusters = fit_song_clusters(sample_X[:500], load_plane(), n_clusters=5)
        assert len(clusters.moods) == 5
        assert clusters.ladder == []


class TestNaming:
    def test_every_cluster_has_a_mood_of_its_quarter(self, sample_clusters):
        home = quadrants_of_places(sample_clusters.places)
        assert [SONG_MOODS[mood][2] for mood in sample_clusters.moods] == home.tolist()
        assert all(sample_clusters.reasons)

    def test_levels_are_those_of_the_quarters_own_songs(self, sample_X):
        places = place_songs(load_plane(), sample_X)
        at = measure_thresholds(sample_X, places)
        home = quadrants_of_places(places)
        dance = sample_X[home == "happy", FEATURES.index("danceability")]
        for level, (deviations, _) in LEVELS.items():
            expected = dance.mean() + deviations * dance.std()
            assert at["happy"]["danceability"][level] == pytest.approx(expected)
        energy = sample_X[home == "sad", FEATURES.index("energy")]
        low = at["sad"]["energy"]["low"]
        # origin: tables of the normal distribution put a third of it below -.43 deviations
        assert low == pytest.approx(energy.mean() - 0.43 * energy.std())

    def test_a_quarter_without_songs_takes_the_thresholds_of_all(self):
        X, places = np.random.default_rng(0).random((100, 9)), np.full((100, 2), 0.9)
        at = measure_thresholds(X, places)
        assert at["sad"] == at["happy"]


PLANE_NUMBERS = st.lists(st.floats(-3, 3), min_size=9, max_size=9)


class TestPlane:
    @settings(max_examples=50)
    @given(PLANE_NUMBERS, PLANE_NUMBERS, st.floats(-2, 2), st.floats(-2, 2), PLANE_NUMBERS)
    def test_the_softmax_is_the_product_of_the_two_curves(self, v, a, v_bias, a_bias, song):
        plane = {
            "features": list(FEATURES),
            "mean": [0.0] * 9,
            "scale": [1.0] * 9,
            "valence": {"bias": v_bias, "weights": v},
            "arousal": {"bias": a_bias, "weights": a},
        }
        X = np.array([song])
        (p_valence, p_arousal) = place_songs(plane, X)[0]
        product = {
            "happy": p_valence * p_arousal,
            "angry": (1 - p_valence) * p_arousal,
            "sad": (1 - p_valence) * (1 - p_arousal),
            "relaxed": p_valence * (1 - p_arousal),
        }
        probability = np.exp(quadrants_from_plane(plane).log_probability(X)[0])
        assert probability == pytest.approx([product[name] for name in QUADRANTS], abs=1e-12)
        weights, bias = plane_as_softmax(plane)
        assert weights.shape == (4, 9)
        assert bias.shape == (4,)

    def test_hard_targets_fit_as_plain_logistic_regression_does(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(200, 9))
        targets = (X[:, [7, 1]] + rng.normal(0, 0.5, (200, 2)) > 0).astype(float)
        plane = fit_plane(X, targets, reg=0.1)
        scaled = standardise(X, *scaling_of(X))
        for axis, target in zip(AXES, targets.T, strict=True):
            model = LogisticRegression(C=0.1).fit(scaled, target)
            assert plane[axis]["weights"] == pytest.approx(model.coef_[0].tolist(), abs=1e-3)

    def test_soft_targets_come_back_as_places(self):
        X = np.zeros((100, 9))
        X[:50, 0] = 1.0
        targets = np.where(X[:, [0, 0]] == 1, [0.8, 0.3], [0.4, 0.6])
        places = place_songs(fit_plane(X, targets, reg=1e6), X)
        assert places == pytest.approx(targets, abs=1e-3)

    def test_scaling_survives_a_constant_column(self):
        X = np.array([[1.0, 2.0], [1.0, 4.0]])
        mean, scale = scaling_of(X)
        assert mean.tolist() == [1, 3]
        assert scale.tolist() == [1, 1]
        assert standardise(np.array([[1e9, -1e9]]), mean, scale).tolist() == [[CLIP_SD, -CLIP_SD]]

    def test_logits_and_places_agree(self, sample_X):
        places = place_songs(load_plane(), sample_X)
        logits = plane_logits(load_plane(), sample_X)
        assert np.log(places / (1 - places)) == pytest.approx(logits, abs=1e-9)


def all_probabilities(model: SongMoodModel, X: Array) -> tuple[list[str], Array]:
    """P(mood | song) by the definition: quadrant times mood within it."""
    upper = np.exp(model.quadrants.log_probability(X))
    names, columns = [], []
    for i, quadrant in enumerate(model.quadrants.names):
        names += model.moods[quadrant].names
        columns.append(upper[:, [i]] * np.exp(model.moods[quadrant].log_probability(X)))
    return names, np.hstack(columns)


class TestSongMood:
    def test_probabilities_of_all_moods_sum_to_one(self, sample_model, sample_X):
        names, P = all_probabilities(sample_model, sample_X)
        assert set(names) <= set(SONG_MOODS)
        assert len(names) == len(set(names))
        assert P.sum(axis=1) == pytest.approx(np.ones(len(P)))
        assert P.min() >= 0

    def test_a_songs_mood_is_the_best_of_its_best_quadrant(self, sample_model, sample_X):
        names, P = all_probabilities(sample_model, sample_X)
        scores = score_songs(sample_model, sample_X, chunk=1_000)
        quadrant = predict_quadrants(sample_model, sample_X)
        for row in range(0, len(P), 97):
            home = [i for i, name in enumerate(names) if SONG_MOODS[name][2] == quadrant[row]]
            best = max(home, key=lambda i: P[row, i])
            if scores.names[scores.mood[row]] != SPOKEN:
                assert scores.names[scores.mood[row]] == names[best]

    def test_the_margin_is_the_log_odds_against_the_runner_up(self, sample_model, sample_X):
        p = np.sort(np.exp(sample_model.quadrants.log_probability(sample_X)), axis=1)
        scores = score_songs(sample_model, sample_X)
        sung = sample_X[:, FEATURES.index("speechiness")] <= SPOKEN_SPEECHINESS
        assert scores.margin[sung] == pytest.approx(np.log(p[:, -1] / p[:, -2])[sung], abs=1e-9)
        assert scores.margin[sung].min() >= 0

    def test_the_margin_of_the_plane_is_its_less_sure_axis(self, sample_model, sample_X):
        # flipping the axis that is nearer to .5 gives the runner-up
        weaker = np.abs(plane_logits(load_plane(), sample_X)).min(axis=1)
        scores = score_songs(sample_model, sample_X)
        sung = sample_X[:, FEATURES.index("speechiness")] <= SPOKEN_SPEECHINESS
        assert scores.margin[sung] == pytest.approx(weaker[sung], abs=1e-9)

    def test_no_two_different_songs_of_a_mood_tie(self, sample_model, sample_X):
        scores = score_songs(sample_model, sample_X)
        for mood in range(len(scores.names)):
            rows = np.flatnonzero(scores.mood == mood)
            best = rows[np.argsort(-scores.margin[rows])][:100]
            songs = len(np.unique(sample_X[best], axis=0))
            assert len(np.unique(scores.margin[best])) == songs

    def test_margins_still_differ_where_probabilities_round_to_one(self, sample_clusters):
        upper = quadrants_from_plane(load_plane())
        sharp = upper._replace(weights=upper.weights * 500, bias=upper.bias * 500)
        lower = {name: fit_softmax(np.zeros((1, 9)), np.array([name]), reg=1) for name in QUADRANTS}
        songs = np.tile(sharp.mean, (3, 1))
        songs[:, FEATURES.index("energy")] += [0.10, 0.11, 0.12]
        songs[:, FEATURES.index("valence")] += [0.20, 0.21, 0.22]
        scores = score_songs(SongMoodModel(sharp, lower, "plane"), songs)
        assert (1 / (1 + np.exp(-scores.margin))).tolist() == [1, 1, 1]
        assert len(set(scores.margin.tolist())) == 3

    def test_batches_do_not_matter(self, sample_model, sample_X):
        whole = score_songs(sample_model, sample_X[:300])
        parts = score_songs(sample_model, sample_X[:300], chunk=7)
        assert whole.mood.tolist() == parts.mood.tolist()
        assert whole.margin == pytest.approx(parts.margin, rel=1e-12)

    def test_spoken_tracks_have_their_own_label(self, sample_model, sample_X):
        X = sample_X[:3].copy()
        X[:, FEATURES.index("speechiness")] = [SPOKEN_SPEECHINESS, 0.9, 1.0]
        scores = score_songs(sample_model, X)
        moods = [scores.names[mood] for mood in scores.mood]
        assert moods[0] != SPOKEN
        assert moods[1:] == [SPOKEN, SPOKEN]
        assert scores.margin[1] == pytest.approx(np.log(0.9 / 0.1))
        assert np.isfinite(scores.margin).all()

    def test_write_then_read_is_the_identity(self, sample_model, sample_X):
        told = json.loads(json.dumps(model_to_numbers(sample_model)))
        again = model_from_numbers(told)
        assert model_to_numbers(again) == model_to_numbers(sample_model)
        before, after = score_songs(sample_model, sample_X), score_songs(again, sample_X)
        assert before.margin.tobytes() == after.margin.tobytes()
        assert before.mood.tobytes() == after.mood.tobytes()
        assert before.names == after.names

    def test_without_truth_the_upper_level_is_the_plane(self, sample_model, sample_X):
        assert sample_model.learned_from == "plane"
        expected = quadrants_of_places(place_songs(load_plane(), sample_X))
        assert np.mean(predict_quadrants(sample_model, sample_X) == expected) == 1

    def test_with_truth_the_upper_level_learns_from_it(self, sample_X, sample_clusters):
        # labels that contradict the plane: only a model that learns from them can follow
        energy = sample_X[:, FEATURES.index("energy")]
        labels = np.array(["angry", "relaxed", "happy", "sad"], dtype=object)[
            np.digitize(energy, [0.5, 0.7, 0.85])
        ]
        model = fit_song_mood(
            sample_X, sample_clusters, load_plane(), truth=(sample_X[:3000], labels[:3000])
        )
        assert model.learned_from == "truth"
        assert set(model.quadrants.names) == set(model.moods) == set(QUADRANTS)
        assert np.mean(predict_quadrants(model, sample_X) == labels) > 0.9

    def test_songs_of_the_clusters_stand_for_a_quadrant_nobody_labelled(
        self, sample_X, sample_clusters
    ):
        plane = load_plane()
        home = quadrants_of_places(place_songs(plane, sample_X))
        told = np.flatnonzero(home != "angry")[:900]
        truth = (sample_X[told], home[told])
        features, labels = fill_quadrants(truth, sample_X, sample_clusters)
        assert np.array_equal(features[:900], truth[0])
        assert set(labels[900:].tolist()) == {"angry"}
        assert len(labels) == 900 + 300  # as many as the three named ones have on average
        model = fit_song_mood(sample_X, sample_clusters, plane, truth=truth)
        predicted = predict_quadrants(model, sample_X)
        assert np.mean(predicted[home == "angry"] == "angry") > 0.6

    def test_calm_is_stiller_than_relaxed_and_tense_than_angry(self, sample_model, sample_X):
        scores = score_songs(sample_model, sample_X)
        energy = sample_X[:, FEATURES.index("energy")]
        mean = {name: energy[scores.mood == i].mean() for i, name in enumerate(scores.names)}
        assert mean["calm"] < mean["relaxed"]
        assert mean["tense"] < mean["angry"]
        assert mean["happy"] < mean["uplifting"]

    def test_a_quadrant_with_no_cluster_keeps_one_mood(self, sample_X, sample_clusters):
        moods = [m if SONG_MOODS[m][2] != "angry" else "happy" for m in sample_clusters.moods]
        model = fit_song_mood(sample_X, sample_clusters._replace(moods=moods), load_plane())
        assert len(model.moods["angry"].names) == 1
        assert SONG_MOODS[model.moods["angry"].names[0]][2] == "angry"
        _, P = all_probabilities(model, sample_X[:100])
        assert P.sum(axis=1) == pytest.approx(np.ones(100))

    @pytest.mark.parametrize("n_names", [2, 3])
    def test_the_softmax_is_scikit_learns(self, n_names):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(150, 9))
        labels = np.array(["a", "b", "c"])[X[:, :n_names].argmax(axis=1)]
        softmax = fit_softmax(X, labels, reg=0.5)
        scaled = standardise(X, *scaling_of(X))
        model = LogisticRegression(C=0.5, max_iter=1000).fit(scaled, labels)
        assert softmax.names == model.classes_.tolist()
        assert np.exp(softmax.log_probability(X)) == pytest.approx(model.predict_proba(scaled))

    def test_one_name_is_a_certainty(self):
        softmax = fit_softmax(np.zeros((3, 9)), np.array(["sad"] * 3), reg=1)
        assert softmax.log_probability(np.ones((2, 9))).tolist() == [[0], [0]]

    def test_clear_songs_are_learned(self, tiny_truth):
        X, labels, _ = tiny_truth
        model = SongMoodModel(fit_quadrants(X, labels), {}, "truth")
        assert predict_quadrants(model, X).tolist() == labels.tolist()

    def test_a_large_quadrant_is_sampled_by_the_seed(self, monkeypatch, sample_X, sample_clusters):
        monkeypatch.setattr("scripts.learning.song_mood.SAMPLE_SIZE", 300)
        first, again, other = (
            fit_song_mood(sample_X, sample_clusters, load_plane(), seed=seed) for seed in (0, 0, 1)
        )
        assert first.moods["happy"].weights.tobytes() == again.moods["happy"].weights.tobytes()
        assert first.moods["happy"].weights.tobytes() != other.moods["happy"].weights.tobytes()


def survey(n: int, *, seed: int = 0, signal: float = 2.0) -> tuple[Array, NDArray[np.int64]]:
    """Answers and moods: the first four answers lead to the four moods, as far as ``signal``."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n, 20)) < 0.4).astype(float)
    logits = signal * (2 * X[:, :4] - 1) + np.array([0.8, -0.4, -0.7, -1.3])
    return X, (rng.random((n, 4)) < 1 / (1 + np.exp(-logits))).astype(int)


def contents(X: Array) -> set[bytes]:
    """Rows by what they hold, not by where they stand."""
    return {row.tobytes() for row in np.ascontiguousarray(X)}


@pytest.fixture(scope="module")
def copies() -> tuple[Array, NDArray[np.int64]]:
    """Sixty different listeners, most of them several times over, in mixed order."""
    X, Y = survey(60, seed=4)
    rng = np.random.default_rng(4)
    rows = rng.permutation(np.concatenate([np.arange(60), rng.integers(0, 60, 120)]))
    return X[rows], Y[rows]


@pytest.fixture(scope="module")
def spied(copies) -> list[dict[str, Any]]:
    """One record an outer fold: its parts, its inner folds, and the rows of every fit."""
    records: list[dict[str, Any]] = []
    run_fold, fit_line = listener_report._run_fold, listener_mood._fit_line
    try_candidate, sampler = listener_mood._try_candidate, listener_mood.RandomOverSampler

    def spy_on_fold(X, Y, fold, seed):
        train, test = fold
        records.append({"test": contents(X[test]), "fits": [], "inner": [], "drawn": []})
        records[-1] |= {"n_test": len(test), "n_train": len(train)}
        return run_fold(X, Y, fold, seed)

    def spy_on_candidate(X, y, folds, candidate, seed):
        records[-1]["inner"] += [
            (contents(X[train]), contents(X[test]), len(train), len(test)) for train, test in folds
        ]
        records[-1]["held_out"] = [contents(X[test]) for _, test in folds]
        result = try_candidate(X, y, folds, candidate, seed)
        records[-1]["held_out"] = []
        return result

    def spy_on_fit(X, y, candidate, seed):
        held_out = records[-1].get("held_out") or [set()]
        records[-1]["fits"].append((contents(X), held_out[0]))
        records[-1]["held_out"] = held_out[1:]
        return fit_line(X, y, candidate, seed)

    class SpiedSampler(sampler):  # type: ignore[misc, valid-type]
        def fit_resample(self, X, y, **params):
            out = super().fit_resample(X, y, **params)
            records[-1]["drawn"].append((contents(X), contents(out[0]), len(X), len(out[0])))
            return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listener_report, "_run_fold", spy_on_fold)
        patch.setattr(listener_mood, "_try_candidate", spy_on_candidate)
        patch.setattr(listener_mood, "_fit_line", spy_on_fit)
        patch.setattr(listener_mood, "RandomOverSampler", SpiedSampler)
        assert evaluate_listeners(*copies, n_repeats=2) is not None
    return records


class TestNoLeak:
    """No copy of a test row is ever among the rows that a model is fitted on."""

    def test_the_table_holds_copies_that_a_careless_split_would_leak(self, copies):
        X, _ = copies
        assert len(contents(X)) < len(X) / 2
        half = np.arange(len(X)) < len(X) // 2
        assert contents(X[half]) & contents(X[~half])

    def test_no_outer_test_row_is_fitted_on(self, spied):
        assert len(spied) == 10
        for record in spied:
            assert record["test"]
            assert record["fits"]
            for fitted, _ in record["fits"]:
                assert not fitted & record["test"]

    def test_no_outer_test_row_is_over_sampled(self, spied):
        assert sum(len(record["drawn"]) for record in spied) > 0, "over-sampling was tried"
        for record in spied:
            for given_rows, drawn, n_before, n_after in record["drawn"]:
                assert not (given_rows | drawn) & record["test"]
                assert drawn == given_rows, "copies of training rows, and nothing else"
                assert n_after >= n_before

    def test_no_inner_test_row_is_fitted_on(self, spied):
        n_checked = 0
        for record in spied:
            for train, test, *_ in record["inner"]:
                assert not train & test
                assert not (train | test) & record["test"]
            for fitted, held_out in record["fits"]:
                assert not fitted & held_out
                n_checked += bool(held_out)
        assert n_checked == sum(len(record["inner"]) for record in spied)

    def test_every_row_is_tested_once_a_repeat(self, spied, copies):
        for repeat in (spied[:5], spied[5:]):
            assert sum(record["n_test"] for record in repeat) == len(copies[0])
            for record in repeat:
                assert record["n_test"] + record["n_train"] == len(copies[0])

    def test_the_spy_would_see_a_leak(self, copies):
        """The proof itself is tested: over-sampling before the split is caught."""
        X, y = copies[0], copies[1][:, 3]
        X, y = listener_mood.RandomOverSampler(random_state=0).fit_resample(X, y)
        order = np.random.default_rng(0).permutation(len(X))
        train, test = order[len(X) // 5 :], order[: len(X) // 5]
        assert contents(X[train]) & contents(X[test])

    def test_moods_that_have_nothing_to_do_with_the_answers_are_not_predicted(self):
        X, Y = survey(300, seed=11)
        Y = Y[np.random.default_rng(5).permutation(len(Y))]
        report = evaluate_listeners(X, Y, n_repeats=2)
        assert report is not None
        auc = report.metrics["auc"]
        assert auc["model_low"] < 0.5 < auc["model_high"]
        assert report.verdict.startswith("no better than guessing")
        for name, metric in report.metrics.items():
            assert not metric["verdict"].startswith("better"), name

    def test_moods_that_follow_the_answers_are_predicted(self):
        report = evaluate_listeners(*survey(300, seed=11), n_repeats=1)
        assert report is not None
        for name, metric in report.metrics.items():
            assert metric["verdict"].startswith("better than guessing"), name


@pytest.fixture(scope="module")
def fitted():
    X, Y = survey(200)
    return X, Y, fit_listener_mood(X, Y)


class TestListenerMood:
    def test_the_answers_that_matter_carry_the_weight(self, fitted):
        _, _, lines = fitted
        for mood, line in enumerate(lines):
            assert line.weights.argmax() == mood

    def test_probabilities_lie_in_zero_to_one_and_match_the_shares(self, fitted):
        X, Y, lines = fitted
        P = predict_moods(lines, X)
        assert P.min() > 0
        assert P.max() < 1
        assert P.mean(axis=0) == pytest.approx(Y.mean(axis=0), abs=0.05)

    def test_batch_equals_single(self, fitted):
        X, _, lines = fitted
        single = np.vstack([predict_moods(lines, row[None]) for row in X[:10]])
        assert single == pytest.approx(predict_moods(lines, X[:10]), rel=1e-12)

    def test_the_same_table_gives_the_same_bits(self, fitted):
        X, Y, lines = fitted
        for line, again in zip(lines, fit_listener_mood(X, Y), strict=True):
            assert line.weights.tobytes() == again.weights.tobytes()
            assert line[0] == again[0]

    @pytest.mark.parametrize(("value", "share"), [(0, 0.5 / 41), (1, 40.5 / 41)])
    def test_a_constant_mood_is_its_smoothed_share(self, value, share):
        X, _ = survey(40)
        (line,) = fit_listener_mood(X, np.full((40, 1), value))
        assert not line.weights.any()
        assert predict_moods([line], X)[:, 0] == pytest.approx(np.full(40, share))

    def test_a_mood_that_one_listener_has_is_its_smoothed_share(self):
        X, _ = survey(40)
        Y = np.zeros((40, 1), dtype=int)
        Y[7] = 1
        (line,) = fit_listener_mood(X, Y)
        assert predict_moods([line], X)[:, 0] == pytest.approx(np.full(40, 1.5 / 41))

    def test_a_mood_that_two_listeners_have_is_fitted(self):
        X, _ = survey(40)
        Y = np.zeros((40, 1), dtype=int)
        Y[[7, 8]] = 1
        (line,) = fit_listener_mood(X, Y)
        assert line.reg > 0
        assert np.isfinite(line.weights).all()

    def test_copies_of_one_listener_count_as_one(self):
        X, _ = survey(40)
        X[:5] = X[0]
        y = np.zeros(40, dtype=int)
        y[:5] = 1
        assert inner_folds(y, groups_of(X), 0) == []

    def test_groups_are_the_distinct_rows(self):
        X = np.array([[0, 1], [1, 1], [0, 1], [0, 0]])
        groups = groups_of(X)
        assert groups[0] == groups[2]
        assert len(set(groups.tolist())) == 3


class TestCalibration:
    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 1)), min_size=4, max_size=40).filter(
            lambda rows: len({answer for _, answer in rows}) == 2
        )
    )
    def test_the_slope_is_never_negative(self, rows):
        logits, y = np.array(rows).T
        slope, shift = fit_platt(logits, y)
        assert slope >= 0
        assert np.isfinite(shift)

    def test_a_calibrated_line_is_left_alone(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(0, 1.5, 20_000)
        y = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(int)
        assert fit_platt(logits, y) == pytest.approx((1, 0), abs=0.05)

    def test_an_overconfident_line_is_flattened_and_shifted(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(0, 1.5, 20_000)
        y = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(int)
        assert fit_platt(3 * logits + 6, y) == pytest.approx((1 / 3, -2), abs=0.1)

    def test_a_line_that_turns_the_order_round_leaves_the_share(self):
        logits = np.linspace(1, 5, 100)
        y = (np.arange(100) < 20).astype(int)  # those with the lowest logits
        slope, shift = fit_platt(logits, y)
        assert slope == 0
        assert 1 / (1 + np.exp(-shift)) == pytest.approx(0.2, abs=0.02)

    def test_best_f1_threshold_against_trying_them_all(self):
        rng = np.random.default_rng(2)
        p = rng.random(60).round(1)  # with ties
        y = (rng.random(60) < p).astype(int)

        def f1(limit: float) -> float:
            yes = p >= limit
            return 2 * (yes & (y == 1)).sum() / (yes.sum() + y.sum())

        assert f1(best_f1_threshold(p, y)) == pytest.approx(max(f1(limit) for limit in set(p)))


@pytest.fixture(scope="module")
def sample_survey():
    table = read_listeners(SAMPLE / "listeners.csv")
    features = survey_features(table.listeners)
    X = encode_listeners(table.listeners, features)
    return table.listeners, features, X, fit_listener_mood(X, table.moods)


class TestSavedListenerModel:
    def test_the_saved_numbers_predict_as_the_fitted_lines_do(self, sample_survey):
        listeners, features, X, lines = sample_survey
        numbers = json.loads(json.dumps(lines_to_numbers(lines, list(LISTENER_MOODS), features)))
        batch = predict_moods(lines, X)
        for listener, row in zip(listeners, batch, strict=True):
            told = predict_listener(numbers, listener)
            assert list(told) == list(LISTENER_MOODS)
            assert list(told.values()) == pytest.approx(row.tolist(), rel=1e-12)

    def test_a_stranger_with_unknown_answers_gets_the_bias(self, sample_survey):
        _, features, X, lines = sample_survey
        numbers = lines_to_numbers(lines, list(LISTENER_MOODS), features)
        stranger = predict_listener(numbers, {"Age": "two hundred"})
        nothing = predict_moods(lines, np.zeros((1, X.shape[1])))[0]
        assert list(stranger.values()) == pytest.approx(nothing.tolist(), rel=1e-12)

    def test_features_are_answers_that_enough_listeners_gave(self, sample_survey):
        _, features, X, _ = sample_survey
        assert features == sorted(set(features))
        assert X.sum(axis=0).min() >= 5
        assert set(np.unique(X)) == {0.0, 1.0}

    def test_a_small_table_keeps_what_two_share(self):
        people = [{"Age": "20-35"}, {"Age": "20-35"}, {"Age": "60+"}]
        assert survey_features(people) == ["Age=20-35"]
        assert encode_listeners(people, ["Age=20-35"]).tolist() == [[1], [1], [0]]

    def test_no_listener_at_all(self):
        assert survey_features([]) == []
        assert encode_listeners([], ["Age=20-35"]).shape == (0, 1)
