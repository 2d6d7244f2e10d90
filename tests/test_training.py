"""``train.py``: its settings, what it leaves, the same twice, and its ways to fail."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import math
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import music_recommendation
import train as train_program
from scripts.errors import DataWarning, SettingsError
from scripts.learning.song_mood import SongScores
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import LISTENER_MOODS, SONG_MOODS
from scripts.playlists.program import run_program
from scripts.settings import TrainSettings, build_parser, read_settings
from scripts.store.layout import CATALOGUE, SONG_CLUSTERS, SONG_MOOD
from scripts.store.reading import current_run, open_set, verify_set
from scripts.training import program
from scripts.training.program import friendly_errors, train
from scripts.training.reports import safe_text
from scripts.training.rows import order_songs, rank_catalogue

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "input" / "sample"

PLOTS = {
    "genre_map.png",
    "kmeans_cluster_scatter.png",
    "music_runs/circumplex.png",
    "music_runs/cluster_count.png",
    "music_runs/confusion_matrix.png",
    "music_runs/misclassification_bar.png",
    "music_runs/tsne_map.png",
    "spotify_statistics_visualization/correlation_heatmap.png",
    "spotify_statistics_visualization/pairplot.png",
    *(
        f"spotify_statistics_visualization/{name.split('_')[0]}_distribution.png"
        for name in FEATURES
    ),
    "user_behavior_runs/confusion_matrix.png",
    "user_behavior_runs/misclassification_bar.png",
    "user_behavior_runs/reliability_curve.png",
}
REPORTS = {"metrics.json", "MODEL_CARD.md", "rejected_rows.csv", "clustered_songs.csv"}
MODELS = {
    "listener_mood.json",
    "song_clusters.json",
    "song_mood.json",
    "catalogue.sqlite",
    "manifest.json",
}


# Running the programs


class Said:
    """What a program printed and how it ended, run in this process."""

    def __init__(self, main: Callable[[], int], name: str, *words: str | Path) -> None:
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
        with (
            mock.patch.object(sys, "argv", [name, *map(str, words)]),
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
        ):
            try:
                self.code = run_program(main)
            except SystemExit as end:  # argparse
                self.code = int(str(end.code))
        for stream in streams:
            stream.flush()
        self.out, self.err = (stream.buffer.getvalue().decode() for stream in streams)


def run_train(*words: str | Path) -> Said:
    return Said(train_program.main, "train.py", *words)


def ask(output: Path, *words: str) -> Said:
    return Said(
        music_recommendation.main, "music_recommendation.py", "--output", str(output), *words
    )


def answer(output: Path, *words: str) -> Any:
    said = ask(output, "--format", "json", *words)
    assert said.code == 0, said.err
    return json.loads(said.out)


def songs_of(output: Path, *words: str) -> list[dict[str, Any]]:
    return answer(output, *words)["songs"]


def files_in(output: Path) -> set[str]:
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 300 songs and two listeners tables; 40 listeners are tested, 20 are not."""
    folder = tmp_path_factory.mktemp("tables")
    songs = pd.read_csv(SAMPLE / "songs.csv", keep_default_na=False)
    songs.sample(300, random_state=3).to_csv(folder / "songs.csv", index=False)
    listeners = pd.read_csv(SAMPLE / "listeners.csv", keep_default_na=False)
    listeners.head(40).to_csv(folder / "listeners.csv", index=False)
    listeners.head(20).to_csv(folder / "few_listeners.csv", index=False)
    return folder


@pytest.fixture
def teach(tables: Path, tmp_path: Path) -> Callable[..., Path]:
    """Train in this process on a frame or file of songs; returns the output."""

    def run(songs: pd.DataFrame | Path, name: str = "output", **told: Any) -> Path:
        if isinstance(songs, pd.DataFrame):
            songs.to_csv(tmp_path / f"{name}.csv", index=False)
            songs = tmp_path / f"{name}.csv"
        told = {"listeners": tables / "few_listeners.csv", "plots": False, "quiet": True} | told
        train(TrainSettings(songs=(songs,), output=tmp_path / name, **told))
        return tmp_path / name

    return run


@pytest.fixture
def clear_songs(tiny_songs: Path) -> pd.DataFrame:
    return pd.read_csv(tiny_songs)


# Settings


def test_later_sources_of_settings_win(tmp_path: Path) -> None:
    config = tmp_path / "train.toml"
    config.write_text('songs = "a.csv"\nseed = 3\nclusters = 8\nplots = false\noutput = "o"\n')

    assert read_settings([]) == TrainSettings()
    assert read_settings(["--config", str(config)]) == TrainSettings(
        songs=(Path("a.csv"),), seed=3, clusters=8, plots=False, output=Path("o")
    )
    flags = ["--seed", "4", "--songs", "b.csv", "--songs", "c.csv", "--quiet", "--truth", "t.csv"]
    told = read_settings([*flags, "--config", str(config)])
    assert told == TrainSettings(
        songs=(Path("b.csv"), Path("c.csv")),
        truth=Path("t.csv"),
        seed=4,
        clusters=8,
        plots=False,
        quiet=True,
        output=Path("o"),
    )


def test_every_setting_can_come_from_a_file(tmp_path: Path) -> None:
    config = tmp_path / "train.toml"
    config.write_text(
        'songs = ["a", "b"]\nlisteners = "l"\ntruth = "t"\nlyrics = "y"\noutput = "o"\n'
        "seed = 1\nclusters = 2\nplots = false\nquiet = true\ntrack = true\n"
        'history = "h"\nmin_play_seconds = 5\n'
    )
    told = read_settings(["--config", str(config)])
    default = TrainSettings()
    for field in fields(TrainSettings):
        assert getattr(told, field.name) != getattr(default, field.name), field.name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"sede = 3", "no setting is called 'sede'; did you mean 'seed'"),
        (b"xyzzy = 3", r"no setting is called 'xyzzy' \(known: songs, listeners"),
        (b"seed = '3'", "seed = '3' is no int"),
        (b"seed = true", "seed = True is no int"),
        (b"seed = 1.5", "seed = 1.5 is no int"),
        (b"seed = -1", "seed = -1: give a whole number from 0 to 4294967295"),
        (b"clusters = 0", "clusters = 0: give a whole number from 1 to 1000"),
        (b"plots = 1", "plots = 1 is no bool"),
        (b"songs = [1, 'a']", "holds more than file names"),
        (b"songs = 5", "songs = 5 is no str or list"),
        (b"output = ['a']", "is no str"),
        (b"[table]\nseed = 1", "no setting is called 'table'"),
        (b"seed = ", "is no TOML file"),
        (b"\xff\xfe", "is no TOML file"),
    ],
)
def test_a_settings_file_that_cannot_be_meant(tmp_path: Path, content: bytes, message: str) -> None:
    config = tmp_path / "train.toml"
    config.write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        read_settings(["--config", str(config)])
    said = run_train("--config", config)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--config", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--config", "."], "cannot be read"),
        (["--clusters", "0"], "clusters = 0"),
        (["--clusters", "many"], "invalid int value: 'many'"),
        (["--seed", "-1"], "seed = -1"),
        (["--seed", str(2**32)], "seed = 4294967296"),
        (["--cluster", "5"], "no option is called '--cluster'; did you mean --clusters?"),
        (["--no-plot"], "did you mean --no-plots?"),
        (["--zzz"], "no option is called '--zzz'\n"),
        (["songs.csv"], "no option is called 'songs.csv'"),
    ],
)
def test_a_command_line_that_cannot_be_meant(words: list[str], message: str) -> None:
    said = run_train(*words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert "Traceback" not in said.err


def test_help_shows_every_default() -> None:
    said = run_train("--help")
    text = " ".join(said.out.split())
    assert said.code == 0
    default = TrainSettings()
    assert f"(default: {default.output})" in text
    assert f"every draw of chance (default: {default.seed})" in text
    assert default.plots
    assert not default.quiet
    flags = [action for action in build_parser()._actions if action.dest != "help"]
    assert {action.dest for action in flags} == {f.name for f in fields(TrainSettings)} | {"config"}
    for action in flags:
        assert "(default: " in (action.help or ""), action.dest


# From end to end


@pytest.fixture(scope="module")
def twice(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The outputs of one command given twice, in processes of their own, all plots drawn."""
    outputs = []
    for name in ("one", "two"):
        output = tmp_path_factory.mktemp(name) / "output"
        command = [sys.executable, "train.py", "--songs", tables / "songs.csv"]
        command += ["--listeners", tables / "listeners.csv", "--output", output]
        result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert result.stdout == ""
        output.with_name("stderr").write_text(result.stderr)
        outputs.append(output)
    return outputs


def test_a_run_leaves_the_whole_tree(twice: list[Path]) -> None:
    output = twice[0]
    run = current_run(str(output))
    models = {f"models/{run}/{name}" for name in MODELS} | {"models/CURRENT"}
    seen = files_in(output)

    assert seen >= models | REPORTS | PLOTS
    assert seen - {name for name in seen if name.endswith(".png")} == {
        *models,
        *REPORTS,
        ".training.lock",
    }
    for plot in PLOTS:
        content = (output / plot).read_bytes()
        assert content.startswith(b"\x89PNG"), plot
        assert len(content) > 3000, plot
    assert verify_set(str(output)) == run


def test_a_run_tells_what_it_does(twice: list[Path]) -> None:
    err = twice[0].with_name("stderr").read_text()
    for told in ("1/7 read the tables", "7/7 swap in", "Songs: 300 rows read", "Listener model: "):
        assert told in err
    assert "the figures mean nothing" in err
    assert "\r" not in err
    assert "\x1b" not in err
    assert current_run(str(twice[0])) in err


def test_the_same_command_twice_gives_the_same_bytes(twice: list[Path]) -> None:
    one, two = twice
    assert files_in(one) == files_in(two)
    for name in files_in(one) - {".training.lock"}:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    for words in ([], ["--mood", "sad"], ["--listener", "all"], ["--genre", "rock"]):
        first, second = (ask(output, "--format", "json", *words).out for output in twice)
        assert first
        assert first == second


def test_the_reports_tell_the_run_that_answers(twice: list[Path]) -> None:
    metrics = json.loads((twice[0] / "metrics.json").read_text(encoding="utf-8"))
    table = pd.read_csv(twice[0] / "clustered_songs.csv")

    assert metrics["run"] == current_run(str(twice[0]))
    assert metrics["songs"]["n_read"] == 300
    assert metrics["songs"]["n_kept"] == len(table)
    assert metrics["listeners"]["n_kept"] == 40
    assert metrics["listener_mood"]["synthetic"] is True
    assert metrics["run"] in (twice[0] / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert table["song_id"].is_unique
    assert table["score"].between(0, 1).all()
    trained = open_set(str(twice[0]))
    rows = trained.catalogue.execute(
        "SELECT song_id, cluster, name FROM songs JOIN moods USING (mood_id) ORDER BY song_id"
    ).fetchall()
    trained.close()
    assert rows == list(table[["song_id", "cluster", "mood"]].itertuples(index=False, name=None))


def test_a_second_run_of_the_same_is_kept(twice: list[Path], tables: Path) -> None:
    output = twice[1]
    before = (output / "models" / current_run(str(output))).stat().st_ino
    said = run_train(
        *("--songs", tables / "songs.csv", "--listeners", tables / "listeners.csv"),
        *("--output", output),
    )
    assert (said.code, said.out) == (0, "")
    assert "Run " + current_run(str(output)) in said.err
    for plot in PLOTS:
        assert (output / plot).read_bytes() == (twice[0] / plot).read_bytes()
    assert (output / "models" / current_run(str(output))).stat().st_ino == before


# The catalogue


def test_the_catalogue_is_in_the_order_it_promises(twice: list[Path]) -> None:
    trained = open_set(str(twice[0]))
    query = "SELECT rank, mood_id, margin, popularity, song_id FROM songs"
    rows = trained.catalogue.execute(query).fetchall()
    moods = trained.catalogue.execute(
        "SELECT mood_id, first_rank, n_songs FROM moods ORDER BY mood_id"
    ).fetchall()
    genres = trained.catalogue.execute(
        "SELECT s.rank, name FROM song_genres g JOIN songs s USING (rank) JOIN genres "
        "USING (genre_id) WHERE g.mood_id = s.mood_id AND g.year IS s.year"
    ).fetchall()
    told = trained.catalogue.execute("SELECT rank, genres FROM songs").fetchall()
    trained.close()

    def key(row: tuple[Any, ...]) -> tuple[Any, ...]:
        _, mood, margin, popularity, song_id = row
        return (mood, -margin, -(popularity if popularity is not None else -1), song_id)

    assert [row[0] for row in sorted(rows, key=key)] == list(range(len(rows)))
    for mood_id, first_rank, n_songs in moods:
        ranks = [row[0] for row in rows if row[1] == mood_id]
        assert sorted(ranks) == list(range(first_rank, first_rank + n_songs))
    assert sorted(genres) == sorted(
        (rank, name) for rank, names in told for name in names.split(";")
    )


@settings(max_examples=60, deadline=None)
@given(
    songs=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from([-1.0, 0.0, 0.5, 3.0]),
            st.sampled_from([math.nan, 0.0, 50.0]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_order_is_that_of_a_plain_sort(songs: list[tuple[int, float, float]]) -> None:
    mood, margin, popularity = (np.array(column) for column in zip(*songs, strict=True))
    scores = SongScores(mood, margin, ["happy", "sad", "calm"])

    order = order_songs(pd.DataFrame({"popularity": popularity}), scores)

    def key(i: int) -> tuple[float, ...]:
        known = -1.0 if math.isnan(popularity[i]) else popularity[i]
        return (mood[i], -margin[i], -known, i)

    assert order.tolist() == sorted(range(len(songs)), key=key)


def test_the_order_of_rows_changes_nothing(tables: Path, teach: Callable[..., Path]) -> None:
    songs = pd.read_csv(tables / "songs.csv", keep_default_na=False)
    outputs = [
        teach(songs, "straight"),
        teach(songs.sample(frac=1, random_state=1), "shuffled"),
        teach(songs.iloc[::-1], "reversed"),
    ]
    for words in ([], ["--mood", "party"], ["--listener", "all"]):
        documents = [answer(output, *words) for output in outputs]
        for document in documents:
            for one in document if isinstance(document, list) else [document]:
                assert one.pop("run")  # the tables' bytes differ
                assert one["songs"]
        assert documents[0] == documents[1] == documents[2]
    assert len({(output / "clustered_songs.csv").read_bytes() for output in outputs}) == 1


def test_a_mood_with_too_few_songs_gets_a_stand_in(
    clear_songs: pd.DataFrame, teach: Callable[..., Path]
) -> None:
    few = pd.concat([clear_songs.query("mood != 'sad'"), clear_songs.query("mood == 'sad'")[:3]])
    output = teach(few)
    moods = {row["mood"]: row for row in json.loads((output / "metrics.json").read_text())["moods"]}
    clusters = open_set(str(output))
    stand_ins = clusters.models[SONG_CLUSTERS]["stand_ins"]
    clusters.close()

    assert {mood for mood in moods if moods[mood]["stand_in"]} == set(stand_ins)
    for mood in SONG_MOODS:
        assert (moods[mood]["n_playable"] < 10) == (moods[mood]["stand_in"] is not None)
        for other in (moods[mood]["stand_in"] or mood).split(";"):
            assert moods[other]["n_songs"] > 0
            assert (other != mood) == (moods[mood]["stand_in"] is not None)
    # two songs an artist, so that 40 songs by 20 artists are all playable
    assert sum(row["n_playable"] for row in moods.values()) == sum(
        row["n_songs"] for row in moods.values()
    )


def more_of(songs: pd.DataFrame, times: int) -> pd.DataFrame:
    """Repeat songs under other names, their features a little apart."""
    rng = np.random.default_rng(0)
    copies = []
    for n in range(times):
        copy = songs.copy()
        copy["track_id"] = [f"{n:02d}{name[:-2]}" for name in songs["track_id"]]
        for name in ("track_name", "artists"):
            copy[name] = [f"{text} {'abcdefgh'[n]}" for text in songs[name]]
        for name in ("danceability", "energy", "valence", "tempo"):
            copy[name] = songs[name] * rng.uniform(0.95, 1.04, len(songs))
        copies.append(copy)
    return pd.concat(copies)


@pytest.mark.parametrize("mood", ["happy", "angry", "sad", "relaxed"])
def test_every_listener_has_songs_in_a_catalogue_of_one_mood(
    clear_songs: pd.DataFrame, teach: Callable[..., Path], mood: str
) -> None:
    songs = clear_songs[clear_songs["mood"] == mood]
    ten, eighty = teach(songs, "ten"), teach(more_of(songs, 8), "eighty")
    for asked in (*LISTENER_MOODS, *SONG_MOODS):
        assert len(songs_of(ten, "--mood", asked)) == 10, (
            asked
        )  # all there are, by way of stand-ins
        assert len(songs_of(eighty, "--mood", asked)) == 10, asked
    for document in answer(eighty, "--listener", "all"):
        assert len(document["songs"]) == 10


def test_a_catalogue_of_one_song_lets_it_stand_in_for_every_mood() -> None:
    songs = pd.DataFrame({"popularity": [1.0], "work_id": [0], "artist_id": [0]})
    mood = np.array([0])
    scores = SongScores(mood, np.array([0.5]), [*SONG_MOODS])
    ranked = rank_catalogue(songs, scores, np.array([[0.5, 0.5]]))
    first = next(iter(SONG_MOODS))
    assert {row[1] for row in ranked.mood_rows} >= set(SONG_MOODS)
    assert ranked.stand_ins == {mood: first for mood in SONG_MOODS if mood != first}


def test_songs_without_year_genre_and_popularity(
    clear_songs: pd.DataFrame, teach: Callable[..., Path]
) -> None:
    output = teach(
        clear_songs.drop(columns=["year", "track_genre", "popularity", "explicit", "duration_ms"])
    )
    songs = songs_of(output)
    assert len(songs) == 10
    for song in songs:
        assert (song["year"], song["genre"], song["duration_ms"]) == (None, None, None)
    asked = ask(output, "--year-from", "1990")
    assert asked.code == 2
    assert "--year-from 1990: the catalogue has no such song: none tells its year" in asked.err
    table = pd.read_csv(output / "clustered_songs.csv")
    assert table[["year", "popularity", "explicit"]].isna().all(axis=None)


def test_the_number_of_clusters_can_be_given(tables: Path, teach: Callable[..., Path]) -> None:
    output = teach(tables / "songs.csv", clusters=5)
    trained = open_set(str(output))
    document, manifest = trained.models[SONG_CLUSTERS], trained.manifest
    trained.close()
    assert len(document["clusters"]) == 5
    assert document["ladder"] == []
    assert manifest["settings"] == {"seed": 0, "clusters": 5}
    assert len(songs_of(output)) == 10


def test_labelled_songs_are_learned_from(
    tables: Path, tiny_songs: Path, teach: Callable[..., Path]
) -> None:
    output = teach(tables / "songs.csv", "labelled", truth=tiny_songs)
    plain = teach(tables / "songs.csv", "plain")
    trained = open_set(str(output))
    model, manifest = trained.models[SONG_MOOD], trained.manifest
    trained.close()
    assert model["truth"][0]["source"] == tiny_songs.name
    assert model["truth"][0]["rows"] == 40
    assert model["truth"][0]["cross_validated"]["accuracy"] > 0.9  # four clear moods
    assert "predicted" not in model["truth"][0]["cross_validated"]
    assert [entry["name"] for entry in manifest["inputs"]][-1] == tiny_songs.name
    assert current_run(str(output)) != current_run(str(plain))
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert "40 labelled songs" in metrics["song_mood"]["verdict"]


def test_labels_by_few_artists_are_learned_from_but_not_tested(
    tables: Path, clear_songs: pd.DataFrame, tmp_path: Path, teach: Callable[..., Path]
) -> None:
    clear_songs.assign(artists="one").to_csv(tmp_path / "truth.csv", index=False)
    output = teach(tables / "songs.csv", truth=tmp_path / "truth.csv")
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert "fewer than five artists" in metrics["song_mood"]["verdict"]
    assert metrics["song_mood"]["cross_validated"] is None


# What is in the tables


def test_plots_show_the_truth_where_there_is_one(
    tables: Path, tiny_songs: Path, teach: Callable[..., Path]
) -> None:
    plain = teach(tables / "songs.csv", "plain", plots=True)
    told = teach(tables / "songs.csv", "told", plots=True, truth=tiny_songs)
    for output in (plain, told):
        assert files_in(output) >= PLOTS - {n for n in PLOTS if n.startswith("user_")}
    name = "music_runs/confusion_matrix.png"
    assert (plain / name).read_bytes() != (told / name).read_bytes()


def test_rejected_rows_are_told_one_by_one(
    clear_songs: pd.DataFrame, tables: Path, teach: Callable[..., Path]
) -> None:
    songs = clear_songs.astype({"energy": object})
    songs.loc[2, "tempo"] = 0
    songs.loc[4, "energy"] = "loud"
    songs.loc[6, "valence"] = np.nan
    songs.loc[8, "danceability"] = 1.5
    songs = pd.concat([songs, songs.iloc[[0]]])
    listeners = pd.read_csv(tables / "few_listeners.csv", keep_default_na=False)
    listeners.loc[3, "music_Influencial_mood"] = ""
    listeners.to_csv(tables / "one_silent.csv", index=False)

    output = teach(songs, listeners=tables / "one_silent.csv")

    table = pd.read_csv(output / "rejected_rows.csv", keep_default_na=False)
    told = list(table[["row", "reason", "column"]].itertuples(index=False, name=None))
    assert told[:5] == [
        (3, "zero tempo", "tempo"),
        (5, "not a number", "energy"),
        (7, "missing feature", "valence"),
        (9, "out of range", "danceability"),
        (41, "duplicate id", "song_id"),
    ]
    assert table["value"].tolist()[1] == "loud"
    assert table["file"].str.endswith("output.csv").tolist()[:5] == [True] * 5
    assert len(table) == 6
    assert table["row"].tolist()[5] == 4
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert sum(metrics["songs"]["dropped"].values()) == 5
    assert metrics["listeners"]["n_kept"] == 19


EVIL_TITLES = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "  =1+1",
    "'); DROP TABLE songs; --",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "\u202eright to left",
    '"quoted", with comma',
    "💃 naïve 歌",
]


def test_no_title_becomes_code(clear_songs: pd.DataFrame, teach: Callable[..., Path]) -> None:
    happy = clear_songs[clear_songs["mood"] == "happy"].reset_index(drop=True)
    happy["track_name"] = EVIL_TITLES
    happy["artists"] = [f"=artist {n}" for n in range(10)]
    output = teach(happy)

    with (output / "clustered_songs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    for row, title in zip(rows, EVIL_TITLES, strict=True):
        formula = title.strip()[0] in "=+-@"
        assert row["title"] == ("'" + title if formula else title).strip() or formula
        assert not row["title"].lstrip(" ").startswith(("=", "+", "-", "@"))
        assert row["artist"].startswith("'=")
        float(row["loudness_db"])  # a negative number stays a number

    asked = [("--mood", mood, "--max-per-artist", "10") for mood in SONG_MOODS]
    titles = {song["title"] for words in asked for song in songs_of(output, *words)}
    assert titles == {title.strip() for title in EVIL_TITLES}
    screens = [ask(output, *words) for words in asked]
    assert {screen.code for screen in screens} == {0}
    shown = "".join(screen.out for screen in screens)
    assert not set("\x1b\x07\u202e") & set(shown)
    assert "DROP TABLE songs" in shown
    assert ask(output, "--genre", "'; DROP TABLE songs; --").code == 2


@given(st.text(max_size=30))
def test_no_text_starts_as_a_formula(text: str) -> None:
    import pyarrow as pa

    try:
        text.encode()
    except UnicodeEncodeError:
        return
    (safe,) = safe_text(pa.chunked_array([pa.array([text], pa.large_string())])).to_pylist()
    assert not safe.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))
    assert safe in (text, "'" + text)


# Ways to fail


@pytest.fixture
def living(tables: Path, teach: Callable[..., Path]) -> Iterator[Path]:
    """An output whose set answers; whatever a test does, it must answer the same afterwards."""
    output = teach(tables / "songs.csv", "living")
    before = ask(output, "--format", "json").out
    kept = {name: (output / name).read_bytes() for name in REPORTS}
    yield output
    assert ask(output, "--verify").code == 0
    assert ask(output, "--format", "json").out == before
    assert {name: (output / name).read_bytes() for name in REPORTS} == kept
    assert not list(output.rglob(".new-*"))


def retrain(output: Path, tables: Path, *words: str | Path) -> Said:
    told = ["--songs", tables / "songs.csv", "--listeners", tables / "few_listeners.csv"]
    return run_train(*told, "--seed", "9", "--output", output, "--quiet", *words)


def assert_one_line(said: Said, code: int, *messages: str) -> None:
    assert said.code == code, said.err
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    for message in messages:
        assert message in said.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file"),
        ("", "the file is empty"),
        ("<html><body>sign in", "this is a web page"),
        ("a,b\n1,2\n", "column"),
        ("PK\x03\x04", "zip archive"),
    ],
)
def test_a_table_that_is_none_ends_in_one_line(
    living: Path, tables: Path, tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "given.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    said = run_train(
        *("--songs", path, "--listeners", tables / "few_listeners.csv"),
        *("--output", living, "--no-plots"),
    )
    lines = [line for line in said.err.splitlines() if not line.startswith("1/")]
    assert said.code == 3
    assert len(lines) == 1
    assert lines[0].startswith(f"error: {path}")
    assert message in lines[0]


def test_a_data_error_shows_no_traceback_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "train.py", "--songs", "nowhere.csv", "--output", tmp_path / "o"]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 3
    assert result.stdout == ""
    assert result.stderr.startswith("error: nowhere.csv: there is no such file")
    assert result.stderr.count("\n") == 1
    command = [sys.executable, "music_recommendation.py", "--output", tmp_path / "o"]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 4
    assert "holds no trained models yet" in result.stderr


@pytest.mark.parametrize("kind", ["under a file", "a file", "/proc", "models is a file"])
def test_an_output_that_cannot_be_written(tables: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "models").touch()
    output = {
        "under a file": tmp_path / "file" / "output",
        "a file": tmp_path / "file",
        "/proc": Path("/proc/moodlist"),
        "models is a file": tmp_path / "odd",
    }[kind]
    if kind == "/proc" and not Path("/proc/self").exists():
        pytest.skip("no /proc, a folder that nobody may write to")
    said = retrain(output, tables)
    assert_one_line(said, 2, str(output), "give", "--output DIR", "written")


FULL = (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "(the disk is full)")


@pytest.mark.parametrize(
    ("stage", "failure"),
    [
        ("new_staging", FULL),
        ("write_catalogue", (sqlite3.OperationalError("database or disk is full"), "disk is full")),
        ("write_catalogue", (sqlite3.OperationalError("disk I/O error"), "(disk I/O error)")),
        ("write_manifest", (OSError(errno.EDQUOT, "Quota"), "(the disk is full)")),
        ("write_tables", FULL),
        ("write_figures", (OSError(errno.EROFS, "Read-only file system"), "Read-only file")),
        ("draw_plots", FULL),
        ("swap_in", FULL),
    ],
)
def test_a_full_disk_at_any_stage_leaves_the_old_set(
    living: Path,
    tables: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    failure: tuple[Exception, str],
) -> None:
    error, reason = failure
    monkeypatch.setattr(program, stage, mock.Mock(side_effect=error))
    said = retrain(living, tables, *([] if stage == "draw_plots" else ["--no-plots"]))
    assert_one_line(said, 2, str(living), reason, "the old one is as it was")


@pytest.mark.parametrize("n_bytes", [0, 1000, 20_000, 60_000, 90_000])
def test_files_that_may_not_grow_leave_the_old_set(
    living: Path, tables: Path, n_bytes: int
) -> None:
    catalogue = living / "models" / current_run(str(living)) / CATALOGUE
    assert catalogue.stat().st_size > 90_000  # so that each limit is met somewhere
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        said = retrain(living, tables, "--no-plots")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_training_clears_up(
    living: Path, tables: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(program, "write_tables", mock.Mock(side_effect=error))
    if error is KeyboardInterrupt:
        said = retrain(living, tables)
        assert (said.code, said.err) == (130, "interrupted\n")
    else:  # our own mistake is not dressed up as the user's
        with pytest.raises(RuntimeError):
            retrain(living, tables)


def test_reports_in_the_way_do_not_hide_that_the_new_set_answers(
    tables: Path, teach: Callable[..., Path]
) -> None:
    output = teach(tables / "songs.csv")
    before = current_run(str(output))
    (output / "metrics.json").unlink()
    (output / "metrics.json" / "mine").mkdir(parents=True)

    said = retrain(output, tables, "--no-plots")

    run = current_run(str(output))
    assert run != before
    assert_one_line(said, 2, f"run {run} answers now", "reports and plots could not all")
    assert verify_set(str(output)) == run
    assert not list(output.rglob(".new-*"))
    shutil.rmtree(output / "metrics.json")
    assert retrain(output, tables, "--no-plots").code == 0
    assert json.loads((output / "metrics.json").read_text())["run"] == run


def test_data_warnings_are_notes_and_other_warnings_are_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import warnings

    with friendly_errors(tmp_path):
        warnings.warn("a suspect row", DataWarning, stacklevel=1)
        warnings.showwarning("a library's affair", UserWarning, "file.py", 1)
    assert capsys.readouterr().err == "warning: a suspect row\n"
