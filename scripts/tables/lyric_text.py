"""Take the words of a song out of what a lyrics site or a dump gives for them.

Conventions
-----------
A *clean* text holds what is sung and nothing else: lines end in one newline, parts (verse, chorus)
are set apart by one blank line, and no line starts or ends with a blank. The language is kept. The
same text always gives the same clean text, and a clean text stays as it is.

Left out are HTML, the heads, tails and advertisements of lyrics sites, section marks
("[Verse 1]", "Chorus:"), marks of repetition ("(x2)", "(bis)") and directions ("(Instrumental)").
Cyrillic letters that stand inside a Latin word, by which one site marks its texts, become the
Latin letters they look like.
"""

from __future__ import annotations

import html
import re
import unicodedata

#: Fewer letters than this are no lyrics.
FEWEST_LETTERS = 20
#: More letters than this are no song's.
MOST_LETTERS = 100_000

_SECTION = (
    r"(?:(?:pre|post)[- ]?)?(?:chorus(?:es)?|verse|hook|bridge|intro|outro|refrain|interlude"
    r"|breakdown|estribillo|coro|verso|estrofa|puente|introducci[oó]n|refr[aã]o|ponte|couplet"
    r"|strophe|zwischenspiel|ritornello|strofa|refr[aä]ng|skit|spoken)"
)
_SOUND = (
    r"(?:(?:guitar|piano|sax|drum|instrumental)[- ](?:solo|break|intro|outro|interlude)"
    r"|instrumental(?:e|es)?|solo|fade(?:s)?(?: out)?|repeat(?:s|ed)?(?: (?:chorus|verse|\d))?"
    r"|bis|ter)"
)
_TIMES = r"(?:(?:repeat )?(?:x ?\d{1,2}|\d{1,2} ?x|\d{1,2} times|\d{1,2} veces)|×\d{1,2})"
_SITE_LINES = re.compile(
    r"^ *(?:\*{3,}.*|\(\d{9,}\)|see .{1,80} livesee|see .{1,80} live ?get tickets as low as \$\d+"
    r"|you might also like|paroles de la chanson .*|lyrics (?:licensed|provided) (?:by|&).*"
    r"|writer\(s\): .*|songwriters?: .*) *$",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = re.compile(r"\A\s*\d+ Contributors?[^\n]{0,400}?Lyrics\s*", re.IGNORECASE)
_ADVERT = re.compile(
    r"See .{1,80}? Live ?Get tickets as low as \$\d+"
    r"|You might also like(?= ?(?:\Z|\n|[A-ZÀ-Þ¿¡(\[\"“«'’…]|\d*Embed))"
)
_TAIL = re.compile(r"(?:You might also like)?\s?\d{0,4}(?:\.\d)?K?Embed\Z")
_BREAK = re.compile(r"<\s*(?:br|/p|/div)\s*/?\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_BRACKETS = re.compile(r"\[[^\[\]\n]{0,120}\]|\{[^{}\n]{0,120}\}")
_LABEL = re.compile(
    rf"^ ?[(*]? ?(?:{_SECTION}(?: (?:\d+|[ivx]+))?(?: ?[(]?{_TIMES}[)]?)?|{_TIMES}) ?[)*]? ?:? ?$",
    re.IGNORECASE | re.MULTILINE,
)
_DIRECTION = re.compile(
    rf"[(*] ?(?:{_TIMES}|{_SOUND}|{_SECTION}(?: \d+)?(?: ?{_TIMES})?) ?[)*]", re.IGNORECASE
)
_TIMES_AT_END = re.compile(rf"[ ,]{{1,3}}(?:{_TIMES})\Z", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = str.maketrans("аеорсухіАЕОРСХВМНТК", "aeopcyxiAEOPCXBMHTK")
_NO_WORDS = re.compile(
    r"\W*(?:(?:this|the) (?:song|track) is )?(?:an? )?(?:instrumental|no lyrics?|sin letra"
    r"|lyrics? (?:not|un)[ -]?available"
    r"|lyrics? for this song have yet to be (?:released|transcribed)"
    r"|lyrics? will be available .*|n/?a|none|null|nan)(?: (?:track|song|music|version))?"
    r"(?: ?please check back once .*)?\W*",
    re.IGNORECASE,
)


def _restore_word(match: re.Match[str]) -> str:
    word = match.group()
    if word.isascii():
        return word
    n_latin = sum("a" <= letter <= "ÿ" or "A" <= letter <= "Z" for letter in word)
    return word.translate(_CYRILLIC) if 2 * n_latin >= len(word) else word


def _restore_letters(text: str) -> str:
    """Turn Cyrillic letters in Latin words into the Latin letters they look like.

    >>> _restore_letters("Pеrdiendo"), _restore_letters("свет")
    ('Perdiendo', 'свет')
    """
    if not any("Ѐ" <= letter <= "ӿ" for letter in text):
        return text
    text = _WORD.sub(_restore_word, text)
    n_cyrillic = sum("Ѐ" <= letter <= "ӿ" for letter in text)
    # what is left in a text of Latin letters are one-letter words and the like
    return text.translate(_CYRILLIC) if 20 * n_cyrillic < len(text) else text


def _plain_text(text: str) -> str:
    """Undo HTML and escapes; bring newlines and blanks to one form."""
    if "\n" not in text and "\\n" in text:
        text = text.replace("\\r", "").replace("\\n", "\n")
    text = _TAG.sub("", _BREAK.sub("\n", html.unescape(html.unescape(text))))
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(text.splitlines())
    text = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\x00-\x08\x0e-\x1f]", "", text)
    if "\n" not in text.strip():  # a dump without newlines: two blanks are what is left of a gap
        text = re.sub(r"(?<=\S) {2,}(?=\S)", "\n\n", text)
    return re.sub(r"[^\S\n]+", " ", text)


def _drop_site(text: str) -> str:
    text = _HEAD.sub("", text)
    text = text.rstrip()
    while text.endswith("Embed") and (tail := _TAIL.search(text[-60:])):
        text = text[: len(text) - len(tail.group())].rstrip()
    return _SITE_LINES.sub("", _ADVERT.sub("\n", text))


def _drop_times(line: str) -> str:
    """Take marks of repetition off the end of a line.

    >>> _drop_times("All night long x2 3x"), _drop_times("x2")
    ('All night long', 'x2')
    """
    while mark := _TIMES_AT_END.search(line[-24:]):
        line = line[: len(line) - len(mark.group())]
    return line


def _clean_once(text: str) -> str:
    text = _drop_site(_restore_letters(_plain_text(text)))
    text = _DIRECTION.sub(" ", _LABEL.sub("", _BRACKETS.sub("\n", text)))
    lines = [_drop_times(" ".join(line.split())) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def clean_lyrics(text: str) -> str:
    r"""Return the clean text of a song, "" where nothing is left.

    >>> clean_lyrics("3 ContributorsHi Lyrics[Verse 1]\nHello &amp; goodbye (x2)\n\n\n\nOh5Embed")
    'Hello & goodbye\n\nOh'
    """
    for _ in range(20):  # what one step uncovers the next one takes
        cleaned = _clean_once(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def is_without_words(text: str) -> bool:
    """Tell whether a text only says that there are no lyrics.

    >>> is_without_words("[Instrumental]"), is_without_words("Instrumental love, oh")
    (True, False)
    """
    return len(text) < 300 and _NO_WORDS.fullmatch(html.unescape(text).strip()) is not None


def count_letters(text: str) -> int:
    """Count the letters of a text, of any script."""
    return sum(map(str.isalpha, text))
