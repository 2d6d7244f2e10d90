"""The trained set on disk: whole or refused, swapped at once, never read as code."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import music_recommendation
from scripts.errors import ModelError, SettingsError
from scripts.playlists.program import run_program
from scripts.settings import TrainSettings
from scripts.store import reading, writing
from scripts.store.layout import (
    CATALOGUE,
    CURRENT,
    FORMAT,
    LISTENER_MOOD,
    LYRIC_FILES,
    LYRIC_VECTORS,
    LYRICS,
    MANIFEST,
    MODEL_FILES,
    SCHEMA_VERSION,
    SET_FILES,
    SONG_COLUMNS,
    TASTE,
    TASTE_ARRAYS,
    TASTE_FILES,
    VECTOR_SIZE,
    WORD_VECTORS,
    is_run,
)
from scripts.store.lyrics import has_lyrics, open_vectors, read_lyric_facts
from scripts.store.reading import current_run, open_set, verify_folder, verify_set
from scripts.store.taste import (
    has_taste,
    open_taste_arrays,
    read_arrays,
    read_taste_facts,
    write_taste,
)
from scripts.store.vectors import map_vectors, vector_header, write_vectors
from scripts.store.writing import (
    LyricRows,
    name_run,
    new_staging,
    publish_reports,
    swap_in,
    to_json,
    training_lock,
    write_catalogue,
    write_manifest,
    write_text,
)
from scripts.training.program import train

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "input" / "sample"


# A hand-made set: every file is there and fits the others, no model is learned.


def song_row(rank: int, title: str = "a title", **changes: Any) -> tuple[Any, ...]:
    row: dict[str, Any] = dict.fromkeys(SONG_COLUMNS, 0.5)
    row |= {"rank": rank, "song_id": f"id{rank}", "title": title, "artist": "a", "genres": "pop"}
    row |= {"year": 1999, "explicit": 0, "popularity": 50.0, "duration_ms": 1000, "mood_id": 0}
    row |= {"work_id": rank, "artist_id": rank, "cluster": 0}
    return tuple((row | changes)[name] for name in SONG_COLUMNS)


SONG_LYRICS = [(0, 1, '[["joy", 1.0]]', 0.9, None), (2, 0, "[]", 0.5, 3)]


ARTISTS = [("a", 7, 1), ("b", None, 0), ("c", 8, None)]
GENRE_MAP = [("pop", 0, 3, 0, 0.5, -0.5, '[["rock", 0.5]]', b"\0\0\x80?")]

TASTE_MODEL = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "model": np.array("ease"),
    "l2": np.array(50.0),
    "none": np.empty(0, np.int64),
}


def stage_set(
    staging: Path, word: str, *, n_songs: int = 3, lyrics: bool = False, taste: bool = False
) -> str:
    """Write a hand-made set into a folder; sets of other words have other names."""
    files = (*MODEL_FILES, *([LYRICS] * lyrics), *([TASTE] * taste))
    documents = {name: to_json({"word": word, "file": name}) for name in files}
    if taste:
        write_taste(str(staging), TASTE_MODEL)
    of_lyrics = LyricRows()
    if lyrics:
        write_vectors(str(staging / LYRIC_VECTORS), np.eye(2, VECTOR_SIZE))
        write_vectors(str(staging / WORD_VECTORS), np.ones((1, VECTOR_SIZE)))
        of_lyrics = LyricRows([(0, "joy", 0.8, 0.8, 1)], [(0, 0, 1.0)], SONG_LYRICS)
    facts = {"settings": {"seed": 0}, "inputs": [{"name": "songs.csv", "sha256": word}]}
    run = name_run(documents, facts)
    for name, text in documents.items():
        (staging / name).write_text(text, encoding="utf-8")
    write_catalogue(
        staging / CATALOGUE,
        run,
        moods=[(0, "happy", 0, n_songs, n_songs, None)],
        songs=[[song_row(rank, word) for rank in range(n_songs)]],
        genres=[(0, "pop")],
        song_genres=[[(0, 0, rank, 1999, 0) for rank in range(n_songs)]],
        listeners=[(1, "{}")],
        lyrics=of_lyrics,
        artists=ARTISTS,
        genre_map=GENRE_MAP,
    )
    write_manifest(staging, run, facts)
    return run


def add_set(output: Path, word: str, *, lyrics: bool = False, taste: bool = False) -> str:
    """Make a hand-made set the one that answers."""
    staging = new_staging(output)
    run = stage_set(staging, word, lyrics=lyrics, taste=taste)
    swap_in(output, staging, run)
    return run


def runs_in(output: Path) -> set[str]:
    return {path.name for path in (output / "models").iterdir()} - {CURRENT}


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


# Trained sets: small, real, and answering.


@pytest.fixture(scope="module")
def trained_sets(tmp_path_factory: pytest.TempPathFactory, tiny_songs: Path) -> tuple[Path, Path]:
    """Two outputs trained on the same tables with different seeds."""
    folder = tmp_path_factory.mktemp("trained")
    lines = (SAMPLE / "listeners.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "listeners.csv").write_text("".join(lines[:21]), encoding="utf-8")
    outputs = (folder / "one", folder / "two")
    for seed, output in enumerate(outputs):
        options = {"songs": (tiny_songs,), "listeners": folder / "listeners.csv", "seed": seed}
        train(TrainSettings(**options, output=output, plots=False, quiet=True))
    return outputs


@pytest.fixture
def output(trained_sets: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of the first trained set that a test may damage."""
    shutil.copytree(trained_sets[0] / "models", tmp_path / "output" / "models")
    return tmp_path / "output"


@pytest.fixture
def folder(output: Path) -> Path:
    return output / "models" / current_run(str(output))


class Answer:
    """What the recommender said, run in this process."""

    def __init__(self, output: Path | str, *options: str) -> None:
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
        words = ["music_recommendation.py", "--output", str(output), *options]
        with (
            mock.patch.object(sys, "argv", words),
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
        ):
            self.code = run_program(music_recommendation.main)
        for stream in streams:
            stream.flush()
        self.out, self.err = (stream.buffer.getvalue().decode() for stream in streams)


def assert_refused(output: Path, message: str) -> None:
    """Nothing answers, neither the library nor the program, and the message is one clear line."""
    with pytest.raises(ModelError, match=message):
        open_set(str(output))
    for options in (["--format", "json"], ["--mood", "happy"], ["--verify"]):
        answer = Answer(output, *options)
        assert answer.code == 4
        assert answer.out == ""
        assert answer.err.startswith("error: ")
        assert answer.err.count("\n") == 1
        assert re.search(message, answer.err)
        assert "train.py" in answer.err


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    (folder / MANIFEST).write_text(to_json(manifest), encoding="utf-8")


# Writing and reading back


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "title": texts,
                "artist": texts,
                "genres": texts,
                "year": st.none() | st.integers(1900, 2100),
                "explicit": st.none() | st.integers(0, 1),
                "popularity": st.none() | st.floats(0, 100),
                "margin": st.floats(-50, 50),
            }
        ),
        max_size=8,
    )
)
def test_a_catalogue_read_back_is_what_was_written(rows: list[dict[str, Any]]) -> None:
    songs = [song_row(rank, **row) for rank, row in enumerate(rows)]
    listeners = [(n + 1, json.dumps(row["title"])) for n, row in enumerate(rows)]
    genres = [(n, f"{n} {row['genres']}") for n, row in enumerate(rows)]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(_temporary_folder()))
        path = folder / "what? 100% #1 .sqlite"
        write_catalogue(
            path,
            "0123456789ab",
            moods=[(0, "happy", 0, len(rows), 0, "party")],
            songs=[songs[:3], songs[3:]],
            genres=genres,
            song_genres=[[(n, 0, n, None, 1) for n in range(len(rows))]],
            listeners=listeners,
        )
        catalogue = reading.open_catalogue(str(path), "0123456789ab")
        stack.callback(catalogue.close)

        columns = ", ".join(SONG_COLUMNS)
        read = catalogue.execute(f"SELECT {columns} FROM songs ORDER BY rank").fetchall()
        assert read == songs
        assert catalogue.execute("SELECT * FROM listeners ORDER BY n").fetchall() == listeners
        assert catalogue.execute("SELECT * FROM genres ORDER BY genre_id").fetchall() == genres
        assert catalogue.execute("SELECT * FROM moods").fetchall() == [
            (0, "happy", 0, len(rows), 0, "party")
        ]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            catalogue.execute("DELETE FROM songs")


def _temporary_folder() -> contextlib.AbstractContextManager[str]:
    import tempfile

    return tempfile.TemporaryDirectory()


def test_a_set_read_back_is_what_was_written(tmp_path: Path) -> None:
    run = add_set(tmp_path, "first")

    trained = open_set(str(tmp_path))

    assert is_run(run)
    assert trained.run == run
    assert trained.folder == str(tmp_path / "models" / run)
    assert trained.manifest["format"] == FORMAT
    assert set(trained.manifest["files"]) == set(SET_FILES)
    assert trained.models[LISTENER_MOOD] == {"word": "first", "file": LISTENER_MOOD}
    assert trained.catalogue.execute("SELECT title FROM songs").fetchall() == [("first",)] * 3
    trained.close()
    assert verify_set(str(tmp_path)) == run


def test_the_same_set_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        stage_set(tmp_path / name, "word")
    for name in (*SET_FILES, MANIFEST):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_set_with_lyrics_read_back_is_what_was_written(tmp_path: Path) -> None:
    run = add_set(tmp_path, "words", lyrics=True)
    trained = open_set(str(tmp_path))
    tables = {
        name: trained.catalogue.execute(f"SELECT * FROM {name}").fetchall()
        for name in ("emotion_words", "song_words", "song_lyrics")
    }
    trained.close()

    assert verify_set(str(tmp_path)) == run
    assert set(trained.manifest["files"]) == {*SET_FILES, *LYRIC_FILES}
    assert has_lyrics(trained)
    assert read_lyric_facts(trained) == {"word": "words", "file": LYRICS}
    np.testing.assert_array_equal(open_vectors(trained, LYRIC_VECTORS), np.eye(2, VECTOR_SIZE))
    assert open_vectors(trained, WORD_VECTORS).shape == (1, VECTOR_SIZE)
    assert tables["emotion_words"] == [(0, "joy", 0.8, 0.8, 1)]
    assert tables["song_words"] == [(0, 0, 1.0)]
    assert tables["song_lyrics"] == SONG_LYRICS


@pytest.mark.parametrize("name", LYRIC_FILES)
def test_verify_finds_changed_and_missing_files_of_lyrics(tmp_path: Path, name: str) -> None:
    run = add_set(tmp_path, "words", lyrics=True)
    path = tmp_path / "models" / run / name

    flip(path, path.stat().st_size // 2)
    with pytest.raises(ModelError, match=f"{name}: SHA-256 is"):
        verify_set(str(tmp_path))
    path.unlink()
    with pytest.raises(ModelError, match=f"{name}: cannot be read"):
        verify_set(str(tmp_path))


@pytest.mark.parametrize("lyrics", [False, True])
def test_a_set_with_taste_read_back_is_what_was_written(tmp_path: Path, lyrics: bool) -> None:
    run = add_set(tmp_path, "liked", lyrics=lyrics, taste=True)
    trained = open_set(str(tmp_path))
    tables = [
        trained.catalogue.execute(f"SELECT * FROM {name}").fetchall()
        for name in ("artists", "genre_map")
    ]
    trained.close()

    assert verify_set(str(tmp_path)) == run
    seen = {*SET_FILES, *TASTE_FILES, *(LYRIC_FILES if lyrics else ())}
    assert set(trained.manifest["files"]) == seen
    assert (has_taste(trained), has_lyrics(trained)) == (True, lyrics)
    assert read_taste_facts(trained) == {"word": "liked", "file": TASTE}
    assert tables == [ARTISTS, GENRE_MAP]
    arrays = open_taste_arrays(trained)
    assert list(arrays) == sorted(TASTE_MODEL)
    for name, array in TASTE_MODEL.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("name", TASTE_FILES)
def test_verify_finds_changed_and_missing_files_of_taste(tmp_path: Path, name: str) -> None:
    run = add_set(tmp_path, "liked", taste=True)
    path = tmp_path / "models" / run / name

    flip(path, path.stat().st_size // 2)
    with pytest.raises(ModelError, match=f"{name}: SHA-256 is"):
        verify_set(str(tmp_path))
    path.unlink()
    with pytest.raises(ModelError, match=f"{name}: cannot be read"):
        verify_set(str(tmp_path))


def test_damaged_arrays_are_never_given(tmp_path: Path) -> None:
    run = add_set(tmp_path, "liked", taste=True)
    trained = open_set(str(tmp_path))
    path = tmp_path / "models" / run / TASTE_ARRAYS
    whole = path.read_bytes()

    path.write_bytes(whole[:-1])
    with pytest.raises(ModelError, match="the manifest says"):
        open_taste_arrays(trained)
    at = whole.index(TASTE_MODEL["weights"].tobytes())
    path.write_bytes(whole[:at] + b"\x01" + whole[at + 1 :])
    with pytest.raises(ModelError, match="holds no arrays of a taste model"):
        open_taste_arrays(trained)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        open_taste_arrays(trained)
    trained.close()


def test_arrays_of_python_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    objects = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="names: holds Python objects"):
        write_taste(str(tmp_path), {"names": objects})
    np.savez(tmp_path / TASTE_ARRAYS, names=objects)
    with pytest.raises(ModelError, match="holds no arrays of a taste model"):
        read_arrays(str(tmp_path / TASTE_ARRAYS))


def test_numpy_reads_the_same_arrays_and_they_are_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    hashes = [write_taste(str(tmp_path / name), TASTE_MODEL) for name in (".", "again")]
    with np.load(tmp_path / TASTE_ARRAYS) as members:
        np.testing.assert_array_equal(members["weights"], TASTE_MODEL["weights"])
        assert sorted(members.files) == sorted(TASTE_MODEL)
    assert hashes[0] == hashes[1] == reading.hash_file(str(tmp_path / TASTE_ARRAYS))


def test_lyrics_and_taste_belong_to_the_name_of_a_run() -> None:
    facts = {"settings": {}, "inputs": []}
    plain = dict.fromkeys(MODEL_FILES, "{}")

    names = {name_run({**plain, **more}, facts) for more in ({}, {LYRICS: "{}"}, {TASTE: "{}"})}
    assert len(names) == 3


@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_vectors_read_back_are_what_was_written(n: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((n, VECTOR_SIZE)).astype(np.float16)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.npy"
        write_vectors(path, vectors.astype(np.float64))
        seen = np.array(map_vectors(path, "train again"))
        by_numpy = np.load(path, allow_pickle=False)

    np.testing.assert_array_equal(seen, vectors)
    np.testing.assert_array_equal(by_numpy, vectors)
    assert seen.dtype == by_numpy.dtype == np.float16


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * 2000,
        vector_header(2) + bytes(2 * VECTOR_SIZE),
        vector_header(1) + bytes(2 * VECTOR_SIZE - 1),
        vector_header(1).replace(b"<f2", b"|O8") + bytes(2 * VECTOR_SIZE),
    ],
)
def test_a_file_that_holds_no_vectors_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(content)

    with pytest.raises(ModelError, match="is no whole file of 512 float16 a row; train again"):
        map_vectors(str(path), "train again")
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        map_vectors(str(path), "train again")


def test_json_has_no_word_for_what_is_not_a_number() -> None:
    document = {"a": float("nan"), "b": [1.5, (float("nan"), "é")]}
    assert json.loads(to_json(document)) == {"a": None, "b": [1.5, [None, "é"]]}
    assert "é" in to_json(document)
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": float("inf")})


def test_any_path_can_hold_a_set(trained_sets: tuple[Path, Path], tmp_path: Path) -> None:
    expected = Answer(trained_sets[0], "--mood", "happy", "--format", "json").out
    odd = tmp_path / "50% off? #1 & é"
    shutil.copytree(trained_sets[0], odd)
    for path in (str(odd), f"/{odd}", f"{odd}/../{odd.name}/", os.path.relpath(odd)):
        assert Answer(path, "--mood", "happy", "--format", "json").out == expected


# Every way a set can be wrong


def test_nothing_trained_yet(tmp_path: Path) -> None:
    assert_refused(tmp_path / "nowhere", "holds no trained models yet; train with: python")


@pytest.mark.parametrize(
    "content",
    [b"", b"latest\n", b"../../../etc\n", b"\xff\x00garbage", b"0123456789aB\n", b"x" * 5000],
)
def test_a_pointer_that_names_no_run(output: Path, content: bytes) -> None:
    (output / "models" / CURRENT).write_bytes(content)
    assert_refused(output, "CURRENT: .* is not the name of a run")


def test_a_pointer_that_cannot_be_read(output: Path) -> None:
    (output / "models" / CURRENT).unlink()
    (output / "models" / CURRENT).mkdir()
    assert_refused(output, "CURRENT: cannot be read")


def test_a_pointer_to_a_set_that_is_not_there(output: Path) -> None:
    (output / "models" / CURRENT).write_text("0123456789ab\n")
    assert_refused(output, "manifest.json: is missing, though the set is in use")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{}"],
)
def test_a_manifest_that_is_none(output: Path, folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert_refused(output, "manifest.json: is no manifest of Moodlist")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(format=FORMAT + 1), f"has format {FORMAT + 1}, this version reads"),
        (lambda m: m.update(format="1"), "has format '1'"),
        (lambda m: m.update(run="0123456789ab"), "belongs to run '0123456789ab', not to"),
        (lambda m: m.pop("files"), "is no manifest"),
        (lambda m: m.update(files=[]), "does not tell size and hash of just"),
        (lambda m: m["files"].pop(LISTENER_MOOD), "does not tell size and hash"),
        (lambda m: m["files"].update({"../../x": {}}), "does not tell size and hash"),
        (lambda m: m["files"].update({CATALOGUE: {}}), "is no manifest"),
        (lambda m: m["files"].update({CATALOGUE: None}), "is no manifest"),
        (lambda m: m["files"][LISTENER_MOOD].update(bytes=-1), "does not tell size"),
        (lambda m: m["files"][LISTENER_MOOD].update(bytes=10**30), "does not tell size"),
        (lambda m: m["files"][LISTENER_MOOD].update(bytes=10**12), "listener_mood.json"),
        (lambda m: m["files"][LISTENER_MOOD].update(bytes=1.0), "does not tell size"),
        (lambda m: m["files"][LISTENER_MOOD].update(sha256=["0"] * 64), "does not tell size"),
        (lambda m: m["files"][LISTENER_MOOD].update(sha256="0" * 64), "listener_mood.json"),
    ],
)
def test_a_manifest_that_says_something_else(
    output: Path, folder: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    edit_manifest(folder, change)
    assert_refused(output, message)


@pytest.mark.parametrize("name", MODEL_FILES)
@pytest.mark.parametrize("damage", ["truncated", "extended", "altered", "deleted", "a folder"])
def test_a_damaged_model_never_answers(output: Path, folder: Path, name: str, damage: str) -> None:
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if damage == "truncated":
        path.write_bytes(content[:-1])
    elif damage == "extended":
        path.write_bytes(content + b" ")
    elif damage == "altered":
        path.write_bytes(content)
        flip(path, len(content) // 2)
    elif damage == "a folder":
        path.mkdir()
    assert_refused(output, f"{name}: (is not the file|cannot be read|SHA-256 is)")


def _truncate(path: Path, _: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _lose_a_page(path: Path, _: Path) -> None:
    os.truncate(path, path.stat().st_size - 4096)


def _extend(path: Path, _: Path) -> None:
    os.truncate(path, path.stat().st_size + 4096)


def _alter(at: int) -> Callable[[Path, Path], None]:
    return lambda path, _: flip(path, at)


def _swap(path: Path, other: Path) -> None:
    shutil.copy(other, path)


def _delete(path: Path, _: Path) -> None:
    path.unlink()


def _make_folder(path: Path, _: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_foreign(path: Path, _: Path) -> None:
    """Put another program's SQLite file of the same size there."""
    size = path.stat().st_size
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (zeroblob(?))", (size - 3 * 4096,))
    connection.commit()
    connection.close()
    pages = size // 4096 - path.stat().st_size // 4096
    assert pages >= 0
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(28)
        file.write((size // 4096).to_bytes(4, "big"))


def _fill(path: Path, _: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_truncate, "bytes, the manifest says"),
        (_lose_a_page, "bytes, the manifest says"),
        (_extend, "bytes, the manifest says"),
        (_alter(3), "is no whole SQLite file"),
        (_alter(31), "is no whole SQLite file"),
        (_alter(60), "is no catalogue of this version"),
        (_alter(63), f"this version reads {SCHEMA_VERSION}"),
        (_alter(68), "is no catalogue of this version"),
        (_alter(100), "cannot be read"),
        (_swap, "belongs to run '[0-9a-f]{12}', not to"),
        (_make_foreign, "is no catalogue of this version"),
        (_fill, "is no whole SQLite file"),
        (_delete, "cannot be read"),
        (_make_folder, "cannot be read"),
    ],
)
def test_a_wrong_catalogue_never_answers(
    output: Path,
    folder: Path,
    trained_sets: tuple[Path, Path],
    damage: Callable[[Path, Path], None],
    message: str,
) -> None:
    other = trained_sets[1] / "models" / current_run(str(trained_sets[1])) / CATALOGUE
    assert other.stat().st_size == (folder / CATALOGUE).stat().st_size
    damage(folder / CATALOGUE, other)

    with pytest.raises(ModelError, match=message):
        open_set(str(output))
    assert_refused(output, f"{CATALOGUE}: ({message}|SHA-256 is|.*{message}|cannot be read)")


def test_a_page_that_sqlite_finds_malformed_gives_no_answer(output: Path, folder: Path) -> None:
    path = folder / CATALOGUE
    whole = path.read_bytes()
    questions = (["--format", "json"], ["--mood", "sad", "--genre", "rock", "--format", "json"])
    expected = [Answer(output, *question).out for question in questions]
    refusals = 0
    for page in range(1, len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\0" * 4096 + whole[(page + 1) * 4096 :])
        for question, answer_before in zip(questions, expected, strict=True):
            answer = Answer(output, *question)
            if answer.code == 0:  # the page was not asked for
                assert answer.out == answer_before
                continue
            refusals += 1
            assert (answer.code, answer.out) == (4, "")
            assert re.search("error: .*catalogue.* cannot be read|belongs to run", answer.err)
        assert Answer(output, "--verify").code == 4
    assert refusals >= 8


@pytest.mark.parametrize("seed", range(4))
def test_bytes_that_changed_unnoticed_give_an_answer_or_exit_code_4(
    output: Path, folder: Path, seed: int
) -> None:
    path = folder / CATALOGUE
    whole = path.read_bytes()
    rng = random.Random(seed)
    for _ in range(30):
        altered = bytearray(whole)
        for at in rng.sample(range(100, len(whole)), 200):
            altered[at] ^= 1 << rng.randrange(8)
        path.write_bytes(altered)
        answer = Answer(output, "--listener", str(rng.randrange(1, 9)), "--format", "json")
        assert answer.code in (0, 2, 4), answer.err
        assert answer.code == 0 or answer.err.startswith("error: ")
        assert Answer(output, "--verify").code == 4


def test_an_answer_shows_no_traceback_in_a_process_of_its_own(output: Path, folder: Path) -> None:
    flip(folder / LISTENER_MOOD, 40)
    command = [sys.executable, str(PROJECT / "music_recommendation.py"), "--output", str(output)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 4
    assert result.stdout == ""
    assert re.fullmatch("error: .*truncated or altered.*\n", result.stderr)


# Verification


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("verified")
    add_set(output, "word")
    return output


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from([*SET_FILES, MANIFEST, MANIFEST]),
    place=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
)
def test_verify_finds_any_changed_byte(verified: Path, name: str, place: float, byte: int) -> None:
    run = current_run(str(verified))
    path = verified / "models" / run / name
    whole = path.read_bytes()
    at = int(place * len(whole))
    changed = byte if byte != whole[at] else byte ^ 1
    try:
        path.write_bytes(whole[:at] + bytes([changed]) + whole[at + 1 :])
        with pytest.raises(ModelError, match=r"train again with: python train\.py"):
            verify_set(str(verified))
    finally:
        path.write_bytes(whole)
    assert verify_set(str(verified)) == run


def test_every_byte_of_a_manifest_counts(verified: Path) -> None:
    path = verified / "models" / current_run(str(verified)) / MANIFEST
    whole = path.read_bytes()
    try:
        for at in range(len(whole)):
            path.write_bytes(whole)
            flip(path, at, at % 8)
            with pytest.raises(ModelError):
                verify_set(str(verified))
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("key", ["settings", "inputs"])
def test_verify_finds_a_manifest_that_tells_another_origin(
    output: Path, folder: Path, key: str
) -> None:
    edit_manifest(folder, lambda manifest: manifest.update({key: {"seed": 7}}))
    open_set(str(output)).close()  # an answer does not depend on it
    answer = Answer(output, "--verify")
    assert answer.code == 4
    assert "manifest.json: is not the manifest of run" in answer.err


def test_verify_finds_a_manifest_that_is_only_laid_out_otherwise(verified: Path) -> None:
    path = verified / "models" / current_run(str(verified)) / MANIFEST
    whole = path.read_bytes()
    try:
        for other in (whole.replace(b"\n ", b"  ", 1), whole + b"\n", whole[:-1]):
            assert json.loads(other) == json.loads(whole)
            path.write_bytes(other)
            with pytest.raises(ModelError, match="is not the manifest of run"):
                verify_set(str(verified))
    finally:
        path.write_bytes(whole)


def test_verify_names_the_run(output: Path) -> None:
    answer = Answer(output, "--verify")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"run {current_run(str(output))}: every file is as it was trained\n"


# Nothing is read as code


def test_nothing_unpickles(sample_set: Path) -> None:
    modules = r"(pickle|cPickle|shelve|marshal|dill|cloudpickle)"
    asked = re.compile(
        rf"^\s*(import|from) {modules}\b|joblib(\.| import .*\b)(load|dump)\b|read_pickle"
        r"|to_pickle|np\.load\(|allow_pickle|\b(eval|exec)\("
    )
    sources = [*(PROJECT / "scripts").rglob("*.py"), *PROJECT.glob("*.py")]
    assert len(sources) > 40
    for source in sources:
        lines = source.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if asked.search(line)] == [], source
    endings = {path.suffix for path in sample_set.rglob("*") if path.is_file()}
    assert endings <= {".json", ".sqlite", ".csv", ".md", ".png", ".lock", ""}
    for path in sample_set.rglob("*"):
        if path.is_file():
            assert not path.read_bytes().startswith(b"\x80"), path  # how a pickle starts


# The swap


def test_a_swap_keeps_the_set_before_and_removes_older_ones(tmp_path: Path) -> None:
    first, second, third = (add_set(tmp_path, word) for word in ("first", "second", "third"))

    assert current_run(str(tmp_path)) == third
    assert runs_in(tmp_path) == {second, third}
    verify_folder(str(tmp_path / "models" / second), second)
    assert first not in {second, third}


def test_a_whole_set_of_the_same_name_is_kept_as_it_is(tmp_path: Path) -> None:
    run = add_set(tmp_path, "word")
    before = (tmp_path / "models" / run).stat().st_ino

    assert add_set(tmp_path, "word") == run

    assert (tmp_path / "models" / run).stat().st_ino == before
    assert runs_in(tmp_path) == {run}


@pytest.mark.parametrize("name", [*SET_FILES, MANIFEST])
def test_a_damaged_set_of_the_same_name_is_replaced(tmp_path: Path, name: str) -> None:
    run = add_set(tmp_path, "word")
    flip(tmp_path / "models" / run / name, 30)
    with pytest.raises(ModelError):
        verify_set(str(tmp_path))

    assert add_set(tmp_path, "word") == run

    assert verify_set(str(tmp_path)) == run
    assert runs_in(tmp_path) == {run}


def test_a_set_that_is_not_whole_is_never_swapped_in(tmp_path: Path) -> None:
    run = add_set(tmp_path, "old")
    staging = new_staging(tmp_path)
    new = stage_set(staging, "new")
    flip(staging / CATALOGUE, 5000)

    with pytest.raises(ModelError, match="SHA-256"):
        swap_in(tmp_path, staging, new)

    assert verify_set(str(tmp_path)) == run


def test_a_garbled_pointer_is_repaired_by_the_next_swap(tmp_path: Path) -> None:
    add_set(tmp_path, "first")
    (tmp_path / "models" / CURRENT).write_bytes(b"\xff\xff")
    second = add_set(tmp_path, "second")
    assert verify_set(str(tmp_path)) == second


def test_leftovers_of_killed_trainings_are_cleared(tmp_path: Path) -> None:
    run = add_set(tmp_path, "word")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "keep").touch()
    left = [tmp_path / "models" / ".new-1", tmp_path / ".new-1-reports"]
    for path in left:
        path.mkdir()
        (path / "half").write_text("half")
    (tmp_path / "models" / ".new-2-CURRENT").write_text("half")
    (tmp_path / "models" / ".new-3").symlink_to(elsewhere)

    staging = new_staging(tmp_path)

    assert runs_in(tmp_path) == {run, staging.name}
    assert not left[1].exists()
    assert (elsewhere / "keep").exists()
    assert verify_set(str(tmp_path)) == run


def test_everything_is_on_the_disk_before_the_pointer_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc to tell which file is being forced to the disk")
    events: list[str] = []
    fsync, replace, rename = os.fsync, Path.replace, Path.rename
    monkeypatch.setattr(
        os, "fsync", lambda fd: (events.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd))
    )
    for name, move in (("replace", replace), ("rename", rename)):
        monkeypatch.setattr(
            Path, name, lambda old, new, move=move: (events.append(f"-> {new}"), move(old, new))[1]
        )
    models = tmp_path / "models"
    run = add_set(tmp_path, "word")

    staging = f"{models}/.new-{os.getpid()}"
    moved = events.index(f"-> {models / run}")
    pointed = events.index(f"-> {models / CURRENT}")
    for path in (*(f"{staging}/{name}" for name in SET_FILES), staging):
        assert path in events[:moved]
    assert any(MANIFEST in event and "->" not in event for event in events[:moved])
    assert str(models) in events[moved:pointed]
    assert str(models) in events[pointed:]


# Readers beside a swap


def test_a_reader_that_two_swaps_overtake_answers_from_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_set(tmp_path, "first")
    honest = reading.read_manifest

    def overtaken(folder: str, run: str) -> dict[str, Any]:
        monkeypatch.setattr(reading, "read_manifest", honest)
        add_set(tmp_path, "second")
        add_set(tmp_path, "third")
        return honest(folder, run)

    monkeypatch.setattr(reading, "read_manifest", overtaken)
    trained = open_set(str(tmp_path))
    assert trained.models[LISTENER_MOOD]["word"] == "third"
    trained.close()


def test_a_reader_keeps_its_set_while_it_is_removed(tmp_path: Path) -> None:
    add_set(tmp_path, "first")
    trained = open_set(str(tmp_path))
    for word in ("second", "third", "fourth"):
        add_set(tmp_path, word)
    assert trained.catalogue.execute("SELECT title FROM songs").fetchall() == [("first",)] * 3
    trained.close()


SWAPPER = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests"]
from pathlib import Path
from test_store import add_set
for n in range(60):
    add_set(Path(sys.argv[2]), f"word {n % 5}")
"""


def test_readers_never_meet_half_a_swap(tmp_path: Path) -> None:
    add_set(tmp_path, "word 4")
    command = [sys.executable, "-c", SWAPPER, str(PROJECT), str(tmp_path)]
    swapper = subprocess.Popen(command)
    words = []
    while swapper.poll() is None:
        trained = open_set(str(tmp_path))
        word = trained.models[LISTENER_MOOD]["word"]
        assert trained.catalogue.execute("SELECT title FROM songs").fetchall() == [(word,)] * 3
        words.append(word)
        trained.close()
        time.sleep(0.001)
    assert swapper.returncode == 0
    assert len(set(words)) >= 2


# Text files, reports and the lock


def test_a_text_replaces_a_file_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old\n")

    def refuse(_: int) -> None:
        assert path.read_text() == "old\n"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing.os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new\n")
    monkeypatch.undo()
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new, but \ud800")

    assert path.read_text() == "old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]
    write_text(path, "new\r\n")
    assert path.read_bytes() == b"new\r\n"


def test_reports_are_moved_into_their_folders(tmp_path: Path) -> None:
    staging = tmp_path / ".new-1-reports"
    (staging / "plots").mkdir(parents=True)
    (staging / "plots" / "a.png").write_text("new")
    (staging / "card.md").write_text("new")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "a.png").write_text("old")
    (tmp_path / "plots" / "mine.png").write_text("mine")

    publish_reports(staging, tmp_path)

    assert not staging.exists()
    assert (tmp_path / "plots" / "a.png").read_text() == "new"
    assert (tmp_path / "plots" / "mine.png").read_text() == "mine"
    assert (tmp_path / "card.md").read_text() == "new"


def test_plots_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    staging = tmp_path / ".new-1-reports"
    for folder in (staging / "music_runs", tmp_path / "music_runs"):
        folder.mkdir(parents=True)
    for path in (
        staging / "music_runs" / "confusion_matrix.png",
        tmp_path / "music_runs" / "confusion_matrix.png",
        tmp_path / "music_runs" / "misclassification_bar.png",
        tmp_path / "valence_energy_plane.png",
        tmp_path / "holiday.png",
    ):
        path.write_text(str(path.parent))

    publish_reports(staging, tmp_path)

    kept = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png"))
    assert kept == ["holiday.png", "music_runs/confusion_matrix.png"]
    assert "new-1" in (tmp_path / kept[1]).read_text()


HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from scripts.store.writing import training_lock
with training_lock(Path(sys.argv[2])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of ``tmp_path``."""
    command = [sys.executable, "-c", HOLDER, str(PROJECT), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_training_is_told_who_is_at_work(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    message = rf"another training is writing here \(process {holder.pid}\); wait for it, or"
    with pytest.raises(SettingsError, match=message):
        train(TrainSettings(output=tmp_path, quiet=True))
    assert [path.name for path in tmp_path.iterdir()] == [".training.lock"]


def test_a_killed_training_frees_the_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with training_lock(tmp_path):
        held = (tmp_path / ".training.lock").read_text()
    assert held == f"{os.getpid()}\n"
    with training_lock(tmp_path):
        pass


def test_a_disk_without_locks_is_told_from_another_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with (
        pytest.raises(SettingsError, match=r"cannot be locked \(No locks available\)"),
        training_lock(tmp_path),
    ):
        pass


def test_a_lock_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsError, match=r"cannot be written \(.*\); free some space, or"),
        training_lock(tmp_path / "file" / "output"),
    ):
        pass
