"""Checks of quality: ``python -m scripts.evaluate songs|listeners|plane``.

Conventions
-----------
Each check prints one JSON document on standard output. Every score in it stands beside a
baseline; a score on songs or listeners that took part in the training says so. A song is
recognised by its features (see :mod:`scripts.learning.fingerprints`), whatever file it is in.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scripts.errors import DataError, SettingsError
from scripts.evaluation.listener_report import evaluate_listeners
from scripts.evaluation.plane_report import LabelledSongs, cross_validate_plane, fit_plane_on
from scripts.evaluation.song_report import judge_plane, judge_songs, score_quadrants
from scripts.learning.fingerprints import find_recorded, record_rows
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


def find_seen(
    sources: Sequence[Mapping[str, Any]], X: NDArray[np.float64], digest: str
) -> NDArray[np.bool_]:
    """Say which songs each table of the training held.

    Parameters
    ----------
    sources : sequence of mappings
        The tables a model was fitted on: ``sha256`` and, if their rows are kept, ``rows_fitted``.
    X : (n, 9) float64
    digest : str
        SHA-256 of the file that the songs come from; the very file of a source holds them all.

    Returns
    -------
    (n_sources, n) bool
    """
    seen = np.zeros((len(sources), len(X)), dtype=bool)
    for row, source in zip(seen, sources, strict=True):
        row[:] = source["sha256"] == digest or find_recorded(X, source.get("rows_fitted") or "")
    return seen


def tell_training(
    sources: Sequence[Mapping[str, Any]], seen: NDArray[np.bool_], digest: str
) -> dict[str, Any]:
    """Say how many of the songs took part in the training, and what that does to the scores.

    ``cross_validated`` are the figures of the table that held most of the songs.
    """
    n, n_seen = seen.shape[1], int(seen.any(axis=0).sum())
    report: dict[str, Any] = {"n_seen_in_training": n_seen, "in_sample": n_seen > 0}
    notes = []
    if n_seen:
        told = "all of these songs" if n_seen == n else f"{n_seen:,} of these {n:,} songs"
        notes.append(f"the model's numbers were fitted on {told}: the scores below flatter it")
    if 0 < n_seen < n:
        notes.append("the unseen songs are scored by themselves (some may share an artist)")
    if len(sources) and 2 * seen.sum(axis=1).max() > n:
        most = sources[int(seen.sum(axis=1).argmax())]
        report["cross_validated"] = most["cross_validated"]
        if most["cross_validated"]:
            notes.append(f"the cross-validated ones, of {most['source']}, do not")
    unknown = [
        source["source"]
        for source in sources
        if source["sha256"] != digest and source.get("rows_fitted") is None
    ]
    if unknown:
        notes.append(f"not compared, since their rows are not recorded: {', '.join(unknown)}")
    return report | ({"note": "; ".join(notes)} if notes else {})


def evaluate_songs(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the trained set on labelled songs: quadrants, ratings, or both."""
    truth = read_truth(options.truth)
    trained = open_set(str(options.output))
    numbers = trained.models[SONG_MOOD]
    trained.close()
    X = truth.features[list(FEATURES)].to_numpy()
    digest = file_digest(options.truth)
    report: dict[str, Any] = {"run": trained.run, "truth": truth.source, "n": len(X)}
    if truth.quadrant is not None:
        # without labelled songs the plane is the model of the quadrants
        sources = numbers["truth"] or load_plane()["origin"]
        by_source = find_seen(sources, X, digest)
        report |= tell_training(sources, by_source, digest)
        model, seen = model_from_numbers(numbers), by_source.any(axis=0)
        report |= judge_songs(model, X, truth.quadrant)
        if 0 < seen.sum() < len(X):
            report["unseen"] = score_quadrants(model, X[~seen], truth.quadrant[~seen])
    if truth.valence_mean is not None and truth.arousal_mean is not None:
        ratings = np.column_stack([truth.valence_mean, truth.arousal_mean])
        report["plane"] = _judge_ratings(X, ratings, digest)
        if truth.quadrant is None:
            told = ("n_seen_in_training", "in_sample", "note", "cross_validated")
            report |= {key: report["plane"].pop(key) for key in told if key in report["plane"]}
    report["rows_dropped"] = {reason: n for reason, n in truth.counts.items() if n}
    return report


def _judge_ratings(
    X: NDArray[np.float64], ratings: NDArray[np.float64], digest: str
) -> dict[str, Any]:
    """Judge the calibrated plane on (n, 2) ratings; its own tables say what it has seen."""
    plane = load_plane()
    by_source = find_seen(plane["origin"], X, digest)
    seen = by_source.any(axis=0)
    report = tell_training(plane["origin"], by_source, digest)
    report |= judge_plane(plane, X, *ratings.T)
    if 0 < seen.sum() < len(X):
        report["unseen"] = judge_plane(plane, X[~seen], *ratings[~seen].T)
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
            # null above 20,000 rows: then only the very file is recognised
            "rows_fitted": record_rows(table.X),
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
