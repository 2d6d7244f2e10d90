"""The check ``plane``: the calibrated mood plane, refitted and judged on held-out artists."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from scripts.checks.seen import file_digest
from scripts.errors import DataError, SettingsError
from scripts.evaluation.plane_report import LabelledSongs, cross_validate_plane, fit_plane_on
from scripts.learning.fingerprints import record_rows
from scripts.moods.features import FEATURES
from scripts.moods.plane import PLANE_FILE
from scripts.store.writing import to_json, write_text
from scripts.tables.songs import read_songs
from scripts.tables.truth import TruthTable, read_truth
from scripts.tables.works import identify_works, normal_artists


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("plane", help="refit the calibrated mood plane")
    parser.add_argument("--truth", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--ratings", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--songs", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="keep the numbers in scripts/moods")
    where = "whose store of runs --track writes to"
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def _as_labelled(truth: TruthTable) -> LabelledSongs:
    X = truth.features[list(FEATURES)].to_numpy()
    if truth.quadrant is not None:
        return LabelledSongs(Path(truth.source).name, X, truth.artist, truth.quadrant, None)
    ratings = np.column_stack([np.asarray(truth.valence_mean), np.asarray(truth.arousal_mean)])
    return LabelledSongs(Path(truth.source).name, X, truth.artist, None, ratings)


def join_ratings(path: Path, song_files: list[Path]) -> LabelledSongs:
    """Join ratings by artist and title to song tables that have the audio features.

    Parameters
    ----------
    path : Path
        CSV with ``artist_name, track_name, valence, arousal`` (the layout of Deezer's set).
    song_files : list of Path
    """
    import pandas as pd

    ratings = pd.read_csv(path, dtype={"artist_name": "str", "track_name": "str"}).dropna()
    columns = {"artist_name", "track_name", "valence", "arousal"}
    if not columns <= set(ratings):
        raise DataError(f"{path}: needs the columns {sorted(columns)}, has {sorted(ratings)}")
    texts = [
        pa.chunked_array([pa.array(values, pa.large_string())])
        for values in (
            ratings["track_name"].tolist(),
            ratings["artist_name"].tolist(),
            [f"row {i}" for i in range(len(ratings))],
        )
    ]
    works, _ = identify_works(*texts)
    songs = read_songs(song_files).songs.drop_duplicates("work_id")
    told = pd.DataFrame(
        {
            "work_id": works,
            "told_valence": ratings["valence"].to_numpy(),
            "told_arousal": ratings["arousal"].to_numpy(),
        }
    ).drop_duplicates("work_id")
    joined = songs.merge(told, on="work_id")
    if joined.empty:
        raise DataError(f"{path}: no song of it is in {', '.join(map(str, song_files))}")
    return LabelledSongs(
        path.name,
        joined[list(FEATURES)].to_numpy(),
        # named as in a truth table: an artist of both must not be on both sides
        normal_artists(pa.array(joined["artist"].tolist(), pa.large_string())).to_numpy(
            zero_copy_only=False
        ),
        None,
        joined[["told_valence", "told_arousal"]].to_numpy(),
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Refit the calibrated plane, judge it on held-out artists, and keep it if asked to."""
    if options.ratings and not options.songs:
        raise SettingsError("--ratings: name the song tables to join them to with --songs FILE")
    files = [*options.truth, *options.ratings]
    tables = [_as_labelled(read_truth(path)) for path in options.truth]
    tables += [join_ratings(path, options.songs) for path in options.ratings]
    if not tables:
        raise SettingsError("plane: give labelled songs with --truth FILE")
    scores = cross_validate_plane(tables, seed=options.seed)
    plane = fit_plane_on(tables, [np.arange(len(table.X)) for table in tables])
    plane["origin"] = [
        {
            "source": table.source,
            "rows": len(table.X),
            "sha256": file_digest(path),
            # null above 20,000 rows: then only the very file is recognised
            "rows_fitted": record_rows(table.X),
            "cross_validated": {k: v for k, v in score.items() if k not in ("source", "n")},
        }
        for table, path, score in zip(tables, files, scores, strict=True)
    ]
    if options.write:
        write_text(PLANE_FILE, to_json(plane))
    return plane
