"""Pack fitted numbers into text.

Conventions
-----------
Bytes are compressed (zlib) and written in base64; numbers of more than a byte are little-endian.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64


def pack(values: bytes) -> str:
    """Write bytes as text.

    >>> unpack(pack(b"numbers"))
    b'numbers'
    """
    import zlib

    return b2a_base64(zlib.compress(values, 9), newline=False).decode()


def unpack(text: str) -> bytes:
    """Read the bytes of :func:`pack`."""
    import zlib

    return zlib.decompress(a2b_base64(text))
