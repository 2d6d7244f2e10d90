"""Reading and encoding of the naive way, shared by its two programs.

Deliberate faults kept here: the listeners' page is trusted to hold the right table first, answers
in words become integer codes as if they had an order, and several answers together count as one
class of their own.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

LISTENER_COLUMNS = [
    "Gender",
    "spotify_subscription_plan",
    "preferred_listening_content",
    "fav_music_genre",
    "music_time_slot",
    "music_recc_rating",
    "music_expl_method",
]
LISTENER_MOOD = "music_Influencial_mood"

SONG_FEATURES = [
    "valence",
    "acousticness",
    "danceability",
    "duration_ms",
    "energy",
    "instrumentalness",
    "liveness",
    "loudness",
    "speechiness",
    "tempo",
]


def read_listeners(path: Path) -> pd.DataFrame:
    """Read the survey from a saved web page, a workbook or a CSV file."""
    if path.suffix in {".html", ".htm"}:
        from bs4 import BeautifulSoup

        page = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
        listeners = pd.read_html(StringIO(str(page.find("table"))))[0]
    elif path.suffix in {".xlsx", ".xls"}:
        listeners = pd.read_excel(path)
    else:
        listeners = pd.read_csv(path)
    return listeners[[*LISTENER_COLUMNS, LISTENER_MOOD]].dropna().reset_index(drop=True)


def fit_codes(listeners: pd.DataFrame) -> dict[str, list[str]]:
    """List the answers of each column in alphabetical order; the place is the code."""
    return {name: sorted(listeners[name].astype(str).unique()) for name in LISTENER_COLUMNS}


def encode_listeners(listeners: pd.DataFrame, codes: dict[str, list[str]]) -> np.ndarray:
    """Turn answers into integer codes, shape (n, 7); an unknown answer is -1."""
    columns = [
        pd.Categorical(listeners[name].astype(str), categories=codes[name]).codes
        for name in LISTENER_COLUMNS
    ]
    return np.column_stack(columns).astype(np.float64)


def read_songs(path: Path) -> pd.DataFrame:
    """Read a whole song table; rows without one of the ten features are dropped silently."""
    songs = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    return songs.dropna(subset=SONG_FEATURES).reset_index(drop=True)
