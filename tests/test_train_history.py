"""Training with listeners' histories: joined, judged on others, written whole, nobody named."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

import train as train_program
from scripts.errors import DataError, DataWarning, ModelError, SettingsError
from scripts.learning.taste import model_from_arrays
from scripts.playlists.program import run_program
from scripts.settings import TrainSettings, read_settings
from scripts.store.layout import SET_FILES, TASTE_FILES
from scripts.store.reading import current_run, open_set, verify_set
from scripts.store.taste import has_taste, open_taste_arrays, read_taste_facts
from scripts.tables.history_listeners import Listening
from scripts.text.names import artist_key
from scripts.training import tracked
from scripts.training.genres import (
    artist_rows,
    find_artists,
    genre_map_rows,
    learn_genre_map,
    song_memberships,
)
from scripts.training.program import train
from scripts.training.taste import shuffle_rows
from scripts.training.taste_choice import choose_model, tell_use
from scripts.training.taste_division import FEWEST_PLAYERS, divide, hold_out, make_task
from scripts.training.taste_items import FEWEST_LISTENERS, FEWEST_TAGGERS, Interactions, take_tags
from scripts.training.taste_trials import COSTS, MANY, MOST_FOR_EASE, plan_trials, settings_for

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "input" / "sample"

MOODS = ("Happy", "Angry", "Sad", "Relaxed")
N_LISTENERS = 60

#: What a history may hold of a person; every one of them carries its own number.
PLANTED = ("plantedname", "10.77.", "PlantedAgent", "plantedfile", "plantedplatform")


def play(listener: int, artist: str, n: int) -> dict[str, Any]:
    """One play as Spotify's extended export tells it, with all that is nobody's business."""
    return {
        "ts": f"2020-{1 + n % 12:02d}-{1 + n % 28:02d}T10:00:{n % 60:02d}Z",
        "username": f"plantedname{listener}",
        "platform": f"plantedplatform{listener}",
        "ms_played": 200_000,
        "conn_country": "DE",
        "ip_addr_decrypted": f"10.77.{listener}.1",
        "user_agent_decrypted": f"PlantedAgent/{listener}",
        "master_metadata_track_name": f"Song {n}",
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": "Album",
        "spotify_track_uri": f"spotify:track:{listener:04d}{n:04d}{'x' * 14}",
        "episode_name": None,
        "episode_show_name": None,
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": 0,
        "incognito_mode": False,
    }


def write_histories(folder: Path, n_listeners: int, *, known: bool = True) -> Path:
    """One file a listener; each plays most of one mood's artists, and a few of the others."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for listener in range(n_listeners):
        mood = MOODS[listener % 4]
        own = [f"{mood} Artist {letter}" for letter in "ABCDE"]
        own += [f"{mood} Band {number}" for number in range(6)]
        stray = [f"{m} Artist {x}" for m in MOODS for x in "ABCDE"]
        chosen = [*rng.choice(own, 8, replace=False), *rng.choice(stray, 2, replace=False)]
        names = [name if known else f"Unknown {name}" for name in chosen]
        names.append(f"Only Of Listener {listener}")
        plays = [play(listener, name, n) for n, name in enumerate(rng.permutation(names))]
        path = folder / f"plantedfile{listener}.json"
        path.write_text(json.dumps(plays), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_histories(tmp_path_factory.mktemp("histories") / "all", N_LISTENERS)


@pytest.fixture(scope="module")
def teach(tiny_songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Train on the tiny songs: (output, histories, **settings) -> output."""
    listeners = tmp_path_factory.mktemp("listeners") / "listeners.csv"
    lines = (SAMPLE / "listeners.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    listeners.write_text("".join(lines[:21]), encoding="utf-8")

    def run(output: Path, *history: Path, **changes: Any) -> Path:
        told: dict[str, Any] = {"songs": (tiny_songs,), "listeners": listeners, "plots": False}
        told |= {"quiet": True, "history": history, "output": output}
        train(TrainSettings(**(told | changes)))
        return output

    return run


@pytest.fixture(scope="module")
def taught(
    teach: Callable[..., Path], histories: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An output trained with histories, with plots; to be read only."""
    return teach(tmp_path_factory.mktemp("taught") / "output", histories, plots=True)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".training.lock"
    }


def metrics_of(output: Path) -> dict[str, Any]:
    return dict(json.loads((output / "metrics.json").read_text(encoding="utf-8")))


# ---- what is written --------------------------------------------------------------------------


def test_a_set_with_histories_is_whole_and_told_as_such(taught: Path) -> None:
    trained = open_set(str(taught))
    facts = read_taste_facts(trained)
    arrays = open_taste_arrays(trained)
    trained.close()

    assert verify_set(str(taught)) == trained.run
    assert set(trained.manifest["files"]) == {*SET_FILES, *TASTE_FILES}
    assert has_taste(trained)
    assert str(arrays["model"]) == facts["model"] == facts["judged"]["chosen"]
    assert facts["answers_use"] is True
    assert "on those who tested" in facts["why"]
    assert facts["n_listeners"] == N_LISTENERS
    # 4 x (5 + 6) names; what one listener alone played is left out
    assert facts["n_items"] == 44
    assert facts["join"]["n_artists_of_one_listener_left_out"] == N_LISTENERS
    assert facts["join"]["n_artists_met"] == 20
    assert facts["join"]["share_of_songs"] == 1.0
    assert metrics_of(taught)["taste"]["judged"] == facts["judged"]


def test_the_table_of_artists_joins_songs_and_items(taught: Path) -> None:
    trained = open_set(str(taught))
    rows = trained.catalogue.execute("SELECT key, artist_id, item FROM artists").fetchall()
    songs = trained.catalogue.execute("SELECT artist, artist_id FROM songs").fetchall()
    n_items = read_taste_facts(trained)["n_items"]
    trained.close()

    table = {key: (artist_id, item) for key, artist_id, item in rows}
    assert {artist_key(artist): artist_id for artist, artist_id in songs} == {
        key: artist_id for key, (artist_id, _) in table.items() if artist_id is not None
    }
    assert sorted(item for _, item in table.values() if item is not None) == list(range(n_items))
    assert table["happyband0"][0] is None
    assert not any(key.startswith("onlyoflistener") for key in table)


@pytest.mark.parametrize("mood", MOODS)
def test_the_stored_model_knows_whose_taste_is_alike(taught: Path, mood: str) -> None:
    trained = open_set(str(taught))
    model = model_from_arrays(open_taste_arrays(trained))
    items = dict(trained.catalogue.execute("SELECT key, item FROM artists WHERE item NOT NULL"))
    trained.close()

    played = [items[artist_key(f"{mood} Artist {letter}")] for letter in "ABC"]
    scores = model.scores_of(np.array(played), np.ones(3, np.float32))
    names = {item: key for key, item in items.items()}
    best = [names[i] for i in np.argsort(-scores, kind="stable").tolist() if i not in played]
    assert all(name.startswith(mood.lower()) for name in best[:6])


def test_the_map_of_genres_is_written_with_and_without_histories(
    taught: Path, teach: Callable[..., Path], tmp_path: Path
) -> None:
    plain = teach(tmp_path / "plain")
    tables = []
    for output in (taught, plain):
        trained = open_set(str(output))
        tables.append(trained.catalogue.execute("SELECT * FROM genre_map").fetchall())
        ids = dict(trained.catalogue.execute("SELECT name, genre_id FROM genres"))
        trained.close()
    assert tables[0] == tables[1]
    assert {row[0]: row[1] for row in tables[0]} == ids == {"pop": 0, "rock": 1}
    assert [name for name, _ in json.loads(tables[0][0][6])] == ["rock"]


def test_without_histories_there_is_no_model_and_the_refusal_says_how(
    teach: Callable[..., Path], tmp_path: Path
) -> None:
    output = teach(tmp_path / "output")
    trained = open_set(str(output))
    items = trained.catalogue.execute("SELECT count(item), count(*) FROM artists").fetchone()
    trained.close()

    assert items == (0, 20)
    assert not has_taste(trained)
    assert "taste" not in metrics_of(output)
    for ask in (read_taste_facts, open_taste_arrays):
        with pytest.raises(ModelError, match=r"train\.py --history PATH"):
            ask(trained)


def test_the_same_histories_give_the_same_bytes(
    taught: Path, teach: Callable[..., Path], histories: Path, tmp_path: Path
) -> None:
    again = teach(tmp_path / "again", histories, plots=True)
    assert files_of(again) == files_of(taught)


# ---- nobody is named --------------------------------------------------------------------------


def test_no_artefact_holds_a_name_an_address_an_agent_or_a_file(taught: Path) -> None:
    files = files_of(taught)
    assert {"metrics.json", "MODEL_CARD.md"} <= set(files)
    for name, content in files.items():
        found = [word for word in PLANTED if word.encode() in content or word in name]
        assert not found, f"{name} holds {found}"


def test_a_tracked_run_is_given_none_either(
    taught: Path, histories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to: list[Any] = []
    monkeypatch.setattr(tracked, "track_run", lambda *told: given_to.append(told))
    settings = TrainSettings(history=(histories / "plantedfile0.json",), output=taught)
    tracked.track_training(settings, metrics_of(taught))

    [(_, _, told, metrics, files)] = given_to
    assert {"taste.json", "model_scores.png"} <= {path.name for path in files}
    assert told["history"] == 1
    said = repr((told, metrics))
    assert not [word for word in PLANTED if word in said]


def test_what_one_listener_calls_an_artist_is_left_out() -> None:
    n = FEWEST_TAGGERS
    users = [*range(n), *range(n), 0, *range(1, n)]
    tags = [*[0] * n, *[1] * n, 2, *[3] * (n - 1)]
    listening = SimpleNamespace(
        tag_users=np.array(users),
        tag_items=np.zeros(len(users), int),
        tag_numbers=np.array(tags),
        tag_names=["Rock", "ROCK", "my wedding", "too few"],
    )
    found = SimpleNamespace(of_history=np.array([3]))
    kept = take_tags(cast(Listening, listening), cast(Interactions, found), np.ones(n, dtype=bool))
    assert kept.names == ["rock"]
    assert kept.artists.tolist() == [3] * n
    none = take_tags(cast(Listening, listening), cast(Interactions, found), np.zeros(n, dtype=bool))
    assert none.names == []


# ---- what is told -----------------------------------------------------------------------------


def test_scores_stand_beside_baselines_with_intervals(taught: Path) -> None:
    judged = metrics_of(taught)["taste"]["judged"]
    models = {model["name"]: model for model in judged["models"]}
    assert {"random", "popularity", "item-knn", "ease", "ease+side", "blend"} <= set(models)
    for model in models.values():
        low, high = model["ndcg@10 interval"]
        assert 0 <= low <= model["ndcg@10"] <= high <= 1
    best = models[judged["chosen"]]
    assert best["ndcg@10 interval"][0] > models["popularity"]["ndcg@10 interval"][1]
    assert judged["beside_popularity"][judged["chosen"]]["verdict"] == (
        "significantly above popularity"
    )
    assert judged["n_train"] + judged["n_choosing"] + judged["n_testing"] == N_LISTENERS


def test_the_model_card_has_its_section(taught: Path) -> None:
    card = (taught / "MODEL_CARD.md").read_text(encoding="utf-8")
    section = card.partition("## Whose taste is alike")[2].partition("\n## ")[0]
    for words in ("60 listeners", "the most played", "random order", "anonymous rows", "audio"):
        assert words in section
    assert "Do answers use it: yes; " in section
    assert "later listens too" in section  # what these histories tell has times


def test_plots_are_drawn_and_vanish_with_the_histories(
    taught: Path, teach: Callable[..., Path], tmp_path: Path
) -> None:
    names = ("genre_map.png", "taste/model_scores.png", "taste/long_tail.png")
    for name in names:
        old = tmp_path / "output" / name
        old.parent.mkdir(parents=True, exist_ok=True)
        old.write_bytes((taught / name).read_bytes())
        assert old.read_bytes().startswith(b"\x89PNG")
    output = teach(tmp_path / "output")
    assert not [name for name in names if (output / name).exists()]


def test_the_terminal_is_told(
    tiny_songs: Path,
    histories: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["train.py", "--songs", str(tiny_songs), "--history", str(histories), "--no-plots"]
    monkeypatch.setattr("sys.argv", [*words, "--output", str(tmp_path / "output")])
    assert run_program(train_program.main) == 0
    said = capsys.readouterr().err
    assert "learn from histories" in said
    assert "60 listeners" in said
    assert "20 of their 104 artists" in said
    assert "Taste model: " in said
    assert not [word for word in PLANTED if word in said]


# ---- what cannot be used ----------------------------------------------------------------------


def test_one_listener_is_told_where_to_go(
    teach: Callable[..., Path], histories: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"1 listener;.*music_recommendation\.py --history FILE"):
        teach(tmp_path / "output", histories / "plantedfile0.json")
    assert not (tmp_path / "output" / "models" / "CURRENT").exists()


def test_few_listeners_are_refused(teach: Callable[..., Path], tmp_path: Path) -> None:
    few = write_histories(tmp_path / "few", FEWEST_LISTENERS - 1)
    with pytest.raises(DataError, match=f"29 listeners; .*{FEWEST_LISTENERS} listeners or more"):
        teach(tmp_path / "output", few)


def test_listeners_who_share_no_artist_are_refused(
    teach: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "apart"
    folder.mkdir()
    for listener in range(40):
        plays = [play(listener, f"Artist {listener} {n}", n) for n in range(3)]
        (folder / f"{listener}.json").write_text(json.dumps(plays), encoding="utf-8")
    with pytest.raises(DataError, match="only 0 of them played two artists"):
        teach(tmp_path / "output", folder)


def test_histories_of_other_artists_are_warned_of(
    teach: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = write_histories(tmp_path / "strange", 40, known=False)
    output = teach(tmp_path / "output", strange)
    assert "warning: --history: none of the artists" in capsys.readouterr().err
    assert metrics_of(output)["taste"]["join"]["n_artists_met"] == 0
    assert verify_set(str(output))


def test_a_path_that_is_not_there(teach: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--history"):
        teach(tmp_path / "output", tmp_path / "absent")


def test_a_file_that_is_no_history(
    teach: Callable[..., Path], tiny_songs: Path, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("a line\nanother line\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"notes\.txt"):
        teach(tmp_path / "output", path)


# ---- settings ---------------------------------------------------------------------------------


def test_histories_come_from_flags_and_from_a_file(tmp_path: Path) -> None:
    told = read_settings(["--history", "a", "--history", "b", "--min-play-seconds", "10"])
    assert told == TrainSettings(history=(Path("a"), Path("b")), min_play_seconds=10)
    config = tmp_path / "train.toml"
    config.write_text('history = ["a", "b"]\nmin_play_seconds = 10\n')
    assert read_settings(["--config", str(config)]) == told


@pytest.mark.parametrize("seconds", ["-1", "nan", "3601"])
def test_seconds_that_make_no_sense(seconds: str) -> None:
    with pytest.raises(SettingsError, match="give seconds from 0 to 3600"):
        read_settings(["--min-play-seconds", seconds])


# ---- the parts --------------------------------------------------------------------------------


def test_a_key_of_several_numbers_has_a_row_for_each() -> None:
    songs = pd.DataFrame(
        {
            "artist": ["Beyoncé", "Beyonce", "BEYONCE", "A;B", "", "A"],
            "artist_id": [5, 7, 7, 2, 3, 1],
        }
    )
    artists = find_artists(songs, ["z", "a"])
    assert artists.keys == ["a", "beyonce", "z"]
    assert artists.of_song.tolist() == [1, 1, 1, 0, -1, 0]
    rows = list(artist_rows(artists, {"z": 0}))
    assert rows == [
        ("a", 1, None),
        ("a", 2, None),
        ("beyonce", 7, None),
        ("beyonce", 5, None),
        ("z", None, 0),
    ]


def test_a_catalogue_without_genres_has_no_map() -> None:
    songs = pd.DataFrame({"artist": ["A", "B"], "artist_id": [1, 2], "genres": ["", ""]})
    memberships = song_memberships(songs, find_artists(songs))
    assert list(memberships.genres) == []
    assert genre_map_rows(learn_genre_map(memberships, []), []) == []


def test_songs_of_each_genre_are_counted() -> None:
    songs = pd.DataFrame(
        {"artist": ["A", "A", "B"], "artist_id": [1, 1, 2], "genres": ["x;y", "x", "y"]}
    )
    seen = song_memberships(songs, find_artists(songs))
    counts: dict[tuple[int, str], float] = {}
    for artist, genre, weight in zip(seen.artists, seen.genres, seen.weights, strict=True):
        counts[int(artist), genre] = counts.get((int(artist), genre), 0) + float(weight)
    assert counts == {(0, "x"): 2, (0, "y"): 1, (1, "y"): 1}


histories_of = st.lists(
    st.dictionaries(st.integers(0, 19), st.integers(0, 50), max_size=12), min_size=1, max_size=6
)


@given(histories_of)
def test_what_is_held_out_was_met_last(rows: list[dict[int, int]]) -> None:
    dense = np.zeros((len(rows), 20), np.float32)
    moments = np.full((len(rows), 20), -1, np.int64)
    for i, row in enumerate(rows):
        for item, moment in row.items():
            dense[i, item], moments[i, item] = 1 + item, moment
    X = csr_matrix(dense)
    held = hold_out(X, moments[dense > 0], seed=0)
    # what is answered counts once: totals would tell of listens after the ones held out
    assert (held.kept.data == 1).all()
    assert (held.kept.multiply(X) + held.held - X).nnz == 0
    for i, row in enumerate(rows):
        kept, out = held.kept[i].indices, held.held[i].indices
        assert len(out) == (0 if len(row) < 2 else max(1, int(0.2 * len(row) + 0.5)))
        if len(out):
            assert moments[i, out].min() >= moments[i, kept].max()


@given(st.integers(10, 60), st.integers(0, 5))
def test_listeners_who_judge_are_not_learned_from(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = csr_matrix((rng.random((n, 12)) < 0.4).astype(np.float32))
    parts = divide(X, seed=seed)
    everybody = [*parts.train, *parts.choosing, *parts.testing]
    assert sorted(everybody) == list(range(n))
    for rows, held in ((parts.choosing, parts.validation), (parts.testing, parts.test)):
        assert (held.kept + held.held - X[rows]).nnz == 0
        assert (np.diff(held.held.indptr) >= 1).all()


def test_side_information_that_tells_all_is_found_to_help() -> None:
    rng = np.random.default_rng(1)
    n, n_items, n_kinds = 400, 480, 40
    kind = np.arange(n_items) % n_kinds
    X = np.zeros((n, n_items), np.float32)
    for row in range(n):  # few listeners a kind: most artists of a kind never meet in a history
        X[row, rng.choice(np.flatnonzero(kind == row % n_kinds), 3, replace=False)] = 1
    matrix = csr_matrix(X)
    side = {
        "kinds": csr_matrix(np.eye(n_kinds)[kind]),
        "noise": csr_matrix(rng.random((n_items, 10))),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        verdict = choose_model(matrix, divide(matrix, seed=0), side, seed=0)
    gains = {row["name"]: row["gain"] for row in verdict.facts["side_blocks"]}
    assert gains["kinds"] > gains["noise"]
    assert verdict.family in ("ease+side", "blend")
    beside = verdict.facts["beside_best_pure"][verdict.family]
    assert beside["interval"][0] > 0
    assert verdict.answers_use


def test_side_information_of_noise_is_not_kept() -> None:
    rng = np.random.default_rng(2)
    X = csr_matrix((rng.random((120, 60)) < 0.15 + 0.5 * (np.arange(60) < 8)).astype(np.float32))
    side = {"noise": csr_matrix(rng.random((60, 8)))}
    verdict = choose_model(X, divide(X, seed=0), side, seed=0)
    assert verdict.family not in ("ease+side", "blend")


def uniform_histories(seed: int, n: int = 150) -> csr_matrix:
    """Everybody draws from the same popular artists, so there is no taste to learn."""
    rng = np.random.default_rng(seed)
    return csr_matrix((rng.random((n, 80)) < 0.6 / np.arange(1, 81) ** 0.5).astype(np.float32))


@pytest.mark.parametrize("seed", range(3))
def test_where_all_share_one_taste_no_model_is_used(seed: int) -> None:
    X = uniform_histories(seed)
    verdict = choose_model(X, divide(X, seed=seed), {}, seed=seed)
    assert not verdict.answers_use
    assert verdict.family != "random"
    assert "not" in verdict.why


def test_what_is_random_is_never_kept() -> None:
    X = csr_matrix((np.random.default_rng(5).random((60, 2000)) < 0.01).astype(np.float32))
    verdict = choose_model(X, divide(X, seed=5), {}, seed=5)
    assert verdict.family == "popularity"
    assert "random" in {trial.family for trial in verdict.trials}


def test_answers_use_what_is_above_the_most_played_on_the_test_too() -> None:
    row = {"difference": 0.01, "interval": [0.004, 0.016]}
    assert tell_use("ease", {"ease": row | {"p_holm": 0.001}})[0]
    assert not tell_use("ease", {"ease": row | {"p_holm": 0.2}})[0]
    below = {"difference": -0.01, "interval": [-0.02, -0.001], "p_holm": 0.001}
    used, why = tell_use("ease", {"ease": below})
    assert not used
    assert "-0.0100 [-0.0200, -0.0010]" in why


def test_what_too_few_of_the_learning_listeners_played_is_a_miss() -> None:
    X = csr_matrix((np.random.default_rng(3).random((50, 40)) < 0.12).astype(np.float32))
    parts = divide(X, seed=3)
    block = csr_matrix(np.arange(1, 41)[:, None])
    task = make_task(X, parts.train, parts.validation, {"number": block})
    n_players = np.asarray(X[parts.train].sum(axis=0)).ravel()

    assert task.known.tolist() == np.flatnonzero(n_players >= FEWEST_PLAYERS).tolist()
    assert len(task.known) < 40
    assert task.side["number"].toarray().ravel().tolist() == (task.known + 1).tolist()
    # all that was held out is asked for, though the last columns are on no list
    assert task.held.held.nnz == parts.validation.held.nnz
    assert task.held.held.shape == (len(parts.choosing), X.shape[1])
    first = task.held.held[:, : len(task.known)]
    assert (first != parts.validation.held[:, task.known]).nnz == 0
    listed = np.array([[len(task.known) - 1, 0, -1]])
    assert task.name_lists(listed).tolist() == [[task.known[-1], task.known[0], -1]]


@given(st.permutations(range(8)), st.integers(0, 3))
def test_the_order_of_rows_says_nothing_of_the_input(order: list[int], seed: int) -> None:
    X = np.random.default_rng(seed).integers(0, 3, (8, 5)).astype(np.float32)
    X[0] = 0
    rows = shuffle_rows(csr_matrix(X)).toarray()
    assert shuffle_rows(csr_matrix(X[order])).toarray().tolist() == rows.tolist()
    assert sorted(rows.tolist()) == sorted(X[X.any(axis=1)].tolist())


@pytest.mark.parametrize("with_side", [True, False])
def test_what_is_told_of_the_work_comes_to_its_end(with_side: bool) -> None:
    X = uniform_histories(0, 60)
    rng = np.random.default_rng(0)
    side = {"a": csr_matrix(rng.random((80, 3))), "b": csr_matrix(rng.random((80, 3)))}
    told: list[tuple[int, int]] = []
    choose_model(X, divide(X), side if with_side else {}, progress=lambda *at: told.append(at))
    done = [n for n, _ in told]
    assert done == sorted(done)
    assert done[0] == 0
    assert {total for _, total in told} == {done[-1]}
    last = told[-2][0]  # the last trial takes what is left
    assert 0 < done[-1] - last <= max(COSTS.values())
    assert sum(np.diff(done)) == done[-1]


def test_a_damaged_model_says_how_to_train_it_again(taught: Path, tmp_path: Path) -> None:
    copy = tmp_path / "output"
    shutil.copytree(taught, copy)
    [path] = copy.rglob("taste.npz")
    path.write_bytes(path.read_bytes()[:-1])
    trained = open_set(str(copy))
    with pytest.raises(ModelError, match=r"train again with: python train\.py --history PATH$"):
        open_taste_arrays(trained)
    trained.close()


def test_large_histories_are_not_inverted() -> None:
    assert "ease" in plan_trials(MOST_FOR_EASE, []).families
    large = plan_trials(MOST_FOR_EASE + 1, ["audio"])
    assert "ease" not in large.families
    assert not large.with_blend
    assert large.n_with_side == 0


def test_of_many_listeners_fewer_settings_are_tried() -> None:
    few, many = (plan_trials(size, ["audio", "tags"]) for size in (MANY, MANY + 1))
    assert few.with_blend
    assert not many.with_blend
    assert 0 < many.n_with_side < few.n_with_side
    assert len(settings_for("ease", MANY + 1)) < len(settings_for("ease", MANY))


def test_another_training_is_another_run(
    taught: Path, teach: Callable[..., Path], histories: Path, tmp_path: Path
) -> None:
    other = teach(tmp_path / "other", histories, min_play_seconds=0)
    assert current_run(str(other)) != current_run(str(taught))
