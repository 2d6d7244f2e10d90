"""Playlists as files that players and other programs read: M3U8, XSPF, JSPF and bare URIs.

Conventions
-----------
Each writer takes playlist documents (:func:`~scripts.formats.documents.playlist_document`) and
returns text that ends in a newline. Durations are whole milliseconds in XSPF and JSPF and whole
seconds in M3U8, where -1 means unknown; elsewhere, what is unknown is left out. An album is
written where a song has the key ``album``.

A song whose id is a Spotify id (22 letters and digits) is found at ``spotify:track:ID``. Any
other song has no location; it is identified by ``urn:moodlist:song:ID``, the id percent-encoded
as UTF-8. M3U8 needs a line for every song and takes that name, which a player passes over; the
bare URIs leave such songs out, and :func:`songs_without_spotify` tells which.

XSPF and JSPF hold one list a file. M3U8 and bare URIs hold several, one after the other: M3U8
opens each by ``#PLAYLIST:``; between bare lists stands a blank line, since a comment would be
pasted into the player with them.

Mood, score and further facts of a song are ``meta`` elements named ``urn:moodlist:KEY``, why it
was chosen is its ``annotation``; in M3U8 both stand in a comment above the song. XSPF and JSPF
lose no letter but those that XML forbids, which become blanks or U+FFFD; M3U8, which has no
escapes, shows control characters as blanks.

Source
------
XSPF version 1, https://xspf.org/xspf-v1.html; JSPF, https://xspf.org/jspf.
"""

from __future__ import annotations

from scripts.console import clean_text
from scripts.formats.documents import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

NAMESPACE = "http://xspf.org/ns/0/"

#: What is known of a song beyond the elements of XSPF.
META_KEYS: tuple[str, ...] = (
    *("mood", "score", "distance", "genre", "year", "tempo", "valence", "energy"),
)

_URN = "urn:moodlist:"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def is_spotify_id(song_id: str) -> bool:
    """Tell whether an id has the form of Spotify's.

    >>> is_spotify_id("4uLU6hMCjMI75M1A2tKUQC"), is_spotify_id("song-1")
    (True, False)
    """
    return len(song_id) == 22 and song_id.isascii() and song_id.isalnum()


def song_uri(song_id: str) -> str:
    """Name a song by a URI.

    >>> song_uri("4uLU6hMCjMI75M1A2tKUQC"), song_uri("a b")
    ('spotify:track:4uLU6hMCjMI75M1A2tKUQC', 'urn:moodlist:song:a%20b')
    """
    if is_spotify_id(song_id):
        return f"spotify:track:{song_id}"
    letters = song_id.encode("utf-8", "replace")
    quoted = "".join(chr(one) if one in _UNRESERVED else f"%{one:02X}" for one in letters)
    return f"{_URN}song:{quoted}"


def songs_without_spotify(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the songs that have no Spotify id, which :func:`as_uris` leaves out."""
    return [song for song in document["songs"] if not is_spotify_id(song["song_id"])]


def list_title(document: Mapping[str, Any]) -> str:
    """Name a playlist.

    >>> list_title({"mood": "calm", "listener": None})
    'Moodlist: calm'
    """
    whose = "" if document["listener"] is None else f" for listener {document['listener']}"
    return f"Moodlist: {document['mood']}{whose}"


# ---- lines ------------------------------------------------------------------------------------


def _m3u8_lines(document: Mapping[str, Any]) -> list[str]:
    lines = [f"#PLAYLIST:{clean_text(list_title(document))}"]
    for song in document["songs"]:
        duration = song["duration_ms"]
        seconds = -1 if duration is None else (int(duration) + 500) // 1000
        name = " - ".join(part for part in (song["artist"], song["title"]) if part)
        # the comment comes first: some readers take the line after #EXTINF for the song
        comment = f"{song['mood']}, score {song['score']:.4f}: {song['why']}"
        lines += [
            f"# {clean_text(comment)}",
            f"#EXTINF:{seconds},{clean_text(name)}",
            song_uri(song["song_id"]),
        ]
    return lines


def as_m3u8(*documents: Mapping[str, Any], ascii_only: bool = False) -> str:
    """Write extended M3U in UTF-8.

    Parameters
    ----------
    *documents : documents
    ascii_only : bool
        For a stream that is not UTF-8: any other letter becomes a question mark.
    """
    lines = ["#EXTM3U", *(line for document in documents for line in _m3u8_lines(document))]
    text = "\n".join([*lines, ""])
    return text.encode("ascii", "replace").decode("ascii") if ascii_only else text


def as_uris(*documents: Mapping[str, Any]) -> str:
    """Write bare ``spotify:track:ID`` lines, which paste into Spotify's desktop player."""
    lists = []
    for document in documents:
        ids = [song["song_id"] for song in document["songs"]]
        lists.append("".join(f"{song_uri(one)}\n" for one in ids if is_spotify_id(one)))
    return "\n".join(lists)


# ---- XSPF and JSPF ----------------------------------------------------------------------------


def _metas(facts: Mapping[str, Any], keys: Sequence[str]) -> list[dict[str, str]]:
    return [{_URN + key: str(facts[key])} for key in keys if facts.get(key) is not None]


def _track(song: Mapping[str, Any]) -> dict[str, Any]:
    uri = song_uri(song["song_id"])
    facts = {
        "location": [uri] if is_spotify_id(song["song_id"]) else None,
        "identifier": [uri],
        "title": song["title"],
        "creator": song["artist"],
        "annotation": song["why"],
        "album": song.get("album"),
        "duration": None if song["duration_ms"] is None else int(song["duration_ms"]),
        "meta": _metas(song, META_KEYS),
    }
    return {key: value for key, value in facts.items() if value not in (None, "", [])}


def _playlist(document: Mapping[str, Any]) -> dict[str, Any]:
    """Make the list as JSPF has it, its keys in the order of XSPF's elements."""
    wishes = "; ".join(document.get("wishes") or ())
    return {
        "title": list_title(document),
        "creator": "Moodlist",
        **({"annotation": wishes} if wishes else {}),
        "meta": _metas(document, ("run", "mood")),
        "track": [_track(song) for song in document["songs"]],
    }


def as_jspf(document: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Write JSPF, which is XSPF in JSON."""
    return as_json({"playlist": _playlist(document)}, ascii_only=ascii_only)


def _reference(letter: str) -> str:
    """Write a letter that cannot stand for itself in XML; those that XML forbids are replaced."""
    if letter < " " and letter not in "\t\n\r":
        return " "
    forbidden = "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff"
    return f"&#{0xFFFD if forbidden else ord(letter)};"


def xml_text(text: str, *, ascii_only: bool = False) -> str:
    r"""Escape a text for XML 1.0; what does not print is written as a reference.

    >>> xml_text("<Tom & J\u00e9r\u00f4me>\n", ascii_only=True)
    '&lt;Tom &amp; J&#233;r&#244;me&gt;&#10;'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if text.isprintable() and (text.isascii() or not ascii_only):
        return text
    return "".join(
        letter
        if letter.isprintable() and (letter.isascii() or not ascii_only)
        else _reference(letter)
        for letter in text
    )


def _xml_lines(facts: Mapping[str, Any], indent: str, *, ascii_only: bool) -> list[str]:
    """Write each key as an element, each item of a list as one."""
    lines = []
    for key, value in facts.items():
        for item in value if isinstance(value, list) else [value]:
            attribute, content = "", item
            if key == "meta":
                ((rel, content),) = item.items()
                attribute = f' rel="{rel}"'
            content = xml_text(str(content), ascii_only=ascii_only)
            lines.append(f"{indent}<{key}{attribute}>{content}</{key}>")
    return lines


def as_xspf(document: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Write XSPF version 1.

    Parameters
    ----------
    document : document
    ascii_only : bool
        Write every letter beyond ASCII as a reference, which reads back as the same letter.
    """
    facts = _playlist(document)
    tracks = facts.pop("track")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="{NAMESPACE}">',
        *_xml_lines(facts, " ", ascii_only=ascii_only),
        " <trackList>",
    ]
    for track in tracks:
        inner = _xml_lines(track, "   ", ascii_only=ascii_only)
        lines += ["  <track>", *inner, "  </track>"]
    return "\n".join([*lines, " </trackList>", "</playlist>", ""])


#: Format -> the writer of a file: it takes the documents and whether only ASCII may be used.
WRITERS: dict[str, Callable[[Sequence[Mapping[str, Any]], bool], str]] = {
    "m3u8": lambda documents, ascii_only: as_m3u8(*documents, ascii_only=ascii_only),
    "xspf": lambda documents, ascii_only: as_xspf(documents[0], ascii_only=ascii_only),
    "jspf": lambda documents, ascii_only: as_jspf(documents[0], ascii_only=ascii_only),
    "uris": lambda documents, ascii_only: as_uris(*documents),
}
