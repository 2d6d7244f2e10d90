"""The check ``runs``: the tracked runs side by side.

Conventions
-----------
Runs are columns, newest first; metrics and settings are rows. A cell is null (``-`` in the table)
where a run has no such figure. Only what differs among the runs is listed, unless ``--metric``
names what to list.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.console import format_table
from scripts.errors import SettingsError
from scripts.tracking import read_runs

#: Widest cell of the table, in terminal cells.
WIDEST = 44


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
        help="list the metrics whose name holds PART, whether they differ or not",
    )
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


def choose_rows(rows: dict[str, list[Any]], parts: Sequence[str]) -> dict[str, list[Any]]:
    """Keep the rows whose name holds one of ``parts``; without parts, those that differ.

    A single run differs from nothing, so all of its rows are kept.

    Examples
    --------
    >>> choose_rows({"f1": [0.5, 0.6], "n": [3, 3]}, [])
    {'f1': [0.5, 0.6]}
    >>> choose_rows({"f1": [0.5, 0.6], "n": [3, 3]}, ["n"])
    {'n': [3, 3]}
    """
    if parts:
        return {name: row for name, row in rows.items() if any(part in name for part in parts)}
    return {
        name: row for name, row in rows.items() if len(row) == 1 or any(v != row[0] for v in row)
    }


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
    metrics = choose_rows(rows_by_name([each["metrics"] for each in runs]), options.metric)
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
        "settings": choose_rows(rows_by_name([each["settings"] for each in runs]), []),
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
    for part in (verdicts, document["settings"], document["metrics"]):
        rows += [[name, *map(_cell, row)] for name, row in part.items()]
    widest = [WIDEST] * (len(runs) + 1)
    return format_table(["run", *(each["name"] for each in runs)], rows, widest) + "\n"
