"""Apply the fitted numbers to a text: words and embeddings in, probabilities of emotions out.

Conventions
-----------
The numbers live in ``text_mood.json`` beside this module and are refitted by
``python -m scripts.fit_text``. A *row* is a list of log-probabilities in the order of
:data:`~scripts.moods.emotions.EMOTIONS`. The words' part needs the standard library alone, the
embeddings' part numpy and an encoder.

Method
------
The nearest of our own sentences vote (:mod:`scripts.text.neighbours`), and there are five linear
layers: on words (TF-IDF, rows of length 1; a denied word is a term of its own besides)
for all emotions, for the labels of tweets and of comments; on embeddings for all emotions and for
comments. Their log-probabilities are joined by a log-linear pool. An embedding
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
from scripts.moods.emotions import EMOTIONS
from scripts.text.neighbours import open_neighbours
from scripts.text.packing import unpack
from scripts.text.text_parts import (
    log_softmax,
    read_gates,
    say_otherwise,
    terms_of_form,
    vector_parts,
    word_parts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal

    import numpy as np
    from numpy.typing import NDArray

    from scripts.text.encoder import Encoder
    from scripts.text.neighbours import Neighbours
    from scripts.text.tokens import Clause, Token

NUMBERS_FILE = os.path.join(os.path.dirname(__file__), "text_mood.json")


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

    __slots__ = (
        "_idf",
        "_neighbours",
        "_vectors",
        "_weights",
        "_words",
        "encoder",
        "lesser",
        "numbers",
    )

    def __init__(self, numbers: Mapping[str, Any], encoder: Encoder | None) -> None:
        self.numbers = numbers
        self.encoder = encoder
        self.lesser = encoder is None
        words = numbers["words"]
        self._words = {word: at for at, word in enumerate(words["vocabulary"].split(" "))}
        self._idf = array("B", unpack(words["idf"]))
        self._weights = array("b", unpack(words["weights"]))
        self._vectors: NDArray[np.float32] | None = None
        self._neighbours: Neighbours | None = None

    @property
    def mode(self) -> Mapping[str, Any]:
        """The pool, the line of the confidence and the limit that are in force."""
        return self.numbers["lesser" if self.lesser else "full"]

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
        """Embed texts in one call: one logit a column of the linear layers on embeddings."""
        if self.encoder is None or not texts:
            return []
        return self._linear_columns(self.encoder.encode(texts)).tolist()

    def vector_columns(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed texts in one call: the logits, then the votes of the nearest own sentences."""
        if self.encoder is None or not texts:
            return []
        import numpy as np

        if self._neighbours is None:
            self._neighbours = open_neighbours(self.numbers["neighbours"])
        vectors = self.encoder.encode(texts)
        columns = np.hstack([self._linear_columns(vectors), self._neighbours(vectors)])
        rows: list[list[float]] = columns.tolist()
        return rows

    def _linear_columns(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        import numpy as np

        part = self.numbers["vectors"]
        if self._vectors is None:
            packed = np.frombuffer(unpack(part["weights"]), "<f2")
            self._vectors = packed.reshape(-1, len(part["bias"])).astype(np.float32)
        logits = vectors @ self._vectors + np.asarray(part["bias"], np.float32)
        return np.asarray(logits, np.float64)

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
