"""Plays as they are gathered from files, and the history that comes of them.

Conventions
-----------
A stamp is a time as gathered: seconds since 1970 (int), or the bytes "YYYY-MM-DDTHH:MM:SSZ" in UTC
(seconds may be absent), whose order is the order of times; one history holds one kind. An unknown
time is 0 or b"": it sorts first. Times before 1971 are what a broken clock leaves and count as
unknown. Lengths are milliseconds, None where the format has none. Everything is UTC.

Method
------
Turning 100,000 texts into seconds costs more than an answer may take, so stamps stay as they are
until someone asks, and only the newest plays are turned at once.
"""

from __future__ import annotations

from collections import Counter

from scripts.errors import DataError
from scripts.tables.history_columns import count_unknown, forget_future, in_order, without_repeats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Song: TypeAlias = tuple[str, str, str]
    Play: TypeAlias = tuple[int | None, str, str, str, int | None]
    Stamp: TypeAlias = int | bytes

#: Seconds of 1 January 1971: no service had listeners before, so earlier times are no times.
EARLIEST = 365 * 86400
LATEST = 4102444800  # 1 January 2100
MAX_PLAYED_MS = 999_999_999
N_RECENT = 500

#: How the format of a table begins whose columns were guessed.
GUESS = "table (artist: column "

#: Longest name of an artist or a song, in letters; what is longer is no name.
MAX_NAME = 500
#: Most listens of one history: a song a minute, day and night, for ten years.
MAX_PLAYS = 5_000_000

#: Reasons of Plays.number_song, as negative numbers beside the numbers of songs.
NO_TITLE, NO_ARTIST, NOT_MUSIC, UNREADABLE = -1, -2, -3, -4
REASONS = {
    NO_TITLE: "no title",
    NO_ARTIST: "no artist",
    NOT_MUSIC: "not music",
    UNREADABLE: "unreadable",
}


def is_guess(form: str) -> bool:
    """Tell a format whose columns were guessed."""
    return form.startswith(GUESS)


class Plays:
    """Listens gathered so far, column by column, and how many rows did not count, by reason."""

    __slots__ = ("counts", "lengths", "min_ms", "numbers", "rank", "stamps")

    def __init__(self, min_play_seconds: float):
        self.min_ms = min_play_seconds * 1000.0
        self.rank: dict[Song, int] = {}
        self.stamps: list[Stamp] = []
        self.numbers: list[int] = []
        self.lengths: list[int | None] = []
        self.counts: dict[str, int] = {}

    def count(self, reason: str, n_rows: int = 1) -> None:
        """Note rows under a reason."""
        if n_rows:
            self.counts[reason] = self.counts.get(reason, 0) + n_rows

    def number_song(self, artist: object, title: object, song_id: object = "") -> int:
        """Return the number of a song, a new one for a new song, or a negative reason."""
        names = []
        for value in (artist, title):
            if value is not None and not isinstance(value, str):
                return UNREADABLE
            if value and len(value) > MAX_NAME:
                return UNREADABLE
            names.append(clean_name(value) if value else "")
        if not names[1]:
            return NO_TITLE
        if not names[0]:
            return NO_ARTIST
        code = find_song_id(song_id) if isinstance(song_id, str) else ""
        song = (names[0], names[1], code)
        return self.rank.setdefault(song, len(self.rank))

    def add(self, stamp: Stamp, number: int, ms: int | None, *, skipped: bool = False) -> None:
        """Add one row: a listen, or one more of a reason."""
        if number < 0:
            self.count(REASONS[number])
        elif ms is not None and ms < self.min_ms:
            self.count("too short")
        elif skipped:
            self.count("skipped")
        else:
            self.stamps.append(stamp)
            self.numbers.append(number)
            self.lengths.append(ms)

    def check_size(self) -> None:
        """Stop where there are more listens than one history may hold.

        Raises
        ------
        DataError
            If there are.
        """
        if len(self.stamps) > MAX_PLAYS:
            raise DataError(
                f"a history of more than {MAX_PLAYS:,} listens is too large to be one listener's; "
                "give a part of it"
            )

    def take(self, other: Plays) -> None:
        """Add what was gathered elsewhere; the numbers of its songs become numbers of here."""
        numbers = other.numbers
        if self.rank:
            here = [self.rank.setdefault(song, len(self.rank)) for song in other.rank]
            numbers = [here[number] for number in numbers]
        else:
            self.rank.update(other.rank)
        self.stamps += other.stamps
        self.numbers += numbers
        self.lengths += other.lengths
        for reason, n_rows in other.counts.items():
            self.count(reason, n_rows)


def clean_name(text: str) -> str:
    r"""Return a name in one line, without signs that no name has.

    >>> clean_name(" A\n B\x00\ud800 ")
    'A B?'
    """
    if text.isprintable() and "  " not in text and text == text.strip():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return " ".join(text.split())


def find_song_id(text: str) -> str:
    """Return the Spotify id (22 letters and digits) at the end of an address or URI, "" if none.

    >>> find_song_id("spotify:track:4uLU6hMCjMI75M1A2tKUQC"), find_song_id("spotify:local:a:b:c:1")
    ('4uLU6hMCjMI75M1A2tKUQC', '')
    """
    if "?" in text:
        text = text.partition("?")[0]
    code = text[-22:]
    if len(code) == 22 and code.isalnum() and code.isascii():
        before = text[:-22]
        if not before or before.endswith(("track:", "track/")):
            return code
    return ""


class History:
    """One listener's own history: what was listened to, how often, and what came last.

    Attributes
    ----------
    songs : dict of (artist, title, song_id) to int, listens; song_id "" where unknown
    recent : list of Play, the last 500 listens, oldest first
    plays : list of Play, every listen in time order, made when first asked for
    source, format : str, the path as given and the name of its format
    counts : dict of str to int: rows, listens, files, and rows that did not count by reason
    has_times : bool
        A Play is (when, artist, title, song_id, ms): UTC seconds or None, played ms or None.

    With `newest`, when its files were last written (seconds since 1970), later times are unknown.
    """

    __slots__ = (
        "_lengths",
        "_names",
        "_numbers",
        "_plays",
        "_stamps",
        "counts",
        "format",
        "has_times",
        "recent",
        "songs",
        "source",
    )

    def __init__(self, gathered: Plays, *, source: str, form: str, newest: int | None = None):
        self.source = source
        self.format = form
        self._names: list[Song] = list(gathered.rank)
        columns = in_order(gathered.stamps, gathered.numbers, gathered.lengths)
        if newest is not None:
            columns = forget_future(*columns, newest)
        self._stamps, self._numbers, self._lengths = without_repeats(*columns)
        gathered.count("repeated", len(gathered.stamps) - len(self._stamps))
        self._plays: list[Play] | None = None
        names = self._names
        self.songs: dict[Song, int] = {
            names[number]: n_listens for number, n_listens in Counter(self._numbers).items()
        }
        n_unknown = count_unknown(self._stamps)
        gathered.count("no date", n_unknown)
        self.has_times = n_unknown < len(self._stamps)
        self.counts = {
            "rows": 0,
            "listens": len(self._numbers),
            **{reason: n for reason, n in sorted(gathered.counts.items()) if n},
        }
        self.recent = self._decode(max(0, len(self._stamps) - N_RECENT))

    @property
    def n_listens(self) -> int:
        """Number of listens."""
        return len(self._numbers)

    @property
    def plays(self) -> list[Play]:
        """Every listen in time order; those of unknown time first."""
        if self._plays is None:
            self._plays = self._decode(0)
        return self._plays

    def _decode(self, start: int) -> list[Play]:
        names, days = self._names, {}  # type: ignore[var-annotated]
        return [
            (to_seconds(stamp, days), *names[number], ms)
            for stamp, number, ms in zip(
                self._stamps[start:], self._numbers[start:], self._lengths[start:], strict=True
            )
        ]

    def __repr__(self) -> str:
        return f"History({self.format!r}, listens={self.n_listens})"


def to_seconds(stamp: Stamp, days: dict[bytes, int | None]) -> int | None:
    """Turn a stamp into UTC seconds; `days` remembers the days met.

    >>> to_seconds(b"2016-02-23T17:59:00Z", {}), to_seconds(b"2016-02-23 17:59", {})
    (1456250340, 1456250340)
    """
    if not stamp:
        return None
    if isinstance(stamp, int):
        return stamp
    day = stamp[:10]
    start = days[day] if day in days else days.setdefault(day, day_seconds(day))
    if start is None:
        return None
    return start + int(stamp[11:13]) * 3600 + int(stamp[14:16]) * 60 + int(stamp[17:19] or 0)


def day_seconds(day: bytes) -> int | None:
    """Return the UTC seconds at which "YYYY-MM-DD" starts; None outside 1971 to 2099.

    >>> day_seconds(b"1971-01-01"), day_seconds(b"1970-12-31"), day_seconds(b"2023-02-29")
    (31536000, None, None)
    """
    return date_seconds(int(day[:4]), int(day[5:7]), int(day[8:10]))


def date_seconds(year: int, month: int, day: int) -> int | None:
    """Return the UTC seconds at which a day starts; None where there is no such day.

    Days are counted from March on, so that the leap day ends a year.
    """
    if not (1971 <= year <= 2099 and 1 <= month <= 12):
        return None
    leap = month == 2 and year % 4 == 0  # 2000 is a leap year; 1900 and 2100 are out of range
    if (
        not 1
        <= day
        <= (29 if leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1])
    ):
        return None
    from_march, months = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * from_march + from_march // 4 - from_march // 100 + from_march // 400
    return (days + (153 * months + 2) // 5 + day - 719469) * 86400
