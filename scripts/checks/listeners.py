"""The check ``listeners``: the listener model, cross-validated on a survey."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from scripts.evaluation.listener_report import evaluate_listeners
from scripts.learning.listener_mood import encode_listeners, survey_features
from scripts.tables.listeners import find_listeners, read_listeners


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("listeners", help="cross-validate the listener model")
    parser.add_argument("--listeners", type=Path, metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=10, metavar="COUNT")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the folds")
    where = "whose store of runs --track writes to"
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Cross-validate the listener model on a survey."""
    table = read_listeners(options.listeners or find_listeners(Path("input")))
    X = encode_listeners(table.listeners, survey_features(table.listeners))
    moods = np.asarray(table.moods)
    report = evaluate_listeners(
        X, moods, seed=options.seed, n_repeats=options.repeats, n_jobs=options.jobs
    )
    document: dict[str, Any] = {"listeners": str(table.source), "n": len(X)}
    if table.synthetic:
        document["note"] = "synthetic listeners: these figures mean nothing"
    if report is None:
        return {**document, "verdict": "not tested: fewer than 25 different listeners"}
    return {
        **document,
        "n_folds": report.n_folds,
        "verdict": report.verdict,
        "metrics": report.metrics,
    }
