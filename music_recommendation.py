"""Print the songs that fit a listener's predicted mood.

Reads what ``train.py`` left in ``output/``; see ``python music_recommendation.py --help``.
"""

from __future__ import annotations

import sys

from scripts.playlists.options import parse_options
from scripts.playlists.program import answer, run_program
from scripts.store.reading import open_set, verify_set


def main() -> int:
    """Answer one command line; returns the exit code."""
    options = parse_options()
    if options.verify:
        print(f"run {verify_set(options.output)}: every file is as it was trained")
        return 0
    if options.serve:
        from scripts.web.serving import serve_page  # FastAPI: only where a page is asked for

        return serve_page(options)
    return answer(open_set(options.output), options)


if __name__ == "__main__":
    sys.exit(run_program(main))
