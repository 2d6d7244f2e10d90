"""Checking what is asked of songs by the facts that the leaves of a tree hold.

Conventions
-----------
The facts and their layout are those of :mod:`scripts.store.layout`: tempo in beats per minute,
popularity from 0 to 100, year, explicit 0 or 1; -1 where a song does not tell.
"""

from __future__ import annotations

import math
import struct

from scripts.store.layout import FACT_CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    Range = tuple[float, float]

#: Where each column of a leaf's facts begins, in bytes a song, and its code.
_COLUMNS: dict[str, tuple[int, str]] = {}

#: Bytes of one song's facts.
FACTS_SIZE = 0

for _name, _code in FACT_CODES:
    _COLUMNS[_name] = (FACTS_SIZE, _code)
    FACTS_SIZE += struct.calcsize(_code)


def _as_stored(limits: Range) -> Range:
    """Round limits as the facts are rounded, so that a song on the very limit is within."""
    low, high = (math.copysign(min(abs(limit), 1e38), limit) for limit in limits)
    return struct.unpack("<2f", struct.pack("<2f", low, high))


class FactBounds:
    """What the facts of a song may be; ranges are inclusive.

    A song that does not tell a fact has -1 there and fails a range that begins at 0 or above.
    The check lets too much through, never too little: genres share bits and fractions are
    rounded to 32 bits, so the row decides where that matters.

    Parameters
    ----------
    tempo, popularity, year, explicit : (low, high), optional
    moods : collection of mood_id, optional
        None: any.
    genres : int
        The bits (:func:`genre_bit`) of genres of which a song has to have one; 0: any.
    """

    __slots__ = ("_genres", "_moods", "_ranges")

    def __init__(
        self,
        *,
        tempo: Range | None = None,
        popularity: Range | None = None,
        year: Range | None = None,
        explicit: Range | None = None,
        moods: Collection[int] | None = None,
        genres: int = 0,
    ) -> None:
        asked = {
            "tempo_bpm": tempo and _as_stored(tempo),
            "popularity": popularity and _as_stored(popularity),
            "year": year,
            "explicit": explicit,
        }
        self._ranges = [(*_COLUMNS[name], *limits) for name, limits in asked.items() if limits]
        self._moods = None if moods is None else bytes(n in moods for n in range(256))
        self._genres = genres

    def passing(self, blob: bytes, start: int, n: int) -> list[int]:
        """List which of a leaf's n songs are allowed, by their place in the leaf.

        ``start`` is where the facts begin in the leaf's blob.
        """
        passing = list(range(n))
        if self._moods is not None:
            moods, column = self._moods, start + n * _COLUMNS["mood_id"][0]
            passing = [i for i in passing if moods[blob[column + i]]]
        for offset, code, low, high in self._ranges:
            if passing:
                values = struct.unpack_from(f"<{n}{code}", blob, start + n * offset)
                passing = [i for i in passing if low <= values[i] <= high]
        if self._genres and passing:
            offset, code = _COLUMNS["genres"]
            bits, genres = struct.unpack_from(f"<{n}{code}", blob, start + n * offset), self._genres
            passing = [i for i in passing if bits[i] & genres]
        return passing
