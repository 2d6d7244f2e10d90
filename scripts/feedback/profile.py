"""What a listener said about songs: the feedback log of a profile, kept on this machine only.

Conventions
-----------
A profile is one file, ``<output>/profiles/<name>.jsonl``, to which lines are only ever appended:
one JSON object in ASCII a line, whose last member ``check`` holds the first sixteen hexadecimal
digits of the SHA-256 of all bytes before that member. A line that is torn or altered fails its
check and is left out, whatever else the file holds. Features are in the units of
:mod:`scripts.moods.features`. What a song was played for is not known, so no event tells it (a
``match`` in an earlier log is not read). No event holds a time of day.

Method
------
An event is one write to a file opened for appending, under a lock, forced to disk before the
program says that it is kept; a reader shares the lock, so it sees no write half done. Where the
file does not end in a newline, as after a program killed in the middle of a write, the next line
starts with one, so the torn line damages no other.
``undo`` is an event too. It names the event it takes back by its check, so a damaged line never
turns it on another one.
"""

from __future__ import annotations

import hashlib
import json
import os

from scripts.errors import SettingsError
from scripts.feedback.events import UNDO, is_sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_LONGEST_NAME = 64
_CHECK = b',"check":"'
_DIGITS = 16


class Profile:
    """What one listener has said so far.

    Attributes
    ----------
    events : list of dict
        Those not taken back, in order; see :func:`make_event`.
    judged : list of dict
        The likes and skips among them.
    never : set of str
        Ids of songs that must not be played. A later like does not lift it; only undo does.
    corrections : dict of song id to song mood or None
        The mood each song has for this listener; None where the listener said only that the
        song's own is wrong. The last word counts.
    n_damaged : int
        Lines that were left out since they are torn or altered.
    seed : int
        Starts the draws of chance. It is a hash of the likes and skips: the same ones give the
        same lists, an undo brings back the list of before, and ``never`` only removes a song.
    """

    __slots__ = ("corrections", "events", "judged", "n_damaged", "name", "never", "seed")

    def __init__(
        self, name: str, standing: list[tuple[str, dict[str, Any]]], n_damaged: int = 0
    ) -> None:
        """Sort out the events that stand, each given with the check of its line."""
        events = [event for _, event in standing]
        self.name = name
        self.events = events
        self.n_damaged = n_damaged
        self.judged = [event for event in events if event["event"] in ("like", "skip")]
        self.never = {event["song_id"] for event in events if event["event"] == "never"}
        self.corrections: dict[str, str | None] = {
            event["song_id"]: event["right_mood"]
            for event in events
            if event["event"] == "wrong-mood"
        }
        checks = [check for check, event in standing if event["event"] in ("like", "skip")]
        self.seed = int(hashlib.sha256(" ".join(checks).encode()).hexdigest()[:16], 16)


def profile_path(output: str, name: str) -> str:
    """Name the file of a profile; refuse a name that could lead elsewhere."""
    known = name.isascii() and all(sign.isalnum() or sign in "-_" for sign in name)
    if not (known and 0 < len(name) <= _LONGEST_NAME):
        raise SettingsError(
            f"--profile {name[:_LONGEST_NAME]!r}: a profile's name is 1 to {_LONGEST_NAME} letters "
            "(a to z), digits, - or _; choose another, such as --profile anna"
        )
    return os.path.join(output, "profiles", f"{name}.jsonl")


def _check_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_DIGITS]


def _read_line(line: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return a line's check and its event, or None for a line that is torn or altered."""
    body, mark, rest = line.rpartition(_CHECK)
    check = _check_of(body)
    if not mark or rest != check.encode() + b'"}':
        return None
    try:
        event = json.loads(body + b"}")
    except (ValueError, RecursionError):
        return None
    return (check, event) if is_sound(event) else None


def _replay(content: bytes) -> tuple[list[tuple[str, dict[str, Any]]], int]:
    """Return the events not taken back, each with its check, and the number of damaged lines."""
    standing: list[tuple[str, dict[str, Any]]] = []
    n_damaged = 0
    for line in content.split(b"\n"):
        if not line:
            continue
        read = _read_line(line)
        if read is None:
            n_damaged += 1
        elif read[1]["event"] != UNDO:
            standing.append(read)
        else:
            taken_back = read[1]["takes_back"]
            for at in range(len(standing) - 1, -1, -1):
                if standing[at][0] == taken_back:
                    del standing[at]
                    break
    return standing, n_damaged


def read_profile(output: str, name: str) -> Profile:
    """Read a profile beside the trained set; without a file, nothing was said yet."""
    path = profile_path(output, name)
    try:
        with open(path, "rb", buffering=0) as file:
            _share_lock(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return Profile(name, [])
    except OSError as error:
        raise _cannot(path, "read", error) from error
    standing, n_damaged = _replay(content)
    return Profile(name, standing, n_damaged)


def _share_lock(handle: int) -> None:
    """Wait until nobody writes; a file system without locks is read as it is."""
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        return


def _cannot(path: str, done: str, error: OSError) -> SettingsError:
    return SettingsError(
        f"{path}: the profile cannot be {done} ({error.strerror}); "
        "see who owns it and whether the disk is full, or choose another with --profile NAME"
    )


def _open_log(path: str) -> int:
    """Open a log for appending, wait for its lock, and force a new file's name to disk."""
    import fcntl

    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    # a profile is the listener's own business: no other user may read it
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_size == 0:
            for above in (folder, os.path.dirname(folder) or "."):
                directory = os.open(above, os.O_RDONLY)
                os.fsync(directory)
                os.close(directory)
    except OSError:
        os.close(handle)
        raise
    return handle


def _append(path: str, choose: Callable[[int], Mapping[str, Any]]) -> None:
    """Append the line that ``choose`` makes of the locked log, and force it to disk."""
    try:
        handle = _open_log(path)
        try:
            event = choose(handle)
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            body = json.dumps(event, separators=(",", ":"), allow_nan=False).encode("ascii")[:-1]
            line = b"\n" * torn + body + _CHECK + _check_of(body).encode() + b'"}\n'
            if os.write(handle, line) < len(line) - 1:  # torn; without its end alone it is whole
                raise OSError(0, "the disk is full")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _cannot(path, "written", error) from error


def append_event(output: str, name: str, event: Mapping[str, Any]) -> None:
    """Keep one event of :func:`make_event`; when this returns, it is on the disk.

    Raises
    ------
    SettingsError
        For a name that cannot be, or a file that cannot be written; the event is not kept then.
    """
    path = profile_path(output, name)
    if not is_sound(event) or event["event"] == UNDO:
        raise ValueError(f"no event: {event!r}")
    _append(path, lambda _: event)


def undo_last(output: str, name: str) -> dict[str, Any]:
    """Take back the last event that still stands and return it; a second time goes further back.

    Raises
    ------
    SettingsError
        If there is nothing left to take back, or the file cannot be written.
    """
    path = profile_path(output, name)
    undone: dict[str, Any] = {}

    def take_back(handle: int) -> dict[str, Any]:
        standing, _ = _replay(os.pread(handle, os.fstat(handle).st_size, 0))
        if not standing:
            raise nothing
        check, event = standing[-1]
        undone.update(event)
        return {"event": UNDO, "takes_back": check}

    nothing = SettingsError(
        f"--undo: profile {name!r} has nothing to take back; say --feedback like|skip|never first"
    )
    if not os.path.exists(path):  # nothing was ever said: make no file of it
        raise nothing
    _append(path, take_back)
    return undone
