"""The genres near to one, for ``--genre-like``: looked up on the map that training drew.

Conventions
-----------
Similarities are in [-1, 1]; a genre has 1 to itself. The map, table ``genre_map`` of the
catalogue, knows the genres of songs, and tags that listeners gave to artists, which no song needs
to have. Only genres that songs have can be walked. A genre that found no place on the map, because
too few artists have it, is near to none.
"""

from __future__ import annotations

import json

from scripts.console import clean_text
from scripts.errors import SettingsError
from scripts.text.names import fold_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

#: Most genres of a wish, the named one included, and the least similarity of the others to it.
MOST_GENRES = 8
LEAST_SIMILARITY = 0.3


class GenreLike:
    """A genre and those near to it, as far as songs have them.

    Attributes
    ----------
    name : str
        As the map spells it.
    genres, similarities, ids : tuples of equal length
        The catalogue's genres, the nearest first, the named one before all if songs have it.
    """

    __slots__ = ("genres", "ids", "name", "similarities")

    def __init__(self, name: str, found: list[tuple[float, str, int]]) -> None:
        self.name = name
        self.similarities = tuple(similarity for similarity, _, _ in found)
        self.genres = tuple(genre for _, genre, _ in found)
        self.ids = tuple(genre_id for _, _, genre_id in found)

    def in_words(self) -> str:
        """Tell which genres a song may have.

        >>> GenreLike("nu jazz", [(0.7, "acid jazz", 3), (0.5, "jazz", 9)]).in_words()
        'genre like nu jazz (acid jazz, jazz)'
        """
        others = [genre for genre in self.genres if genre != self.name]
        if len(others) < len(self.genres):
            more = f" (also {', '.join(others)})" if others else ""
            return f"genre like {self.name}{more}"
        return f"genre like {self.name} ({', '.join(others)})"


def find_genres_like(
    catalogue: sqlite3.Connection, name: str, *, option: str = "--genre-like"
) -> GenreLike:
    """Look up a genre or a tag, in any spelling, and the catalogue's genres near to it.

    Raises
    ------
    SettingsError
        For a name the map does not have (the message offers those spelled like it), and for a tag
        with no genre near to it that songs have.
    """
    known, genre_id, listed = _find_row(catalogue, name, option)
    asked = [(1.0, known, genre_id)] if genre_id is not None else []
    near = [(similarity, genre) for genre, similarity in json.loads(listed)]
    ids = dict(
        catalogue.execute(
            "SELECT name, genre_id FROM genre_map WHERE genre_id IS NOT NULL "
            "AND name IN (SELECT value FROM json_each(?))",
            (json.dumps([genre for _, genre in near]),),
        )
    )
    walked = [(similarity, genre, ids[genre]) for similarity, genre in near if genre in ids]
    found = asked + [one for one in walked if one[0] >= LEAST_SIMILARITY]
    if found:
        return GenreLike(known, found[:MOST_GENRES])
    shown = clean_text(known)
    instead = (
        f"the nearest is {clean_text(walked[0][1])} (similarity {walked[0][0]:.2f}); ask for it "
        "with --genre"
        if walked
        else "ask for another, or for one of the songs' own genres with --genre"
    )
    raise SettingsError(
        f"{option} {shown!r}: a tag of artists that no song has as its genre, and no genre of "
        f"this catalogue's songs is near to it; {instead}"
    )


def _find_row(catalogue: sqlite3.Connection, name: str, option: str) -> tuple[Any, ...]:
    """Return name, id and neighbours of a genre of the map."""
    query = "SELECT name, genre_id, near FROM genre_map WHERE name = ?"
    text = name.encode("utf-8", "replace").decode()  # bytes of the command line that are no text
    asked = " ".join(text.split()).casefold()
    row = catalogue.execute(query, (asked,)).fetchone()
    if row is not None:
        return tuple(row)
    off_map = "SELECT name, genre_id, '[]' FROM genres WHERE name = ?"
    row = catalogue.execute(off_map, (asked,)).fetchone()
    if row is not None:
        return tuple(row)
    names = [
        found
        for (found,) in catalogue.execute(
            "SELECT name FROM genre_map ORDER BY genre_id IS NULL, -n_artists, 1"
        )
    ]
    folded = fold_name(asked)
    for known in names:
        if folded and fold_name(known) == folded:
            return tuple(catalogue.execute(query, (known,)).fetchone())
    raise SettingsError(_tell_unknown(asked, names, option))


def _tell_unknown(asked: str, names: list[str], option: str) -> str:
    """Say that the map does not have a name, and offer the names spelled like it."""
    shown = clean_text(asked[:60])
    if not names:
        return f"{option} {shown!r}: this catalogue has no genres; drop it"
    import difflib

    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(fold_name(name), name)
    near = difflib.get_close_matches(fold_name(asked)[:60], list(spelled), n=3, cutoff=0.7)
    within = [name for name in names if (asked and asked in name) or name in asked.split()]
    offered = list(dict.fromkeys([*(spelled[one] for one in near), *within]))[:4]
    if offered:
        return (
            f"{option} {shown!r}: neither a genre nor a tag of this catalogue; "
            f"did you mean {clean_text(' or '.join(offered))}?"
        )
    listed = ", ".join(names[:20]) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")
    return (
        f"{option} {shown!r}: neither a genre nor a tag of this catalogue, nor is one spelled like "
        f"it; it has: {clean_text(listed)}"
    )
