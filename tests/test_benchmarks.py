"""The benchmarks measure what they say: generator, naive rules, measuring, verdicts, report."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import generate_songs, measure, nearest, preparation, report, run
from benchmarks.naive.music_recommendation import choose_mood, match_label
from benchmarks.naive.train import OTHER, SONG_FEATURES, name_clusters
from benchmarks.results import MODEL_FILES, Results
from scripts.playlists.nearest import SongTree
from scripts.store.reading import open_set

ROOT = Path(__file__).resolve().parent.parent
N_SONGS = 2_000
UNIT_FEATURES = (
    "danceability",
    "energy",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
)


@pytest.fixture(scope="module")
def source_table() -> pd.DataFrame:
    return pd.read_csv(generate_songs.DEFAULT_SOURCE)


@pytest.fixture(scope="module")
def source() -> generate_songs.Source:
    return generate_songs.read_source(generate_songs.DEFAULT_SOURCE)


@pytest.fixture(scope="module")
def songs(source: generate_songs.Source) -> pd.DataFrame:
    (chunk,) = generate_songs.draw_songs(source, N_SONGS)
    return chunk.to_pandas()


class TestGenerator:
    def test_columns_are_those_of_the_kaggle_table_and_a_date(self, songs):
        assert tuple(songs.columns) == generate_songs.COLUMNS
        assert len(songs) == N_SONGS
        assert not songs.isna().any().any()

    @pytest.mark.parametrize("ending", [".csv", ".parquet"])
    def test_same_seed_gives_the_same_bytes(self, source, tmp_path, ending):
        files = [tmp_path / f"{name}{ending}" for name in "abc"]
        for file, seed in zip(files, (0, 0, 1), strict=True):
            generate_songs.write_songs(source, 300, file, seed)
        first, second, other = (file.read_bytes() for file in files)
        assert first == second
        assert first != other
        assert sorted(tmp_path.iterdir()) == files

    def test_values_are_legal(self, songs):
        for feature in UNIT_FEATURES:
            assert songs[feature].between(0, 1).all(), feature
        assert songs["loudness"].between(-60, 5).all()
        assert songs["tempo"].between(30, 250).all()
        assert songs["popularity"].between(0, 100).all()
        assert songs["key"].isin(range(12)).all()
        assert songs["mode"].isin([0, 1]).all()
        assert songs["explicit"].dtype == bool
        assert songs["release_date"].str.fullmatch(r"\d{4}(-\d\d-\d\d)?").all()
        assert songs["release_date"].str[:4].astype(int).between(1950, 2025).all()

    def test_ids_are_unique_over_chunks(self, source, monkeypatch):
        monkeypatch.setattr(generate_songs, "CHUNK", 700)
        chunks = list(generate_songs.draw_songs(source, N_SONGS))
        ids = pd.concat([chunk.to_pandas() for chunk in chunks])["track_id"]
        assert len(chunks) == 3
        assert len(ids) == N_SONGS
        assert ids.is_unique
        assert ids.str.fullmatch(r"[0-9A-Za-z]{22}").all()

    def test_correlations_are_those_of_the_source(self, songs, source_table):
        # 0.09: four standard errors of a correlation of 2,000 rows
        columns = list(generate_songs.JOINT)
        difference = songs[columns].corr("spearman") - source_table[columns].corr("spearman")
        assert np.abs(difference.to_numpy()).max() < 0.09

    def test_margins_are_those_of_the_source(self, songs, source_table):
        # 0.05: the Kolmogorov-Smirnov bound of 2,000 against 6,000 rows at p = 0.001
        for column in generate_songs.JOINT:
            drawn, real = np.sort(songs[column]), np.sort(source_table[column])
            grid = np.concatenate([drawn, real])
            steps = [np.searchsorted(x, grid, side="right") / len(x) for x in (drawn, real)]
            assert np.abs(steps[0] - steps[1]).max() < 0.05, column

    def test_songs_are_new_but_look_like_some_genre(self, songs, source_table):
        assert not set(songs["track_id"]) & set(source_table["track_id"])
        base = songs["track_genre"].map(
            lambda name: next(g for g in source_table["track_genre"].unique() if name.endswith(g))
        )
        assert 90 <= songs["track_genre"].nunique() <= 110
        sizes = songs["track_genre"].value_counts()
        assert sizes.iloc[0] > 5 * sizes.median()
        explicit = songs["explicit"].groupby(base).mean()
        assert explicit.idxmax() == "hip-hop"

    def test_titles_and_artists_are_largely_distinct(self, songs):
        pairs = songs[["track_name", "artists"]].drop_duplicates()
        assert 0.95 * N_SONGS <= len(pairs) < N_SONGS
        assert songs["artists"].str.contains(";").mean() == pytest.approx(0.15, abs=0.05)

    def test_years_are_mostly_recent(self, songs):
        years = songs["release_date"].str[:4].astype(int)
        assert years.median() > 2005
        assert years.min() < 1960

    def test_a_source_without_a_column_is_named(self, source_table, tmp_path):
        path = tmp_path / "songs.csv"
        source_table.drop(columns="tempo").head().to_csv(path, index=False)
        with pytest.raises(SystemExit, match=r"songs\.csv: column 'tempo' is missing"):
            generate_songs.read_source(path)
        with pytest.raises(SystemExit, match="no such file"):
            generate_songs.read_source(tmp_path / "absent.csv")


def centroids(**high: dict[int, float]) -> np.ndarray:
    """Make twelve centroids at 0 but for the given feature, row and value."""
    table = np.zeros((12, len(SONG_FEATURES)))
    for feature, rows in high.items():
        for row, value in rows.items():
            table[row, SONG_FEATURES.index(feature)] = value
    return table


class TestNaiveRules:
    def test_nothing_stands_out(self):
        assert name_clusters(centroids()) == [OTHER] * 12

    def test_the_first_rule_wins(self):
        names = name_clusters(
            centroids(valence={0: 1}, energy={0: 1}, danceability={0: 1}, speechiness={0: 1})
        )
        assert names == ["happy"] + [OTHER] * 11

    @pytest.mark.parametrize(
        ("name", "signs"),
        [
            ("melancholy", {"valence": -1, "acousticness": 1}),
            ("party", {"energy": 1, "danceability": 1}),
            ("relax", {"acousticness": 1, "instrumentalness": 1}),
            ("talkative", {"speechiness": 1}),
            ("live", {"liveness": 1}),
            ("uplifting", {"valence": 1, "tempo": 1}),
            ("calm", {"valence": -1, "energy": -1}),
            ("deep", {"valence": -1, "instrumentalness": 1}),
            ("motivating", {"tempo": 1, "energy": 1}),
            ("fun", {"danceability": 1, "valence": 1}),
            (OTHER, {"loudness": 1, "duration_ms": 1}),
        ],
    )
    def test_each_rule(self, name, signs):
        table = centroids(**{feature: {5: value} for feature, value in signs.items()})
        assert name_clusters(table)[5] == name

    def test_thresholds_come_from_the_centroids(self):
        # four of twelve share the top value: the 75th percentile is that value, none is above it
        names = name_clusters(centroids(speechiness=dict.fromkeys(range(4), 1.0)))
        assert names == [OTHER] * 12


class TestNaiveMatching:
    def test_mood_text_is_searched_for_labels(self):
        assert match_label("Relaxation and stress relief") == "relax"
        assert match_label("Sadness or melancholy") == "melancholy"
        assert match_label("Social gatherings or parties") is None

    def test_first_that_maps(self):
        moods = np.array(["Social gatherings or parties", "Sadness or melancholy"])
        assert choose_mood(moods, ["melancholy"], first_that_maps=False) == moods[0]
        assert choose_mood(moods, ["melancholy"], first_that_maps=True) == moods[1]
        assert choose_mood(moods, ["fun"], first_that_maps=True) == moods[0]


class TestMeasuring:
    def test_commands_run_in_turn(self, tmp_path):
        diary = tmp_path / "diary"
        commands = {
            name: ("-c", f"open({str(diary)!r}, 'a').write({name!r})") for name in ("a", "b")
        }
        outcomes = measure.measure(commands, 2, tmp_path / "logs", warm_up=True)
        assert diary.read_text() == "ababab"
        assert [len(outcome.samples) for outcome in outcomes.values()] == [2, 2]

    def test_cpu_of_children_and_peak_are_counted(self, tmp_path):
        work = "x = bytearray(90_000_000)\nfor i in range(3_000_000): pass"
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
        sample = measure.run_once(("-c", code), tmp_path / "log")
        assert sample.exit_code == 0
        assert sample.wall_s >= sample.cpu_s * 0.5 > 0.01
        assert sample.peak_mb > 90

    def test_output_is_kept_and_threads_are_capped(self, tmp_path):
        code = "import os; print(os.environ['OMP_NUM_THREADS'])"
        assert measure.run_once(("-c", code), tmp_path / "log").output == "1\n"

    def test_a_failure_has_no_median(self, tmp_path):
        commands = {"bad": ("-c", "raise SystemExit('no songs')")}
        outcome = measure.measure(commands, 3, tmp_path)["bad"]
        assert outcome.error == "exit 1: no songs"
        assert outcome.median("wall_s") is None

    def test_the_measuring_process_stays_slim(self):
        code = (
            "import sys, benchmarks.run; "
            "print(*{'numpy', 'pandas', 'sklearn', 'pyarrow'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == ""


class TestNearest:
    @pytest.mark.parametrize("space", ["plane", "sound"])
    def test_both_find_the_same_distances(self, sample_set, space):
        with contextlib.closing(open_set(str(sample_set))) as trained:
            points = nearest.read_points(trained.catalogue, space)
            tree = SongTree(trained.catalogue, space)
            assert points.shape == (tree.n_songs, tree.n_dims)
            queries = nearest.draw_queries(points, space, 150, 0)
            medians = nearest.compare(tree, points, queries)
            assert {part: set(ways) for part, ways in medians.items()} == {
                part: {"moodlist", "ckdtree"} for part in ("first", "again")
            }
            elsewhere = points + np.linspace(0, 0.1, len(points))[:, None]
            with pytest.raises(SystemExit, match="but cKDTree has"):
                nearest.compare(tree, elsewhere, queries)

    def test_blocks_take_turns_and_every_query_is_asked_in_each_round(self):
        diary: list[tuple[str, int]] = []
        n = nearest.BLOCK + 1
        ways = {name: lambda query, name=name: diary.append((name, query)) for name in "ab"}
        nearest.time_in_turn(ways, {"a": list(range(n)), "b": list(range(n))})
        blocks = (range(nearest.BLOCK), range(nearest.BLOCK, n))
        turn = [(name, query) for block in blocks for name in "ab" for query in block]
        assert diary == turn * nearest.ROUNDS

    def test_it_prints_what_the_section_reads(self, sample_set):
        command = ("-m", "benchmarks.nearest", str(sample_set), "--queries", "20")
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True
        )
        document = json.loads(done.stdout)
        assert set(document) == {"plane", "sound"}
        assert all(way > 0 for rounds in document.values() for way in rounds["first"].values())


class TestReport:
    def test_table(self):
        text = report.render_table(["what", "s"], [["a|b", "1"], ["longer", "22"]])
        assert text.splitlines() == [
            "| what   | s  |",
            "|--------|----|",
            "| a\\|b   | 1  |",
            "| longer | 22 |",
        ]

    @pytest.mark.parametrize(
        ("value", "sense", "verdict"),
        [
            (5.0, ">=", "met"),
            (4.9, ">=", "short"),
            (5.0, "<=", "met"),
            (5.1, "<=", "short"),
            (None, "<=", "not measured"),
        ],
    )
    def test_verdict(self, value, sense, verdict):
        assert report.Target("x", value, sense, 5.0).verdict == verdict

    def test_targets_are_rendered_with_verdict_and_note(self):
        text = report.render_targets([report.Target("x", 60.0, ">=", 50, "×", "by hand")])
        assert text.splitlines()[-1] == "| x    | 60.0×    | ≥ 50.0× | met     | by hand |"


def outcome(*, wall_s: float = 1.0, cpu_s: float = 1.0, peak_mb: float = 1.0) -> measure.Outcome:
    return measure.Outcome([measure.Sample(wall_s, cpu_s, peak_mb, 0)])


class TestResults:
    def test_ratios_are_of_medians_of_the_same_run(self):
        results = Results(["answer"])
        three = [measure.Sample(wall_s, 1.0, 20.0, 0) for wall_s in (0.9, 0.03, 0.02)]
        results.keep(
            "answer",
            "114k",
            {
                "floor": outcome(wall_s=0.02),
                "naive": outcome(wall_s=3.0),
                "--mood": measure.Outcome(three),
            },
        )
        by_name = {target.what: target for target in results.targets()}
        faster = by_name["answer --mood, 114k: times faster than naive"]
        assert faster.value == pytest.approx(100)
        assert faster.verdict == "met"
        assert by_name["answer --mood, 114k: of the floor"].value == pytest.approx(1.5)
        assert by_name["answer --mood, 10M: of its 114k time"].verdict == "not measured"

    def test_the_naive_figure_at_1_2m_is_never_made_up(self):
        ratio = "train with plots, 1.2M: times less CPU than naive"
        for given, verdict, note in ((None, "not measured", "--naive-large"), (900, "met", "hand")):
            results = Results(["train"], given)
            results.keep("train", "1.2M", {"moodlist": outcome(cpu_s=50.0)})
            (target,) = [t for t in results.targets() if t.what == ratio]
            assert target.verdict == verdict
            assert note in target.note

    def test_a_failed_command_is_reported(self):
        results = Results(["train"])
        results.keep("train", "114k", {"moodlist": measure.Outcome([], "exit 3: no table")})
        assert "Failed: train, 114k, moodlist: exit 3: no table" in results.report()
        assert results.document()["runs"][0]["error"] == "exit 3: no table"

    def test_sizes_and_inertia(self):
        results = Results(["kmeans", "sizes"])
        results.keep("kmeans", "114k", {"plain": outcome(cpu_s=6.0), "moodlist": outcome()})
        results.inertia |= {("114k", "plain"): 1000.0, ("114k", "moodlist"): 1002.0}
        results.bytes["114k", MODEL_FILES] = 30_000
        verdicts = {target.what: target.verdict for target in results.targets()}
        assert verdicts["KMeans, 114k: times less CPU"] == "met"
        assert verdicts["KMeans, 114k: inertia above n_init=10"] == "short"
        assert verdicts["model files together, 114k"] == "met"

    def test_nearest_in_one_process_is_held_against_scipy(self):
        results = Results(["nearest"])
        (target,) = results.targets()
        assert target.verdict == "not measured"
        results.query_us["114k", "plane", "first"] = {"moodlist": 24.0, "ckdtree": 10.0}
        results.query_us["114k", "plane", "again"] = {"moodlist": 90.0, "ckdtree": 10.0}
        (target,) = results.targets()
        assert target.value == pytest.approx(2.4)
        assert target.verdict == "met"
        lines = [line.replace(" ", "") for line in results.report().splitlines()]
        assert "|114k|plane|first|24.0|10.0|2.40×|" in lines
        assert results.document()["query_us"]["114k plane again"]["moodlist"] == 90.0

    def test_the_ways_to_ask_on_the_plane(self):
        results = Results(["answer"])
        times = {"floor": 0.02, "import numpy": 0.1, "--like": 0.05, "journey": 0.15}
        for size, slower in (("114k", 1), ("1.2M", 1.5)):
            runs = {name: outcome(wall_s=slower * wall_s) for name, wall_s in times.items()}
            results.keep("answer", size, runs)
        by_name = {target.what: target for target in results.targets()}
        like = by_name["answer --like, 114k: of the floor"]
        assert (like.value, like.verdict) == (pytest.approx(2.5), "short")
        journey = by_name["journey of 20 songs with five wishes, 114k: of import numpy"]
        assert (journey.value, journey.verdict) == (pytest.approx(1.5), "met")
        for name in ("--like", "journey"):
            assert by_name[f"answer {name}, 1.2M: of its 114k time"].value == pytest.approx(1.5)


class TestCommandLine:
    def test_sections_and_sizes(self):
        options = run.parse_options(["--only", "kmeans,answer", "--sizes", "114k,10M"])
        assert options.only == ["kmeans", "answer"]
        assert options.sizes == ["114k", "10M"]

    def test_quick(self):
        options = run.parse_options(["--quick"])
        assert options.sizes == ["114k"]
        assert options.repeats == 1

    def test_unknown_size(self, capsys):
        with pytest.raises(SystemExit):
            run.parse_options(["--sizes", "7M"])
        assert "choose from real,114k,1.2M,10M" in capsys.readouterr().err

    def test_fresh_means_younger_than_its_sources(self, tmp_path):
        old, new = tmp_path / "old", tmp_path / "new"
        for time_s, path in enumerate((old, new)):
            path.touch()
            os.utime(path, (time_s, time_s))
        assert preparation.is_fresh(new, [old])
        assert not preparation.is_fresh(old, [new])
        assert not preparation.is_fresh(tmp_path / "absent", [old])


@pytest.mark.slow
def test_naive_way_from_table_to_ten_songs(tmp_path):
    songs, output = tmp_path / "songs.csv", tmp_path / "output"
    listeners = ROOT / "input" / "sample" / "listeners.csv"
    commands = [
        ["generate_songs", "1500", str(songs)],
        ["naive.train", "--songs", songs, "--listeners", listeners, "--output", output],
        ["naive.music_recommendation", "--listeners", listeners, "--output", output],
    ]
    commands[2].append("--first-that-maps")
    for module, *arguments in commands:
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
            cwd=ROOT,
            env=measure.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 12
    assert {path.name for path in output.glob("*.pkl")} == {
        "user_behavior_model.pkl",
        "user_behavior_encoding.pkl",
        "music_model.pkl",
        "song_clusters.pkl",
    }
    assert len(list(output.rglob("*.png"))) == 1 + 2 + 2 + 9
    assert len(pd.read_csv(output / "clustered_songs.csv")) == 1500
