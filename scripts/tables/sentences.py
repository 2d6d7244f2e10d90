"""Read the labelled sentences that the text model is fitted on.

Conventions
-----------
A row's label leaves some emotions open (``allowed``): a coarse label such as the *joy* of a tweet
may be calm or hope. Rows of one ``block`` resemble each other (neighbours in a file, forms of one
word) and are never on both sides of a split.

Sources
-------
``situations``, ``events``, ``everyday`` and ``words`` are our own and ship with the project
(``situations.tsv``, ``events.tsv``, ``everyday.tsv`` and ``mood_words.tsv`` in ``scripts/text``;
the first three by different hands). ``tweets``: the set "emotion" (Saravia et al. 2018,
doi:10.18653/v1/D18-1404). ``comments``: GoEmotions (Demszky et al. 2020,
doi:10.18653/v1/2020.acl-main.372). The last two do not ship.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.errors import DataError
from scripts.moods.emotions import EMOTIONS, NEUTRAL
from scripts.text.tokens import word_forms

TEXT_FOLDER = Path(__file__).parents[1] / "text"

#: How many neighbours of a file make a block.
BLOCK = 8

#: Label of our own sentences -> the emotions it leaves open (others: itself alone).
_OWN: dict[str, tuple[str, ...]] = {
    "energy": ("energy", "festivity"),
    "sadness": ("sadness", "gloom"),
    "joy": ("joy", "hope", "festivity"),
}

#: Label of a tweet -> the emotions it leaves open.
_TWEETS: dict[str, tuple[str, ...]] = {
    "anger": ("anger", "disgust"),
    "fear": ("fear", "tension"),
    "joy": ("joy", "hope", "energy", "festivity", "calm", "contentment"),
    "love": ("love", "melancholy"),
    "sadness": ("sadness", "shame", "melancholy", "gloom"),
    "surprise": ("surprise",),
}

#: Label of a comment -> the emotions it leaves open.
_COMMENTS: dict[str, tuple[str, ...]] = {
    "admiration": ("joy", "love", "hope"),
    "amusement": ("joy", "festivity"),
    "anger": ("anger",),
    "annoyance": ("anger",),
    "approval": ("joy", "hope", "contentment", NEUTRAL),
    "caring": ("love",),
    "confusion": ("surprise", NEUTRAL),
    "curiosity": ("surprise", NEUTRAL),
    "desire": ("love", "hope"),
    "disappointment": ("sadness",),
    "disapproval": ("anger", "disgust"),
    "disgust": ("disgust",),
    "embarrassment": ("shame",),
    "excitement": ("joy", "energy", "festivity"),
    "fear": ("fear",),
    "gratitude": ("joy", "love", "hope", "contentment"),
    "grief": ("sadness", "gloom"),
    "joy": ("joy",),
    "love": ("love",),
    "nervousness": ("fear", "tension"),
    NEUTRAL: (NEUTRAL,),
    "optimism": ("hope",),
    "pride": ("joy", "hope"),
    "realization": ("surprise", NEUTRAL),
    "relief": ("joy", "calm", "contentment"),
    "remorse": ("shame",),
    "sadness": ("sadness", "melancholy", "gloom"),
    "surprise": ("surprise",),
}

#: Emotion -> (what its denied word leaves open, the word said instead in English and Spanish).
_DENIED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "anger": (("calm", "contentment"), "calm", "tranquilo"),
    "disgust": (("contentment", NEUTRAL), "fine", "bien"),
    "fear": (("calm", "hope"), "calm", "tranquilo"),
    "joy": (("sadness", "gloom"), "sad", "triste"),
    "love": (("sadness", "gloom"), "unloved", "triste"),
    "hope": (("gloom", "sadness"), "hopeless", "desesperado"),
    "energy": (("sadness", "gloom", "calm"), "tired", "cansado"),
    "sadness": (("joy", "contentment"), "happy", "feliz"),
    "tension": (("calm", "contentment"), "calm", "tranquilo"),
    "gloom": (("hope", "contentment", "joy"), "fine", "bien"),
    "melancholy": (("joy", "contentment"), "cheerful", "alegre"),
    "calm": (("tension", "anger"), "tense", "nervioso"),
    "contentment": (("tension", "sadness"), "tense", "agobiado"),
    "shame": (("hope", "contentment"), "proud", "orgulloso"),
}

#: Judgements that name no emotion -> what is said instead where they are denied.
_JUDGEMENTS: dict[str, str] = {
    "bad": "good",
    "awful": "fine",
    "terrible": "fine",
    "boring": "fun",
    "tired": "awake",
    "hope": "hopeless",
    "worries": "calm",
    "malo": "bueno",
    "mala": "buena",
    "horrible": "bien",
    "aburrido": "divertido",
    "aburrida": "divertida",
    "preocupacion": "tranquilo",
    "preocupaciones": "tranquilo",
}

_FORMS = {
    "en": ("{}", "i feel {}", "i am so {} today"),
    "es": ("{}", "me siento {}", "estoy {}", "hoy muy {}"),
    "emoji": ("{}", "{}{}"),
}
_DENYING = {"en": ("not {}", "i am not {} at all"), "es": ("no estoy {}", "no me siento nada {}")}


class Sentence(NamedTuple):
    """One labelled text."""

    text: str
    label: str
    labels: tuple[str, ...]  # every label of the source
    allowed: tuple[str, ...]  # emotions
    source: str
    language: str
    kind: str  # situation, state, word, tweet or comment
    block: str


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a UTF-8 text file") from error


def _table(name: str) -> Iterator[list[str]]:
    lines = _lines(TEXT_FOLDER / f"{name}.tsv")
    n_columns = lines[0].count("\t") + 1
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if line and (len(cells) != n_columns or cells[0] not in EMOTIONS):
            raise DataError(
                f"{name}.tsv, line {number}: {line!r}; a row is {lines[0]!r}, "
                f"with an emotion of {', '.join(EMOTIONS)}"
            )
        if line:
            yield cells


def read_own(name: str) -> list[Sentence]:
    """Read our own sentences: ``situations``, ``events`` or ``everyday``."""
    counts: dict[tuple[str, ...], int] = {}
    rows = []
    for emotion, language, kind, text in _table(name):
        group = (emotion, language, kind)
        counts[group] = counts.get(group, 0) + 1
        block = f"{name} {' '.join(group)} {(counts[group] - 1) // BLOCK}"
        # the labels of "events" are as fine as the emotions themselves
        allowed = (emotion,) if name == "events" else _OWN.get(emotion, (emotion,))
        rows.append(Sentence(text, emotion, (emotion,), allowed, name, language, kind, block))
    return rows


def read_words() -> list[Sentence]:
    """Make sentences of the mood words: told, and denied."""
    rows = []
    for emotion, language, words in _table("mood_words"):
        for word in words.split(", "):
            told: tuple[str, ...] = (emotion,)
            forms = [(form, told) for form in _FORMS[language]]
            if emotion in _DENIED:
                forms += [(form, _DENIED[emotion][0]) for form in _DENYING.get(language, ())]
            for form, allowed in forms:
                text = form.replace("{}", word)
                rows.append(Sentence(text, emotion, (), allowed, "words", language, "word", word))
    return rows


def read_opposites() -> dict[str, str]:
    """List the words that are said otherwise when they are denied: normal form -> words."""
    found: dict[str, str] = {}
    for emotion, language, words in _table("mood_words"):
        if emotion in _DENIED and language != "emoji":
            _, english, spanish = _DENIED[emotion]
            instead = english if language == "en" else spanish
            for word in words.split(", "):
                found.setdefault(word_forms(word)[0], instead)
    single = {word: instead for word, instead in found.items() if " " not in word}
    return {**_JUDGEMENTS, **single}


def read_tweets(path: Path) -> list[Sentence]:
    """Read a file of "emotion": ``text;label`` under one header line."""
    rows = []
    for number, line in enumerate(_lines(path)[1:], 2):
        text, _, label = line.rpartition(";")
        if line and label not in _TWEETS:
            raise DataError(f"{path}, line {number}: {label!r} is none of {', '.join(_TWEETS)}")
        if line:
            allowed = _TWEETS[label]
            rows.append(
                Sentence(text, label, (label,), allowed, "tweets", "en", "tweet", f"t{number}")
            )
    return rows


def read_comments(path: Path) -> list[Sentence]:
    """Read a file of GoEmotions: text, label numbers, id; ``labels.txt`` lies beside it."""
    names = [line for line in _lines(path.with_name("labels.txt")) if line]
    rows = []
    for number, line in enumerate(_lines(path), 1):
        if not line:
            continue
        try:
            text, numbers, _ = line.split("\t")
            labels = tuple(names[int(at)] for at in numbers.split(","))
            allowed = tuple(sorted({name for label in labels for name in _COMMENTS[label]}))
        except (ValueError, LookupError) as error:
            raise DataError(
                f"{path}, line {number}: {line[:60]!r} is not text, label numbers and id ({error})"
            ) from error
        rows.append(
            Sentence(text, labels[0], labels, allowed, "comments", "en", "comment", f"c{number}")
        )
    return rows
