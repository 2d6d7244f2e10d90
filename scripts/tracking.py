"""Tracked runs: a run's settings, metrics and files kept in a store, so that runs can be compared.

Conventions
-----------
The store is ``<output>/tracking``: MLflow's SQLite database ``mlflow.db`` and the folder
``artifacts``. Nothing is written elsewhere and nothing leaves the machine: MLflow runs in a
process of its own (:mod:`scripts.tracking_store`) whose environment forbids telemetry and holds no
other setting of MLflow. The store keeps times of day; nothing of it enters a trained set.

What becomes a metric, a setting or a tag of a run is told in :mod:`scripts.tracking_figures`; the
run's file ``report.json`` holds the whole document.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from scripts.errors import MissingExtraError, SettingsError
from scripts.store.writing import to_json
from scripts.tracking_figures import TAGS, find_run, flatten_metrics, flatten_texts

FOLDER = "tracking"
DATABASE = "mlflow.db"

#: What the extra ``track`` of pyproject.toml holds, by the name it is imported under.
PACKAGES = {
    "mlflow": "mlflow-skinny>=3.17,<4",
    "sqlalchemy": "sqlalchemy>=2,<3",
    "alembic": "alembic>=1.16,<2",
}


def require_tracking(output: Path) -> None:
    """Make sure that a run can be tracked, before the long work starts.

    Raises
    ------
    MissingExtraError
        If a package of the extra ``track`` is missing.
    SettingsError
        If the store cannot be written, or its database is damaged.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        wanted = " ".join(f"'{requirement}'" for requirement in PACKAGES.values())
        raise MissingExtraError(
            f"--track: {' and '.join(missing)} cannot be found; install what it needs with: "
            f"python -m pip install {wanted}"
        )
    folder = output / FOLDER
    database = folder / DATABASE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, os.strerror(13))
        if database.exists():
            check_database(database)
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error


def check_database(database: Path) -> None:
    """Refuse a database that is damaged, not MLflow's, or not to be written."""
    try:
        address = f"{database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error as error:
        raise _unusable(database, str(error)) from error
    if found != "ok":
        raise _unusable(database, f"it is damaged: {' '.join(found.split())}")
    if not {"experiments", "runs", "metrics"} <= tables:
        raise _unusable(database, "it is not MLflow's")
    if not os.access(database, os.W_OK):
        raise _unusable(database, os.strerror(13))


def _unusable(place: Path, reason: str) -> SettingsError:
    return SettingsError(
        f"{place}: runs cannot be tracked here ({reason}); move it away to begin a new store, "
        "give another folder with --output DIR, or leave --track out"
    )


def _place_in(output: Path, artefact: Path) -> tuple[str, str]:
    """Give a file's place on the disk, and its folder among the run's files."""
    path = artefact.absolute()
    try:
        return str(path), path.parent.relative_to(output.absolute()).as_posix().strip(".")
    except ValueError:
        return str(path), ""


def track_run(
    output: Path,
    name: str,
    settings: Mapping[str, Any],
    metrics: Mapping[str, Any],
    artefacts: Sequence[Path] = (),
) -> str:
    """Keep one run in the store of ``output``; a SettingsError says why where that fails.

    Parameters
    ----------
    output : Path
    name : str
        The experiment: ``train``, or ``evaluate`` and the check's name.
    settings : mapping
        Kept as texts.
    metrics : mapping
        The nested document of figures; kept whole as ``report.json``, its numbers as metrics.
    artefacts : sequence of Path
        Files to copy; those under ``output`` keep their folders.

    Returns
    -------
    str
        The run's id in the store.
    """
    job = {
        "do": "log",
        "experiment": name,
        "name": find_run(metrics) or name,  # a check that judges no trained set names none
        "params": flatten_texts(settings),
        "metrics": flatten_metrics(metrics),
        "tags": flatten_texts(metrics, only=TAGS),
        "files": [_place_in(output, path) for path in artefacts],
        "report": to_json(metrics),
    }
    return str(_ask_store(output, job)["id"])


def tell_tracked(output: Path, run_id: str) -> str:
    """Say where a run is kept, and how to compare it with others."""
    return (
        f"Tracked as run {run_id} in {output / FOLDER}; compare runs with: "
        f"python -m scripts.evaluate runs --output {shlex.quote(str(output))}"
    )


def read_runs(output: Path, *, experiment: str | None = None, n: int = 10) -> dict[str, Any]:
    """Read the newest ``n`` tracked runs, newest first, of one experiment or of all.

    Returns
    -------
    dict
        ``experiments``, their names, and ``runs``, each with ``id``, ``experiment``, ``name``,
        ``status``, ``started_ms`` (since 1970), ``settings``, ``verdicts`` and ``metrics``.
    """
    if not (output / FOLDER / DATABASE).exists():
        return {"experiments": [], "runs": []}
    require_tracking(output)
    return _ask_store(output, {"do": "read", "experiment": experiment, "n": n})


def store_environment(folder: Path) -> dict[str, str]:
    """Give the environment of the store's process: no telemetry, no foreign settings of MLflow."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    return own | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        "TMPDIR": str(folder),
        "PYTHONPATH": os.pathsep.join(os.path.abspath(place) for place in sys.path),
        "PYTHONWARNINGS": "ignore",
        "PYTHONUTF8": "1",
    }


def _ask_store(output: Path, job: dict[str, Any]) -> dict[str, Any]:
    folder = (output / FOLDER).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            # -P: the store's folder is no place to import from
            [sys.executable, "-P", "-m", "scripts.tracking_store"],
            cwd=folder,
            env=store_environment(folder),
            input=json.dumps(job).encode(),
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").split("\n")
        reason = next((line for line in reversed(said) if line.strip()), "no answer")
        answer = {"error": f"exit code {done.returncode}: {reason[:300]}"}
    if "error" in answer:
        raise _unusable(output / FOLDER, answer["error"])
    return dict(answer)
