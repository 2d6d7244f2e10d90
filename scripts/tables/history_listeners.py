"""Read the histories of many listeners into one table of listener by artist.

Conventions
-----------
Listeners are numbered by first appearance; their names are never kept. What comes of them is in
`history_listening`.

Method
------
A path is a file, a zip or a folder. One that holds the Last.fm 1K layout (user, time, artist id,
artist, track id, track) is read row by row and summed as it is read, so memory grows with the pairs
and not with the plays. A folder is one listener where it is an export as a service packs it, and
else one listener an entry.
"""

from __future__ import annotations

import os
import re

from scripts.errors import DataError
from scripts.tables import histories, history_files
from scripts.tables.history_layouts import is_many_listeners
from scripts.tables.history_listening import Gathered, Listening
from scripts.tables.history_plays import MAX_NAME, day_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts.tables.history_plays import History

LASTFM_1K = "Last.fm 1K users"
SEVERAL = "several histories"

#: Files of one listener that a service packs into one folder.
_EXPORT_NAMES = re.compile(r"(?:Streaming_?History|endsong|listens\b)", re.IGNORECASE)
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read_listeners(
    paths: Sequence[str], *, min_play_seconds: float = 30.0, option: str = "--history"
) -> Listening:
    """Read one or more files, folders and zips of listeners.

    Raises
    ------
    SettingsError
        If there is nothing at a path.
    DataError
        If a path cannot be read or holds no history.
    """
    from scripts.tables import history_hetrec

    if len(paths) == 1 and history_hetrec.holds_play_counts(paths[0], option=option):
        return history_hetrec.read_play_counts(paths[0], option=option)
    gathered = Gathered()
    forms: list[str] = []
    for path in paths:
        if history_hetrec.holds_play_counts(path, option=option):
            raise DataError(
                f"{path}: HetRec play counts know artists by number and stand alone; give them "
                f"as the only {option}"
            )
        forms += _add_path(path, gathered, min_play_seconds, option=option)
    if not gathered.n_users:
        raise histories.no_history(", ".join(paths))
    form = forms[0] if len(set(forms)) == 1 else SEVERAL
    return Listening(gathered, form=form, sources=list(paths))


def _add_path(path: str, gathered: Gathered, minimum: float, *, option: str) -> list[str]:
    """Add all listeners at a path; return the formats found."""
    if os.path.isdir(path) and not is_one_export(path):
        forms = []
        for name in sorted(os.listdir(path)):
            full = os.path.join(path, name)
            if name.startswith(".") or os.path.islink(full):
                continue
            try:
                forms += _add_path(full, gathered, minimum, option=option)
            except histories.NoHistoryError:
                gathered.count("ignored files")
        return forms
    if not os.path.isdir(path):
        for part in history_files.open_parts(path, option=option):
            start = part.read_some(65536)
            if is_many_listeners(start):
                _add_rows(_lines(part, start), gathered)
                return [LASTFM_1K]
    history = histories.read_history(path, min_play_seconds=minimum, option=option)
    add_history(history, gathered)
    return [history.format]


def is_one_export(folder: str) -> bool:
    """Tell a folder that a service packed for one listener from a folder of several listeners."""
    names = [name for name in sorted(os.listdir(folder)) if not name.startswith(".")]
    if any(_EXPORT_NAMES.match(name) for name in names):
        return True
    whole = [os.path.join(folder, name) for name in names]
    return len(whole) == 1 and os.path.isdir(whole[0]) and is_one_export(whole[0])


def add_history(history: History, gathered: Gathered) -> None:
    """Add one listener's history."""
    user = gathered.new_user()
    for when, artist, _, _, _ in history.plays:
        time = -1 if when is None else when
        gathered.add(user, gathered.number_artist(artist), 1.0, first=time, last=time)
    for reason, n_rows in history.counts.items():
        gathered.count(reason, n_rows)


def _lines(part: history_files.Part, start: bytes) -> Iterator[bytes]:
    """Yield the lines of a part, reading it piece by piece."""
    rest = start
    while True:
        piece = part.read_some()
        lines = (rest + piece).split(b"\n")
        if not piece:
            yield from lines
            return
        rest = lines.pop()
        yield from lines


def _add_rows(lines: Iterator[bytes], gathered: Gathered) -> None:
    """Sum the rows of the 1K layout; a row that repeats the one before it counts once."""
    users: dict[bytes, int] = {}
    artists: dict[bytes, int] = {}
    days: dict[bytes, int | None] = {}
    before = b""
    n_rows = 0
    for line in lines:
        if not line.strip():
            continue
        n_rows += 1
        cells = line.split(b"\t")
        if len(cells) != 6 or len(cells[3]) > 4 * MAX_NAME or len(cells[5]) > 4 * MAX_NAME:
            gathered.count("unreadable")
        elif line == before:
            gathered.count("repeated")
        elif not cells[3].strip():
            gathered.count("no artist")
        elif not cells[5].strip():
            gathered.count("no title")
        else:
            user = users.get(cells[0])
            if user is None:
                user = users[cells[0]] = gathered.new_user()
            artist = artists.get(cells[3])
            if artist is None:
                name = " ".join(cells[3].decode("utf-8", "replace").replace("\0", "").split())
                artist = artists[cells[3]] = gathered.number_artist(name)
            when = _seconds(cells[1], days)
            gathered.add(user, artist, 1.0, first=when, last=when)
            if when < 0:
                gathered.count("no date")
        before = line
    gathered.count("rows", n_rows)
    gathered.count("files")


def _seconds(stamp: bytes, days: dict[bytes, int | None]) -> int:
    day = stamp[:10]
    if day not in days:
        days[day] = day_seconds(day) if _STAMP.fullmatch(stamp) else None
    start = days[day]
    if start is None or not _STAMP.fullmatch(stamp):
        return -1
    return start + int(stamp[11:13]) * 3600 + int(stamp[14:16]) * 60 + int(stamp[17:19])
