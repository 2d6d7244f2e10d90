"""Reading what an address or a body asks for.

Conventions
-----------
A name that is not known, or is given twice, is refused, so that a misspelt wish is never left out
unseen. What the command line would refuse before it looks at the set is refused here in its words.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from scripts.formats.documents import FORMATS
from scripts.playlists.option_pairs import contradictions, missing_partner
from scripts.playlists.option_values import whole_number
from scripts.playlists.options import build_parser
from scripts.web.parameters import MOST_LETTERS, MOST_LIKED, MOST_SONGS, PARAMETERS, read_choice
from scripts.web.problems import ProblemError, tell_here

_MOST_FIELDS = 64

_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def check_sentence(text: str) -> None:
    """Refuse a sentence that is too long, or that would mean standard input."""
    if len(text) > MOST_LETTERS:
        raise ProblemError(
            "too-large",
            f"the sentence has {len(text):,} letters, at most {MOST_LETTERS:,} are read; "
            "say it in fewer",
        )
    if text.strip() == "-":
        raise ProblemError("wish", "a dash says nothing; write how you feel, as: I feel calm today")


def read_fields(query: bytes, known: tuple[str, ...], repeatable: str = "") -> dict[str, Any]:
    """Read an address's query: name -> text, or a list of them for the repeatable name.

    Raises
    ------
    ProblemError
        For an unknown name, or one that is given twice.
    """
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise ProblemError(
            "malformed", f"the address has more than {_MOST_FIELDS} parameters; drop some"
        ) from None
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name not in known:
            raise _unknown(name, known)
        if name == repeatable:
            fields.setdefault(name, []).append(text)
        elif name in fields:
            raise ProblemError("malformed", f"{name} is given twice; give it once", parameter=name)
        else:
            fields[name] = text
    return fields


def _unknown(name: str, known: tuple[str, ...]) -> ProblemError:
    near = difflib.get_close_matches(name[:40], known, n=1)
    offer = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known) or 'none'}"
    return ProblemError("malformed", f"there is no parameter {name[:40]!r}; {offer}")


def read_value(name: str, read: Callable[[str], Any], text: str) -> Any:
    """Read one parameter's value.

    Raises
    ------
    ProblemError
        Naming the parameter, for a text that is no such value.
    """
    try:
        return read(text)
    except argparse.ArgumentTypeError as error:
        raise ProblemError("malformed", f"{name}: {error}", parameter=name) from None


def read_whole(name: str, text: str, least: int, most: int) -> int:
    """Read a whole number of a range.

    Raises
    ------
    ProblemError
    """
    number = int(read_value(name, whole_number, text))
    if not least <= number <= most:
        raise ProblemError(
            "malformed", f"{name}: give a number from {least} to {most}", parameter=name
        )
    return number


def check_word(said: Any) -> dict[str, str]:
    """Check what a body says about a song: ``word`` and ``song``, perhaps ``mood`` and ``profile``.

    Raises
    ------
    ProblemError
    """
    if not isinstance(said, dict):
        raise ProblemError("malformed", "the body is no JSON object; send word and song")
    known = ("word", "song", "mood", "profile")
    for name, value in said.items():
        if name not in known:
            raise _unknown(name, known)
        if not isinstance(value, str):
            raise ProblemError("malformed", f"{name} is no text", parameter=name)
    for name in known[:2]:
        if name not in said:
            raise ProblemError(
                "malformed", f"{name} is missing; send word and song", parameter=name
            )
    return said


class Reader:
    """Reads playlists' addresses into the namespace that the command line would give.

    Parameters
    ----------
    output : str
        The folder of the trained set.
    """

    __slots__ = ("_base", "_known", "output")

    def __init__(self, output: str) -> None:
        self.output = output
        self._base = vars(build_parser().parse_args([])) | {"output": output}
        self._known = (*_BY_NAME, "format")

    def read(self, query: bytes, form: str = "json") -> tuple[argparse.Namespace, str]:
        """Read an address; returns the namespace and the format asked for, ``form`` where none is.

        Raises
        ------
        ProblemError
            For whatever the command line would refuse before it looks at the set.
        """
        fields = read_fields(query, self._known, "like")
        form = read_value("format", read_choice(*FORMATS), fields.pop("format", form))
        options = argparse.Namespace(**self._base)
        check_sentence(fields.get("say", ""))
        for name, text in fields.items():
            parameter = _BY_NAME[name]
            if name == "like":
                options.like = _check_liked(text)
            else:
                setattr(options, parameter.dest, read_value(name, parameter.read, text))
        if options.n is not None and options.n > MOST_SONGS:
            raise ProblemError(
                "wish",
                f"n {options.n}: at most {MOST_SONGS} songs at once; give fewer",
                parameter="n",
            )
        self._check_pairs(options)
        return options, form

    def _check_pairs(self, options: argparse.Namespace) -> None:
        for one, other, advice in contradictions(options)[:1]:
            pair = [tell_here(flag, "") for flag in (one, other)]
            raise ProblemError(
                "wish",
                f"{pair[0]} and {pair[1]} contradict each other: {tell_here(advice, '')}",
                pair=pair,
            )
        if missing := missing_partner(options):
            raise ProblemError("wish", tell_here(missing, ""))
        options.listener = str(options.listener)


def _check_liked(songs: list[str]) -> list[str]:
    if len(songs) > MOST_LIKED:
        raise ProblemError(
            "wish", f"like names {len(songs)} songs; give at most {MOST_LIKED}", parameter="like"
        )
    return songs
