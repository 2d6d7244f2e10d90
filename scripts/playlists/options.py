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

from scripts.formats.documents import FORMATS
from scripts.playlists.option_pairs import contradictions, missing_partner
from scripts.playlists.option_values import (
    OneLineParser,
    any_number,
    help_formatter,
    join_signs,
    whole_number,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """examples:
  %(prog)s --listener 3
  %(prog)s --mood "calm:2,happy:1" -n 12
  %(prog)s --like "Imagine - John Lennon"
  %(prog)s --from angry --to calm --minutes 45 --save way.xspf
"""


def _add_ways_to_ask(parser: argparse.ArgumentParser) -> None:
    """Describe what a playlist may be asked by."""
    group = parser.add_argument_group("ways to ask (give one)")
    add = group.add_argument
    # a number, so that a 1 given on the command line, which is a text, can be told from it
    add("--listener", metavar="N", default=1, help="whose mood: a row from 1, or all (default: 1)")
    add(
        "--listener-file",
        metavar="FILE",
        help="new people's answers (Excel, CSV or saved page); --listener then counts its rows "
        "(default: the listeners of the training)",
    )
    add(
        "--mood",
        metavar="WORD",
        help='a mood, or a blend such as "calm:2,happy:1" (default: the listener\'s)',
    )
    _add_words(group)
    _add_places(group)
    add(
        "--from",
        dest="start",
        metavar="MOOD",
        help="a journey: where it begins (or V,E) ... (default: at the listener's mood)",
    )
    add(
        "--to",
        dest="end",
        metavar="MOOD",
        help="... and where it leads; begins at --listener too (default: no journey)",
    )


def _add_words(group: argparse._ArgumentGroup) -> None:
    """Describe asking in one's own words."""
    add = group.add_argument
    add(
        "--say",
        metavar="TEXT",
        help="your own words, English or Spanish; - reads standard input (default: none)",
    )
    add(
        "--llm",
        metavar="COMMAND",
        help="a program that reads a prompt and prints emotion words for --say (default: none)",
    )
    add(
        "--min-similarity",
        metavar="0..1",
        type=any_number,
        help="how near a song's lyrics have to come to --say (default: .09, as shipped)",
    )


def _add_places(group: argparse._ArgumentGroup) -> None:
    """Describe places of the plane, and songs, to be near to."""
    add = group.add_argument
    add(
        "--point",
        metavar="V,E",
        help="a point of the plane: valence and energy, each 0 to 1 (default: none)",
    )
    add(
        "--angle",
        metavar="DEG",
        type=any_number,
        help="the same in polar form, from pleasant (0) ... (default: none)",
    )
    add(
        "--intensity",
        metavar="R",
        type=any_number,
        help="... 0 in the middle, 1 on the circle (default: none)",
    )
    add(
        "--like",
        metavar="SONG",
        action="append",
        help='a song, as "title - artist" or an id; may be given several times (default: none)',
    )
    add(
        "--in",
        dest="space",
        choices=["plane", "sound"],
        help="where --like looks: valence and energy, or all audio features (default: sound)",
    )


def _add_wishes(parser: argparse.ArgumentParser) -> None:
    """Describe the wishes that every song has to meet."""
    group = parser.add_argument_group("wishes (every song meets them all)")
    add = group.add_argument
    add("-n", metavar="COUNT", type=whole_number, help="how many songs (default: 10)")
    add(
        "--minutes",
        metavar="M",
        type=any_number,
        help="how long, within 30 s (default: as -n says)",
    )
    add(
        "--max-per-artist",
        metavar="COUNT",
        type=whole_number,
        default=2,
        help="songs by one artist (default: 2)",
    )
    add("--genre", metavar="NAME", help="only songs of this genre (default: any)")
    for flag, wish in (("--year-from", "no older songs"), ("--year-to", "no newer songs")):
        add(flag, metavar="YEAR", type=whole_number, help=f"{wish} (default: any year)")
    explicit = group.add_mutually_exclusive_group()
    for flag, action, songs in (
        ("--explicit", "store_true", "only songs marked explicit"),
        ("--no-explicit", "store_false", "no song that is explicit, or may be"),
    ):
        explicit.add_argument(
            flag, dest="explicit", action=action, default=None, help=f"{songs} (default: any)"
        )
    add(
        "--tempo", metavar="RANGE", help="beats per minute, as 120-140, 120- or -140 (default: any)"
    )
    add("--popularity", metavar="RANGE", help="0 to 100, as 40-60, 40- or -60 (default: any)")
    add(
        "--never",
        metavar="FILE",
        action="append",
        help="never to be played: ids, URIs or titles with artists, one a line (default: none)",
    )
    add(
        "--variety",
        metavar="0..1",
        type=any_number,
        default=0.0,
        help="weight of spread against match (default: 0, the best match)",
    )
    add(
        "--surprise",
        metavar="SEED",
        type=whole_number,
        help="draw among the best; the same seed, the same (default: the best)",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    """Describe where a playlist goes."""
    add = parser.add_argument_group("what comes out").add_argument
    add(
        "--format",
        choices=tuple(FORMATS),
        metavar="FORM",
        help=f"one of {', '.join(FORMATS)} (default: table, or as --save FILE ends)",
    )
    add(
        "--save",
        metavar="FILE",
        help="write the playlist there; the ending tells the format (default: print it)",
    )
    add(
        "--plot",
        metavar="FILE",
        help="draw the playlist's way across the plane as PNG, SVG or PDF (default: do not)",
    )
    add(
        "--tags",
        metavar="FILE",
        help="write every song's mood as CSV (- prints it), and stop (default: answer)",
    )


def _add_feedback(parser: argparse.ArgumentParser) -> None:
    """Describe what a listener can say about songs."""
    add = parser.add_argument_group("feedback (stays on this machine)").add_argument
    add(
        "--feedback",
        nargs=2,
        metavar=("WORD", "SONG"),
        help="say like, skip, never or wrong-mood of a song, and stop; with wrong-mood, "
        "--mood tells the right one (default: answer)",
    )
    add(
        "--undo",
        action="store_true",
        help="take the last feedback back, and stop (default: answer)",
    )
    add(
        "--profile",
        metavar="NAME",
        default="default",
        help="whose feedback counts (default: default)",
    )


def _add_page(parser: argparse.ArgumentParser) -> None:
    """Describe the page in the browser."""
    add = parser.add_argument_group("a page in the browser").add_argument
    add(
        "--serve",
        action="store_true",
        help="show the plane as a page, until interrupted (default: answer here)",
    )
    add("--host", metavar="NAME", help="any but this machine needs --token (default: 127.0.0.1)")
    add("--port", metavar="N", type=whole_number, help="0 takes a free one (default: 8765)")
    add("--token", metavar="WORD", help="what every visitor has to know (default: none)")


def build_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = OneLineParser(
        prog="music_recommendation.py",
        description="Print the songs that fit a listener's predicted mood, a mood by name, a point "
        "of the plane, a song, or a way from one mood to another.",
        epilog=EXAMPLES,
        formatter_class=help_formatter,
        allow_abbrev=False,
    )
    _add_ways_to_ask(parser)
    _add_wishes(parser)
    _add_outputs(parser)
    _add_feedback(parser)
    _add_page(parser)
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
    options.for_listener = not any(
        (
            *(options.mood, options.point, options.like, options.start),
            *(options.angle is not None, options.say is not None),
        )
    )
    options.listener = str(options.listener)
    return options
