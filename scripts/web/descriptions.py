"""What the OpenAPI document says of each address.

Conventions
-----------
An operation is keyed by path and method. Refusals that any address may give are added to all.
"""

from __future__ import annotations

from typing import Any

from scripts.feedback.events import FEEDBACK
from scripts.formats.documents import FORMATS
from scripts.web.answers import MEDIA_TYPES
from scripts.web.parameters import MOST_LETTERS, describe_parameters
from scripts.web.problems import KINDS
from scripts.web.titles import MOST_LETTERS as MOST_TITLE_LETTERS

ABOUT: dict[str, Any] = {
    "title": "Moodlist",
    "version": "1",
    "description": "Songs for a mood, a place of the plane, a song, a sentence or a way between "
    "two moods. Parameters mean what the options of the command line mean.",
}

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "parameter": {"type": "string"},
        "pair": {"type": "array", "items": {"type": "string"}},
        "nearest": {"type": "array", "items": {"type": "object"}},
    },
}

_EVERYWHERE = (400, 401, 403, 405, 413, 414, 421, 422, 429, 500, 501, 503)

_PROFILE = {
    "name": "profile",
    "in": "query",
    "description": "whose feedback: default unless told",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
}

_WORD = {
    "type": "object",
    "required": ["word", "song"],
    "additionalProperties": False,
    "properties": {
        "word": {"type": "string", "enum": list(FEEDBACK)},
        "song": {"type": "string", "description": "its id, or title - artist"},
        "mood": {"type": "string", "description": "the right one, with wrong-mood"},
        "profile": _PROFILE["schema"],
    },
}


def _limit(default: int, most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return {"name": "limit", "in": "query", "schema": schema}


def _text(name: str, most: int, told: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": most}
    return {"name": name, "in": "query", "description": told, "schema": schema}


_FORMAT = {
    "name": "format",
    "in": "query",
    "description": "json unless told; any other is sent as a file",
    "schema": {"type": "string", "enum": list(FORMATS)},
}
_ENDING = {
    "name": "ending",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": [ending for ending, _ in FORMATS.values()]},
}

#: (path, method) -> (what it does, its parameters).
OPERATIONS: dict[tuple[str, str], tuple[str, list[dict[str, Any]]]] = {
    ("/api/playlist", "GET"): ("Make a playlist", [*describe_parameters(), _FORMAT]),
    ("/api/playlist{ending}", "GET"): ("Make a file of it", [_ENDING, *describe_parameters()]),
    ("/api/plane", "GET"): ("The plane's words, and the catalogue as a cloud", []),
    ("/api/songs", "GET"): (
        "Songs whose titles begin so",
        [_text("q", MOST_TITLE_LETTERS, "what is typed so far"), _limit(8, 20)],
    ),
    ("/api/listeners", "GET"): ("Listeners and their predicted moods", [_limit(50, 200)]),
    ("/api/genres", "GET"): ("Genres and their numbers of songs", []),
    ("/api/say", "GET"): (
        "What a sentence says",
        [_text("text", MOST_LETTERS, "English or Spanish, in any mix")],
    ),
    ("/api/feedback", "POST"): ("Say what you think of a song", []),
    ("/api/feedback", "DELETE"): ("Take the last word of feedback back", [_PROFILE]),
    ("/api/profile", "GET"): ("What a profile has said so far", [_PROFILE]),
    ("/api/set", "GET"): ("Which trained set answers", []),
}


def _files() -> dict[str, Any]:
    """Describe the media types that playlists are sent as."""
    types = [kind.partition(";")[0] for kind in MEDIA_TYPES.values()]
    return {
        kind: {"schema": {"type": "object" if kind.endswith("json") else "string"}}
        for kind in types
    }


def describe(path: str, method: str) -> dict[str, Any]:
    """Describe one operation, as FastAPI takes it."""
    summary, parameters = OPERATIONS[path, method]
    done = 201 if method == "POST" else 200
    content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if path.startswith("/api/playlist"):
        content = _files()
    problem = {"application/problem+json": {"schema": _PROBLEM_SCHEMA}}
    titles = dict(reversed(KINDS.values()))
    responses: dict[int | str, Any] = {done: {"description": summary, "content": content}}
    statuses = [*_EVERYWHERE, *([404] if "{" in path else [])]
    statuses += [408, 415] if method == "POST" else [415] if method == "DELETE" else []
    for status in statuses:
        responses[status] = {"description": titles[status], "content": problem}
    extra: dict[str, Any] = {"parameters": parameters}
    if method == "POST":
        extra["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _WORD}},
        }
    name = path.removeprefix("/api/").replace("{ending}", "_file")
    return {
        "summary": summary,
        "status_code": done,
        "responses": responses,
        "openapi_extra": extra,
        "operation_id": f"{method.lower()}_{name}",
    }
