"""Embeddings are computed once: whatever is killed, torn or damaged, only that is done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scripts.errors import SettingsError
from scripts.store.embedding_cache import (
    BATCH,
    KEY_BYTES,
    MAGIC,
    RECORD_BYTES,
    EmbeddingCache,
    embedding_key,
)

PROJECT = Path(__file__).parents[1]


class CountingEncoder:
    """Embeds a text as numbers drawn from it, and remembers what it was asked."""

    size = 512

    def __init__(self, name: str = "counting 1") -> None:
        self.name = name
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        seeds = [int.from_bytes(embedding_key(self.name, text)[:8], "little") for text in texts]
        rows = np.array([np.random.default_rng(seed).standard_normal(512) for seed in seeds])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


TEXTS = [f"text number {n}" for n in range(30)]


def encode_cached(
    texts: Sequence[str], encoder: Any, path: str, progress: Any = None
) -> NDArray[np.float32]:
    with EmbeddingCache(path) as cache:
        return cache.encode(texts, encoder, progress)


def rows_of(texts: list[str]) -> NDArray[np.float32]:
    return CountingEncoder().encode(texts).astype(np.float16).astype(np.float32)


def test_each_text_is_embedded_once(tmp_path: Path) -> None:
    path = str(tmp_path / "cache" / "a.bin")
    cold, warm = CountingEncoder(), CountingEncoder()

    first = encode_cached([*TEXTS, *TEXTS[:7]], cold, path)
    second = encode_cached([*reversed(TEXTS), "another"], warm, path)

    assert cold.asked == TEXTS
    assert warm.asked == ["another"]
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, rows_of([*TEXTS, *TEXTS[:7]]))
    np.testing.assert_array_equal(second, rows_of([*reversed(TEXTS), "another"]))
    assert Path(path).stat().st_size == len(MAGIC) + 31 * RECORD_BYTES


def test_no_texts_give_no_rows(tmp_path: Path) -> None:
    assert encode_cached([], CountingEncoder(), str(tmp_path / "b.bin")).shape == (0, 512)


def test_another_encoder_never_meets_these_numbers(tmp_path: Path) -> None:
    path = str(tmp_path / "a.bin")
    encode_cached(TEXTS, CountingEncoder("counting 1"), path)
    other = CountingEncoder("counting 2")

    rows = encode_cached(TEXTS, other, path)

    assert other.asked == TEXTS
    assert not np.allclose(rows, rows_of(TEXTS))


def test_progress_counts_what_was_there(tmp_path: Path) -> None:
    path = str(tmp_path / "a.bin")
    encode_cached(TEXTS[:10], CountingEncoder(), path)
    seen: list[tuple[int, int]] = []

    encode_cached(TEXTS, CountingEncoder(), path, lambda done, total: seen.append((done, total)))

    assert seen == [(10, 30), (10 + BATCH, 30), (10 + 2 * BATCH, 30), (30, 30)]


@given(st.integers(0, len(MAGIC) + 4 * RECORD_BYTES))
def test_a_file_cut_anywhere_loses_only_its_last_record(cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.bin"
        encode_cached(TEXTS[:4], CountingEncoder(), str(path))
        os.truncate(path, cut)
        encoder = CountingEncoder()

        rows = encode_cached(TEXTS[:4], encoder, str(path))

        whole = max(0, (cut - len(MAGIC)) // RECORD_BYTES)
        assert encoder.asked == TEXTS[whole:4]
        np.testing.assert_array_equal(rows, rows_of(TEXTS[:4]))
        assert path.stat().st_size == len(MAGIC) + 4 * RECORD_BYTES


@given(st.integers(0, 3), st.integers(0, RECORD_BYTES - 1), st.integers(1, 255))
def test_a_damaged_record_is_computed_again(record: int, at: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.bin"
        encode_cached(TEXTS[:4], CountingEncoder(), str(path))
        content = bytearray(path.read_bytes())
        content[len(MAGIC) + record * RECORD_BYTES + at] ^= change
        path.write_bytes(content)
        encoder = CountingEncoder()

        rows = encode_cached(TEXTS[:4], encoder, str(path))

        assert encoder.asked == [TEXTS[record]]
        np.testing.assert_array_equal(rows, rows_of(TEXTS[:4]))


@pytest.mark.parametrize("content", [b"", b"Moodlist", MAGIC[:-1]])
def test_a_cache_that_was_hardly_begun_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)

    rows = encode_cached(TEXTS, CountingEncoder(), str(path))

    np.testing.assert_array_equal(rows, rows_of(TEXTS))
    assert path.read_bytes().startswith(MAGIC)


@pytest.mark.parametrize(
    "content", [b"something else entirely" * 100, b"x", MAGIC.replace(b"1", b"2")]
)
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=r"begins with b'.*left as it is; move it away"):
        EmbeddingCache(str(path))
    assert path.read_bytes() == content


def test_links_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    aim, link = tmp_path / "aim", tmp_path / "link"
    aim.write_bytes(b"")
    link.symlink_to(aim)
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SettingsError, match="is a symbolic link, which is not followed"):
        EmbeddingCache(str(link))
    with pytest.raises(SettingsError, match="move this folder away, or give") as caught:
        EmbeddingCache(str(tmp_path))
    with pytest.raises(SettingsError, match="is no plain file"):
        EmbeddingCache(str(tmp_path / "pipe"))
    assert "free some space" not in str(caught.value)
    assert aim.read_bytes() == b""


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "a.bin")
    with (
        EmbeddingCache(path) as cache,
        pytest.raises(SettingsError, match="another process is writing embeddings here"),
    ):
        EmbeddingCache(path)
    with EmbeddingCache(path) as again:
        assert len(again) == len(cache) == 0


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be written"):
        EmbeddingCache(str(tmp_path / "file" / "a.bin"))


def test_a_full_disk_is_told_and_leaves_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    real = os.write

    def write(descriptor: int, block: bytes) -> int:
        return real(descriptor, block[: RECORD_BYTES // 2] if len(block) > 100 else block)

    with EmbeddingCache(str(path)) as cache:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(SettingsError, match=r"the disk is full.*free some space"):
            cache.encode(TEXTS, CountingEncoder())
    assert path.stat().st_size == len(MAGIC)


def test_texts_beyond_unicode_have_keys() -> None:
    keys = {embedding_key("a", text) for text in ("\ud800", "", "?", "a")}

    assert len(keys) == 3  # half a character counts as "?"
    assert all(len(key) == KEY_BYTES for key in keys)


SLOW = """
import sys, time
sys.path[:0] = ["tests"]
from test_embedding_cache import CountingEncoder, TEXTS
from scripts.store.embedding_cache import EmbeddingCache

class SlowEncoder(CountingEncoder):
    def encode(self, texts):
        print(texts[0], flush=True)
        time.sleep(0.004)
        return super().encode(texts)

EmbeddingCache(sys.argv[1]).encode(TEXTS, SlowEncoder())
print("done")
"""


def test_killed_again_and_again_nothing_finished_is_embedded_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    asked: list[str] = []
    kept: list[int] = [0]
    for wanted in (5, 11, 3):  # texts begun by each process before it is killed
        command = [sys.executable, "-c", SLOW, str(path)]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            stream: Any = process.stdout
            begun = [stream.readline().strip() for _ in range(wanted)]
            process.send_signal(signal.SIGKILL)
            begun += [line.strip() for line in stream]
        asked += begun
        size = path.stat().st_size
        # as a kill in the middle of a write would leave it
        with path.open("ab") as file:
            file.write(os.urandom(RECORD_BYTES // 3))
        kept.append((size - len(MAGIC)) // RECORD_BYTES)
        assert begun[0] == TEXTS[kept[-2]]
    encoder = CountingEncoder()

    rows = encode_cached(TEXTS, encoder, str(path))

    assert kept == sorted(kept)
    assert kept[-1] > 0
    assert encoder.asked == TEXTS[kept[-1] :]
    np.testing.assert_array_equal(rows, rows_of(TEXTS))
    # only what was under way when a process was killed was begun twice
    assert len(asked) + len(encoder.asked) <= len(TEXTS) + 3 * BATCH
