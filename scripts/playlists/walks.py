"""Walks over the catalogue: candidates for a request that meet every wish, best first.

Conventions
-----------
A *row* is a tuple of the catalogue's :data:`~scripts.store.layout.SONG_COLUMNS`. A
:class:`Candidate` is a row with its *match* in [0, 1] and its distance, if it was found by one.

Method
------
Every filter of a mood's list has an index whose entries come in rank order; songs near a place
come from a k-d tree. So a walk can stop as soon as a list has enough songs, whatever the
catalogue's size.
"""

from __future__ import annotations

import heapq
import math

from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.constraints import Constraints, find_genre_ids
from scripts.store.layout import SONG_COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any

    from scripts.playlists.request import Near

    Row = tuple[Any, ...]
    Key = tuple[float, float, float, str]

#: Most song ranks that one look at a year's index fetches at first.
_FIRST_LOOK = 32

COLUMNS = ", ".join(f"s.{name}" for name in SONG_COLUMNS)
AT = {name: position for position, name in enumerate(SONG_COLUMNS)}

#: Filters that no index of a mood's list knows; they are checked on the row.
_ON_THE_ROW = ("tempo_bpm", "popularity")


class Candidate:
    """A song that may be chosen.

    ``part`` is the position of the request's part that it came from; ``place`` is its sound,
    where songs are weighed by it.
    """

    __slots__ = ("distance", "match", "part", "place", "row")

    def __init__(self, row: Row, match: float, distance: float | None = None) -> None:
        self.row = row
        self.match = match
        self.distance = distance
        self.part = 0
        self.place: tuple[float, ...] | None = None


class MoodRow:
    """One row of the catalogue's table of moods; ``stand_ins`` are moods, the nearest first."""

    __slots__ = ("first_rank", "mood_id", "n_playable", "n_songs", "name", "stand_ins")

    def __init__(self, row: Row) -> None:
        self.mood_id, self.name, self.first_rank, self.n_songs, self.n_playable = row[:5]
        self.stand_ins = row[5].split(";") if row[5] else []


def read_moods(catalogue: sqlite3.Connection) -> dict[str, MoodRow]:
    """Read the table of moods, by name."""
    query = "SELECT mood_id, name, first_rank, n_songs, n_playable, stand_in FROM moods"
    return {row[1]: MoodRow(row) for row in catalogue.execute(query)}


def probability_of(margin: float) -> float:
    """Turn log-odds into a probability.

    >>> probability_of(0.0)
    0.5
    """
    if margin >= 0:
        return 1 / (1 + math.exp(-margin))
    grown = math.exp(margin)
    return grown / (1 + grown)


class Walker:
    """The catalogue as one set of wishes and one profile see it.

    Attributes
    ----------
    catalogue : sqlite3.Connection
    constraints : Constraints
    moods : dict of name to MoodRow
    corrections : dict of song id to song mood
        What a listener said of songs' moods; it counts instead of the catalogue's.
    held : frozenset of int
        Ranks of songs that are not walked by their sound, see :mod:`scripts.playlists.lyric_walk`.
    """

    __slots__ = (
        *("_genre_ids", "_more", "_values", "catalogue", "constraints", "corrections"),
        *("held", "moods"),
    )

    def __init__(
        self,
        catalogue: sqlite3.Connection,
        constraints: Constraints,
        corrections: dict[str, str] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.constraints = constraints
        self.corrections = corrections or {}
        self.held: frozenset[int] = frozenset()
        self.moods = read_moods(catalogue)
        self._genre_ids = find_genre_ids(catalogue, constraints)
        on_the_row = [wish for wish in constraints.filters if wish.column in _ON_THE_ROW]
        self._more = "".join(f" AND s.{wish.column} BETWEEN ? AND ?" for wish in on_the_row)
        self._values = [end for wish in on_the_row for end in (wish.low, wish.high)]

    # -- songs of a mood ------------------------------------------------------------------------

    def _years_present(self, mood_id: int) -> list[int]:
        """List the years that songs of a mood have, one index probe each."""
        found: list[int] = []
        query = "SELECT min(year) FROM songs WHERE mood_id = ? AND year BETWEEN ? AND ?"
        first, last = self.constraints.years
        while True:
            (year,) = self.catalogue.execute(query, (mood_id, first, last)).fetchone()
            if year is None:
                return found
            found.append(year)
            first = year + 1

    def _ranks_by_year(self, mood: MoodRow) -> Iterator[int]:
        """Walk the years' index entries of a mood in rank order.

        Every year's entries are in rank order by themselves. A look takes the next few of each
        year; what lies before the nearest end of a look is final.
        """
        years = self._years_present(mood.mood_id)
        explicit = self.constraints.explicit
        asked = "" if explicit is None else " AND explicit = ?"
        wish = () if explicit is None else (int(explicit),)
        query = (
            f"SELECT rank FROM songs WHERE mood_id = ? AND year = ? AND rank > ?{asked} "
            "ORDER BY rank LIMIT ?"
        )
        done, look = -1, _FIRST_LOOK
        while years:
            ranks: list[int] = []
            final: float = math.inf
            for year in years:
                values = (mood.mood_id, year, done, *wish, look)
                got = self.catalogue.execute(query, values).fetchall()
                ranks += [row[0] for row in got]
                if len(got) == look:
                    final = min(final, got[-1][0])
            yield from sorted(rank for rank in ranks if rank <= final)
            if final == math.inf:
                return
            done, look = int(final), look * 4

    def _rows_of(self, mood: MoodRow) -> Iterator[Row]:
        """Walk a mood's songs that pass the filters, in rank order."""
        constraints, more = self.constraints, self._more
        if self._genre_ids:
            from itertools import groupby

            asked, values = "", [mood.mood_id, *self._values]
            if constraints.explicit is not None:
                asked += " AND g.explicit = ?"
                values.insert(1, int(constraints.explicit))
            if constraints.has_years:
                asked = f" AND g.year BETWEEN ? AND ?{asked}"
                values[1:1] = constraints.years
            query = (
                f"SELECT {COLUMNS} FROM song_genres g CROSS JOIN songs s ON s.rank = g.rank "
                f"WHERE g.genre_id = ? AND g.mood_id = ?{asked}{more} ORDER BY g.rank"
            )
            walks = [self.catalogue.execute(query, (one, *values)) for one in self._genre_ids]
            # a song of two of the genres comes twice in a row
            yield from (row for row, _ in groupby(heapq.merge(*walks)))
        elif constraints.has_years:
            query = f"SELECT {COLUMNS} FROM songs s WHERE rank = ?{more}"
            for rank in self._ranks_by_year(mood):
                yield from self.catalogue.execute(query, (rank, *self._values))
        elif constraints.explicit is not None:
            yield from self.catalogue.execute(
                f"SELECT {COLUMNS} FROM songs s INDEXED BY songs_by_explicit "
                f"WHERE mood_id = ? AND explicit = ?{more} ORDER BY rank",
                (mood.mood_id, int(constraints.explicit), *self._values),
            )
        else:
            last = mood.first_rank + mood.n_songs - 1
            yield from self.catalogue.execute(
                f"SELECT {COLUMNS} FROM songs s WHERE rank BETWEEN ? AND ?{more} ORDER BY rank",
                (mood.first_rank, last, *self._values),
            )

    def of_moods(self, weights: dict[str, float]) -> Iterator[Candidate]:
        """Walk the songs of some moods: falling fit, log-odds and popularity, then song id.

        The fit is weight times the probability of the mood's quadrant against the runner-up.
        """
        for key, row in self.with_keys(weights):
            yield Candidate(row, -key[0])

    def with_keys(self, weights: dict[str, float]) -> Iterator[tuple[Key, Row]]:
        """Walk as :meth:`of_moods` does; each row with the key that its order goes by."""

        def ordered(name: str, weight: float, rows: Iterator[Row]) -> Iterator[tuple[Key, Row]]:
            for row in rows:
                heard = self.corrections.get(row[AT["song_id"]], name)
                if heard == name and row[AT["rank"]] not in self.held:
                    yield _order(weight, row), row

        walks = [
            ordered(name, weight, self._rows_of(self.moods[name]))
            for name, weight in weights.items()
        ]
        moved = [
            ordered(name, weights[name], iter((row,)))
            for name, row in self._moved_songs()
            if name in weights
        ]
        yield from heapq.merge(*walks, *moved)

    def _moved_songs(self) -> Iterator[tuple[str, Row]]:
        """Find the songs that a listener moved to another mood, where they meet the wishes."""
        asked = "".join(
            f" AND s.{wish.column} BETWEEN ? AND ?" for wish in self.constraints.filters
        )
        values = [end for wish in self.constraints.filters for end in (wish.low, wish.high)]
        query = f"SELECT {COLUMNS} FROM songs s WHERE song_id = ?{asked}"
        by_id = {mood.mood_id: mood.name for mood in self.moods.values()}
        for song_id, name in self.corrections.items():
            for row in self.catalogue.execute(query, (song_id, *values)):
                if by_id[row[AT["mood_id"]]] != name and self._has_genre(row):
                    yield name, row

    def _has_genre(self, row: Row) -> bool:
        genres = self.constraints.genres
        return not genres or any(genre in genres for genre in row[AT["genres"]].split(";"))

    # -- songs near a place ---------------------------------------------------------------------

    def near(self, near: Near) -> Iterator[Candidate]:
        """Walk the songs near a place by rising distance; the match is 1 / (1 + distance)."""
        from scripts.playlists.nearest import SongTree

        yield from self.near_in(SongTree(self.catalogue, near.space), near)

    def near_in(self, tree: Any, near: Near) -> Iterator[Candidate]:
        """Walk as :meth:`near` does, in a tree that is open already."""
        allowed = near.moods or [name for name in self.moods if name != SPOKEN]
        ids = {self.moods[name].mood_id for name in allowed if name in self.moods}
        corrected = {name: mood in allowed for name, mood in self.corrections.items()}
        query = f"SELECT {COLUMNS} FROM songs s WHERE rank = ?"
        bounds = self._bounds(None if corrected else ids)
        for distance, rank in tree.nearest(near.target, bounds):
            if rank in self.held:
                continue
            row = self.catalogue.execute(query, (rank,)).fetchone()
            if not corrected.get(row[AT["song_id"]], row[AT["mood_id"]] in ids):
                continue
            if row[AT["work_id"]] not in near.works and self.meets(row):
                yield Candidate(row, 1 / (1 + distance), distance)

    def _bounds(self, mood_ids: set[int] | None) -> Any:
        from scripts.playlists.nearest import FactBounds, genre_bit

        constraints = self.constraints
        explicit = None if constraints.explicit is None else (int(constraints.explicit),) * 2
        return FactBounds(
            tempo=constraints.tempo,
            popularity=constraints.popularity,
            year=constraints.years if constraints.has_years else None,
            explicit=explicit,
            moods=mood_ids,
            genres=sum({genre_bit(genre_id) for genre_id in self._genre_ids}),
        )

    def meets(self, row: Row) -> bool:
        """Check a row against every filter; the tree's own check lets a few others through."""
        for wish in self.constraints.filters:
            value = row[AT[wish.column]]
            if value is None or not wish.low <= value <= wish.high:
                return False
        return self._has_genre(row)


def _order(weight: float, row: Row) -> Key:
    popularity, margin = row[AT["popularity"]], row[AT["margin"]]
    known = -1.0 if popularity is None else popularity
    return (-weight * probability_of(margin), -margin, -known, row[AT["song_id"]])
