"""What a person sees in the terminal: clean text, tables, progress, exit codes.

Conventions
-----------
Data goes to standard output; progress, notes and errors go to standard error. Text from tables
is never trusted: control characters and direction marks are shown as a blank, so that no title
can move the cursor or colour the screen. ``NO_COLOR`` is respected, and nothing is coloured
where the output is no terminal.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import get_ident
from collections.abc import Iterator, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def _unprintable() -> dict[int, str | None]:
    """Map C0 and C1 controls, separators, direction marks, zero-width signs and surrogates."""
    return {
        **dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029], " "),
        **dict.fromkeys([0x061C, 0x200B, *range(0x200E, 0x2010), *range(0x202A, 0x202F)]),
        **dict.fromkeys([*range(0x2060, 0x2065), *range(0x2066, 0x2070), 0xFEFF]),
        **dict.fromkeys(range(0xD800, 0xE000), "?"),
    }


def clean_text(text: str) -> str:
    r"""Make a text safe to print on one line.

    >>> clean_text("a\x1b[31mred\nline")
    'a [31mred line'
    """
    return text if text.isprintable() else text.translate(_unprintable())


def text_width(text: str) -> int:
    """Count the terminal cells a clean text takes: wide signs take two, combining marks none.

    >>> text_width("abc"), text_width("\u6b4c")
    (3, 2)
    """
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0
        # joiners, variation selectors and vowel signs have no combining class, but no width either
        if unicodedata.category(letter) in {"Mn", "Me", "Cf"} or "\u1160" <= letter <= "\u11ff"
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def fit_text(text: str, width: int) -> str:
    """Cut a clean text to ``width`` cells (at least 1), marking the cut, and pad it with blanks.

    >>> fit_text("abcdef", 4), fit_text("ab", 4)
    ('abc…', 'ab  ')
    """
    if text_width(text) > width:
        while text and text_width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - text_width(text))


def wants_colour(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that may be coloured."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def emphasise(text: str, stream: TextIO) -> str:
    """Print in bold where colour is wanted."""
    return f"\x1b[1m{text}\x1b[0m" if wants_colour(stream) else text


def format_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], widest: Sequence[int]
) -> str:
    """Lay out a table in columns as wide as their longest cell, at most ``widest``.

    Columns whose cells are all numbers are set flush right.
    """
    cells = [[clean_text(cell) for cell in row] for row in rows]
    lines = []
    widths = []
    for column, name in enumerate(header):
        longest = max([text_width(name), *(text_width(row[column]) for row in cells)])
        widths.append(min(longest, widest[column]))
    right = [
        bool(cells)
        and all(row[column].replace(".", "", 1).isdecimal() for row in cells)
        and all(text_width(row[column]) <= widths[column] for row in cells)
        for column in range(len(header))
    ]
    for row in [list(header), *cells]:
        fitted = [
            fit_text(cell, width) if not flush else " " * (width - text_width(cell)) + cell
            for cell, width, flush in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(fitted).rstrip())
    return "\n".join(lines)


def format_duration(ms: int) -> str:
    """Write a duration as minutes and seconds, with hours where there are any.

    >>> format_duration(205_400), format_duration(3_727_000)
    ('3:25', '1:02:07')
    """
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _say(text: str, end: str = "\n") -> None:
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except OSError:  # nobody is listening any more, which is no reason to stop
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - stays open in the stream's place


#: The notes of threads that keep them, by the thread's number.
_KEPT: dict[int, list[str]] = {}


def note(text: str) -> None:
    """Print one line for the person at the terminal, on standard error."""
    kept = _KEPT.get(get_ident())
    if kept is None:
        _say(clean_text(text))
    else:
        kept.append(clean_text(text))


class KeptNotes:
    """Keeps this thread's notes in a list, for a program that shows them elsewhere.

    Examples
    --------
    >>> with KeptNotes() as kept:
    ...     note("the catalogue has two of them")
    >>> kept
    ['the catalogue has two of them']
    """

    def __enter__(self) -> list[str]:
        """Begin; the list grows with every note."""
        kept: list[str] = []
        _KEPT[get_ident()] = kept
        return kept

    def __exit__(self, *_: object) -> None:
        """Print notes again."""
        del _KEPT[get_ident()]


class Stages:
    """Progress through named stages: a bar on a terminal, a line a stage elsewhere.

    Examples
    --------
    >>> stages = Stages(["read", "learn"], quiet=True)
    >>> [name for name in stages.walk()]
    ['read', 'learn']
    """

    WIDTH = 24

    def __init__(self, names: Sequence[str], *, quiet: bool = False) -> None:
        self.names = names
        self.quiet = quiet
        self.on_terminal = sys.stderr.isatty()

    def _bar(self, done: int, text: str) -> str:
        full = round(self.WIDTH * done / len(self.names))
        return f"[{'=' * full}{' ' * (self.WIDTH - full)}] {done}/{len(self.names)} {text}"

    def walk(self) -> Iterator[str]:
        """Yield each stage's name, showing it while it is worked on."""
        started = time.monotonic()
        for done, name in enumerate(self.names):
            stage_started = time.monotonic()
            if not self.quiet and self.on_terminal:
                _say(f"\r\x1b[K{self._bar(done, name)} …", end="")
            yield name
            if not self.quiet and not self.on_terminal:
                took = time.monotonic() - stage_started
                _say(f"{done + 1}/{len(self.names)} {name}: {took:.1f} s")
        if not self.quiet and self.on_terminal:
            took = time.monotonic() - started
            _say(f"\r\x1b[K{self._bar(len(self.names), f'{took:.1f} s')}")
