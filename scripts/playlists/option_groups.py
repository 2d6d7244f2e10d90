"""The options of ``music_recommendation.py``, group by group.

Conventions
-----------
Every option has its default in its help text. One whose default depends on another option is unset
(None) where it is not given.
"""

from __future__ import annotations

from scripts.formats.documents import FORMATS
from scripts.playlists.option_values import any_number, whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_ways_to_ask(parser: argparse.ArgumentParser) -> None:
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


def add_wishes(parser: argparse.ArgumentParser) -> None:
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
    _add_facts(group)
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


def add_outputs(parser: argparse.ArgumentParser) -> None:
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


def _add_facts(group: argparse._ArgumentGroup) -> None:
    """Describe the wishes about what a song is."""
    add = group.add_argument
    add("--genre", metavar="NAME", help="only songs of this genre (default: any)")
    add(
        "--genre-like",
        metavar="NAME",
        help="only songs of genres near this one or this tag (default: any)",
    )
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


def add_history(parser: argparse.ArgumentParser) -> None:
    """Describe how a listener's own history takes part."""
    add = parser.add_argument_group("what you have played (stays here)").add_argument
    add(
        "--history",
        metavar="PATH",
        action="append",
        help="your listening history: file, folder or zip; may be given several times; asked by "
        "it alone, songs near your last session (default: none)",
    )
    add(
        "--taste",
        metavar="0..1",
        type=any_number,
        help="weight of your taste against the match (default: .8 with --history)",
    )
    add(
        "--new",
        action="store_true",
        default=None,
        help="no song you have listened to; plays that do not count are none (default: any)",
    )
    add(
        "--min-play-seconds",
        metavar="S",
        type=any_number,
        help="shorter plays do not count (default: 30)",
    )


def add_feedback(parser: argparse.ArgumentParser) -> None:
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


def add_page(parser: argparse.ArgumentParser) -> None:
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
