"""The options of the check ``taste``, and what is refused before anything is read.

Conventions
-----------
One module of the check: see :mod:`scripts.checks.taste`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.errors import SettingsError
from scripts.evaluation.taste_tuning_grid import PURE, WITH_SIDE

#: All models, in the order in which they are told.
MODELS: tuple[str, ...] = ("random", "popularity", *PURE, *WITH_SIDE)

MOST_SEEDS = 50

#: Shares of a history that may be held out.
SHARES = (0.05, 0.5)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    add = parser.add_argument
    add("--history", type=Path, metavar="PATH", help="histories of many listeners, to be divided")
    add("--train", type=Path, metavar="FILE", help="plays to learn from (userID artistID weight)")
    add("--test", type=Path, metavar="FILE", help="plays to be foretold, in the same form")
    add("--artists", type=Path, metavar="FILE", help="names of artists (default: beside --train)")
    add("--tags", type=Path, metavar="FILE", help="names of tags (default: beside --train)")
    add("--tagged", type=Path, metavar="FILE", help="tags of artists (default: beside --train)")
    add(
        "--songs",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="sound of the artists",
    )
    add(
        "--lyrics",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="words of the artists",
    )
    these = f"of {', '.join(MODELS)}, and what they build on (default: all that can run)"
    add("--models", metavar="A,B", help=these)
    add("--share", type=float, metavar="SHARE", help="of a history that --history holds out (0.2)")
    thorough = "with --train, try cut histories and blends of single blocks too, as with --history"
    add("--full", action="store_true", help=thorough)
    add("--seeds", type=int, default=5, metavar="COUNT", help="how often --history is divided")
    add("--seed", type=int, default=0, help="the first seed")
    add("--min-play-seconds", type=float, default=30.0, metavar="SECONDS")
    add("--plot", type=Path, metavar="FILE.png", help="draw the scores too")
    where = "whose store of runs --track writes to"
    add("--output", type=Path, default=Path("output"), metavar="DIR", help=where)


def read_model_names(told: str | None) -> list[str]:
    """Read ``--models``.

    >>> read_model_names("ease, popularity")
    ['popularity', 'ease']
    """
    if told is None:
        return list(MODELS)
    names = [name.strip() for name in told.split(",") if name.strip()]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        seen = f"{unknown[0]!r} is not known" if unknown else "no model is named"
        raise SettingsError(f"--models: {seen}; choose among {', '.join(MODELS)}")
    return [name for name in MODELS if name in names]


def _check_share(options: argparse.Namespace) -> None:
    if options.share is not None:
        least, most = SHARES
        if options.history is None:
            raise SettingsError("--share belongs to --history; --train and --test are divided")
        if not least <= options.share <= most:
            raise SettingsError(f"--share {options.share}: give a number from {least} to {most}")


def check_options(options: argparse.Namespace) -> None:
    """Refuse options that do not go together, and files that are not there."""
    given = (options.train is not None, options.test is not None)
    if options.history is None and given == (False, False):
        raise SettingsError("give --history PATH, or --train FILE and --test FILE")
    if options.history is not None and any(given):
        raise SettingsError("--history is divided here; leave it out beside --train and --test")
    if any(given) and not all(given):
        missing = "--test" if given[0] else "--train"
        raise SettingsError(f"--train and --test go together; give {missing} FILE as well")
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise SettingsError(f"--seeds {options.seeds}: give a whole number from 1 to {MOST_SEEDS}")
    if options.seed < 0:
        raise SettingsError(f"--seed {options.seed}: give a whole number of at least 0")
    _check_share(options)
    for option in ("history", "train", "test"):
        path = getattr(options, option)
        if path is not None and not path.exists():
            raise SettingsError(f"--{option} {path}: there is no such file; name an existing one")
        if option != "history" and path is not None and not path.is_file():
            raise SettingsError(f"--{option} {path}: is no file; name the file itself")
    if options.history is not None:
        for option in ("artists", "tags", "tagged"):
            if getattr(options, option) is not None:
                raise SettingsError(f"--{option} belongs to --train; --history finds its own files")
