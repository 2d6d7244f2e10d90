"""The application: every address, and what stands around them.

Conventions
-----------
Whatever a handler raises is told as a problem document, an unknown address or method too.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from scripts.web import handlers
from scripts.web.buckets import Buckets
from scripts.web.descriptions import ABOUT, describe
from scripts.web.desk import Desk
from scripts.web.guard import Guard, Rules
from scripts.web.page_files import read_page
from scripts.web.problems import MEDIA_TYPE, ProblemError, problem_of

Handler = Callable[[Request], Awaitable[Response]]

#: (path, method, what answers).
_ADDRESSES = (
    ("/api/playlist", "GET", handlers.send_playlist),
    ("/api/playlist{ending}", "GET", handlers.send_export),
    ("/api/plane", "GET", handlers.send_plane),
    ("/api/songs", "GET", handlers.send_songs),
    ("/api/listeners", "GET", handlers.send_listeners),
    ("/api/genres", "GET", handlers.send_genres),
    ("/api/say", "GET", handlers.send_reading),
    ("/api/feedback", "POST", handlers.keep_feedback),
    ("/api/feedback", "DELETE", handlers.undo_feedback),
    ("/api/profile", "GET", handlers.send_profile),
    ("/api/set", "GET", handlers.send_set),
)


def create_app(desk: Desk, rules: Rules, buckets: Buckets | None = None) -> Guard:
    """Make the application.

    Parameters
    ----------
    desk : Desk
        What answers; it is closed when the application is shut down.
    rules : Rules
        What requests have to bring.
    buckets : Buckets, optional
        How often an address may ask.

    Returns
    -------
    Guard
        An ASGI application.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.warm()
        yield
        desk.close()

    app = FastAPI(
        **ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.add_exception_handler(HTTPException, _tell_status)
    for path, method, handler in _ADDRESSES:
        app.add_api_route(
            path,
            _told(handler, desk),
            methods=[method],
            **describe(path, method),
            response_model=None,
        )
    for path, body in read_page().items():
        answer = _told(functools.partial(handlers.send_page, body=body), desk)
        app.add_route(path, answer, include_in_schema=False)
    return Guard(app, rules, buckets or Buckets())


# ---- answering --------------------------------------------------------------------------------


def _told(handler: Callable[..., Awaitable[Response]], desk: Desk) -> Handler:
    """Make whatever goes wrong in a handler a problem document."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request, desk)
        except ProblemError as problem:
            return _tell(problem)
        except asyncio.CancelledError:  # by the server, for whoever waits when it is stopped
            return _tell(ProblemError("stopping", "the server is stopping; ask the next one"))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return _tell(problem_of(error, desk.output))

    return answer


def _tell(problem: ProblemError) -> Response:
    return Response(problem.body(), problem.status, problem.headers, MEDIA_TYPE)


async def _tell_status(request: Request, error: Exception) -> Response:
    """Tell an address or a method that there is not."""
    assert isinstance(error, HTTPException)
    method = error.status_code == 405
    detail = f"{request.method} is not among the methods of this address"
    problem = ProblemError(
        "method" if method else "not-found",
        detail if method else "there is nothing at this address; see /api/openapi.json",
        headers=error.headers,
    )
    return _tell(problem)
