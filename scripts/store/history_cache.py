"""What an answer needs of a listening history, kept under ``output/cache/histories/``.

Conventions
-----------
A digest holds the number of listens of each song, the last listens (the end of a history, with
their times), and how many rows did not count, by reason. It holds no path, no name, no address and
no device. Its file is named after the SHA-256 of the histories' bytes, of the day their files were
last written and of the settings they were read with, so another history, or other settings, never
meet a wrong digest. Digests may be deleted at any time: they are made again. A digest that is
damaged, or a folder that cannot be written, changes no answer; it is only slower.

Method
------
Reading 100,000 plays takes several times as long as hashing them, and the history of a listener is
asked many times. Folders and small files are read as they are.
"""

from __future__ import annotations

import hashlib
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: Raised where histories are read otherwise than before, so that older digests are passed over.
VERSION = 3

#: Smaller files are read about as fast as a digest is.
FEWEST_BYTES = 2**20

_PIECE = 2**18


class Digest:
    """What is kept of a history; see :class:`scripts.tables.history_plays.History`."""

    __slots__ = ("counts", "has_times", "recent", "songs")

    def __init__(
        self,
        songs: dict[tuple[str, str, str], int],
        recent: list[tuple[int | None, str, str, str, int | None]],
        counts: dict[str, int],
        *,
        has_times: bool,
    ) -> None:
        self.songs = songs
        self.recent = recent
        self.counts = counts
        self.has_times = has_times


def digest_path(output: str, histories: str | Sequence[str], min_play_seconds: float) -> str:
    """Name the file of the digest of one or more histories; "" where none is kept of them."""
    paths = [histories] if isinstance(histories, str) else list(dict.fromkeys(histories))
    try:
        if not all(map(os.path.isfile, paths)) or sum(map(os.path.getsize, paths)) < FEWEST_BYTES:
            return ""
        # told apart from any other reading by what stands before the bytes; the reader holds times
        # after that of the files for wrong, so their newest day counts
        day = int(max(map(os.path.getmtime, paths))) // 86400
        sums = [_hash_file(path) for path in paths]
    except OSError:
        return ""  # whoever reads the history tells why
    told = f"{VERSION} {float(min_play_seconds)!r} {day}\n".encode()
    name = hashlib.sha256(told + b"".join(sums)).hexdigest()
    return os.path.join(output, "cache", "histories", f"{name}.json")


def _hash_file(path: str) -> bytes:
    hashed = hashlib.sha256()
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    with open(path, "rb", buffering=0) as file:
        while n_bytes := file.readinto(buffer):
            hashed.update(view[:n_bytes])
    return hashed.digest()


def read_digest(path: str) -> Digest | None:
    """Read a digest; None where there is none, or where it is damaged."""
    if not path or not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            told, _, text = file.read().partition(b"\n")
    except OSError:
        return None
    if told != _sum_of(text):
        return None
    try:
        kept = json.loads(text)
        return Digest(
            {(artist, title, code): n for artist, title, code, n in kept["songs"]},
            [(when, artist, title, code, ms) for when, artist, title, code, ms in kept["last"]],
            kept["counts"],
            has_times=kept["has_times"],
        )
    except (ValueError, KeyError, TypeError):  # whole, but none of ours
        return None


def write_digest(path: str, history: Any) -> None:
    """Keep what an answer needs of a history; where it cannot be written, nothing is kept."""
    if not path:
        return
    kept = {
        "songs": [[*song, n] for song, n in history.songs.items()],
        "last": history.recent,
        "counts": history.counts,
        "has_times": history.has_times,
    }
    text = json.dumps(kept, separators=(",", ":")).encode()
    part = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        # what someone listens to is no one else's business
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_sum_of(text) + b"\n" + text)
        os.replace(part, path)
    except OSError:
        if os.path.exists(part):
            os.unlink(part)


def _sum_of(text: bytes) -> bytes:
    """Return the sum that tells a whole digest from a damaged one."""
    return hashlib.sha256(text).hexdigest().encode()
