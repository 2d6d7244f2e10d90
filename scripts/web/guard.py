"""What every request passes before it is answered, and what every answer carries.

Conventions
-----------
One ASGI layer around the whole application; what is no HTTP does not come as far as here. A
request is refused, with a problem document, for the first of: a flood, a wrong ``Host``, a long
address, another site, no token, a write that is not JSON from the same origin, a large body.

Method
------
A page of another site can make a browser ask this server, and a name of another site can be made
to mean this machine (DNS rebinding). Against the first, ``Sec-Fetch-Site`` and ``Origin`` are
looked at, no answer allows another origin, and writes are JSON, which needs such an allowance;
against the second, ``Host`` has to be a name that this server was given. The token is compared in
constant time; a browser trades it for a cookie that scripts cannot read. With ``SameSite=Lax``
other sites send the cookie only where a link to here is followed, so that links work wherever they
stand: a link changes nothing, and writes of other sites are refused.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from scripts.web.buckets import Buckets
from scripts.web.checks import (
    COOKIE,
    SAFE_METHODS,
    check_length,
    check_site,
    check_write,
    cookie_in,
    cookie_of,
    headers_of,
    is_address,
)
from scripts.web.problems import MEDIA_TYPE, ProblemError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

#: Bytes of an address with its query, at most: a sentence of 2,000 letters outside the BMP, each
#: twelve bytes where it is encoded, and wishes beside it.
MOST_ADDRESS = 26 * 1024

#: What the work of a write, and a wrong token, count in a bucket: 100 and 20 of them a second.
_WRITE_TOKENS = 50.0
_WRONG_TOKENS = 250.0

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

#: Sent with every answer.
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_NOT_KEPT = (b"cache-control", b"no-store")


class Rules(NamedTuple):
    """What a guard asks of requests.

    Attributes
    ----------
    hosts : frozenset of str
        What ``Host`` may be, with the port.
    any_address : bool
        Whether ``Host`` may also be any numeric address, as where all addresses are listened to: no
        name can be rebound to it.
    port : int
    token : str or None
    """

    hosts: frozenset[str]
    any_address: bool = False
    port: int = 0
    token: str | None = None


class Guard:
    """The layer around an application."""

    __slots__ = ("_answer", "_buckets", "_cookie", "_rules", "_token")

    def __init__(self, application: Application, rules: Rules, buckets: Buckets) -> None:
        self._answer = application
        self._rules = rules
        self._buckets = buckets
        token = rules.token
        self._token = None if token is None else token.encode()
        self._cookie = "" if token is None else cookie_of(token)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._answer(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        send = _with_headers(send)
        try:
            found = self._check(scope)
        except ProblemError as problem:
            await send_problem(problem, send)
            return
        if found:
            await _send(303, [(b"location", found.encode()), self._set_cookie()], b"", send)
            return
        if scope["method"] == "HEAD":  # the server leaves the body out
            scope = {**scope, "method": "GET"}
        await self._answer(scope, receive, send)

    def _check(self, scope: MutableMapping[str, Any]) -> str:
        """Refuse a request, or return the address to go to instead, usually none."""
        client = scope.get("client")
        address = client[0] if client else ""
        headers = headers_of(scope["headers"])
        writes = scope["method"] not in SAFE_METHODS
        wait = self._buckets.take(address, _WRITE_TOKENS if writes else 1.0)
        if wait:
            raise ProblemError(
                "rate",
                "too many requests from your address; wait a moment",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        self._check_host(headers)
        if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_ADDRESS:
            raise ProblemError("too-long", f"the address has more than {MOST_ADDRESS:,} bytes")
        check_site(scope["method"], headers)
        if self._token is not None:
            try:
                goes_to = self._check_token(scope, headers, self._token)
            except ProblemError:
                self._buckets.drain(address, _WRONG_TOKENS)
                raise
            if goes_to:
                return goes_to
        if writes:
            check_write(headers)
        check_length(headers)
        return ""

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host in self._rules.hosts:
            return
        if self._rules.any_address and is_address(host, self._rules.port):
            return
        raise ProblemError(
            "host", f"this server is not called {host[:80]!r}; ask it by its address"
        )

    def _check_token(
        self, scope: MutableMapping[str, Any], headers: dict[bytes, bytes], token: bytes
    ) -> str:
        """Refuse a request without the token; returns where a browser that gives it should go."""
        if scope["path"] == "/" and b"token=" in scope["query_string"]:
            pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            given = [text for name, text in pairs if name == "token"]
            if given and hmac.compare_digest(given[0].encode("utf-8", "replace"), token):
                rest = urlencode([pair for pair in pairs if pair[0] != "token"])
                return f"/?{rest}" if rest else "/"
        scheme, _, word = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"bearer" and hmac.compare_digest(word.strip(), token):
            return ""
        cookie = cookie_in(headers.get(b"cookie", b""))
        if hmac.compare_digest(cookie, self._cookie.encode()):
            return ""
        raise ProblemError(
            "token",
            "this server asks for a token: open its page once as /?token=WORD, or send the header "
            "Authorization: Bearer WORD; the word is the one it was started with",
            headers={"WWW-Authenticate": 'Bearer realm="Moodlist"'},
        )

    def _set_cookie(self) -> tuple[bytes, bytes]:
        value = f"{COOKIE}={self._cookie}; HttpOnly; SameSite=Lax; Path=/"
        return b"set-cookie", value.encode()


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), *HEADERS]
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append(_NOT_KEPT)
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers


async def send_problem(problem: ProblemError, send: Send) -> None:
    """Send a problem document."""
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    headers += [(name.lower().encode(), text.encode()) for name, text in problem.headers.items()]
    await _send(problem.status, headers, problem.body(), send)


async def _send(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})
