"""Finding what a listener has played among the songs and artists of a catalogue.

Conventions
-----------
A *heard* song is (artist, title, song id) as a history has it, with the number of its listens; the
title or the id may be empty. A row is a tuple of the catalogue's
:data:`~scripts.store.layout.SONG_COLUMNS`.

Method
------
A song is looked for by its id; then, where the catalogue has its artist, by its title as written,
by its title without the marks of a version, and among the titles that begin with it and go on with
such a mark. Names are the same where their keys of :mod:`scripts.text.names` are; of several songs
the one of best rank is taken. What is left still counts for its artist. All look-ups are made many
at a time.
"""

from __future__ import annotations

from itertools import chain

from scripts.playlists.walks import AT, COLUMNS
from scripts.text.names import artist_key, fold_name, title_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Row = tuple[Any, ...]
    Heard = tuple[str, str, str]

    #: The place of a song in a history, its title and the ``artist_id`` of its artist.
    Named = tuple[int, str, int]

#: Values looked up by one statement; SQLite allows 999 everywhere.
_AT_ONCE = 900
_NAMES_AT_ONCE = _AT_ONCE // 3

#: The marks of a version begin after a title with " (" or " -", and these with what lies between
#: stand before " .".
_FIRST_MARK, _PAST_MARKS = " (", " ."

#: Neither an artist of the songs nor one of the taste model.
_UNKNOWN: tuple[int | None, int | None] = (None, None)

_RANK = AT["rank"]


class Joined:
    """What of a history a catalogue knows.

    Attributes
    ----------
    listens : dict of rank to number of listens
        The songs that were played.
    artists : dict of artist_id to number of listens
        Of every song by an artist of the catalogue, whether the catalogue has the song or not.
    items : dict of a taste model's column to number of listens
    rank_of : dict of heard song to rank
    counts : dict
        How many different songs a history has (``songs``), and how many of them were found
        ``by_id``, ``by_name`` and, for those that were not, ``by_artist``; ``listens`` to all of
        them, and ``listens_found`` by id or by name.
    """

    __slots__ = ("artists", "counts", "items", "listens", "rank_of")

    def __init__(self) -> None:
        self.listens: dict[int, int] = {}
        self.artists: dict[int, int] = {}
        self.items: dict[int, int] = {}
        self.rank_of: dict[Heard, int] = {}
        self.counts = dict.fromkeys(
            ("songs", "by_id", "by_name", "by_artist", "listens", "listens_found"), 0
        )

    @property
    def is_empty(self) -> bool:
        """Whether neither a song nor an artist is known here."""
        return not (self.artists or self.items or self.listens)

    def most_played(self, n: int) -> list[int]:
        """Return the ranks of the songs played most, of equal ones those of best rank."""
        return sorted(self.listens, key=lambda rank: (-self.listens[rank], rank))[:n]


def read_rows(catalogue: sqlite3.Connection, ranks: Iterable[int]) -> dict[int, Row]:
    """Read songs by rank, in rising order."""
    rows = _look_up(catalogue, f"{COLUMNS} FROM songs s WHERE rank", sorted(set(ranks)))
    return {row[_RANK]: row for row in rows}


def read_works(catalogue: sqlite3.Connection, ranks: Iterable[int]) -> frozenset[int]:
    """Read the ``work_id`` of songs."""
    rows = _look_up(catalogue, "work_id FROM songs WHERE rank", sorted(set(ranks)))
    return frozenset(row[0] for row in rows)


def join_history(catalogue: sqlite3.Connection, heard: Mapping[Heard, int]) -> Joined:
    """Find what was played.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    heard : mapping of (artist, title, song id) to number of listens
    """
    joined = Joined()
    keys = {name: artist_key(name) for name in dict.fromkeys([song[0] for song in heard])}
    wanted = _texts(keys.values())
    known = _look_up(catalogue, "key, artist_id, item FROM artists WHERE key", wanted)
    artists = {key: (artist_id, item) for key, artist_id, item in known}
    of_name = {name: artists.get(key, _UNKNOWN) for name, key in keys.items()}
    ids = _texts([song[2] for song in heard if song[2]])
    found = _look_up(catalogue, "song_id, rank FROM songs WHERE song_id", ids)
    found.sort(reverse=True)  # of an id told twice, the best rank
    rank_of_id: dict[str, int] = dict(found)
    ranks = [rank_of_id.get(song[2]) for song in heard]
    left: list[Named] = []
    for at, song in enumerate(heard):
        artist = of_name[song[0]][0]
        if ranks[at] is None and song[1] and artist is not None:
            left.append((at, song[1], artist))
    by_name = _find_by_name(catalogue, left)
    for at, rank in by_name.items():
        ranks[at] = rank
    known_songs = zip(heard, ranks, strict=True)
    joined.rank_of = {song: rank for song, rank in known_songs if rank is not None}
    joined.counts["by_id"] = len(joined.rank_of) - len(by_name)
    joined.counts["by_name"] = len(by_name)
    _add_up(joined, heard, ranks, of_name)
    return joined


def _add_up(
    joined: Joined,
    heard: Mapping[Heard, int],
    ranks: Sequence[int | None],
    of_name: Mapping[str, tuple[int | None, int | None]],
) -> None:
    """Add the listens up by song, artist and item, and count the songs."""
    songs, artists, items = joined.listens, joined.artists, joined.items
    n_songs = n_by_artist = n_found = 0
    for (song, listens), rank in zip(heard.items(), ranks, strict=True):
        artist, item = of_name[song[0]]
        if artist is not None:
            artists[artist] = artists.get(artist, 0) + listens
        if item is not None:
            items[item] = items.get(item, 0) + listens
        if rank is not None:
            songs[rank] = songs.get(rank, 0) + listens
            n_found += listens
        if song[1] or song[2]:
            n_songs += 1
            n_by_artist += rank is None and artist is not None
    joined.counts.update(
        songs=n_songs,
        by_artist=n_by_artist,
        listens=sum(heard.values()),
        listens_found=n_found,
    )


def _texts(values: Iterable[str]) -> list[str]:
    """Sort different texts; what no file can hold as text, and so no catalogue has, is left out."""
    return sorted(value for value in set(values) if _is_text(value))


def _look_up(catalogue: sqlite3.Connection, query: str, values: Sequence[Any]) -> list[Row]:
    """Read the rows for which a column has one of some values: ``SELECT query IN (values)``."""
    rows: list[Row] = []
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        rows += catalogue.execute(f"SELECT {query} IN ({', '.join('?' * len(part))})", part)
    return rows


def bare_title(title: str, key: str) -> str:
    """Return a title without guests and the marks of a version, otherwise as it is written.

    Parameters
    ----------
    title : str
    key : str
        Its :func:`~scripts.text.names.title_key`.

    Examples
    --------
    >>> bare_title("Hurt - 2003 Remastered", "hurt"), bare_title("Stan (feat. Dido)", "stan")
    ('Hurt', 'Stan')
    """
    for i in range(1, len(title) - 1):
        if title[i] == " " and title[i + 1] in "([-–—fF":
            start = title[:i].rstrip()
            if fold_name(start) == key:
                return start
    return title


def _find_by_name(catalogue: sqlite3.Connection, left: Sequence[Named]) -> dict[int, int]:
    """Find songs by title and artist; returns ranks by place in the history."""
    found = _titled(catalogue, left)
    rest = [one for one in left if one[0] not in found]
    keys = {at: title_key(title) for at, title, _ in rest}
    bare = [(at, bare_title(title, keys[at]), artist) for at, title, artist in rest]
    shorter = [one for one, whole in zip(bare, rest, strict=True) if one[1] != whole[1]]
    found |= _titled(catalogue, shorter)
    bare = [one for one in bare if one[0] not in found]
    return found | _titled(catalogue, bare, ending=True, keys=keys)


def _titled(
    catalogue: sqlite3.Connection,
    asked: Sequence[Named],
    *,
    ending: bool = False,
    keys: Mapping[int, str] | None = None,
) -> dict[int, int]:
    """Find the songs of some titles and artists; of several the one of best rank.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    asked : sequence of (place in the history, title, artist_id)
    ending : bool
        Whether the marks of a version have to follow the title.
    keys : mapping of place to title key, optional
        What the key of a song's title has to be.
    """
    asked = [one for one in asked if _is_text(one[1])]
    found: dict[int, int] = {}
    for start in range(0, len(asked), _NAMES_AT_ONCE):
        part = asked[start : start + _NAMES_AT_ONCE]
        marks = ", ".join(["(?, ?, ?)"] * len(part))
        query = (
            f"WITH asked (place, start, own) AS (VALUES {marks}) "
            "SELECT place, rank, title FROM asked CROSS JOIN songs INDEXED BY songs_by_title "
            "ON artist_id = own AND "
        )
        if ending:
            query += (
                f"title COLLATE NOCASE >= start || '{_FIRST_MARK}' "
                f"AND title COLLATE NOCASE < start || '{_PAST_MARKS}'"
            )
        else:
            query += "title = start COLLATE NOCASE"
        for at, rank, title in catalogue.execute(query, list(chain.from_iterable(part))):
            better = at not in found or rank < found[at]
            if better and (keys is None or title_key(title) == keys[at]):
                found[at] = rank
    return found


def _is_text(value: str) -> bool:
    """Whether a file can hold it as text; what it cannot, no catalogue has."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
