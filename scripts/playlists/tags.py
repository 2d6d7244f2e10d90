"""The whole library's moods as one CSV table, for other programs.

Conventions
-----------
One row is one song, ordered by song id, so the same catalogue gives the same bytes. ``score`` is
the probability of the song's quadrant; ``valence`` and ``arousal`` are the song's calibrated
place on the plane, ``spotify_valence`` and ``spotify_energy`` the features as the tables gave
them; all five lie in [0, 1]. A spoken track has no quadrant; its score is its speechiness. Text
cells are made safe for spreadsheets as in :mod:`scripts.formats.documents`; numbers are written
in full.

Rows pass from SQLite to the file a few at a time: memory does not grow with the library.
"""

from __future__ import annotations

import sys

from scripts.formats.documents import safe_cell
from scripts.formats.saving import NewFile
from scripts.moods.vocabulary import SONG_MOODS
from scripts.playlists.walks import probability_of, read_moods

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any, TextIO

TAG_COLUMNS: tuple[str, ...] = (
    *("song_id", "title", "artist", "mood", "quadrant", "score"),
    *("valence", "arousal", "spotify_valence", "spotify_energy"),
)

#: The plus keeps SQLite from walking an index on song_id, which fetches row after row from
#: everywhere in the file; one sort of all rows is faster, and spills to disk where it is large.
_QUERY = """
SELECT song_id, title, artist, mood_id, margin, valence_cal, arousal_cal, valence, energy
FROM songs ORDER BY +song_id
"""


def _tag_rows(catalogue: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    names = {}
    for mood in read_moods(catalogue).values():
        quadrant = SONG_MOODS[mood.name][2] if mood.name in SONG_MOODS else ""
        names[mood.mood_id] = (mood.name, quadrant)
    for song_id, title, artist, mood_id, margin, *places in catalogue.execute(_QUERY):
        yield (
            safe_cell(song_id),
            safe_cell(title),
            safe_cell(artist),
            *names[mood_id],
            probability_of(margin),
            *places,
        )


def _write_rows(catalogue: sqlite3.Connection, file: TextIO) -> int:
    import csv

    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(TAG_COLUMNS)
    count = 0

    def counted() -> Iterator[tuple[Any, ...]]:
        nonlocal count
        for row in _tag_rows(catalogue):
            count += 1
            yield row

    writer.writerows(counted())
    return count


def write_tags(catalogue: sqlite3.Connection, path: str, *, option: str = "--tags") -> int:
    """Write every song's mood and place on the plane.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    path : str
        A file, which is replaced only when all is written; ``-`` is standard output.
    option : str
        The option that gave the path, for messages.

    Returns
    -------
    int
        How many songs were written.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    if path == "-":
        return _write_rows(catalogue, sys.stdout)
    with NewFile(path, option=option) as file:
        return _write_rows(catalogue, file)
