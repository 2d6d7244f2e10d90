"""Recognising rows that a model was fitted on, in whatever file they come back.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`. A *fingerprint* is ten hexadecimal digits; a *record* is
the sorted, different fingerprints of a table in one text without separators, or None where there
are too many rows to keep.

Method
------
A fingerprint is the BLAKE2b digest (RFC 7693) of the features in whole thousandths. So the order
of the rows, a part of them, other columns and a save in other digits change nothing; a copy with
fewer than three decimals is not recognised. Of 100,000 songs about .002 would be taken by chance
for one of 20,000 others.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

#: A record of more rows would take more than 200 kB.
MAX_ROWS = 20_000

_BYTES = 5
_DIGITS = 2 * _BYTES


def fingerprint_rows(X: NDArray[np.float64]) -> list[str]:
    """Return the fingerprint of each row.

    >>> fingerprint_rows(np.full((1, 9), 0.25)) == fingerprint_rows(np.full((1, 9), 0.25004))
    True
    """
    # a little more than half, for a value halfway (.0345) that single precision moved down
    thousandths = np.floor(X * 1000 + 0.5005).astype("<i8")
    return [hashlib.blake2b(row.tobytes(), digest_size=_BYTES).hexdigest() for row in thousandths]


def record_rows(X: NDArray[np.float64]) -> str | None:
    """Return the record of a table, None above :data:`MAX_ROWS` rows.

    >>> len(record_rows(np.array([[0.1] * 9, [0.2] * 9, [0.1] * 9])))
    20
    """
    if len(X) > MAX_ROWS:
        return None
    return "".join(sorted(set(fingerprint_rows(X))))


def find_recorded(X: NDArray[np.float64], record: str) -> NDArray[np.bool_]:
    """Say of each row whether a record holds it; (n,) bool."""
    known = {record[at : at + _DIGITS] for at in range(0, len(record), _DIGITS)}
    return np.array([row in known for row in fingerprint_rows(X)], dtype=bool)
