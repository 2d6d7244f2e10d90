"""What answers each address: a request in, a response out.

Conventions
-----------
What takes a millisecond or two is answered in the event loop itself, since handing it to a thread
costs as much; what may take longer runs in a thread. Answers of the API are JSON, but for
playlists in other formats.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

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

#: Songs from which a list is worth a thread.
_MANY_SONGS = 60

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
        options.end is not None
        or options.minutes is not None
        or options.variety
        or options.surprise is not None
        or options.like
        or (options.n or 0) > _MANY_SONGS
    )
    return "slow" if slow else "quick"


async def _make(desk: Desk, query: bytes) -> tuple[dict[str, Any], str]:
    options, form = desk.reader.read(query)

    def work(trained: TrainedSet) -> dict[str, Any]:
        if options.say is not None:
            desk.text.get()  # a model that cannot be loaded is not tried again
        return answers.make_playlist(trained, options)

    return await desk.run(work, _pace(options)), form


async def send_playlist(request: Request, desk: Desk) -> Response:
    document, form = await _make(desk, request.scope["query_string"])
    return _send(document) if form == "json" else _send_file(document, form)


async def send_export(request: Request, desk: Desk) -> Response:
    form = _ENDINGS.get(request.path_params["ending"])
    if form is None:
        raise ProblemError("not-found", f"playlists end in one of {', '.join(_ENDINGS)}")
    query = request.scope["query_string"]
    document, asked = await _make(desk, query)
    if b"format=" in query and asked != form:
        raise ProblemError(
            "wish",
            f"the address ends in {form} and asks for {asked}: drop format",
            parameter="format",
        )
    return _send_file(document, form)


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

    return _send_body(request, await desk.run(work, "slow"))


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

    return _send(await desk.run(work, "slow"))


async def send_listeners(request: Request, desk: Desk) -> Response:
    fields = read_fields(request.scope["query_string"], ("limit",))
    limit = read_whole("limit", fields.get("limit", "50"), 1, 200)
    return _send(await desk.run(lambda trained: answers.tell_listeners(trained, limit), "slow"))


async def send_set(request: Request, desk: Desk) -> Response:
    read_fields(request.scope["query_string"], ())
    state = desk.text.state()
    return _send(await desk.run(lambda trained: answers.tell_set(trained, state), "quick"))


async def send_reading(request: Request, desk: Desk) -> Response:
    fields = read_fields(request.scope["query_string"], ("text",))
    text = fields.get("text", "")
    check_sentence(text)
    return _send(await desk.run(lambda _: read_sentence(desk.text, text), "sentence"))


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
    kept = await desk.run(lambda trained: answers.keep_word(trained, desk.output, said), "slow")
    return _send(kept, 201)


async def undo_feedback(request: Request, desk: Desk) -> Response:
    profile = _profile_in(request)
    return _send(await desk.run(lambda _: answers.undo_word(desk.output, profile), "slow"))


async def send_profile(request: Request, desk: Desk) -> Response:
    profile = _profile_in(request)
    return _send(await desk.run(lambda _: answers.tell_profile(desk.output, profile), "slow"))


def _profile_in(request: Request) -> str:
    fields = read_fields(request.scope["query_string"], ("profile",))
    return str(fields.get("profile", "default"))
