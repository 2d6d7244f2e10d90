"""Read Spotify's two exports: the extended history and the account data.

Conventions
-----------
Input is UTF-8 bytes without a byte order mark: a JSON array of flat records, or one record a line.
`ts` and `endTime` are the end of a play in UTC. Address, user name and agent stand in the extended
records; they are passed over here and reach no object and no message.

Method
------
A record is read here once it is parsed; `history_records` does without the parsing where it can.
"""

from __future__ import annotations

import re

from scripts.tables.history_plays import (
    MAX_PLAYED_MS,
    NO_TITLE,
    NOT_MUSIC,
    UNREADABLE,
    Plays,
    date_seconds,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

EXTENDED = "Spotify extended history"
ACCOUNT = "Spotify account data"

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"

#: Format: the keys of the time, the length, "skipped", and of all that says what was played.
KEYS = {
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
STAMPS = {
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
    for form, (stamp, ms, _, _) in KEYS.items():
        if stamp in names and ms in names:
            return form
    return ""


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
        for key in KEYS[EXTENDED][3]
        if key.partition("_")[0] != "master" and key != "spotify_track_uri"
    ):
        return NOT_MUSIC
    return number


def add_record(record: object, form: str, plays: Plays) -> None:
    """Add one parsed record; what `history_records` must agree with."""
    plays.count("rows")
    if not isinstance(record, dict):
        plays.count("unreadable")
        return
    stamp_key, ms_key, skip_key, _ = KEYS[form]
    if stamp_key not in record and ms_key not in record:  # a record of something else
        plays.count("unreadable")
        return
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
