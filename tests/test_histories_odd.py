"""Histories that are odd, hostile or given twice: what is refused, counted and told."""

from __future__ import annotations

import json
import os
import zipfile
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import DataError
from scripts.tables import history_plays, history_scrobbles
from scripts.tables.histories import read_history
from scripts.tables.history_dates import read_times
from scripts.tables.history_parts import read_values


def account(title="Jóga", when="2016-02-23 17:59", **changes) -> dict:
    record = {"endTime": when, "artistName": "Björk", "trackName": title, "msPlayed": 200_000}
    return record | changes


def extended(title="Jóga", when="2016-02-23T17:59:00Z", **changes) -> dict:
    return {
        "ts": when,
        "ms_played": 200_000,
        "master_metadata_track_name": title,
        "master_metadata_album_artist_name": "Björk",
        "spotify_track_uri": None,
        "skipped": False,
    } | changes


def many(n_plays: int, *, title: str, month: int = 1) -> list[dict]:
    return [
        account(f"{title} {n}", f"2020-{month:02}-{1 + n % 28:02} {n // 28:02}:00")
        for n in range(n_plays)
    ]


def write(path, content) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


# Hostile


@pytest.mark.parametrize(
    ("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")]
)
def test_members_whose_size_cannot_be_held_down_are_refused(tmp_path, method, name):
    with zipfile.ZipFile(tmp_path / "z", "w", method) as made:
        made.writestr("h.json", json.dumps([account()]))
    with pytest.raises(DataError, match=f"'h.json' is compressed with {name}, .*unpack the zip"):
        read_history(str(tmp_path / "z"))


def test_a_directory_that_is_too_long_is_refused_before_it_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "z", "w") as made:
        made.writestr("h.json", json.dumps([account()]))
    data = bytearray((tmp_path / "z").read_bytes())
    at = data.rindex(b"PK\x05\x06")
    data[at + 10 : at + 12] = (3_000).to_bytes(2, "little")
    with pytest.raises(DataError, match="the zip holds 3000 entries, at most 500"):
        read_history(write(tmp_path / "z", bytes(data)))


@pytest.mark.parametrize("text", ["x", 'a "b" \\', "é\\n"])
def test_the_work_for_an_odd_record_does_not_double_with_every_string(tmp_path, text):
    strings = {f"k{n}": text for n in range(80)}  # 2**80 ways, were each read in two ways
    records = [strings | extended("A"), strings | {"more": text} | extended("B")]
    history = read_history(write(tmp_path / "h.json", records))
    assert [title for _, title, _ in history.songs] == ["A", "B"]


def test_what_is_too_long_for_a_name_is_none(tmp_path):
    records = [account("x" * 500), account("x" * 501), account(artistName="x" * 100_000)]
    history = read_history(write(tmp_path / "h.json", records))
    assert (history.n_listens, history.counts["unreadable"]) == (1, 2)


def test_more_plays_than_one_listener_can_have_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(history_plays, "MAX_PLAYS", 10)
    rows = "uts,artist,track\n" + "1456250340,A,B\n" * 11
    for content in (rows, [account()] * 11, [account(), *[account(more=1)] * 11]):
        with pytest.raises(DataError, match="more than 10 listens"):
            read_history(write(tmp_path / "h", content))


def test_a_number_of_thousands_of_digits_costs_one_row(tmp_path):
    text = json.dumps([account("A"), account("B", msPlayed=7), account("C")])
    history = read_history(write(tmp_path / "h.json", text.replace(": 7}", f": {'7' * 5000}}}")))
    assert (history.n_listens, history.counts["unreadable"]) == (2, 1)


def test_a_bad_line_costs_one_row(tmp_path):
    lines = [json.dumps(account("A")), '{"endTime": oops}', json.dumps(account("B"))]
    history = read_history(write(tmp_path / "h.jsonl", "\n".join(lines)))
    assert (history.n_listens, history.counts["unreadable"]) == (2, 1)


@given(st.lists(st.one_of(st.integers(), st.text(), st.dictionaries(st.text(), st.integers()))))
def test_values_are_read_one_by_one_as_together(values):
    for text in (
        json.dumps(values),
        json.dumps(values, indent=1),
        "\n".join(map(json.dumps, values)),
    ):
        if text:
            assert list(read_values(text.encode(), "x")) == values


@pytest.mark.parametrize("text", ["[1,2", "[1 2]", "[1,,2]", "[1,]", "[,1]", "[1]]", "[1]x", "["])
def test_an_array_that_is_none_is_told_with_its_place(text):
    with pytest.raises(DataError, match=r"h: is no whole JSON file \(it breaks at line 1, column"):
        list(read_values(text.encode(), "h"))


# Tables


def test_a_cell_without_end_is_told_with_its_line(tmp_path):
    text = 'artist,track,date\nA,"' + "x" * 2**20 + "\n"
    with pytest.raises(DataError, match=r"h.csv: line 2: .*quotation mark may lack its partner"):
        read_history(write(tmp_path / "h.csv", text))


def test_lines_that_a_lone_quotation_mark_swallows_are_counted(tmp_path):
    rows = [f"{1456250340 + n},A,T{n}\n" for n in range(30)]
    rows[10] = '1456250350,A,"T10\n'
    rows[20] = '1456250360,"A,T20\n'
    history = read_history(write(tmp_path / "h.csv", "uts,artist,track\n" + "".join(rows)))
    assert history.counts["rows"] == 30
    assert history.n_listens + history.counts["unreadable"] == 30
    assert history.n_listens >= 19


@given(
    st.binary(max_size=40),
    st.integers(1, 7),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "latin-1"]),
)
def test_where_a_file_is_cut_changes_no_text(noise, size, code):
    text = "uts,artist,track\n1456250340,Björk,Jóga\r\n".encode(code)
    data = text if code == "utf-16" else text + noise
    start = max(4, size)
    pieces = [data[:start], *(data[at : at + size] for at in range(start, len(data), size))]
    whole = "".join(history_scrobbles.read_texts([data]))
    assert "".join(history_scrobbles.read_texts(pieces)) == whole
    assert whole.startswith("uts,artist,track\n1456250340,Björk,Jóga\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "title,artist,valence\nA,B,.5\n",
        "title,artist,date\nA,B,pop\n",
        "date,shop,city\n2024-01-01,Aldi,Bonn\n2024-01-02,Lidl,Bonn\n",
        "date,km\n2024-01-01 10:00,7\n",
    ],
)
def test_other_tables_are_no_histories(tmp_path, text):
    with pytest.raises(DataError, match="no listening history"):
        read_history(write(tmp_path / "h.csv", text))


def test_a_guessed_table_says_what_it_was_taken_for_and_gives_way_to_an_export(tmp_path):
    rows = "a,b,c,d\n" + "".join(f"Abba,x,T{n},2016-02-23 17:5{n}\n" for n in range(5))
    path = write(tmp_path / "f" / "h.csv", rows)
    assert read_history(path).format == "table (artist: column 1, title: column 3)"
    write(tmp_path / "f" / "log.csv", "a,b,c,d,e\n" + "2016-02-23 17:59,x,y,z,w\n" * 3)
    write(tmp_path / "f" / "h.json", [account()])
    history = read_history(str(tmp_path / "f"))
    assert history.format == "Spotify account data"
    assert (history.counts["files"], history.counts["ignored files"]) == (1, 2)


@given(st.lists(st.datetimes(), min_size=1))
def test_days_with_slashes_are_read_where_one_tells_the_order(moments):
    moments = [moment.replace(year=2016, second=0, microsecond=0) for moment in moments]
    iso = read_times([moment.strftime("%Y-%m-%d %H:%M") for moment in moments])
    months_first = read_times([moment.strftime("%m/%d/%Y %I:%M %p") for moment in moments])
    days_first = read_times([moment.strftime("%d/%m/%Y %H:%M") for moment in moments])
    told = any(moment.day > 12 for moment in moments)
    assert months_first == days_first == (iso if told else [0] * len(moments))


def test_milliseconds_of_listens_are_read(tmp_path):
    meta = {"track_name": "Jóga", "artist_name": "Björk"}
    lines = [
        json.dumps({"listened_at": when, "track_metadata": meta})
        for when in (1456250340, 1456250341000)
    ]
    history = read_history(write(tmp_path / "l.jsonl", "\n".join(lines)))
    assert [play[0] for play in history.plays] == [1456250340, 1456250341]


# What is told


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it is empty"),
        ("uts,artist,track\n", "it has a header and no rows"),
        ('[{"endTime": "2016-02-23 17:59", "artistNa', "cut off or damaged within its first"),
    ],
)
def test_why_a_file_is_no_history_is_told(tmp_path, content, reason):
    with pytest.raises(DataError, match=f"no listening history was found in it .*{reason}"):
        read_history(write(tmp_path / "h", content))


def test_a_record_of_another_format_is_unreadable(tmp_path):
    history = read_history(write(tmp_path / "h.json", [account(), extended()]))
    assert (history.n_listens, history.counts["unreadable"]) == (1, 1)


# Times that lie ahead


def test_a_play_dated_after_its_file_has_no_date(tmp_path):
    plays = [account("A"), account("B", "2016-02-25 17:00"), account("C", "2031-01-01 00:00")]
    table = "uts,artist,track\n1456250340,X,A\n1456419600,X,B\n1924992000,X,C\n"
    for content in (plays, table):
        path = write(tmp_path / "h", content)
        os.utime(path, (1456250340, 1456250340))
        history = read_history(path)
        assert [(title, when is None) for when, _, title, _, _ in history.plays] == [
            ("C", True),
            ("A", False),
            ("B", False),
        ]
        assert history.counts["no date"] == 1
        os.utime(path, (0, 0))  # then it is the file's time that is wrong
        assert "no date" not in read_history(path).counts


# Several files


def test_what_is_given_twice_counts_once(tmp_path):
    one = write(tmp_path / "a.json", [account("A"), account("B")])
    two = write(tmp_path / "b.json", [account("B"), account("C")])
    assert read_history([one, one]).n_listens == 2
    history = read_history([one, two])
    assert (history.n_listens, history.counts["repeated"], history.counts["files"]) == (3, 1, 2)
    assert list(history.songs.values()) == [1, 1, 1]


def test_account_data_adds_what_is_later_than_the_extended_history(tmp_path):
    days = [f"2016-02-{day:02}" for day in (21, 22, 23, 24, 25)]
    older = [extended(f"T{n}", f"{day}T10:00:30Z") for n, day in enumerate(days[:3])]
    newer = [account(f"T{n}", f"{day} 10:00") for n, day in enumerate(days[1:], 1)]
    paths = [write(tmp_path / "e.json", older), write(tmp_path / "a.json", newer)]
    history = read_history(paths)
    assert [title for _, _, title, _, _ in history.plays] == [f"T{n}" for n in range(5)]
    assert all(before[0] < after[0] for before, after in pairwise(history.plays))
    assert (history.n_listens, history.counts["files"]) == (5, 2)


def test_histories_of_several_listeners_side_by_side_are_refused(tmp_path):
    for name in ("x", "y", "z"):
        write(tmp_path / "all" / name / "StreamingHistory0.json", many(99, title=name))
    with pytest.raises(DataError, match="holds 3 histories of the same time"):
        read_history(str(tmp_path / "all"))


def test_exports_of_one_listener_in_several_folders_are_one_history(tmp_path):
    for month in (1, 2, 3):
        write(tmp_path / "years" / str(month) / "h.json", many(99, title="T", month=month))
    assert read_history(str(tmp_path / "years")).n_listens == 297
    for n_plays in (60, 80, 99):
        write(tmp_path / "again" / str(n_plays) / "h.json", many(n_plays, title="T"))
    assert read_history(str(tmp_path / "again")).n_listens == 99
