"""Reading the songs of a file: plain lines, or a playlist in any form that Moodlist writes.

Conventions
-----------
Songs are returned as texts that :mod:`scripts.playlists.lookup` understands: ids, URIs, or
"title - artist". In plain text each line is a song and ``#`` starts a comment, as in M3U8.
"""

from __future__ import annotations

import json

from scripts.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMS = (
    'a text file with an id, a spotify:track: URI or "title - artist" on each line, or a playlist '
    "saved as M3U8, CSV, JSON, XSPF or JSPF"
)


def read_song_names(path: str, option: str) -> list[str]:
    """Read the songs that a file names.

    Raises
    ------
    SettingsError
        For a file that cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError(
            f"{option} {path}: cannot be read ({error.strerror}); give {FORMS}"
        ) from error
    if b"\0" in content:
        raise SettingsError(f"{option} {path}: is no text; give {FORMS}")
    text = content.decode("utf-8-sig", "replace")
    start = text.lstrip()[:1]
    try:
        if start in ("{", "["):
            return _names_of_json(json.loads(text))
        if start == "<":
            return _names_of_xspf(content)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise SettingsError(
            f"{option} {path}: looks like a playlist, but cannot be read as one ({error}); "
            f"give {FORMS}"
        ) from error
    lines = [line.strip() for line in text.splitlines()]
    header = next((line for line in lines if line), "")
    if "song_id" in header.split(","):
        import csv

        return [row["song_id"].removeprefix("'") for row in csv.DictReader(text.splitlines())]
    return [line for line in lines if line and not line.startswith("#")]


def _names_of_json(document: Any) -> list[str]:
    """Name the songs of our own JSON, of one list or several, or of JSPF."""
    if isinstance(document, list):
        return [name for one in document for name in _names_of_json(one)]
    if "playlist" in document:
        tracks = document["playlist"]["track"]
        return [str((track.get("identifier") or track.get("location"))[0]) for track in tracks]
    return [str(song["song_id"]) for song in document["songs"]]


def _names_of_xspf(content: bytes) -> list[str]:
    from defusedxml import ElementTree  # entities of a hostile file must not be expanded
    from defusedxml.common import DefusedXmlException

    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, DefusedXmlException) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    space = "{http://xspf.org/ns/0/}"
    found = []
    for track in root.iter(f"{space}track"):
        name = track.findtext(f"{space}identifier") or track.findtext(f"{space}location")
        if name:
            found.append(name.strip())
    return found
