"""The parameters of a playlist's address: the command line's options under the same names.

Conventions
-----------
A parameter stands for the option of its name (``max_per_artist`` for ``--max-per-artist``) and
means the same. :data:`PARAMETERS` is the one table of them: it reads addresses and describes them
in the OpenAPI document. No parameter names a file, a folder or a program.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from scripts.playlists.option_values import any_number, whole_number
from scripts.playlists.sentences import MOST_LETTERS

#: Songs in one answer, at most.
MOST_SONGS = 500

#: Songs to be near to, at most.
MOST_LIKED = 20

_YES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _yes_or_no(text: str) -> bool:
    try:
        return _YES[text.casefold()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is neither true nor false") from None


def _finite(text: str) -> float:
    number = any_number(text)
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no finite number")
    return number


def _one_listener(text: str) -> str:
    if text.casefold() == "all":
        raise argparse.ArgumentTypeError("one listener at a time: give a number from 1")
    return text


def read_choice(*names: str) -> Callable[[str], str]:
    """Make a reader of one of some names."""

    def read(text: str) -> str:
        if text not in names:
            told = ", ".join(names)
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is none of {told}")
        return text

    return read


class Parameter(NamedTuple):
    """One parameter: its name, the option's attribute, how it is read, and what it is."""

    name: str
    dest: str
    read: Callable[[str], Any]
    schema: dict[str, Any]
    told: str


_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "listener",
        "listener",
        _one_listener,
        _WHOLE | {"minimum": 1},
        "whose predicted mood, as rows are counted; 1 where nothing else is asked for",
    ),
    Parameter("mood", "mood", str, _TEXT, "a mood, or a blend such as calm:2,happy:1"),
    Parameter(
        "say",
        "say",
        str,
        _TEXT | {"maxLength": MOST_LETTERS},
        "a sentence, English or Spanish",
    ),
    Parameter("point", "point", str, _TEXT, "valence and energy, each 0 to 1, as 0.2,0.9"),
    Parameter(
        "angle", "angle", _finite, {"type": "number"}, "degrees from pleasant; needs intensity"
    ),
    Parameter(
        "intensity",
        "intensity",
        _finite,
        {"type": "number", "minimum": 0},
        "0 in the middle, 1 on the circle",
    ),
    Parameter("like", "like", str, _TEXT, "a song: its id, or title - artist; may be repeated"),
    Parameter(
        "in",
        "space",
        read_choice("plane", "sound"),
        _TEXT | {"enum": ["plane", "sound"]},
        "where like looks: sound unless told",
    ),
    Parameter("from", "start", str, _TEXT, "where a journey begins: a mood or a point"),
    Parameter("to", "end", str, _TEXT, "where it leads; begins at the listener without from"),
    Parameter(
        "n",
        "n",
        whole_number,
        _WHOLE | {"minimum": 1, "maximum": MOST_SONGS},
        "how many songs: 10 unless told",
    ),
    Parameter(
        "minutes", "minutes", _finite, {"type": "number", "maximum": 1440}, "how long, within 30 s"
    ),
    Parameter(
        "max_per_artist",
        "max_per_artist",
        whole_number,
        _WHOLE | {"minimum": 1},
        "songs by one artist: 2 unless told",
    ),
    Parameter("genre", "genre", str, _TEXT, "only songs of this genre"),
    Parameter("year_from", "year_from", whole_number, _WHOLE, "no older songs"),
    Parameter("year_to", "year_to", whole_number, _WHOLE, "no newer songs"),
    Parameter(
        "explicit",
        "explicit",
        _yes_or_no,
        {"type": "boolean"},
        "true: only explicit songs, false: none",
    ),
    Parameter("tempo", "tempo", str, _TEXT, "beats per minute: 120-140, 120- or -140"),
    Parameter("popularity", "popularity", str, _TEXT, "0 to 100: 40-60, 40- or -60"),
    Parameter("variety", "variety", _finite, _SHARE, "weight of spread against match"),
    Parameter(
        "surprise",
        "surprise",
        whole_number,
        _WHOLE | {"minimum": 0},
        "seed of a draw among the best",
    ),
    Parameter("profile", "profile", str, _TEXT, "whose feedback counts: default unless told"),
    Parameter(
        "min_similarity", "min_similarity", _finite, _SHARE, "how near lyrics have to come to say"
    ),
)


def describe_parameters() -> list[dict[str, Any]]:
    """Describe the parameters as an OpenAPI document does."""
    return [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.told,
            "schema": (
                {"type": "array", "items": parameter.schema, "maxItems": MOST_LIKED}
                if parameter.name == "like"
                else parameter.schema
            ),
        }
        for parameter in PARAMETERS
    ]
