"""The lyrics of labelled songs, from a column of their table or from files of their own.

Conventions
-----------
Texts are clean as :mod:`~scripts.tables.lyric_text` says, "" where a song has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from scripts.evaluation.lyric_ways import LyricSongs
from scripts.learning.lyric_trust import TrustModel, lyric_trust
from scripts.learning.lyric_vectors import LyricEncoder
from scripts.moods.features import FEATURES
from scripts.tables.lyric_join import join_lyrics
from scripts.tables.lyric_text import FEWEST_LETTERS, clean_lyrics, count_letters, is_without_words
from scripts.tables.lyrics import read_lyrics
from scripts.tables.truth import TruthTable
from scripts.tables.works import identify_works


def _join(truth: TruthTable, files: Sequence[Path]) -> list[str]:
    columns = {"song_id": truth.song_id, "title": truth.title, "artist": truth.artist}
    texts = {
        name: pa.chunked_array([pa.array(list(column), pa.large_string())])
        for name, column in columns.items()
    }
    work_id, _ = identify_works(texts["title"], texts["artist"], texts["song_id"])
    table = read_lyrics(files).lyrics
    join = join_lyrics(table, pd.DataFrame({**columns, "work_id": work_id}))
    found = table["text"].iloc[join.used].tolist()
    return [found[lyric] if lyric >= 0 else "" for lyric in join.lyric_of_song.tolist()]


def _clean(text: str) -> str:
    """Clean one cell; what is no lyrics becomes "", by the rules of a file of lyrics."""
    clean = clean_lyrics(text)
    without = is_without_words(text) or is_without_words(clean)
    return "" if without or count_letters(clean) < FEWEST_LETTERS else clean


def read_labelled_lyrics(truth: TruthTable, files: Sequence[Path]) -> list[str] | None:
    """Return the lyrics of each song; None where neither the table nor a file has any.

    Parameters
    ----------
    truth : TruthTable
        Its own column comes first.
    files : sequence of Path
        Files of lyrics, joined by id, else by title and artist.
    """
    own = [""] * len(truth.title) if truth.lyrics is None else list(map(_clean, truth.lyrics))
    joined = _join(truth, files) if files else [""] * len(own)
    texts = [mine or theirs for mine, theirs in zip(own, joined, strict=True)]
    return texts if any(texts) else None


def take_lyric_songs(
    truth: TruthTable, texts: Sequence[str], encoder: LyricEncoder, *, model: TrustModel | None
) -> tuple[LyricSongs, NDArray[np.int64]]:
    """Embed the lyrics there are; returns the songs that have any, and their rows in the table.

    ``model`` says which lyrics to trust; all of them where it is None.
    """
    if truth.quadrant is None:
        raise ValueError("the table names no moods")
    rows = np.flatnonzero([bool(text) for text in texts])
    titles, found = truth.title[rows].tolist(), [text for text in texts if text]
    artists = truth.artist[rows]
    # in half precision, as a training keeps them
    vectors = encoder.encode(found).astype(np.float16).astype(np.float32)
    X = truth.features[list(FEATURES)].to_numpy()[rows]
    trust = np.ones(len(rows))
    if model is not None:
        trust = lyric_trust(titles, artists.tolist(), found, model)
    return LyricSongs(X, titles, found, vectors, truth.quadrant[rows], artists, trust), rows
