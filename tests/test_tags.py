"""The library's moods as a table: every song, in one order, safe for a spreadsheet."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
import sqlite3
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.console import clean_text
from scripts.errors import SettingsError
from scripts.formats.documents import _FORMULA_STARTS, safe_cell
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists.tags import TAG_COLUMNS, write_tags
from scripts.store.layout import SCHEMA
from scripts.store.reading import open_set

MOODS = [*SONG_MOODS, SPOKEN]

FEATURES = {
    **{"danceability": 0.6, "energy": 0.7, "loudness_db": -8.0, "speechiness": 0.1},
    **{"acousticness": 0.3, "instrumentalness": 0.1, "liveness": 0.2, "valence": 0.4},
    **{"tempo_bpm": 120.0, "valence_cal": 0.25, "arousal_cal": 0.75},
}


def song_row(rank, song_id, **facts):
    return {
        **{"rank": rank, "song_id": song_id, "title": "Title", "artist": "Artist", "genres": ""},
        **{"mood_id": 0, "margin": 0.0, "work_id": rank, "artist_id": 0, "cluster": 0},
        **FEATURES,
        **facts,
    }


@contextlib.contextmanager
def open_rows(rows):
    catalogue = sqlite3.connect(":memory:", isolation_level=None)
    try:
        catalogue.executescript(SCHEMA)
        catalogue.executemany(
            "INSERT INTO moods (mood_id, name, first_rank, n_songs, n_playable) "
            "VALUES (?, ?, 0, 0, 0)",
            enumerate(MOODS),
        )
        catalogue.execute("BEGIN")
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            catalogue.execute(f"INSERT INTO songs ({names}) VALUES ({marks})", [*row.values()])
        catalogue.execute("COMMIT")
        yield catalogue
    finally:
        catalogue.close()


def tags_of(rows, path):
    with open_rows(rows) as catalogue:
        assert write_tags(catalogue, str(path)) == len(rows)
    header, *cells = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    assert tuple(header) == TAG_COLUMNS
    return [dict(zip(header, row, strict=True)) for row in cells]


def test_tags_by_hand(tmp_path):
    rows = [
        song_row(0, "b", mood_id=MOODS.index("gloomy"), margin=math.log(3), title='Say "a, b"'),
        song_row(1, "a", mood_id=MOODS.index(SPOKEN), margin=-math.log(3), artist=""),
    ]
    tags_of(rows, tmp_path / "tags.csv")
    assert (tmp_path / "tags.csv").read_text().splitlines() == [
        "song_id,title,artist,mood,quadrant,score,valence,arousal,spotify_valence,spotify_energy",
        "a,Title,,spoken,,0.25,0.25,0.75,0.4,0.7",
        'b,"Say ""a, b""",Artist,gloomy,sad,0.75,0.25,0.75,0.4,0.7',
    ]


def test_the_order_is_the_ids_whatever_the_catalogue_s(tmp_path):
    ids = ["b", "A", "a1", "歌", "a", "10", "9"]
    for name, turn in (("one", 1), ("other", -1)):
        tags_of([song_row(rank, one) for rank, one in enumerate(ids[::turn])], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    seen = [row.split(",")[0] for row in (tmp_path / "one").read_text().splitlines()[1:]]
    assert seen == sorted(ids)


@pytest.mark.parametrize("mood", SONG_MOODS)
def test_each_mood_s_quadrant_is_named(tmp_path, mood):
    (row,) = tags_of([song_row(0, "a", mood_id=MOODS.index(mood))], tmp_path / "tags.csv")
    assert (row["mood"], row["quadrant"]) == (mood, SONG_MOODS[mood][2])


def test_texts_are_no_formulas_and_numbers_stay_numbers(tmp_path):
    row = song_row(0, "=1", title="+2\n", artist="@\x1b[2Jx", valence_cal=-0.5, margin=-800.0)
    (seen,) = tags_of([row], tmp_path / "tags.csv")
    assert seen["song_id"] == "'=1"
    assert seen["title"] == "'+2 "
    assert seen["artist"] == "'@ [2Jx"
    assert float(seen["valence"]) == -0.5
    assert float(seen["score"]) == 0.0, "e to the -800 is no overflow"


FACTS = st.fixed_dictionaries(
    {
        "title": st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        "margin": st.floats(-50, 50),
        "valence_cal": st.floats(0, 1),
        "arousal_cal": st.floats(0, 1),
        "valence": st.floats(0, 1),
        "energy": st.floats(0, 1),
    }
)


@given(facts=st.lists(FACTS, max_size=5))
def test_every_number_reads_back_to_the_last_bit(tmp_path_factory, facts):
    rows = [song_row(rank, f"id{rank}", **one) for rank, one in enumerate(facts)]
    seen = tags_of(rows, tmp_path_factory.getbasetemp() / "tags.csv")
    for tag, row in zip(seen, rows, strict=True):
        assert tag["title"] == safe_cell(row["title"])
        assert float(tag["score"]) == pytest.approx(1 / (1 + math.exp(-row["margin"])), rel=1e-12)
        for name, source in (
            ("valence", "valence_cal"),
            ("arousal", "arousal_cal"),
            ("spotify_valence", "valence"),
            ("spotify_energy", "energy"),
        ):
            assert float(tag[name]) == row[source]


@given(st.one_of(st.text(max_size=6), st.text("=+-@ a1\t\0\u200e\u202e'é", max_size=4)))
def test_the_quick_look_at_a_cell_judges_as_the_thorough_one(text):
    clean = clean_text(text)
    thorough = any(one.lstrip(" ").startswith(_FORMULA_STARTS) for one in (text, clean))
    assert safe_cell(text) == ("'" + clean if thorough else clean)


def test_a_dash_is_standard_output(capsys):
    with open_rows([song_row(0, "a")]) as catalogue:
        assert write_tags(catalogue, "-") == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("a,Title,Artist,happy,happy,0.5,")


def test_an_empty_library_is_a_header(tmp_path):
    assert tags_of([], tmp_path / "tags.csv") == []


def test_a_failure_on_the_way_leaves_the_old_table(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text("old\n")
    rows = [song_row(rank, f"{rank:05}") for rank in range(5000)]
    rows[-1]["mood_id"] = 99  # no such mood
    with open_rows(rows) as catalogue, pytest.raises(KeyError):
        write_tags(catalogue, str(path))
    assert path.read_text() == "old\n"
    assert os.listdir(tmp_path) == ["tags.csv"]


def test_the_option_is_named_where_the_file_cannot_be(tmp_path):
    with open_rows([]) as catalogue, pytest.raises(SettingsError, match=r"--tags .*no folder"):
        write_tags(catalogue, str(tmp_path / "absent" / "tags.csv"))


def test_memory_does_not_grow_with_the_library(tmp_path):
    peaks = []
    for n in (500, 20_000):
        with open_rows(song_row(rank, f"{rank:05}") for rank in range(n)) as catalogue:
            write_tags(catalogue, str(tmp_path / "warm.csv"))
            tracemalloc.start()
            write_tags(catalogue, str(tmp_path / "tags.csv"))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000, "20,000 rows take megabytes"


def test_tags_agree_with_the_table_that_training_writes(sample_set, tmp_path):
    trained = open_set(str(sample_set))
    try:
        n_songs = write_tags(trained.catalogue, str(tmp_path / "tags.csv"))
    finally:
        trained.close()
    tables = []
    for path in (tmp_path / "tags.csv", *sample_set.rglob("clustered_songs.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            tables.append({row["song_id"]: row for row in csv.DictReader(file)})
    tags, clustered = tables
    assert len(tags) == n_songs == len(clustered)
    for song_id, row in clustered.items():
        assert tags[song_id]["mood"] == row["mood"]
        for name, source in (
            ("score",) * 2,
            ("valence", "valence_cal"),
            ("arousal", "arousal_cal"),
        ):
            assert float(tags[song_id][name]) == pytest.approx(float(row[source]), abs=1e-6)
