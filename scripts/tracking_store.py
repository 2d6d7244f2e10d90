"""The store of tracked runs, spoken to in a process of its own: one job in, one answer out.

Conventions
-----------
Started by :mod:`scripts.tracking` with the store's folder as its working folder; reads one JSON
job from standard input and writes one JSON answer to standard output, either what was asked for or
``{"error": text}``. A file lock lets one process in at a time. Names of files are relative to the
folder, so a path with blanks, per cent or question marks never becomes part of a database address.

Method
------
Only MLflow's low-level client is used: the high-level one looks up git, the machine's user and the
program's file, and writes beside the working folder. A new database is made under another name and
renamed when it is whole, because making it is no transaction.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATABASE = "mlflow.db"
NEW_DATABASE = ".new-mlflow.db"
ARTIFACTS = "artifacts"
LOCK = ".lock"

#: MLflow takes at most this many values in one call.
BATCH = {"metrics": 1000, "params": 100, "tags": 100}
#: Longest wait for another process that is writing, in seconds.
WAIT_S = 120.0


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the store; the system frees it however the process ends."""
    import fcntl

    give_up = time.monotonic() + WAIT_S
    with open(LOCK, "a", encoding="ascii") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > give_up:
                    message = f"another process has held it for {WAIT_S:.0f} s"
                    raise TimeoutError(message) from error
                time.sleep(0.05)
        yield


def open_client(database: str) -> Any:
    """Open MLflow's client on a database of the working folder, making its tables if need be."""
    from mlflow.tracking import MlflowClient

    address = f"sqlite:///{database}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.search_experiments(max_results=1)  # opens it
    return client


def make_database() -> None:
    """Make the database where there is none."""
    if os.path.exists(DATABASE):
        return
    for left in Path().glob(f"{NEW_DATABASE}*"):  # of a process that was killed
        left.unlink()
    open_client(NEW_DATABASE)
    os.replace(NEW_DATABASE, DATABASE)


def settle_artifacts(place: str) -> None:
    """Point every artefact at this folder: MLflow keeps absolute places, and a folder can move."""
    with contextlib.closing(sqlite3.connect(DATABASE)) as connection, connection:
        moved = connection.execute(
            "SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location <> ? "
            "AND experiment_id IN (SELECT experiment_id FROM experiment_tags WHERE key = ?)",
            (place, "moodlist"),
        ).fetchall()
        for (old,) in moved:
            connection.execute(
                "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?) "
                "WHERE substr(artifact_uri, 1, ?) = ?",
                (place, len(old) + 1, len(old), old),
            )
            connection.execute(
                "UPDATE experiments SET artifact_location = ? WHERE artifact_location = ?",
                (place, old),
            )


def find_experiment(client: Any, name: str, place: str) -> str:
    """Find an experiment by its name, or make it; returns its id."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, artifact_location=place, tags={"moodlist": "1"}))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def log(job: dict[str, Any]) -> dict[str, Any]:
    """Write one run down: its settings, metrics, tags and files; returns its id."""
    from mlflow.entities import Metric, Param, RunTag

    make_database()
    place = Path(ARTIFACTS).absolute().as_uri()
    settle_artifacts(place)
    client = open_client(DATABASE)
    experiment = find_experiment(client, job["experiment"], place)
    run = client.create_run(experiment, run_name=job["name"]).info.run_id
    now = int(time.time() * 1000)
    entities = {
        "metrics": [Metric(key, value, now, 0) for key, value in job["metrics"].items()],
        "params": [Param(key, value) for key, value in job["params"].items()],
        "tags": [RunTag(key, value) for key, value in job["tags"].items()],
    }
    for kind, values in entities.items():
        for start in range(0, len(values), BATCH[kind]):
            client.log_batch(run, **{kind: values[start : start + BATCH[kind]]})
    for path, folder in job["files"]:
        client.log_artifact(run, path, folder or None)
    client.log_text(run, job["report"], "report.json")
    client.set_terminated(run)
    return {"id": run}


def read(job: dict[str, Any]) -> dict[str, Any]:
    """List the newest runs, newest first, of one experiment or of all."""
    if not os.path.exists(DATABASE):
        return {"runs": []}
    client = open_client(DATABASE)
    experiments = {found.experiment_id: found.name for found in client.search_experiments()}
    wanted = [key for key, name in experiments.items() if job["experiment"] in (None, name)]
    found = client.search_runs(
        wanted, max_results=job["n"], order_by=["attributes.start_time DESC"]
    )
    return {
        "experiments": sorted(name for name in experiments.values() if name != "Default"),
        "runs": [
            {
                "id": run.info.run_id,
                "experiment": experiments[run.info.experiment_id],
                "name": run.info.run_name,
                "status": run.info.status,
                "started_ms": run.info.start_time,
                "settings": dict(sorted(run.data.params.items())),
                "verdicts": {
                    key: value
                    for key, value in sorted(run.data.tags.items())
                    if not key.startswith("mlflow.")
                },
                "metrics": dict(sorted(run.data.metrics.items())),
            }
            for run in found
        ],
    }


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job; whatever goes wrong becomes one line."""
    try:
        with locked():
            return {"log": log, "read": read}[job["do"]](job)
    except Exception as error:  # of three packages below us: the caller tells it as one line
        return {"error": " ".join(str(error).split())[:300] or type(error).__name__}


def main() -> None:
    """Answer the job on standard input."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not stand among the answer
    with told:
        json.dump(answer(json.load(sys.stdin)), told)


if __name__ == "__main__":
    main()
