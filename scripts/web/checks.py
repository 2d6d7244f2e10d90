"""What is asked of the headers of a request, each rule a function.

Conventions
-----------
Headers are bytes by name in lower case. A rule raises a
:class:`~scripts.web.problems.ProblemError`, or returns.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from scripts.web.problems import ProblemError

#: Bytes of a body, at most.
MOST_BODY = 64 * 1024

#: The cookie that stands for the token.
COOKIE = "moodlist"

#: Methods that change nothing.
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def cookie_of(token: str) -> str:
    """Make the cookie that stands for a token, from which the token cannot be read."""
    return hmac.new(token.encode(), b"moodlist page", hashlib.sha256).hexdigest()


def cookie_in(header: bytes) -> bytes:
    for part in header.split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == COOKIE.encode():
            return value
    return b""


def is_address(host: str, port: int) -> bool:
    """Tell whether a host is a numeric address with a port.

    >>> is_address("192.168.0.7:8765", 8765), is_address("[fe80::1]:80", 80), is_address("a.b:1", 1)
    (True, True, False)
    """
    name, _, number = host.rpartition(":")
    if not name or name.endswith(":"):
        name, number = host, "80"
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return number == str(port)


def headers_of(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name; one that must be given once is refused if given twice."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        if name in headers and name in (b"host", b"authorization", b"content-type", b"origin"):
            raise ProblemError("malformed", f"the header {name.decode('latin-1')} is given twice")
        headers[name] = value if name not in headers else headers[name] + b"; " + value
    return headers


def check_site(method: str, headers: dict[bytes, bytes]) -> None:
    """Refuse what a page of another site makes a browser ask, but for following a link.

    Raises
    ------
    ProblemError
    """
    site = headers.get(b"sec-fetch-site", b"none")
    if site in (b"none", b"same-origin"):
        return
    is_link = headers.get(b"sec-fetch-mode") == b"navigate" and method in SAFE_METHODS
    if is_link and headers.get(b"sec-fetch-dest", b"document") == b"document":
        return
    raise ProblemError(
        "origin", "a page of another site may not ask this server; open its own page"
    )


def check_write(headers: dict[bytes, bytes]) -> None:
    """Refuse a write from another origin, or one that a plain form could send.

    Raises
    ------
    ProblemError
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.lower() != b"http://" + headers.get(b"host", b"").lower():
        raise ProblemError(
            "origin", "what is kept here is changed from this server's own page only"
        )
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    if kind != b"application/json" and (has_body or kind):
        raise ProblemError(
            "media-type", "send JSON, with the header Content-Type: application/json"
        )


def check_length(headers: dict[bytes, bytes]) -> None:
    """Refuse a body that says itself that it is too large.

    Raises
    ------
    ProblemError
    """
    told = headers.get(b"content-length", b"0")
    if not told.isdigit():
        raise ProblemError("malformed", "the header Content-Length is no whole number")
    if len(told) > 12 or int(told) > MOST_BODY:
        raise ProblemError(
            "too-large",
            f"the body has more than {MOST_BODY:,} bytes",
            headers={"Connection": "close"},
        )
