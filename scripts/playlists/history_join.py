"""Finding what a listener has played among the songs and artists of a catalogue.

Conventions
-----------
A *heard* song is (artist, title, song id) as a history has it, with the number of its listens; the
title or the id may be empty. A row is a tuple of the catalogue's
:data:`~scripts.store.layout.SONG_COLUMNS`.

Method
------
A song is looked for by its id; then, where the catalogue has its artist, among the artist's titles:
first as written but for case, then by the keys of :mod:`scripts.text.names`. Of several songs the
one of best rank is taken. An artist is looked for by key, with "&" for "and" and the reverse where
that finds none. Where several artists share a key ("Her", "H.E.R."), the one that is spelled as
heard comes first, then the one of most songs; the others are tried for what it does not have.
What is left still counts for its artist. All look-ups are made many at a time.
"""

from __future__ import annotations

from scripts.playlists.walks import AT, COLUMNS
from scripts.text.names import artist_key, title_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Row = tuple[Any, ...]
    Heard = tuple[str, str, str]

    #: The place of a song in a history, its title and the ``artist_id`` of its artist.
    Named = tuple[int, str, int]

    #: The ``artist_id`` of a name, likeliest first, and its column of the taste model.
    Artist = tuple[list[int], int | None]

#: Values looked up by one statement; SQLite allows 999 everywhere.
_AT_ONCE = 900
#: Letters of a key that a title has to begin with before its own key is made.
_START = 3

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
    of_name = _find_artists(catalogue, dict.fromkeys([song[0] for song in heard]))
    ids = _texts([song[2] for song in heard if song[2]])
    found = _look_up(catalogue, "song_id, rank FROM songs WHERE song_id", ids)
    found.sort(reverse=True)  # of an id told twice, the best rank
    rank_of_id: dict[str, int] = dict(found)
    ranks = [rank_of_id.get(song[2]) for song in heard]
    n_by_id = sum(rank is not None for rank in ranks)
    chosen = [next(iter(of_name[song[0]][0]), None) for song in heard]
    for turn in range(max((len(artist[0]) for artist in of_name.values()), default=0)):
        left: list[Named] = []
        for at, song in enumerate(heard):
            artist_ids = of_name[song[0]][0]
            if ranks[at] is None and song[1] and turn < len(artist_ids):
                left.append((at, song[1], artist_ids[turn]))
        by_name = _find_by_name(catalogue, left)
        for at, _, artist_id in left:
            if at in by_name:
                ranks[at], chosen[at] = by_name[at], artist_id
    known_songs = zip(heard, ranks, strict=True)
    joined.rank_of = {song: rank for song, rank in known_songs if rank is not None}
    joined.counts["by_id"] = n_by_id
    joined.counts["by_name"] = len(joined.rank_of) - n_by_id
    items = [of_name[song[0]][1] for song in heard]
    _add_up(joined, heard, ranks, list(zip(chosen, items, strict=True)))
    return joined


def _add_up(
    joined: Joined,
    heard: Mapping[Heard, int],
    ranks: Sequence[int | None],
    known: Sequence[tuple[int | None, int | None]],
) -> None:
    """Add the listens up by song, artist and item, and count the songs."""
    songs, artists, items = joined.listens, joined.artists, joined.items
    n_songs = n_by_artist = n_found = 0
    for (song, listens), rank, (artist, item) in zip(heard.items(), ranks, known, strict=True):
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


def _find_artists(catalogue: sqlite3.Connection, names: Iterable[str]) -> dict[str, Artist]:
    """Find artists by name, several at a key likeliest first."""
    keys = {name: artist_key(name) for name in names}
    known = _read_artists(catalogue, keys.values())
    other = {
        name: artist_key(_other_and(name))
        for name, key in keys.items()
        if key not in known and ("&" in name or " and " in name.lower())
    }
    known |= _read_artists(catalogue, other.values())
    keys |= {name: key for name, key in other.items() if key in known}
    shared = {i for artist_ids, _ in known.values() if len(artist_ids) > 1 for i in artist_ids}
    spelled = _read_spellings(catalogue, sorted(shared))
    nobody: Artist = ([], None)
    found = {name: known.get(key, nobody) for name, key in keys.items()}
    for name, (artist_ids, item) in found.items():
        if len(artist_ids) > 1:
            found[name] = sorted(artist_ids, key=lambda i: _unlike(name, spelled[i])), item
    return found


def _other_and(name: str) -> str:
    """Write "&" as "and", or the reverse."""
    if "&" in name:
        return name.replace("&", " and ")
    at = name.lower().index(" and ")
    return f"{name[:at]} & {name[at + 5 :]}"


def _read_artists(catalogue: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Artist]:
    rows = _look_up(catalogue, "key, artist_id, item FROM artists WHERE key", _texts(keys))
    known: dict[str, Artist] = {}
    for key, artist_id, item in rows:
        artist_ids, _ = known.setdefault(key, ([], item))
        if artist_id is not None:
            artist_ids.append(artist_id)
    return known


def _read_spellings(
    catalogue: sqlite3.Connection, artist_ids: Sequence[int]
) -> dict[int, dict[str, int]]:
    """Read how the songs of artists spell them, and how many songs do so."""
    spelled: dict[int, dict[str, int]] = {artist_id: {} for artist_id in artist_ids}
    query = "artist_id, artist FROM songs WHERE artist_id"
    for artist_id, name in _look_up(catalogue, query, artist_ids):
        names = spelled[artist_id]
        names[name] = names.get(name, 0) + 1
    return spelled


def _unlike(name: str, spelled: Mapping[str, int]) -> tuple[bool, bool, int]:
    """Order artists of one key: spelled as heard, then so but for case, then by number of songs."""
    first = {one.partition(";")[0].strip() for one in spelled}
    name = name.partition(";")[0].strip()
    lower = name.lower() in {one.lower() for one in first}
    return name not in first, not lower, -sum(spelled.values())


def _find_by_name(catalogue: sqlite3.Connection, left: Sequence[Named]) -> dict[int, int]:
    """Find songs by title and artist; returns ranks by place in the history."""
    artist_ids = sorted({artist for _, _, artist in left})
    songs = _look_up(catalogue, "rank, artist_id, title FROM songs WHERE artist_id", artist_ids)
    songs.sort(reverse=True)  # of equal names, the best rank comes last
    written = {(artist, title.lower()): rank for rank, artist, title in songs}
    found: dict[int, int] = {}
    keys: dict[int, tuple[int, str]] = {}
    for at, title, artist in left:
        rank = written.get((artist, title.lower()))
        if rank is None:
            keys[at] = artist, title_key(title)
        else:
            found[at] = rank
    starts = {(artist, key[:_START]) for artist, key in keys.values()}
    named: dict[tuple[int, str], int] = {}
    for rank, artist, title in songs:
        # letters and digits that a title begins with are what its key begins with
        start = title[:_START]
        plain = start.isascii() and start.isalnum()
        if not plain or (artist, start.lower()) in starts:
            named[artist, title_key(title)] = rank
    return found | {at: named[key] for at, key in keys.items() if key in named}


def _is_text(value: str) -> bool:
    """Whether a file can hold it as text; what it cannot, no catalogue has."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
