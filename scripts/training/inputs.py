"""Finding and reading everything a training run learns from.

Conventions
-----------
What the settings name is read; what they leave open is looked for under ``input/``, where real
files take the place of the sample.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts.settings import TrainSettings
from scripts.tables.histories import read_listeners_histories
from scripts.tables.listeners import ListenerTable, find_listeners, read_listeners
from scripts.tables.lyrics import LyricTable, read_lyrics
from scripts.tables.song_files import find_songs, list_song_files
from scripts.tables.songs import SongTable, read_songs
from scripts.tables.truth import TruthTable, read_truth

if TYPE_CHECKING:
    from scripts.tables.history_listeners import Listening

INPUT_DIR = Path("input")


class InputFile(NamedTuple):
    """A file that was read; its path is left out, so that runs compare between machines."""

    name: str
    sha256: str


class Inputs(NamedTuple):
    """Everything a run learns from."""

    songs: SongTable
    listeners: ListenerTable
    truth: TruthTable | None
    files: list[InputFile]  # the labelled songs last
    lyrics: LyricTable | None = None
    history: Listening | None = None


def digest_files(paths: list[Path]) -> list[InputFile]:
    """Hash files, each under its own name."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(InputFile(path.name, hashlib.file_digest(file, "sha256").hexdigest()))
    return digests


def digest_histories(paths: tuple[Path, ...]) -> list[InputFile]:
    """Hash all files of histories as one; their names, which may be people's, are left out."""
    digests = []
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        digests += [file.sha256 for file in digest_files([p for p in inside if p.is_file()])]
    told = "".join(sorted(digests))
    return [InputFile("listeners' histories", hashlib.sha256(told.encode()).hexdigest())]


def read_inputs(settings: TrainSettings) -> Inputs:
    """Read the songs, the listeners and, if given, labelled songs, lyrics and histories."""
    song_paths = list(settings.songs) or [find_songs(INPUT_DIR)]
    listener_path = settings.listeners or find_listeners(INPUT_DIR)
    songs = read_songs(song_paths)
    listeners = read_listeners(listener_path)
    truth = read_truth(settings.truth) if settings.truth else None
    lyrics = read_lyrics(settings.lyrics) if settings.lyrics else None
    history = None
    if settings.history:
        paths = [str(path) for path in settings.history]
        history = read_listeners_histories(paths, min_play_seconds=settings.min_play_seconds)
    files = [file for path in song_paths for file in list_song_files(path)]
    files += [listener_path, *settings.lyrics, *([settings.truth] if settings.truth else [])]
    digests = digest_files(files)
    if settings.history:  # before the labelled songs, which stay last
        at = len(digests) - bool(settings.truth)
        digests[at:at] = digest_histories(settings.history)
    return Inputs(songs, listeners, truth, digests, lyrics, history)
