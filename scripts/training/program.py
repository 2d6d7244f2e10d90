"""The steps of ``train.py``, in order.

Conventions
-----------
Nothing that answers is touched before the last step. A disk that is full or may not be written
ends the run with one clear line, and the set that answered before goes on answering.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from scripts.console import Stages, note
from scripts.errors import DataWarning, SettingsError
from scripts.moods.features import FEATURES
from scripts.settings import TrainSettings
from scripts.store.layout import CATALOGUE, LYRIC_VECTORS, WORD_VECTORS
from scripts.store.taste import write_taste
from scripts.store.vectors import write_vectors
from scripts.store.writing import (
    LyricRows,
    name_run,
    new_staging,
    publish_reports,
    swap_in,
    training_lock,
    write_catalogue,
    write_manifest,
)
from scripts.tracking import require_tracking, tell_tracked
from scripts.training.documents import make_documents, make_facts, make_metrics
from scripts.training.genres import artist_rows, genre_map_rows
from scripts.training.inputs import Inputs, read_inputs
from scripts.training.learned import SongResult, learn_listeners, learn_songs
from scripts.training.lyric_rows import draw_lyric_plots, lyric_rows, tell_lyrics
from scripts.training.lyrics import (
    EmbeddedLyrics,
    LyricWords,
    embed_lyrics,
    find_words,
    open_cache,
    require_encoder,
)
from scripts.training.reports import draw_plots, write_figures, write_tables
from scripts.training.rows import RankedSongs, genre_rows, rank_catalogue, song_rows
from scripts.training.taste import LearnedTaste, Places, learn_taste
from scripts.training.taste_rows import draw_place_plots, tell_taste
from scripts.training.tracked import track_training
from scripts.training.trees import song_trees

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder

#: The lyrics of a training, and what is said in them, if any belong to a song.
Lyrics = tuple[EmbeddedLyrics, LyricWords | None]


@contextlib.contextmanager
def friendly_errors(output: Path) -> Iterator[None]:
    """Turn what the disk refuses into one clear line, and warnings about data into notes."""

    def show(message: Warning | str, category: type[Warning], *_: object) -> None:
        if issubclass(category, DataWarning):
            note(f"warning: {message}")

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", DataWarning)
            warnings.showwarning = show  # type: ignore[assignment]
            yield
    except (OSError, sqlite3.OperationalError) as error:
        raise SettingsError(
            f"{output}: the new set could not be written ({_reason(error)}); the old one is as it "
            "was. Free some space or give another folder with --output DIR"
        ) from error


def _reason(error: Exception) -> str:
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full" if full or "full" in str(error) else str(error)


def take_features(inputs: Inputs) -> NDArray[np.float64]:
    """Move the nine features out of the song table, so that they are held once."""
    songs = inputs.songs.songs
    X = np.empty((len(songs), len(FEATURES)))
    for i, name in enumerate(FEATURES):
        X[:, i] = songs.pop(name)
    return X


def _write_lyrics(
    staging: Path, ranked: RankedSongs, lyrics: EmbeddedLyrics, found: LyricWords | None
) -> LyricRows:
    """Write the vectors of lyrics and words; returns what the catalogue tells of them."""
    if found is None:
        return LyricRows()
    write_vectors(str(staging / LYRIC_VECTORS), lyrics.vectors[: lyrics.n_catalogue])
    write_vectors(str(staging / WORD_VECTORS), found.words.vectors)
    return lyric_rows(lyrics, found, ranked)


def _write_taste(staging: Path, taste: LearnedTaste | None) -> tuple[LearnedTaste, str] | None:
    """Write the arrays of the taste model; returns it with their hash."""
    if taste is None:
        return None
    return taste, write_taste(str(staging), taste.model.to_arrays())


def write_set(
    staging: Path,
    inputs: Inputs,
    X: NDArray[np.float64],
    *,
    result: SongResult,
    ranked: RankedSongs,
    documents: dict[str, str],
    facts: dict[str, Any],
    places: Places,
    lyrics: Lyrics | None = None,
) -> str:
    """Write the whole set into a staging folder; returns the run's name."""
    run = name_run(documents, facts)
    for name, text in documents.items():
        (staging / name).write_text(text, encoding="utf-8")
    of_lyrics = _write_lyrics(staging, ranked, *lyrics) if lyrics else LyricRows()
    genres = genre_rows(inputs.songs.songs, result.scores, ranked)
    listeners = inputs.listeners
    write_catalogue(
        staging / CATALOGUE,
        run,
        moods=ranked.mood_rows,
        songs=song_rows(inputs.songs.songs, X, result, ranked),
        genres=genres.genres,
        song_genres=genres.song_genres,
        listeners=(
            (n, json.dumps(answers, ensure_ascii=False))
            for n, answers in zip(listeners.rows, listeners.listeners, strict=True)
        ),
        trees=song_trees(inputs.songs.songs, X, result, ranked, genres.genres),
        lyrics=of_lyrics,
        artists=artist_rows(places.artists, places.items),
        genre_map=genre_map_rows(places.genre_map, genres.genres),
    )
    write_manifest(staging, run, facts)
    return run


def _tell(metrics: dict[str, Any], inputs: Inputs, output: Path) -> None:
    """Say what was read, what was learned, how well, and where it is."""
    note(f"Songs: {inputs.songs.summary()}.")
    for text in inputs.songs.notes:
        note(f"Songs: {text}.")
    note(f"Listeners: {inputs.listeners.summary()}.")
    note(f"Listener model: {metrics['listener_mood']['verdict']}.")
    note(f"Song model: {metrics['song_mood']['verdict']}.")
    for text in tell_lyrics(metrics["lyrics"]) if "lyrics" in metrics else []:
        note(text)
    for text in tell_taste(metrics["taste"]) if "taste" in metrics else []:
        note(text)
    for row in metrics["moods"]:
        if row["stand_in"]:
            note(
                f"Moods: too few {row['mood']} songs ({row['n_playable']}); "
                f"{row['stand_in'].replace(';', ' and ')}, nearest on the plane, in its place."
            )
    note(f"Run {metrics['run']} answers now; plots, metrics and the model card are in {output}/.")


def train(settings: TrainSettings) -> None:
    """Read, learn, judge, write and swap in."""
    # one thread: several add up partial sums in no fixed order, and the last bits would differ
    one_thread = threadpool_limits(limits=1)
    encoder = require_encoder(settings)
    with training_lock(settings.output), friendly_errors(settings.output), one_thread:
        if settings.track:
            require_tracking(settings.output)
        staging = new_staging(settings.output)
        reports = settings.output / f"{staging.name}-reports"
        try:
            metrics, inputs = _train_into(staging, reports, settings, encoder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            shutil.rmtree(reports, ignore_errors=True)
            raise
        tracked = track_training(settings, metrics) if settings.track else None
    if not settings.quiet:
        _tell(metrics, inputs, settings.output)
        if tracked:
            note(tell_tracked(settings.output, tracked))


def compile_package() -> None:
    """Leave bytecode for every module: compiling them would double the time of an answer.

    Python does this by itself unless it is told not to write bytecode.
    """
    import compileall

    compileall.compile_dir(Path(__file__).parents[1], quiet=2)


def _learn_lyrics(
    inputs: Inputs, encoder: Encoder, settings: TrainSettings, steps: Iterator[str]
) -> Lyrics:
    """Embed the lyrics, then find what is said in them."""
    next(steps)
    with open_cache(settings) as cache:
        embedded = embed_lyrics(inputs, encoder, cache, quiet=settings.quiet)
    next(steps)
    return embedded, find_words(embedded, encoder, settings.seed)


def _publish(reports: Path, output: Path, run: str) -> None:
    try:
        publish_reports(reports, output)
    except OSError as error:
        raise SettingsError(
            f"{output}: run {run} answers now, but its reports and plots could not all be put in "
            f"place ({_reason(error)}); clear the way and train again"
        ) from error


def list_stages(settings: TrainSettings) -> list[str]:
    """Name the stages of a training, in order."""
    names = ["read the tables"]
    names += ["embed the lyrics", "find emotion words and topics"] if settings.lyrics else []
    names += ["learn the listeners' moods", "learn the songs' moods"]
    names += ["learn from histories"] if settings.history else []
    names += ["write the catalogue", "write the tables"]
    return [*names, *(["draw the plots"] if settings.plots else []), "swap in"]


def _train_into(
    staging: Path, reports: Path, settings: TrainSettings, encoder: Encoder | None
) -> tuple[dict[str, Any], Inputs]:
    steps = Stages(list_stages(settings), quiet=settings.quiet).walk()
    reports.mkdir()
    next(steps)
    inputs = read_inputs(settings)
    lyrics = _learn_lyrics(inputs, encoder, settings, steps) if encoder else None
    next(steps)
    listeners = learn_listeners(inputs.listeners, settings)
    next(steps)
    X = take_features(inputs)
    result = learn_songs(X, inputs.truth, settings, lyrics[0] if lyrics else None)
    ranked = rank_catalogue(inputs.songs.songs, result.scores, result.places)
    next(steps)
    places = learn_taste(inputs, X, lyrics, settings)
    if settings.history:
        next(steps)
    taste = _write_taste(staging, places.taste)
    documents = make_documents(inputs, listeners, result, ranked, lyrics=lyrics, taste=taste)
    facts = make_facts(inputs, settings)
    run = write_set(
        staging,
        inputs,
        X,
        result=result,
        ranked=ranked,
        documents=documents,
        facts=facts,
        places=places,
        lyrics=lyrics,
    )
    next(steps)
    metrics = make_metrics(
        run, inputs, listeners, result, ranked, lyrics=lyrics, taste=places.taste
    )
    write_tables(reports, inputs, X, result, lyrics)
    write_figures(reports, metrics, inputs)
    if settings.plots:
        next(steps)
        draw_plots(reports, inputs, X, listeners=listeners, result=result, seed=settings.seed)
        if lyrics is not None and encoder is not None:
            draw_lyric_plots(reports / "lyrics", *lyrics, result, encoder, seed=settings.seed)
        draw_place_plots(reports, places, seed=settings.seed)
    next(steps)
    swap_in(settings.output, staging, run)
    _publish(reports, settings.output, run)
    compile_package()
    next(steps, None)
    return metrics, inputs
