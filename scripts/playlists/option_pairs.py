"""Options that exclude each other, and options that mean nothing alone.

Conventions
-----------
Every function takes the namespace of the options as they were given, before defaults that depend on
each other are filled in.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


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
        begin = "a journey begins with --from or --listener"
        pairs += [(way, "--to", begin) for way in given if way != "--from"]
        if options.variety:
            pairs.append(("--variety", "--to", "a journey's songs are chosen by their places"))
    if options.n is not None and options.minutes is not None:
        pairs.append(("-n", "--minutes", one))
    actions = {
        "--tags": options.tags is not None,
        "--feedback": options.feedback is not None,
        "--undo": options.undo,
    }
    chosen = [action for action, is_given in actions.items() if is_given]
    pairs += [(chosen[0], other, one) for other in chosen[1:]]
    pairs += [
        (action, way, f"{action} makes no playlist")
        for action in chosen
        for way in given
        if (action, way) != ("--feedback", "--mood")  # told with the word of feedback, later
    ]
    if options.plot is not None and options.listener == "all":
        pairs.append(("--plot", "--listener all", "one plot shows one playlist"))
    return pairs


def missing_partner(options: argparse.Namespace) -> str | None:
    """Name an option that means nothing without another one, or without a file's name."""
    for flag in ("listener_file", "save", "plot", "tags"):
        if getattr(options, flag) == "":
            return f"--{flag.replace('_', '-')} needs the name of a file"
    if options.start is not None and options.end is None:
        return "--from needs --to: say where the journey leads"
    if (options.angle is None) != (options.intensity is None):
        return "--angle and --intensity belong together: give both"
    if options.space is not None and options.like is None:
        return "--in says where --like looks: give a song with --like"
    return None
