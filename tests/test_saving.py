"""Saving: a file is old or new, never a part of either, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.formats import saving
from scripts.formats.saving import NewFile, save_text

PROJECT = Path(__file__).parents[1]

OLD = "old\n" * 50_000
NEW = "new\n" * 60_000


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def parts_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".part"))


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(OLD)
    return path


# ---- what is written --------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_written_as_it_is(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        save_text(str(path), text)
        assert path.read_bytes() == text.encode()
        assert os.listdir(folder) == ["list.txt"]


def test_what_utf_8_cannot_hold_is_replaced(tmp_path):
    save_text(str(tmp_path / "a"), "a\udcffb")
    assert (tmp_path / "a").read_text() == "a?b"


def test_a_path_in_the_working_folder_needs_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_text("list.csv", NEW)
    assert Path("list.csv").read_text() == NEW


def test_a_long_name_leaves_room_for_the_part(tmp_path):
    path = tmp_path / ("a" * 255)
    save_text(str(path), NEW)
    assert path.read_text() == NEW


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_rights_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        save_text(str(tmp_path / "a"), NEW)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a") == 0o666 & ~mask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_an_old_file_keeps_its_rights(old_file, mode):
    old_file.chmod(mode)
    save_text(str(old_file), NEW)
    assert (old_file.read_text(), mode_of(old_file)) == (NEW, mode)


# ---- links and what is no file ----------------------------------------------------------------


def test_a_link_stays_and_the_file_that_it_leads_to_is_replaced(tmp_path, old_file):
    (tmp_path / "links").mkdir()
    first, second = tmp_path / "links" / "first", tmp_path / "links" / "second"
    first.symlink_to("../list.csv")
    second.symlink_to(first)
    save_text(str(second), NEW)
    assert old_file.read_text() == NEW
    assert not old_file.is_symlink()
    assert os.readlink(first) == "../list.csv"
    assert second.is_symlink()
    assert sorted(os.listdir(tmp_path / "links")) == ["first", "second"]


def test_a_link_to_nothing_makes_the_file(tmp_path):
    (tmp_path / "link").symlink_to("target")
    save_text(str(tmp_path / "link"), NEW)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == NEW


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(SettingsError, match="cannot be written"):
        save_text(str(tmp_path / "a"), NEW)
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        save_text(str(path), "a song\n")
        assert os.read(reader, 100) == b"a song\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_device_is_not_replaced():
    save_text(os.devnull, NEW)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("absent/list.csv", "there is no folder '.*absent'; make it first"),
        ("absent/", "names no file"),
        ("list.csv/more.csv", "is a file, not a folder"),
        ("", "is a folder; give the path of a file in it"),
        ("a" * 256, "cannot be written"),
        ("nul\0", "cannot be written"),
    ],
)
def test_a_path_that_cannot_be_is_refused_by_name(tmp_path, old_file, path, told):
    whole = os.path.join(tmp_path, path).removesuffix("/") + ("/" if path.endswith("/") else "")
    with pytest.raises(SettingsError, match=told) as caught:
        save_text(whole, NEW, option="--tags")
    assert str(caught.value).startswith("--tags ")
    assert os.listdir(tmp_path) == ["list.csv"]
    assert old_file.read_text() == OLD


def test_no_path_is_refused():
    with pytest.raises(SettingsError, match="--save '': names no file"):
        save_text("", NEW)


def test_a_protected_file_is_not_renamed_over(old_file, monkeypatch):
    monkeypatch.setattr(saving.os, "access", lambda path, mode: False)  # root may do anything
    with pytest.raises(SettingsError, match=r"may not be written \(Permission denied\)"):
        save_text(str(old_file), NEW)
    assert old_file.read_text() == OLD


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_protected_folder_is_told(old_file, monkeypatch, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(saving.os, "open", refuse)
        with pytest.raises(SettingsError, match=r"may not be written \(.*; change its rights"):
            save_text(str(old_file), NEW)
    assert old_file.read_text() == OLD


# ---- failures on the way ----------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace", "fchmod"])
def test_a_step_that_fails_leaves_the_old_file_and_nothing_else(old_file, monkeypatch, step):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(saving.os, step, fail)
        with pytest.raises(SettingsError, match=r"there is no room .* is as it was; free some"):
            save_text(str(old_file), NEW)
    assert old_file.read_text() == OLD
    assert os.listdir(old_file.parent) == [old_file.name]


def test_a_folder_that_cannot_be_forced_to_disk_is_no_failure(old_file, monkeypatch):
    real = os.fsync

    def fail_for_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    monkeypatch.setattr(saving.os, "fsync", fail_for_folders)
    save_text(str(old_file), NEW)
    assert old_file.read_text() == NEW


@pytest.mark.parametrize("failure", [KeyError("a"), KeyboardInterrupt(), BrokenPipeError()])
def test_an_exception_inside_passes_and_changes_nothing(old_file, failure):
    with pytest.raises(type(failure)), NewFile(str(old_file)) as file:  # noqa: PT012
        file.write(NEW)
        raise failure
    assert old_file.read_text() == OLD
    assert os.listdir(old_file.parent) == [old_file.name]


def run_child(program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_device_is_told():
    with pytest.raises(SettingsError, match="there is no room"):
        save_text("/dev/full", NEW)


FULL = """
import resource, sys
from scripts.formats.saving import save_text
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_text(sys.argv[1], "new\\n" * 60_000)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_file_that_grows_too_large_leaves_the_old_one(old_file):
    done = run_child(FULL, old_file)
    assert done.stdout.startswith(f"SettingsError --save {old_file}: there is no room (")
    assert old_file.read_text() == OLD
    assert os.listdir(old_file.parent) == [old_file.name]


KILLED = """
import os, signal, sys
from scripts.formats.saving import NewFile

path, moment = sys.argv[1:]

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

real = os.replace

def replace_and_die(*arguments):
    real(*arguments)
    die()

if moment == "replaced":
    os.replace = replace_and_die
elif moment != "half written":
    setattr(os, moment, die)
with NewFile(path) as file:
    file.write("new\\n" * 30_000)
    if moment == "half written":
        file.flush()
        die()
    file.write("new\\n" * 30_000)
"""


@pytest.mark.parametrize("moment", ["fchmod", "half written", "fsync", "replace", "replaced"])
def test_a_kill_at_any_moment_leaves_a_whole_file(old_file, moment):
    done = run_child(KILLED, old_file, moment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert old_file.read_text() == (NEW if moment == "replaced" else OLD)
    assert len(parts_in(old_file.parent)) == (moment != "replaced")
    save_text(str(old_file), "again\n")  # what was left behind is in nobody's way
    assert old_file.read_text() == "again\n"
