"""Take Spotify's records apart without a JSON parser, where that reads the same.

Conventions
-----------
Input is UTF-8 in pieces: a JSON array of flat records, or one record a line.

Method
------
An exporter writes every record with the same keys in the same order. So the first record gives one
regular expression for all of them. It takes the file apart piece by piece, with no copy of all of
it in memory, in a third of the time that a JSON parser needs; the texts that name a song are parsed
once a song. This short way is taken only where the records follow one another without a gap from
the first to the end of the file, which shows that each was read whole. Behind the last field that
matters only the keys that matter are looked for: what is broken there, or told twice in one record,
goes unnoticed.
"""

from __future__ import annotations

import json
import re
from itertools import compress

from scripts.tables.history_plays import NO_TITLE, REASONS, Plays, day_seconds
from scripts.tables.history_spotify import EXTENDED, KEYS, STAMPS, number_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# A string without quotes in it is found by its end alone; one with an escape at its end, or with
# quotes, is taken letter by letter. Both ways read the same text, so what was found is not looked
# for again the other way: with every string read twice, n of them would be read 2**n times.
_STRING = r'(?>"(?:[^"]*+(?<!\\)"|[^"\\\x00-\x1f]*+(?:\\["\\/bfnrtu][^"\\\x00-\x1f]*+)*+"))'
_SCALAR = rf"(?:{_STRING}|null|true|false|-?[0-9][0-9.eE+-]*+)"
_GAPS = re.compile(
    rf'(?P<open>\{{\s*)"[^"]*"(?P<colon>\s*:\s*){_SCALAR}(?P<comma>\s*,\s*)"'.encode()
)

#: Longest record in bytes; what is longer is no record of a play.
_LONGEST = 2**16

#: Keys of the song itself, and how many they are; the further ones tell podcasts and books.
_N_MAIN = {form: 3 if form == EXTENDED else 2 for form in KEYS}


class Shape:
    """How the records of a file are written.

    Attributes
    ----------
    form : str
    pattern : re.Pattern
        Of the comma before a record and the record.
    places : dict of str to int
        Cells of one record in what ``pattern.split`` gives: 0 is what was left over before it,
        then "stamp", "ms", "song" and "rest", which holds the fields that are looked at as text.
    played, skipped : tuple of bytes
        How "rest" says that a play was not skipped, and that it was.
    keys : list of str
        Those of "song".
    is_narrow : bool
        Whether what tells podcasts and books stands in "rest" and not in "song".
    absent : list of bytes
        Beginnings of the keys that matter and that the first record has not; no record may have
        any.
    """

    __slots__ = ("absent", "form", "is_narrow", "keys", "pattern", "places", "played", "skipped")

    def __init__(self, start: bytes, first: Mapping[str, object], form: str, before: str) -> None:
        gaps = _GAPS.search(start)
        if gaps is None or any(isinstance(value, dict | list) for value in first.values()):
            raise ValueError("no flat records")
        opening, colon, comma = (gaps[name].decode() for name in ("open", "colon", "comma"))
        stamp, ms, skipped, what = KEYS[form]
        self.form = form
        self.absent = _beginnings(
            [key for key in (skipped, *what) if key and key not in first], list(first)
        )
        tells = [f'"{skipped}"{colon}{value}'.encode() for value in ("false", "null", "true")]
        told = bool(skipped) and skipped in first
        self.played, self.skipped = (tells[:2], tells[2]) if told else ([b""], b"")
        keys = list(first)
        of_song = [at for at, key in enumerate(keys) if key in what[: _N_MAIN[form]]]
        further = [at for at, key in enumerate(keys) if key in what[_N_MAIN[form] :]]
        last = max(of_song + [keys.index(key) for key in (stamp, ms)], default=0)
        self.is_narrow = min(further, default=last + 1) > last
        if not self.is_narrow:
            of_song += further
            last = max(last, *further)
        if not of_song:
            raise ValueError("no song in them")
        self.keys = keys[min(of_song) : max(of_song) + 1]
        known = {
            stamp: f'"{stamp}"{re.escape(colon)}{STAMPS[form].replace("(", "(?P<stamp>", 1)}',
            ms: f'"{ms}"{re.escape(colon)}(?P<ms>0|[1-9][0-9]{{0,8}})',
            skipped: f'(?P<flag>"{skipped}"{re.escape(colon)}(?:true|false|null))',
        }
        fields = []
        for at, key in enumerate(keys[: last + 1]):
            field = known.get(key, f'"[^"]*+"{re.escape(colon)}{_SCALAR}')
            is_first, is_last = at == min(of_song), at == max(of_song)
            fields.append(f"{'(?P<song>' * is_first}{field}{')' * is_last}")
        text = before + re.escape(opening) + re.escape(comma).join(fields)
        text += r"(?=[\s,}])(?P<rest>[^}]*+)\}\s*+"
        self.pattern = re.compile(text.encode("utf-8", "replace"))
        self.places = dict(self.pattern.groupindex)


def _beginnings(absent: list[str], present: list[str]) -> list[bytes]:
    """Return what keys begin with that are absent; one text for all of them where that does.

    >>> _beginnings(["book_title", "book_uri"], ["title"]), _beginnings(["a_1", "a_2"], ["a_3"])
    ([b'"book_'], [b'"a_1"', b'"a_2"'])
    """
    shared = absent[0] if absent else ""
    while shared and not all(key.startswith(shared) for key in absent):
        shared = shared[:-1]
    if shared and not any(key.startswith(shared) for key in present):
        return [f'"{shared}'.encode()]
    return [f'"{key}"'.encode() for key in absent]


def read_records(
    pieces: Iterable[bytes], first: Mapping[str, object], form: str, plays: Plays
) -> bool:
    """Add every record; False, and nothing added, where that takes a JSON parser.

    Parameters
    ----------
    pieces : iterable of bytes
        The file, cut anywhere behind its first record.
    first : mapping
        The first record, parsed.
    form : str
    plays : Plays
    """
    shape = None
    found = Plays(plays.min_ms / 1000.0)
    songs: dict[bytes, int] = {}
    rest = end = b""
    try:
        for piece in pieces:
            text = rest + piece if rest else piece.lstrip()
            if shape is None:
                text = text.removeprefix(b"\xef\xbb\xbf").lstrip()
                if text[:1] == b"[":  # so that a comma stands before every record
                    text, end = b"," + text[1:], b"]"
                shape = Shape(text, first, form, r",\s*+" if end else "")
            cells = shape.pattern.split(text)
            rest = cells.pop()
            if any(cells[:: len(shape.places) + 1]) or len(rest) > _LONGEST:
                return False
            if any(key in text for key in shape.absent):
                return False
            _add_cells(cells, shape, songs, found)
            found.check_size()
    except ValueError:
        return False
    if shape is None or rest.strip() != end:
        return False
    _forget_bad_days(found)
    plays.take(found)
    return True


def _add_cells(cells: list[bytes], shape: Shape, songs: dict[bytes, int], plays: Plays) -> None:
    """Add the records of a piece by column: what Plays.add does for one row, for all at once."""
    width = len(shape.places) + 1
    columns = {name: cells[place::width] for name, place in shape.places.items()}
    texts = columns["song"]
    new = [text for text in dict.fromkeys(texts) if text not in songs]
    if new:
        songs.update(zip(new, _number_songs(new, shape, plays), strict=True))
    numbers = list(map(songs.__getitem__, texts))
    if shape.is_narrow and NO_TITLE in numbers:
        _number_others(numbers, columns, shape, plays)
    lengths = list(map(int, columns["ms"]))
    played = _find_played(columns.get("flag", columns["rest"]), shape)
    minimum = plays.min_ms
    kept = [
        number >= 0 and ms >= minimum and was_played
        for number, ms, was_played in zip(numbers, lengths, played, strict=True)
    ]
    plays.count("rows", len(texts))
    if not all(kept):
        _count_others(numbers, lengths, sum(kept), plays)
    plays.stamps.extend(compress(columns["stamp"], kept))
    plays.numbers.extend(compress(numbers, kept))
    plays.lengths.extend(compress(lengths, kept))


def _number_songs(texts: Sequence[bytes], shape: Shape, plays: Plays) -> list[int]:
    """Return the numbers of the songs that fields tell; ValueError where they are others."""
    records = json.loads(b"[{" + b"},{".join(texts) + b"}]")
    if len(records) != len(texts) or any(list(record) != shape.keys for record in records):
        raise ValueError("other keys than in the first record")
    return [number_record(record, shape.form, plays) for record in records]


def _number_others(
    numbers: list[int], columns: Mapping[str, list[bytes]], shape: Shape, plays: Plays
) -> None:
    """Tell podcasts and books from songs without a title by the rest of their records."""
    for row, number in enumerate(numbers):
        if number == NO_TITLE:
            text = b"{" + columns["song"][row] + columns["rest"][row] + b"}"
            numbers[row] = number_record(json.loads(text), shape.form, plays)


def _find_played(texts: Sequence[bytes], shape: Shape) -> list[bool]:
    """Tell which plays were not skipped; ValueError where a record does not say it as known."""
    plain, *others = shape.played
    played = [plain in text for text in texts]
    if not all(played):
        for row, was_played in enumerate(played):
            if not was_played:
                played[row] = any(tell in texts[row] for tell in others)
                if not played[row] and shape.skipped not in texts[row]:
                    raise ValueError("a play that does not say whether it was skipped")
    return played


def _count_others(
    numbers: Sequence[int], lengths: Sequence[int], n_kept: int, plays: Plays
) -> None:
    """Count the rows that are no listens, in the order of reasons of Plays.add."""
    n_songless = 0
    if min(numbers) < 0:
        for reason, name in REASONS.items():
            n_rows = numbers.count(reason)
            n_songless += n_rows
            plays.count(name, n_rows)
    n_short = sum([ms < plays.min_ms for ms in lengths])
    if n_songless and n_short:
        pairs = zip(numbers, lengths, strict=True)
        n_short = sum([ms < plays.min_ms for number, ms in pairs if number >= 0])
    plays.count("too short", n_short)
    plays.count("skipped", len(numbers) - n_kept - n_songless - n_short)


def _forget_bad_days(plays: Plays) -> None:
    """Take times for unknown whose day is none, or one before there were listeners."""
    days = {stamp[:10] for stamp in plays.stamps}  # type: ignore[index]
    bad_days = {day for day in days if day_seconds(day) is None}
    if bad_days:
        plays.stamps = [b"" if stamp[:10] in bad_days else stamp for stamp in plays.stamps]  # type: ignore[index]
