"""Apply the fitted numbers to a text: words and embeddings in, probabilities of emotions out.

Conventions
-----------
The numbers live in ``text_mood.json`` beside this module and are refitted by
``python -m scripts.fit_text``. A *row* is a list of log-probabilities in the order of
:data:`~scripts.moods.emotions.EMOTIONS`. The words' part needs the standard library alone, the
embeddings' part numpy and an encoder.

Method
------
Six linear layers: on words (TF-IDF, rows of length 1; a denied word is a term of its own besides)
for all emotions, for the labels of tweets and of comments; on embeddings for all emotions, for
situations and for comments. Their log-probabilities are joined by a log-linear pool. An embedding
hardly sees a negation, so a denied mood word is said otherwise before the text is embedded ("no
estoy nada contento" as "estoy triste"). Without an encoder the words' layers answer alone, with a
pool of their own, and the model says so (``lesser``).
"""

from __future__ import annotations

import json
import math
import os
from array import array

from scripts.errors import MissingExtraError, ModelError
from scripts.moods.emotions import COARSE, EMOTIONS, cover
from scripts.text.particles import INTENSE, NEGATORS, STEMS
from scripts.text.tokens import spanish_share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import Any, Literal

    import numpy as np
    from numpy.typing import NDArray

    from scripts.text.encoder import Encoder
    from scripts.text.tokens import Clause, Token

NUMBERS_FILE = os.path.join(os.path.dirname(__file__), "text_mood.json")

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
    ("situations", COARSE["situations"]),
    ("comment_vectors", COARSE["comments"]),
)

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
    "situations",
    "comment_vectors",
)
N_WORD_PARTS = 7

_COVERS = {name: cover(labels) for name, labels in (*WORD_LAYERS, *VECTOR_LAYERS)}


class TextMood:
    """The model of one process.

    Attributes
    ----------
    encoder : Encoder or None
    lesser : bool
        Whether the words answer alone.
    numbers : dict
        As ``text_mood.json`` holds them.
    """

    __slots__ = ("_idf", "_vectors", "_weights", "_words", "encoder", "lesser", "numbers")

    def __init__(self, numbers: Mapping[str, Any], encoder: Encoder | None) -> None:
        from binascii import a2b_base64

        self.numbers = numbers
        self.encoder = encoder
        self.lesser = encoder is None
        words = numbers["words"]
        self._words = {word: at for at, word in enumerate(words["vocabulary"].split(" "))}
        self._idf = array("B", a2b_base64(words["idf"]))
        self._weights = array("b", a2b_base64(words["weights"]))
        self._vectors: NDArray[np.float32] | None = None

    @property
    def mode(self) -> Mapping[str, Any]:
        """The pool, the line of the confidence and the limit that are in force."""
        return self.numbers["lesser" if self.lesser else "full"]  # type: ignore[no-any-return]

    def knows(self, token: Token) -> bool:
        """Say whether a word has weights of its own."""
        return any(form in self._words for form in token.forms)

    def word_terms(self, tokens: Sequence[Token]) -> list[tuple[Token, int, float]]:
        """List the known terms: the token, the term's row and its value in a row of length 1."""
        first: dict[int, Token] = {}
        count: dict[int, int] = {}
        for token in tokens:
            for term in self._terms_of(token):
                first.setdefault(term, token)
                count[term] = count.get(term, 0) + 1
        step = self.numbers["words"]["idf_step"]
        values = {at: (1 + math.log(n)) * self._idf[at] * step for at, n in count.items()}
        norm = math.sqrt(sum(value * value for value in values.values())) or 1.0
        return [(first[at], at, value / norm) for at, value in values.items()]

    def _terms_of(self, token: Token) -> list[int]:
        """Find the rows of a token's terms; of its forms the first that is known counts."""
        opposites: Mapping[str, str] = self.numbers["opposites"]
        for form in token.forms:
            terms = terms_of_form(form, token.negated, opposites)
            found = [self._words[term] for term in terms if term in self._words]
            if found:
                return found
        return []

    def word_logits(self, terms: Sequence[tuple[Token, int, float]]) -> list[float]:
        """Add up what the words say: one logit a column of the layers on words."""
        part = self.numbers["words"]
        total, steps = list(part["bias"]), part["steps"]
        size, weights = len(total), self._weights
        for _, at, value in terms:
            row = weights[at * size : (at + 1) * size]
            total = [
                a + value * step * weight for a, step, weight in zip(total, steps, row, strict=True)
            ]
        return total

    def word_says(self, at: int) -> list[float]:
        """Return the weights of one term for the emotions."""
        part = self.numbers["words"]
        size = len(part["bias"])
        row = self._weights[at * size : at * size + len(EMOTIONS)]
        return [step * weight for step, weight in zip(part["steps"], row, strict=False)]

    def vector_logits(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed texts in one call: one logit a column of the layers on embeddings."""
        import numpy as np

        if self.encoder is None or not texts:
            return []
        part = self.numbers["vectors"]
        if self._vectors is None:
            from binascii import a2b_base64

            packed = np.frombuffer(a2b_base64(part["weights"]), "<f2")
            self._vectors = packed.reshape(-1, len(part["bias"])).astype(np.float32)
        logits = self.encoder.encode(texts) @ self._vectors + np.asarray(part["bias"], np.float32)
        rows: list[list[float]] = logits.astype(float).tolist()
        return rows

    def pooled(
        self, tokens: Sequence[Token], words: list[float], vectors: list[float] | None
    ) -> list[float]:
        """Join the layers into one row of log-probabilities."""
        said = read_gates(tokens, self.numbers["opposites"])
        parts = word_parts(words, said)
        if vectors is not None:
            parts += vector_parts(vectors, said)
        pool = self.mode["pool"]
        total = list(pool["bias"])
        for weight, row in zip(pool["weights"], parts, strict=True):
            total = [a + weight * b for a, b in zip(total, row, strict=True)]
        return log_softmax(total)

    def statement(self, clause: Clause) -> str:
        """Return a clause with its denied mood words said otherwise."""
        opposites: Mapping[str, str] = self.numbers["opposites"]
        return say_otherwise(clause, opposites)


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
    """List the terms of a word: itself; if denied, its opposite or itself, and the denied word."""
    if not negated:
        return [form]
    return [*opposites.get(form, form).split(" "), NOT + form]


def terms_of(tokens: Sequence[Token], opposites: Mapping[str, str]) -> list[str]:
    """List the terms of a text as the layers on words are fitted on them.

    >>> from scripts.text.tokens import read_clauses
    >>> terms_of(read_clauses("not happy now")[0].tokens, {"happy": "sad"})
    ['not', 'sad', 'not_happy', 'now', 'not_now']
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
    rows = {name: spread(row, name) for name, row in _cut(columns, VECTOR_LAYERS)}
    feel = gates[1]
    shares = (
        ("states", feel),
        ("states", 1 - feel),
        ("situations", 1.0),
        ("comment_vectors", 1.0),
    )
    return [[share * value for value in rows[name]] for name, share in shares]


def load_numbers(path: str = NUMBERS_FILE) -> dict[str, Any]:
    """Read the fitted numbers.

    Raises
    ------
    ModelError
        If the file is missing, is no JSON or knows other emotions.
    """
    name = os.path.basename(path)
    try:
        with open(path, encoding="utf-8") as file:
            numbers: dict[str, Any] = json.load(file)
        emotions = tuple(numbers["emotions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{name}: the numbers that read a sentence cannot be used ({error}); install Moodlist "
            "again or refit them with: python -m scripts.fit_text"
        ) from error
    if emotions != EMOTIONS:
        raise ModelError(
            f"{name}: fitted for the emotions {', '.join(map(str, emotions))}, but this version "
            f"reads {', '.join(EMOTIONS)}; refit it with: python -m scripts.fit_text"
        )
    return numbers


def open_text_mood(encoder: Encoder | Literal["auto"] | None = "auto") -> TextMood:
    """Load the model.

    Parameters
    ----------
    encoder : Encoder, None or "auto"
        What embeds sentences; None for words alone; "auto" opens the encoder of the extra
        ``text`` and falls back to words alone where it is not installed.
    """
    if isinstance(encoder, str):
        from scripts.text.encoder import open_encoder

        try:
            return TextMood(load_numbers(), open_encoder())
        except MissingExtraError:
            encoder = None
    return TextMood(load_numbers(), encoder)
