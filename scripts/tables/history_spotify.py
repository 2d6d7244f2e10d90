"""Read Spotify's two exports: the extended history and the account data.

Conventions
-----------
Input is UTF-8 bytes without a byte order mark: a JSON array of flat records, or one record a line.
`ts` and `endTime` are the end of a play in UTC. Address, user name and agent stand in the extended
records; they are passed over here and reach no object and no message.

Method
------
An exporter writes every record with the same keys in the same order. So the first record gives one
regular expression for all of them, which takes 100,000 records apart in half the time a JSON parser
needs, and the texts that name a song are parsed once a song. The short way is taken only where it
provably reads what the JSON parser reads: every record must match the expression whole, and there
must be as many as the file has opening braces. Otherwise the JSON parser reads the file.
"""

from __future__ import annotations

import json
import re

from scripts.tables.history_plays import (
    MAX_PLAYED_MS,
    NO_TITLE,
    NOT_MUSIC,
    REASONS,
    UNREADABLE,
    Plays,
    date_seconds,
    day_seconds,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

EXTENDED = "Spotify extended history"
ACCOUNT = "Spotify account data"

# A string without quotes in it is found by its end alone; one with an escape at its end, or with
# quotes, is taken letter by letter.
_STRING = r'"(?:[^"]*+(?<!\\)"|[^"\\\x00-\x1f]*+(?:\\["\\/bfnrtu][^"\\\x00-\x1f]*+)*+")'
_SCALAR = rf"(?:{_STRING}|null|true|false|-?[0-9][0-9.eE+-]*+)"
_GAPS = re.compile(
    rf'(?P<open>\{{\s*)"[^"]*"(?P<colon>\s*:\s*){_SCALAR}(?P<comma>\s*,\s*)"'.encode()
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"

#: Format: the keys of the time, the length, "skipped", and of all that says what was played.
_KEYS = {
    EXTENDED: (
        "ts",
        "ms_played",
        "skipped",
        (
            "master_metadata_track_name",
            "master_metadata_album_artist_name",
            "spotify_track_uri",
            "episode_name",
            "episode_show_name",
            "spotify_episode_uri",
            "audiobook_title",
            "audiobook_uri",
            "audiobook_chapter_uri",
            "audiobook_chapter_title",
        ),
    ),
    ACCOUNT: ("endTime", "msPlayed", "", ("artistName", "trackName")),
}
_STAMPS = {
    EXTENDED: rf'"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:[0-5][0-9]Z)"',
    ACCOUNT: rf'"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK})"',
}
_STAMP = re.compile(rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?::[0-5][0-9](?:\.[0-9]+)?)?Z?", re.ASCII)


def recognise(keys: Iterable[str]) -> str:
    """Name the format of a record by its keys; "" where it is none of Spotify's.

    >>> recognise(["ts", "ms_played"]), recognise(["endTime", "msPlayed", "podcastName"])
    ('Spotify extended history', 'Spotify account data')
    """
    names = set(keys)
    for form, (stamp, ms, _, _) in _KEYS.items():
        if stamp in names and ms in names:
            return form
    return ""


def read_records(data: bytes, first: dict[str, object], form: str, plays: Plays) -> bool:
    """Add every record the short way; False, and nothing added, where it cannot be taken."""
    pattern = _record_pattern(data, first, form)
    whole = b"]" if data[:64].lstrip()[:1] == b"[" else b"}"
    if pattern is None or data[-64:].rstrip()[-1:] != whole:
        return False
    found = pattern.findall(data)
    if len(found) != data.count(b"{"):
        return False
    columns = dict(zip(pattern.groupindex, zip(*found, strict=True), strict=True))
    texts = list(dict.fromkeys(columns["song"]))
    try:
        records = json.loads(b"[{" + b"},{".join(texts) + b"}]")
    except ValueError:
        return False
    begin, end = _song_span(first, form)
    keys = list(first)[begin : end + 1]
    if any(list(record) != keys for record in records):
        return False
    numbers = [number_record(record, form, plays) for record in records]
    _add_columns(columns, dict(zip(texts, numbers, strict=True)), plays)
    return True


def _song_span(first: dict[str, object], form: str) -> tuple[int, int]:
    """Return the places of the first and the last key that tell what was played."""
    places = [place for place, key in enumerate(first) if key in _KEYS[form][3]]
    return (places[0], places[-1]) if places else (0, -1)


def _record_pattern(data: bytes, first: dict[str, object], form: str) -> re.Pattern[bytes] | None:
    """Write the expression of a record that has the keys, and the blanks, of the first one.

    Keys between the first and the last that tell what was played are compared later, once a song;
    keys that tell nothing are any keys, unless one that would tell something is missing here and
    could stand there elsewhere.
    """
    stamp, ms, skipped, what = _KEYS[form]
    begin, end = _song_span(first, form)
    gaps = _GAPS.search(data)
    if end < 0 or gaps is None or any(isinstance(v, dict | list) for v in first.values()):
        return None
    opening, colon, comma = (re.escape(gaps[name].decode()) for name in ("open", "colon", "comma"))
    wanted = [key for key in (stamp, ms, skipped, *what) if key]
    is_complete = all(key in first for key in wanted)
    fields = []
    for place, key in enumerate(first):
        name, value = re.escape(json.dumps(key, ensure_ascii=False)), _SCALAR
        if key == stamp:
            value = _STAMPS[form].replace("(", "(?P<stamp>", 1)
        elif key == ms:
            value = "(?P<ms>0|[1-9][0-9]{0,8})"
        elif key == skipped:
            value = "(?P<skipped>true|false|null)"
        elif is_complete or begin <= place <= end:
            name = '"[^"]*+"'
        field = f"{name}{colon}{value}"
        fields.append(f"{'(?P<song>' * (place == begin)}{field}{')' * (place == end)}")
    return re.compile((opening + comma.join(fields) + r"\s*+\}").encode("utf-8", "replace"))


def _add_columns(
    columns: dict[str, tuple[bytes, ...]], songs: dict[bytes, int], plays: Plays
) -> None:
    """Add records by column: what Plays.add does for one row, for all at once."""
    from itertools import compress

    stamps = columns["stamp"]
    numbers = list(map(songs.__getitem__, columns["song"]))
    lengths = list(map(int, columns["ms"]))
    skips = columns.get("skipped") or (b"null",) * len(stamps)
    plays.count("rows", len(stamps))
    minimum = plays.min_ms
    kept = [
        number >= 0 and ms >= minimum and skip != b"true"
        for number, ms, skip in zip(numbers, lengths, skips, strict=True)
    ]
    if not all(kept):
        _count_others(numbers, lengths, sum(kept), plays)
        stamps = tuple(compress(stamps, kept))
    bad_days = {day for day in {stamp[:10] for stamp in stamps} if day_seconds(day) is None}
    if bad_days:
        stamps = tuple(b"" if stamp[:10] in bad_days else stamp for stamp in stamps)
    plays.stamps.extend(stamps)
    plays.numbers.extend(compress(numbers, kept))
    plays.lengths.extend(compress(lengths, kept))


def _count_others(numbers: list[int], lengths: list[int], n_kept: int, plays: Plays) -> None:
    """Count the rows that are no listens, in the order of reasons of Plays.add."""
    n_songless = 0
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


def number_record(record: dict[str, object], form: str, plays: Plays) -> int:
    """Return the number of the song of a record, or the reason it has none."""
    if form == ACCOUNT:
        if "trackName" not in record and "artistName" not in record:
            return NOT_MUSIC  # the files of podcasts and audiobooks have names of their own
        return plays.number_song(record.get("artistName"), record.get("trackName"))
    number = plays.number_song(
        record.get("master_metadata_album_artist_name"),
        record.get("master_metadata_track_name"),
        record.get("spotify_track_uri"),
    )
    if number == NO_TITLE and any(
        record.get(key)
        for key in _KEYS[EXTENDED][3]
        if key.partition("_")[0] != "master" and key != "spotify_track_uri"
    ):
        return NOT_MUSIC
    return number


def add_record(record: object, form: str, plays: Plays) -> None:
    """Add one parsed record; what the short way must agree with."""
    plays.count("rows")
    if not isinstance(record, dict):
        plays.count("unreadable")
        return
    stamp_key, ms_key, skip_key, _ = _KEYS[form]
    number = number_record(record, form, plays)
    ms = read_ms(record.get(ms_key))
    skipped = record.get(skip_key)
    if number >= 0 and (ms is None or not (skipped is None or isinstance(skipped, bool | int))):
        number = UNREADABLE
    plays.add(read_stamp(record.get(stamp_key), form), number, ms, skipped=bool(skipped))


def read_ms(value: object) -> int | None:
    """Return a length in milliseconds; None where the value is none.

    >>> read_ms(1200), read_ms(1200.0), read_ms(-1), read_ms(float("nan")), read_ms(True)
    (1200, 1200, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= MAX_PLAYED_MS else None


def read_stamp(value: object, form: str) -> bytes:
    """Return the stamp of a time as this format writes it, b"" where it is none.

    >>> read_stamp("2020-02-30T10:00:00Z", EXTENDED), read_stamp("2020-02-03 10:00", ACCOUNT)
    (b'', b'2020-02-03 10:00')
    """
    if not isinstance(value, str) or not _STAMP.fullmatch(value):
        return b""
    if date_seconds(int(value[:4]), int(value[5:7]), int(value[8:10])) is None:
        return b""
    if form == ACCOUNT:
        return f"{value[:10]} {value[11:16]}".encode()
    seconds = value[17:19] or "00"
    return f"{value[:10]}T{value[11:16]}:{seconds}Z".encode()
