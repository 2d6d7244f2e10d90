"""The ranker: the best songs for a request that meet every wish, in one fixed order.

Conventions
-----------
A song's fit is weight times the probability of its mood's quadrant; songs are ordered by falling
fit, then falling log-odds (which still differ where P rounds to 1), then falling popularity
(unknown last), then song id, so the same request gives the same list. The catalogue stores each
mood's songs in just this order as rising ``rank``. Where a mood that is asked for has too few
songs in the catalogue, its stand-in's songs come after all others.

Method
------
Every filter has an index whose entries come in rank order, so a list is a walk that stops as
soon as it has enough songs, whatever the catalogue's size. The walks of the moods asked for are
merged. One song per work and at most so many per artist are checked on the way.
"""

from __future__ import annotations

import heapq
import math

from scripts.playlists.constraints import Constraints, find_genre
from scripts.playlists.request import MoodRequest
from scripts.store.layout import SONG_COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any

#: Most song ranks that one look at a year's index fetches at first.
_FIRST_LOOK = 32

_COLUMNS = ", ".join(f"s.{name}" for name in SONG_COLUMNS)
_AT = {name: position for position, name in enumerate(SONG_COLUMNS)}


class MoodRow:
    """One row of the catalogue's table of moods; ``stand_ins`` are moods, the nearest first."""

    __slots__ = ("first_rank", "mood_id", "n_playable", "n_songs", "name", "stand_ins")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.mood_id, self.name, self.first_rank, self.n_songs, self.n_playable = row[:5]
        self.stand_ins = row[5].split(";") if row[5] else []


class Ranking:
    """The chosen songs and what was passed over on the way.

    Attributes
    ----------
    songs : list of dict
        Columns of the catalogue by name, plus ``mood`` (its name), ``fit`` in [0, 1] and
        ``probability``.
    stand_ins : list of (mood, mood that stands in)
    passed_over : dict of reason to number of songs
    """

    __slots__ = ("passed_over", "songs", "stand_ins")

    def __init__(self) -> None:
        self.songs: list[dict[str, Any]] = []
        self.stand_ins: list[tuple[str, str]] = []
        self.passed_over = {"another version": 0, "artist": 0}


def read_moods(catalogue: sqlite3.Connection) -> dict[str, MoodRow]:
    """Read the table of moods, by name."""
    query = "SELECT mood_id, name, first_rank, n_songs, n_playable, stand_in FROM moods"
    return {row[1]: MoodRow(row) for row in catalogue.execute(query)}


def _years_present(
    catalogue: sqlite3.Connection, mood_id: int, years: tuple[int, int]
) -> list[int]:
    """List the years that songs of a mood have, one index probe each."""
    found: list[int] = []
    query = "SELECT min(year) FROM songs WHERE mood_id = ? AND year BETWEEN ? AND ?"
    first, last = years
    while True:
        (year,) = catalogue.execute(query, (mood_id, first, last)).fetchone()
        if year is None:
            return found
        found.append(year)
        first = year + 1


def _ranks_by_year(
    catalogue: sqlite3.Connection, mood: MoodRow, constraints: Constraints
) -> Iterator[int]:
    """Walk the years' index entries of a mood in rank order.

    Every year's entries are in rank order by themselves. A look takes the next few of each year;
    what lies before the nearest end of a look is final.
    """
    years = _years_present(catalogue, mood.mood_id, constraints.years)
    asked = "" if constraints.explicit is None else " AND explicit = ?"
    wish = () if constraints.explicit is None else (int(constraints.explicit),)
    query = (
        f"SELECT rank FROM songs WHERE mood_id = ? AND year = ? AND rank > ?{asked} "
        "ORDER BY rank LIMIT ?"
    )
    done, look = -1, _FIRST_LOOK
    while years:
        ranks: list[int] = []
        final: float = math.inf
        for year in years:
            got = catalogue.execute(query, (mood.mood_id, year, done, *wish, look)).fetchall()
            ranks += [row[0] for row in got]
            if len(got) == look:
                final = min(final, got[-1][0])
        yield from sorted(rank for rank in ranks if rank <= final)
        if final == math.inf:
            return
        done, look = int(final), look * 4


def _walk(
    catalogue: sqlite3.Connection, mood: MoodRow, constraints: Constraints, genre_id: int | None
) -> Iterator[tuple[Any, ...]]:
    """Walk a mood's songs that pass the filters, in rank order."""
    if genre_id is not None:
        asked, values = "", [genre_id, mood.mood_id]
        if constraints.has_years:
            asked += " AND g.year BETWEEN ? AND ?"
            values += constraints.years
        if constraints.explicit is not None:
            asked += " AND g.explicit = ?"
            values.append(int(constraints.explicit))
        yield from catalogue.execute(
            f"SELECT {_COLUMNS} FROM song_genres g CROSS JOIN songs s ON s.rank = g.rank "
            f"WHERE g.genre_id = ? AND g.mood_id = ?{asked} ORDER BY g.rank",
            values,
        )
    elif constraints.has_years:
        query = f"SELECT {_COLUMNS} FROM songs s WHERE rank = ?"
        for rank in _ranks_by_year(catalogue, mood, constraints):
            yield catalogue.execute(query, (rank,)).fetchone()
    elif constraints.explicit is not None:
        yield from catalogue.execute(
            f"SELECT {_COLUMNS} FROM songs s INDEXED BY songs_by_explicit "
            "WHERE mood_id = ? AND explicit = ? ORDER BY rank",
            (mood.mood_id, int(constraints.explicit)),
        )
    else:
        last = mood.first_rank + mood.n_songs - 1
        yield from catalogue.execute(
            f"SELECT {_COLUMNS} FROM songs s WHERE rank BETWEEN ? AND ? ORDER BY rank",
            (mood.first_rank, last),
        )


def probability_of(margin: float) -> float:
    """Turn log-odds into a probability.

    >>> probability_of(0.0)
    0.5
    """
    if margin >= 0:
        return 1 / (1 + math.exp(-margin))
    grown = math.exp(margin)
    return grown / (1 + grown)


def _order(weight: float, row: tuple[Any, ...]) -> tuple[float, float, float, str]:
    popularity = row[_AT["popularity"]]
    margin = row[_AT["margin"]]
    return (
        -weight * probability_of(margin),
        -margin,
        -(popularity if popularity is not None else -1.0),
        row[_AT["song_id"]],
    )


def rank_songs(
    catalogue: sqlite3.Connection, request: MoodRequest, constraints: Constraints
) -> Ranking:
    """Choose the songs.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    request : MoodRequest
    constraints : Constraints

    Returns
    -------
    Ranking
        At most ``constraints.n`` songs; fewer where the catalogue has no more.
    """
    moods = read_moods(catalogue)
    genre_id = None if constraints.genre is None else find_genre(catalogue, constraints.genre)
    ranking = Ranking()
    by_id = {mood.mood_id: mood.name for mood in moods.values()}
    works: set[int] = set()
    artists: dict[int, int] = {}

    def walk(name: str, weight: float) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        for row in _walk(catalogue, moods[name], constraints, genre_id):
            yield _order(weight, row), row

    def take(weights: dict[str, float]) -> None:
        for key, row in heapq.merge(*(walk(name, weight) for name, weight in weights.items())):
            if len(ranking.songs) == constraints.n:
                return
            work, artist = row[_AT["work_id"]], row[_AT["artist_id"]]
            if work in works:
                ranking.passed_over["another version"] += 1
            elif artists.get(artist, 0) >= constraints.max_per_artist:
                ranking.passed_over["artist"] += 1
            else:
                works.add(work)
                artists[artist] = artists.get(artist, 0) + 1
                song = dict(zip(SONG_COLUMNS, row, strict=True))
                song["mood"] = by_id[song["mood_id"]]
                song["fit"] = -key[0]
                song["probability"] = probability_of(song["margin"])
                ranking.songs.append(song)

    take(request.weights)
    stand_ins: dict[str, float] = {}
    for name, weight in request.weights.items():
        for other in moods[name].stand_ins:
            ranking.stand_ins.append((name, other))
            if other not in request.weights:
                stand_ins[other] = max(weight, stand_ins.get(other, 0.0))
    if stand_ins and len(ranking.songs) < constraints.n:
        take(stand_ins)
    return ranking


def count_passing(
    catalogue: sqlite3.Connection, moods: list[str], constraints: Constraints
) -> dict[str, int]:
    """Count the songs of some moods that each filter lets through by itself.

    Returns
    -------
    dict
        ``"songs"``: all songs of these moods, then one entry a filter, named as its flag, and,
        of several filters, ``"all"``: the songs that pass every one.
    """
    table = read_moods(catalogue)
    ids = [table[name].mood_id for name in moods]
    filters: list[tuple[str, str, tuple[int, ...]]] = []
    among = f"mood_id IN ({', '.join('?' * len(ids))})"
    counts = {"songs": sum(table[name].n_songs for name in moods)}

    def count(asked: str, values: tuple[int, ...]) -> int:
        source = "song_genres" if "genre_id" in asked else "songs"
        query = f"SELECT count(*) FROM {source} WHERE {among} AND {asked}"
        return int(catalogue.execute(query, (*ids, *values)).fetchone()[0])

    if constraints.genre is not None:
        genre_id = find_genre(catalogue, constraints.genre)
        filters.append((f"--genre {constraints.genre}", "genre_id = ?", (genre_id,)))
    if constraints.year_from is not None:
        first = constraints.year_from
        filters.append((f"--year-from {first}", "year >= ?", (first,)))
    if constraints.year_to is not None:
        last = constraints.year_to
        filters.append((f"--year-to {last}", "year <= ?", (last,)))
    if constraints.explicit is not None:
        flag = "--explicit" if constraints.explicit else "--no-explicit"
        filters.append((flag, "explicit = ?", (int(constraints.explicit),)))
    for flag, asked, values in filters:
        counts[flag] = count(asked, values)
    if len(filters) > 1:
        every = " AND ".join(asked for _, asked, _ in filters)
        counts["all"] = count(every, tuple(value for _, _, values in filters for value in values))
    return counts


def tells_any(catalogue: sqlite3.Connection, column: str, moods: list[str]) -> bool:
    """Whether ``year`` or ``explicit`` is known of any song of some moods, one probe each."""
    table = read_moods(catalogue)
    query = f"SELECT max({column}) FROM songs WHERE mood_id = ?"
    seen = [catalogue.execute(query, (table[name].mood_id,)).fetchone()[0] for name in moods]
    return any(value is not None for value in seen)
