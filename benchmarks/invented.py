"""Names, dates and ids for invented songs.

Conventions
-----------
Titles and artists are numbers until they are written down; equal numbers give equal names. All
functions take and return whole columns.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import words

FIRST_YEAR, LAST_YEAR = 1950, 2025
GUEST_PERCENT = 15

_ALPHABET = np.frombuffer(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8
)
_ID_LENGTH = 22
_COUNTER_LENGTH = 6
_COUNTER_SPACE = 62**_COUNTER_LENGTH
_COUNTER_STEP = 10_000_000_019  # shares no factor with 62, so the counter visits every value once


def name_artists(artists: np.ndarray) -> pa.Array:
    """Name artist numbers, one name per number."""
    # the step shares no factor with the number of names, so neighbours get unlike names
    spread = artists * 1_000_003 % words.N_ARTISTS
    return pc.binary_join_element_wise(
        pa.array(words.GIVEN_NAMES).take(pa.array(spread % len(words.GIVEN_NAMES))),
        pa.array(words.FAMILY_NAMES).take(pa.array(spread // len(words.GIVEN_NAMES))),
        " ",
    )


def name_titles(titles: np.ndarray, endings: pa.Array | str = "") -> pa.Array:
    """Name title numbers in [0, N_TITLES), each with an ending."""
    n_heads, n_middles = len(words.HEADS), len(words.MIDDLES)
    pair = pc.binary_join_element_wise(
        pa.array(words.HEADS).take(pa.array(titles % n_heads)),
        pa.array(words.MIDDLES).take(pa.array(titles // n_heads % n_middles)),
        " ",
    )
    tail = pa.array(words.TAILS).take(pa.array(titles // (n_heads * n_middles)))
    return pc.binary_join_element_wise(pair, tail, endings, "")


def name_dates(years: np.ndarray, rng: np.random.Generator) -> pa.Array:
    """Write ``YYYY-MM-DD``, and the year alone for a third of the songs before 1990."""
    span = range(FIRST_YEAR, LAST_YEAR + 1)
    days = [f"{y}-{m:02d}-{d:02d}" for y in span for m in range(1, 13) for d in range(1, 29)]
    names = pa.array(days + [str(year) for year in span])
    offset = years - FIRST_YEAR
    day = offset * 336 + rng.integers(336, size=len(years))
    bare = (years < 1990) & (rng.random(len(years)) < 1 / 3)
    return names.take(pa.array(np.where(bare, len(days) + offset, day)))


def draw_ids(start: int, n: int, seed: int, rng: np.random.Generator) -> pa.Array:
    """Make ``n`` ids of 22 base-62 characters, unique over the table.

    Six of the characters are a counter in scattered order, the rest is chance.
    """
    digits = rng.integers(62, size=(n, _ID_LENGTH), dtype=np.uint8)
    counter = ((start + np.arange(n) + 1 + seed * 7_919) * _COUNTER_STEP) % _COUNTER_SPACE
    for place in range(_COUNTER_LENGTH):
        digits[:, 3 * place + 1] = counter % 62
        counter //= 62
    offsets = np.arange(0, (n + 1) * _ID_LENGTH, _ID_LENGTH, dtype=np.int32)
    letters = np.ascontiguousarray(_ALPHABET[digits])
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(letters))


def join_guests(artists: np.ndarray, guests: np.ndarray) -> pa.Array:
    """Name the artists; some pairs, always the same ones, sing together: ``A;B``."""
    featured = (artists * 31 + guests * 17) % 100 < GUEST_PERCENT
    featured &= artists != guests
    alone = name_artists(artists)
    both = pc.binary_join_element_wise(alone, name_artists(guests), ";")
    return pc.if_else(pa.array(featured), both, alone)
