"""What is kept of a listening history between answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.store import history_cache
from scripts.store.history_cache import Digest, digest_path, read_digest, write_digest
from scripts.tables.histories import read_history

SECRETS = ("secretuser77", "203.0.113.77", "unknown-agent", "Android OS 9")


@pytest.fixture
def history_file(tmp_path: Path) -> str:
    records = [
        {
            "ts": f"2022-01-{1 + n % 28:02}T10:{n % 60:02}:00Z",
            "username": SECRETS[0],
            "platform": SECRETS[3],
            "ms_played": 1_000 * (n % 90),
            "ip_addr_decrypted": SECRETS[1],
            "user_agent_decrypted": SECRETS[2],
            "master_metadata_track_name": f"Song {n % 7}",
            "master_metadata_album_artist_name": "Björk",
            "spotify_track_uri": None,
            "skipped": n % 11 == 0,
        }
        for n in range(4_000)
    ]
    path = tmp_path / "private folder" / "history.json"
    path.parent.mkdir()
    path.write_text(json.dumps(records), encoding="utf-8")
    assert path.stat().st_size > history_cache.FEWEST_BYTES
    return str(path)


def keep(output: Path, history: str, seconds: float = 30.0) -> str:
    path = digest_path(str(output), history, seconds)
    write_digest(path, read_history(history, min_play_seconds=seconds))
    return path


def test_what_is_kept_is_what_was_read(tmp_path, history_file):
    kept = read_digest(keep(tmp_path, history_file))
    read = read_history(history_file)
    assert kept is not None
    assert list(kept.songs.items()) == list(read.songs.items())
    assert kept.recent == read.recent
    assert kept.counts == read.counts
    assert kept.has_times is read.has_times is True


def test_another_history_or_another_setting_has_another_digest(tmp_path, history_file):
    path = keep(tmp_path, history_file)
    assert digest_path(str(tmp_path), history_file, 30) == path
    assert digest_path(str(tmp_path), history_file, 29.5) != path
    assert digest_path(str(tmp_path), [history_file, history_file], 30) == path
    with open(tmp_path / "more.json", "w", encoding="utf-8") as file:
        file.write("[]")
    together = [history_file, str(tmp_path / "more.json")]
    assert digest_path(str(tmp_path), together, 30) not in ("", path)
    written = os.stat(history_file).st_mtime_ns
    os.utime(history_file, ns=(0, 0))  # then no play is later than its file
    assert digest_path(str(tmp_path), history_file, 30) != path
    os.utime(history_file, ns=(written, written))
    with open(history_file, "a", encoding="utf-8") as file:
        file.write("\n")
    assert digest_path(str(tmp_path), history_file, 30) != path


def test_small_files_folders_and_nothing_are_not_kept(tmp_path):
    small = tmp_path / "small.json"
    small.write_text("[]", encoding="utf-8")
    for path in (small, tmp_path, tmp_path / "nothing"):
        assert digest_path(str(tmp_path), str(path), 30.0) == ""
    write_digest("", None)
    assert read_digest("") is None


def test_nothing_that_names_a_person_is_kept_and_no_one_else_can_read_it(tmp_path, history_file):
    path = keep(tmp_path / "out", history_file)
    text = Path(path).read_text(encoding="ascii") + path
    for secret in (*SECRETS, "private folder", "history.json"):
        assert secret not in text
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


@given(st.data())
def test_a_damaged_digest_is_passed_over(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("kept") / "x.json"
    whole = Digest({("A", "B", ""): 3}, [(1, "A", "B", "", None)], {"rows": 3}, has_times=True)
    write_digest(str(path), whole)
    text = path.read_bytes()
    assert read_digest(str(path)) is not None
    at = data.draw(st.integers(0, len(text) - 1))
    changed = data.draw(
        st.sampled_from([text[:at], text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]])
    )
    path.write_bytes(changed)
    assert read_digest(str(path)) is None


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, history_file):
    (tmp_path / "cache").write_text("a file stands where the folder would", encoding="utf-8")
    path = keep(tmp_path, history_file)
    assert read_digest(path) is None
    assert os.listdir(tmp_path / "private folder") == ["history.json"]


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"songs": [[1]]}', '"songs"'])
def test_a_digest_of_another_form_is_no_digest(tmp_path, history_file, text):
    path = keep(tmp_path, history_file)
    content = text.encode()
    Path(path).write_bytes(history_cache._sum_of(content) + b"\n" + content)
    assert read_digest(path) is None


def test_the_hour_at_which_a_file_was_written_changes_nothing(tmp_path):
    listens = [
        {
            "listened_at": 1_700_000_000 + n,
            "track_metadata": {"artist_name": "A", "track_name": f"S{n}"},
        }
        for n in range(9)
    ]
    listens[-1]["listened_at"] += 2 * 86_400
    path = tmp_path / "listens.jsonl"
    path.write_text("\n".join(map(json.dumps, listens)), encoding="utf-8")
    seen = []
    for hour in (1, 23):
        written = 1_700_000_000 // 86_400 * 86_400 + hour * 3_600
        os.utime(path, (written, written))
        seen.append(read_history(str(path)).recent)
    assert seen[0] == seen[1]
