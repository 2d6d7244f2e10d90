"""Open what a listener hands over: a file, a folder or a zip, as a stream of named parts.

Conventions
-----------
A part is one file, or one member of a zip. Its label is the path, and for a member
"path: member"; parts come in the order of their names. Links are not followed. Zips are read as
streams and never unpacked to disk; what a member holds is counted as it is read, so a header that
lies about sizes is found out. Sizes are in bytes. `newest` is when the file on disk was last
written, in seconds since 1970.
"""

from __future__ import annotations

import os
import sys

from scripts.errors import DataError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

MAX_MEMBERS = 500
MAX_MEMBER_BYTES = 500 * 2**20
MAX_TOTAL_BYTES = 2 * 2**30

_CHUNK = 2**20
_PIECE = 2**18  # fits a processor's cache together with what is made of it
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


class Budget:
    """How many bytes may still be read from all parts together."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_TOTAL_BYTES


class Part:
    """One file or member: a label for messages, its beginning, and its content as a stream."""

    __slots__ = ("_read", "_stream", "budget", "is_plain", "label", "limited", "newest", "used")

    def __init__(
        self, label: str, stream: IO[bytes], *, budget: Budget, limited: bool, newest: int
    ):
        self.label = label
        self.newest = newest
        self.is_plain = not limited
        self.limited = limited
        self.used = 0
        self.budget = budget
        self._stream = stream
        # one block a call: a zip's read() joins its blocks with a copy of all for each
        self._read = stream.read1 if limited else stream.read  # type: ignore[attr-defined]

    def read_some(self, n_bytes: int = _CHUNK) -> bytes:
        """Return the next bytes, b"" at the end; raise where a limit is passed."""
        data = _guard(self.label, lambda: self._read(n_bytes))
        self.used += len(data)
        self.budget.left -= len(data) if self.limited else 0
        if self.limited and self.used > MAX_MEMBER_BYTES:
            raise DataError(
                f"{self.label}: larger than {MAX_MEMBER_BYTES // 2**20} MB once unpacked, which is "
                "the most that is read of one file; split it, or give only the listening history"
            )
        if self.budget.left < 0:
            raise DataError(
                f"{self.label}: all files together are larger than {MAX_TOTAL_BYTES // 2**30} GB "
                "once unpacked, which is the most that is read; give fewer files at a time"
            )
        return data

    def read_all(self, start: bytes = b"") -> bytes:
        """Return the whole content, `start` being what was read of it already."""
        if self.is_plain:
            self._begin_again()
            size = os.fstat(self._stream.fileno()).st_size
            return self.read_some(min(size, MAX_MEMBER_BYTES) + 1)
        pieces = [start]
        while piece := self.read_some(_CHUNK):
            pieces.append(piece)
        return b"".join(pieces)

    def pieces(self, start: bytes, read: list[bytes] | None = None) -> Iterator[bytes]:
        """Yield the whole content in pieces, `start` being what was read of it already.

        What of it `read_all` has to be told, should it be asked for it after all, goes to `read`.
        """
        piece = start
        if self.is_plain:
            self._begin_again()
            piece = self.read_some(len(start))
        while piece:
            if read is not None and not self.is_plain:
                read.append(piece)
            yield piece
            piece = self.read_some(_PIECE)

    def _begin_again(self) -> None:
        if self.limited:
            self.budget.left += self.used
        self.limited = True  # a plain file may be longer only where it is read row by row
        self.used = 0
        _guard(self.label, lambda: self._stream.seek(0))


def open_parts(path: str, *, option: str) -> Iterator[Part]:
    """Yield the parts of a file, a folder or a zip, each to be read before the next is asked for.

    Raises
    ------
    SettingsError
        If there is nothing at `path`.
    DataError
        If a zip is not safe to read, or something cannot be opened.
    """
    budget = Budget()
    if os.path.isdir(path):
        for name in _walk(path):
            yield from _open_file(os.path.join(path, name), budget)
    elif os.path.exists(path):
        yield from _open_file(path, budget)
    else:
        raise SettingsError(
            f"{option}: there is no file or folder {path!r}; give an exported listening history "
            "(a .zip, .json, .jsonl, .csv or .tsv file, or the folder that holds them)"
        )


def _walk(folder: str) -> list[str]:
    """List the files below a folder, sorted; links and hidden files are left out."""
    found = []
    for base, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        for name in files:
            full = os.path.join(base, name)
            if not name.startswith(".") and not os.path.islink(full) and os.path.isfile(full):
                found.append(os.path.relpath(full, folder))
    if len(found) > MAX_MEMBERS:
        raise DataError(
            f"{folder}: holds {len(found)} files, at most {MAX_MEMBERS} are read; give the folder "
            "that holds the listening history alone"
        )
    return sorted(found)


def _open_file(path: str, budget: Budget) -> Iterator[Part]:
    if not os.path.isfile(path):
        raise DataError(f"{path}: is not a plain file; give an exported listening history")
    with _guard(path, lambda: open(path, "rb")) as stream:
        newest = int(os.fstat(stream.fileno()).st_mtime)
        start = stream.read(4)
        stream.seek(0)
        if start in _ZIP_STARTS:
            yield from _open_zip(path, stream, budget, newest)
        else:
            yield Part(path, stream, budget=budget, limited=False, newest=newest)


def _open_zip(path: str, stream: IO[bytes], budget: Budget, newest: int) -> Iterator[Part]:
    import zipfile

    from scripts.tables import history_zips

    _guard(path, lambda: history_zips.check_directory(path, stream, MAX_MEMBERS))
    opened = _guard(path, lambda: zipfile.ZipFile(stream))
    with opened:
        members = [info for info in opened.infolist() if not info.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise DataError(
                f"{path}: the zip holds {len(members)} files, at most {MAX_MEMBERS} are read; "
                "give a zip of the listening history alone"
            )
        for info in members:
            history_zips.check_member(path, info, MAX_MEMBER_BYTES)
        for info in sorted(members, key=lambda info: info.filename):
            if info.filename.rpartition("/")[2].startswith(".") or "__MACOSX/" in info.filename:
                continue
            label = f"{path}: {info.filename}"
            with _guard(label, lambda info=info: opened.open(info)) as member:
                yield Part(label, member, budget=budget, limited=True, newest=newest)


def _guard(label: str, action):  # type: ignore[no-untyped-def]
    """Do something with a file; tell what went wrong in the house's words."""
    try:
        return action()
    except OSError as error:
        raise DataError(f"{label}: cannot be read: {error.strerror or error}") from None
    except (ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        raise DataError(_broken(label, error)) from None
    except Exception as error:
        # zipfile and zlib have errors of their own; importing them here would cost every answer
        known = [
            getattr(sys.modules.get(module), name, None)
            for module, name in (("zipfile", "BadZipFile"), ("zlib", "error"))
        ]
        if not any(kind is not None and isinstance(error, kind) for kind in known):
            raise
        raise DataError(_broken(label, error)) from None


def _broken(label: str, error: Exception) -> str:
    return (
        f"{label}: the file is damaged or cut off ({type(error).__name__}); "
        "download the export again"
    )


def is_zip(start: bytes) -> bool:
    """Tell a zip by its first bytes."""
    return start[:4] in _ZIP_STARTS


def is_binary(start: bytes) -> bool:
    """Tell text from anything else (an image, a PDF, a database) by its first bytes."""
    if start.startswith((b"%PDF", b"\x89PNG", b"\x1f\x8b", b"SQLite format 3")):
        return True
    return find_wide(start) == "" and b"\0" in start[:4096]


def find_wide(start: bytes) -> str:
    """Name the UTF-16 codec that text begins in, "" where it is none.

    >>> find_wide("[1]".encode("utf-16-le")), find_wide(b"[1]")
    ('utf-16-le', '')
    """
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(start) >= 2 and start[0] == 0 and 0 < start[1] < 128:
        return "utf-16-be"
    if len(start) >= 4 and start[1] == 0 and start[3] == 0 and start[0] and start[2]:
        return "utf-16-le"
    return ""


def without_mark(data: bytes) -> bytes:
    """Return text without a byte order mark, in a code whose letters below 128 are ASCII."""
    wide = find_wide(data[:4])
    if wide:
        return data.decode(wide, "replace").encode("utf-8", "replace")
    return data[3:] if data.startswith(b"\xef\xbb\xbf") else data


def to_utf8(data: bytes) -> bytes:
    """Return text as UTF-8 without a byte order mark; latin-1 where it is no Unicode.

    >>> to_utf8("Björk".encode("latin-1")) == to_utf8("Björk".encode("utf-16")) == "Björk".encode()
    True
    """
    data = without_mark(data)
    if data.isascii():
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-8")
    return data
