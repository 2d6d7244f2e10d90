"""Learn the listeners' moods and the songs' moods, and leave everything in ``output/``.

Reads the tables in ``input/``; see ``python train.py --help``.
"""

from __future__ import annotations

import gc
import sys

from scripts.playlists.program import run_program
from scripts.settings import read_settings


def main() -> int:
    """Train as the command line says; returns the exit code."""
    settings = read_settings()
    # modules stay for the whole run, so collections need not walk through them again and again
    gc.disable()
    from scripts.training.program import train  # after the flags, so that --help is quick

    gc.freeze()
    gc.enable()
    train(settings)
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
