"""What a listener's history says of a song: four parts.

Conventions
-----------
A row is a tuple of the catalogue's :data:`~scripts.store.layout.SONG_COLUMNS`. A part that knows
nothing of a song counts as the mean of the songs it is weighed with. Of listens the logarithm
counts, log(1 + n): the hundredth says less than the first.

Method
------
*artist*: the listens of the song's artist, log(1 + n), in units of the listener's median artist,
so that a long history weighs no more than a short one. It is 0 for nearly every song and therefore
not standardised.

*listeners*: what the set's taste model expects of the artist, from everyone's histories.

*genre*: the mean cosine between the song's genre and those played, on the map of genres; of
several genres the nearest counts.

*sound*: see :mod:`scripts.playlists.history_sound`.

All but the first are standardised over the songs that are weighed against each other, and the
taste of a song is the sum of its parts by :data:`WEIGHTS`.
"""

from __future__ import annotations

import math
import sys
from array import array

from scripts.playlists.history_join import read_rows
from scripts.playlists.history_sound import Sound
from scripts.playlists.walks import AT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from scripts.playlists.history_join import Joined

    Row = tuple[Any, ...]

PARTS: tuple[str, ...] = ("artist", "listeners", "genre", "sound")

#: Part -> weight of one unit, set by hand. For the artist beside the sound, ``python -m
#: scripts.evaluate content_taste`` tries weights on playlists: having one gains much, and from 1 on
#: its validation parts differ little, though larger ones do not lose. A small one of these is kept,
#: so that songs of other artists come up too. No check tells what listeners and genre are worth:
#: listeners say of an artist what sound says of a song, and a genre says less than a sound.
WEIGHTS: dict[str, float] = {"artist": 1.4, "listeners": 1.0, "genre": 0.5, "sound": 1.0}

#: Songs by whose sound and genres a listener is known: those played most.
MOST_PLAYED = 1_000

#: Parts that are not standardised.
_AS_THEY_ARE = ("artist",)

_WEIGHTS = [WEIGHTS[name] for name in PARTS]
_RANK, _ARTIST_ID, _GENRES = AT["rank"], AT["artist_id"], AT["genres"]


class SongTaste:
    """What a history says of any song of the catalogue.

    Attributes
    ----------
    artists : dict of artist_id to number of listens
    listeners : dict of artist_id to score
        From the set's taste model; empty without one.
    genres : dict of genre to nearness
    played : dict of genre to share of what was played
    sound : Sound or None
        None where no song of the catalogue was played.
    """

    __slots__ = ("_unit", "artists", "genres", "listeners", "played", "sound")

    def __init__(
        self,
        catalogue: sqlite3.Connection,
        joined: Joined,
        listeners: Mapping[int, float] | None = None,
    ) -> None:
        self.artists = joined.artists
        self.listeners = listeners or {}
        rows = read_rows(catalogue, joined.most_played(MOST_PLAYED))
        self.played = played_genres(rows, joined.listens)
        self.genres = near_genres(catalogue, self.played)
        self.sound = Sound(catalogue, rows, joined.listens) if rows else None
        listens = sorted(joined.artists.values())
        self._unit = math.log1p(listens[len(listens) // 2]) if listens else 1.0

    def parts_of(self, row: Row) -> tuple[float | None, ...]:
        """Measure the parts of one song, in the order of :data:`PARTS`; None where unknown."""
        near = [self.genres[name] for name in row[_GENRES].split(";") if name in self.genres]
        return (
            math.log1p(self.artists.get(row[_ARTIST_ID], 0)) / self._unit,
            self.listeners.get(row[_ARTIST_ID]),
            max(near) if near else None,
            self.sound.log_ratio(row) if self.sound else None,
        )


class Weighing:
    """The taste of songs that are weighed against each other.

    Parameters
    ----------
    taste : SongTaste
    rows : iterable of rows
        Over these the parts are standardised.
    """

    __slots__ = ("_raw", "_scales", "_standard", "taste")

    def __init__(self, taste: SongTaste, rows: Iterable[Row]) -> None:
        self.taste = taste
        self._raw = {row[_RANK]: taste.parts_of(row) for row in rows}
        self._scales = [(0.0, 1.0)] * len(PARTS)
        for i, column in enumerate(zip(*self._raw.values(), strict=True)):
            if PARTS[i] not in _AS_THEY_ARE:
                known = [value for value in column if value is not None]
                self._scales[i] = _mean_and_sd(known)
        self._standard: dict[int, tuple[float, ...]] = {}

    def parts_of(self, row: Row) -> tuple[float, ...]:
        """Return a song's parts in the units of their weights, in the order of :data:`PARTS`."""
        standard = self._standard.get(row[_RANK])
        if standard is None:
            raw = self._raw.get(row[_RANK]) or self.taste.parts_of(row)
            standard = self._standard[row[_RANK]] = tuple(
                [
                    (value - mean) / sd if value is not None and sd else 0.0
                    for value, (mean, sd) in zip(raw, self._scales, strict=True)
                ]
            )
        return standard

    def score(self, row: Row) -> float:
        """Return a song's taste; rounded, so that songs that are equal stay equal."""
        parts = zip(_WEIGHTS, self.parts_of(row), strict=True)
        return round(sum([weight * value for weight, value in parts]), 9)


def _mean_and_sd(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation; 0 where all values are the same."""
    if not values:
        return 0.0, 0.0
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return mean, math.sqrt(variance) if variance > 1e-18 else 0.0


def _floats(blob: bytes) -> array[float]:
    numbers = array("f", blob)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def played_genres(rows: Mapping[int, Row], n_listens: Mapping[int, int]) -> dict[str, float]:
    """Say what share of what was played each genre has; a song is divided among its genres."""
    shares: dict[str, float] = {}
    for rank, row in rows.items():
        names = [name for name in row[_GENRES].split(";") if name]
        for name in names:
            weight = math.log1p(n_listens[rank]) / len(names)
            shares[name] = shares.get(name, 0.0) + weight
    total = math.fsum(shares.values())
    return {name: weight / total for name, weight in shares.items()}


def near_genres(catalogue: sqlite3.Connection, played: Mapping[str, float]) -> dict[str, float]:
    """Say how near every genre is to those played; without a map, the share that it has of them."""
    if not played:
        return {}
    query = (
        "SELECT g.name, m.vector FROM genres g JOIN genre_map m ON m.genre_id = g.genre_id "
        "ORDER BY g.name"
    )
    vectors = {name: _floats(blob) for name, blob in catalogue.execute(query)}
    on_map = [name for name in played if name in vectors]
    if not on_map:
        names = [name for (name,) in catalogue.execute("SELECT name FROM genres ORDER BY name")]
        return {name: played.get(name, 0.0) for name in names}
    n_dims = len(vectors[on_map[0]])
    middle = [math.fsum(played[name] * vectors[name][i] for name in on_map) for i in range(n_dims)]
    return {
        name: math.fsum(x * y for x, y in zip(vector, middle, strict=True))
        for name, vector in vectors.items()
    }
