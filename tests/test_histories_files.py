"""Opening histories: zips that lie, links, folders, limits."""

from __future__ import annotations

import json
import os
import struct
import zipfile

import pytest

from scripts.errors import DataError
from scripts.tables import history_files
from scripts.tables.histories import read_history

PLAY = {"endTime": "2016-02-23 17:59", "artistName": "A", "trackName": "B", "msPlayed": 99_000}
TEXT = json.dumps([PLAY])


def make_zip(path, members: dict, **changes) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            made.writestr(info, content)
    return str(path)


@pytest.mark.parametrize("name", ["../h.json", "a/../../h.json", "/etc/h.json", "C:/h.json"])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    path = make_zip(tmp_path / "z", {name: TEXT})
    with pytest.raises(DataError, match="leads out of the zip"):
        read_history(path)


def test_a_backslash_leads_out_too(tmp_path):
    path = make_zip(tmp_path / "z", {"XX\\h.json": TEXT})
    data = (tmp_path / "z").read_bytes().replace(b"XX/", b"../").replace(b"XX\\", b"..\\")
    (tmp_path / "z").write_bytes(data)
    with pytest.raises(DataError, match="leads out of the zip"):
        read_history(path)


def test_a_link_in_a_zip_is_refused(tmp_path):
    path = make_zip(tmp_path / "z", {"h.json": "/etc/passwd"}, external_attr=0o120777 << 16)
    with pytest.raises(DataError, match="a link, not a file"):
        read_history(path)


def test_an_encrypted_zip_is_refused_with_what_to_do(tmp_path):
    path = make_zip(tmp_path / "z", {"h.json": TEXT})
    data = bytearray((tmp_path / "z").read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + offset
        data[at : at + 2] = struct.pack("<H", struct.unpack("<H", data[at : at + 2])[0] | 1)
    (tmp_path / "z").write_bytes(data)
    with pytest.raises(DataError, match="is encrypted; unpack the zip with its password"):
        read_history(path)


def test_more_members_than_allowed_are_refused(tmp_path):
    path = make_zip(tmp_path / "z", {f"{n}.json": TEXT for n in range(501)})
    with pytest.raises(DataError, match="holds 501 files, at most 500"):
        read_history(path)


def test_a_zip_within_a_zip_is_refused(tmp_path):
    make_zip(tmp_path / "inner", {"h.json": TEXT})
    path = make_zip(tmp_path / "z", {"h.json": (tmp_path / "inner").read_bytes()})
    with pytest.raises(DataError, match="zip within a zip"):
        read_history(path)


def test_sizes_are_counted_as_they_are_read(tmp_path, monkeypatch):
    blanks = TEXT + " " * 3_000_000
    path = make_zip(tmp_path / "z", {"a.json": blanks, "b.json": blanks})
    assert read_history(path).counts["repeated"] == 1
    monkeypatch.setattr(history_files, "MAX_TOTAL_BYTES", 5_000_000)
    with pytest.raises(DataError, match=r"b\.json: all files together are larger"):
        read_history(path)
    monkeypatch.setattr(history_files, "MAX_MEMBER_BYTES", 2_000_000)
    with pytest.raises(DataError, match=r"a\.json.* at most 2 MB"):
        read_history(path)


def test_a_header_that_lies_about_the_size_gains_nothing(tmp_path, monkeypatch):
    path = make_zip(tmp_path / "z", {"a.json": TEXT + " " * 3_000_000})
    data = bytearray((tmp_path / "z").read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark) + offset
        data[at : at + 4] = struct.pack("<I", 100)
    (tmp_path / "z").write_bytes(data)
    monkeypatch.setattr(history_files, "MAX_MEMBER_BYTES", 2_000_000)
    with pytest.raises(DataError, match="damaged or cut off"):
        read_history(path)


def test_a_plain_file_above_the_limit_is_refused(tmp_path, monkeypatch):
    (tmp_path / "h.json").write_text(TEXT + " " * 3_000_000)
    monkeypatch.setattr(history_files, "MAX_MEMBER_BYTES", 2_000_000)
    with pytest.raises(DataError, match="larger than"):
        read_history(str(tmp_path / "h.json"))


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_a_zip_that_is_cut_off_or_altered_is_told(tmp_path, part):
    path = make_zip(tmp_path / "z", {f"{n}.json": TEXT + str(n) * 99 for n in range(5)})
    data = (tmp_path / "z").read_bytes()
    (tmp_path / "z").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(DataError, match="damaged or cut off"):
        read_history(path)


def test_every_altered_byte_ends_in_a_message_or_a_history(tmp_path):
    path = make_zip(tmp_path / "z", {"h.json": TEXT})
    data = (tmp_path / "z").read_bytes()
    told = 0
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 0xFF
        (tmp_path / "z").write_bytes(altered)
        try:
            read_history(path)
        except DataError:
            told += 1
    assert told > len(data) / 4


def test_links_in_a_folder_are_not_followed(tmp_path):
    folder = tmp_path / "f"
    (folder / "inside").mkdir(parents=True)
    (tmp_path / "other.json").write_text(json.dumps([PLAY | {"trackName": "Other"}]))
    (folder / "h.json").write_text(TEXT)
    os.symlink(tmp_path / "other.json", folder / "link.json")
    os.symlink(tmp_path, folder / "loop")
    history = read_history(str(folder))
    assert list(history.songs) == [("A", "B", "")]


def test_a_folder_is_read_in_the_order_of_its_names_and_knows_zips(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    for name, title in (("b.json", "2"), ("c.json", "3")):
        (folder / name).write_text(json.dumps([PLAY | {"trackName": title, "endTime": ""}]))
    make_zip(folder / "a.zip", {"h.json": json.dumps([PLAY | {"trackName": "1", "endTime": ""}])})
    history = read_history(str(folder))
    assert [play[2] for play in history.plays] == ["1", "2", "3"]
    assert not history.has_times


def test_too_many_files_in_a_folder_are_refused(tmp_path):
    for number in range(501):
        (tmp_path / f"{number}.txt").write_text("")
    with pytest.raises(DataError, match="holds 501 files, at most 500"):
        read_history(str(tmp_path))


def test_a_device_is_no_history():
    with pytest.raises(DataError, match="is not a plain file"):
        read_history(os.devnull)


def test_a_file_without_leave_to_read_is_told(tmp_path):
    path = tmp_path / "h.json"
    path.write_text(TEXT)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(DataError, match="cannot be read"):
        read_history(str(path))
