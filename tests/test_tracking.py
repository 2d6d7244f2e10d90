"""Tracked runs: what is kept, that nothing else is written or sent, and the ways to fail."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import math
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import tracking_store
from scripts.checks import runs
from scripts.errors import MissingExtraError, SettingsError
from scripts.settings import TrainSettings
from scripts.store.reading import current_run
from scripts.tracking import (
    PACKAGES,
    read_runs,
    require_tracking,
    store_environment,
    tell_tracked,
    track_run,
)
from scripts.tracking_figures import (
    SERIES,
    TAGS,
    clean_name,
    drop_series,
    find_run,
    flatten_metrics,
    flatten_texts,
    leaves,
)
from scripts.training.program import train

PROJECT = Path(__file__).parents[1]
LISTENERS = PROJECT / "input" / "sample" / "listeners.csv"

needs_mlflow = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in PACKAGES),
    reason=f"the extra `track` is not installed: {', '.join(PACKAGES.values())}",
)

#: A path with every sign that means something in an address.
ODD = "an odd %20 földer?#&;'"

METRICS = {
    "run": "0123456789ab",
    "song_mood": {"verdict": "above guessing", "accuracy": 0.75, "interval": [0.7, 0.8]},
    "precision@10": 1.0,
    "empty": None,
    "bad": math.nan,
    "text": "no metric",
    "yes": True,
}


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def artefacts_of(output: Path, run_id: str) -> Path:
    return output / "tracking" / "artifacts" / run_id / "artifacts"


def compare(output: Path, *words: str) -> tuple[dict[str, Any], argparse.Namespace]:
    parser = argparse.ArgumentParser()
    runs.add_parser(parser.add_subparsers())
    options = parser.parse_args(["runs", "--output", str(output), *words])
    return options.check(options), options


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output whose store was begun by two processes at once, after one that was killed.

    To read and to copy: each job is a process, and a new database takes seconds.
    """
    output = tmp_path_factory.mktemp("tracked") / "output"
    require_tracking(output)
    folder = output / "tracking"
    (folder / tracking_store.NEW_DATABASE).write_bytes(b"half")
    (folder / f"{tracking_store.NEW_DATABASE}-journal").write_bytes(b"half")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: track_run(output, "evaluate first", {}, {"n": n}), range(2)))
    return output


def rows_of(output: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the database itself, which takes no process."""
    database = output / "tracking" / "mlflow.db"
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def output(store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(store, tmp_path / ODD / "output"))


# ---- what becomes of a document ----------------------------------------------------------------

keys = st.text() | st.sampled_from(SERIES)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
)


def without_series(document: Any) -> Any:
    """A document without its lists and without what stands under a key of a series."""
    if isinstance(document, dict):
        return {key: without_series(value) for key, value in document.items() if key not in SERIES}
    return [] if isinstance(document, list) else document


@given(st.dictionaries(st.text(max_size=300), documents, max_size=5))
def test_every_finite_number_that_is_in_no_series_is_a_metric_under_a_name_of_its_own(document):
    metrics = flatten_metrics(document)
    numbers = [
        float(value)
        for _, value in leaves(without_series(document))
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]
    assert list(metrics.values()) == numbers
    for name in metrics:
        assert 1 <= len(name) <= 250
        assert re.fullmatch(r"[\w .:-]+", name)


@given(documents, st.sampled_from(SERIES))
def test_a_series_is_no_metric_wherever_it_stands(document, key):
    assert flatten_metrics({"f1": 0.5, "way": {key: document, "n": 3}, key: document}) == {
        "f1": 0.5,
        "way.n": 3.0,
    }


def test_the_run_is_found_wherever_a_check_tells_it():
    assert find_run({"run": "a", "ways": {"trained": {"run": "b"}}}) == "a"
    assert find_run({"run": 7, "ways": {"trained": {"run": "b"}, "other": {"run": "c"}}}) == "b"
    assert find_run({"runs": "a", "n": 3}) is None


@given(st.dictionaries(st.text(), st.text(max_size=3000) | st.integers(), max_size=5))
def test_settings_become_short_texts(document):
    texts = flatten_texts(document)
    assert len(texts) == len(document)
    assert all(len(text) <= 1000 for text in texts.values())


def test_a_document_is_flattened():
    assert flatten_metrics(METRICS) == {
        "song_mood.accuracy": 0.75,
        "song_mood.interval.low": 0.7,
        "song_mood.interval.high": 0.8,
        "precision_10": 1.0,
    }
    tags = flatten_texts(METRICS, only=TAGS)
    assert tags == {"run": "0123456789ab", "song_mood.verdict": "above guessing"}
    assert flatten_metrics({"folds": [0.1, 0.2], "steps": [{"n": 1}, {"n": 2}]}) == {}
    assert flatten_metrics({"interval": [None, 0.8], "accuracy_interval": [0.5, 0.6, 0.7]}) == {
        "interval.high": 0.8
    }
    assert drop_series({"name": "n", "interval": "none"}) == {"name": "n", "interval": "none"}
    assert flatten_texts({"songs": (Path("a b.csv"),), "clusters": None}) == {
        "songs.0": "a b.csv",
        "clusters": "None",
    }
    moods = [{"mood": "sad", "n": 7}, {"mood": "happy", "n": 8}]
    assert flatten_metrics({"moods": moods}) == {"moods.sad.n": 7.0, "moods.happy.n": 8.0}
    assert flatten_metrics({"moods": [moods[0], moods[0]]}) == {}  # nothing tells them apart
    assert flatten_texts({"many": list(range(51)), "short": [1]}) == {"short.0": "1"}
    assert flatten_metrics({"matrix": [[1, 2], [3, 4]], "n": 5}) == {"n": 5.0}
    assert clean_name("../../etc", {}) == "_.._etc"


# ---- the store ---------------------------------------------------------------------------------


@needs_mlflow
def test_a_run_reads_back_as_it_was_written(output: Path, monkeypatch: pytest.MonkeyPatch):
    (output / "plots").mkdir()
    (output / "plots" / "one.png").write_bytes(b"one")
    outside = output.parent / "card.md"
    outside.write_text("card")

    run_id = track_run(
        output,
        "evaluate songs",
        {"seed": 3, "truth": Path("a b.csv"), "long": "x" * 9000},
        METRICS | {"many": {f"m{n}": n / 7 for n in range(1100)}},
        [output / "plots" / "one.png", outside],
    )

    [run] = read_runs(output, experiment="evaluate songs")["runs"]
    assert run["id"] == run_id
    assert run["name"] == "0123456789ab"
    assert run["status"] == "FINISHED"
    assert run["settings"] == {"seed": "3", "truth": "a b.csv", "long": "x" * 999 + "…"}
    assert run["verdicts"] == {"run": "0123456789ab", "song_mood.verdict": "above guessing"}
    many = {f"many.m{n}": n / 7 for n in range(1100)}
    assert run["metrics"] == flatten_metrics(METRICS) | many
    kept = artefacts_of(output, run_id)
    assert files_in(kept) == {"plots/one.png", "card.md", "report.json"}
    assert json.loads((kept / "report.json").read_text())["song_mood"] == METRICS["song_mood"]

    found = {"experiments": ["evaluate songs"], "runs": [run]}
    monkeypatch.setattr(runs, "read_runs", lambda *_, **__: found)
    document, _ = compare(output, "--metric", "precision")
    assert document["runs"][0]["id"] == run_id
    assert document["metrics"] == {"precision_10": [1.0]}


SPY = """
import json, os, runpy, sys
seen = []
def watch(event, args):
    if event == "open" and not isinstance(args[0], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        seen.append(["write", os.path.abspath(os.fsdecode(args[0]))])
    elif event in ("os.mkdir", "sqlite3.connect") and isinstance(args[0], str):
        seen.append(["write", os.path.abspath(args[0])])
    elif event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"):
        seen.append(["network", str(args)])
    elif event in ("subprocess.Popen", "os.posix_spawn", "os.exec") and "git" in str(args):
        seen.append(["git", str(args)])
sys.addaudithook(watch)
sys.dont_write_bytecode = True
runpy.run_module("scripts.tracking_store", run_name="__main__")
import threading
seen.append(["threads", str(threading.active_count())])
print("SEEN" + json.dumps(seen), file=sys.stderr)
"""


@needs_mlflow
def test_the_store_writes_in_its_folder_only_and_calls_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS"):  # they would forbid telemetry
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    folder = tmp_path / "100%25 mine" / "tracking"
    folder.mkdir(parents=True)
    home = tmp_path / "home"
    home.mkdir()
    file = tmp_path / "file.txt"
    file.touch()
    job = {"do": "log", "experiment": "train", "name": "n", "params": {}, "metrics": {"a": 1.0}}
    job |= {"tags": {}, "files": [[str(file), ""]], "report": "{}"}
    environment = store_environment(folder)
    environment.pop("PYTEST_CURRENT_TEST", None)

    done = subprocess.run(
        [sys.executable, "-P", "-c", SPY],
        cwd=folder,
        env=environment | {"HOME": str(home)},
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "id" in json.loads(done.stdout)
    seen = json.loads(done.stderr.rpartition("SEEN")[2])
    places = [Path(place) for kind, place in seen if kind == "write"]
    assert folder / "mlflow.db" in places  # the spy sees what there is to see
    strays = [place for place in places if folder not in [place, *place.parents]]
    assert set(strays) <= {Path(os.devnull)}
    assert [found for found in seen if found[0] in ("network", "git")] == []
    assert ["threads", "1"] in seen  # no telemetry waiting in the background
    assert files_in(home) == set()
    assert files_in(tmp_path) - {"file.txt"} == {
        f"100%25 mine/tracking/{name}" for name in files_in(folder)
    }
    assert {name for name in files_in(folder) if not name.startswith("artifacts/")} == {
        "mlflow.db",
        ".lock",
    }


@needs_mlflow
def test_two_runs_at_once_are_both_kept_and_a_half_made_database_is_made_anew(store: Path):
    ids = {name for (name,) in rows_of(store, "SELECT run_uuid FROM runs")}
    assert len(ids) == 2
    assert rows_of(store, "SELECT value FROM metrics ORDER BY value") == [(0.0,), (1.0,)]
    assert {path.name for path in (store / "tracking" / "artifacts").iterdir()} == ids
    assert not list((store / "tracking").glob(f"{tracking_store.NEW_DATABASE}*"))


@needs_mlflow
def test_a_moved_folder_keeps_its_files_inside(output: Path, store: Path):
    before = files_in(store)
    run_id = track_run(output, "evaluate first", {}, {"n": 2})
    assert artefacts_of(output, run_id).is_dir()
    assert files_in(store) == before
    places = rows_of(output, "SELECT artifact_uri FROM runs")
    root = (output / "tracking" / "artifacts").as_uri()
    assert len(places) == 3
    assert all(place.startswith(root) for (place,) in places)


@needs_mlflow
def test_a_deleted_experiment_comes_back(output: Path):
    rows_of(output, "UPDATE experiments SET lifecycle_stage = 'deleted'")
    track_run(output, "evaluate first", {}, {"n": 2})
    stages = "SELECT lifecycle_stage, experiment_id FROM experiments WHERE name = 'evaluate first'"
    [(stage, experiment)] = rows_of(output, stages)
    assert stage == "active"
    runs_of = f"SELECT count(*) FROM runs WHERE experiment_id = {experiment}"
    assert rows_of(output, runs_of) == [(3,)]


# ---- ways to fail ------------------------------------------------------------------------------


def test_a_missing_package_is_told_before_the_work(
    tmp_path: Path, tiny_songs: Path, monkeypatch: pytest.MonkeyPatch
):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "alembic" else found(name)
    )
    settings = TrainSettings(
        songs=(tiny_songs,), listeners=LISTENERS, output=tmp_path / "output", track=True
    )
    with pytest.raises(MissingExtraError) as caught:
        train(settings)
    assert "alembic cannot be found" in str(caught.value)
    for requirement in PACKAGES.values():
        assert f"'{requirement}'" in str(caught.value)
    assert files_in(tmp_path) == {"output/.training.lock"}


def test_the_packages_are_those_of_the_project():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(PACKAGES.values()) == project["optional-dependencies"]["track"]
    lock = (PROJECT / "requirements-test.lock").read_text(encoding="utf-8")
    reasons = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for requirement in PACKAGES.values():
        name = requirement.partition(">")[0]
        assert f"\n{name}==" in f"\n{lock}"
        assert f"`{name}`" in reasons


@needs_mlflow
@pytest.mark.parametrize("damage", ["no database", "overwritten", "cut", "foreign", "a folder"])
def test_a_damaged_database_is_told_before_the_work(output: Path, damage: str):
    database = output / "tracking" / "mlflow.db"
    content = bytearray(database.read_bytes())
    database.unlink()
    if damage == "foreign":
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE mine (a)")
    elif damage == "a folder":
        database.mkdir()
    else:
        middle = len(content) // 2
        database.write_bytes(
            {
                "no database": b"these are my notes\n" * 100,
                "overwritten": content[:8192] + b"\xff" * (len(content) - 8192),
                "cut": content[:middle],
            }[damage]
        )
    before = database.read_bytes() if database.is_file() else None
    for attempt in (lambda: require_tracking(output), lambda: read_runs(output)):
        with pytest.raises(SettingsError, match="runs cannot be tracked here") as caught:
            attempt()
        assert str(caught.value).startswith(str(database))
        assert "\n" not in str(caught.value)
    assert before == (database.read_bytes() if database.is_file() else None)


@needs_mlflow
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tracking").write_text("a file")
    for attempt in (require_tracking, lambda output: track_run(output, "train", {}, {})):
        with pytest.raises(SettingsError, match=r"cannot be tracked here .*--output DIR"):
            attempt(tmp_path)
    (tmp_path / "tracking").unlink()
    monkeypatch.setattr(os, "access", lambda place, mode: False)  # root may write anywhere
    with pytest.raises(SettingsError, match="Permission denied"):
        require_tracking(tmp_path)


@needs_mlflow
def test_a_store_that_fails_is_one_line(output: Path, monkeypatch: pytest.MonkeyPatch):
    rows_of(output, "UPDATE alembic_version SET version_num = 'of the future'")
    with pytest.raises(SettingsError, match="schema") as caught:
        track_run(output, "train", {}, {})
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(SettingsError, match="exit code 1"):
        track_run(output, "train", {}, {})


def test_a_locked_store_is_given_up_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracking_store, "WAIT_S", 0.0)
    with tracking_store.locked():
        assert "another process" in tracking_store.answer({"do": "read"})["error"]
    assert tracking_store.answer({"do": "read"}) == {"runs": []}


# ---- training and comparing --------------------------------------------------------------------


@needs_mlflow
def test_training_tracks_and_changes_nothing_else(
    tiny_songs: Path,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    outputs = {track: tmp_path / f"output {track}" for track in (False, True)}
    shutil.copytree(store / "tracking", outputs[True] / "tracking")
    told = {"songs": (tiny_songs,), "listeners": LISTENERS, "plots": False}
    for track, output in outputs.items():
        train(TrainSettings(**told, output=output, track=track))
    said = capsys.readouterr()

    assert said.out == ""
    run = current_run(str(outputs[True]))
    assert run == current_run(str(outputs[False]))
    assert files_in(tmp_path / "cwd") == set()
    extra = files_in(outputs[True]) - files_in(outputs[False])
    assert {name.split("/")[0] for name in extra} == {"tracking"}
    assert not (outputs[False] / "tracking").exists()

    [tracked] = read_runs(outputs[True], experiment="train")["runs"]
    assert said.err.splitlines()[-1] == tell_tracked(outputs[True], tracked["id"])
    assert (tracked["experiment"], tracked["name"]) == ("train", run)
    assert tracked["settings"]["seed"] == "0"
    metrics = json.loads((outputs[True] / "metrics.json").read_text())
    assert tracked["metrics"]["songs.n_kept"] == metrics["songs"]["n_kept"]
    assert tracked["verdicts"]["song_mood.verdict"] == metrics["song_mood"]["verdict"]
    assert len(tracked["metrics"]) > 40
    assert 4 <= len(runs.headlines(tracked["metrics"])) <= 20
    kept = artefacts_of(outputs[True], tracked["id"])
    assert f"models/{run}/song_mood.json" in files_in(kept)
    assert "MODEL_CARD.md" in files_in(kept)
    assert json.loads((kept / "report.json").read_text()) == metrics


def tracked(n: int, **parts: Any) -> dict[str, Any]:
    """A run as :func:`read_runs` gives it."""
    run = {"id": f"id{n}", "experiment": "train", "name": f"{n}" * 12, "status": "FINISHED"}
    return run | {"started_ms": 0, "settings": {}, "verdicts": {}, "metrics": {}} | parts


def show_runs(monkeypatch: pytest.MonkeyPatch, *found: dict[str, Any]) -> None:
    document = {"experiments": ["train"], "runs": list(found)}
    monkeypatch.setattr(runs, "read_runs", lambda *_, **__: document)


def test_runs_stand_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shared = {"verdicts": {"run": "0" * 12, "song.verdict": "good"}}
    figures = {"accuracy": 0.5, "n": 100.0, "unseen.accuracy": 0.4}
    show_runs(
        monkeypatch,
        tracked(
            1,
            settings={"seed": "8", "clusters": "4", "new": "1"},
            metrics=figures | {"macro_f1": 0.6},
            **shared,
        ),
        tracked(0, settings={"seed": "7", "clusters": "4"}, metrics=figures, **shared),
    )
    document, options = compare(tmp_path)
    assert [run["name"] for run in document["runs"]] == ["1" * 12, "0" * 12]
    assert document["settings"] == {"seed": ["8", "7"]}
    assert document["metrics"] == {"accuracy": [0.5, 0.5], "macro_f1": [0.6, None]}
    assert not hasattr(options, "show")

    document, _ = compare(tmp_path, "--all")
    assert set(document["metrics"]) == {*figures, "macro_f1"}
    assert document["settings"]["new"] == ["1", None]
    assert document["settings"]["clusters"] == ["4", "4"]

    document, options = compare(tmp_path, "--metric", "n", "--format", "table")
    assert set(document["metrics"]) == {"n", "unseen.accuracy"}
    table = options.show(document).splitlines()
    assert table[0].split() == ["run", "1" * 12, "0" * 12]
    lines = [line.split() for line in table]
    assert ["n", "100", "100"] in lines
    assert ["song.verdict", "good", "good"] in lines
    assert [line[0] for line in lines].count("run") == 1

    for words, message in (
        (["--metric", "nowhere"], "no run has such a metric"),
        (["-n", "0"], "from 1 to 1000"),
    ):
        with pytest.raises(SettingsError, match=message):
            compare(tmp_path, *words)


def test_without_a_headline_the_metrics_that_differ_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    both = [tracked(n, metrics={"f2": 0.5 + n / 10, "n": 3.0}) for n in range(2)]
    show_runs(monkeypatch, *both)
    assert compare(tmp_path)[0]["metrics"] == {"f2": [0.5, 0.6]}
    show_runs(monkeypatch, both[0])
    assert compare(tmp_path)[0]["metrics"] == {"f2": [0.5], "n": [3.0]}


words = st.sampled_from(["a", "longer", "the.same.ending", "ways.held_out", "é"])
dotted = st.lists(words, min_size=1, max_size=8).map(".".join)


@given(st.lists(dotted, unique=True, max_size=12), st.integers(5, 30))
def test_shortened_names_stay_distinct_and_keep_their_ends(names, width):
    short = runs.shorten_names(names, width)
    assert len(set(short)) == len(names)
    for one, name in zip(short, names, strict=True):
        assert one == name or (name.endswith(one.removeprefix("…")) and len(one) < len(name))
        assert len(name) > width or one == name


@needs_mlflow
def test_an_unknown_experiment_names_those_there_are(store: Path):
    with pytest.raises(SettingsError, match=r"there are: evaluate first\)"):
        compare(store, "--of", "nothing")


def test_no_runs_yet(tmp_path: Path):
    with pytest.raises(SettingsError, match="no run is tracked here yet"):
        compare(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_job_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert tracking_store.answer({"do": "dance"}) == {"error": "'dance'"}
