"""Join the published TidyTuesday and decades tables into one table with the Kaggle 114k names.

The decades have no genre, album, popularity or date; those cells stay empty. A track that occurs
twice is kept once, the TidyTuesday row first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

TIDY_NAMES = {
    "track_artist": "artists",
    "track_album_name": "album_name",
    "track_popularity": "popularity",
    "playlist_genre": "track_genre",
    "track_album_release_date": "release_date",
}
DECADE_NAMES = {"track": "track_name", "artist": "artists", "uri": "track_id"}
FEATURES = [
    "duration_ms",
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
]


def join_tables(folder: Path) -> pd.DataFrame:
    """Read ``spotify_songs.csv`` and ``dataset-of-*.csv`` of a folder into one table."""
    tidy = pd.read_csv(folder / "spotify_songs.csv").rename(columns=TIDY_NAMES)
    decades = pd.concat(
        [pd.read_csv(path) for path in sorted(folder.glob("dataset-of-*.csv"))]
    ).rename(columns=DECADE_NAMES)
    decades["track_id"] = decades["track_id"].str.removeprefix("spotify:track:")
    columns = ["track_id", "track_name", *TIDY_NAMES.values(), *FEATURES]
    songs = pd.concat([tidy, decades])[columns].dropna(subset=["track_name"])
    songs["popularity"] = songs["popularity"].astype("Int64")
    return songs.drop_duplicates("track_id")


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_songs")
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    join_tables(options.folder).to_csv(options.file, index=False)


if __name__ == "__main__":
    main()
