"""The feedback log: what is kept, what is taken back, and what a torn or altered file costs."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.feedback.events import FEEDBACK, make_event
from scripts.feedback.profile import (
    append_event,
    profile_path,
    read_profile,
    undo_last,
)
from scripts.moods.features import FEATURES

PROJECT = Path(__file__).parents[1]


def song(n: int = 0, **other):
    values = {name: 0.1 * i + 0.01 * n for i, name in enumerate(FEATURES)}
    named = {"song_id": f"id{n}", "title": f"Title «{n}»", "artist": "A\nB", "mood": "happy"}
    return {**named, **values, **other}


def keep(output, *kinds, name="anna"):
    for n, kind in enumerate(kinds):
        append_event(str(output), name, make_event(kind, song(n)))
    return Path(profile_path(str(output), name))


def ids(output, name="anna"):
    return [event["song_id"] for event in read_profile(str(output), name).events]


def test_a_profile_without_a_file_is_empty_and_makes_no_file(tmp_path):
    profile = read_profile(str(tmp_path), "nobody")
    assert (profile.events, profile.never, profile.corrections) == ([], set(), {})
    with pytest.raises(SettingsError, match="nothing to take back"):
        undo_last(str(tmp_path), "nobody")
    assert list(tmp_path.iterdir()) == []


def test_an_event_comes_back_as_it_was_said(tmp_path):
    said = [
        make_event("like", song(1, energy=0.1 + 0.2)),
        make_event("skip", song(2, title="\ud800 torn letter")),
        make_event("wrong-mood", song(3), right_mood=" Melancholy "),
        make_event("wrong-mood", song(4)),
        make_event("never", song(5)),
    ]
    for event in said:
        append_event(str(tmp_path), "Anna_2-x", event)
    profile = read_profile(str(tmp_path), "Anna_2-x")
    assert profile.events == said
    assert profile.judged == said[:2]
    assert profile.corrections == {"id3": "melancholic", "id4": None}
    assert profile.never == {"id5"}
    assert profile.n_damaged == 0
    assert said[0]["energy"] == 0.1 + 0.2
    assert set(said[0]) == {"event", "song_id", "title", "artist", "mood", *FEATURES}


def test_each_line_is_one_json_object_with_its_check_and_only_the_owner_reads_it(tmp_path):
    path = keep(tmp_path, *FEEDBACK)
    lines = path.read_text(encoding="ascii").splitlines()
    assert [json.loads(line)["event"] for line in lines] == list(FEEDBACK)
    assert all(len(json.loads(line)["check"]) == 16 for line in lines)
    assert path.stat().st_mode & 0o077 == 0


def test_never_is_lifted_by_undo_only(tmp_path):
    append_event(str(tmp_path), "a", make_event("never", song(1)))
    append_event(str(tmp_path), "a", make_event("like", song(1)))
    assert read_profile(str(tmp_path), "a").never == {"id1"}
    assert undo_last(str(tmp_path), "a")["event"] == "like"
    assert undo_last(str(tmp_path), "a")["event"] == "never"
    assert read_profile(str(tmp_path), "a").never == set()


def test_the_last_word_on_a_song_s_mood_counts(tmp_path):
    for mood in ("sad", "calm"):
        append_event(str(tmp_path), "a", make_event("wrong-mood", song(1), right_mood=mood))
    assert read_profile(str(tmp_path), "a").corrections == {"id1": "calm"}
    undo_last(str(tmp_path), "a")
    assert read_profile(str(tmp_path), "a").corrections == {"id1": "sad"}


@given(st.lists(st.sampled_from([*FEEDBACK, "undo"]), max_size=25))
def test_undo_takes_back_the_last_event_that_stands(tmp_path_factory, steps):
    output = str(tmp_path_factory.mktemp("undo"))
    standing = []
    for n, step in enumerate(steps):
        if step != "undo":
            event = make_event(step, song(n % 3))  # equal events occur
            append_event(output, "a", event)
            standing.append(event)
        elif standing:
            assert undo_last(output, "a") == standing.pop()
        else:
            with pytest.raises(SettingsError, match="--undo"):
                undo_last(output, "a")
    profile = read_profile(output, "a")
    assert profile.events == standing
    assert profile.n_damaged == 0


def test_the_log_only_grows(tmp_path):
    path = keep(tmp_path, "like", "skip")
    before = path.read_bytes()
    undo_last(str(tmp_path), "anna")
    assert path.read_bytes().startswith(before)
    assert len(path.read_bytes()) > len(before)


def test_cut_at_any_byte_only_the_torn_line_is_lost_and_the_next_is_safe(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # thousands of them take seconds
    path = keep(tmp_path, "like", "never", "skip")
    whole = path.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        # a line without its newline is whole all the same
        kept = [f"id{n}" for n, end in enumerate(ends) if end <= cut]
        profile = read_profile(str(tmp_path), "anna")
        assert [event["song_id"] for event in profile.events] == kept
        append_event(str(tmp_path), "anna", make_event("like", song(9)))
        assert ids(tmp_path) == [*kept, "id9"]
        assert path.read_bytes().startswith(whole[:cut])
        undo_last(str(tmp_path), "anna")
        assert ids(tmp_path) == kept


def test_a_torn_undo_takes_nothing_back(tmp_path):
    path = keep(tmp_path, "like", "skip")
    before = path.stat().st_size
    undo_last(str(tmp_path), "anna")
    whole = path.read_bytes()
    for cut in range(before, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert ids(tmp_path) == ["id0", "id1"]
        assert undo_last(str(tmp_path), "anna")["song_id"] == "id1"
        assert ids(tmp_path) == ["id0"]


def test_any_altered_byte_of_a_line_costs_that_line_alone_and_is_counted(tmp_path):
    path = keep(tmp_path, "like", "skip", "never")
    whole = path.read_bytes()
    first, second = (
        at for at, byte in enumerate(whole) if byte == ord("\n") and at < 2 * len(whole) // 3 + 5
    )
    for at in range(first + 1, second):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        profile = read_profile(str(tmp_path), "anna")
        assert [event["song_id"] for event in profile.events] == ["id0", "id2"]
        assert profile.n_damaged >= 1


def test_an_undo_whose_event_is_damaged_takes_back_no_other(tmp_path):
    path = keep(tmp_path, "like", "never")
    undo_last(str(tmp_path), "anna")
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"never", b"nevar")
    path.write_bytes(b"\n".join(lines))
    assert ids(tmp_path) == ["id0"]


@given(st.binary(max_size=300))
def test_whatever_bytes_stand_before_it_an_event_is_kept(tmp_path_factory, junk):
    output = tmp_path_factory.mktemp("junk")
    (output / "profiles").mkdir()
    (output / "profiles" / "anna.jsonl").write_bytes(junk)
    assert ids(output) == []
    keep(output, "like")
    assert ids(output) == ["id0"]


@pytest.mark.parametrize(
    "change",
    [
        {"event": "adore"},
        {"energy": None},
        {"tempo_bpm": 1e300},
        {"song_id": 7},
        {"event": "wrong-mood"},
        {"event": "wrong-mood", "right_mood": "purple"},
        {"event": "undo"},
    ],
)
def test_a_line_with_a_right_check_but_foreign_content_is_left_out(tmp_path, change, monkeypatch):
    import scripts.feedback.profile as module

    keep(tmp_path, "like")
    with monkeypatch.context() as patched:
        patched.setattr(module, "is_sound", lambda event: True)
        event = {**make_event("skip", song(1)), **change}
        module._append(profile_path(str(tmp_path), "anna"), lambda _: event)
    profile = read_profile(str(tmp_path), "anna")
    assert [event["song_id"] for event in profile.events] == ["id0"]
    assert profile.n_damaged == 1


def test_a_line_of_an_earlier_log_that_holds_a_match_is_read(tmp_path):
    import scripts.feedback.profile as module

    event = {**make_event("like", song(1)), "match": 0.93}
    module._append(profile_path(str(tmp_path), "anna"), lambda _: event)
    profile = read_profile(str(tmp_path), "anna")
    assert profile.n_damaged == 0
    assert [one["song_id"] for one in profile.judged] == ["id1"]


def test_a_reader_waits_for_the_writer_and_sees_no_torn_line(tmp_path):
    path = keep(tmp_path, "like", "skip")
    whole = path.read_bytes()
    cut = len(whole) - 40
    path.write_bytes(whole[:cut])
    with path.open("ab", buffering=0) as writer, ThreadPoolExecutor(1) as pool:
        fcntl.flock(writer, fcntl.LOCK_EX)
        reading = pool.submit(read_profile, str(tmp_path), "anna")
        with pytest.raises(TimeoutError):
            reading.result(timeout=0.2)
        writer.write(whole[cut:])
        fcntl.flock(writer, fcntl.LOCK_UN)
        profile = reading.result(timeout=60)
    assert (profile.n_damaged, len(profile.events)) == (0, 2)


def test_where_the_file_system_has_no_locks_a_profile_is_read_all_the_same(tmp_path, monkeypatch):
    keep(tmp_path, "like")

    def refuse(handle, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert ids(tmp_path) == ["id0"]


WRITER = """
import sys
from scripts.feedback.events import make_event
from scripts.feedback.profile import append_event
from scripts.moods.features import FEATURES
output, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
features = dict.fromkeys(FEATURES, 0.5)
for n in range(count):
    song = {"song_id": f"{who}{n}", "title": "T" * 3000, "artist": "A", "mood": "sad", **features}
    append_event(output, "both", make_event("like", song))
"""


def test_two_programs_at_once_lose_nothing(tmp_path):
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), who, "60"], cwd=PROJECT)
        for who in ("a", "b")
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    seen = ids(tmp_path, "both")
    for who in ("a", "b"):
        assert [name for name in seen if name[0] == who] == [f"{who}{n}" for n in range(60)]
    assert read_profile(str(tmp_path), "both").n_damaged == 0


def test_a_killed_writer_leaves_whole_events(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path), "a", "100000"]
    path = Path(profile_path(str(tmp_path), "both"))
    for _ in range(3):
        before = path.stat().st_size if path.exists() else 0
        process = subprocess.Popen(command, cwd=PROJECT)
        while not path.exists() or path.stat().st_size < before + 50_000:
            assert process.poll() is None
        process.kill()
        process.wait()
        n_kept = len(ids(tmp_path, "both"))
        keep(tmp_path, "like", name="both")
        assert ids(tmp_path, "both")[n_kept:] == ["id0"]


@pytest.mark.parametrize("name", ["", "a" * 65, "../x", "a/b", ".", "a.b", "ä", "a b", "a\n", "٣"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path, name):
    for ask in (read_profile, undo_last):
        with pytest.raises(SettingsError, match=r"--profile .* 1 to 64 letters"):
            ask(str(tmp_path), name)
    with pytest.raises(SettingsError, match="--profile"):
        append_event(str(tmp_path), name, make_event("like", song()))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_used_is_told_with_its_path(tmp_path):
    os.makedirs(profile_path(str(tmp_path), "anna"))
    for ask in (
        lambda: read_profile(str(tmp_path), "anna"),
        lambda: undo_last(str(tmp_path), "anna"),
        lambda: append_event(str(tmp_path), "anna", make_event("like", song())),
    ):
        with pytest.raises(SettingsError, match=r"anna\.jsonl: the profile cannot be"):
            ask()


def test_a_full_disk_is_told_and_the_torn_line_left_out(tmp_path, monkeypatch):
    keep(tmp_path, "like")
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: write(handle, line[:40]))
    with pytest.raises(SettingsError, match="the disk is full"):
        append_event(str(tmp_path), "anna", make_event("skip", song(1)))
    monkeypatch.undo()
    keep(tmp_path, "never")
    assert [event["event"] for event in read_profile(str(tmp_path), "anna").events] == [
        "like",
        "never",
    ]


def test_words_of_feedback_are_checked():
    with pytest.raises(SettingsError, match="like, skip, never, wrong-mood"):
        make_event("adore", song())
    with pytest.raises(SettingsError, match="wrong-mood only"):
        make_event("like", song(), right_mood="sad")
    with pytest.raises(SettingsError, match=r"'purple'; say one of happy.*spoken"):
        make_event("wrong-mood", song(), right_mood="Purple")
    with pytest.raises(ValueError, match="no event"):
        append_event("nowhere", "a", {"event": "undo", "takes_back": ""})


def test_the_seed_follows_likes_and_skips_alone(tmp_path):
    def seed():
        return read_profile(str(tmp_path), "a").seed

    def say(kind, n):
        append_event(str(tmp_path), "a", make_event(kind, song(n)))

    say("like", 1)
    one = seed()
    say("never", 2)
    say("wrong-mood", 3)
    assert seed() == one
    say("skip", 4)
    two = seed()
    assert two != one
    undo_last(str(tmp_path), "a")
    assert seed() == one
    say("skip", 4)
    assert seed() == two


def test_an_event_is_on_the_disk_when_it_is_told_as_kept(tmp_path, monkeypatch):
    forced = []
    real = os.fsync

    def note_size(handle):
        forced.append(os.fstat(handle).st_size)
        real(handle)

    monkeypatch.setattr(os, "fsync", note_size)
    append_event(str(tmp_path), "anna", make_event("like", song()))
    assert os.path.getsize(profile_path(str(tmp_path), "anna")) in forced
