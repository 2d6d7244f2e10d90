"""Printing a playlist: a table for people, JSON and CSV for programs.

Conventions
-----------
A playlist is the document :func:`playlist_document` makes; every format prints that document and
nothing else. No format sends a control character: the table and CSV show a blank, JSON an
escape. In CSV, a text cell that a spreadsheet would run as a formula gets a leading apostrophe;
numbers are left alone.
"""

from __future__ import annotations

from scripts.console import clean_text, format_table

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
    """Keep a spreadsheet from running a text cell as a formula, and a terminal from obeying it.

    >>> safe_cell("=1+1"), safe_cell("Love"), safe_cell(-7.5)
    ("'=1+1", 'Love', -7.5)
    """
    if not isinstance(value, str):
        return value
    text = clean_text(value)
    # both: a formula may show only when a mark without width is taken away
    is_formula = any(one.lstrip(" ").startswith(_FORMULA_STARTS) for one in (value, text))
    return "'" + text if is_formula else text


def as_csv(documents: Sequence[Mapping[str, Any]], *, with_listener: bool = False) -> str:
    """Print one CSV table; several listeners' songs stand one after the other.

    Parameters
    ----------
    documents : sequence of documents
    with_listener : bool
        Whether a first column says whose song it is.
    """
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(["listener"] if with_listener else []), *SONG_KEYS])
    for document in documents:
        for song in document["songs"]:
            cells = [safe_cell(song[key]) for key in SONG_KEYS]
            writer.writerow([*([document["listener"]] if with_listener else []), *cells])
    return text.getvalue()


def as_json(document: Any, *, ascii_only: bool = False) -> str:
    """Print one JSON document.

    Parameters
    ----------
    document : a document, or a list of them
    ascii_only : bool
        For a stream that cannot hold every letter: the others are escaped, so none is lost.
    """
    import json

    text = json.dumps(document, ensure_ascii=ascii_only, indent=1)
    if not text.replace("\n", "").isprintable():
        # json escapes C0 alone; all others stand inside strings, where an escape means the same
        text = "".join(
            letter
            if letter == "\n" or letter == clean_text(letter) or letter > "\uffff"
            else f"\\u{ord(letter):04x}"
            for letter in text
        )
    return text + "\n"
