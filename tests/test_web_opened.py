"""The set a server holds: one a thread, swapped while it serves, refused where it is damaged."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from scripts.errors import ModelError
from scripts.settings import TrainSettings
from scripts.store.layout import CATALOGUE, SONG_MOOD
from scripts.training.program import train
from scripts.web import desk as desks
from scripts.web import opened
from scripts.web.app import create_app
from scripts.web.desk import Desk
from scripts.web.opened import Kept, OpenSet
from scripts.web.problems import ProblemError, problem_of, tell_here
from scripts.web.sentences import TextModel
from tests.conftest import SAMPLE
from tests.web_client import HOST, RULES, open_client, problem


@pytest.fixture(scope="module")
def tiny_set(tiny_songs, tmp_path_factory):
    """A set with other songs than the sample's, which all tell their years."""
    output = tmp_path_factory.mktemp("tiny-web") / "output"
    listeners = SAMPLE / "listeners.csv"
    settings = TrainSettings(songs=(tiny_songs,), listeners=listeners, output=output)
    train(dataclasses.replace(settings, plots=False, quiet=True))
    return output


@pytest.fixture
def output(sample_set, tmp_path):
    shutil.copytree(sample_set, tmp_path / "output")
    return tmp_path / "output"


@pytest.fixture
def serve():
    """Open clients that are closed whatever happens."""
    clients = []

    def open_one(output, **options):
        clients.append(open_client(output, **options))
        return clients[-1]

    yield open_one
    for client in clients:
        client.close()


def put(output: Path, other: Path) -> str:
    """Swap another trained set in, as training does; returns its run."""
    run = (other / "models" / "CURRENT").read_text(encoding="ascii")
    folder = output / "models" / run.strip()
    shutil.copytree(other / "models" / run.strip(), folder, dirs_exist_ok=True)
    pointer = output / "models" / "CURRENT"
    beside = pointer.with_name("CURRENT.new")
    beside.write_text(run, encoding="ascii")
    os.replace(beside, pointer)
    return run.strip()


def test_a_set_is_opened_once_a_thread(output):
    holder = OpenSet(str(output))
    mine = holder.get()
    assert holder.get() is mine

    def other():
        try:
            return holder.get() is holder.get() is not mine
        finally:
            holder.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other).result()
    holder.close()


def test_another_set_is_taken_within_a_second(output, tiny_set):
    seconds = [0.0]
    holder = OpenSet(str(output), clock=lambda: seconds[0])
    first = holder.get()
    run = put(output, tiny_set)
    assert run != first.run
    seconds[0] = 0.9
    assert holder.get() is first
    first.catalogue.execute("SELECT count(*) FROM songs").fetchone()
    seconds[0] = 1.1
    second = holder.get()
    assert second.run == run
    with pytest.raises(sqlite3.ProgrammingError):  # the old one was closed
        first.catalogue.execute("SELECT 1")
    (output / "models" / "CURRENT").touch()  # the same set told once more is not opened anew
    seconds[0] = 3
    assert holder.get() is second
    holder.close()


def test_a_swap_while_serving_changes_the_answers(output, tiny_set, serve, monkeypatch):
    monkeypatch.setattr(opened, "LOOK_SECONDS", 0.0)
    client = serve(output)
    first = client.get("/api/playlist?mood=happy").json()
    assert client.get("/api/plane").json()["ranges"]["year"] is None
    run = put(output, tiny_set)
    second = client.get("/api/playlist?mood=happy&year_from=1991").json()
    assert second["run"] == client.get("/api/set").json()["run"] == run != first["run"]
    assert client.get("/api/plane").json()["ranges"]["year"] is not None
    assert all(song["year"] >= 1991 for song in second["songs"])


@pytest.mark.parametrize("name", ["models/CURRENT", "models"])
def test_a_set_that_is_taken_away_is_refused_until_it_is_back(output, name):
    seconds = [0.0]
    holder = OpenSet(str(output), clock=lambda: seconds[0])
    run = holder.get().run
    (output / name).rename(output / "away")
    assert holder.get().run == run  # it is not looked at yet
    seconds[0] = 1.1
    for _ in range(3):
        with pytest.raises(ModelError, match="holds no trained models yet"):
            holder.get()
    (output / "away").rename(output / name)
    assert holder.get().run == run
    holder.close()


def test_what_is_kept_is_made_anew_for_another_set(output, tiny_set):
    kept, made = Kept(), []

    def make(trained):
        made.append(trained.run)
        return trained.run

    holder = OpenSet(str(output), clock=iter(range(0, 100, 10)).__next__)
    first = holder.get()
    assert kept.get(first, "x", make) == kept.get(first, "x", make) == first.run
    put(output, tiny_set)
    second = holder.get()
    assert kept.get(second, "x", make) == second.run
    assert made == [first.run, second.run]
    holder.close()


# ---- no set, or a damaged one -----------------------------------------------------------------


def test_no_set_is_told_and_looked_for_again(tmp_path, sample_set, serve):
    client = serve(tmp_path / "output")
    document = problem(client.get("/api/playlist"), 503, "set")
    assert "holds no trained models yet" in document["detail"]
    assert str(tmp_path) not in document["detail"]
    shutil.copytree(sample_set, tmp_path / "output")
    assert client.get("/api/playlist").status_code == 200


@pytest.mark.parametrize("name", [CATALOGUE, SONG_MOOD, "manifest.json"])
def test_a_damaged_set_is_no_fault_of_the_program(output, serve, name):
    (folder,) = [path for path in (output / "models").iterdir() if path.is_dir()]
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    client = serve(output)
    for path in ("/api/playlist?mood=calm", "/api/plane", "/api/set"):
        document = problem(client.get(path), 503, "set")
        assert "train again" in document["detail"]
        assert str(output) not in document["detail"]


def test_damage_that_sqlite_does_not_see_is_found_out(output, serve, capfd):
    (folder,) = [path for path in (output / "models").iterdir() if path.is_dir()]
    with sqlite3.connect(folder / CATALOGUE) as catalogue:  # same size, same header, other values
        catalogue.execute("UPDATE songs SET margin = 'x' || margin")
    catalogue.close()
    manifest = (folder / "manifest.json").read_text(encoding="utf-8")
    size = (folder / CATALOGUE).stat().st_size
    told = json.loads(manifest)["files"][CATALOGUE]["bytes"]
    manifest = re.sub(rf'"bytes": {told}\b', f'"bytes": {size}', manifest)
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    client = serve(output)
    document = problem(client.get("/api/playlist?mood=calm"), 503, "set")
    assert "train again" in document["detail"]
    assert "Traceback" not in capfd.readouterr().err


# ---- faults and crowds ------------------------------------------------------------------------


def test_a_fault_of_ours_is_told_to_whoever_runs_the_server_alone(output, capfd):
    desk = Desk(str(output))

    def work(trained):
        raise LookupError("secret of /home/anna")

    for pace in ("quick", "slow", "sentence"):
        with pytest.raises(ProblemError) as caught:
            asyncio.run(desk.run(work, pace))
        assert caught.value.status == 500
        assert "secret" not in caught.value.body().decode()
        assert "secret of /home/anna" in capfd.readouterr().err
    desk.close()


def test_too_many_slow_requests_are_sent_away(output):
    desk = Desk(str(output))
    go = threading.Event()

    async def crowd():
        slow = [desk.run(lambda _: go.wait(30), "slow", f"10.0.0.{n // 8}") for n in range(64)]
        waiting = [asyncio.create_task(one) for one in slow]
        await asyncio.sleep(0)
        with pytest.raises(ProblemError) as caught:
            await desk.run(lambda _: None, "slow", "10.0.0.99")
        assert (caught.value.kind, caught.value.headers) == ("busy", {"Retry-After": "1"})
        for pace in ("quick", "brief"):  # others still pass
            assert await desk.run(lambda trained: trained.run, pace, "10.0.0.1")
        go.set()
        assert all(await asyncio.gather(*waiting))
        assert await desk.run(lambda trained: trained.run, "slow")

    asyncio.run(crowd())
    desk.close()


def test_one_address_does_not_take_every_place(output):
    desk = Desk(str(output))
    go = threading.Event()

    async def crowd():
        mine = [desk.run(lambda _: go.wait(30), "slow", "10.0.0.1") for _ in range(8)]
        waiting = [asyncio.create_task(one) for one in mine]
        await asyncio.sleep(0)
        with pytest.raises(ProblemError, match="8 requests of yours are waiting"):
            await desk.run(lambda _: None, "slow", "10.0.0.1")
        other = asyncio.create_task(desk.run(lambda _: "done", "slow", "10.0.0.2"))
        await asyncio.sleep(0)
        assert await desk.run(lambda _: "brief", "brief", "10.0.0.1") == "brief"
        go.set()
        assert await other == "done"
        assert all(await asyncio.gather(*waiting))
        assert await desk.run(lambda _: "again", "slow", "10.0.0.1") == "again"

    asyncio.run(crowd())
    desk.close()


def test_work_whose_client_has_gone_before_it_begins_is_dropped(output, monkeypatch):
    monkeypatch.setattr(desks, "_LOOK_SECONDS", 0.01)
    desk = Desk(str(output))
    go, begun, done = threading.Event(), threading.Semaphore(0), []

    async def has_gone():
        return True

    def hold(_):
        begun.release()
        return go.wait(30)

    async def crowd():
        first = [asyncio.create_task(desk.run(hold, "slow", "", has_gone)) for _ in range(2)]
        for _ in range(2):
            assert await asyncio.to_thread(begun.acquire, timeout=30)
        with pytest.raises(ProblemError, match="went before its turn"):
            await desk.run(lambda _: done.append(1), "slow", "", has_gone)
        go.set()
        assert await asyncio.gather(*first) == [True, True]  # what has begun is ended

    asyncio.run(crowd())
    desk.close()
    assert done == []


def test_who_waits_when_the_server_is_stopped_is_told(output):
    desk = Desk(str(output))
    go = threading.Event()
    application = create_app(desk, RULES)
    transport = httpx.ASGITransport(application, raise_app_exceptions=True)

    async def stop():
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            hold = [asyncio.create_task(desk.run(lambda _: go.wait(30), "slow")) for _ in range(2)]
            await asyncio.sleep(0)
            asked = asyncio.create_task(client.get("/api/playlist?mood=calm&n=60"))
            while desk._waiting["slow", ""] < 3:
                await asyncio.sleep(0)
            asked.cancel()
            answer = await asked
            go.set()
            await asyncio.gather(*hold)
            return answer

    problem(asyncio.run(stop()), 503, "stopping")
    desk.close()


def test_a_text_model_that_cannot_be_loaded_is_told_each_time(output, serve):
    tries = []

    def fail():
        tries.append(1)
        raise ModelError("text_mood.json: is missing")

    client = serve(output, text=TextModel(fail))
    for _ in range(3):
        document = problem(client.get("/api/say?text=happy"), 503, "set")
        assert "text_mood.json" in document["detail"]
        problem(client.get("/api/playlist?say=happy"), 503, "set")
    assert len(tries) == 1
    assert client.get("/api/set").json()["text"] == "none"


def test_messages_lose_paths_and_dashes():
    text = "--max-per-artist 0 in /srv/moods/output/models/x: see --mood or -n; a-n --"
    told = tell_here(text, "/srv/moods/output")
    assert told == "max_per_artist 0 in output/models/x: see mood or n; a-n --"


def test_an_error_nobody_thought_of_says_nothing_of_itself():
    found = problem_of(ZeroDivisionError("secret"), "output")
    assert (found.status, "secret" in found.body().decode()) == (500, False)
