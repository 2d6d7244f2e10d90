"""The files of the page, read once and served from memory.

Conventions
-----------
A file's address is its name: ``/page.css``; ``/`` is ``page.html``. Nothing but the files that lay
in the folder when the server started can be had, whatever an address says.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("page")

START = "page.html"

#: Ending -> media type; a file with another ending is not served.
MEDIA_TYPES: dict[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".webmanifest": "application/manifest+json",
}

#: Bytes from which a body is worth packing.
_WORTH_PACKING = 1_024


class Body(NamedTuple):
    """Something that is the same for everyone who asks: bytes, packed bytes, and their mark."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str


def make_body(content: bytes, media_type: str) -> Body:
    """Pack a body and mark it by its hash."""
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= _WORTH_PACKING else b""
    if len(packed) >= len(content):
        packed = b""
    return Body(content, packed, media_type, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def read_page(folder: Path = FOLDER) -> dict[str, Body]:
    """Read the page's files; returns address -> body."""
    bodies = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is not None and path.is_file():
            bodies["/" + path.name] = make_body(path.read_bytes(), media_type)
    if f"/{START}" in bodies:
        bodies["/"] = bodies[f"/{START}"]
    return bodies
