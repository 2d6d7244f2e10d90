"""How the command line is read and its help is laid out."""

from __future__ import annotations

import argparse
import os
import sys

from scripts.errors import EXIT_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

#: Options whose value may be a negative number, or begin with a minus.
_MAY_BEGIN_WITH_MINUS = frozenset({"--point", "--tempo", "--popularity", "--from", "--to"})


def _terminal_width() -> int:
    """Look the width up without the import that argparse would make."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and 0 < int(columns[:9]) < 10_000:
        return int(columns) - 2
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns - 2  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return 78


class _HelpFormatter(argparse.HelpFormatter):
    """Keep the lines of the examples, and wrap those that are too wide for the terminal."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n".join(
            line if len(line) <= width else fill(line, width, indent) for line in text.split("\n")
        )


class OneLineParser(argparse.ArgumentParser):
    """Tell a mistake in one line, as every other mistake is told."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"error: {message} (all options: {self.prog} --help)\n")


def whole_number(text: str) -> int:
    """Read a whole number.

    >>> whole_number("12")
    12
    """
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number") from None


def any_number(text: str) -> float:
    """Read a number.

    >>> any_number("0.5")
    0.5
    """
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number") from None


def join_signs(argv: Sequence[str]) -> list[str]:
    """Keep a value that begins with a minus with its option, such as ``--tempo -140``.

    >>> join_signs(["--point", "-0.1,1", "-n", "3"])
    ['--point=-0.1,1', '-n', '3']
    """
    joined: list[str] = []
    for text in argv:
        if joined and joined[-1] in _MAY_BEGIN_WITH_MINUS and text[:1] == "-" != text[1:2]:
            joined[-1] += f"={text}"
        else:
            joined.append(text)
    return joined


def help_formatter(prog: str) -> argparse.HelpFormatter:
    """Format help texts for the terminal's width."""
    return _HelpFormatter(prog, width=_terminal_width())
