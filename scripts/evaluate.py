"""Checks of quality: ``python -m scripts.evaluate songs|listeners|plane|...``.

Conventions
-----------
Each check is a module of :mod:`scripts.checks` with ``add_parser`` and ``run``. It prints one JSON
document on standard output, in which every score stands beside a baseline.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.checks import (
    content_taste,
    feedback,
    genres,
    journeys,
    listeners,
    lyric_mood,
    lyrics,
    mood_cost,
    plane,
    playlists,
    runs,
    songs,
    taste,
    text,
)
from scripts.console import note
from scripts.playlists.program import run_program
from scripts.store.writing import to_json
from scripts.tracking import require_tracking, tell_tracked, track_run

CHECKS = (
    songs,
    listeners,
    plane,
    playlists,
    journeys,
    feedback,
    taste,
    mood_cost,
    content_taste,
    genres,
    text,
    lyrics,
    lyric_mood,
    runs,
)

#: What the parser adds for itself; the rest are a check's settings.
_OWN = ("check", "name", "show", "track")


def build_parser() -> argparse.ArgumentParser:
    """Describe the checks and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.evaluate",
        description="Checks of quality. Each prints one JSON document, in which every score stands "
        "beside a baseline.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    names = [check.__name__.rsplit(".", 1)[1] for check in CHECKS]
    checks = parser.add_subparsers(required=True, dest="name", metavar="|".join(names))
    for check in CHECKS:
        check.add_parser(checks)
    for name, check_parser in checks.choices.items():
        if name != "runs":
            check_parser.add_argument(
                "--track", action="store_true", help="keep the figures in the store of runs"
            )
    return parser


def main() -> int:
    """Run one check; returns the exit code."""
    options = build_parser().parse_args()
    output = getattr(options, "output", Path("output"))
    track = getattr(options, "track", False)
    if track:
        require_tracking(output)
    document = options.check(options)
    print(getattr(options, "show", to_json)(document), end="")
    if track:
        settings = {key: value for key, value in vars(options).items() if key not in _OWN}
        run = track_run(output, f"evaluate {options.name}", settings, document)
        note(tell_tracked(output, run))
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
