"""Printing a playlist: a table for people, JSON and CSV for programs.

Conventions
-----------
A playlist is the document that :mod:`scripts.playlists.document` makes; every format prints it and
nothing else. No format sends a control character: the table and CSV show a blank, JSON an
escape. In CSV, a text cell that a spreadsheet would run as a formula gets a leading apostrophe;
numbers are left alone. What is unknown is None, null or an empty cell.

:data:`FORMATS` is the one table of formats; the files that players read are written by
:mod:`scripts.formats.playlist_files`, which is imported only where one is asked for.
"""

from __future__ import annotations

from scripts.console import clean_text, format_duration, format_table
from scripts.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

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
    "distance",
)

#: Format -> (file ending, whether one file can hold the lists of several listeners).
FORMATS: dict[str, tuple[str, bool]] = {
    "table": (".txt", True),
    "json": (".json", True),
    "csv": (".csv", True),
    "m3u8": (".m3u8", True),
    "xspf": (".xspf", False),
    "jspf": (".jspf", False),
    "uris": (".uris", True),
}

#: A text cell that starts with one of these is a formula in a spreadsheet; the wide forms of the
#: signs count in some languages.
_FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\0",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)


def describe_request(document: Mapping[str, Any]) -> str:
    """Say in one line what was asked for, how long the list is and which wishes it meets."""
    asked = document["request"]
    if "from" in asked:
        told = f"From {asked['from_name']} to {asked['to_name']}"
    elif "angle" in asked:
        polar = f"angle {asked['angle']:.1f}, intensity {asked['intensity']:.2f}"
        told = f"Near {asked['name']} ({polar})"
    elif "space" in asked:
        where = "on the plane" if asked["space"] == "plane" else "in sound"
        told = f"Near {asked['name']} {where}"
    else:
        told = f"Mood: {document['mood']}"
    history = asked.get("history")
    if history:
        told = _with_history(told, history, is_journey="from" in asked)
    if document["listener"] is not None:
        chances = "  ".join(f"{mood} {p:.0%}" for mood, p in document["moods"].items())
        told = f"Listener {document['listener']}: {told.removeprefix('Mood: ')}  ({chances})"
    n_songs = len(document["songs"])
    facts = [f"{n_songs:,} song{'s' if n_songs != 1 else ''}"]
    if document["duration_ms"]:
        facts.append(format_duration(document["duration_ms"]))
    if "smoothness" in asked:
        facts.append(f"step deviation {asked['smoothness']['step_deviation']:.6f}")
    if profile := asked.get("profile"):
        said = [
            f"{n:,} {word}{'s' if n != 1 else ''}"
            for word, n in (("like", profile["likes"]), ("skip", profile["skips"]))
            if n
        ]
        facts.append(f"ordered by profile {profile['name']}: {', '.join(said)}")
    if history and history["new"]:
        facts.append("none you have listened to")
    # names come from song tables, and a table is never trusted
    return clean_text(f"{told}  [{', '.join([*facts, *document['wishes']])}]")


def _with_history(told: str, history: Mapping[str, Any], *, is_journey: bool) -> str:
    """Say beside what was asked for how a listener's history took part, if it did."""
    session = history["session"] or {}
    if session.get("mood"):
        valence, energy = session["point"]
        told = (
            f"{told}, beginning at your last session"
            if is_journey
            else f"Near your last session (valence {valence:.2f}, energy {energy:.2f})"
        )
    if history["taste_alone"]:
        return f"{told}, by your history alone"
    share = f"{history['taste']:.2g}".removeprefix("0")
    return f"{told}, by your history (taste {share})" if share else told


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
    return format_table(header, rows, [5, 38, 26, 12, 6, 120])


def safe_cell(value: Any) -> Any:
    """Keep a spreadsheet from running a text cell as a formula, and a terminal from obeying it.

    >>> safe_cell("=1+1"), safe_cell("Love"), safe_cell(-7.5)
    ("'=1+1", 'Love', -7.5)
    """
    if not isinstance(value, str):
        return value
    if value[:1].isalnum() and value.isprintable():
        return value  # nearly every cell: it opens no formula, and nothing in it needs cleaning
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

    Where a history took part, a last column ``taste`` holds the songs' percentiles of taste.
    """
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    by_taste = any("taste" in song for document in documents for song in document["songs"])
    keys = (*SONG_KEYS, "taste") if by_taste else SONG_KEYS
    writer.writerow([*(["listener"] if with_listener else []), *keys])
    for document in documents:
        for song in document["songs"]:
            cells = [safe_cell(song.get(key)) for key in keys]
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


def form_of_path(path: str) -> str:
    """Tell a file's format by its ending.

    >>> form_of_path("evening.XSPF")
    'xspf'

    Raises
    ------
    SettingsError
        For an ending that is no format's.
    """
    for form, (ending, _) in FORMATS.items():
        if path.lower().endswith(ending):
            return form
    endings = ", ".join(ending for ending, _ in FORMATS.values())
    raise SettingsError(
        f"--save {clean_text(path)}: the file's ending does not tell a format; "
        f"let it end in one of {endings}, or name the format with --format"
    )


def choose_form(form: str | None, path: str | None) -> str:
    """Choose the format: as asked for, or as the ending of the file to save tells.

    Raises
    ------
    SettingsError
        Where the two contradict each other, or the ending tells nothing.
    """
    if path is None:
        return form or "table"
    if form is None:
        return form_of_path(path)
    other = [name for name, (ending, _) in FORMATS.items() if path.endswith(ending)]
    if other and other[0] != form:
        raise SettingsError(
            f"--format {form} and --save {path} contradict each other: the ending tells "
            f"{other[0]}; drop --format, or end the name in {FORMATS[form][0]}"
        )
    return form


def check_count(form: str, n_lists: int) -> None:
    """Refuse to put the lists of several listeners into a file that can hold only one.

    Raises
    ------
    SettingsError
    """
    if n_lists == 1 or FORMATS[form][1]:
        return
    able = ", ".join(name for name, (_, several) in FORMATS.items() if several)
    raise SettingsError(
        f"--format {form}: a file of this format holds one playlist, not {n_lists:,}; ask for "
        f"one listener with --listener N, or choose a format that holds several: {able}"
    )


def render(
    documents: Sequence[Mapping[str, Any]], form: str, *, with_listener: bool, ascii_only: bool
) -> str:
    """Print documents in any format of :data:`FORMATS`.

    Parameters
    ----------
    documents : sequence of documents
    form : str
    with_listener : bool
        Whether all listeners were asked for: JSON is a list then, even of one, and CSV names the
        listener. The other formats name the listener of every list that has one.
    ascii_only : bool
        For a stream that cannot hold every letter. JSON, XSPF and JSPF escape the others, so
        none is lost; M3U8, which is UTF-8 by definition, shows a question mark.

    Raises
    ------
    SettingsError
        For several documents in a format that holds one.
    """
    check_count(form, len(documents))
    if form == "json":
        whole = documents if with_listener or len(documents) != 1 else documents[0]
        return as_json(whole, ascii_only=ascii_only)
    if form == "csv":
        return as_csv(documents, with_listener=with_listener)
    if form == "table":
        return "".join(
            f"{describe_request(one)}\n{as_table(one) if one['songs'] else 'no songs'}\n"
            for one in documents
        )
    from scripts.formats.playlist_files import WRITERS

    return WRITERS[form](documents, ascii_only)
