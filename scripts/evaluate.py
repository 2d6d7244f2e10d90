"""Checks of quality: ``python -m scripts.evaluate songs|listeners|plane|...``.

Conventions
-----------
Each check is a module of :mod:`scripts.checks` with ``add_parser`` and ``run``. It prints one JSON
document on standard output, in which every score stands beside a baseline.
"""

from __future__ import annotations

import argparse
import sys

from scripts.checks import listeners, plane, songs
from scripts.playlists.program import run_program
from scripts.store.writing import to_json

CHECKS = (songs, listeners, plane)


def build_parser() -> argparse.ArgumentParser:
    """Describe the checks and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.evaluate",
        description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    names = "|".join(check.__name__.rsplit(".", 1)[1] for check in CHECKS)
    checks = parser.add_subparsers(required=True, metavar=names)
    for check in CHECKS:
        check.add_parser(checks)
    return parser


def main() -> int:
    """Run one check; returns the exit code."""
    options = build_parser().parse_args()
    print(to_json(options.check(options)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
