"""What a training run learns from lyrics, and what it writes of them.

Conventions
-----------
A *lyric* is a row of the lyrics that are of use: those that serve a song of the catalogue first, in
the order of :class:`~scripts.tables.lyric_join.LyricJoin`, then those that serve a labelled song
alone. Embeddings are (n, 512) float32, rounded to float16, of length 1 within .001. Trust is the
probability, in [0, 1], that lyrics belong to their song; 0 for a song without.

Method
------
read and join -> embed each lyric once -> emotion words -> topics -> the mood that the words of a
song tell, fused with that of its sound where the song is put into the catalogue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from scripts.errors import MissingExtraError
from scripts.evaluation.lyric_report import cross_validate_lyrics
from scripts.evaluation.lyric_ways import LyricSongs
from scripts.learning.emotion_words import EmotionWords, build_emotion_words
from scripts.learning.lyric_mood import (
    LyricMood,
    audio_log_probability,
    fuse,
    learn_lyric_mood,
    load_lyric_mood,
    lyric_log_probability,
)
from scripts.learning.lyric_trust import lyric_trust
from scripts.learning.lyric_vectors import LyricEncoder
from scripts.learning.song_mood import SongMoodModel
from scripts.learning.topics import Topics, learn_topics
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import QUADRANTS
from scripts.settings import TrainSettings
from scripts.store.embedding_cache import EmbeddingCache
from scripts.tables.lyric_join import LyricJoin, join_lyrics
from scripts.tables.truth import TruthTable
from scripts.tables.works import identify_works
from scripts.text.encoder import open_encoder
from scripts.training.inputs import Inputs
from scripts.training.progress import CountProgress

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder

#: Where the embeddings of lyrics are kept, under the folder of the outputs.
CACHE = Path("cache") / "embeddings.bin"


class SongLyrics(NamedTuple):
    """The lyrics of a table of songs."""

    lyric: NDArray[np.int64]  # (n_songs,), -1 without
    trust: NDArray[np.float64]  # (n_songs,), 0 without

    @property
    def rows(self) -> NDArray[np.int64]:
        """The songs that have lyrics."""
        return np.flatnonzero(self.lyric >= 0)


class EmbeddedLyrics(NamedTuple):
    """Lyrics, joined and embedded."""

    join: LyricJoin
    texts: list[str]
    vectors: NDArray[np.float32]  # (n_lyrics, 512)
    n_catalogue: int  # the first so many serve a song of the catalogue
    songs: SongLyrics  # of the catalogue
    truth: SongLyrics | None  # of the labelled songs
    encoders: tuple[str, str]  # names of the encoders of words and of whole lyrics


class LearnedLyricMood(NamedTuple):
    """The lyric half of the song-mood model, and whence it is."""

    model: LyricMood
    learned_from: str  # "truth" or "shipped"
    cross_validated: dict[str, Any] | None  # sound, words and both, on labelled songs


class LyricWords(NamedTuple):
    """What is said in the lyrics of the catalogue."""

    words: EmotionWords
    topics: Topics


def require_encoder(settings: TrainSettings) -> Encoder | None:
    """Open the encoder if lyrics are asked for, before anything is read.

    Raises
    ------
    MissingExtraError
        If lyrics are asked for and the extra ``text`` is missing.
    """
    if not settings.lyrics:
        return None
    try:
        return open_encoder()
    except MissingExtraError as error:
        raise MissingExtraError(f"--lyrics: {error}") from error


def _truth_songs(truth: TruthTable) -> pd.DataFrame:
    columns = {"song_id": truth.song_id, "title": truth.title, "artist": truth.artist}
    texts = {
        name: pa.chunked_array([pa.array(list(column), pa.large_string())])
        for name, column in columns.items()
    }
    work_id, _ = identify_works(texts["title"], texts["artist"], texts["song_id"])
    return pd.DataFrame({**columns, "work_id": work_id})


def _trust(songs: pd.DataFrame, lyric: NDArray[np.int64], texts: Sequence[str]) -> SongLyrics:
    """Say of each song how probable it is that its lyrics are its own."""
    rows = np.flatnonzero(lyric >= 0)
    trust = np.zeros(len(songs))
    part = songs[["title", "artist"]].iloc[rows]
    if len(rows):
        trust[rows] = lyric_trust(
            part["title"].tolist(),
            part["artist"].tolist(),
            [texts[i] for i in lyric[rows]],
        )
    return SongLyrics(lyric, trust)


def open_cache(settings: TrainSettings) -> EmbeddingCache:
    """Open the embeddings that earlier trainings computed."""
    return EmbeddingCache(str(settings.output / CACHE))


def embed_lyrics(
    inputs: Inputs, encoder: Encoder, cache: EmbeddingCache, *, quiet: bool = False
) -> EmbeddedLyrics:
    """Join the lyrics to the songs, and embed those that are of use."""
    if inputs.lyrics is None:
        raise ValueError("no lyrics were read")
    table = inputs.lyrics.lyrics
    songs = inputs.songs.songs
    join = join_lyrics(table, songs)
    used, of_truth, labelled = join.used, None, None
    if inputs.truth is not None and inputs.truth.quadrant is not None:
        labelled = _truth_songs(inputs.truth)
        of_truth = join_lyrics(table, labelled)
        used = np.concatenate([used, np.setdiff1d(of_truth.used, used)])
    texts = table["text"].iloc[used].tolist()
    whole = LyricEncoder(encoder)
    vectors = cache.encode(texts, whole, CountProgress("lyrics embedded", quiet=quiet))
    of_songs = _trust(songs, join.lyric_of_song, texts)
    told = None
    if of_truth is not None and labelled is not None:
        place = {row: i for i, row in enumerate(used.tolist())}
        at = np.array([place[row] for row in of_truth.used.tolist()], np.int64)
        lyric = np.where(of_truth.lyric_of_song < 0, -1, at[of_truth.lyric_of_song])
        told = _trust(labelled, lyric, texts)
    names = (encoder.name, whole.name)
    return EmbeddedLyrics(join, texts, vectors, len(join.used), of_songs, told, names)


def find_words(lyrics: EmbeddedLyrics, encoder: Encoder, seed: int = 0) -> LyricWords | None:
    """Find the emotion words and the topics of the catalogue's lyrics; None where it has none."""
    texts = lyrics.texts[: lyrics.n_catalogue]
    if not texts:
        return None
    # words go to the encoder in batches, which are sorted: one by one takes five times as long
    words = build_emotion_words(texts, lyrics.vectors[: len(texts)], encoder.encode)
    return LyricWords(words, learn_topics(texts, seed=seed))


def labelled_lyrics(lyrics: EmbeddedLyrics, truth: TruthTable | None) -> LyricSongs | None:
    """Take the labelled songs that have lyrics; None where no songs are labelled."""
    if truth is None or truth.quadrant is None or lyrics.truth is None:
        return None
    rows = lyrics.truth.rows
    lyric = lyrics.truth.lyric[rows]
    return LyricSongs(
        truth.features[list(FEATURES)].to_numpy()[rows],
        truth.title[rows].tolist(),
        [lyrics.texts[i] for i in lyric],
        lyrics.vectors[lyric],
        truth.quadrant[rows],
        truth.artist[rows],
        lyrics.truth.trust[rows],
    )


def learn_from_lyrics(
    lyrics: EmbeddedLyrics, truth: TruthTable | None, seed: int
) -> LearnedLyricMood:
    """Learn from the lyrics of labelled songs which mood words tell; without, take what ships."""
    songs = labelled_lyrics(lyrics, truth)
    learned = None
    if songs is not None:
        learned = learn_lyric_mood(
            songs.X, songs.vectors, songs.quadrants, songs.artists, trust=songs.trust, seed=seed
        )
    if songs is None or learned is None:
        return LearnedLyricMood(load_lyric_mood(), "shipped", None)
    checked = cross_validate_lyrics(songs, seed=seed)
    if checked is not None:
        counts = Counter(songs.quadrants.tolist())
        checked["majority"] = max(counts.values()) / len(songs.X)
    return LearnedLyricMood(learned, "truth", checked)


def fuse_quadrants(
    model: SongMoodModel, X: NDArray[np.float64], lyrics: EmbeddedLyrics, mood: LyricMood
) -> NDArray[np.float64]:
    """Say how probable each quadrant is by sound and words.

    Returns
    -------
    (n_songs, n_quadrants) float64
        Log-probabilities in the order of ``model.quadrants.names``; those of the sound alone for
        songs without lyrics.
    """
    upper = model.quadrants.log_probability(X)
    rows = lyrics.songs.rows
    if len(rows) == 0:
        return upper
    fused = fuse(
        audio_log_probability(model, X[rows]),
        lyric_log_probability(mood, lyrics.vectors[lyrics.songs.lyric[rows]]),
        lyrics.songs.trust[rows],
        mood,
    )
    upper[rows] = fused[:, [QUADRANTS.index(name) for name in model.quadrants.names]]
    return upper
