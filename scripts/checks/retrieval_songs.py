"""Read songs for the check ``lyrics``: texts, emotion words that others gave them, labels.

Conventions
-----------
Songs are rows, in the order of :func:`scripts.tables.lyrics.read_lyrics`. A song's *key* is its id,
or its title in lower case where it has none; files are joined by keys. A *reference* is a JSON list
or JSON Lines whose objects have ``emotions``: words divided by commas, or a list of words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError
from scripts.learning.lyric_vectors import LyricEncoder
from scripts.tables.lyric_files import open_lyrics
from scripts.tables.lyrics import read_lyrics
from scripts.tables.truth import read_truth

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder

_ALLOWED = (
    "Allowed is JSON like that of the songs, with an 'emotions' of words divided by commas. "
    "Give another file."
)


class RetrievalSongs(NamedTuple):
    """Songs with their lyrics and the embeddings of these."""

    keys: list[str]
    texts: list[str]
    vectors: NDArray[np.float32]  # (n, size)


class LabelledSongs(NamedTuple):
    """Songs whose quadrant people told; ``rows`` are their rows among the songs with lyrics."""

    rows: list[int]
    quadrants: NDArray[np.object_]
    artists: list[str]


def read_songs(path: Path, encoder: Encoder) -> RetrievalSongs:
    """Read a file of lyrics and embed them."""
    lyrics = read_lyrics([path]).lyrics
    texts = lyrics["text"].tolist()
    keys = [_key(*row) for row in zip(lyrics["song_id"], lyrics["title"], strict=True)]
    return RetrievalSongs(keys, texts, LyricEncoder(encoder).encode(texts))


def take_songs(songs: RetrievalSongs, rows: Sequence[int]) -> RetrievalSongs:
    """Keep some of the songs."""
    kept = list(rows)
    return RetrievalSongs(
        [songs.keys[row] for row in kept], [songs.texts[row] for row in kept], songs.vectors[kept]
    )


def _key(song_id: str, title: str) -> str:
    return song_id or title.casefold()


def _objects(path: Path) -> list[Any]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        rows = json.loads(text)
    except ValueError:
        try:
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise DataError(f"{path}: is no JSON ({error}). {_ALLOWED}") from error
    return rows if isinstance(rows, list) else []


def _words_of(path: Path, number: int, row: Any) -> list[str]:
    told = row.get("emotions") if isinstance(row, dict) else None
    if isinstance(told, str):
        told = told.split(",")
    if not isinstance(told, list) or not all(isinstance(word, str) for word in told):
        raise DataError(f"{path}, row {number}, 'emotions': {str(told)[:60]!r} seen. {_ALLOWED}")
    words = (" ".join(word.split()).casefold() for word in told)
    return list(dict.fromkeys(word for word in words if word))


def read_reference(path: Path) -> dict[str, list[str]]:
    """Read the words that others gave songs: key of the song -> words, in their order.

    Raises
    ------
    DataError
        If the file cannot be read or a song has no list of words.
    """
    raw = open_lyrics(path)
    rows = _objects(path)
    if len(rows) != len(raw.title):
        raise DataError(f"{path}: is no list of songs. {_ALLOWED}")
    keys = [_key(*row) for row in zip(raw.song_id, raw.title, strict=True)]
    return {
        key: _words_of(path, number, row)
        for number, (key, row) in enumerate(zip(keys, rows, strict=True), 1)
    }


def reference_of(
    songs: RetrievalSongs, reference: dict[str, list[str]], path: Path
) -> tuple[list[int], list[list[str]]]:
    """Join a reference to songs: their rows, and the words of each.

    Raises
    ------
    DataError
        If the reference has words for none of the songs.
    """
    rows = [row for row, key in enumerate(songs.keys) if reference.get(key)]
    if not rows:
        raise DataError(
            f"{path}: has words for none of the {len(songs.keys):,} songs, by id or by title. "
            "Give the words of the same songs."
        )
    return rows, [reference[songs.keys[row]] for row in rows]


def read_labels(path: Path, songs: RetrievalSongs) -> LabelledSongs:
    """Join labelled songs to the lyrics.

    Raises
    ------
    DataError
        If no labelled song has lyrics.
    """
    truth = read_truth(path)
    if truth.quadrant is None:
        raise DataError(f"{path}: tells no mood of a song; give a table with a column 'mood'")
    row_of = {key: row for row, key in enumerate(songs.keys)}
    keys = [_key(*row) for row in zip(truth.song_id, truth.title, strict=True)]
    joined = {row_of[key]: i for i, key in enumerate(keys) if key in row_of}
    if not joined:
        raise DataError(
            f"{path}: none of its {len(keys):,} songs is among the {len(songs.keys):,} lyrics, by "
            "id or by title. Give the lyrics of these songs as --songs."
        )
    rows = sorted(joined)
    at = [joined[row] for row in rows]
    return LabelledSongs(rows, truth.quadrant[at], truth.artist[at].tolist())
