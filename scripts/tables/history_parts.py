"""Read one part (a file, or a member of a zip) of a listening history, whatever its format.

Conventions
-----------
A format is told by content. Of a file that is none, the reason is kept where one can be told: it is
given only where no other file is a history.

Method
------
Spotify's records are read without a JSON parser where that reads the same (`history_records`), and
else one by one: an odd record counts as unreadable, and only what follows no rule ends the reading.
"""

from __future__ import annotations

import json
import re

from scripts.errors import DataError
from scripts.tables import history_files, history_listenbrainz, history_spotify
from scripts.tables.history_plays import Plays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Digits of the longest number that is read; no length and no time has more.
_MAX_DIGITS = 100
_GAP = re.compile(r"[\s,]*+")
_BLANKS = re.compile(r"[ \t\r\n]*+")
_KEY = re.compile(rb'"(?:ts|ms_played|endTime|msPlayed|listened_at|track_metadata|artistName)"\s*:')


class Reading:
    """What was read so far.

    Attributes
    ----------
    minimum : float
        Seconds of the shortest listen.
    gathered : dict of str to Plays
        By format.
    unsure : DataError or None
        Of the first table that looks like plays, but whose columns cannot be told.
    reason : str
        Why the last file that is no history is none, "" where nothing can be told.
    """

    __slots__ = ("gathered", "minimum", "reason", "unsure")

    def __init__(self, minimum: float):
        self.minimum = minimum
        self.gathered: dict[str, Plays] = {}
        self.unsure: DataError | None = None
        self.reason = ""

    def plays_of(self, form: str) -> Plays:
        """Return where the plays of a format are gathered, for one more part of it."""
        plays = self.gathered.get(form)
        if plays is None:
            plays = self.gathered[form] = Plays(self.minimum)
        plays.count("parts")
        return plays


def read_part(part: history_files.Part, reading: Reading) -> str:
    """Add the plays of one part under its format; "" where it holds none.

    Raises
    ------
    DataError
        If it is damaged, or holds the histories of several listeners.
    """
    start = part.read_some(65536)
    if history_files.is_zip(start):
        raise DataError(
            f"{part.label}: a zip within a zip is not opened; unpack the outer one and give the "
            "folder"
        )
    reading.reason = "" if start.strip() else "is empty"
    if history_files.is_binary(start) or not start.strip():
        return ""
    head = history_files.without_mark(start[:4096]).lstrip()
    if head[:1] in (b"[", b"{"):
        return _read_json(part, start, reading)
    return _read_table(part, start, reading)


def _read_table(part: history_files.Part, start: bytes, reading: Reading) -> str:
    from scripts.tables import history_layouts, history_scrobbles

    while len(start) < history_layouts.SAMPLE_BYTES and (piece := part.read_some(2**16)):
        start += piece
    try:
        layout = history_layouts.find_layout(start[: history_layouts.SAMPLE_BYTES], part.label)
    except history_layouts.UnsureError as error:
        reading.unsure = reading.unsure or error
        return ""
    if layout is None:
        return ""
    if layout.is_empty:
        reading.reason = "has a header and no rows"
        return ""
    plays = reading.plays_of(layout.form)
    history_scrobbles.read_rows(part.pieces(start), layout, plays, part.label)
    return layout.form


def _read_json(part: history_files.Part, start: bytes, reading: Reading) -> str:
    """Read a JSON array of records, or one record a line."""
    read = [start]
    first = {} if history_files.find_wide(start[:4]) else _first_record(start)
    form = history_spotify.recognise(first)
    if form and not history_listenbrainz.is_listen(first):
        from scripts.tables.history_records import read_records

        plays = reading.plays_of(form)
        read.clear()
        if read_records(part.pieces(start, read), first, form, plays):
            return form
        plays.counts["parts"] -= 1
    data = history_files.without_mark(part.read_all(b"".join(read)))
    first = _first_record(data)
    form = history_spotify.recognise(first)
    if history_listenbrainz.is_listen(first):
        form = history_listenbrainz.LISTENBRAINZ
    if not form:
        if not first and _KEY.search(data[:65536]):
            reading.reason = "is cut off or damaged within its first record"
        return ""
    plays = reading.plays_of(form)
    if form == history_listenbrainz.LISTENBRAINZ and data[:4096].lstrip()[:1] == b"{":
        history_listenbrainz.read_lines(data, plays)
        return form
    for n_rows, record in enumerate(read_values(history_files.to_utf8(data), part.label)):
        if form == history_listenbrainz.LISTENBRAINZ:
            plays.count("rows")
            history_listenbrainz.add_listen(record, plays)
        else:
            history_spotify.add_record(record, form, plays)
        if n_rows % 100_000 == 0:
            plays.check_size()
    return form


def _first_record(data: bytes) -> dict[str, object]:
    """Return the first record of an array or of lines; {} where there is none."""
    begin = data.find(b"{")
    if begin < 0 or data[:begin].strip() not in (b"", b"["):
        return {}
    decode = _decoder().raw_decode
    for length in (4096, 65536, 2**22):
        text = data[begin : begin + length].decode("utf-8", "ignore")
        try:
            record = decode(text)[0]
        except (ValueError, RecursionError):
            continue
        return record if isinstance(record, dict) else {}
    return {}


def _decoder() -> json.JSONDecoder:
    """Return a decoder to which a number of thousands of digits is no error, but no number."""
    return json.JSONDecoder(parse_int=lambda text: int(text) if len(text) <= _MAX_DIGITS else None)


def read_values(data: bytes, label: str) -> Iterator[object]:
    """Yield the values of an array, or of lines that are a value each; None for a bad line.

    Raises
    ------
    DataError
        If the array is no JSON, or is cut off.
    """
    text = data.decode("utf-8").strip()
    if text[:1] == "[":
        yield from _array_values(text, label)
        return
    decode, at = _decoder().raw_decode, 0
    while (at := _GAP.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError):
            value, at = None, (text.find("\n", at) + 1) or len(text)
        yield value


def _array_values(text: str, label: str) -> Iterator[object]:
    """Yield the values of an array, one by one: together they would take much more memory."""
    decode, blanks = _decoder().raw_decode, _BLANKS.match
    at = blanks(text, 1).end()  # type: ignore[union-attr]
    sign = ","
    if text[at : at + 1] == "]":
        sign, at = "]", at + 1
    while sign == ",":
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _broken(text, getattr(error, "pos", at), label) from None
        yield value
        at = blanks(text, at).end()  # type: ignore[union-attr]
        sign = text[at : at + 1]
        at = blanks(text, at + 1).end()  # type: ignore[union-attr]
    if sign != "]" or at < len(text):
        raise _broken(text, at, label)


def _broken(text: str, at: int, label: str) -> DataError:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return DataError(
        f"{label}: is no whole JSON file (it breaks at line {line}, column {column}); it may be "
        "cut off: download the export again"
    )
