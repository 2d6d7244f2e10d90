"""Read a text: which moods it asks for, which words decided, and how sure that is.

Conventions
-----------
Probabilities lie in [0, 1]; a place is (valence, energy) in [0, 1]. ``confidence`` is the
calibrated probability that the leading quarter of the plane is right. The reading *abstains*, and
says why, where a text holds no words, too few words that the model knows, or a confidence below a
limit that was chosen on held-out texts; it names the nearest moods all the same.

Method
------
The whole text and each of its clauses are read, all embedded in one call. The answer is the mean
of the whole and of the clauses, which count by their weight (:mod:`scripts.text.tokens`): later
ones after *but* and what is wanted count more. Only the first 2,000 characters and of these the
first eight clauses are read. The words that decided are those that the layer on words weighs most
for or against the leading mood; what an embedding adds cannot be shared out among words.
"""

from __future__ import annotations

import math

from scripts.moods.emotions import EMOTIONS, MOODS_OF, NEUTRAL, PLACES
from scripts.moods.vocabulary import QUADRANTS, SONG_MOODS
from scripts.text.particles import COMMON
from scripts.text.text_mood import TextMood
from scripts.text.tokens import Clause, clean_text, read_clauses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.text.tokens import Token

#: How many clauses of a text are read by themselves.
MAX_CLAUSES = 8

#: How many of the words that decided are named, and the least weight of one.
MAX_WORDS, LEAST_WEIGHT = 6, 0.25

N_NEAREST = 3
MAX_PARTS = 3

#: A part must have so much of the request; what has less is left out.
LEAST_SHARE = 0.15

#: A text must have so large a share of words that the model knows.
LEAST_KNOWN = 0.4


class Reading:
    """What a text says.

    Attributes
    ----------
    text : str
        As it was given.
    moods : dict of str to float
        Song mood -> probability; they sum to 1.
    point : (valence, energy)
    words : list of (written, what it says, weight)
        The words that decided, strongest first; a weight below 0 speaks against the leading mood.
    parts : list of (share, mood)
        One to three moods to ask for; the shares sum to 1.
    emotions : dict of str to float
        Emotion -> probability; they sum to 1.
    confidence : float
    abstained : bool
    reason : str
        Why it abstained, or nothing.
    nearest : list of (mood, probability)
        The three likeliest moods.
    model : str
        ``"full"``, or ``"words"`` where no sentence was embedded.
    """

    __slots__ = (
        "abstained",
        "confidence",
        "emotions",
        "model",
        "moods",
        "nearest",
        "parts",
        "point",
        "reason",
        "text",
        "words",
    )

    text: str
    moods: dict[str, float]
    point: tuple[float, float]
    words: list[tuple[str, str, float]]
    parts: list[tuple[float, str]]
    emotions: dict[str, float]
    confidence: float
    abstained: bool
    reason: str
    nearest: list[tuple[str, float]]
    model: str


def read_text(text: str, model: TextMood) -> Reading:
    """Read one text; any unicode gives a reading."""
    return read_texts([text], model)[0]


def read_texts(texts: Sequence[str], model: TextMood) -> list[Reading]:
    """Read texts; each as :func:`read_text` would, all embedded in one call."""
    units = [_units_of(text, model) for text in texts]
    wanted = [unit.text for group in units for unit in group]
    vectors: Sequence[list[float] | None] = model.vector_columns(wanted) or [None] * len(wanted)
    readings, at = [], 0
    for text, group in zip(texts, units, strict=True):
        rows = [
            _emotions_of(unit.tokens, vector, model)
            for unit, vector in zip(group, vectors[at : at + len(group)], strict=True)
        ]
        readings.append(_conclude(text, group, rows, model))
        at += len(group)
    return readings


def _units_of(text: str, model: TextMood) -> list[Clause]:
    """List what is read by itself: the whole text, then its clauses if there are several."""
    clauses = read_clauses(text)
    said = [Clause(model.statement(part), part.tokens, part.weight) for part in clauses]
    if len(said) <= 1:
        return said
    changed = any(a.text != b.text for a, b in zip(clauses, said, strict=True))
    whole = " ".join(part.text for part in said) if changed else clean_text(text)
    tokens = [token for clause in clauses for token in clause.tokens]
    return [Clause(whole, tokens, 1.0), *said[:MAX_CLAUSES]]


def _emotions_of(
    tokens: Sequence[Token], vectors: list[float] | None, model: TextMood
) -> list[float]:
    words = model.word_logits(model.word_terms(tokens))
    return [math.exp(value) for value in model.pooled(tokens, words, vectors)]


def _conclude(
    text: str, units: Sequence[Clause], rows: Sequence[list[float]], model: TextMood
) -> Reading:
    """Put together what was read of the whole (first) and of the clauses."""
    reading = Reading()
    reading.text = text
    reading.model = "words" if model.lesser else "full"
    emotions = _join(units, rows)
    reading.emotions = dict(zip(EMOTIONS, emotions, strict=True))
    reading.moods = moods_of(reading.emotions)
    reading.nearest = sorted(reading.moods.items(), key=lambda item: -item[1])[:N_NEAREST]
    reading.point = _point_of(reading.emotions)
    leading = leading_mood(reading.moods)
    reading.parts = _parts_of(units[1:], rows[1:]) or [(1.0, leading)]
    reading.words = _deciding(units[0].tokens if units else [], leading, model)
    reading.confidence = _confidence(reading, model) if units else 0.0
    reading.reason = _why_not(units, reading, model)
    reading.abstained = bool(reading.reason)
    return reading


def _join(units: Sequence[Clause], rows: Sequence[list[float]]) -> list[float]:
    """Mix the whole with its clauses, half and half; with nothing read, all are as likely."""
    if not rows:
        return [1 / len(EMOTIONS)] * len(EMOTIONS)
    if len(rows) == 1:
        return rows[0]
    total = sum(unit.weight for unit in units[1:])
    return [
        p / 2
        + sum(unit.weight * row[k] for unit, row in zip(units[1:], rows[1:], strict=True))
        / (2 * total)
        for k, p in enumerate(rows[0])
    ]


def moods_of(emotions: Mapping[str, float]) -> dict[str, float]:
    """Share emotions out among the song moods: probabilities that sum to 1.

    >>> moods_of({"calm": 0.2, "gloom": 0.2, "neutral": 0.6})["calm"]
    0.5
    """
    moods = dict.fromkeys(SONG_MOODS, 0.0)
    for emotion, p in emotions.items():
        for mood, share in MOODS_OF[emotion].items():
            moods[mood] += p * share
    total = sum(moods.values())
    if total <= 0:
        return dict.fromkeys(SONG_MOODS, 1 / len(SONG_MOODS))
    return {mood: p / total for mood, p in moods.items()}


def quadrants_of_moods(moods: Mapping[str, float]) -> dict[str, float]:
    """Add up the song moods of each quarter of the plane."""
    return {
        name: sum(p for mood, p in moods.items() if SONG_MOODS[mood][2] == name)
        for name in QUADRANTS
    }


def leading_mood(moods: Mapping[str, float]) -> str:
    """Name the likeliest mood of the likeliest quarter."""
    quadrants = quadrants_of_moods(moods)
    best = max(QUADRANTS, key=lambda name: quadrants[name])
    inside = [mood for mood in SONG_MOODS if SONG_MOODS[mood][2] == best]
    return max(inside, key=lambda mood: moods[mood])


def _point_of(emotions: Mapping[str, float]) -> tuple[float, float]:
    asked = {name: p for name, p in emotions.items() if name != NEUTRAL}
    total = sum(asked.values()) or 1.0
    valence = sum(p * PLACES[name][0] for name, p in asked.items()) / total
    arousal = sum(p * PLACES[name][1] for name, p in asked.items()) / total
    return min(1.0, max(0.0, valence)), min(1.0, max(0.0, arousal))


def _parts_of(clauses: Sequence[Clause], rows: Sequence[list[float]]) -> list[tuple[float, str]]:
    """Name the leading mood of each clause; its share grows with weight and certainty."""
    shares: dict[str, float] = {}
    for clause, row in zip(clauses, rows, strict=True):
        emotions = dict(zip(EMOTIONS, row, strict=True))
        moods = moods_of(emotions)
        lead = max(quadrants_of_moods(moods).values()) * (1 - emotions[NEUTRAL])
        mood = leading_mood(moods)
        shares[mood] = shares.get(mood, 0.0) + clause.weight * lead * lead
    total = sum(shares.values())
    best = sorted(shares.items(), key=lambda item: -item[1])[:MAX_PARTS]
    best = [(mood, share) for mood, share in best if share >= LEAST_SHARE * total]
    total = sum(share for _, share in best)
    return [(share / total, mood) for mood, share in best] if total > 0 else []


def _deciding(
    tokens: Sequence[Token], leading: str, model: TextMood
) -> list[tuple[str, str, float]]:
    """Name the words that speak most for or against the leading mood."""
    share = [MOODS_OF[name].get(leading, 0.0) for name in EMOTIONS]
    size = sum(share)
    found: dict[str, tuple[str, float]] = {}
    for token, at, value in model.word_terms(tokens):
        if token.word in COMMON:
            continue
        says = model.word_says(at)
        others = sum(says) / len(says)
        weight = value * (sum(s * w for s, w in zip(share, says, strict=True)) / size - others)
        told = EMOTIONS[max(range(len(says)), key=lambda k: says[k])]
        known = found.get(token.written)
        if known is None or abs(weight) > abs(known[1]):
            found[token.written] = (told, weight + (known[1] if known else 0.0))
    ranked = sorted(found.items(), key=lambda item: -abs(item[1][1]))[:MAX_WORDS]
    return [(word, told, weight) for word, (told, weight) in ranked if abs(weight) > LEAST_WEIGHT]


def _confidence(reading: Reading, model: TextMood) -> float:
    lead = max(quadrants_of_moods(reading.moods).values()) * (1 - reading.emotions[NEUTRAL])
    lead = min(1 - 1e-6, max(1e-6, lead))
    line = model.mode["confidence"]
    logit = line["slope"] * math.log(lead / (1 - lead)) + line["shift"]
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _why_not(units: Sequence[Clause], reading: Reading, model: TextMood) -> str:
    """Say why the text has no answer, or nothing if it has one."""
    if not units:
        return "it holds no words"
    tokens = units[0].tokens
    known = sum(model.knows(token) for token in tokens)
    if known < LEAST_KNOWN * len(tokens):
        return (
            f"only {known} of its {len(tokens)} words are known; "
            "the model reads English and Spanish"
        )
    if reading.confidence < model.mode["limit"]:
        return "no mood stands out"
    return ""
