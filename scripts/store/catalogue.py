"""Writing the catalogue: one SQLite file of songs, moods, genres, artists, trees and words.

Conventions
-----------
The tables are those of :mod:`scripts.store.layout`. Rows are taken as they come, so that no table
need be held as a whole. The file is written without a journal: it is new, and a training that is
killed leaves it behind in its staging folder. The same rows give the same bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from scripts.store.layout import INDEXES, SCHEMA, SONG_COLUMNS


class TreeRows(NamedTuple):
    """The rows that hold the k-d tree of one space."""

    row: tuple[Any, ...]  # of ``trees``
    splits: Iterable[tuple[int, bytes]]  # (block, splits), by rising block
    leaves: Iterable[tuple[int, bytes]]  # (leaf, songs), by rising leaf


class LyricRows(NamedTuple):
    """The rows that tell of lyrics; all empty in a set without."""

    emotion_words: Iterable[tuple[Any, ...]] = ()  # (word_id, word, valence, arousal, n_songs)
    song_words: Iterable[tuple[int, int, float]] = ()  # (word_id, rank, weight)
    song_lyrics: Iterable[tuple[Any, ...]] = ()  # (rank, row, words as JSON, trust, topic)


def write_catalogue(
    path: Path,
    run: str,
    *,
    moods: Iterable[tuple[Any, ...]],
    songs: Iterable[Iterable[tuple[Any, ...]]],
    genres: Iterable[tuple[int, str]],
    song_genres: Iterable[Iterable[tuple[Any, ...]]],
    listeners: Iterable[tuple[int, str]],
    trees: Iterable[TreeRows] = (),
    lyrics: LyricRows = LyricRows(),  # noqa: B008 - a tuple, which nothing changes
    artists: Iterable[tuple[str, int | None, int | None]] = (),
    genre_map: Iterable[tuple[Any, ...]] = (),
) -> None:
    """Write the catalogue.

    Parameters
    ----------
    path : Path
        Must not exist yet.
    run : str
    moods : rows (mood_id, name, first_rank, n_songs, n_playable, stand_in)
    songs : chunks of rows in the order of SONG_COLUMNS, by rising rank
    genres : rows (genre_id, name)
    song_genres : chunks of rows (genre_id, mood_id, rank, year, explicit), in that order
    listeners : rows (n, answers as JSON text)
    trees : one entry a space
    lyrics : LyricRows, each table in the order of its key
    artists : rows (key, artist_id, item), by rising key, none twice
    genre_map : rows (name, genre_id, n_artists, family, x, y, near as JSON text, vector), by
        rising name
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO meta VALUES (?)", (run,))
        connection.executemany("INSERT INTO moods VALUES (?, ?, ?, ?, ?, ?)", moods)
        marks = ", ".join("?" * len(SONG_COLUMNS))
        for chunk in songs:
            connection.executemany(f"INSERT INTO songs VALUES ({marks})", chunk)
        connection.executemany("INSERT INTO genres VALUES (?, ?)", genres)
        for chunk in song_genres:
            connection.executemany("INSERT INTO song_genres VALUES (?, ?, ?, ?, ?)", chunk)
        connection.executemany("INSERT INTO listeners VALUES (?, ?)", listeners)
        for tree in trees:
            space = tree.row[0]
            connection.execute("INSERT INTO trees VALUES (?, ?, ?, ?, ?, ?, ?)", tree.row)
            connection.executemany(f"INSERT INTO {space}_splits VALUES (?, ?)", tree.splits)
            connection.executemany(f"INSERT INTO {space}_leaves VALUES (?, ?)", tree.leaves)
        connection.executemany("INSERT INTO emotion_words VALUES (?, ?, ?, ?, ?)", lyrics[0])
        connection.executemany("INSERT INTO song_words VALUES (?, ?, ?)", lyrics[1])
        connection.executemany("INSERT INTO song_lyrics VALUES (?, ?, ?, ?, ?)", lyrics[2])
        connection.executemany("INSERT INTO artists VALUES (?, ?, ?)", artists)
        connection.executemany("INSERT INTO genre_map VALUES (?, ?, ?, ?, ?, ?, ?, ?)", genre_map)
        connection.execute("COMMIT")
        connection.executescript(INDEXES)
    finally:
        connection.close()
