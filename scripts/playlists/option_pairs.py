"""Options that exclude each other, and options that mean nothing alone.

Conventions
-----------
Every function takes the namespace of the options as they were given, before defaults that depend on
each other are filled in.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


#: Options that say what a playlist holds or where it goes, and are unset or 0 where not given.
_OF_PLAYLISTS = (
    *("n", "minutes", "genre", "genre_like", "year_from", "year_to", "explicit", "tempo"),
    *("popularity", "never", "variety", "surprise", "history", "format", "save", "plot"),
)

#: What options that are never unset are where not given.
_NOT_SERVED = "the page takes no history yet"

_MAX_PER_ARTIST = 2
_PROFILE = "default"


def _same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def contradictions(options: argparse.Namespace) -> list[tuple[str, str, str]]:
    """List the pairs of options that were given but exclude each other, and what to do."""
    for_listener = {
        "--listener": isinstance(options.listener, str),
        "--listener-file": options.listener_file is not None,
    }
    polar = options.angle is not None or options.intensity is not None
    right_mood = options.feedback is not None and options.feedback[0] == "wrong-mood"
    ways = {
        "--mood": options.mood is not None and not right_mood,
        "--say": options.say is not None,
        "--point": options.point is not None,
        "--angle": polar,
        "--like": options.like is not None,
        "--from": options.start is not None,
    }
    given = [way for way, is_given in ways.items() if is_given]
    one = "give one of them"
    pairs = [(a, b, one) for i, a in enumerate(given) for b in given[i + 1 :]]
    pairs += [(a, b, one) for a in given for b, is_given in for_listener.items() if is_given]
    if options.end is not None:
        begin = "a journey begins with --from, --say or --listener"
        pairs += [(way, "--to", begin) for way in given if way not in ("--from", "--say")]
        by_place = "a journey's songs are chosen by their places"
        if options.min_similarity is not None:
            pairs.append(("--min-similarity", "--to", by_place))
        if options.variety:
            pairs.append(("--variety", "--to", by_place))
    if options.n is not None and options.minutes is not None:
        pairs.append(("-n", "--minutes", one))
    if options.genre is not None and options.genre_like is not None:
        pairs.append(("--genre", "--genre-like", one))
    pairs += _with_actions(options, given)
    if options.save and options.plot and _same_file(options.save, options.plot):
        pairs.append(("--save", "--plot", "each needs a file of its own"))
    if options.plot is not None and options.listener == "all":
        pairs.append(("--plot", "--listener all", "one plot shows one playlist"))
    if options.history is not None and options.listener == "all":
        pairs.append(("--history", "--listener all", "a history is one listener's own"))
    return pairs


def _with_actions(options: argparse.Namespace, given: list[str]) -> list[tuple[str, str, str]]:
    """List what was given beside an option that stops before any playlist is made."""
    actions = {
        "--tags": options.tags is not None,
        "--feedback": options.feedback is not None,
        "--undo": options.undo,
        "--verify": options.verify,
        "--serve": options.serve,
    }
    chosen = [action for action, is_given in actions.items() if is_given]
    pairs = [(chosen[0], other, "give one of them") for other in chosen[1:]]
    pairs += [
        (action, way, "it makes no playlist")
        for action in chosen
        for way in given
        if (action, way) != ("--feedback", "--mood")  # told with the word of feedback, later
    ]
    others = {
        "--listener": isinstance(options.listener, str),
        "--listener-file": options.listener_file is not None,
        "--max-per-artist": options.max_per_artist != _MAX_PER_ARTIST,
    }
    pairs += [
        (action, other, "it makes no playlist")
        for action in chosen
        for other, is_given in others.items()
        if is_given
    ]
    if options.serve and options.profile != _PROFILE:
        pairs.append(("--serve", "--profile", "the page's address says whose feedback counts"))
    pairs += [
        (
            action,
            f"{'-' if len(name) == 1 else '--'}{name.replace('_', '-')}",
            _NOT_SERVED if (action, name) == ("--serve", "history") else "it makes no playlist",
        )
        for action in chosen
        for name in _OF_PLAYLISTS
        if getattr(options, name) not in (None, 0)
    ]
    return pairs


#: What an option is no use without: option, its partner, and why.
_PARTNERS = (
    ("space", "like", "--in says where --like looks: give a song with --like"),
    ("llm", "say", "--llm reads what --say says: give a sentence with --say"),
    ("min_similarity", "say", "--min-similarity measures against --say: give a sentence with it"),
    ("taste", "history", "--taste weighs what you have played: give it with --history"),
    ("new", "history", "--new keeps out what you have listened to: give it with --history"),
    (
        *("min_play_seconds", "history"),
        "--min-play-seconds says which plays of a history count: give it with --history",
    ),
    ("host", "serve", "--host says where --serve listens: give --serve too"),
    ("port", "serve", "--port says where --serve listens: give --serve too"),
    ("token", "serve", "--token guards what --serve shows: give --serve too"),
)


#: Options that take a name, which is not empty.
_NAMES = {
    **dict.fromkeys(("listener_file", "save", "plot", "tags"), "a file"),
    "genre_like": "a genre, or of a tag of artists",
}


def missing_partner(options: argparse.Namespace) -> str | None:
    """Name an option that means nothing without another one, or without a file's name."""
    for flag, of_what in _NAMES.items():
        if getattr(options, flag) == "":
            return f"--{flag.replace('_', '-')} needs the name of {of_what}"
    if "" in (options.history or ()):
        return "--history needs the name of a file, a folder or a zip"
    if options.start is not None and options.end is None:
        return "--from needs --to: say where the journey leads"
    if (options.angle is None) != (options.intensity is None):
        return "--angle and --intensity belong together: give both"
    for option, partner, advice in _PARTNERS:
        if getattr(options, option) is not None and getattr(options, partner) in (None, False):
            return advice
    return None
