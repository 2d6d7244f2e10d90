"""Cutting sentences: normal forms, negation in two languages, clauses and their weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.text.tokens import (
    AFTER_BUT,
    CONCEDED,
    MAX_CHARS,
    WANTED,
    clean_text,
    read_clauses,
    spanish_share,
    word_forms,
)

#: Any code points, lone halves of surrogate pairs and NULs among them.
ANYTHING = st.text(st.characters(), max_size=60)


def denied(text: str) -> list[str]:
    return [token.word for clause in read_clauses(text) for token in clause.tokens if token.negated]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I am not happy at all", "happy"),
        ("I'm not really that happy", "happy"),
        ("i dont feel happy", "happy"),
        ("nothing makes me happy", "happy"),
        ("without joy", "joy"),
        ("no estoy nada contento", "contento"),
        ("Ya no me siento triste", "triste"),
        ("nunca estoy contenta", "contenta"),
        ("ni triste ni enfadado", "enfadado"),
        ("sin miedo", "miedo"),
        ("hoy estoy sin preocupaciones", "preocupaciones"),
        ("por fin un día sin estrés", "estres"),
        ("without worries", "worries"),
        ("I am no longer sad", "sad"),
        ("I'm not sad any more", "sad"),
        ("I don't cry anymore", "cry"),
        ("not bad", "bad"),
        ("it was not a bad day", "bad"),
        ("nada mal", "mal"),
        ("ni tan mal", "mal"),
        ("no está mal", "mal"),
        ("no estuvo nada mal la fiesta", "mal"),
        ("no creo que esté feliz", "feliz"),
        ("no me dejan estar feliz", "feliz"),
        ("no cabe duda, no estoy contento", "contento"),
        ("I can't be happy", "happy"),
        ("I could not feel happy", "happy"),
    ],
)
def test_a_negation_reaches_the_mood_word(text: str, word: str) -> None:
    assert word in denied(text)


@pytest.mark.parametrize(
    "text",
    [
        "never felt better",
        "I have never been so happy",
        "I couldn't be happier",
        "I can't wait to dance",
        "can't stop crying",
        "not only sad",
        "no doubt happy",
        "nunca me he sentido mejor",
        "no podría estar más feliz",
        "no puedo parar de reír",
        "no dejo de llorar",
        "nada mejor que bailar",
        "I couldn't stop laughing",
        "I can not stop crying",
        "I haven't stopped smiling",
        "it never fails to make me happy",
        "I can't help feeling sad",
        "I couldn't help laughing",
        "I can't believe how happy I am",
        "I couldn't be prouder of you",
        "I could not be happier",
        "no podía parar de llorar",
        "no podíamos dejar de reír",
        "no paro de llorar",
        "no paraba de reír",
        "no dejaba de sonreír",
        "no me deja de doler",
        "no quepo en mí de alegría",
        "no cabía en sí de felicidad",
        "no me cabe en el pecho la alegría",
        "no me lo creo",
        "no me lo puedo creer qué feliz soy",
        "no puedo creer lo feliz que estoy",
        "never not happy",
        "not without fear",
        "no sin miedo",
        "not",
    ],
)
def test_a_saying_with_a_negation_denies_nothing(text: str) -> None:
    assert denied(text) == []


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("I'm not angry, I'm sad", "sad"),
        ("not angry. sad", "sad"),
        ("I am not tired but happy", "happy"),
        ("no estoy bien porque estoy triste", "triste"),
        ("you don't know how happy I am", "happy"),
        ("without you I feel sad", "sad"),
    ],
)
def test_a_negation_ends(text: str, free: str) -> None:
    assert free not in denied(text)


def test_drawn_out_letters_are_looked_up_twice_and_once() -> None:
    assert word_forms("Soooo") == ("soo", "so")
    assert word_forms("good") == ("good",)
    assert word_forms("CORAZÓN") == ("corazon",)


def test_emoji_and_emoticons_are_tokens() -> None:
    tokens = [token.word for token in read_clauses("great 😀👍🏽❤️ :) <3 xD")[0].tokens]
    assert tokens == ["great", "😀", "👍", "🏽", "❤", ":)", "<3", "xD"]


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("I am sad, but I want to dance", [1.0, AFTER_BUT * WANTED]),
        ("estoy triste pero quiero bailar", [1.0, AFTER_BUT * WANTED]),
        ("happy although tired", [1.0, CONCEDED]),
        ("estoy feliz aunque llueve", [1.0, CONCEDED]),
        ("something to dance to", [WANTED]),
        ("música para llorar", [WANTED]),
        ("I do not want to dance", [1.0]),
        ("One. Two!", [1.0, 1.0]),
    ],
)
def test_clauses_weigh_by_what_joins_them_and_what_is_wanted(
    text: str, weights: list[float]
) -> None:
    assert [clause.weight for clause in read_clauses(text)] == pytest.approx(weights)


@pytest.mark.parametrize("text", ["", "   ", "\x00\x00", "...", "12 345", "\ud800", "!?¿"])
def test_a_text_without_words_has_no_clause(text: str) -> None:
    assert read_clauses(text) == []


def test_only_the_beginning_of_an_endless_text_is_read() -> None:
    endless = "so happy " * 120_000
    assert len(clean_text(endless)) <= MAX_CHARS
    assert clean_text(" " * 5 * MAX_CHARS + "happy") == "happy"
    cut = clean_text(endless)
    assert [c.text for c in read_clauses(endless)] == [c.text for c in read_clauses(cut)]


def test_halves_of_a_pair_are_joined_and_a_half_alone_is_left_out() -> None:
    assert clean_text("\ud83d\ude00 hi \ud83d") == "😀 hi"


def test_common_words_tell_the_language() -> None:
    assert spanish_share(read_clauses("quiero estar con mi familia")[0].tokens) == 1
    assert spanish_share(read_clauses("i want to be with my family")[0].tokens) == 0
    assert spanish_share(read_clauses("chill")[0].tokens) == 0.5


@given(ANYTHING)
def test_any_text_is_cut(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert clean_text(cleaned) == cleaned
    for clause in read_clauses(text):
        assert clause.tokens
        assert clause.weight > 0
        assert all(token.written in text or not text.isascii() for token in clause.tokens)
