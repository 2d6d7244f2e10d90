"""``--serve``: the page in the browser, until it is interrupted.

Conventions
-----------
The server listens on this machine alone. Any other ``--host`` is for others too, so it needs a
``--token`` that visitors have to know. The address is printed on standard error once it answers.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import ipaddress
import re
import socket
from typing import Any

from scripts.console import clean_text, note
from scripts.errors import EXIT_DONE, MissingExtraError, SettingsError
from scripts.store.reading import open_set

HOST = "127.0.0.1"
PORT = 8765

#: Hosts that mean all addresses of this machine -> the one to open here.
EVERYWHERE: dict[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}

#: Bytes of a request's head, connections at once, and seconds one may be idle between requests.
MOST_HEAD = 32 * 1024
MOST_CONNECTIONS = 512
KEEP_ALIVE_SECONDS = 10

#: Letters below which a token can be guessed in a while.
_SHORT_TOKEN = 12

#: What a token may be: what stands in an address as it is.
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")

INSTALL = "python -m pip install 'fastapi>=0.115,<1' 'uvicorn>=0.34,<1'"


def serve_page(options: argparse.Namespace) -> int:
    """Serve the page until interrupted; returns the exit code.

    Parameters
    ----------
    options : namespace
        ``host``, ``port``, ``token`` (each None where not given) and ``output``.

    Raises
    ------
    SettingsError
        If the address cannot be listened to, or needs a token.
    ModelError
        If there is no trained set, or a damaged one.
    MissingExtraError
        If the extra ``web`` is not installed.
    """
    host = HOST if options.host is None else options.host
    port = PORT if options.port is None else options.port
    check_access(host, port, options.token)
    _check_extra()
    open_set(options.output).close()  # what is missing or damaged is told before anybody asks
    listener = listen(host, port)
    try:
        return _serve(listener, host, options)
    finally:
        listener.close()


def _check_extra() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"--serve needs the extra `web` ({error.name} is missing); install it with: {INSTALL}"
        ) from error


def is_this_machine(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    >>> is_this_machine("127.0.0.1"), is_this_machine("localhost"), is_this_machine("0.0.0.0")
    (True, True, False)
    """
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_short_for_an_address(host: str) -> bool:
    """Tell whether the system alone would read a host as an address, as 0 for 0.0.0.0."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            return bool(socket.inet_aton(host))
        except (OSError, UnicodeError):
            return False
    return False


def check_access(host: str, port: int, token: str | None) -> None:
    """Refuse an address that anyone could use, and a port or token that cannot be.

    Raises
    ------
    SettingsError
    """
    shown = clean_text(host[:60])
    if not host.strip():
        raise SettingsError(f"--host: names nothing; leave it out to listen on {HOST}")
    if not 0 <= port < 1 << 16:
        raise SettingsError(f"--port {port}: give a number from 1 to 65535, or 0 for a free one")
    if _is_short_for_an_address(host):
        raise SettingsError(f"--host {shown}: write the address in full, as {HOST} or 0.0.0.0")
    if token == "":
        raise SettingsError("--token: is empty; give a word that is hard to guess")
    if token is not None and not _TOKEN.fullmatch(token):
        raise SettingsError(
            "--token: has a letter that an address cannot hold; give a word of the letters a to z "
            "and A to Z, digits and . _ ~ -"
        )
    if token is None and not is_this_machine(host):
        raise SettingsError(
            f"--host {shown}: other machines can reach it, so visitors have to know a word; "
            f"give one with --token WORD, or leave --host out to listen on {HOST}"
        )
    if token is not None and len(token) < _SHORT_TOKEN and not is_this_machine(host):
        note(f"--token: {len(token)} letters can be guessed; {_SHORT_TOKEN} or more are safer.")


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that is listened on.

    Raises
    ------
    SettingsError
        If the port is taken, or the address is none of this machine's.
    """
    shown = f"--host {clean_text(host[:60])} --port {port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"{shown}: no such address; leave --host out to listen on {HOST}"
        ) from error
    family, kind, protocol, _, address = sorted(found, key=lambda one: one[0] != socket.AF_INET)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _cannot_listen(shown, error) from error
    return listener


def _cannot_listen(shown: str, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"{shown}: another program listens there; give another --port, or 0 for a free one"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SettingsError(f"{shown}: not allowed; give a --port from 1024 up")
    return SettingsError(f"{shown}: cannot be listened on ({error.strerror}); give another --host")


def hosts_of(host: str, port: int) -> frozenset[str]:
    """List what a browser may call this server: its own names and the one it was given.

    >>> sorted(hosts_of("127.0.0.1", 8765))
    ['127.0.0.1:8765', '[::1]:8765', 'localhost:8765']
    """
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host.casefold()}
    ends = [f":{port}", ""] if port == 80 else [f":{port}"]  # a browser leaves 80 out
    return frozenset(name + end for name in names for end in ends)


def address_of(host: str, port: int) -> str:
    """Write the address a person opens.

    >>> address_of("::1", 8000), address_of("0.0.0.0", 8000)
    ('http://[::1]:8000/', 'http://127.0.0.1:8000/')
    """
    host = EVERYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def make_server(application: Any) -> Any:
    """Make the server of an application; ``run(sockets=[...])`` runs it."""
    import uvicorn

    from scripts.web.wire import Wire

    config = uvicorn.Config(
        application,
        http=Wire,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=MOST_HEAD,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


def _serve(listener: socket.socket, host: str, options: argparse.Namespace) -> int:
    from scripts.web.app import create_app
    from scripts.web.desk import Desk
    from scripts.web.guard import Rules

    port = listener.getsockname()[1]
    rules = Rules(hosts_of(host, port), host in EVERYWHERE, port, options.token)
    server = make_server(create_app(Desk(options.output), rules))
    note(f"Serving on {address_of(host, port)} - Ctrl-C stops")
    # an interrupt is raised again once everything is closed; one at the very end is not
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    note("Stopped.")
    return EXIT_DONE
