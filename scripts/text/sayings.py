"""How far a negation reaches, and the sayings in which it denies nothing.

Conventions
-----------
Words are in their normal form, as :func:`scripts.text.tokens.word_forms` writes them; a list of
words is one clause. A *reach* is a number of words, 0 where nothing is denied.

Method
------
The rules are of the language, for both of its forms: who cannot stop, wait or believe it does or
feels it all the more ("can't stop crying", "no paraba de reír", "no me lo creo"); joy that does
not fit into somebody is large ("no quepo en mí de alegría"); what could not be more so is very
much so ("couldn't be happier", "nunca mejor"). Two negations cancel where the second stands in the
reach of the first and is *not*, *without* or *sin* ("never not happy", "no puedo vivir sin
música"); those of Spanish otherwise strengthen each other ("no estoy nada contento").
"""

from __future__ import annotations

from scripts.text.particles import (
    CANCELLING,
    CLITICS,
    COMPARED,
    ENDLESS,
    FITTING,
    HARMLESS,
    NEGATORS,
    NEVER,
    NOTHING,
    STEMS,
    STOPPING,
    UNABLE,
    UNBELIEVING,
    UNSTOPPED,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: How many words a negation reaches, and how many "without" does.
REACH, SHORT_REACH = 6, 2

_WITHOUT = ("without", "sin")
_CAN = ("can", "could")
_ABLE = ("pod", "pue", "pud")


def is_negator(word: str) -> bool:
    """Say whether a word negates, with or without an apostrophe.

    >>> is_negator("couldnt"), is_negator("nunca"), is_negator("went")
    (True, True, False)
    """
    return word in NEGATORS or (word[-2:] == "nt" and word[:-2] in STEMS)


def negation_reach(words: Sequence[str], at: int) -> int:
    """Return how many words the word at a place denies: 0 if it is no negation, or one of none.

    >>> [negation_reach(text.split(), 0) for text in ("not happy", "not only sad", "sin miedo")]
    [6, 0, 2]
    """
    after = words[at + 1 : at + 6]
    if not after or not is_negator(words[at]):
        return 0
    if after[0] in HARMLESS or _goes_on(words, at) or _beyond_compare(words, at):
        return 0
    return SHORT_REACH if words[at] in _WITHOUT else REACH


def cancels(word: str, first: str) -> bool:
    """Say whether a negating word in the reach of another one undoes it.

    >>> cancels("without", "cant"), cancels("not", "no"), cancels("nada", "no")
    (True, False, False)
    """
    if first in _WITHOUT:
        return False
    return word in _WITHOUT or (word in CANCELLING and first not in ("no", "ni"))


def _unable(words: Sequence[str], at: int, after: Sequence[str]) -> bool:
    if words[at] in UNABLE or (words[at] == "not" and at and words[at - 1] in _CAN):
        return True
    return words[at] in ("no", "ni") and bool(after) and after[0].startswith(_ABLE)


def _goes_on(words: Sequence[str], at: int) -> bool:
    """Tell "can't stop", "can't wait", "no dejaba de", "no me lo creo", "no quepo en mí"."""
    after = list(words[at + 1 : at + 6])
    while after and after[0] in CLITICS:
        after.pop(0)
    if not after:
        return False
    skipped = tuple(words[at + 1 : at + 6])[: -len(after)]
    if after[0] in ENDLESS or (_unable(words, at, after) and UNSTOPPED & {*after[:3]}):
        return True
    if after[0].startswith(STOPPING) and "de" in after[1:2]:
        return True
    if after[0].startswith(FITTING) and "en" in after[1:2]:
        return True
    # "no creo que" is doubt, "no me lo creo" is wonder
    return "lo" in skipped and after[0] in UNBELIEVING


def _beyond_compare(words: Sequence[str], at: int) -> bool:
    """Tell "never felt better", "no podría estar más feliz", "nothing better than"."""
    word, after = words[at], words[at + 1 : at + 5]
    unable = _unable(words, at, after)
    beyond = after[:2] if word in NOTHING else after if unable or word in NEVER else []
    if COMPARED & {*beyond}:
        return True
    # "couldn't be prouder": any comparative will do
    return unable and after[0] in ("be", "feel") and after[1][-2:] == "er" if after[1:] else False
