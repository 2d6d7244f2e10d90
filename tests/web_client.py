"""A client of the web application in this process, as a browser of the same machine would ask."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from scripts.web.app import create_app
from scripts.web.buckets import Buckets
from scripts.web.desk import Desk
from scripts.web.guard import Rules
from scripts.web.sentences import TextModel

HOST = "127.0.0.1:8765"

RULES = Rules(frozenset({HOST, "localhost:8765"}), port=8765)


class Client:
    """Asks one application; every answer is a :class:`httpx.Response`."""

    def __init__(self, application: Any, desk: Desk | None = None) -> None:
        self._runner = asyncio.Runner()
        self._desk = desk
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(application, raise_app_exceptions=True),
            base_url=f"http://{HOST}",
        )

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.ask("POST", path, json=body, headers=headers)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        if self._desk is not None:
            self._desk.close()


def open_client(
    output: Path,
    rules: Rules = RULES,
    *,
    buckets: Buckets | None = None,
    text: TextModel | None = None,
) -> Client:
    """Open a client of the application that serves a trained set."""
    desk = Desk(str(output), text)
    return Client(create_app(desk, rules, buckets), desk)


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """Return the problem document of an answer, once it is checked to be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:moodlist:problem:{kind}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document
