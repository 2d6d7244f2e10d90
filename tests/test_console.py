"""What a person sees in the terminal."""

from __future__ import annotations

import io
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import console
from scripts.console import (
    Stages,
    clean_text,
    emphasise,
    fit_text,
    format_duration,
    format_table,
    note,
    text_width,
    wants_colour,
)

#: Unicode's own list of marks that turn the direction of a line.
BIDI_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

CONTROLS = "".join(map(chr, [*range(32), *range(127, 160)]))

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(CONTROLS + BIDI_MARKS + "\u2028\u200b\ufeff"),
        st.sampled_from("a歌가ｆé\u0301\u0e31\u200d\ufe0f🎵"),
    ),
    max_size=30,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


class TestCleanText:
    @given(ANY_TEXT)
    def test_nothing_is_left_that_steers_a_terminal(self, text):
        cleaned = clean_text(text)
        assert not set(cleaned) & set(CONTROLS)
        assert not set(cleaned) & set(BIDI_MARKS)
        assert "\u2028" not in cleaned
        cleaned.encode("utf-8")  # no lone surrogate

    @given(ANY_TEXT)
    def test_cleaning_twice_is_cleaning_once(self, text):
        assert clean_text(clean_text(text)) == clean_text(text)

    @given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20))
    def test_letters_digits_and_signs_stay(self, text):
        assert clean_text(text) == text

    @pytest.mark.parametrize("mark", BIDI_MARKS)
    def test_every_direction_mark_goes(self, mark):
        assert clean_text(f"a{mark}b") == "ab"

    def test_an_escape_sequence_is_words(self):
        assert clean_text("\x1b]0;title\x07\x9b31m") == " ]0;title  31m"

    def test_joiners_that_scripts_need_stay(self):
        assert clean_text("می\u200cخواهم") == "می\u200cخواهم"


class TestTextWidth:
    @pytest.mark.parametrize(
        ("text", "width"),
        [
            ("abc", 3),
            ("歌", 2),
            ("가", 2),
            ("ﾊ", 1),
            ("Ｆ", 2),
            ("e\u0301", 1),
            ("é", 1),
            ("\u0e01\u0e31", 1),  # Thai: the vowel sign stands above its letter
            ("\u0915\u094d", 1),  # Devanagari: the virama hangs below
            ("❤\ufe0f", 1),
            ("\u1112\u1161\u11ab", 2),  # one Hangul syllable out of three letters
            ("🎵", 2),
            ("", 0),
        ],
    )
    def test_cells(self, text, width):
        assert text_width(text) == width

    @given(ANY_TEXT, ANY_TEXT)
    def test_widths_add_up(self, one, other):
        one, other = clean_text(one), clean_text(other)
        assert text_width(one + other) == text_width(one) + text_width(other)


class TestFitText:
    @given(ANY_TEXT, st.integers(min_value=1, max_value=40))
    def test_the_width_is_exact(self, text, width):
        assert text_width(fit_text(clean_text(text), width)) == width

    @given(ANY_TEXT, st.integers(min_value=1, max_value=40))
    def test_what_fits_is_whole_and_a_cut_is_marked(self, text, width):
        text = clean_text(text)
        fitted = fit_text(text, width)
        if text_width(text) <= width:
            assert fitted == text + " " * (width - text_width(text))
        else:
            kept = fitted.rstrip(" ")
            assert kept.endswith("…")
            assert text.startswith(kept[:-1])

    def test_a_wide_sign_is_not_cut_in_half(self):
        assert fit_text("歌歌歌", 4) == "歌… "


class TestFormatTable:
    def test_columns_line_up(self):
        table = format_table(["#", "Title"], [["1", "歌歌"], ["10", "Love"]], [5, 10])
        assert table.splitlines() == [" #  Title", " 1  歌歌", "10  Love"]

    def test_a_long_cell_is_cut_at_the_widest(self):
        assert format_table(["Why"], [["a long reason"]], [8]) == "Why\na long …"

    def test_numbers_stand_right_in_cells_not_letters(self):
        lines = format_table(["Title"], [["１９"], ["1.5"]], [9]).splitlines()
        assert lines == ["Title", " １９", "  1.5"]

    def test_a_long_number_is_cut_as_a_text_is(self):
        assert format_table(["T"], [["123456"]], [4]).splitlines()[1] == "123…"

    def test_no_rows_leave_the_header(self):
        assert format_table(["A", "B"], [], [3, 3]) == "A  B"

    @given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
    def test_one_line_a_row_and_no_control(self, rows):
        lines = format_table(["One", "Other"], rows, [9, 9]).split("\n")
        assert len(lines) == len(rows) + 1
        for line in lines:
            assert clean_text(line) == line
            assert text_width(line) <= 9 + 2 + 9

    @given(st.lists(st.tuples(ANY_TEXT, st.just("|")), min_size=1, max_size=5))
    def test_the_next_column_starts_at_the_same_cell(self, rows):
        lines = format_table(["One", "|"], rows, [9, 1]).split("\n")
        starts = {text_width(line[: line.rindex("|")]) for line in lines}
        assert len(starts) == 1


class TestFormatDuration:
    @pytest.mark.parametrize(
        ("ms", "text"),
        [
            (0, "0:00"),
            (499, "0:00"),
            (59_499, "0:59"),
            (59_501, "1:00"),
            (205_400, "3:25"),
            (3_599_499, "59:59"),
            (3_599_501, "1:00:00"),
            (86_400_000, "24:00:00"),
        ],
    )
    def test_minutes_seconds_and_hours(self, ms, text):
        assert format_duration(ms) == text

    @given(st.integers(0, 10**9))
    def test_it_reads_back_to_the_second(self, ms):
        *hours, minutes, seconds = format_duration(ms).split(":")
        assert len(seconds) == 2
        assert not hours or len(minutes) == 2
        total = 3600 * int(hours[0] if hours else 0) + 60 * int(minutes) + int(seconds)
        assert abs(1000 * total - ms) <= 500


class TestColour:
    def test_a_terminal_gets_bold(self, terminal):
        assert emphasise("Mood", terminal) == "\x1b[1mMood\x1b[0m"

    def test_no_color_is_respected(self, terminal, monkeypatch):
        monkeypatch.setenv("NO_COLOR", "1")
        assert emphasise("Mood", terminal) == "Mood"

    def test_an_empty_no_color_means_colour(self, terminal, monkeypatch):
        monkeypatch.setenv("NO_COLOR", "")
        assert wants_colour(terminal)

    def test_a_dumb_terminal_gets_none(self, terminal, monkeypatch):
        monkeypatch.setenv("TERM", "dumb")
        assert not wants_colour(terminal)

    def test_a_file_gets_none(self, terminal):
        assert not wants_colour(io.StringIO())


class TestNotes:
    def test_a_note_is_one_clean_line_on_standard_error(self, capsys):
        note("read\nsongs\x1b[31m")
        seen = capsys.readouterr()
        assert seen.out == ""
        assert seen.err == "read songs [31m\n"


class TestStages:
    NAMES = ("read", "learn")

    def walk(self, monkeypatch, stream, *, quiet=False):
        monkeypatch.setattr(sys, "stderr", stream)
        clock = iter(range(100))
        monkeypatch.setattr(console.time, "monotonic", lambda: float(next(clock)))
        walked = list(Stages(self.NAMES, quiet=quiet).walk())
        assert walked == list(self.NAMES)
        return stream.getvalue()

    def test_a_terminal_shows_one_bar_that_fills(self, monkeypatch):
        shown = self.walk(monkeypatch, Terminal())
        bars = re.findall(r"\r\x1b\[K\[(=*)( *)\] (\d)/2 ([^\r\n]*)", shown)
        assert [(len(full), done, text) for full, _, done, text in bars] == [
            (0, "0", "read …"),
            (12, "1", "learn …"),
            (24, "2", "3.0 s"),
        ]
        assert {len(full) + len(empty) for full, empty, _, _ in bars} == {Stages.WIDTH}
        assert shown.count("\n") == 1
        assert shown.endswith("\n")

    def test_elsewhere_a_line_a_stage(self, monkeypatch):
        shown = self.walk(monkeypatch, io.StringIO())
        assert shown == "1/2 read: 1.0 s\n2/2 learn: 1.0 s\n"

    @pytest.mark.parametrize("stream", [Terminal, io.StringIO])
    def test_quiet_is_quiet(self, monkeypatch, stream):
        assert self.walk(monkeypatch, stream(), quiet=True) == ""


def test_every_format_sign_that_is_kept_is_a_joiner_or_harmless():
    """Of Unicode's invisible format signs of the basic plane, the kept ones steer no line."""
    kept = {
        letter
        for letter in map(chr, range(0xD800))
        if unicodedata.category(letter) == "Cf" and clean_text(letter) == letter
    }
    assert not {
        letter
        for letter in kept
        if unicodedata.bidirectional(letter) not in {"BN", "AL", "AN", "L", "ON"}
    }
    assert "\u200d" in kept
    assert not kept & set(BIDI_MARKS)


def test_a_closed_standard_error_does_not_stop_the_program(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stderr", Gone())
    note("nobody hears this")
    assert list(Stages(["read", "learn"]).walk()) == ["read", "learn"]
    sys.stderr.close()
