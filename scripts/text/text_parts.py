"""The parts of the text model: terms of words, gates, and what each layer says.

Conventions
-----------
A *term* is a word in its normal form, or the word with ``not_`` before it. A *part* is what one
layer says of every emotion, as log-probabilities in the order of
:data:`~scripts.moods.emotions.EMOTIONS`, times a gate in [0, 1]; an emotion that none of the
layer's labels covers gets the log-probability of a guess. A closed gate makes a part silent.
"""

from __future__ import annotations

import math

from scripts.moods.emotions import COARSE, EMOTIONS, cover
from scripts.text.particles import INTENSE, NEGATORS, STEMS
from scripts.text.tokens import spanish_share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from scripts.text.tokens import Clause, Token

#: Written before a word that is denied.
NOT = "not_"

#: The layers on words and on embeddings, in the order of their columns, each with its labels.
WORD_LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("words", EMOTIONS),
    ("tweets", COARSE["tweets"]),
    ("comment_words", COARSE["comments"]),
)
VECTOR_LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("states", EMOTIONS),
    ("comment_vectors", COARSE["comments"]),
)

#: What the nearest of our own sentences say, after the columns of the layers on embeddings.
NEAR: tuple[str, tuple[str, ...]] = ("neighbours", EMOTIONS)

#: What the pool joins: the parts on words first, in the order of its weights.
PARTS: tuple[str, ...] = (
    "words, English, a mood word",
    "words, English, none",
    "words, Spanish, a mood word",
    "words, Spanish, none",
    "tweets, with a form of feel",
    "tweets, without",
    "comment_words",
    "states, with a form of feel",
    "states, without",
    "comment_vectors",
    "neighbours, English, without a form of feel",
    "neighbours, Spanish, without",
)
N_WORD_PARTS, N_NEIGHBOUR_PARTS = 7, 2

_COVERS = {name: cover(labels) for name, labels in (*WORD_LAYERS, *VECTOR_LAYERS, NEAR)}


def say_otherwise(clause: Clause, opposites: Mapping[str, str]) -> str:
    """Say the denied mood words of a clause by their opposites, without the negation.

    >>> from scripts.text.tokens import read_clauses
    >>> say_otherwise(read_clauses("No estoy nada contento")[0], {"contento": "triste"})
    'estoy triste'
    """
    denied = [token for token in clause.tokens if token.negated and token.word in opposites]
    if not denied:
        return clause.text
    words = []
    for token in clause.tokens:
        word = token.word
        if word in NEGATORS or word in INTENSE or (word[-2:] == "nt" and word[:-2] in STEMS):
            continue
        words.append(opposites[word] if token in denied else token.written)
    return " ".join(words)


def terms_of_form(form: str, negated: bool, opposites: Mapping[str, str]) -> list[str]:
    """List the terms of a word: itself; if denied, its opposite too, and the denied word."""
    if not negated:
        return [form]
    return [form, *opposites.get(form, "").split(), NOT + form]


def terms_of(tokens: Sequence[Token], opposites: Mapping[str, str]) -> list[str]:
    """List the terms of a text as the layers on words are fitted on them.

    >>> from scripts.text.tokens import read_clauses
    >>> terms_of(read_clauses("not happy now")[0].tokens, {"happy": "sad"})
    ['not', 'happy', 'sad', 'not_happy', 'now', 'not_now']
    """
    return [
        term for token in tokens for term in terms_of_form(token.word, token.negated, opposites)
    ]


def read_gates(tokens: Sequence[Token], mood_words: Container[str]) -> tuple[float, ...]:
    """Say what decides which parts are heard.

    Returns
    -------
    spanish : float
        Share of the common words that are Spanish.
    feel : 0 or 1
        Whether the text has a form of *feel*: it tells its emotion in so many words.
    explicit : 0 or 1
        Whether it holds a mood word, an emoji or an emoticon.
    """
    feel = any(token.word.startswith(("feel", "felt")) for token in tokens)
    explicit = any(token.word in mood_words or not token.word.isalpha() for token in tokens)
    return spanish_share(tokens), float(feel), float(explicit)


def log_softmax(logits: Sequence[float]) -> list[float]:
    """Turn logits into log-probabilities.

    >>> [round(math.exp(value), 3) for value in log_softmax([0.0, 0.0, 1000.0])]
    [0.0, 0.0, 1.0]
    """
    top = max(logits)
    total = top + math.log(sum(math.exp(value - top) for value in logits))
    return [value - total for value in logits]


def spread(row: Sequence[float], name: str) -> list[float]:
    """Give each emotion the log-probability of the layer's label that covers it.

    An emotion that no label covers gets that of a guess.
    """
    told = [*log_softmax(row), -math.log(len(row))]
    return [told[at] for at in _COVERS[name]]


def _cut(
    columns: list[float], layers: Sequence[tuple[str, tuple[str, ...]]]
) -> list[tuple[str, list[float]]]:
    cut, begin = [], 0
    for name, labels in layers:
        cut.append((name, columns[begin : begin + len(labels)]))
        begin += len(labels)
    return cut


def word_parts(columns: list[float], gates: tuple[float, ...]) -> list[list[float]]:
    """Return the parts of the pool that words make, from the columns of their layers."""
    rows = {name: spread(row, name) for name, row in _cut(columns, WORD_LAYERS)}
    spanish, feel, explicit = gates
    english = 1 - spanish
    shares = (
        ("words", english * explicit),
        ("words", english * (1 - explicit)),
        ("words", spanish * explicit),
        ("words", spanish * (1 - explicit)),
        ("tweets", english * feel),
        ("tweets", english * (1 - feel)),
        ("comment_words", english),
    )
    return [[share * value for value in rows[name]] for name, share in shares]


def vector_parts(columns: list[float], gates: tuple[float, ...]) -> list[list[float]]:
    """Return the parts of the pool that the embedding makes."""
    rows = {name: spread(row, name) for name, row in _cut(columns, (*VECTOR_LAYERS, NEAR))}
    spanish, feel, _ = gates
    shares = (
        ("states", feel),
        ("states", 1 - feel),
        ("comment_vectors", 1.0),
        ("neighbours", (1 - spanish) * (1 - feel)),
        ("neighbours", spanish * (1 - feel)),
    )
    return [[share * value for value in rows[name]] for name, share in shares]
