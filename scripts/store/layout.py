"""What a trained set looks like on disk.

Conventions
-----------
``output/models/<run>/`` holds one whole set; ``output/models/CURRENT`` names the set that
answers. A *run* is twelve hexadecimal digits taken from a hash of what was learned and from what,
so the same training gives the same name. Sizes are bytes, hashes SHA-256 in hexadecimal.

The catalogue is one SQLite file. ``songs`` is stored mood by mood, best song first, so ``rank``
is both its key and its order; the indexes make every filtered list a walk in rank order too.
"""

from __future__ import annotations

#: Version of the folder layout and of the JSON files; a set of another version is refused.
FORMAT = 1

#: Version of the catalogue's tables (SQLite's ``user_version``).
SCHEMA_VERSION = 1

#: "Mood" as four bytes: SQLite's ``application_id`` of a catalogue.
APPLICATION_ID = 0x4D6F6F64

CURRENT = "CURRENT"
MANIFEST = "manifest.json"
CATALOGUE = "catalogue.sqlite"
LISTENER_MOOD = "listener_mood.json"
SONG_CLUSTERS = "song_clusters.json"
SONG_MOOD = "song_mood.json"
MODEL_FILES: tuple[str, ...] = (LISTENER_MOOD, SONG_CLUSTERS, SONG_MOOD)
SET_FILES: tuple[str, ...] = (*MODEL_FILES, CATALOGUE)

#: Columns of ``songs`` that an answer reads, in order.
SONG_COLUMNS: tuple[str, ...] = (
    "rank",
    "song_id",
    "title",
    "artist",
    "genres",
    "year",
    "explicit",
    "popularity",
    "duration_ms",
    "mood_id",
    "margin",
    "work_id",
    "artist_id",
    "cluster",
    "valence_cal",
    "arousal_cal",
    "danceability",
    "energy",
    "loudness_db",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo_bpm",
)

SCHEMA = f"""
CREATE TABLE meta (run TEXT NOT NULL);
CREATE TABLE moods (
    mood_id INTEGER PRIMARY KEY, name TEXT NOT NULL, first_rank INTEGER NOT NULL,
    n_songs INTEGER NOT NULL, n_playable INTEGER NOT NULL, stand_in TEXT
);
CREATE TABLE songs (
    rank INTEGER PRIMARY KEY, song_id TEXT NOT NULL, title TEXT NOT NULL, artist TEXT NOT NULL,
    genres TEXT NOT NULL, year INTEGER, explicit INTEGER, popularity REAL, duration_ms INTEGER,
    mood_id INTEGER NOT NULL, margin REAL NOT NULL, work_id INTEGER NOT NULL,
    artist_id INTEGER NOT NULL, cluster INTEGER NOT NULL, valence_cal REAL NOT NULL,
    arousal_cal REAL NOT NULL, danceability REAL NOT NULL, energy REAL NOT NULL,
    loudness_db REAL NOT NULL, speechiness REAL NOT NULL, acousticness REAL NOT NULL,
    instrumentalness REAL NOT NULL, liveness REAL NOT NULL, valence REAL NOT NULL,
    tempo_bpm REAL NOT NULL
);
CREATE TABLE genres (genre_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE song_genres (
    genre_id INTEGER NOT NULL, mood_id INTEGER NOT NULL, rank INTEGER NOT NULL,
    year INTEGER, explicit INTEGER
);
CREATE TABLE listeners (n INTEGER PRIMARY KEY, answers TEXT NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""

INDEXES = """
CREATE INDEX songs_by_year ON songs (mood_id, year, rank, explicit);
CREATE INDEX songs_by_explicit ON songs (mood_id, explicit, rank);
CREATE INDEX songs_by_genre ON song_genres (genre_id, mood_id, rank, year, explicit);
"""


def is_run(name: str) -> bool:
    """Tell whether a text has the form of a run's name.

    >>> is_run("0123456789ab"), is_run("../../etc"), is_run("")
    (True, False, False)
    """
    return len(name) == 12 and all(letter in "0123456789abcdef" for letter in name)
