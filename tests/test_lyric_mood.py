"""The lyric half and its fusion with the sound."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import ModelError
from scripts.learning.folds import artist_folds
from scripts.learning.lyric_mood import (
    MIN_SONGS,
    LyricMood,
    audio_log_probability,
    can_learn,
    fit_fusion,
    fit_lyric_mood,
    fuse,
    learn_lyric_mood,
    load_lyric_mood,
    lyric_log_probability,
    lyric_mood_from_numbers,
    lyric_mood_to_numbers,
    quadrant_codes,
)
from scripts.learning.song_mood import Softmax, SongMoodModel, fit_quadrants
from scripts.moods.lyric_mood import load_lyric_numbers
from scripts.moods.vocabulary import QUADRANTS

PLEASANT = {"happy": 1, "angry": -1, "sad": -1, "relaxed": 1}
STIRRED = {"happy": 1, "angry": 1, "sad": -1, "relaxed": -1}
PLAIN = LyricMood(np.zeros((4, 3)), np.zeros(4), 1.0, 1.0, 1.0, 0)


def some_songs(n=320, seed=0, size=16):
    """Songs whose sound tells how stirred they are and whose words how pleasant, with noise."""
    rng = np.random.default_rng(seed)
    names = np.array(QUADRANTS, dtype=object)[rng.integers(0, 4, n)]
    X = rng.normal(size=(n, 9))
    X[:, 1] += 2 * np.array([STIRRED[name] for name in names])
    vectors = rng.normal(size=(n, size))
    vectors[:, 0] += 3 * np.array([PLEASANT[name] for name in names])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    artists = np.array([f"artist {i}" for i in rng.integers(0, n // 3, n)], dtype=object)
    return X, vectors, names, artists


def log_probabilities(n, seed=0, sharpness=1.0):
    logits = sharpness * np.random.default_rng(seed).normal(size=(n, 4))
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


class TestFuse:
    @given(seed=st.integers(0, 99), a=st.floats(0, 5), b=st.floats(0, 5), trust=st.floats(0, 1))
    def test_gives_probabilities(self, seed, a, b, trust):
        model = PLAIN._replace(audio_weight=a, lyric_weight=b)
        audio, lyric = log_probabilities(5, seed), log_probabilities(5, seed + 1, 9.0)
        fused = fuse(audio, lyric, np.full(5, trust), model)
        assert np.exp(fused).sum(axis=1) == pytest.approx(np.ones(5))

    @given(seed=st.integers(0, 99), a=st.floats(0, 5), b=st.floats(0, 5))
    def test_without_trust_the_sound_decides_alone(self, seed, a, b):
        model = PLAIN._replace(audio_weight=a, lyric_weight=b)
        audio = log_probabilities(6, seed)
        fused = fuse(audio, log_probabilities(6, seed + 1, 9.0), np.zeros(6), model)
        assert fused == pytest.approx(audio)

    def test_weights_of_one_are_the_product(self):
        audio = np.log([[0.4, 0.3, 0.2, 0.1]])
        lyric = np.log([[0.1, 0.2, 0.3, 0.4]])
        product = np.array([0.04, 0.06, 0.06, 0.04])
        expected = product / product.sum()
        assert np.exp(fuse(audio, lyric, [1.0], PLAIN))[0] == pytest.approx(expected)

    @given(seed=st.integers(0, 50))
    def test_more_trust_moves_a_song_towards_its_words(self, seed):
        audio, lyric = log_probabilities(1, seed), log_probabilities(1, seed + 1)
        said = int(lyric[0].argmax())
        steps = [fuse(audio, lyric, [t], PLAIN)[0, said] for t in (0.0, 0.3, 0.7, 1.0)]
        assert steps == sorted(steps)


class TestFitFusion:
    def test_words_that_mean_nothing_get_no_weight(self):
        rng = np.random.default_rng(1)
        codes = rng.integers(0, 4, 600)
        logits = rng.normal(size=(600, 4))
        logits[np.arange(600), codes] += 2
        audio = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        names = np.array(QUADRANTS, dtype=object)[codes]
        model, _ = fit_fusion(PLAIN, audio, log_probabilities(600, 2), names)
        assert model.lyric_weight < 0.15
        assert model.audio_weight > 0.8

    def test_a_half_that_is_too_sure_is_toned_down(self):
        rng = np.random.default_rng(3)
        logits = 2 * rng.normal(size=(2_000, 4))
        lyric = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        # labels drawn from these very probabilities: they are calibrated
        drawn = np.exp(lyric).cumsum(axis=1) > rng.random((2_000, 1))
        names = np.array(QUADRANTS, dtype=object)[drawn.argmax(axis=1)]
        flat = np.full_like(lyric, np.log(0.25))
        honest, _ = fit_fusion(PLAIN, flat, lyric, names)
        boastful, _ = fit_fusion(PLAIN, flat, 4 * lyric, names)
        assert honest.lyric_weight == pytest.approx(1.0, abs=0.1)
        assert boastful.lyric_weight == pytest.approx(honest.lyric_weight / 4, abs=0.03)

    def test_no_better_weights_are_near(self):
        X, _, names, _ = some_songs()
        audio, lyric = log_probabilities(len(X), 5), log_probabilities(len(X), 6)
        model, loss = fit_fusion(PLAIN, audio, lyric, names)
        codes = quadrant_codes(names)
        for name in ("audio_weight", "lyric_weight"):
            for step in (-0.05, 0.05):
                near = model._replace(**{name: max(0.0, getattr(model, name) + step)})
                logp = fuse(audio, lyric, np.ones(len(X)), near)
                assert -logp[np.arange(len(X)), codes].mean() >= loss - 1e-6


class TestLyricHalf:
    def test_rows_without_trust_teach_nothing(self):
        X, vectors, names, _ = some_songs()
        wrong = np.array(QUADRANTS, dtype=object)[(quadrant_codes(names) + 2) % 4]
        both = fit_lyric_mood(
            np.vstack([vectors, vectors]),
            np.concatenate([names, wrong]),
            trust=np.repeat([1.0, 0.0], len(X)),
        )
        alone = fit_lyric_mood(vectors, names)
        assert both.weights == pytest.approx(alone.weights, abs=0.002)

    def test_answers_are_probabilities(self):
        X, vectors, names, _ = some_songs()
        logp = lyric_log_probability(fit_lyric_mood(vectors, names), vectors)
        assert np.exp(logp).sum(axis=1) == pytest.approx(np.ones(len(X)))

    def test_a_quadrant_the_sound_does_not_know_is_never_the_answer(self):
        upper = Softmax(["angry", "sad"], np.zeros((2, 9)), np.zeros(2), np.zeros(9), np.ones(9))
        logp = audio_log_probability(SongMoodModel(upper, {}, "truth"), np.zeros((1, 9)))
        share = dict(zip(QUADRANTS, np.exp(logp[0]), strict=True))
        assert share["angry"] == pytest.approx(0.5)
        assert share["happy"] < 1e-9


class TestLearn:
    def test_the_two_halves_together_know_more_than_each(self):
        X, vectors, names, artists = some_songs(600)
        right = {"audio": [], "lyric": [], "both": []}
        for train, test in artist_folds(names, artists, 3, 0):
            model = learn_lyric_mood(X[train], vectors[train], names[train], artists[train])
            sound = SongMoodModel(fit_quadrants(X[train], names[train]), {}, "truth")
            audio = audio_log_probability(sound, X[test])
            lyric = lyric_log_probability(model, vectors[test])
            both = fuse(audio, lyric, np.ones(len(test)), model)
            for way, logp in (("audio", audio), ("lyric", lyric), ("both", both)):
                right[way].extend(logp.argmax(axis=1) == quadrant_codes(names[test]))
        share = {way: np.mean(values) for way, values in right.items()}
        assert share["both"] > max(share["audio"], share["lyric"]) + 0.2

    def test_the_same_songs_give_the_same_numbers(self):
        once, twice = (lyric_mood_to_numbers(learn_lyric_mood(*some_songs())) for _ in range(2))
        assert json.dumps(once) == json.dumps(twice)

    def test_too_few_songs_are_left_alone(self):
        X, vectors, names, artists = some_songs(MIN_SONGS - 1)
        assert learn_lyric_mood(X, vectors, names, artists) is None

    def test_too_few_artists_are_left_alone(self):
        X, vectors, names, artists = some_songs()
        one = np.where(names == "sad", "one singer", artists).astype(object)
        assert can_learn(names, artists)
        assert not can_learn(names, one)
        assert learn_lyric_mood(X, vectors, names, one) is None

    def test_a_missing_quadrant_is_too_few(self):
        _, _, names, artists = some_songs()
        assert not can_learn(np.where(names == "sad", "angry", names).astype(object), artists)


class TestNumbers:
    def test_written_and_read_is_the_same(self):
        model = learn_lyric_mood(*some_songs())
        numbers = json.loads(json.dumps(lyric_mood_to_numbers(model)))
        again = lyric_mood_from_numbers(numbers)
        assert np.array_equal(again.weights, model.weights)
        assert np.array_equal(again.bias, model.bias)
        assert again[2:] == model[2:]

    @pytest.mark.parametrize(
        "harm",
        [
            {"weights": [[0.0], [0.0]]},
            {"weights": [["a"], [0.0], [0.0], [0.0]]},
            {"bias": [0.0]},
            {"quadrants": ["happy", "sad"]},
            {"reg": None},
        ],
    )
    def test_other_numbers_are_refused(self, harm):
        numbers = lyric_mood_to_numbers(fit_lyric_mood(*some_songs()[1:3])) | harm
        with pytest.raises(ModelError, match="lyric half cannot be read"):
            lyric_mood_from_numbers(numbers)

    def test_a_missing_number_is_refused(self):
        with pytest.raises(ModelError, match="bias"):
            lyric_mood_from_numbers({"quadrants": list(QUADRANTS), "weights": [[0.0]] * 4})


class TestShippedNumbers:
    def test_they_read_vectors_of_the_encoders_size(self):
        model = load_lyric_mood()
        assert model.weights.shape == (4, 512)
        assert model.lyric_weight > 0
        assert model.n_songs >= MIN_SONGS

    def test_their_origin_is_told_with_its_rows_and_scores(self):
        for entry in load_lyric_numbers()["origin"]:
            assert entry["rows"] == load_lyric_mood().n_songs
            assert len(entry["sha256"]) == 64
            assert len(entry["rows_fitted"]) >= 10
            assert "gain" in entry["cross_validated"]["ways"]["audio + lyrics (product)"]

    def test_they_hold_numbers_and_common_words_alone(self):
        shares = load_lyric_numbers()["trust"]["word_shares"]
        assert all(word.isalnum() and 0 < share < 1 for word, share in shares.items())

    def test_a_missing_or_broken_file_says_how_to_refit(self, tmp_path):
        with pytest.raises(ModelError, match="refit it with"):
            load_lyric_numbers(tmp_path / "lyric_mood.json")
        broken = tmp_path / "broken.json"
        broken.write_text('{"weights": []}', encoding="utf-8")
        with pytest.raises(ModelError, match="without trust, encoder, origin"):
            load_lyric_numbers(broken)
