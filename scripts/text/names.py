"""Names of songs and artists, reduced to what two sources of the same name share.

Conventions
-----------
A key holds the letters and digits of a name alone, without case, accents and punctuation. Two names
with the same key are taken for the same artist, or, beside the same artist, for the same song.

Method
------
The primary artist is what stands before the first separator (";", a comma outside a number) and
before a guest ("feat. X"). Of a title, guests and marks of a version ("- Remastered 2011",
"(Live at ...)") are taken off at its end, unless nothing would be left, and "&" is read as "and".
The time taken grows with the length of a name, however it is written.
"""

from __future__ import annotations

import re

#: What an ASCII letter or digit becomes; other signs go.
_ASCII = {n: chr(n).lower() if chr(n).isalnum() else None for n in range(128)}

#: Looked for at the first of several brackets and blanks only, else the time would be quadratic.
_GUEST = re.compile(r"(?<![\s(\[])[\s(\[]+(?:feat|ft|featuring)[.\s].*$", re.IGNORECASE | re.DOTALL)

#: From this length on accents are dropped one by one: sorting a long run of them is quadratic.
_LONG = 1_000

#: Words of a decoration that say it is a version and no part of the title.
_MARK = re.compile(
    r"\b(?:re-?master(?:ed|izado)?|re-?mix(?:ed)?|remake|live|ao vivo|en vivo|en directo?|acoustic"
    r"|acustic[oa]|unplugged|mono|stereo|instrumental|demo|karaoke|deluxe|explicit|clean|bonus"
    r"|original|extended|edit|version|versi[oó]n|mix|session|soundtrack|from the|recorded|take \d+"
    r"|single|album|radio|feat|ft|featuring|re-?record(?:ed|ing)?)\b|^(?:with|from [\"“'])",
    re.IGNORECASE,
)
_DASH = re.compile(r"^(.*\S)\s+[-–—]\s+(\S.*)$", re.DOTALL)
_PAREN = re.compile(r"^(.*\S)\s*[(\[]([^()\[\]]*)[)\]]\s*$", re.DOTALL)


def fold_name(text: str) -> str:
    """Reduce a name to its letters and digits, without case and accents.

    A name that has none, such as "!!!", stays as it is.

    >>> fold_name("Beyoncé"), fold_name("AC/DC"), fold_name("!!!")
    ('beyonce', 'acdc', '!!!')
    """
    if text.isascii():
        return text.translate(_ASCII) or text.strip()
    import unicodedata

    if len(text) > _LONG:
        text = "".join(letter for letter in text if not unicodedata.combining(letter)) or text[:1]
    text = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in text if letter.isalnum()) or text.strip()


def artist_key(artist: str) -> str:
    """Return the key of a song's primary artist.

    >>> artist_key("Beyoncé feat. JAY-Z"), artist_key("Simon & Garfunkel;X"), artist_key("10,000 M")
    ('beyonce', 'simongarfunkel', '10000m')
    """
    name = artist.partition(";")[0]
    if "," in name:
        name = re.split(r",(?!\d{3})", name, maxsplit=1)[0] or name
    if "f" in name or "F" in name:
        name = _GUEST.sub("", name) or name
    return fold_name(name)


def title_key(title: str) -> str:
    """Return the key of a title without its guests and the marks of a version.

    >>> title_key("Hurt - 2003 Remastered"), title_key("Love (feat. X) [Live]"), title_key("(Live)")
    ('hurt', 'love', 'live')
    """
    if "(" in title or "[" in title or "-" in title or "–" in title or "—" in title:
        for _ in range(4):  # decorations follow one another
            found = _PAREN.match(title) or _DASH.match(title)
            if found is None or not _MARK.search(found[2].strip()):
                break
            title = found[1]
    if "f" in title or "F" in title:
        title = _GUEST.sub("", title) or title
    if "&" in title:
        title = title.replace("&", "and")
    return fold_name(title)
