"""Check the audio features of a song table, value by value.

Conventions
-----------
A row is refused for the first reason that applies to the first of
:data:`~scripts.moods.features.FEATURES`; ranges are those of
:data:`~scripts.moods.features.FEATURE_RANGES`. A whole table on a 0-100 scale is refused at once.

The column ``spec_rate`` of the 278k-song table is a speechiness; in some editions it is divided
by the duration in ms. Where all its values lie below :data:`SPEECH_RATE_BELOW` and there is a
duration column, it is multiplied by the duration; elsewhere it is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from scripts.errors import DataError
from scripts.moods.features import FEATURE_RANGES, FEATURES
from scripts.tables import song_cells
from scripts.tables.song_cells import UNKNOWN, as_text, parse_numbers
from scripts.tables.song_columns import header_key
from scripts.tables.song_reading import RawTable

REASONS: tuple[str, ...] = (
    "malformed row",
    "missing feature",
    "not a number",
    "out of range",
    "zero tempo",
    "missing title",
    "duplicate id",
    "same song under another id",
)
MALFORMED, MISSING, NOT_A_NUMBER, OUT_OF_RANGE, ZERO_TEMPO, NO_TITLE, SAME_ID, SAME_SONG = range(8)
_PERCENT_FEATURES = 3

#: Speechiness a ms: of a song of 10 seconds it is at most this.
SPEECH_RATE_BELOW = 1e-4


@dataclass
class CheckedFeatures:
    """The nine features of a table and its durations, and what is wrong in which row."""

    values: dict[str, np.ndarray]
    duration_ms: np.ndarray  # int64, UNKNOWN where there is none
    reason: np.ndarray  # int8, UNKNOWN where the row is sound
    column: np.ndarray  # int8, position in FEATURES
    cells: dict[str, dict[int, str]] = field(default_factory=dict)


def _feature_reasons(name: str, values: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    low, high = FEATURE_RANGES[name]
    reasons = np.where(np.isnan(values), MISSING, UNKNOWN).astype(np.int8)
    reasons[(values < low) | (values > high)] = OUT_OF_RANGE
    reasons[wrong] = NOT_A_NUMBER
    if name == "tempo_bpm":
        reasons[values == 0] = ZERO_TEMPO
    return reasons


def _undo_rate(raw: RawTable, values: np.ndarray, duration_ms: np.ndarray) -> np.ndarray:
    """Turn a speechiness divided by the duration in ms back (see the module's conventions)."""
    if header_key(raw.headers["speechiness"]) != "specrate" or "duration_ms" not in raw.headers:
        return values
    sound = np.isfinite(values) if raw.malformed is None else np.isfinite(values) & ~raw.malformed
    if not (values[sound] < SPEECH_RATE_BELOW).all():
        return values
    return values * np.where(duration_ms == UNKNOWN, np.nan, duration_ms)


def check_features(raw: RawTable) -> CheckedFeatures:
    """Read the nine features and find for each row the first reason to refuse it."""
    reason = np.full(raw.n_rows, UNKNOWN, np.int8)
    duration_ms = np.full(raw.n_rows, UNKNOWN, np.int64)
    if "duration_ms" in raw.headers:
        duration_ms = song_cells.parse_durations(raw.take("duration_ms"))
    checked = CheckedFeatures({}, duration_ms, reason, np.zeros(raw.n_rows, np.int8))
    for position, name in enumerate(FEATURES):
        column = raw.take(name)
        values, wrong = parse_numbers(column)
        if name == "speechiness":
            values = _undo_rate(raw, values, duration_ms)
        checked.values[name] = values
        found = _feature_reasons(name, values, wrong)
        bad = np.flatnonzero(found != UNKNOWN)
        if not len(bad):
            continue
        earlier = bad[(reason[bad] == UNKNOWN) | (found[bad] < reason[bad])]
        reason[earlier] = found[earlier]
        checked.column[earlier] = position
        texts = as_text(column.take(pa.array(earlier))).to_pylist()
        checked.cells[name] = dict(zip(earlier.tolist(), texts, strict=True))
    if raw.malformed is not None:
        reason[raw.malformed] = MALFORMED
    return checked


def refuse_percent_scale(raw: RawTable, values: dict[str, np.ndarray]) -> None:
    """Refuse a table whose [0, 1] features are written from 0 to 100.

    The sign: in at least three of them, more than half of the values lie above 1, up to 100.

    Raises
    ------
    DataError
        For such a table.
    """
    percent = []
    for name in FEATURES:
        known = values[name][~np.isnan(values[name])]
        above = (known > 1) & (known <= 100)
        if FEATURE_RANGES[name] == (0.0, 1.0) and 2 * np.count_nonzero(above) > len(known):
            percent.append((name, float(known[above][0])))
    if len(percent) < _PERCENT_FEATURES:
        return
    names = ", ".join(raw.headers[name] for name, _ in percent)
    raise DataError(
        f"{raw.path}: columns {names} are on a 0-100 scale ({raw.headers[percent[0][0]]} "
        f"{percent[0][1]:g}, for one); allowed is 0 to 1. Divide these columns by 100."
    )
