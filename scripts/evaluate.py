"""Checks of quality: ``python -m scripts.evaluate songs|listeners|plane``.

Conventions
-----------
Each check prints one JSON document on standard output. Every score in it stands beside a
baseline; a score on songs or listeners that took part in the training says so.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from scripts.errors import DataError, SettingsError
from scripts.evaluation.listener_report import evaluate_listeners
from scripts.evaluation.plane_report import LabelledSongs, cross_validate_plane, fit_plane_on
from scripts.evaluation.song_report import judge_plane, judge_songs
from scripts.learning.listener_mood import encode_listeners, survey_features
from scripts.learning.song_mood import model_from_numbers
from scripts.moods.features import FEATURES
from scripts.moods.plane import PLANE_FILE, load_plane
from scripts.playlists.program import run_program
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import open_set
from scripts.store.writing import to_json, write_text
from scripts.tables.listeners import find_listeners, read_listeners
from scripts.tables.songs import read_songs
from scripts.tables.truth import TruthTable, read_truth
from scripts.tables.works import identify_works, normal_artists


def file_digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def evaluate_songs(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the trained set on labelled songs: quadrants, ratings, or both."""
    truth = read_truth(options.truth)
    trained = open_set(str(options.output))
    numbers = trained.models[SONG_MOOD]
    trained.close()
    X = truth.features[list(FEATURES)].to_numpy()
    report: dict[str, Any] = {"run": trained.run, "truth": truth.source, "n": len(X)}
    # without labelled songs the plane is the model of the quadrants
    sources = numbers["truth"] or load_plane()["origin"]
    learned = {source["sha256"]: source for source in sources}
    if seen := learned.get(file_digest(options.truth)):
        report["in_sample"] = True
        report["note"] = (
            "the model's numbers were fitted on this very file: the scores below flatter it; "
            "the cross-validated ones do not"
        )
        report["cross_validated"] = seen["cross_validated"]
    if truth.quadrant is not None:
        report |= judge_songs(model_from_numbers(numbers), X, truth.quadrant)
    if truth.valence_mean is not None and truth.arousal_mean is not None:
        report["plane"] = judge_plane(load_plane(), X, truth.valence_mean, truth.arousal_mean)
    report["rows_dropped"] = {reason: n for reason, n in truth.counts.items() if n}
    return report


def evaluate_survey(options: argparse.Namespace) -> dict[str, Any]:
    """Cross-validate the listener model on a survey."""
    table = read_listeners(options.listeners or find_listeners(Path("input")))
    X = encode_listeners(table.listeners, survey_features(table.listeners))
    moods = np.asarray(table.moods)
    report = evaluate_listeners(
        X, moods, seed=options.seed, n_repeats=options.repeats, n_jobs=options.jobs
    )
    document: dict[str, Any] = {"listeners": str(table.source), "n": len(X)}
    if table.synthetic:
        document["note"] = "synthetic listeners: these figures mean nothing"
    if report is None:
        return {**document, "verdict": "not tested: fewer than 25 different listeners"}
    return {
        **document,
        "n_folds": report.n_folds,
        "verdict": report.verdict,
        "metrics": report.metrics,
    }


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


def evaluate_plane(options: argparse.Namespace) -> dict[str, Any]:
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
            "cross_validated": {k: v for k, v in score.items() if k not in ("source", "n")},
        }
        for table, path, score in zip(tables, files, scores, strict=True)
    ]
    if options.write:
        write_text(PLANE_FILE, to_json(plane))
    return plane


def build_parser() -> argparse.ArgumentParser:
    """Describe the checks and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.evaluate",
        description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    checks = parser.add_subparsers(required=True, metavar="songs|listeners|plane")
    songs = checks.add_parser("songs", help="judge the trained song model on labelled songs")
    songs.add_argument("--truth", type=Path, required=True, metavar="FILE")
    songs.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    songs.set_defaults(check=evaluate_songs)
    listeners = checks.add_parser("listeners", help="cross-validate the listener model")
    listeners.add_argument("--listeners", type=Path, metavar="FILE")
    listeners.add_argument("--seed", type=int, default=0)
    listeners.add_argument("--repeats", type=int, default=10, metavar="COUNT")
    listeners.add_argument("--jobs", type=int, default=1, help="processes that share the folds")
    listeners.set_defaults(check=evaluate_survey)
    plane = checks.add_parser("plane", help="refit the calibrated mood plane")
    plane.add_argument("--truth", type=Path, action="append", default=[], metavar="FILE")
    plane.add_argument("--ratings", type=Path, action="append", default=[], metavar="FILE")
    plane.add_argument("--songs", type=Path, action="append", default=[], metavar="FILE")
    plane.add_argument("--seed", type=int, default=0)
    plane.add_argument("--write", action="store_true", help="keep the numbers in scripts/moods")
    plane.set_defaults(check=evaluate_plane)
    return parser


def main() -> int:
    """Run one check; returns the exit code."""
    options = build_parser().parse_args()
    print(to_json(options.check(options)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(run_program(main))
