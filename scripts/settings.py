"""What a training run is told: defaults, then a TOML file, then flags; the last one wins.

Conventions
-----------
Settings are frozen once read. A key or flag that Moodlist does not know is refused, and the
refusal offers the nearest one that it does.
"""

from __future__ import annotations

import argparse
import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from scripts.errors import SettingsError


@dataclass(frozen=True)
class TrainSettings:
    """The settings of one training run."""

    songs: tuple[Path, ...] = ()  # empty: what is found under input/
    listeners: Path | None = None  # None: what is found under input/
    truth: Path | None = None
    lyrics: tuple[Path, ...] = ()  # empty: trained without lyrics
    history: tuple[Path, ...] = ()  # empty: trained without listeners' histories
    min_play_seconds: float = 30.0  # shorter plays of a history are no listens
    output: Path = Path("output")
    seed: int = 0
    clusters: int | None = None  # None: chosen by the stated rule
    plots: bool = True
    track: bool = False
    quiet: bool = False

    def __post_init__(self) -> None:
        """Refuse values that make no sense."""
        if self.clusters is not None and not 1 <= self.clusters <= 1000:
            raise SettingsError(f"clusters = {self.clusters}: give a whole number from 1 to 1000")
        if not 0 <= self.min_play_seconds <= 3600:  # not a number is refused too
            raise SettingsError(
                f"min_play_seconds = {self.min_play_seconds:g} (--min-play-seconds): give seconds "
                "from 0 to 3600"
            )
        if not 0 <= self.seed < 2**32:
            raise SettingsError(f"seed = {self.seed}: give a whole number from 0 to {2**32 - 1}")


_TYPES: dict[str, tuple[type, ...]] = {
    "songs": (str, list),
    "listeners": (str,),
    "truth": (str,),
    "lyrics": (str, list),
    "history": (str, list),
    "min_play_seconds": (int, float),
    "output": (str,),
    "seed": (int,),
    "clusters": (int,),
    "plots": (bool,),
    "track": (bool,),
    "quiet": (bool,),
}


#: Settings that name several files.
_LISTS = ("songs", "lyrics", "history")


def _checked(key: str, value: object, source: str) -> Any:
    """Check one key of a TOML file and give it its type."""
    if key not in _TYPES:
        near = difflib.get_close_matches(key, _TYPES, n=1, cutoff=0.5)
        offer = f"; did you mean {near[0]!r}?" if near else ""
        raise SettingsError(
            f"{source}: no setting is called {key!r}{offer} (known: {', '.join(_TYPES)})"
        )
    is_bool_for_int = isinstance(value, bool) and bool not in _TYPES[key]
    if not isinstance(value, _TYPES[key]) or is_bool_for_int:
        wanted = " or ".join(kind.__name__ for kind in _TYPES[key])
        raise SettingsError(f"{source}: {key} = {value!r} is no {wanted}")
    if key in _LISTS:
        names: list[Any] = value if isinstance(value, list) else [value]
        if not all(isinstance(name, str) for name in names):
            raise SettingsError(f"{source}: {key} = {value!r} holds more than file names")
        return tuple(Path(name) for name in names)
    return Path(str(value)) if key in {"listeners", "truth", "output"} else value


def read_settings_file(path: Path) -> dict[str, Any]:
    """Read settings from a TOML file with one flat table."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is no TOML file ({error})") from error
    return {key: _checked(key, value, str(path)) for key, value in content.items()}


def _add_tables(parser: argparse.ArgumentParser) -> None:
    """Add the options that name what is read."""
    add = parser.add_argument
    add(
        "--songs",
        type=Path,
        action="append",
        metavar="FILE",
        help="a song table or a folder of them; may be given several times "
        "(default: what is found under input/)",
    )
    add(
        "--listeners",
        type=Path,
        metavar="FILE",
        help="the survey: Excel, CSV or saved page (default: what is found under input/)",
    )
    add(
        "--truth",
        type=Path,
        metavar="FILE",
        help="songs with known moods to learn from (default: none)",
    )
    add(
        "--lyrics",
        type=Path,
        action="append",
        metavar="FILE",
        help="lyrics of the songs: JSON, JSON Lines, CSV, TSV or Parquet; may be given several "
        "times; needs the extra text (default: none)",
    )
    add(
        "--history",
        type=Path,
        action="append",
        metavar="PATH",
        help="what many listeners played, to learn whose taste is alike: a file, a folder or a "
        "zip; may be given several times (default: none)",
    )
    add(
        "--min-play-seconds",
        type=float,
        metavar="SECONDS",
        help="plays of a history shorter than this are no listens (default: 30)",
    )


def build_parser() -> argparse.ArgumentParser:
    """Describe the options of ``train.py``."""
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Learn the listeners' moods and the songs' moods from the tables in input/.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_tables(parser)
    add = parser.add_argument
    add("--output", type=Path, metavar="DIR", help="where everything goes (default: output)")
    add("--config", type=Path, metavar="FILE", help="a TOML file of these settings (default: none)")
    add("--seed", type=int, help="starts every draw of chance (default: 0)")
    add(
        "--clusters",
        type=int,
        metavar="COUNT",
        help="how many clusters (default: the fewest that resolve the mood plane)",
    )
    switch = argparse.BooleanOptionalAction
    add("--plots", action=switch, help="draw the plots, or not (default: draw)")
    add(
        "--track",
        action=switch,
        help="keep settings, metrics and files of this run to compare, or not (default: do not)",
    )
    add("--quiet", action=switch, help="show no progress, or show it (default: show it)")
    return parser


def _refuse_flag(parser: argparse.ArgumentParser, word: str) -> NoReturn:
    """Refuse a word of the command line, offering the nearest flag; exit code 2."""
    flags = parser.format_usage().replace("[", " ").replace("]", " ").split()
    near = difflib.get_close_matches(word.partition("=")[0], flags, n=1, cutoff=0.6)
    parser.error(f"no option is called {word!r}" + (f"; did you mean {near[0]}?" if near else ""))


def read_settings(argv: Sequence[str] | None = None) -> TrainSettings:
    """Read the settings of a training run from the command line and its TOML file.

    Raises
    ------
    SettingsError
        For an unknown key, a value of the wrong type, or a file that is no TOML.
    """
    parser = build_parser()
    told, unknown = parser.parse_known_args(argv)
    if unknown:
        _refuse_flag(parser, unknown[0])
    flags = vars(told)
    config = flags.pop("config", None)
    values = read_settings_file(config) if config else {}
    for name in _LISTS:
        if name in flags:
            flags[name] = tuple(flags[name])
    values |= flags
    known = {field.name for field in fields(TrainSettings)}
    return TrainSettings(**{key: value for key, value in values.items() if key in known})
