"""Look over a zip before it is read: how many members, and of what kind.

Conventions
-----------
Sizes are in bytes. Only members that are stored as they are or deflated are read: of these the
reader is told how much comes of every block, so a header that lies about sizes gains nothing.
Exports of listening histories use no others.

Method
------
A zip ends with a record of how many entries its directory has and how long it is. It is looked at
first, because reading a directory of hundreds of thousands of entries takes seconds.

Source
------
PKWARE, APPNOTE.TXT, sections 4.3.14 to 4.3.16 (end of central directory) and 4.4.5 (methods).
"""

from __future__ import annotations

import os
import struct

from scripts.errors import DataError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO
    from zipfile import ZipInfo

#: What is read: stored and deflated.
_READ = (0, 8)
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}

_END = b"PK\x05\x06"
_END_LENGTH, _FAR_LENGTH, _LOCATOR_LENGTH = 22, 56, 20

#: Entries for each file that is read: folders have entries of their own.
_ENTRIES_A_FILE = 4
#: Bytes of the directory for each entry, more than exports come near.
_ENTRY_BYTES = 2**10


def check_directory(path: str, stream: IO[bytes], max_members: int) -> None:
    """Refuse a zip whose directory is too long, before it is read; leaves `stream` anywhere.

    Raises
    ------
    DataError
        If it tells of far more entries than are read. One without an end is left to `zipfile`.
    """
    size = stream.seek(0, os.SEEK_END)
    n_read = min(size, _FAR_LENGTH + _LOCATOR_LENGTH + _END_LENGTH + 2**16)
    stream.seek(size - n_read)
    tail = stream.read(n_read)
    at = tail.rfind(_END)
    if at < 0 or at + _END_LENGTH > len(tail):
        return
    n_entries, n_bytes = struct.unpack_from("<HL", tail, at + 10)
    far = at - _LOCATOR_LENGTH - _FAR_LENGTH
    if far >= 0 and tail[far : far + 4] == b"PK\x06\x06":  # larger numbers stand before it
        n_entries, n_bytes = struct.unpack_from("<QQ", tail, far + 32)
    limit = _ENTRIES_A_FILE * max_members
    if n_entries > limit or n_bytes > limit * _ENTRY_BYTES:
        told = f"{n_entries} entries" if n_entries > limit else f"a directory of {n_bytes} bytes"
        raise DataError(
            f"{path}: the zip holds {told}, at most {max_members} files are read; give a zip of "
            "the listening history alone"
        )


def check_member(path: str, info: ZipInfo, max_bytes: int) -> None:
    """Refuse a member that leads out of the zip, is a link, encrypted, packed oddly or too large.

    Raises
    ------
    DataError
        If it is one of these.
    """
    name = info.filename.replace("\\", "/")
    problem, advice = "", "make a zip of the listening history alone"
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        problem = "has a name that leads out of the zip"
    elif (info.external_attr >> 16) & 0o170000 == 0o120000:
        problem = "is a link, not a file"
        advice = "put the file itself into the zip"
    elif info.flag_bits & 1:
        problem, advice = "is encrypted", "unpack the zip with its password and give the folder"
    elif info.compress_type not in _READ:
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        problem = f"is compressed with {method}, and only deflated or stored files are read"
        advice = "unpack the zip and give the folder"
    elif info.file_size > max_bytes:
        problem = f"is {_megabytes(info.file_size)} long, at most {_megabytes(max_bytes)} are read"
        advice = "split it, or " + advice
    if problem:
        raise DataError(f"{path}: member {info.filename!r} {problem}; {advice}")


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.0f} MB"
