"""Reading the listeners' survey, in every form it may have and many it must not have."""

from __future__ import annotations

import csv
import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.errors import DataError, DataWarning
from scripts.moods.survey import MOOD_COLUMN, SURVEY_COLUMNS
from scripts.moods.vocabulary import LISTENER_MOODS
from scripts.tables import workbook
from scripts.tables.listeners import find_listeners, read_listeners
from scripts.tables.survey_grid import clean_text, match_columns

SURVEY = (
    Path(__file__).resolve().parents[1].parent
    / "shared" / "data" / "listeners" / "Spotify_data.xlsx"
)  # fmt: skip
needs_survey = pytest.mark.skipif(
    not SURVEY.is_file(), reason=f"the published survey is not at {SURVEY}"
)

RELAX, UPLIFT, SAD, SOCIAL = (phrase for phrase, _ in LISTENER_MOODS.values())
HEADER = ["Age", "Gender", "preffered_premium_plan", "music_recc_rating", MOOD_COLUMN]
ROWS: list[list[object]] = [
    ["20-35", "Female", "None", 3, f"{RELAX}, {SOCIAL}"],
    ["12-20", "Male", "Duo plan- Rs 149/month", 5, SAD],
    ["35-60", "Others", "None", 1, UPLIFT],
]


def write_csv(path: Path, rows: list, *, header=HEADER, delimiter=",", encoding="utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def write_workbook(path: Path, *sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"S{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def write_page(path: Path, *frames: pd.DataFrame, before: str = "", **options) -> Path:
    tables = "\n".join(frame.to_html(**options) for frame in frames)
    path.write_text(f"<!DOCTYPE html><html><body>{before}{tables}</body></html>", encoding="utf-8")
    return path


def frame_of(rows: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=HEADER, dtype=object)


def assert_same(one, other) -> None:
    assert one.listeners == other.listeners
    assert np.array_equal(one.moods, other.moods)
    assert one.rows == other.rows
    assert one.counts == other.counts


def assert_is_rows(table) -> None:
    assert [listener["music_recc_rating"] for listener in table.listeners] == ["3", "5", "1"]
    assert table.listeners[0]["preffered_premium_plan"] == "None"
    assert table.moods.tolist() == [[1, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]
    assert table.moods.dtype == np.int8
    assert table.rows == [1, 2, 3]
    assert table.counts == {}
    assert table.n_read == 3
    assert not table.synthetic


# ---- the forms ----------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimited_text_is_read_whatever_its_delimiter(tmp_path, delimiter, encoding):
    path = write_csv(tmp_path / "l.csv", ROWS, delimiter=delimiter, encoding=encoding)
    assert_is_rows(read_listeners(path))


def test_workbook_is_read(tmp_path):
    assert_is_rows(read_listeners(write_workbook(tmp_path / "l.xlsx", [HEADER, *ROWS])))


def test_page_is_read(tmp_path):
    assert_is_rows(read_listeners(write_page(tmp_path / "l.html", frame_of(ROWS))))


def test_content_decides_the_form_and_not_the_ending(tmp_path):
    book = write_workbook(tmp_path / "l.xlsx", [HEADER, *ROWS])
    assert_is_rows(read_listeners(book.rename(tmp_path / "book.csv")))
    assert_is_rows(read_listeners(write_csv(tmp_path / "text.xlsx", ROWS)))


def test_right_sheet_is_found_below_a_title(tmp_path):
    path = write_workbook(
        tmp_path / "l.xlsx", [["notes"], ["x"]], [["The survey"], [], HEADER, *ROWS]
    )
    assert_is_rows(read_listeners(path))


def test_numbers_blanks_and_error_cells_of_a_workbook(tmp_path):
    rows = [["20-35", None, "#N/A", 3.0, RELAX], ["20-35", True, "NaN", 3.5, SAD, "note"]]
    table = read_listeners(write_workbook(tmp_path / "l.xlsx", [[*HEADER, "extra"], *rows]))
    answers = [list(listener.values()) for listener in table.listeners]
    assert answers == [["20-35", "", "", "3"], ["20-35", "True", "", "3.5"]]


def test_page_table_is_found_by_its_columns(tmp_path):
    decoy = pd.DataFrame({"Age": [1] * 50, "Gender": [2] * 50, "sales": [3] * 50})
    coded = frame_of([[1, 0, 2, 3, 4]] * 50)  # the same columns as whole numbers
    full = frame_of(ROWS).assign(extra="x")
    frames = [decoy, frame_of(ROWS).head(2), coded, full, decoy]
    path = write_page(tmp_path / "p.html", *frames, before="<table><tr></tr></table>")
    assert_is_rows(read_listeners(path))


def test_page_with_a_named_index_or_without_one(tmp_path):
    named = frame_of(ROWS).rename_axis("person").rename_axis("question", axis=1)
    assert_is_rows(read_listeners(write_page(tmp_path / "a.html", named)))
    assert_is_rows(read_listeners(write_page(tmp_path / "b.html", frame_of(ROWS), index=False)))


def test_page_with_a_table_inside_a_table(tmp_path):
    inner = frame_of(ROWS).to_html()
    path = tmp_path / "p.html"
    path.write_text(f"<html><table><tr><td>layout</td><td>{inner}</td></tr></table></html>")
    assert_is_rows(read_listeners(path))


def test_preview_rows_are_dropped_and_counted(tmp_path):
    path = write_page(tmp_path / "p.html", frame_of(ROWS * 10), max_rows=6)
    table = read_listeners(path)
    assert len(table.listeners) == 6
    assert table.rows == [1, 2, 3, 5, 6, 7]
    assert table.counts == {"rows left out by a preview (...)": 1}
    assert table.rejected["row"].tolist() == [4]


def test_texts_that_a_preview_cut_are_not_taken_for_answers(tmp_path):
    header = ["Age", "Gender", "spotify_listening_device", MOOD_COLUMN]
    rows = [
        ["20-35", "Fema...", "Smartphone, Computer or laptop, Smart spe...", RELAX],
        ["20-35", "Female", "Smartphone", SAD],
        ["20-35", "Female", "Smartphone", f"{RELAX}, Uplifting and moti..."],
    ]
    path = write_page(tmp_path / "p.html", pd.DataFrame(rows, columns=header))
    with pytest.warns(DataWarning, match="cut short by a preview.* 1 rows, first in row 1"):
        table = read_listeners(path)
    assert table.rows == [1, 2]
    assert table.listeners[0]["Gender"] == ""
    assert table.listeners[0]["spotify_listening_device"] == "Smartphone, Computer or laptop"
    assert table.counts == {"moods cut short by a preview": 1}


@pytest.mark.parametrize(
    "header",
    [
        [
            " age",
            "GENDER ",
            "preferred_premium_plan",
            "Music Recc Rating",
            "music_influential_mood",
        ],
        ["\ufeffAge", "Gender", "Preferred-Premium-Plan", "music_recc_rating", MOOD_COLUMN.upper()],
    ],
)
def test_columns_are_known_in_other_spellings(tmp_path, header):
    assert_is_rows(read_listeners(write_csv(tmp_path / "l.csv", ROWS, header=header)))


def test_synthetic_tables_are_recognised(tmp_path):
    rows = [["yes", *row] for row in ROWS]
    path = write_csv(tmp_path / "l.csv", rows, header=["Synthetic", *HEADER])
    table = read_listeners(path)
    assert table.synthetic
    assert "synthetic, so nothing can be learned" in table.summary()
    assert set(table.listeners[0]) == set(HEADER) - {MOOD_COLUMN}


def test_columns_without_a_name_do_no_harm(tmp_path):
    noted = [[*row, "a note"] for row in ROWS]
    assert_is_rows(read_listeners(write_workbook(tmp_path / "l.xlsx", [HEADER, *noted])))
    header = [*HEADER, "", ""]
    rows = [noted[0], [*noted[1], ""], ROWS[2]]
    assert_is_rows(read_listeners(write_csv(tmp_path / "l.csv", rows, header=header)))


def test_rows_with_nothing_but_foreign_columns_have_no_answers(tmp_path):
    rows = [["x", *row] for row in [ROWS[0], [""] * 5, ROWS[1]]]
    table = read_listeners(write_csv(tmp_path / "l.csv", rows, header=["id", *HEADER]))
    assert table.rows == [1, 3]
    assert table.counts == {"no answers": 1}


# ---- rows ---------------------------------------------------------------------------------


def test_dropped_rows_are_counted_and_the_others_keep_their_number(tmp_path):
    rows = [
        ["20-35", "Female", "None", 3, RELAX],
        ["20-35", "Female", "None", 3, ""],
        [],
        ["20-35", "Female", "None", 3, "None"],
        ["20-35", "Female", "None", 3, "Bliss"],
        ["20-35", "Female", "None", 3, "x" * 1500],
        ["20-35", "Female", "None", 3, SAD, "one too many"],
        ["20-35", "Female"],
        ["", "", "", "", ""],
        ["", "", "", "", SAD],
        [],
    ]
    table = read_listeners(write_csv(tmp_path / "l.csv", rows))
    assert table.rows == [1, 10]
    assert table.n_read == 10
    assert table.counts == {
        "no mood": 2,
        "no answers": 2,
        "unknown mood": 1,
        "answer too long": 1,
        "wrong number of cells": 2,
    }
    assert list(table.rejected.columns) == ["file", "row", "reason", "column", "value"]
    bliss = table.rejected[table.rejected["reason"] == "unknown mood"].iloc[0]
    assert bliss.tolist() == ["l.csv", 5, "unknown mood", MOOD_COLUMN, "Bliss"]
    assert table.summary() == (
        "2 of 10 rows from l.csv (relaxation 1, uplifting 0, sadness 1, social 0); "
        "dropped: no mood 2, no answers 2, unknown mood 1, answer too long 1, "
        "wrong number of cells 2"
    )


def test_unknown_words_beside_known_moods_are_warned_of(tmp_path):
    rows = [*ROWS, ["20-35", "Male", "None", 3, f"{SAD}, Bliss"]]
    with pytest.warns(DataWarning, match="unknown mood words.* 1 rows, first in row 4"):
        table = read_listeners(write_csv(tmp_path / "l.csv", rows))
    assert table.moods[3].tolist() == [0, 0, 1, 0]


def test_new_people_need_no_moods(tmp_path):
    rows = [row[:-1] for row in ROWS]
    table = read_listeners(
        write_csv(tmp_path / "l.csv", rows, header=HEADER[:-1]), need_moods=False
    )
    assert table.moods is None
    assert len(table.listeners) == 3
    assert table.summary() == "3 of 3 rows from l.csv"


def test_new_people_may_have_moods_and_be_alone(tmp_path):
    rows = [["20-35", "Male", "None", 3, "Bliss"]]
    table = read_listeners(write_csv(tmp_path / "l.csv", rows), need_moods=False)
    assert table.moods is not None
    assert table.moods.tolist() == [[0, 0, 0, 0]]


_ANSWERS = st.sampled_from(["None", "20-35", "a, b", "3", "ü", "", 'say "x"', "=1+1"])
_MOODS = st.lists(st.sampled_from([RELAX, UPLIFT, SAD, SOCIAL]), min_size=1, unique=True)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(_ANSWERS, _ANSWERS, _ANSWERS, _MOODS), min_size=1, max_size=8))
def test_every_form_gives_the_same_table(tmp_path, drawn):
    header = ["Age", "fav_music_genre", "music_time_slot", MOOD_COLUMN]
    rows = [[*answers, ", ".join(moods)] for *answers, moods in drawn]
    rows += [["1", "2", "3", RELAX], ["1", "2", "3", SAD]]  # moods differ
    from_csv = read_listeners(write_csv(tmp_path / "l.csv", rows, header=header))
    frame = pd.DataFrame(rows, columns=header)
    with pd.option_context("display.max_colwidth", None):
        assert_same(read_listeners(write_page(tmp_path / "l.html", frame)), from_csv)
    texts = [["" if str(cell).startswith("=") else cell for cell in row] for row in rows]
    book = read_listeners(write_workbook(tmp_path / "l.xlsx", [header, *texts]))
    plain = read_listeners(write_csv(tmp_path / "m.csv", texts, header=header))
    assert_same(book, plain)
    assert from_csv.rows == list(range(1, len(rows) + 1))


@settings(deadline=None)
@given(st.text())
def test_clean_text_is_its_own_fixed_point(text):
    once = clean_text(text)
    assert clean_text(once) == once
    assert once == once.strip()


def test_every_survey_column_finds_itself():
    found = match_columns([*SURVEY_COLUMNS, MOOD_COLUMN])
    assert list(found) == [*SURVEY_COLUMNS, MOOD_COLUMN]


# ---- tables that cannot be used -----------------------------------------------------------


def refused(path: Path, match: str, **options) -> None:
    with pytest.raises(DataError, match=match) as caught:
        read_listeners(path, **options)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    refused(tmp_path / "no.xlsx", r"no such file.*\.xlsx.*CSV.*__results__")
    refused(tmp_path, "a folder. Name the file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file(tmp_path):
    path = write_csv(tmp_path / "l.csv", ROWS)
    path.chmod(0)
    refused(path, "cannot be read.*Permission denied")


def test_vanished_file_is_a_data_error(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "l.csv", ROWS)

    def fail(self, *_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    refused(path, "cannot be read.*Input/output error")


def test_missing_mood_column_offers_the_nearest(tmp_path):
    header = [*HEADER[:-1], "influencial mood"]
    path = write_csv(tmp_path / "l.csv", ROWS, header=header)
    refused(path, "'music_Influencial_mood' is missing.*Nearest names: 'influencial mood'")


def test_too_few_columns_offer_the_nearest(tmp_path):
    header = ["Ages", "Gender", "music time", "shoe size", MOOD_COLUMN]
    path = write_csv(tmp_path / "l.csv", ROWS, header=header)
    refused(path, "1 of the survey's columns.*at least 3.*'Ages' for Age.*'music time' for music")
    write_csv(path, ROWS, header=list("vwxyz"))
    refused(path, "0 of the survey's columns.*Nearest names: none")


def test_column_twice(tmp_path):
    header = ["Age", "preffered_premium_plan", "preferred_premium_plan", "Gender", MOOD_COLUMN]
    path = write_csv(tmp_path / "l.csv", ROWS, header=header)
    refused(path, "'preffered_premium_plan', 'preferred_premium_plan' all mean")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_empty_file(tmp_path, content):
    path = tmp_path / "l.csv"
    path.write_bytes(content)
    refused(path, "the table is empty")


def test_header_without_rows(tmp_path):
    refused(write_csv(tmp_path / "l.csv", []), "a header without rows")
    refused(write_workbook(tmp_path / "l.xlsx", [HEADER]), "a header without rows")


def test_page_without_tables_or_without_the_survey(tmp_path):
    path = tmp_path / "p.html"
    path.write_text("<html><body><p>Sign in</p></body></html>")
    refused(path, "no table")
    refused(write_page(path, pd.DataFrame({"a": [1]})), "0 of the survey's columns")


@pytest.mark.parametrize("start", ["<!DOCTYPE html>", "\ufeff\n<HTML>", "<!-- saved -->\n<html>"])
@pytest.mark.parametrize("name", ["l.csv", "l.xlsx", "listeners"])
def test_page_under_another_name(tmp_path, start, name):
    path = tmp_path / name
    path.write_text(start + frame_of(ROWS).to_html(), encoding="utf-8")
    refused(path, r"web page \(HTML\) saved as.*ending \.html")


def test_one_single_mood(tmp_path):
    rows = [[*row[:-1], f"{SAD}, {SOCIAL}"] for row in ROWS]
    refused(write_csv(tmp_path / "l.csv", rows), "all 3 listeners.*sadness and social.*nothing to")


def test_unknown_moods_everywhere(tmp_path):
    rows = [[*row[:-1], "\x1b[31mBliss"] for row in ROWS]
    path = write_csv(tmp_path / "l.csv", rows)
    refused(path, r"none of the 3 rows.*unknown mood 3.*'\\x1b\[31mBliss'.*Allowed.*Relaxation")


def test_commas_without_quotes(tmp_path):
    path = tmp_path / "l.csv"
    path.write_text(",".join(HEADER) + f"\n20-35,Male,None,3,{RELAX},{SAD}\n")
    refused(path, "none of the 1 rows.*6 cells, the header has 5.*quotes")


def test_text_that_is_not_utf8(tmp_path):
    path = write_csv(tmp_path / "l.csv", [["é"] * 5], encoding="latin-1")
    refused(path, "line 2: the byte 0xe9 is not UTF-8")
    refused(write_csv(path, ROWS, encoding="utf-16"), "UTF-16; allowed is UTF-8")


def test_binary_file(tmp_path):
    path = tmp_path / "l.parquet"
    path.write_bytes(b"PAR1\x00\x01PAR1")
    refused(path, "no text")


@pytest.mark.parametrize("cell", ['"never closed', '"a"b'])
def test_quotes_that_do_not_match(tmp_path, cell):
    path = tmp_path / "l.csv"
    path.write_text(",".join(HEADER) + f"\n20-35,{cell},None,3,{SAD}\n")
    refused(path, "the quotes do not match")


def test_endless_cell_in_the_header(tmp_path):
    path = tmp_path / "l.csv"
    path.write_text("x" * 200_000)
    refused(path, "the quotes do not match|columns found")


# ---- hostile, locked and broken workbooks -------------------------------------------------


def rewrite(path: Path, changes: dict[str, bytes]) -> Path:
    """Replace or add members of a zip archive."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **changes}.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def book(tmp_path) -> Path:
    return write_workbook(tmp_path / "l.xlsx", [HEADER, *ROWS])


@pytest.mark.parametrize(
    ("stream", "match"),
    [
        ("EncryptedPackage", "encrypted.*remove the password"),
        ("Workbook", r"legacy \.xls workbook.*save it as \.xlsx"),
        ("WordDocument", "legacy Office file"),
    ],
)
def test_ole_files(tmp_path, stream, match):
    path = tmp_path / "l.xlsx"
    path.write_bytes(workbook.OLE_MAGIC + bytes(600) + stream.encode("utf-16-le"))
    refused(path, match)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["Spotify_data.xlsx"], "zip archive and not a workbook; it holds 'Spotify_data.xlsx'. U"),
        (["a", "b", "c", "d"], "'a', 'b', 'c' and more"),
        ([], "holds nothing"),
        (["xl/workbook.bin"], "binary workbook"),
        (["mimetype", "content.xml"], "OpenDocument"),
    ],
)
def test_archives_that_are_no_workbook(tmp_path, names, match):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    refused(path, match)


def test_damaged_archive(book):
    book.write_bytes(book.read_bytes()[:1500])
    refused(book, "is damaged")


def test_damaged_member(book):
    content = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as archive:
        at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[at + 60 : at + 160] = b"\xff" * 100
    book.write_bytes(content)
    refused(book, "cannot be read")


def test_workbook_of_nonsense(book):
    refused(rewrite(book, {"xl/workbook.xml": b"<nonsense/>"}), "holds no table")


def test_password_of_the_zip(book):
    content = bytearray(book.read_bytes())
    at = content.index(b"PK\x01\x02")
    flags = struct.unpack_from("<H", content, at + 8)[0]
    struct.pack_into("<H", content, at + 8, flags | 1)
    book.write_bytes(content)
    refused(book, "locked by a password")


def test_bomb_by_size(book, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_UNPACKED_BYTES", 3_000_000)
    refused(rewrite(book, {"xl/big.xml": os.urandom(3_100_000)}), "zip bomb: 3 MB unpacked.*3 MB")


def test_bomb_by_ratio(book, monkeypatch):
    def no_unpacking(*_):
        raise AssertionError("a member was opened")

    rewrite(book, {"xl/big.xml": bytes(21_000_000)})
    monkeypatch.setattr(zipfile.ZipFile, "open", no_unpacking)
    refused(book, "zip bomb: .* times its size; allowed is 100 times")


def test_bomb_by_members(book, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_MEMBERS", 20)
    refused(rewrite(book, {f"xl/{n}.xml": b"" for n in range(30)}), "more than 20 members")


def test_rows_beyond_what_a_workbook_can_have(book, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 1000)
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    sheet += b'<sheetData><row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData>'
    refused(rewrite(book, {"xl/worksheets/sheet1.xml": sheet + b"</worksheet>"}), "rows beyond")


SHEET_XMLNS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.fixture
def shared_book(book) -> Path:
    """A workbook whose text lies in shared strings, as spreadsheet programs write it."""
    with zipfile.ZipFile(book) as archive:
        types = archive.read("[Content_Types].xml")
    texts = [str(cell) for row in [HEADER, *ROWS] for cell in row]
    strings = "".join(f"<si><t>{text}</t></si>" for text in texts).encode()
    width = len(HEADER)
    cells = [f'<c r="{"ABCDE"[n % width]}{n // width + 1}" t="s"><v>{n}</v></c>' for n in range(20)]
    rows = "".join(
        f'<row r="{n + 1}">{"".join(cells[n * width : (n + 1) * width])}</row>' for n in range(4)
    ).encode()
    part = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    changes = {
        "xl/sharedStrings.xml": b"<sst " + SHEET_XMLNS + b">" + strings + b"</sst>",
        "xl/worksheets/sheet1.xml": b"<worksheet %s><sheetData>%s</sheetData></worksheet>"
        % (SHEET_XMLNS, rows),
    }
    if b"sharedStrings" not in types:
        changes["[Content_Types].xml"] = types.replace(b"</Types>", part)
    return rewrite(book, changes)


def test_shared_strings_are_read(shared_book):
    assert_is_rows(read_listeners(shared_book))


def _with_prolog(book: Path, member: str, prolog: bytes) -> Path:
    with zipfile.ZipFile(book) as archive:
        content = archive.read(member)
    start = content.index(b"?>") + 2 if content.startswith(b"<?xml") else 0
    body = content[start:].replace(b"20-35", b"&b;") if b"ENTITY b" in prolog else content[start:]
    return rewrite(book, {member: content[:start] + prolog + body})


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "LEAK"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("prolog", [ENTITIES, OUTSIDE, b"<!DOCTYPE x>"])
@pytest.mark.parametrize(
    "member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"]
)
def test_entities_and_document_types_are_refused(shared_book, member, prolog):
    refused(_with_prolog(shared_book, member, prolog), f"'{member}' declares a document type")


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_openpyxl_itself_runs_with_defusedxml(shared_book, member, monkeypatch):
    monkeypatch.setattr(workbook, "check_entities", lambda path: None)
    refused(_with_prolog(shared_book, member, ENTITIES), "EntitiesForbidden")


def test_workbooks_are_refused_without_defusedxml(book, monkeypatch):
    monkeypatch.setattr(openpyxl, "DEFUSEDXML", False)
    refused(book, "only with defusedxml active.*pip install defusedxml")


def test_pictures_in_a_workbook_do_no_harm(book):
    assert_is_rows(read_listeners(rewrite(book, {"xl/media/image1.png": b"\x89PNG\r\n\x1a\n\x00"})))


# ---- finding the file ---------------------------------------------------------------------


def test_find_listeners_prefers_real_tables_in_order(tmp_path):
    with pytest.raises(DataError, match="no listeners' table here"):
        find_listeners(tmp_path)
    order = [
        "sample/listeners.csv",
        "other.xlsx",
        "listeners.csv",
        "listeners.xlsx",
        "spotify_data.xlsx",
        "listeners/people.xlsx",
        "listeners/Spotify_data.xlsx",
        "spotify-user-behavior-analysis/__results__.html",
    ]
    (tmp_path / "~$other.xlsx").touch()
    for name in order:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        assert find_listeners(tmp_path) == path


def test_find_listeners_does_not_guess_between_workbooks(tmp_path):
    (tmp_path / "a.xlsx").touch()
    (tmp_path / "b.xlsx").touch()
    with pytest.raises(DataError, match=r"2 workbooks, 'a\.xlsx', 'b\.xlsx'.*listeners\.xlsx"):
        find_listeners(tmp_path)


# ---- the published survey -----------------------------------------------------------------


@pytest.fixture(scope="module")
def survey_frame() -> pd.DataFrame:
    return pd.read_excel(SURVEY, keep_default_na=False, dtype=object)


@needs_survey
def test_published_survey():
    table = read_listeners(SURVEY)
    assert len(table.listeners) == 520
    assert table.rows == list(range(1, 521))
    assert table.moods is not None
    # counted in a spreadsheet: rows that tick each mood
    assert dict(zip(LISTENER_MOODS, table.moods.sum(axis=0).tolist(), strict=True)) == {
        "relaxation": 364,
        "uplifting": 199,
        "sadness": 167,
        "social": 92,
    }
    assert set(table.listeners[0]) == set(SURVEY_COLUMNS)
    assert sum(one["preffered_premium_plan"] == "None" for one in table.listeners) == 208
    assert all(all(one.values()) for one in table.listeners)


@needs_survey
def test_published_survey_as_page_and_as_csv(tmp_path, survey_frame):
    table = read_listeners(SURVEY)
    other = pd.DataFrame({"Age": range(3), "count": range(3)})
    with pd.option_context("display.max_colwidth", None):
        page = write_page(
            tmp_path / "__results__.html",
            *[other, survey_frame.head(), survey_frame.describe()],
            survey_frame.assign(extra=1, cluster="x"),
        )
    assert_same(read_listeners(page), table)
    survey_frame.to_csv(tmp_path / "l.csv", index=False)
    assert_same(read_listeners(tmp_path / "l.csv"), table)
    text = io.StringIO()
    survey_frame.to_csv(text, sep=";")
    (tmp_path / "m.csv").write_text(text.getvalue(), encoding="utf-8-sig")
    assert_same(read_listeners(tmp_path / "m.csv"), table)
