"""Read songs whose mood people have told, to learn from and to be judged by.

Conventions
-----------
A *truth table* has the nine audio features under any name that song tables use, and, for each
song, a mood or its place on the valence-arousal plane, or both:

* ``mood``: any word of :data:`~scripts.moods.vocabulary.SYNONYMS` that lies in a quadrant, which
  is what counts;
* ``labels``: the codes of the 278k-song table, 0 sad, 1 happy, 2 energetic, 3 calm;
* ``valence_mean`` and ``arousal_mean``: numbers on the table's own scale.

It may have the words of the songs in a column ``lyrics``, empty where unknown.

That table's ``spec_rate`` is brought to a speechiness as :mod:`~scripts.tables.song_rows` tells.

Rows without a legal feature or without a label are dropped and counted. Rows that repeat a song
stay: who splits the table groups them by `artist`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from scripts.errors import DataError
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import SYNONYMS, quadrant_of_word
from scripts.tables.song_cells import UNKNOWN, as_text, parse_artists, parse_ids, parse_numbers
from scripts.tables.song_columns import SONG_FIELDS
from scripts.tables.song_features import (
    MALFORMED,
    REASONS,
    check_features,
    refuse_percent_scale,
)
from scripts.tables.song_files import list_song_files
from scripts.tables.song_reading import RawTable, open_table
from scripts.tables.works import normal_artists

MISSING_MOOD = "missing mood"

#: Words of the codes in the 278k-song table's ``labels``.
LABEL_CODES: tuple[str, ...] = ("sad", "happy", "energetic", "calm")

_LABEL_FIELDS: dict[str, tuple[str, ...]] = {
    "mood": ("mood", "moods", "emotion", "quadrant", "labels", "label", "moodlabel"),
    "valence_mean": ("valencemean", "meanvalence", "valenceavg"),
    "arousal_mean": ("arousalmean", "meanarousal", "arousalavg"),
}
_LYRICS = ("lyrics", "lyric", "songlyrics")
_TRUTH_FIELDS = {**SONG_FIELDS, **_LABEL_FIELDS, "lyrics": _LYRICS}


@dataclass(frozen=True)
class TruthTable:
    """Songs with told moods; arrays run in the order of the file.

    Attributes
    ----------
    features : DataFrame, shape (n_songs, 9)
        Columns :data:`~scripts.moods.features.FEATURES`, float64.
    quadrant : ndarray or None, shape (n_songs,), object
        Names of :data:`~scripts.moods.vocabulary.QUADRANTS`.
    valence_mean, arousal_mean : ndarray or None, shape (n_songs,), float64
        The told place on the plane, on the table's own scale.
    artist : ndarray, shape (n_songs,), object
        Normalised primary artist; a name of its own for each row where unknown.
    title, song_id : ndarray, shape (n_songs,), object
        As in the file, "" where unknown.
    n_read : int
        Rows read.
    counts : dict
        Reason -> rows dropped.
    source : str
        The file.
    lyrics : ndarray or None, shape (n_songs,), object
        Texts as in the file; None where it has no such column.
    """

    features: pd.DataFrame
    quadrant: np.ndarray | None
    valence_mean: np.ndarray | None
    arousal_mean: np.ndarray | None
    artist: np.ndarray
    title: np.ndarray
    song_id: np.ndarray
    n_read: int
    counts: dict[str, int]
    source: str
    lyrics: np.ndarray | None = None


def _refuse_word(raw: RawTable, words: list[str], row: int) -> DataError:
    word = words[row]
    placed = sorted(word for word in SYNONYMS if quadrant_of_word(word))
    near = difflib.get_close_matches(word.casefold(), placed, n=3, cutoff=0.4)
    offers = ", ".join(near) or "nothing similar"
    return DataError(
        f"{raw.path}, row {row + 1}, column '{raw.headers['mood']}': {word[:60]!r} is no mood "
        f"with a quarter of the plane. Nearest: {offers}. Allowed are: {', '.join(placed)}; or "
        "the codes 0 sad, 1 happy, 2 energetic, 3 calm. Rename the mood, or take the row out."
    )


def _read_quadrants(raw: RawTable) -> np.ndarray:
    """Read the quadrant of every row; None where the cell is empty."""
    column = raw.take("mood")
    words = [text.strip() for text in as_text(column).to_pylist()]
    codes = {str(code): word for code, word in enumerate(LABEL_CODES)}
    codes |= {f"{code}.0": word for code, word in enumerate(LABEL_CODES)}
    words = [codes.get(word, word) for word in words]
    known = {word: quadrant_of_word(word) for word in set(words) if word}
    for row, word in enumerate(words):
        if word and known[word] is None:
            raise _refuse_word(raw, words, row)
    return np.array([known.get(word) for word in words], dtype=object)


def _read_means(raw: RawTable, name: str) -> np.ndarray | None:
    return parse_numbers(raw.take(name)).values if name in raw.headers else None


def _read_labels(raw: RawTable) -> dict[str, np.ndarray | None]:
    labels = {
        "quadrant": _read_quadrants(raw) if "mood" in raw.headers else None,
        "valence_mean": _read_means(raw, "valence_mean"),
        "arousal_mean": _read_means(raw, "arousal_mean"),
    }
    if labels["valence_mean"] is None or labels["arousal_mean"] is None:
        labels["valence_mean"] = labels["arousal_mean"] = None
    if all(values is None for values in labels.values()):
        raise DataError(
            f"{raw.path}: the table tells no mood. Allowed are a column 'mood' (a word, or "
            "'labels' with the codes 0 sad, 1 happy, 2 energetic, 3 calm), or the two columns "
            "'valence_mean' and 'arousal_mean'. Add one, or give a labelled table."
        )
    return labels


def _unlabelled(labels: dict[str, np.ndarray | None], n_rows: int) -> np.ndarray:
    """Find the rows that lack any of the labels the table has."""
    lacks = np.zeros(n_rows, bool)
    for values in labels.values():
        if values is not None:
            lacks |= np.asarray(pd.isna(values)) | np.isin(values, [np.inf, -np.inf])
    return lacks


def _texts(raw: RawTable, name: str) -> pa.ChunkedArray:
    if name not in raw.headers:
        return pa.chunked_array([pa.array([""] * raw.n_rows, pa.large_string())])
    column = raw.take(name)
    if name == "song_id":
        return parse_ids(column)
    return parse_artists(column) if name == "artist" else pc.utf8_trim_whitespace(as_text(column))


def _group_names(artists: pa.ChunkedArray) -> np.ndarray:
    names = normal_artists(pa.concat_arrays(artists.chunks)).to_pylist()
    return np.array([name or f"unknown {row}" for row, name in enumerate(names, 1)], dtype=object)


def _as_objects(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.to_pylist(), dtype=object)


def _refuse_useless(raw: RawTable, quadrants: np.ndarray | None, counts: dict[str, int]) -> None:
    if sum(counts.values()) == raw.n_rows:
        told = ", ".join(f"{n:,} {reason}" for reason, n in counts.items() if n)
        raise DataError(
            f"{raw.path}: no row is left of {raw.n_rows:,} ({told}). Allowed are legal values of "
            "all nine audio features and a mood in each row. Correct the columns."
        )
    if quadrants is not None and len(set(quadrants)) == 1:
        raise DataError(
            f"{raw.path}, column '{raw.headers['mood']}': every row has one mood "
            f"('{quadrants[0]}'); at least two of happy, angry, sad, relaxed are needed. Add "
            "songs of other moods."
        )


def read_truth(path: Path) -> TruthTable:
    """Read a labelled song table.

    Parameters
    ----------
    path : Path
        A CSV, TSV or Parquet file with the nine features and a mood (see the module's
        conventions).

    Returns
    -------
    TruthTable
        The rows with legal features and a label.

    Raises
    ------
    DataError
        For a file that is no table, lacks a feature or a label, holds an unknown mood word or
        one single mood, is on a 0-100 scale, or keeps no row.
    """
    if Path(path).is_dir():
        raise DataError(f"{path}: this is a folder; allowed is one labelled table. Name the file.")
    (file,) = list_song_files(Path(path))
    raw = open_table(file, required=FEATURES, fields=_TRUTH_FIELDS)
    labels = _read_labels(raw)
    checked = check_features(raw)
    refuse_percent_scale(raw, checked.values)
    unlabelled = _unlabelled(labels, raw.n_rows) & (checked.reason == UNKNOWN)
    kept = (checked.reason == UNKNOWN) & ~unlabelled
    tally = {REASONS[code]: int((checked.reason == code).sum()) for code in range(MALFORMED, 5)}
    counts = {**tally, MISSING_MOOD: int(unlabelled.sum())}
    told = {name: None if values is None else values[kept] for name, values in labels.items()}
    _refuse_useless(raw, told["quadrant"], counts)
    return TruthTable(
        features=pd.DataFrame({name: checked.values[name][kept] for name in FEATURES}),
        **told,
        artist=_group_names(_texts(raw, "artist"))[kept],
        title=_as_objects(_texts(raw, "title"))[kept],
        song_id=_as_objects(_texts(raw, "song_id"))[kept],
        n_read=raw.n_rows,
        counts=counts,
        source=file.as_posix(),
        lyrics=_as_objects(_texts(raw, "lyrics"))[kept] if "lyrics" in raw.headers else None,
    )
