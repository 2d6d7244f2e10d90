"""Cut a sentence into clauses and tokens, and mark what is negated.

Conventions
-----------
Only the first :data:`MAX_CHARS` characters of a text are read (blanks counted once), so a text of
a megabyte costs no more than a long one. A token keeps how it was *written*; its *word* is in
lower case, without accents, and with letters that are drawn out ("soooo") written twice. Emoji and
emoticons are tokens. English and Spanish are read in any mix.

Method
------
A negating word reaches to the end of its clause, at most a few words far; some sayings hold one
and deny nothing (:mod:`scripts.text.sayings`). A
clause ends at a stop, a semicolon, a line or at a word such as *but*, *pero*, *although*. What
comes after *but* weighs more, what *although* concedes weighs less, and what is wanted ("I want
to dance") more than what is told.
"""

from __future__ import annotations

import re
import unicodedata

from scripts.text.particles import (
    ALTHOUGH,
    BUT,
    ENGLISH,
    FENCES,
    FOR_WHAT,
    NEGATORS,
    SOMETHING,
    SPANISH,
    WANTS,
)
from scripts.text.sayings import cancels, negation_reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: How many characters of a text are read.
MAX_CHARS = 2000

#: Weight of a clause: what is wanted, what follows "but", what "although" concedes.
WANTED, AFTER_BUT, CONCEDED = 1.6, 1.5, 0.6

_EMOJI = "\u203c\u2049\u2139\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff"
_PIECES = re.compile(
    r"(?P<face>[:;=]['’]?-?[)(DPpoO/\\|*\]\[]+(?!\w)|<3+|</3|[xX]D+(?!\w)|\^_*\^)"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    rf"|(?P<emoji>[{_EMOJI}])"
    r"|(?P<stop>[.!?;\n…。！？]+)|(?P<comma>[,:()\"—–])"
)
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_BLANKS = re.compile(r"[^\S\n]+")
_SIGNS_LEFT_OUT = {"Cc", "Cs", "Cn", "Co"}


class Token:
    """One word, emoji or emoticon.

    Attributes
    ----------
    written : str
        As the user wrote it.
    forms : tuple of str
        The normal forms it may have, likeliest first.
    negated : bool
    """

    __slots__ = ("forms", "negated", "written")

    def __init__(self, written: str, forms: tuple[str, ...], negated: bool = False) -> None:
        self.written = written
        self.forms = forms
        self.negated = negated

    @property
    def word(self) -> str:
        """The likeliest normal form."""
        return self.forms[0]

    def __repr__(self) -> str:
        return f"{'not ' if self.negated else ''}{self.word}"


class Clause:
    """A part of a sentence that holds one thought.

    Attributes
    ----------
    text : str
        As it was written (blanks counted once).
    tokens : list of Token
    weight : float
        How much it counts beside the other clauses.
    """

    __slots__ = ("text", "tokens", "weight")

    def __init__(self, text: str, tokens: list[Token], weight: float) -> None:
        self.text = text
        self.tokens = tokens
        self.weight = weight


def clean_text(text: str) -> str:
    r"""Return the part of a text that is read, without signs that mean nothing.

    >>> clean_text("so  happy\x00 \ud800!")
    'so happy !'
    """
    # ten times as much is looked at, so that a text which begins with blanks is read too; halves of
    # a pair that stand side by side are joined, a half alone is left out
    coded = text[: 10 * MAX_CHARS].encode("utf-16-le", "surrogatepass")
    head = unicodedata.normalize("NFC", coded.decode("utf-16-le", "ignore"))
    kept = "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in _SIGNS_LEFT_OUT else " "
        for sign in head
    )
    return _BLANKS.sub(" ", kept).strip()[:MAX_CHARS]


def word_forms(written: str) -> tuple[str, ...]:
    """Write a word in its normal form; with drawn-out letters, twice and once.

    >>> word_forms("Happyyyy"), word_forms("Tenía"), word_forms("don’t")
    (('happyy', 'happy'), ('tenia',), ('dont',))
    """
    parts = unicodedata.normalize("NFD", written.casefold())
    bare = "".join(sign for sign in parts if not unicodedata.combining(sign) and sign not in "'’")
    twice, once = _RUN.sub(r"\1\1", bare), _RUN.sub(r"\1", bare)
    return (twice,) if twice == once else (twice, once)


def spanish_share(tokens: Sequence[Token]) -> float:
    """Say how much of a text's common words are Spanish rather than English; .5 if it has none.

    >>> spanish_share(read_clauses("no quiero salir de casa")[0].tokens)
    1.0
    """
    spanish = sum(token.word in SPANISH for token in tokens)
    english = sum(token.word in ENGLISH for token in tokens)
    return spanish / (spanish + english) if spanish + english else 0.5


def _read_pieces(text: str) -> list[tuple[str, str, int, int]]:
    return [
        (found.lastgroup or "", found.group(), found.start(), found.end())
        for found in _PIECES.finditer(text)
    ]


def _mark_negated(tokens: list[Token], stops: list[bool]) -> None:
    """Mark the tokens that a negating word reaches; ``stops[i]``: a comma follows token i."""
    words = [token.word for token in tokens]
    left, first = 0, ""
    for at, token in enumerate(tokens):
        if words[at] in FENCES:
            left = 0
        if left and cancels(words[at], first):
            left = 0
            continue
        reach = negation_reach(words, at)
        if left and words[at] not in NEGATORS:
            token.negated = True
            left -= 1
        elif reach and not left:
            left, first = reach, words[at]
        if stops[at]:
            left = 0


def _weigh(tokens: list[Token], joint: str) -> float:
    """Weigh a clause by the word that joins it to the one before and by what it wants."""
    weight = AFTER_BUT if joint in BUT else CONCEDED if joint in ALTHOUGH else 1.0
    words = [token.word for token in tokens]
    asks = any(
        word in SOMETHING and words[at + 1] in FOR_WHAT for at, word in enumerate(words[:-1])
    )
    wants = any(token.word in WANTS and not token.negated for token in tokens)
    return weight * (WANTED if wants or asks else 1.0)


def read_clauses(text: str) -> list[Clause]:
    """Cut a text into clauses.

    Parameters
    ----------
    text : str
        Any text; only what :func:`clean_text` leaves is read.

    Returns
    -------
    list of Clause
        Those that hold at least one token, in order.

    Examples
    --------
    >>> for clause in read_clauses("I am sad, but I want to dance"):
    ...     print(clause.text, round(clause.weight, 2))
    I am sad, 1.0
    I want to dance 2.4
    >>> read_clauses("No estoy nada contento")[0].tokens
    [no, not estoy, nada, not contento]
    """
    text = clean_text(text)
    clauses: list[Clause] = []
    tokens: list[Token] = []
    stops: list[bool] = []
    begin, joint = 0, ""

    def close(end: int) -> None:
        if tokens:
            _mark_negated(tokens, stops)
            part = text[begin:end].strip()
            clauses.append(Clause(part, tokens[:], _weigh(tokens, joint)))
        tokens.clear()
        stops.clear()

    for kind, written, start, end in _read_pieces(text):
        if kind == "stop":
            close(end)
            begin, joint = end, ""
        elif kind == "comma":
            if stops:
                stops[-1] = True
        else:
            forms = word_forms(written) if kind == "word" else (written,)
            if forms[0] in ALTHOUGH or (forms[0] in BUT and tokens):
                close(start)
                begin, joint = end, forms[0]
            else:
                tokens.append(Token(written, forms))
                stops.append(False)
    close(len(text))
    return clauses
