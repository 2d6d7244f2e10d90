"""Songs whose titles begin as somebody is typing.

Conventions
-----------
What is offered, in order: songs that the text names (:mod:`scripts.playlists.lookup`), songs whose
titles begin with it, and where there are none of either, songs that it nearly names. Within each,
the most popular come first, unknown popularity last, then by rank. A title and artist come once.

Method
------
Titles have an index, and no more than :data:`LOOKED_AT` of its entries are read, so a letter alone
costs no more than a word.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from scripts.console import clean_text
from scripts.playlists.lookup import look_up, offer_songs
from scripts.text.names import fold_name

#: Titles that begin as the text does, at most, among which the most popular are found.
LOOKED_AT = 200

#: Letters of a text, at most; longer ones name no song.
MOST_LETTERS = 200

#: Letters from which a text may be a misspelt title.
_ENOUGH = 4

_COLUMNS = ("song_id", "title", "artist", "year", "popularity", "rank")
_QUERY = f"SELECT {', '.join(_COLUMNS)} FROM songs WHERE "


def offer_titles(catalogue: sqlite3.Connection, text: str, limit: int) -> list[dict[str, Any]]:
    """List songs that a text may be the beginning of.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    text : str
        At most :data:`MOST_LETTERS`.
    limit : int
        Songs, at most.

    Returns
    -------
    list of dict
        ``song_id``, ``title``, ``artist``, ``year`` (None: unknown) and ``label``, by which the
        song can be asked for.
    """
    text = " ".join(clean_text(text.encode("utf-8", "replace").decode()).split())
    if not text:
        return []
    found = [*look_up(catalogue, text), *_beginning(catalogue, text)]
    if not found and len(text) >= _ENOUGH:
        found = [song for name in offer_songs(catalogue, text) for song in look_up(catalogue, name)]
    songs: dict[str, dict[str, Any]] = {}
    for song in found:
        label = f"{song['title']} - {song['artist']}"
        songs.setdefault(label.casefold(), {**_told(song), "label": label})
        if len(songs) == limit:
            break
    return list(songs.values())


def _told(song: dict[str, Any]) -> dict[str, Any]:
    return {name: song[name] for name in ("song_id", "title", "artist", "year")}


def _beginning(catalogue: sqlite3.Connection, text: str) -> list[dict[str, Any]]:
    """Find songs by the beginning of a title, or of an artist behind a whole title and a dash."""
    title, dash, artist = text.partition(" - ")
    rows = _titled(catalogue, text)
    if dash:
        folded = fold_name(artist)
        rows += [
            row for row in _titled(catalogue, title) if fold_name(row["artist"]).startswith(folded)
        ]
    unknown = -1.0
    return sorted(
        rows,
        key=lambda row: (
            -(unknown if row["popularity"] is None else row["popularity"]),
            row["rank"],
        ),
    )


def _titled(catalogue: sqlite3.Connection, text: str) -> list[dict[str, Any]]:
    query = f"{_QUERY} title >= ? COLLATE NOCASE AND title < ? COLLATE NOCASE LIMIT ?"
    rows = catalogue.execute(query, (text, text + "\U0010ffff", LOOKED_AT))
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
