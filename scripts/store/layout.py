"""What a trained set looks like on disk.

Conventions
-----------
``output/models/<run>/`` holds one whole set; ``output/models/CURRENT`` names the set that
answers. A *run* is twelve hexadecimal digits taken from a hash of what was learned and from what,
so the same training gives the same name. Sizes are bytes, hashes SHA-256 in hexadecimal.

The catalogue is one SQLite file. ``songs`` is stored mood by mood, best song first, so ``rank``
is both its key and its order; the indexes make every filtered list a walk in rank order too.

``trees`` tells of one k-d tree for each space in which nearest songs are asked for, see
:mod:`scripts.learning.song_tree`; ``mean``, ``scale`` and ``rotation`` (row by row) are float64
and lead from features to coordinates, empty where those are the features themselves. The tree is
in ``plane_splits`` and ``plane_leaves`` or ``sound_splits`` and ``sound_leaves``. Every blob is
packed little-endian without gaps. A block of splits holds axis and value (``SPLIT_CODE``) of
``SPLITS_PER_BLOCK`` boundaries, the last one fewer. A leaf of n songs is n of each of these, one
column after the other, the songs by rising rank:

- coordinates: n_dims a song, float64 in the plane, float32 in ``sound``;
- rank, int32;
- the columns of ``FACT_CODES``, -1 where a song does not tell.

A set that was trained with lyrics has ``LYRIC_FILES`` too, all of them; one without has none, and
its tables of lyrics are empty. ``lyric_vectors.npy`` has one embedding a lyric that serves a song,
``word_vectors.npy`` one an emotion word, by rising ``word_id``; both are (n, ``VECTOR_SIZE``)
float16 in numpy's file format 1.0. ``emotion_words`` lists the consolidated words; ``song_words``
has one row for each word of each song; ``song_lyrics`` tells of each song with lyrics which row of
``lyric_vectors.npy`` they are, their emotion words as JSON (``[[word, weight], ...]``, strongest
first), how probable it is that they are this song's (``trust``) and their leading topic (null
where none was found).

``artists`` is where listening histories and the catalogue meet: one row for each
``artist_id`` of a key of :func:`scripts.text.names.artist_key`, with the column of the taste model
(``item``); each is null where it does not know the artist. ``genre_map`` has one row a
genre or tag: its family, its place on the drawn map, the nearest other ones as JSON (``[[name,
similarity], ...]``, nearest first) and its vector, float32; ``genre_id`` is null for a tag that no
song has. A set that was trained with listeners' histories has ``TASTE_FILES`` too, both of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

#: Version of the folder layout and of the JSON files; a set of another version is refused.
FORMAT = 1

#: Version of the catalogue's tables (SQLite's ``user_version``).
SCHEMA_VERSION = 4

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

LYRICS = "lyrics.json"
LYRIC_VECTORS = "lyric_vectors.npy"
WORD_VECTORS = "word_vectors.npy"
#: Files that a set has only if it was trained with lyrics; then it has them all.
LYRIC_FILES: tuple[str, ...] = (LYRICS, LYRIC_VECTORS, WORD_VECTORS)

TASTE = "taste.json"
TASTE_ARRAYS = "taste.npz"
#: Files that a set has only if it was trained with listeners' histories; then it has both.
TASTE_FILES: tuple[str, ...] = (TASTE, TASTE_ARRAYS)

#: Numbers of an embedding.
VECTOR_SIZE = 512

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

#: Spaces in which nearest songs are asked for, each with the code (of :mod:`struct`) of one
#: coordinate: raw (valence, energy), and all nine features, standardised and turned.
SPACES: dict[str, str] = {"plane": "d", "sound": "f"}

#: Boundaries between leaves that are read together; an answer needs those on its way down only.
SPLITS_PER_BLOCK = 32
SPLIT_CODE = "<Bd"

#: What wishes ask about, as a leaf stores it: name and code. ``genres`` has the bit
#: (:func:`genre_bit`) of each genre of the song set.
FACT_CODES: tuple[tuple[str, str], ...] = (
    ("tempo_bpm", "f"),
    ("popularity", "f"),
    ("year", "h"),
    ("explicit", "b"),
    ("mood_id", "B"),
    ("genres", "Q"),
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
CREATE TABLE emotion_words (
    word_id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, valence REAL, arousal REAL,
    n_songs INTEGER NOT NULL
);
CREATE TABLE song_words (
    word_id INTEGER NOT NULL, rank INTEGER NOT NULL, weight REAL NOT NULL
);
CREATE TABLE song_lyrics (
    rank INTEGER PRIMARY KEY, row INTEGER NOT NULL, words TEXT NOT NULL, trust REAL NOT NULL,
    topic INTEGER
);
CREATE TABLE artists (
    key TEXT NOT NULL, artist_id INTEGER, item INTEGER, UNIQUE (key, artist_id)
);
CREATE TABLE genre_map (
    name TEXT PRIMARY KEY, genre_id INTEGER, n_artists INTEGER NOT NULL, family INTEGER NOT NULL,
    x REAL NOT NULL, y REAL NOT NULL, near TEXT NOT NULL, vector BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE trees (
    space TEXT PRIMARY KEY, n_dims INTEGER NOT NULL, n_songs INTEGER NOT NULL,
    n_leaves INTEGER NOT NULL, mean BLOB NOT NULL, scale BLOB NOT NULL, rotation BLOB NOT NULL
);
CREATE TABLE plane_splits (block INTEGER PRIMARY KEY, splits BLOB NOT NULL);
CREATE TABLE sound_splits (block INTEGER PRIMARY KEY, splits BLOB NOT NULL);
CREATE TABLE plane_leaves (leaf INTEGER PRIMARY KEY, songs BLOB NOT NULL);
CREATE TABLE sound_leaves (leaf INTEGER PRIMARY KEY, songs BLOB NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""

INDEXES = """
CREATE INDEX songs_by_year ON songs (mood_id, year, rank, explicit);
CREATE INDEX songs_by_explicit ON songs (mood_id, explicit, rank);
CREATE INDEX songs_by_id ON songs (song_id);
CREATE INDEX songs_by_artist ON songs (artist_id, title);
CREATE INDEX songs_by_title ON songs (title COLLATE NOCASE);
CREATE INDEX songs_by_word ON song_words (word_id, rank, weight);
CREATE INDEX songs_by_genre ON song_genres (genre_id, mood_id, rank, year, explicit);
"""


def files_of_set(seen: Container[str]) -> tuple[str, ...]:
    """List the files that a set must have, given which are seen.

    Those of lyrics belong to it if its ``lyrics.json`` is there, those of taste if its
    ``taste.json`` is.

    >>> files_of_set({LYRICS, TASTE})[len(SET_FILES) :] == (*LYRIC_FILES, *TASTE_FILES)
    True
    """
    lyrics = LYRIC_FILES if LYRICS in seen else ()
    return (*SET_FILES, *lyrics, *(TASTE_FILES if TASTE in seen else ()))


def documents_of_set(seen: Container[str]) -> tuple[str, ...]:
    """List the JSON files of a set, which are all that its name is taken from.

    >>> documents_of_set({})[-1], documents_of_set({LYRICS, TASTE})[-2:]
    ('song_mood.json', ('lyrics.json', 'taste.json'))
    """
    return (*MODEL_FILES, *(name for name in (LYRICS, TASTE) if name in seen))


def genre_bit(genre_id: int) -> int:
    """Return the bit that stands for a genre; genres 64 apart share one.

    >>> genre_bit(3), genre_bit(67)
    (8, 8)
    """
    return 1 << genre_id % 64


def is_run(name: str) -> bool:
    """Tell whether a text has the form of a run's name.

    >>> is_run("0123456789ab"), is_run("../../etc"), is_run("")
    (True, False, False)
    """
    return len(name) == 12 and all(letter in "0123456789abcdef" for letter in name)
