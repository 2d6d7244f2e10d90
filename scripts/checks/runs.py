"""The check ``runs``: the tracked runs side by side.

Conventions
-----------
Runs are columns, newest first; metrics and settings are rows. A cell is null (``-`` in the table)
where a run has no such figure. Listed are the settings that every run has and that differ, and the
headlines of the metrics: what :data:`HEADLINES` names, the main scores of the program itself, and
what it has to beat, without ends of intervals and parts by mood. Where no run has a headline, the
metrics that differ are listed. ``--metric PART`` lists the metrics whose name holds PART instead,
``--all`` every metric and every setting.

In the table a long name loses its beginning, which many share, and never what tells it apart.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from scripts.console import format_table
from scripts.errors import SettingsError
from scripts.tracking import read_runs

#: The main scores of training and of every check, in the order in which they are listed.
HEADLINES = (
    # train.py
    "song_mood.cross_validated.accuracy",
    "song_mood.cross_validated.gain",
    "song_mood.fidelity_to_the_clusters",
    "listener_mood.metrics.auc.model",
    "listener_mood.metrics.top1_hit.model",
    "songs.n_kept",
    # evaluate songs, listeners, plane
    "accuracy",
    "macro_f1",
    "plane.*.calibrated.pearson_r",
    "metrics.auc.model",
    "metrics.top1_hit.model",
    "origin.*.cross_validated.accuracy",
    "origin.*.cross_validated.valence_r",
    "origin.*.cross_validated.arousal_r",
    # evaluate playlists, journeys, feedback
    "ways.trained.precision.mean.value",
    "ways.held_out_*.precision.mean.value",
    "ways.ours.step_deviation.mean",
    "against.straight_line.step_deviation.times",
    "against.graph.step_deviation.times",
    "*.regret.greedy.mean",
    "*.regret.bandit.mean",
)

#: Widest cell of the table, and widest name of a row that is not shortened, in terminal cells.
WIDEST, WIDEST_NAME = 44, 40


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("runs", help="compare the runs that were tracked with --track")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.add_argument("--of", metavar="NAME", help='"train" or "evaluate songs"; default: all')
    parser.add_argument(
        "--metric",
        action="append",
        default=[],
        metavar="PART",
        help="list the metrics whose name holds PART instead of the headlines",
    )
    parser.add_argument("--all", action="store_true", help="list every metric and every setting")
    parser.add_argument("-n", type=int, default=5, help="how many runs, the newest first")
    parser.add_argument("--format", choices=("json", "table"), default="json")
    parser.set_defaults(check=run)


def rows_by_name(tables: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Put tables side by side: for each name, one value a table.

    Examples
    --------
    >>> rows_by_name([{"a": 1, "b": 2}, {"b": 3}])
    {'a': [1, None], 'b': [2, 3]}
    """
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: [table.get(name) for table in tables] for name in names}


def differing(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Keep the rows whose cells differ; a single run differs from nothing, so all of its rows.

    Examples
    --------
    >>> differing({"f1": [0.5, 0.6], "n": [3, 3]})
    {'f1': [0.5, 0.6]}
    """
    return {name: row for name, row in rows.items() if len(row) == 1 or len(set(row)) > 1}


def headlines(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Keep the rows that :data:`HEADLINES` names, in its order.

    Examples
    --------
    >>> headlines({"n": [3], "macro_f1": [0.5], "accuracy": [0.6], "unseen.accuracy": [0.4]})
    {'accuracy': [0.6], 'macro_f1': [0.5]}
    """
    return {
        name: rows[name] for part in HEADLINES for name in sorted(rows) if fnmatchcase(name, part)
    }


def choose_metrics(
    rows: dict[str, list[Any]], parts: Sequence[str], *, everything: bool = False
) -> dict[str, list[Any]]:
    """Choose the metrics to list: those of ``parts``, all, or the headlines."""
    if parts:
        return {name: row for name, row in rows.items() if any(part in name for part in parts)}
    return rows if everything else headlines(rows) or differing(rows)


def choose_settings(
    rows: dict[str, list[Any]], *, everything: bool = False
) -> dict[str, list[Any]]:
    """Choose the settings to list: those that all runs have and that differ, or all."""
    if everything:
        return rows
    return differing({name: row for name, row in rows.items() if None not in row})


def shorten_names(names: Sequence[str], width: int) -> list[str]:
    """Leave out the beginnings of long dotted names, as long as that leaves them distinct.

    A name that would be taken for another one is kept whole.

    Examples
    --------
    >>> shorten_names(["baselines.fixed_cut.accuracy", "baselines.majority.accuracy", "seed"], 22)
    ['….fixed_cut.accuracy', '….majority.accuracy', 'seed']
    >>> shorten_names(["one.baseline.f1", "two.baseline.f1"], 12)
    ['one.baseline.f1', 'two.baseline.f1']
    """
    short = [_shorten(name, width) for name in names]
    short = [one if len(one) < len(name) else name for one, name in zip(short, names, strict=True)]
    counts = Counter(short)
    return [one if counts[one] == 1 else name for one, name in zip(short, names, strict=True)]


def _shorten(name: str, width: int) -> str:
    rest = name
    while len(rest) + 2 > width and "." in rest and len(name) > width:
        rest = rest.partition(".")[2]
    return name if rest == name else f"….{rest}"


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Read the tracked runs and put them side by side."""
    if not 1 <= options.n <= 1000:
        raise SettingsError(f"-n {options.n}: give a whole number from 1 to 1000")
    found = read_runs(options.output, experiment=options.of, n=options.n)
    runs = found["runs"]
    if not runs:
        known = ", ".join(found["experiments"])
        raise SettingsError(
            f"--of {options.of}: no such run is tracked in {options.output} (there are: {known})"
            if known and options.of
            else f"{options.output}: no run is tracked here yet; track one with: "
            f"python train.py --track --output {options.output}"
        )
    metrics = choose_metrics(
        rows_by_name([each["metrics"] for each in runs]), options.metric, everything=options.all
    )
    if options.metric and not metrics:
        raise SettingsError(f"--metric {' '.join(options.metric)}: no run has such a metric")
    if options.format == "table":
        options.show = as_table
    return {
        "runs": [
            {
                **{key: each[key] for key in ("id", "experiment", "name", "status")},
                "started": _utc(each["started_ms"]),
                "verdicts": each["verdicts"],
            }
            for each in runs
        ],
        "settings": choose_settings(
            rows_by_name([each["settings"] for each in runs]), everything=options.all
        ),
        "metrics": metrics,
    }


def _utc(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def as_table(document: dict[str, Any]) -> str:
    """Print the document of :func:`run` as a table, runs as columns."""
    runs = document["runs"]
    rows = [[key, *(each[key] for each in runs)] for key in ("experiment", "started", "status")]
    verdicts = rows_by_name([each["verdicts"] for each in runs])
    # the trained set heads its column already
    verdicts = {name: row for name, row in verdicts.items() if name.rpartition(".")[2] != "run"}
    for part in (verdicts, document["settings"], document["metrics"]):
        rows += [[name, *map(_cell, row)] for name, row in part.items()]
    names = shorten_names([row[0] for row in rows], WIDEST_NAME)
    shown = [[name, *cells] for name, (_, *cells) in zip(names, rows, strict=True)]
    widest = [max(map(len, names)), *[WIDEST] * len(runs)]
    return format_table(["run", *(each["name"] for each in runs)], shown, widest) + "\n"
