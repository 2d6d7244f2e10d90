"""The command line of ``music_recommendation.py``.

Conventions
-----------
Every option has its default in its help text. Nothing is read from the environment but the
terminal's width. Options that contradict each other end the program with exit code 2 and a line
that names the two.
"""

from __future__ import annotations

import argparse
import sys

from scripts.playlists.option_groups import (
    add_feedback,
    add_history,
    add_outputs,
    add_page,
    add_ways_to_ask,
    add_wishes,
)
from scripts.playlists.option_pairs import contradictions, missing_partner
from scripts.playlists.option_values import OneLineParser, help_formatter, join_signs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """examples:
  %(prog)s --listener 3
  %(prog)s --mood "calm:2,happy:1" -n 12
  %(prog)s --like "Imagine - John Lennon"
  %(prog)s --from angry --to calm --minutes 45 --save way.xspf
  %(prog)s --history my_spotify_data.zip --mood calm --new
"""


def build_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = OneLineParser(
        prog="music_recommendation.py",
        description="Print the songs that fit a listener's predicted mood, a mood by name, a point "
        "of the plane, a song, what the listener has played, or a way from one mood to another.",
        epilog=EXAMPLES,
        formatter_class=help_formatter,
        allow_abbrev=False,
    )
    add_ways_to_ask(parser)
    add_wishes(parser)
    add_history(parser)
    add_outputs(parser)
    add_feedback(parser)
    add_page(parser)
    add = parser.add_argument_group("files").add_argument
    add(
        "--output",
        metavar="DIR",
        default="output",
        help="where train.py left its files (default: output)",
    )
    add(
        "--verify",
        action="store_true",
        help="check every file of the trained set by its SHA-256, and stop (default: answer)",
    )
    return parser


def parse_options(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; a contradiction ends the program with exit code 2."""
    parser = build_parser()
    options = parser.parse_args(join_signs(sys.argv[1:] if argv is None else argv))
    if isinstance(options.listener, str):
        options.listener = options.listener.casefold()  # "All" is all
    for one, other, advice in contradictions(options)[:1]:
        parser.error(f"{one} and {other} contradict each other: {advice}")
    if missing := missing_partner(options):
        parser.error(missing)
    asked = any(
        (
            *(options.mood, options.point, options.like, options.start),
            *(options.angle is not None, options.say is not None),
        )
    )
    of_listener = isinstance(options.listener, str) or options.listener_file is not None
    options.by_history = options.history is not None and not asked and not of_listener
    options.for_listener = not asked and not options.by_history
    options.listener = str(options.listener)
    return options
