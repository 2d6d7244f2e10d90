"""What answers each address: a request in, a response out.

Conventions
-----------
A plain list of up to :data:`_MANY_SONGS` songs takes a millisecond or two and is answered in the
event loop itself, since handing it to a thread costs as much. What filters the catalogue, walks
through it or reads a long profile may take tens of milliseconds, in which nobody else would be
answered, and runs in a thread. Answers of the API are JSON, but for playlists in other formats.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from scripts.errors import MoodlistError
from scripts.feedback.profile import profile_path
from scripts.formats.documents import FORMATS
from scripts.store.reading import TrainedSet
from scripts.web import answers
from scripts.web.addresses import check_sentence, check_word, read_fields, read_whole
from scripts.web.checks import MOST_BODY
from scripts.web.desk import Desk
from scripts.web.page_files import Body, make_body
from scripts.web.problems import ProblemError
from scripts.web.sentences import read_sentence
from scripts.web.titles import MOST_LETTERS, offer_titles

#: Seconds in which a body has to arrive.
_BODY_SECONDS = 10.0

#: Songs, and bytes of a profile, above which a list is worth a thread.
_MANY_SONGS = 50
_LONG_PROFILE = 64 * 1024

#: Wishes that are met by looking at many songs, and are None where not given.
_SEARCHING = (
    *("end", "minutes", "surprise", "like", "genre", "year_from", "year_to"),
    *("tempo", "popularity", "explicit"),
)

Result = TypeVar("Result")

_ENDINGS = {ending: form for form, (ending, _) in FORMATS.items()}
_JSON = "application/json"


def _pack(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _send(document: Any, status: int = 200) -> Response:
    return Response(_pack(document), status, media_type=_JSON)


def _send_body(request: Request, body: Body) -> Response:
    """Send what is the same for all, unless the browser has it already."""
    headers = {"ETag": body.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if body.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = body.content
    if body.packed and "gzip" in request.headers.get("accept-encoding", ""):
        content = body.packed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type=body.media_type)


async def send_page(request: Request, _: Desk, *, body: Body) -> Response:
    return _send_body(request, body)


# ---- playlists --------------------------------------------------------------------------------


def _pace(options: argparse.Namespace) -> str:
    """Tell how long a request may take, as :meth:`~scripts.web.desk.Desk.run` wants to know."""
    if options.say is not None:
        return "sentence"
    slow = (
        any(getattr(options, name) is not None for name in _SEARCHING)
        or options.variety
        or (options.n or 0) > _MANY_SONGS
        or _has_long_profile(options)
    )
    return "slow" if slow else "quick"


def _has_long_profile(options: argparse.Namespace) -> bool:
    try:
        return os.stat(profile_path(options.output, options.profile)).st_size > _LONG_PROFILE
    except (OSError, MoodlistError):  # none yet, or a name that is refused later
        return False


async def _run(
    request: Request, desk: Desk, work: Callable[[TrainedSet], Result], pace: str
) -> Result:
    address = request.client.host if request.client else ""
    return await desk.run(work, pace, address, request.is_disconnected)


async def _make(request: Request, desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    def work(trained: TrainedSet) -> dict[str, Any]:
        if options.say is not None:
            desk.text.get()  # a model that cannot be loaded is not tried again
        return answers.make_playlist(trained, options)

    return await _run(request, desk, work, _pace(options))


async def send_playlist(request: Request, desk: Desk) -> Response:
    options, form = desk.reader.read(request.scope["query_string"])
    document = await _make(request, desk, options)
    return _send(document) if form == "json" else _send_file(document, form)


async def send_export(request: Request, desk: Desk) -> Response:
    form = _ENDINGS.get(request.path_params["ending"])
    if form is None:
        raise ProblemError("not-found", f"playlists end in one of {', '.join(_ENDINGS)}")
    options, asked = desk.reader.read(request.scope["query_string"], form)
    if asked != form:
        raise ProblemError(
            "wish",
            f"the address ends in {form} and asks for {asked}: drop format",
            parameter="format",
        )
    return _send_file(await _make(request, desk, options), form)


def _send_file(document: dict[str, Any], form: str) -> Response:
    name = answers.file_name(document, form)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = answers.print_playlist(document, form)
    content = text.encode("utf-8", "replace")
    return Response(content, headers=headers, media_type=answers.MEDIA_TYPES[form])


# ---- the catalogue ----------------------------------------------------------------------------


async def _send_kept(
    request: Request, desk: Desk, make: Callable[[TrainedSet], dict[str, Any]]
) -> Response:
    """Send what is made once for a set."""
    read_fields(request.scope["query_string"], ())

    def work(trained: TrainedSet) -> Body:
        return desk.kept.get(trained, make, lambda trained: make_body(_pack(make(trained)), _JSON))

    return _send_body(request, await _run(request, desk, work, "brief"))


async def send_plane(request: Request, desk: Desk) -> Response:
    return await _send_kept(request, desk, answers.tell_plane)


async def send_genres(request: Request, desk: Desk) -> Response:
    return await _send_kept(request, desk, answers.tell_genres)


async def send_songs(request: Request, desk: Desk) -> Response:
    fields = read_fields(request.scope["query_string"], ("q", "limit"))
    limit = read_whole("limit", fields.get("limit", "8"), 1, 20)
    text = fields.get("q", "")
    if len(text) > MOST_LETTERS:
        raise ProblemError(
            "too-large",
            f"q has {len(text):,} letters, at most {MOST_LETTERS} are read",
            parameter="q",
        )

    def work(trained: TrainedSet) -> dict[str, Any]:
        return {"songs": offer_titles(trained.catalogue, text, limit)}

    return _send(await _run(request, desk, work, "brief"))


async def send_listeners(request: Request, desk: Desk) -> Response:
    fields = read_fields(request.scope["query_string"], ("limit",))
    limit = read_whole("limit", fields.get("limit", "50"), 1, 200)

    def work(trained: TrainedSet) -> dict[str, Any]:
        return answers.tell_listeners(trained, limit)

    return _send(await _run(request, desk, work, "brief"))


async def send_set(request: Request, desk: Desk) -> Response:
    read_fields(request.scope["query_string"], ())
    state = desk.text.state()
    return _send(await desk.run(lambda trained: answers.tell_set(trained, state), "quick"))


async def send_reading(request: Request, desk: Desk) -> Response:
    fields = read_fields(request.scope["query_string"], ("text",))
    text = fields.get("text", "")
    check_sentence(text)
    reading = await _run(request, desk, lambda _: read_sentence(desk.text, text), "sentence")
    return _send(reading)


# ---- feedback ---------------------------------------------------------------------------------


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            raise ProblemError(
                "too-large",
                f"the body has more than {MOST_BODY:,} bytes",
                headers={"Connection": "close"},
            )
    return bytes(body)


async def _read_word(request: Request) -> dict[str, str]:
    """Read what is said about a song."""
    try:
        body = await asyncio.wait_for(_read_body(request), _BODY_SECONDS)
    except ClientDisconnect:
        raise ProblemError("malformed", "the client went before the body was whole") from None
    except TimeoutError:
        raise ProblemError("slow", f"the body did not arrive in {_BODY_SECONDS:g} s") from None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError("malformed", "the body is no JSON") from None
    return check_word(said)


async def keep_feedback(request: Request, desk: Desk) -> Response:
    read_fields(request.scope["query_string"], ())
    said = await _read_word(request)

    def work(trained: TrainedSet) -> dict[str, Any]:
        return answers.keep_word(trained, desk.output, said)

    return _send(await _run(request, desk, work, "brief"), 201)


async def undo_feedback(request: Request, desk: Desk) -> Response:
    profile = _profile_in(request)
    undone = await _run(request, desk, lambda _: answers.undo_word(desk.output, profile), "brief")
    return _send(undone)


async def send_profile(request: Request, desk: Desk) -> Response:
    profile = _profile_in(request)
    told = await _run(request, desk, lambda _: answers.tell_profile(desk.output, profile), "brief")
    return _send(told)


def _profile_in(request: Request) -> str:
    fields = read_fields(request.scope["query_string"], ("profile",))
    return str(fields.get("profile", "default"))
