"""Read a ListenBrainz export: one JSON object a line, or an array of them.

Conventions
-----------
`listened_at` is UTC seconds, or milliseconds where it has 13 digits. A scrobble has no played
length: it counts as one listen, since the service itself takes only plays of at least half a song
or four minutes. A listen that its player marks as skipped does not count. User names are passed
over.

Method
------
The listens of one song mostly repeat the same `track_metadata` to the letter, so that text is the
key under which its song is remembered, and it is parsed once a text.
"""

from __future__ import annotations

import json
import re

from scripts.tables.history_plays import EARLIEST, LATEST, UNREADABLE, Plays

LISTENBRAINZ = "ListenBrainz export"
SKIPPED = -9

#: Times of 13 digits are milliseconds; as seconds they would lie beyond the year 33000.
_MILLISECONDS = 10**12

_decode = json.JSONDecoder().decode

_MARK = b'"track_metadata":'
_VALUE = rb'(?:"[^"\\\x00-\x1f]*+"|null|true|false|-?[0-9][0-9.eE+-]*+)'
_FIELD = rb'\s*+"(?!listened_at")[A-Za-z_]++"\s*+:\s*+' + _VALUE + rb"\s*+,"
_HEAD = re.compile(
    rb'\s*+\{(?:%b)*+\s*+"listened_at"\s*+:\s*+([0-9]{1,12})(?:\.[0-9]+)?\s*+,(?:%b)*+\s*+'
    % (_FIELD, _FIELD)
)


def is_listen(record: object) -> bool:
    """Tell a listen by its keys."""
    return isinstance(record, dict) and "track_metadata" in record and "listened_at" in record


def read_lines(data: bytes, plays: Plays) -> None:
    """Add every line that is a listen."""
    known: dict[bytes, int] = {}
    find_head = _HEAD.fullmatch
    remember = known.get
    stamps, numbers = [], []
    n_rows = 0
    for line in data.split(b"\n"):
        head, _, tail = line.partition(_MARK)
        found = find_head(head)
        if found is None:
            if line.strip():
                n_rows += 1
                add_listen(_parse(line), plays)
            continue
        n_rows += 1
        number = remember(tail)
        if number is None:
            number = known[tail] = _number_text(tail, plays)
        if number >= 0:
            stamps.append(int(found[1]))
            numbers.append(number)
        elif number == SKIPPED:
            plays.count("skipped")
        else:
            plays.add(0, number, None)
    plays.count("rows", n_rows)
    plays.stamps.extend(stamp if EARLIEST <= stamp < LATEST else 0 for stamp in stamps)
    plays.numbers.extend(numbers)
    plays.lengths.extend([None] * len(numbers))


def _number_text(tail: bytes, plays: Plays) -> int:
    """Return the number of the song of a line's text from `track_metadata` on."""
    record = _parse(b"{" + _MARK + tail)
    if not isinstance(record, dict) or "listened_at" in record:
        return UNREADABLE
    return _number_listen(record, plays)


def _number_listen(record: dict[str, object], plays: Plays) -> int:
    meta = record.get("track_metadata")
    if not isinstance(meta, dict):
        return UNREADABLE
    info = meta.get("additional_info")
    info = info if isinstance(info, dict) else {}
    if info.get("skipped") is True or meta.get("skipped") is True:
        return SKIPPED
    address = info.get("spotify_id") or info.get("origin_url") or ""
    if not isinstance(address, str) or "spotify" not in address:
        address = ""
    return plays.number_song(meta.get("artist_name"), meta.get("track_name"), address)


def _parse(text: bytes) -> object:
    try:
        return _decode(text.decode("utf-8"))
    except UnicodeDecodeError:
        return _parse(text.decode("latin-1").encode("utf-8"))
    except (ValueError, RecursionError):
        return None


def add_listen(record: object, plays: Plays) -> None:
    """Add one parsed listen."""
    number = _number_listen(record, plays) if isinstance(record, dict) else UNREADABLE
    if number == SKIPPED:
        plays.count("skipped")
        return
    when = record.get("listened_at") if isinstance(record, dict) else None
    if isinstance(when, bool) or not isinstance(when, int | float):
        when = 0
    elif when >= _MILLISECONDS:
        when /= 1000
    plays.add(int(when) if EARLIEST <= when < LATEST else 0, number, None)
