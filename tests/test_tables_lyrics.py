"""Files of lyrics: any form in, clean texts out, joined to the songs they belong to."""

from __future__ import annotations

import csv
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import DataError
from scripts.tables import lyric_join, lyrics
from scripts.tables.lyric_files import open_lyrics
from scripts.tables.lyric_join import join_lyrics
from scripts.tables.lyric_text import clean_lyrics, is_without_words
from scripts.tables.lyrics import read_lyrics
from scripts.tables.songs import read_songs
from scripts.tables.works import identify_works

ID = "4GiXBCUF7H6YfNQsnBRIzl"
WORDS = "I walked all night along the river"
ROWS = [
    {"id": ID, "artist": "The Band", "title": "River", "lyrics": f"{WORDS} one"},
    {"id": "", "artist": "Ann", "title": "Home", "lyrics": f"{WORDS}\ntwo"},
]


def write_json(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, Any]], separator: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


# Forms of files


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_json, "lyrics.json"),
        (write_json, "without_ending"),
        (write_lines, "lyrics.jsonl"),
        (write_lines, "lyrics.csv"),
        (write_csv, "lyrics.csv"),
        (write_csv, "lyrics.json"),
        (write_parquet, "lyrics.parquet"),
    ],
)
def test_every_form_gives_the_same_rows(tmp_path: Path, write: Any, name: str) -> None:
    raw = open_lyrics(write(tmp_path / name, ROWS))

    assert raw.song_id == [ID, ""]
    assert raw.title == ["River", "Home"]
    assert raw.artist == ["The Band", "Ann"]
    assert raw.text == [row["lyrics"] for row in ROWS]


def test_tab_separated_text_and_other_headers(tmp_path: Path) -> None:
    rows = [{"Track URI": f"spotify:track:{ID}", "Song Name": "River", "LETRA": WORDS}]

    raw = open_lyrics(write_csv(tmp_path / "t.tsv", rows, "\t"))

    assert (raw.song_id, raw.title, raw.artist, raw.text) == ([ID], ["River"], [""], [WORDS])


def test_objects_as_an_api_gives_them(tmp_path: Path) -> None:
    row = {
        "name": "River",
        "artists": [{"name": "The Band"}, {"name": "Ann"}],
        "uri": None,
        "spotify_track_url": f"https://open.spotify.com/track/{ID}?si=1",
        "popularity": 66,
        "lyrics": ["line one of it", "line two of it"],
    }

    raw = open_lyrics(write_json(tmp_path / "a.json", {"total": 1, "tracks": [row]}))

    assert (raw.song_id, raw.artist) == ([ID], ["The Band, Ann"])
    assert raw.text == ["line one of it\nline two of it"]


def test_a_row_takes_the_first_id_it_has(tmp_path: Path) -> None:
    other = "0" * 22
    rows = [
        {"uri": f"spotify:track:{ID}", "id": "17", "title": "a", "lyrics": WORDS},
        {"uri": None, "id": other, "title": "b", "lyrics": WORDS},
    ]

    assert open_lyrics(write_json(tmp_path / "a.json", rows)).song_id == [ID, other]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"title": "a", "lyrics": ', "is no whole JSON document"),
        ('{"title": "a", "lyrics": "b"}\n{"title": "a", "lyr', r"line 2: '\{.*is no JSON"),
        ('{"title": "a", "lyrics": "b"}\n\n17\n', "row 2: '17' is no object"),
        ("[]", "the list holds no songs"),
        ("[1, 2]", "row 1: '1' is no object"),
        ('[{"title": "a", "lyrics": "b"}, ' + "[" * 900 + "]" * 900 + "]", "row 2: .* no object"),
        ("[null, null]", "column 'lyrics' is missing"),
        ('[{"title": "a", "wrods": "b"}]', "column 'lyrics' is missing"),
        ('[{"popularity": 3, "lyrics": "b"}]', "column 'title' is missing"),
        ("title,artist\na,b\n", "column 'lyrics' is missing"),
        ("", "the file is empty"),
        ("<html><body>lyrics</body></html>", "this is a web page"),
        ("[" * 100_000, "nested too deeply|is no whole JSON document"),
    ],
)
def test_a_file_without_lyrics_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "lyrics.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(DataError, match=message) as caught:
        read_lyrics([path])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", ["[" * 500 + "]" * 500, '{"name":' * 500 + "1" + "}" * 500])
def test_a_cell_that_is_nested_too_deeply_is_refused(tmp_path: Path, value: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(f'[{{"id": "a", "lyrics": "b"}}, {{"id": "a", "lyrics": {value}}}]')

    with pytest.raises(DataError, match="row 2, field 'lyrics': more than 16 lists or objects"):
        read_lyrics([path])


@pytest.mark.parametrize(
    "content",
    [b"", b" \n\n", bytes(range(256)) * 9, "some words\nof no song".encode("utf-16"), b"PK\3\4"],
)
def test_what_is_no_table_is_told_every_form(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lyrics.json"
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"JSON Lines, CSV, TSV and Parquet\.") as caught:
        read_lyrics([path])
    assert "Allowed are CSV" not in str(caught.value)


@pytest.mark.parametrize("write", [write_json, write_lines])
def test_json_in_utf_16_is_read(tmp_path: Path, write: Any) -> None:
    path = write(tmp_path / "a.json", ROWS)
    path.write_bytes(path.read_bytes().decode().encode("utf-16"))

    assert open_lyrics(path).text == [row["lyrics"] for row in ROWS]


@pytest.mark.parametrize("write", [write_json, write_lines])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_null_among_the_rows_is_a_rejected_row(tmp_path: Path, write: Any, at: int) -> None:
    rows: list[Any] = [*ROWS]
    rows.insert(at, None)

    table = read_lyrics([write(tmp_path / "a.json", rows)])

    assert table.n_read == 3
    assert table.rejected[["row", "reason"]].to_numpy().tolist() == [[at + 1, lyrics.NO_TEXT]]


@pytest.mark.parametrize("row", [{"id": ID}, {"title": "River"}])
def test_one_line_with_artists_is_one_song(tmp_path: Path, row: dict[str, Any]) -> None:
    row = row | {"lyrics": WORDS, "artists": [{"name": "The Band"}, {"name": "Ann"}]}

    raw = open_lyrics(write_lines(tmp_path / "a.jsonl", [row]))

    assert (raw.artist, raw.text) == (["The Band, Ann"], [WORDS])


@pytest.mark.parametrize("name", ["tracks", "lyrics", "content"])
def test_the_list_inside_an_object_has_the_rows(tmp_path: Path, name: str) -> None:
    raw = open_lyrics(write_json(tmp_path / "a.json", {"total": 2, name: ROWS}))

    assert raw.text == [row["lyrics"] for row in ROWS]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"title": "a", "lyrics": "b"}\n{"title": "\xff"}')

    with pytest.raises(DataError, match="line 2: the byte 0xff is not UTF-8"):
        read_lyrics([path])


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="this is a folder"):
        read_lyrics([tmp_path])
    with pytest.raises(DataError, match="cannot be read"):
        read_lyrics([tmp_path / "none.json"])


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"title": "\\ud800a", "lyrics": "\\ud83d ' + WORDS + '"}]')

    table = read_lyrics([path])

    assert table.lyrics["title"].tolist() == ["?a"]
    assert table.lyrics["text"].tolist() == [f"? {WORDS}"]


# Clean texts


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("[Verse 1]\nOne day\n\n\n\n[Chorus: Ann & (Bob)]\nTwo", "One day\n\nTwo"),
        ("Verse 1:\nOne day\nCHORUS\nTwo\n(Bridge)\nThree", "One day\n\nTwo\n\nThree"),
        ("One day (x2)\nTwo days x3\nThree (2x)\nFour ×4\nx2", "One day\nTwo days\nThree\nFour"),
        ("[Estribillo]\nNo me digas\n(bis)\n[Coro]\nQue sí", "No me digas\n\nQue sí"),
        ("12 ContributorsTranslationsEspañolHello Lyrics[Intro]\nOne day5Embed", "One day"),
        ("One dayYou might also like[Chorus]\nTwo", "One day\n\nTwo"),
        ("One day you goYou might also likeEmbed", "One day you go"),
        ("See Ann LiveGet tickets as low as $49You might also likeOne day", "One day"),
        ("You might also like my friend", "You might also like my friend"),
        (
            "Rock &amp; roll &lt;3 it&#39;s&nbsp;good<br/>Yes <i>now</i>",
            "Rock & roll <3 it's good\nYes now",
        ),
        ("One\\nTwo\\r\\nThree", "One\nTwo\nThree"),
        ("  One \t day \r\n\r\n\r\n Two ", "One day\n\nTwo"),
        ("One day  Two days", "One day\n\nTwo days"),
        ("Pеrdiendo еl tiempo", "Perdiendo el tiempo"),
        ("Белый снег, серый лёд", "Белый снег, серый лёд"),
        ("One\n******* This Lyrics is NOT for Commercial use *******\n(1409617829201)", "One"),
        ("(Oh, oh) I am here (yeah)", "(Oh, oh) I am here (yeah)"),
        ("Repeat after me, chorus of angels", "Repeat after me, chorus of angels"),
        ("[Instrumental]", ""),
        ("", ""),
    ],
)
def test_what_is_sung_stays(text: str, clean: str) -> None:
    assert clean_lyrics(text) == clean


@given(st.text(st.sampled_from("aе \n[](){}x2:*<>&;Embed3KVerschorus\\"), max_size=80))
def test_a_clean_text_stays_as_it_is(text: str) -> None:
    clean = clean_lyrics(text)

    assert clean_lyrics(clean) == clean
    assert clean == clean.strip()
    assert "\n\n\n" not in clean
    assert "  " not in clean


@pytest.mark.parametrize("piece", ["\n", " ", ",", "(", "[", "See a", "&amp;", "x2 ", "Embed", "<"])
def test_a_long_monotonous_text_is_cleaned_in_the_end(piece: str) -> None:
    # a pattern that goes back at every sign would take minutes
    clean = clean_lyrics(piece * (200_000 // len(piece)))

    assert clean_lyrics(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "Instrumental",
        "[Instrumental]",
        "(This song is an instrumental)",
        "N/A",
        "Lyrics not available",
    ],
)
def test_marks_of_songs_without_words(text: str) -> None:
    assert is_without_words(text)


# Rows that are of no use


def table_of(tmp_path: Path, rows: list[dict[str, Any]]) -> lyrics.LyricTable:
    return read_lyrics([write_json(tmp_path / "rows.json", rows)])


def test_useless_rows_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "title": "A", "lyrics": WORDS},
        {"id": "b", "title": "B", "lyrics": None},
        {"id": "c", "title": "C", "lyrics": "[Instrumental]"},
        {"id": "d", "title": "D", "lyrics": "Oh oh oh"},
        {"id": "", "title": "", "lyrics": WORDS},
        {"id": "a", "title": "A", "lyrics": WORDS + " again"},
        {"id": "e", "title": "E", "lyrics": "word " * 30_000},
    ]
    table = table_of(tmp_path, rows)

    assert table.n_read == 7
    assert {reason: n for reason, n in table.counts.items() if n} == {
        lyrics.NO_TEXT: 1,
        lyrics.INSTRUMENTAL: 1,
        lyrics.TOO_SHORT: 1,
        lyrics.TOO_LONG: 1,
        lyrics.NOBODYS: 1,
        lyrics.SAME_ID: 1,
    }
    assert table.lyrics["text"].tolist() == [WORDS + " again"]  # the longer of two
    assert table.rejected["row"].tolist() == [1, 2, 3, 4, 5, 7]
    assert len(table.rejected) + len(table.lyrics) == table.n_read
    assert "7 rows read, 1 lyrics kept" in table.summary()


def test_songs_without_ids_are_held_once(tmp_path: Path) -> None:
    rows = [
        {"artist": "Ann", "title": "Home", "lyrics": WORDS},
        {"artist": "ANN", "title": "Home - Remastered 2011", "lyrics": WORDS + " again"},
        {"artist": "", "title": "Home", "lyrics": WORDS},
        {"artist": "Bob", "title": "Home", "lyrics": WORDS},
    ]
    table = table_of(tmp_path, rows)

    assert table.counts[lyrics.SAME_SONG] == 1
    assert len(table.lyrics) == 3


def test_a_file_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no row is left: dropped 1: 1 lyrics too short"):
        table_of(tmp_path, [{"id": "a", "lyrics": "Oh"}])


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rng: random.Random) -> None:
    rows = [
        {
            "id": f"{n % 7}" if n % 3 else "",
            "artist": "A",
            "title": f"t{n % 5}",
            "lyrics": WORDS + "a" * n,
        }
        for n in range(20)
    ]
    with tempfile.TemporaryDirectory() as folder:
        first = table_of(Path(folder), rows).lyrics
        rng.shuffle(rows)
        second = table_of(Path(folder), rows).lyrics
    pd.testing.assert_frame_equal(first, second)


# Joining


def songs_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Songs of (id, title, artist), with their works."""
    frame = pd.DataFrame(rows, columns=["song_id", "title", "artist"])
    columns = [
        pa.chunked_array([pa.array(frame[name].tolist(), pa.large_string())])
        for name in ("title", "artist", "song_id")
    ]
    return frame.assign(work_id=identify_works(*columns)[0])


def lyrics_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Lyrics of (id, title, artist)."""
    frame = pd.DataFrame(rows, columns=["song_id", "title", "artist"])
    return frame.assign(text=[f"{WORDS} {n}" for n in range(len(rows))])


SONGS = songs_of(
    ("a", "Home", "Ann"),
    ("b", "Home - Live", "Ann"),
    ("c", "Home", "The Bob & Cy"),
    ("d", "All Night Long", "Dan"),
    ("e", "All Night Long (Remastered)", "Dan"),
    ("f", "River Of Dreams", "Eve"),
    ("g", "River of Dreams", "Fay"),
    ("h", "Alone", ""),
)


def test_an_id_serves_every_version_of_its_song() -> None:
    join = join_lyrics(lyrics_of(("b", "", "")), SONGS)

    assert join.lyric_of_song.tolist() == [0, 0, -1, -1, -1, -1, -1, -1]
    assert join.ways == {"id": 1, "artist and title": 0, "title alone": 0}
    assert len(join.not_joined) == 0


def test_versions_with_lyrics_of_their_own_keep_them() -> None:
    join = join_lyrics(lyrics_of(("a", "", ""), ("b", "", "")), SONGS)

    assert join.lyric_of_song[:2].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("title", "artist", "songs"),
    [
        ("HOME (feat. Zed)", "ann", [0, 1]),
        ("home", "Bob and Cy", [2]),
        ("home", "bobcy", [2]),
        ("All night long", "", [3, 4]),
        ("Home", "", []),
        ("Alone", "", []),
        ("Alone", "Gus", []),
        ("River of dreams", "", []),
        ("River of dreams", "Fay", [6]),
    ],
)
def test_lyrics_without_a_known_id_are_joined_by_name(
    title: str, artist: str, songs: list[int]
) -> None:
    for song_id in ("", "unknown"):
        join = join_lyrics(lyrics_of((song_id, title, artist)), SONGS)

        assert np.flatnonzero(join.lyric_of_song >= 0).tolist() == songs
        assert len(join.used) + len(join.not_joined) == 1


def test_an_id_comes_before_a_name_and_the_loser_is_told() -> None:
    join = join_lyrics(lyrics_of(("", "All Night Long", "Dan"), ("d", "", "")), SONGS)

    assert join.used.tolist() == [1]
    assert join.lyric_of_song[[3, 4]].tolist() == [0, 0]
    assert join.not_joined.to_dict("records") == [
        {"id": "", "artist": "Dan", "title": "All Night Long", "reason": lyric_join.SERVED}
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("x", "", ""), lyric_join.NO_ID),
        (("x", "Home", "Zoe"), lyric_join.NO_SONG),
        (("", "Nobody Knows This", ""), lyric_join.NO_TITLE),
        (("", "River Of Dreams", ""), lyric_join.MANY_SONGS),
        (("", "Alone", ""), lyric_join.SHORT_TITLE),
    ],
)
def test_what_did_not_join_says_why(row: tuple[str, str, str], reason: str) -> None:
    join = join_lyrics(lyrics_of(row), SONGS)

    assert join.not_joined["reason"].tolist() == [reason]
    assert (join.lyric_of_song == -1).all()


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_every_song_gets_the_same_text_in_any_order_of_songs(rng: random.Random) -> None:
    told = lyrics_of(("b", "", ""), ("", "Home", "The Bob & Cy"), ("", "all night long", ""))
    order = list(range(len(SONGS)))
    rng.shuffle(order)
    plain = join_lyrics(told, SONGS)
    mixed = join_lyrics(told, SONGS.iloc[order].reset_index(drop=True))

    assert mixed.used.tolist() == plain.used.tolist()
    assert mixed.lyric_of_song.tolist() == plain.lyric_of_song[order].tolist()


# Real files


def test_the_real_files_are_read_and_joined(shared_data: Path) -> None:
    spanish = read_lyrics([shared_data / "lyrics" / "ot-tracks.json"])
    english = read_lyrics([shared_data / "mood_truth" / "moodylyrics4q_dev_lyrics.jsonl"])
    songs = read_songs([shared_data / "mood_truth" / "moodylyrics4q_dev.csv"]).songs

    assert len(spanish.lyrics) == 120
    assert spanish.lyrics["song_id"].str.len().eq(22).all()
    assert not spanish.lyrics["text"].str.contains("Embed").any()
    assert english.counts[lyrics.INSTRUMENTAL] == 2
    assert not english.lyrics["text"].str.contains(r"\[(?:Verse|Chorus)").any()
    join = join_lyrics(english.lyrics, songs)
    assert join.ways["id"] == len(english.lyrics) == 782
    assert len(join.not_joined) == 0
    # the ids are no help in a table that has other ones, artist and title still are
    renamed = english.lyrics.assign(song_id="")
    assert len(join_lyrics(renamed, songs).used) >= 775
