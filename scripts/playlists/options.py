"""The command line of ``music_recommendation.py``.

Conventions
-----------
Every option has its default in its help text. Nothing is read from the environment but the
terminal's width.
"""

from __future__ import annotations

import argparse
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def _terminal_width() -> int:
    """Look the width up without the import that argparse would make."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and 0 < int(columns[:9]) < 10_000:
        return int(columns) - 2
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns - 2  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return 78


def help_formatter(prog: str) -> argparse.HelpFormatter:
    """Format help texts with the defaults in them."""
    return argparse.ArgumentDefaultsHelpFormatter(prog, width=_terminal_width())


def _add_wishes(parser: argparse.ArgumentParser) -> None:
    """Describe the wishes that every song has to meet."""
    add = parser.add_argument
    add("-n", metavar="COUNT", type=int, default=10, help="how many songs")
    add("--max-per-artist", metavar="COUNT", type=int, default=2, help="songs by one artist")
    add(
        "--genre",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="only songs of this genre (default: any)",
    )
    for flag, wish in (("--year-from", "no older songs"), ("--year-to", "no newer songs")):
        add(
            flag,
            metavar="YEAR",
            type=int,
            default=argparse.SUPPRESS,
            help=f"{wish} (default: any year)",
        )
    explicit = parser.add_mutually_exclusive_group()
    explicit.add_argument(
        "--explicit",
        dest="explicit",
        action="store_true",
        default=argparse.SUPPRESS,
        help="only songs marked explicit (default: any)",
    )
    explicit.add_argument(
        "--no-explicit",
        dest="explicit",
        action="store_false",
        default=argparse.SUPPRESS,
        help="no song marked explicit, and none of which it is unknown (default: any)",
    )


def build_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="music_recommendation.py",
        description="Print the songs that fit a listener's predicted mood, or a mood by name.",
        formatter_class=help_formatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    suppress = argparse.SUPPRESS
    # a number, so that a 1 given on the command line, which is a text, can be told from it
    add("--listener", metavar="N", default=1, help="whose mood: a row from 1, or all")
    add(
        "--listener-file",
        metavar="FILE",
        default=suppress,
        help="new people's answers (Excel, CSV or saved page); --listener then counts its rows "
        "(default: the listeners of the training)",
    )
    add("--mood", metavar="NAME", default=suppress, help="a mood by name (default: the listener's)")
    _add_wishes(parser)
    add(
        "--format",
        choices=["table", "json", "csv"],
        default="table",
        help="how the playlist is printed",
    )
    add("--output", metavar="DIR", default="output", help="where train.py left its files")
    add(
        "--verify",
        action="store_true",
        default=suppress,
        help="check every file of the trained set by its SHA-256, and stop (default: answer)",
    )
    return parser


def parse_options(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; a contradiction ends the program with exit code 2."""
    parser = build_parser()
    options = parser.parse_args(argv)
    for name in ("listener_file", "mood", "genre", "year_from", "year_to", "explicit", "verify"):
        if not hasattr(options, name):
            setattr(options, name, None)
    if options.mood is not None and options.listener_file is not None:
        parser.error("--mood and --listener-file contradict each other: give one of them")
    if options.mood is not None and isinstance(options.listener, str):
        parser.error("--mood and --listener contradict each other: give one of them")
    options.listener = str(options.listener).casefold()  # "All" is all
    return options
