"""Shared fixtures: a trained set on the sample, a tiny obvious catalogue, the real files.

All of them are made once a session and are to be read only: a test that wants to change a file
copies it first.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import music_recommendation
from scripts.playlists.program import run_program
from scripts.settings import TrainSettings
from scripts.training.program import train

# a busy machine is no failure; the same examples every time, so that a change either passes or not.
# To look for new ones: pytest --hypothesis-profile=explore
settings.register_profile("moodlist", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile("moodlist")

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "input" / "sample"
SHARED_DATA = PROJECT.parent / "shared" / "data"

#: Each mood's place in the middle of its quarter: the audio features of a song nobody would
#: argue about, in the columns and units of Spotify's own tables.
CLEAR_SONGS: dict[str, dict[str, float]] = {
    "happy": {
        "danceability": 0.82,
        "energy": 0.80,
        "loudness": -5.0,
        "speechiness": 0.06,
        "acousticness": 0.10,
        "instrumentalness": 0.0,
        "liveness": 0.15,
        "valence": 0.93,
        "tempo": 122.0,
    },
    "angry": {
        "danceability": 0.35,
        "energy": 0.96,
        "loudness": -3.5,
        "speechiness": 0.12,
        "acousticness": 0.002,
        "instrumentalness": 0.02,
        "liveness": 0.25,
        "valence": 0.20,
        "tempo": 150.0,
    },
    "sad": {
        "danceability": 0.40,
        "energy": 0.22,
        "loudness": -13.0,
        "speechiness": 0.03,
        "acousticness": 0.60,
        "instrumentalness": 0.01,
        "liveness": 0.11,
        "valence": 0.12,
        "tempo": 85.0,
    },
    "relaxed": {
        "danceability": 0.72,
        "energy": 0.25,
        "loudness": -12.0,
        "speechiness": 0.04,
        "acousticness": 0.85,
        "instrumentalness": 0.03,
        "liveness": 0.10,
        "valence": 0.78,
        "tempo": 95.0,
    },
}

SONGS_PER_MOOD = 10


def clear_rows() -> list[dict[str, object]]:
    """Forty songs, ten a mood, two by each artist; rows vary a little and never repeat."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for mood, middle in CLEAR_SONGS.items():
        for n in range(SONGS_PER_MOOD):
            features = {
                name: round(value * float(rng.uniform(0.97, 1.03)), 4)
                for name, value in middle.items()
            }
            rows.append(
                {
                    "track_id": f"{mood}{n:02d}".ljust(22, "0"),
                    "track_name": f"{mood.title()} Song Number {n + 1}",
                    "artists": f"{mood.title()} Artist {'ABCDE'[n // 2]}",
                    "popularity": 50 + n,
                    "duration_ms": 180_000 + 1_000 * n,
                    "explicit": n % 5 == 0,
                    "year": 1990 + n,
                    "track_genre": ("pop", "rock")[n % 2],
                    "mood": mood,
                    **features,
                }
            )
    return rows


@pytest.fixture(scope="session")
def tiny_songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of forty songs of four clear moods; column ``mood`` holds the obvious answer.

    The song reader ignores that column, so the same file serves as catalogue and as truth.
    """
    path = tmp_path_factory.mktemp("tiny") / "tiny_songs.csv"
    rows = clear_rows()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def sample_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a set trained on the sample, without plots."""
    output = tmp_path_factory.mktemp("sample") / "output"
    train(
        TrainSettings(
            songs=(SAMPLE / "songs.csv",),
            listeners=SAMPLE / "listeners.csv",
            output=output,
            plots=False,
            quiet=True,
        )
    )
    return output


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files that are no part of the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real files of ../shared/data are absent")
    return SHARED_DATA


@pytest.fixture
def run_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the answering program in this process: (set, *arguments) -> (code, output, notes)."""

    def run(output: Path, *arguments: str) -> tuple[int, str, str]:
        argv = ["music_recommendation.py", *arguments, "--output", str(output)]
        monkeypatch.setattr(sys, "argv", argv)
        code = run_program(music_recommendation.main)
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return run
