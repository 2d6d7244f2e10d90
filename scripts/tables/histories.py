"""Read what listeners have played: the door to every format of listening history.

Conventions
-----------
A file, a folder or a zip, recognised by content and never by its name. A play counts as a listen
when it lasted at least `min_play_seconds` (30 by default, the rule of ListenBrainz) and was not
skipped; formats that tell no length count every scrobble. Times are UTC. What does not count is
counted by reason. User names, addresses and agents are never kept.

Method
------
See the modules behind this one: `history_files` (folders and zips), `history_spotify`,
`history_listenbrainz`, `history_scrobbles` (Last.fm and other tables), `history_plays` (what comes
of them), `history_listeners` and `history_hetrec` (many listeners; numpy).
"""

from __future__ import annotations

import gc
import json

from scripts.errors import DataError
from scripts.tables import history_files, history_listenbrainz, history_spotify
from scripts.tables.history_plays import History, Plays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.tables.history_listeners import Listening

__all__ = ["History", "read_hetrec", "read_history", "read_listeners_histories"]

FORMATS = (
    "a Spotify export (extended history or account data), a Last.fm export, a ListenBrainz export, "
    "or a table with columns for time, artist and title"
)
_DECODER = json.JSONDecoder()


class NoHistoryError(DataError):
    """Nothing in a file or folder is a listening history."""


def no_history(path: str) -> NoHistoryError:
    """Return the error that says so."""
    return NoHistoryError(
        f"{path}: no listening history was found in it (its content was looked at, not its "
        f"name); give {FORMATS}"
    )


def read_history(
    path: str, *, min_play_seconds: float = 30.0, option: str = "--history"
) -> History:
    """Read one listener's own history.

    Parameters
    ----------
    path : str
        A file, a folder or a zip.
    min_play_seconds : float
        Shorter plays do not count; 0 counts all.
    option : str
        The option named in messages.

    Raises
    ------
    SettingsError
        If there is nothing at `path`.
    DataError
        If it cannot be read, holds no history, or the histories of several listeners.
    """
    # hundreds of thousands of small objects come alive here and none of them in a circle: looking
    # for circles meanwhile would take as long as the reading
    was_on = gc.isenabled()
    gc.disable()
    try:
        return _read_parts(path, min_play_seconds, option)
    finally:
        if was_on:
            gc.enable()


def _read_parts(path: str, minimum: float, option: str) -> History:
    gathered: dict[str, Plays] = {}
    n_files = n_ignored = 0
    for part in history_files.open_parts(path, option=option):
        form = _read_part(part, gathered, minimum)
        if form:
            n_files += 1
        else:
            n_ignored += 1
    plays, form, n_left = _choose(gathered, path)
    plays.count("files", n_files - n_left)
    plays.count("ignored files", n_ignored + n_left)
    return History(plays, source=path, form=form)


def read_listeners_histories(
    paths: Sequence[str], *, min_play_seconds: float = 30.0, option: str = "--history"
) -> Listening:
    """Read the histories of many listeners; see `history_listeners.read_listeners`."""
    from scripts.tables.history_listeners import read_listeners

    return read_listeners(paths, min_play_seconds=min_play_seconds, option=option)


def read_hetrec(
    user_artists: str,
    *,
    artists: str | None = None,
    tags: str | None = None,
    tagged: str | None = None,
    friends: str | None = None,
    option: str = "--history",
) -> Listening:
    """Read HetRec 2011 play counts; see `history_hetrec.read_play_counts`."""
    from scripts.tables.history_hetrec import read_play_counts

    return read_play_counts(
        user_artists, artists=artists, tags=tags, tagged=tagged, friends=friends, option=option
    )


def _choose(gathered: dict[str, Plays], path: str) -> tuple[Plays, str, int]:
    """Return the plays of the one format found, and how many rows of another were left."""
    forms = [form for form, plays in gathered.items() if plays.counts.get("rows")]
    if not forms:
        raise no_history(path)
    extended, account = history_spotify.EXTENDED, history_spotify.ACCOUNT
    n_left = 0
    if sorted(forms) == sorted([extended, account]):
        # both tell the same plays, and the extended history tells all of them
        n_left = gathered[account].counts["parts"]
        forms = [extended]
    if len(forms) > 1:
        raise DataError(
            f"{path}: holds histories of several kinds ({', '.join(forms)}), which may tell the "
            "same plays twice; give one of them"
        )
    for plays in gathered.values():
        plays.counts.pop("parts", None)
    return gathered[forms[0]], forms[0], n_left


def _read_part(part: history_files.Part, gathered: dict[str, Plays], minimum: float) -> str:
    """Add the plays of one part under its format; "" where it holds none."""
    start = part.read_some(65536)
    if history_files.is_zip(start):
        raise DataError(
            f"{part.label}: a zip within a zip is not opened; unpack the outer one and give the "
            "folder"
        )
    if history_files.is_binary(start) or not start.strip():
        return ""
    head = history_files.without_mark(start[:4096]).lstrip()
    if head[:1] in (b"[", b"{"):
        return _read_json(part, start, gathered, minimum)
    return _read_table(part, start, gathered, minimum)


def _plays_of(form: str, gathered: dict[str, Plays], minimum: float) -> Plays:
    plays = gathered.get(form)
    if plays is None:
        plays = gathered[form] = Plays(minimum)
    plays.count("parts")
    return plays


def _read_table(
    part: history_files.Part, start: bytes, gathered: dict[str, Plays], minimum: float
) -> str:
    from scripts.tables import history_scrobbles as tables

    data = history_files.to_utf8(part.read_all(start))
    layout = tables.find_layout(data, part.label)
    if layout is None:
        return ""
    tables.read_rows(data, layout, _plays_of(layout.form, gathered, minimum))
    return layout.form


def _read_json(
    part: history_files.Part, start: bytes, gathered: dict[str, Plays], minimum: float
) -> str:
    """Read a JSON array of records, or one record a line."""
    data = history_files.without_mark(part.read_all(start))
    first = _first_record(data)
    form = history_spotify.recognise(first)
    if history_listenbrainz.is_listen(first):
        form = history_listenbrainz.LISTENBRAINZ
    if not form:
        return ""
    plays = _plays_of(form, gathered, minimum)
    if form == history_listenbrainz.LISTENBRAINZ:
        if data[:4096].lstrip()[:1] == b"{":
            history_listenbrainz.read_lines(data, plays)
        else:
            records = _parse_records(data, part.label)
            plays.count("rows", len(records))
            for record in records:
                history_listenbrainz.add_listen(record, plays)
    elif not history_spotify.read_records(data, first, form, plays):
        for record in _parse_records(data, part.label):
            history_spotify.add_record(record, form, plays)
    return form


def _first_record(data: bytes) -> dict[str, object]:
    """Return the first record of an array or of lines; {} where there is none."""
    begin = data.find(b"{")
    if begin < 0 or data[:begin].strip() not in (b"", b"["):
        return {}
    for length in (4096, 65536, 2**22):
        text = data[begin : begin + length].decode("utf-8", "ignore")
        try:
            record = _DECODER.raw_decode(text)[0]
        except (ValueError, RecursionError):
            continue
        return record if isinstance(record, dict) else {}
    return {}


def _parse_records(data: bytes, label: str) -> list[object]:
    """Parse an array, or lines that are a record each."""
    data = history_files.to_utf8(data).strip()
    try:
        if data[:1] == b"[":
            return json.loads(data)
        return [json.loads(line) for line in data.split(b"\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        place = getattr(error, "lineno", "")
        column = getattr(error, "colno", "")
        raise DataError(
            f"{label}: is no whole JSON file (it breaks at line {place}, column {column}); it may "
            "be cut off: download the export again"
        ) from None
