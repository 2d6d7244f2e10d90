"""The check ``playlists``: what is listed for each told mood, beside chance and popularity.

Conventions
-----------
The table of labelled songs is the catalogue. ``trained`` lists it by the model of a trained set,
and says how many of the songs that model was fitted on; ``held_out_plane`` and ``held_out_labels``
by models that saw no song of a listed song's artist: the calibrated plane refitted, and the
quadrants learned from the labels. ``variety`` is the curve of ``--variety`` over the trained set's
own catalogue, see :mod:`scripts.checks.variety_curve`. What the intervals mean stands under
``intervals``, and in :mod:`scripts.evaluation.playlist_report`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scripts.checks.plane import join_ratings
from scripts.checks.seen import file_digest, find_seen, tell_training
from scripts.checks.variety_curve import trace_variety
from scripts.errors import DataError, SettingsError
from scripts.evaluation.plane_report import LabelledSongs, fit_plane_on, targets_of
from scripts.evaluation.playlist_metrics import Catalogue, choose_songs, make_catalogue
from scripts.evaluation.playlist_report import ABOUT_INTERVALS, judge_playlists
from scripts.evaluation.playlist_ways import (
    N_FOLDS,
    Scored,
    can_split,
    held_out_scores,
    order_as_program,
    quarter_and_margin,
)
from scripts.learning.song_mood import (
    Softmax,
    SongMoodModel,
    fit_quadrants,
    model_from_numbers,
    quadrants_from_plane,
)
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import TrainedSet, open_set
from scripts.tables.song_cells import parse_ids, parse_popularity
from scripts.tables.song_reading import open_table
from scripts.tables.truth import TruthTable, read_truth
from scripts.tables.works import identify_works

PER_ARTIST = 2

#: Songs a list where nothing else is said, and at most.
COUNT, MOST = 10, 1_000


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("playlists", help="judge the playlists on labelled songs")
    parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.add_argument("-n", type=int, default=COUNT, metavar="COUNT", help="songs a list")
    ratings = "further rows for the refitted plane, joined to --songs"
    parser.add_argument("--ratings", type=Path, action="append", metavar="FILE", help=ratings)
    parser.add_argument("--songs", type=Path, action="append", metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=10, metavar="COUNT", help="splits")
    parser.add_argument("--bootstrap", type=int, default=1000, metavar="COUNT", help="draws")
    plot = "draw the curve of --variety as well"
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help=plot)
    parser.set_defaults(check=run)


def _check_options(options: argparse.Namespace) -> None:
    for flag, value in (
        ("-n", options.n),
        ("--repeats", options.repeats),
        ("--bootstrap", options.bootstrap),
    ):
        if value < 1:
            raise SettingsError(f"{flag} {value}: give a whole number of at least 1")
    if options.n > MOST:
        raise SettingsError(
            f"-n {options.n}: a list is judged up to {MOST:,} songs; give a smaller number"
        )
    if options.ratings and not options.songs:
        raise SettingsError("--ratings: name the song tables to join them to with --songs FILE")
    if options.plot is not None:
        from scripts.evaluation.playlist_plot import check_plot_path  # matplotlib: only for a plot

        check_plot_path(options.plot)


def read_popularity(path: Path, truth: TruthTable) -> NDArray[np.float64] | None:
    """Find the popularity of labelled songs by their ids; None where the table tells none."""
    raw = open_table(path, required=())
    if not {"popularity", "song_id"} <= set(raw.headers):
        return None
    ids = parse_ids(raw.take("song_id")).to_pylist()
    by_id = dict(zip(ids, parse_popularity(raw.take("popularity")).tolist(), strict=True))
    popularity = np.array([by_id.get(song, np.nan) for song in truth.song_id], dtype=float)
    return None if np.isnan(popularity).all() else popularity


def labels_of(truth: TruthTable) -> NDArray[np.object_]:
    """Give the told quadrants of a table that must tell them; a DataError says so."""
    if truth.quadrant is None:
        raise DataError(
            f"{truth.source}: the table rates songs but names no mood. A playlist is judged by a "
            "column 'mood'; add one, or judge the ratings with: python -m scripts.evaluate songs"
        )
    return truth.quadrant


def _check_length(n: int, catalogue: Catalogue, source: str) -> None:
    """Refuse a list that no quadrant could fill: its rest would be nothing but misses."""
    moods = range(len(catalogue.moods))
    most = max(
        len(choose_songs(np.flatnonzero(catalogue.mood == mood), catalogue, n, PER_ARTIST))
        for mood in moods
    )
    if n > max(most, COUNT):
        raise SettingsError(
            f"-n {n}: no quadrant of {source} can give more than {most} songs, {PER_ARTIST} an "
            f"artist; give at most {max(most, COUNT)}"
        )


def read_catalogue(
    truth: TruthTable, popularity: NDArray[np.float64] | None
) -> tuple[Catalogue, NDArray[np.object_]]:
    """Make a catalogue of labelled songs; also returns an id a song."""
    labels = labels_of(truth)
    song_id = np.array(
        [name or f"row {row:09}" for row, name in enumerate(truth.song_id, 1)], dtype=object
    )
    titles = np.where(truth.title == "", song_id, truth.title)
    work, artist = identify_works(
        *(
            pa.chunked_array([pa.array(values.tolist(), pa.large_string())])
            for values in (titles, truth.artist, song_id)
        )
    )
    X = truth.features[list(FEATURES)].to_numpy()
    return make_catalogue(X, labels, artist, work, popularity), song_id


def _held_out(
    truth: TruthTable, ratings: list[LabelledSongs], options: argparse.Namespace
) -> dict[str, Any]:
    """Score the songs by models that saw none of their artists, in the two ways of training."""
    X, labels, artists = truth.features[list(FEATURES)].to_numpy(), labels_of(truth), truth.artist
    tables = [LabelledSongs(truth.source, X, artists, labels, None), *ratings]

    def fit_plane(train: NDArray[np.int64], test: NDArray[np.int64]) -> Softmax:
        hidden = set(artists[test].tolist())
        rows = [np.flatnonzero([name not in hidden for name in t.artist]) for t in ratings]
        return quadrants_from_plane(fit_plane_on(tables, [train, *rows]))

    def fit_labels(train: NDArray[np.int64], test: NDArray[np.int64]) -> Softmax:
        return fit_quadrants(X[train], labels[train])

    ways = {"held_out_labels": fit_labels}
    if ratings or targets_of(tables[0]).std(axis=0).min() > 0:  # an axis needs both of its sides
        ways = {"held_out_plane": fit_plane, **ways}
    return {
        way: held_out_scores(fit, X, labels, artists, seed=options.seed, n_repeats=options.repeats)
        for way, fit in ways.items()
    }


def _tell_trained(
    trained: TrainedSet, file: Path, X: NDArray[np.float64]
) -> tuple[SongMoodModel, dict[str, Any]]:
    """Return the model of a trained set, and what it has seen of the songs."""
    numbers = trained.models[SONG_MOOD]
    digest = file_digest(file)
    sources = numbers["truth"] or load_plane()["origin"]
    told = tell_training(sources, find_seen(sources, X, digest), digest)
    facts = {"run": trained.run, "learned_from": numbers["learned_from"]}
    return model_from_numbers(numbers), facts | told


def _trace_variety(
    trained: TrainedSet, labels: dict[str, str], options: argparse.Namespace
) -> dict[str, Any]:
    """Trace the curve of variety over the trained set's catalogue; draw it if asked to."""
    report = trace_variety(
        trained.catalogue,
        labels,
        n=options.n,
        per_artist=PER_ARTIST,
        n_draws=options.bootstrap,
        seed=options.seed,
    )
    if options.plot is not None:
        from scripts.evaluation.variety_plot import draw_variety

        draw_variety(options.plot, report)
    return {"run": trained.run, **report}


def _order_songs(
    options: argparse.Namespace,
    truth: TruthTable,
    model: SongMoodModel,
    ratings: list[LabelledSongs],
    order: Callable[[NDArray[np.object_], NDArray[np.float64]], Scored],
) -> tuple[dict[str, list[Scored]], list[str]]:
    """Put the songs in order in every way that can be had; says which cannot."""
    X = truth.features[list(FEATURES)].to_numpy()
    ways = {"trained": [order(*quarter_and_margin(model, X))]}
    if not can_split(labels_of(truth), truth.artist):
        return ways, [f"not held out: a mood has fewer than {N_FOLDS} artists"]
    held_out = _held_out(truth, ratings, options)
    return ways | {way: [order(*one) for one in repeats] for way, repeats in held_out.items()}, []


def _tell_counts(
    options: argparse.Namespace,
    truth: TruthTable,
    catalogue: Catalogue,
    ratings: list[LabelledSongs],
) -> dict[str, Any]:
    """Say what was judged, and how."""
    counts = np.bincount(catalogue.mood).tolist()
    return {
        "truth": truth.source,
        "n": len(catalogue.mood),
        "artists": len(np.unique(catalogue.artist)),
        "moods": dict(zip(catalogue.moods, counts, strict=True)),
        "songs_a_list": options.n,
        "songs_an_artist": PER_ARTIST,
        "bootstrap_draws": options.bootstrap,
        "intervals": ABOUT_INTERVALS,
        "held_out": {
            "folds": N_FOLDS,
            "repeats": options.repeats,
            "plane_also_fitted_on": {table.source: len(table.X) for table in ratings},
        },
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the playlists of a trained set and of held-out models on labelled songs."""
    _check_options(options)
    truth = read_truth(options.truth)
    popularity = read_popularity(options.truth, truth)
    catalogue, song_id = read_catalogue(truth, popularity)
    _check_length(options.n, catalogue, truth.source)

    def order(quarters: NDArray[np.object_], margins: NDArray[np.float64]) -> Scored:
        return order_as_program(catalogue, quarters, margins, popularity, song_id)

    with closing(open_set(str(options.output))) as trained:
        ratings = [join_ratings(path, options.songs) for path in options.ratings or []]
        X = truth.features[list(FEATURES)].to_numpy()
        model, facts = _tell_trained(trained, options.truth, X)
        ways, notes = _order_songs(options, truth, model, ratings, order)
        if popularity is None:
            notes.append(
                "novelty and the popularity baseline are not defined: no song tells how known it is"
            )
        scores = judge_playlists(
            catalogue,
            ways,
            n=options.n,
            per_artist=PER_ARTIST,
            n_draws=options.bootstrap,
            seed=options.seed,
        )
        scores["trained"] = facts | scores["trained"]
        by_id = dict(zip(song_id.tolist(), labels_of(truth).tolist(), strict=True))
        variety = _trace_variety(trained, by_id, options)
    counts = _tell_counts(options, truth, catalogue, ratings)
    return counts | {"notes": notes, "ways": scores, "variety": variety}
