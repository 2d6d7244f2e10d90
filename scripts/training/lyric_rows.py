"""What a training run writes of lyrics: rows of the catalogue, ``lyrics.json``, figures, a table.

Conventions
-----------
Lyrics and trust are those of :mod:`scripts.training.lyrics`; ranks are those of
:mod:`scripts.training.rows`. Weights and trust are rounded to four decimals, as a list shows them.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scripts.evaluation.lyric_card import tell_gain
from scripts.evaluation.similarity_plot import plot_similarity
from scripts.evaluation.topic_plots import draw_topic_plots
from scripts.evaluation.topic_report import report_topics
from scripts.learning.lyric_mood import lyric_mood_to_numbers
from scripts.store.writing import NOT_JOINED, LyricRows
from scripts.training.inputs import Inputs
from scripts.training.learned import SongResult
from scripts.training.lyrics import EmbeddedLyrics, LyricWords
from scripts.training.rows import RankedSongs

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder


def lyric_rows(lyrics: EmbeddedLyrics, found: LyricWords, ranked: RankedSongs) -> LyricRows:
    """Make the rows of ``emotion_words``, ``song_words`` and ``song_lyrics``."""
    words, of_rank = found.words, lyrics.songs.lyric[ranked.order]
    topics = found.topics.leading.tolist()
    song_words: list[tuple[int, int, float]] = []
    song_lyrics: list[tuple[Any, ...]] = []
    for rank in np.flatnonzero(of_rank >= 0).tolist():
        lyric = int(of_rank[rank])
        said = [(int(word), round(float(weight), 4)) for word, weight in words.songs[lyric]]
        song_words += [(word, rank, weight) for word, weight in said]
        told = json.dumps([[words.words[word], weight] for word, weight in said])
        trust = round(float(lyrics.songs.trust[ranked.order[rank]]), 4)
        topic = topics[lyric] if topics[lyric] >= 0 else None
        song_lyrics.append((rank, lyric, told, trust, topic))
    n_songs = Counter(word for word, _, _ in song_words)
    emotion_words = [
        (i, word, round(float(place[0]), 4), round(float(place[1]), 4), n_songs[i])
        for i, (word, place) in enumerate(zip(words.words, words.places, strict=True))
    ]
    return LyricRows(emotion_words, sorted(song_words), song_lyrics)


def join_figures(inputs: Inputs, lyrics: EmbeddedLyrics) -> dict[str, Any]:
    """Account for the lyrics: read, kept, joined, and what was not."""
    table, join = inputs.lyrics, lyrics.join
    if table is None:
        raise ValueError("no lyrics were read")
    n_with = len(lyrics.songs.rows)
    reasons = Counter(join.not_joined["reason"].tolist())
    return {
        "n_read": table.n_read,
        "n_kept": len(table.lyrics),
        "dropped": {reason: n for reason, n in table.counts.items() if n},
        "n_joined": len(join.used),
        "share_joined": len(join.used) / len(table.lyrics),
        "ways": join.ways,
        "not_joined": dict(sorted(reasons.items())),
        "n_songs": len(inputs.songs.songs),
        "n_songs_with_lyrics": n_with,
        "mean_trust": float(lyrics.songs.trust[lyrics.songs.rows].mean()) if n_with else None,
        "n_labelled_songs_with_lyrics": len(lyrics.truth.rows) if lyrics.truth else 0,
    }


def lyric_document(
    inputs: Inputs, lyrics: EmbeddedLyrics, found: LyricWords, result: SongResult
) -> dict[str, Any]:
    """Make the document ``lyrics.json``."""
    if result.lyric_mood is None:
        raise ValueError("no song has lyrics")
    words = found.words
    return {
        "encoder": lyrics.encoders[0],
        "lyric_encoder": lyrics.encoders[1],
        "join": join_figures(inputs, lyrics),
        "min_similarity": words.min_similarity,
        "words": words.facts,
        "vocabulary": words.merged,
        "lyric_mood_from": result.lyric_mood.learned_from,
        "lyric_mood": lyric_mood_to_numbers(result.lyric_mood.model),
        # null for the shipped half, and where the labelled songs with lyrics are too few
        "cross_validated": result.lyric_mood.cross_validated,
        "topics": found.topics.to_numbers(),
    }


def moods_of_lyrics(lyrics: EmbeddedLyrics, result: SongResult) -> list[str]:
    """Name the mood of each lyric's song, of the first of several by id."""
    moods = [""] * lyrics.n_catalogue
    for song in lyrics.songs.rows[::-1].tolist():
        moods[int(lyrics.songs.lyric[song])] = result.scores.names[result.scores.mood[song]]
    return moods


def lyric_metrics(
    inputs: Inputs, lyrics: EmbeddedLyrics, found: LyricWords | None, result: SongResult
) -> dict[str, Any]:
    """Collect the figures of lyrics for ``metrics.json``."""
    figures: dict[str, Any] = {"join": join_figures(inputs, lyrics)}
    if found is None or result.lyric_mood is None:
        return figures
    model = result.lyric_mood.model
    return {
        **figures,
        "words": {**found.words.facts, "min_similarity": found.words.min_similarity},
        "mood": {
            "learned_from": result.lyric_mood.learned_from,
            "n_songs": model.n_songs,
            "audio_weight": model.audio_weight,
            "lyric_weight": model.lyric_weight,
            "cross_validated": result.lyric_mood.cross_validated,
        },
        "topics": report_topics(found.topics, moods_of_lyrics(lyrics, result)),
    }


def draw_lyric_plots(
    folder: Path,
    lyrics: EmbeddedLyrics,
    found: LyricWords | None,
    result: SongResult,
    encoder: Encoder,
    *,
    seed: int,
) -> None:
    """Draw how similar songs are to mood words, and the topics."""
    if found is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    vectors = lyrics.vectors[: lyrics.n_catalogue]
    plot_similarity(folder / "similarity_boxes.png", found.words, vectors, encoder.encode)
    draw_topic_plots(folder, found.topics, moods_of_lyrics(lyrics, result), seed=seed)


def not_joined_table(lyrics: EmbeddedLyrics) -> pd.DataFrame:
    """List the lyrics that belong to no song: id, artist, title, reason."""
    return lyrics.join.not_joined.astype("str")


def tell_lyrics(part: dict[str, Any]) -> list[str]:
    """Say on the terminal what was joined and what was not."""
    join = part["join"]
    ways = ", ".join(f"{n:,} by {way}" for way, n in join["ways"].items() if n)
    lines = [
        f"Lyrics: {join['n_read']:,} rows read, {join['n_kept']:,} kept, {join['n_joined']:,} "
        f"({join['share_joined']:.1%}) belong to songs of the table"
        f"{f' ({ways})' if ways else ''}; {join['n_songs_with_lyrics']:,} of "
        f"{join['n_songs']:,} songs have lyrics."
    ]
    if join["not_joined"]:
        told = "; ".join(f"{reason} ({n:,})" for reason, n in join["not_joined"].items())
        lines.append(f"Lyrics: not joined, each in {NOT_JOINED}: {told}.")
    if not join["n_joined"]:
        lines.append("Lyrics: the trained set has none; see the README on how lyrics are joined.")
    if "mood" in part:
        lines.append(f"Lyrics: {tell_gain(part['mood'])}.")
    return lines
