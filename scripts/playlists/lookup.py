"""Finding one song of the catalogue by what a person types.

Conventions
-----------
A song is named by its id, by Spotify's URI or link of a track, by "title - artist" or by its
title. Letters of either case are the same. Of the artist, accents and punctuation do not count
either, and any one of several is enough. Where several songs fit, the most popular one is taken
(unknown last), then the one of best rank.

Method
------
Ids and titles have an index each, so nothing here reads the table. What is offered for an unknown
song are titles that stand next to the typed one, or to its beginning, in the title index, by
falling similarity (Ratcliff & Metzener 1988, as :mod:`difflib` has it).
"""

from __future__ import annotations

from scripts.errors import SettingsError
from scripts.store.layout import SONG_COLUMNS
from scripts.text.names import fold_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any

#: Letters of a text that names a song; no title of a real table is nearly as long.
MAX_LETTERS = 1_000

#: How an unknown song's neighbours in the title index are looked up: letters of the beginning,
#: rows on each side, and letters that are compared.
_BEGINNINGS = (40, 8, 4, 2)
_NEIGHBOURS = 40
_COMPARED = 80

#: Versions of one title that are looked at.
_VERSIONS = 200

#: Likeness in [0, 1] from which a song is offered.
_LIKE = 0.6

_URI = "spotify:track:"
_OWN = "urn:moodlist:song:"
_SITE = "open.spotify.com/"
_DASHES = "-–—"

_COLUMNS = ", ".join(SONG_COLUMNS)
_AT = {name: position for position, name in enumerate(SONG_COLUMNS)}


def _check_text(text: str, option: str) -> str:
    """Return a text without the blanks around it; refuse what can name no song."""
    from scripts.console import clean_text

    shown = f"{option} {clean_text(text[:60])!r}{'...' if len(text) > 60 else ''}"
    if not text.strip():
        raise SettingsError(f'{option}: names no song; give "title - artist" or a song\'s id')
    if len(text) > MAX_LETTERS:
        raise SettingsError(
            f"{shown}: has {len(text):,} letters, more than any title (at most "
            f'{MAX_LETTERS:,}); give "title - artist" or a song\'s id'
        )
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SettingsError(
            f'{shown}: holds bytes that are no text; give "title - artist" in UTF-8, '
            "or a song's id"
        )
    return text.strip()


def _linked_id(text: str, option: str) -> str | None:
    """Return the id in a URI or link of a track, or in a name of our own; None for other text."""
    if text.startswith(_OWN):  # as M3U8 and XSPF files of ours name songs without a Spotify id
        from urllib.parse import unquote

        return unquote(text[len(_OWN) :])
    if text[: len(_URI)].casefold() == _URI:
        return text[len(_URI) :].partition("?")[0]
    address = text.split("://", 1)[-1]
    if address[: len(_SITE)].casefold() != _SITE:
        return None
    parts = address.partition("?")[0].partition("#")[0].split("/")
    if "track" not in parts[:-1]:
        raise SettingsError(
            f"{option} {text[:100]!r}: is no link of a track; open the song itself and copy its "
            f"link (https://{_SITE}track/...)"
        )
    return parts[parts.index("track") + 1]


def _spellings(title: str) -> list[str]:
    """List ways to write a title; SQLite knows the two cases of ASCII letters only."""
    ways = [title, " ".join(title.split())]
    if not title.isascii():
        import unicodedata

        ways += [unicodedata.normalize(form, ways[1]) for form in ("NFC", "NFD")]
        ways += [way for text in ways[2:] for way in (text.lower(), text.upper(), text.title())]
    return list(dict.fromkeys(ways))


def _rows_titled(catalogue: sqlite3.Connection, title: str) -> list[tuple[Any, ...]]:
    ways = _spellings(title)
    marks = ", ".join("?" * len(ways))
    query = f"SELECT {_COLUMNS} FROM songs WHERE title COLLATE NOCASE IN ({marks})"
    return catalogue.execute(query, ways).fetchall()


def _is_by(row: tuple[Any, ...], folded: str) -> bool:
    """Tell whether a song is by an artist: all of its artists as written, or any one of them."""
    artists = row[_AT["artist"]]
    names = [artists, *artists.split(";"), *artists.replace(";", ",").split(",")]
    return any(fold_name(name) == folded for name in names)


def _divisions(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and after each dash between blanks."""
    for i in range(1, len(text) - 1):
        if text[i] in _DASHES and text[i - 1] == text[i + 1] == " ":
            left, right = text[:i].strip(), text[i + 1 :].strip()
            if left and right:
                yield left, right


def _find_rows(catalogue: sqlite3.Connection, text: str) -> list[tuple[Any, ...]]:
    """Return the songs a text may mean, by the first reading that any song fits.

    The readings: "title - artist", the artist as short as can be; a title; "artist - title". Then
    the same with the name of a version behind the title.
    """
    divisions = list(_divisions(text))
    readings = [(left, right) for left, right in reversed(divisions)]
    readings += [(text, "")]
    readings += [(right, left) for left, right in divisions]
    for title, artist in readings:
        rows = _rows_titled(catalogue, title)
        if artist and rows:
            folded = fold_name(artist)
            rows = [row for row in rows if _is_by(row, folded)]
        if rows:
            return rows
    for title, artist in readings:
        folded = fold_name(artist)
        rows = [row for row in _rows_of_versions(catalogue, title) if _is_by(row, folded)]
        if artist and rows:
            return rows
    return []


def _rows_of_versions(catalogue: sqlite3.Connection, title: str) -> list[tuple[Any, ...]]:
    """Return songs titled so with the name of a version behind it: " - Live", " (Remastered)"."""
    rows: list[tuple[Any, ...]] = []
    for sign in (" - ", " (", " ["):
        rows += catalogue.execute(
            f"SELECT {_COLUMNS} FROM songs WHERE title >= ? COLLATE NOCASE "
            "AND title < ? COLLATE NOCASE ORDER BY title COLLATE NOCASE LIMIT ?",
            (title + sign, title + sign + "\U0010ffff", _VERSIONS),
        )
    return rows


def _neighbours(catalogue: sqlite3.Connection, title: str) -> set[tuple[str, str]]:
    """Return titles and artists near the places that beginnings of a title have in the index."""
    found: set[tuple[str, str]] = set()
    for beginning in dict.fromkeys(title[:letters] for letters in _BEGINNINGS):
        for sign, direction in ((">=", "ASC"), ("<", "DESC")):
            found.update(
                catalogue.execute(
                    f"SELECT title, artist FROM songs WHERE title {sign} ? COLLATE NOCASE "
                    f"ORDER BY title COLLATE NOCASE {direction} LIMIT ?",
                    (beginning, _NEIGHBOURS),
                )
            )
    return found


def offer_songs(catalogue: sqlite3.Connection, text: str) -> list[str]:
    """List up to five songs, as "title - artist", that a text nearly names, the nearest first.

    The whole text is held against title and artist together, either part of it against titles;
    the latter counts for less, since the artist is then another one.
    """
    from difflib import SequenceMatcher

    def matcher(asked: str) -> SequenceMatcher[str]:
        return SequenceMatcher(b=fold_name(asked)[:_COMPARED], autojunk=False)

    def likeness(asked: SequenceMatcher[str], name: str) -> float:
        asked.set_seq1(fold_name(name)[:_COMPARED])
        return asked.ratio() if asked.quick_ratio() >= _LIKE else 0.0

    parts = next(_divisions(text), None)
    whole, titles = matcher(text), [matcher(part) for part in parts or ()]
    near: list[tuple[float, str]] = []
    found = (_neighbours(catalogue, part) for part in parts or (text,))
    for title, artist in sorted(set().union(*found)):
        together = (title + artist, artist + title) if parts else (title, title + artist)
        like = max(likeness(whole, name) for name in together)
        for asked in titles:
            like = max(like, 0.8 * likeness(asked, title))
        if like >= _LIKE:
            near.append((-like, f"{title} - {artist}"))
    return [name for _, name in sorted(near)[:5]]


def _preference(row: tuple[Any, ...]) -> tuple[float, int]:
    popularity = row[_AT["popularity"]]
    return (1.0 if popularity is None else -popularity), row[_AT["rank"]]


def _named(catalogue: sqlite3.Connection, text: str, linked: str | None) -> list[dict[str, Any]]:
    query = f"SELECT {_COLUMNS} FROM songs WHERE song_id = ?"
    rows = catalogue.execute(query, (text if linked is None else linked,)).fetchall()
    if not rows and linked is None:
        rows = _find_rows(catalogue, text)
    return [dict(zip(SONG_COLUMNS, row, strict=True)) for row in sorted(rows, key=_preference)]


def look_up(catalogue: sqlite3.Connection, text: str) -> list[dict[str, Any]]:
    """List every song that a text names, by ``SONG_COLUMNS``, the one to prefer first.

    A text that names no song of the catalogue, or cannot name any, gives none.
    """
    try:
        text = _check_text(text, "")
        return _named(catalogue, text, _linked_id(text, ""))
    except SettingsError:
        return []


def find_song(catalogue: sqlite3.Connection, text: str, option: str) -> dict[str, Any]:
    """Find the song that a text names.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    text : str
    option : str
        The option that the text was given to, for messages: ``--like``.

    Returns
    -------
    dict
        ``SONG_COLUMNS`` by name, and ``n_matches``: of how many different works the text is a
        name. More than 1: the caller should say which one was taken.

    Raises
    ------
    SettingsError
        For a text that names no song of the catalogue; the message offers the closest ones.
    """
    from scripts.console import clean_text

    text = _check_text(text, option)
    linked = _linked_id(text, option)
    songs = _named(catalogue, text, linked)
    if songs:
        return {**songs[0], "n_matches": len({song["work_id"] for song in songs})}
    shown = clean_text(text[:100])
    if linked is not None:
        raise SettingsError(
            f"{option} {shown!r}: no song of this catalogue has the id "
            f'{clean_text(linked[:60])!r}; give its "title - artist", or another song'
        )
    near = offer_songs(catalogue, text)
    offer = (
        f"; did you mean {' or '.join(repr(clean_text(name[:120])) for name in near)}?"
        if near
        else ', nor one like it; give "title - artist" or a song\'s id'
    )
    raise SettingsError(f"{option} {shown!r}: no such song in this catalogue{offer}")
