"""Printing a playlist: a table for people, JSON and CSV for programs.

Conventions
-----------
A playlist is the document :func:`playlist_document` makes; every format prints that document and
nothing else. In CSV, a text cell that a spreadsheet would run as a formula gets a leading
apostrophe; numbers are left alone.
"""

from __future__ import annotations

from scripts.console import format_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from scripts.playlists.ranking import Ranking
    from scripts.playlists.request import MoodRequest

SONG_KEYS: tuple[str, ...] = (
    "rank",
    "song_id",
    "title",
    "artist",
    "genre",
    "year",
    "duration_ms",
    "tempo",
    "valence",
    "energy",
    "mood",
    "score",
    "why",
)

#: A text cell that starts with one of these is a formula in a spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def playlist_document(
    run: str,
    request: MoodRequest,
    ranking: Ranking,
    reasons: Sequence[str],
    genre: str | None = None,
) -> dict[str, Any]:
    """Make the document that every format prints.

    Parameters
    ----------
    run : str
    request : MoodRequest
    ranking : Ranking
    reasons : sequence of str, one a song
    genre : str, optional
        The genre asked for; a song of several genres shows this one, else its first.
    """
    songs = []
    for rank, (song, why) in enumerate(zip(ranking.songs, reasons, strict=True), 1):
        first = song["genres"].split(";")[0] or None
        songs.append(
            {
                "rank": rank,
                "song_id": song["song_id"],
                "title": song["title"],
                "artist": song["artist"],
                "genre": genre or first,
                "year": song["year"],
                "duration_ms": song["duration_ms"],
                "tempo": song["tempo_bpm"],
                "valence": song["valence"],
                "energy": song["energy"],
                "mood": song["mood"],
                "score": song["fit"],
                "why": why,
            }
        )
    return {
        "run": run,
        "listener": request.listener,
        "moods": request.probabilities,
        "mood": request.mood,
        "songs": songs,
    }


def describe_request(document: Mapping[str, Any]) -> str:
    """Say in one line whom the list is for and which mood it has."""
    if document["listener"] is None:
        return f"Mood: {document['mood']}"
    chances = "  ".join(f"{mood} {p:.0%}" for mood, p in document["moods"].items())
    return f"Listener {document['listener']}: {document['mood']}  ({chances})"


def as_table(document: Mapping[str, Any]) -> str:
    """Print for a terminal."""
    rows = [
        [
            str(song["rank"]),
            song["title"],
            song["artist"],
            song["mood"],
            f"{song['score']:.4f}",
            song["why"],
        ]
        for song in document["songs"]
    ]
    header = ["#", "Title", "Artist", "Mood", "Score", "Why"]
    return format_table(header, rows, [5, 38, 26, 12, 6, 60])


def safe_cell(value: Any) -> Any:
    """Keep a spreadsheet from running a text cell as a formula.

    >>> safe_cell("=1+1"), safe_cell("Love"), safe_cell(-7.5)
    ("'=1+1", 'Love', -7.5)
    """
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def as_csv(documents: Sequence[Mapping[str, Any]]) -> str:
    """Print one CSV table; several listeners' songs stand one after the other."""
    import csv
    import io

    several = len(documents) > 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(["listener"] if several else []), *SONG_KEYS])
    for document in documents:
        for song in document["songs"]:
            cells = [safe_cell(song[key]) for key in SONG_KEYS]
            writer.writerow([*([document["listener"]] if several else []), *cells])
    return text.getvalue()
