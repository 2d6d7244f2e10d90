"""What goes wrong, told as problem documents.

Conventions
-----------
Every answer with a status from 400 up is a document of RFC 9457, but for what is no HTTP and for
connections beyond the most at once, which the server itself refuses: ``type``, ``title``,
``status`` and ``detail``, a sentence for people, with members of its own where they help: ``pair``,
two wishes that contradict each other; ``nearest``, moods that a sentence may have meant;
``parameter``, the one that was wrong. No document holds a traceback or a path of this machine.
Options of the command line that a message names are told by the names that they have here.

Source
------
RFC 9457, Problem Details for HTTP APIs, https://www.rfc-editor.org/rfc/rfc9457.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from scripts.console import clean_text
from scripts.errors import MissingExtraError, ModelError, MoodlistError
from scripts.playlists.sentences import NoMoodError

#: Name of a kind of problem -> (status, title).
KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request is malformed"),
    "token": (401, "A token is needed"),
    "origin": (403, "Asked from another site"),
    "not-found": (404, "There is no such address"),
    "method": (405, "This address does not do that"),
    "slow": (408, "The request took too long to arrive"),
    "too-large": (413, "The request is too large"),
    "too-long": (414, "The address is too long"),
    "media-type": (415, "Only JSON is read here"),
    "host": (421, "This server goes by another name"),
    "wish": (422, "That cannot be answered"),
    "no-mood": (422, "No mood was found in the sentence"),
    "rate": (429, "Too many requests"),
    "fault": (500, "A fault of this program"),
    "extra": (501, "An optional package is missing"),
    "set": (503, "No trained set can answer"),
    "busy": (503, "Too much is being asked at once"),
    "stopping": (503, "The server is stopping"),
}

MEDIA_TYPE = "application/problem+json"

_FLAG = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)\b|(?<![\w-])-(n)\b")


class ProblemError(Exception):
    """A request that cannot be answered as it is.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    detail : str
        What was seen, what is allowed and what to do next.
    headers : mapping, optional
        Sent with the answer.
    **members
        Further members of the document.
    """

    def __init__(
        self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = KINDS[kind][0]
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def document(self) -> dict[str, Any]:
        """Return the problem document."""
        return {
            "type": f"urn:moodlist:problem:{self.kind}",
            "title": KINDS[self.kind][1],
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }

    def body(self) -> bytes:
        """Return the document as it is sent."""
        return json.dumps(self.document()).encode()


def _name_here(seen: re.Match[str]) -> str:
    name = seen[1] or seen[2]
    return "explicit=false" if name == "no-explicit" else name.replace("-", "_")


def tell_here(message: str, output: str) -> str:
    """Tell a message of the command line as it reads here.

    >>> tell_here("--year-from 0: give a year; -n 3 (/srv/out/models/x is old)", "/srv/out")
    'year_from 0: give a year; n 3 (output/models/x is old)'
    """
    for folder in {output, os.path.abspath(output)} - {"", ".", os.sep}:
        message = message.replace(folder + os.sep, "output" + os.sep)
        message = message.replace(folder + ":", "output:")
    return clean_text(_FLAG.sub(_name_here, message))


def problem_of(error: BaseException, output: str) -> ProblemError:
    """Tell an error as a problem; what is no error of ours is a fault and says nothing of itself.

    Parameters
    ----------
    error : exception
    output : str
        The folder of the trained set, which no message may name.
    """
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, MoodlistError):
        kind = "wish"
        members: dict[str, Any] = {}
        if isinstance(error, ModelError):
            kind = "set"
        elif isinstance(error, MissingExtraError):
            kind = "extra"
        elif isinstance(error, NoMoodError):
            kind = "no-mood"
            members["nearest"] = tell_nearest(error.nearest)
        return ProblemError(kind, tell_here(str(error), output), **members)
    if isinstance(error, sqlite3.Error):
        return ProblemError(
            "set", "the catalogue cannot be read; train again with: python train.py"
        )
    if isinstance(error, MemoryError):
        return ProblemError("wish", "there is not enough memory for this; ask for fewer songs")
    return ProblemError("fault", "something went wrong here; the server's own output says what")


def tell_nearest(nearest: Any) -> list[dict[str, Any]]:
    """Tell moods with their probabilities.

    >>> tell_nearest([("calm", 0.25)])
    [{'mood': 'calm', 'probability': 0.25}]
    """
    return [{"mood": mood, "probability": float(chance)} for mood, chance in nearest]
