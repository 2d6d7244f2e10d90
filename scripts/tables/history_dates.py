"""Read the times that scrobble tables write, as UTC seconds.

Conventions
-----------
Times are UTC unless an offset stands behind them. What is no time is None; so is a time outside
1971 to 2099, which a broken clock leaves (1970 in Last.fm exports). Numbers are seconds since 1970,
or milliseconds where they have 13 digits. Dates such as 02/03/2016 are read where one day above 12
tells whether days or months come first, and have no time else.
"""

from __future__ import annotations

import re

from scripts.tables.history_plays import EARLIEST, LATEST, date_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_CLOCK = r"(?:[T,\s]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?"
_ZONE = r"\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d\d?)[-/.](\d\d?){_CLOCK}{_ZONE}", re.ASCII)
_DAY_FIRST = re.compile(rf"(\d\d?)\.(\d\d?)\.(\d{{4}}){_CLOCK}{_ZONE}", re.ASCII)
_SLASHED = re.compile(
    r"(\d\d?)/(\d\d?)/(\d{4})(?:[,\s]+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp][Mm])?)?", re.ASCII
)
_WITH_NAME = re.compile(rf"(\d\d?)\.? (?:de )?([^\W\d]+)\.?,? (?:de )?(\d{{4}}){_CLOCK}{_ZONE}")

#: Seconds of the day by the time as most files write it.
_SECONDS = {f"{minute // 60:02}:{minute % 60:02}": minute * 60 for minute in range(1440)}

#: The first letters of a month's name in English, German, Spanish, French, Italian, Portuguese,
#: Dutch, Swedish and Polish.
_MONTHS = {
    1: ("jan", "jän", "ene", "gen", "sty"),
    2: ("feb", "fév", "fev", "lut"),
    3: ("mar", "mär", "mrt", "maa"),
    4: ("apr", "abr", "avr", "kwi"),
    5: ("may", "mai", "mag", "mei", "maj"),
    6: ("jun", "juin", "giu", "cze"),
    7: ("jul", "juil", "lug", "lip"),
    8: ("aug", "ago", "aoû", "aou", "sie"),
    9: ("sep", "set", "wrz"),
    10: ("oct", "okt", "out", "ott", "paź"),
    11: ("nov", "lis"),
    12: ("dec", "dez", "dic", "déc", "gru"),
}
_BY_START = {start: month for month, starts in _MONTHS.items() for start in starts}


def read_time(text: str, days: dict[tuple[int, int, int], int | None]) -> tuple[bool, int]:
    """Return whether a text is written as a time, and its UTC seconds (0 for no usable time).

    `days` remembers the days met.

    >>> read_time("23 Feb 2016 17:59", {}), read_time("1456250340", {}), read_time("ABBA", {})
    ((True, 1456250340), (True, 1456250340), (False, 0))
    >>> read_time("01 Jan 1970, 00:00", {}), read_time("2016-02-23T18:59:00+01:00", {})
    ((True, 0), (True, 1456250340))
    """
    text = text.strip()
    if text.isdigit() and text.isascii():
        return _read_number(text)
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        day = (int(found[1]), int(found[2]), int(found[3]))
    else:
        found = _DAY_FIRST.fullmatch(text) or _WITH_NAME.fullmatch(text)
        if not found:
            return is_slashed(text), 0
        month = found[2]
        number = int(month) if month.isdigit() else month_number(month)
        day = (int(found[3]), number, int(found[1]))
    start = days[day] if day in days else days.setdefault(day, date_seconds(*day))
    hour, minute, second = (int(part or 0) for part in found.group(4, 5, 6))
    if hour > 23 or minute > 59 or second > 60:
        return False, 0
    if start is None:
        return True, 0
    return True, start + hour * 3600 + minute * 60 + second - _offset(found[7])


def read_times(cells: Sequence[str]) -> list[int]:
    """Return the UTC seconds of many texts, 0 where there is no usable time.

    >>> read_times(["23 Feb 2016 17:59", "23 Feb 2016 17:60", "x"])
    [1456250340, 0, 0]
    """
    joined = "".join(cells)
    if joined.isascii() and joined.isdigit() and set(map(len, cells)) == {10}:
        times = list(map(int, cells))
        if min(times) >= EARLIEST and max(times) < LATEST:
            return times
    days: dict[tuple[int, int, int], int | None] = {}
    midnights: dict[str, int] = {}
    times = []
    for cell in cells:
        day, _, clock = cell.rpartition(" ")
        after = _SECONDS.get(clock)
        midnight = midnights.get(day) if after is not None else None
        if after is None:
            times.append(read_time(cell, days)[1])
        elif midnight:
            times.append(midnight + after)
        else:
            when = read_time(cell, days)[1]
            times.append(when)
            midnights[day] = when and when - after
    if "/" in joined:
        _read_slashed(cells, times)
    return times


def is_slashed(text: str) -> bool:
    """Tell a date such as 02/03/2016, alone or before a clock."""
    return "/" in text and _SLASHED.fullmatch(text.strip()) is not None


def _read_slashed(cells: Sequence[str], times: list[int]) -> None:
    """Read dates such as 02/23/2016 5:59 PM into `times`, where a day above 12 tells the order.

    >>> read_times(["02/03/2016 5:59 PM", "02/23/2016 17:59"]), read_times(["02/03/2016 17:59"])
    ([1454522340, 1456250340], [0])
    """
    found = {at: _SLASHED.fullmatch(cell.strip()) for at, cell in enumerate(cells) if "/" in cell}
    dates = {at: match for at, match in found.items() if match}
    is_day = [any(int(match[part]) > 12 for match in dates.values()) for part in (1, 2)]
    if is_day[0] == is_day[1]:
        return  # nothing tells the order, or both are found
    day, month = (1, 2) if is_day[0] else (2, 1)
    for at, match in dates.items():
        start = date_seconds(int(match[3]), int(match[month]), int(match[day]))
        hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
        if match[7]:
            hour = hour % 12 + 12 * (match[7] in ("PM", "pm", "Pm", "pM")) if hour <= 12 else 24
        if start is not None and hour <= 23 and minute <= 59 and second <= 60:
            times[at] = start + hour * 3600 + minute * 60 + second


def _read_number(text: str) -> tuple[bool, int]:
    """Read seconds or milliseconds since 1970; "0" is what a broken clock leaves."""
    if len(text) == 13:
        text = text[:10]
    if text != "0" and not 8 <= len(text) <= 10:
        return False, 0
    when = int(text)
    return True, when if EARLIEST <= when < LATEST else 0


def month_number(name: str) -> int:
    """Return 1 to 12 for the name of a month, 0 where it is none.

    >>> month_number("février"), month_number("Juil"), month_number("x")
    (2, 7, 0)
    """
    name = name.casefold()
    return _BY_START.get(name[:4]) or _BY_START.get(name[:3]) or 0


def _offset(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return seconds if zone[0] == "+" else -seconds
