"""The check ``playlists``: what is listed for each told mood, beside chance and popularity.

Conventions
-----------
The table of labelled songs is the catalogue. ``trained`` lists it by the model of a trained set,
and says how many of the songs that model was fitted on; ``held_out_plane`` and ``held_out_labels``
by models that saw no song of a listed song's artist: the calibrated plane refitted, and the
quadrants learned from the labels. ``variety`` is the curve of ``--variety`` over the trained set's
own catalogue, see :mod:`scripts.checks.variety_curve`.
"""

from __future__ import annotations

import argparse
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
from scripts.evaluation.playlist_metrics import Catalogue, make_catalogue
from scripts.evaluation.playlist_report import judge_playlists
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
    fit_quadrants,
    model_from_numbers,
    quadrants_from_plane,
)
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import open_set
from scripts.tables.song_cells import parse_ids, parse_popularity
from scripts.tables.song_reading import open_table
from scripts.tables.truth import TruthTable, read_truth
from scripts.tables.works import identify_works

PER_ARTIST = 2


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("playlists", help="judge the playlists on labelled songs")
    parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.add_argument("-n", type=int, default=10, metavar="COUNT", help="songs a list")
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


def read_catalogue(
    truth: TruthTable, popularity: NDArray[np.float64] | None
) -> tuple[Catalogue, NDArray[np.object_]]:
    """Make a catalogue of labelled songs; also returns an id a song."""
    if truth.quadrant is None:
        raise DataError(
            f"{truth.source}: the table rates songs but names no mood. A playlist is judged by a "
            "column 'mood'; add one, or judge the ratings with: python -m scripts.evaluate songs"
        )
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
    return make_catalogue(X, truth.quadrant, artist, work, popularity), song_id


def _held_out(
    truth: TruthTable, ratings: list[LabelledSongs], options: argparse.Namespace
) -> dict[str, Any]:
    """Score the songs by models that saw none of their artists, in the two ways of training."""
    X, labels, artists = truth.features[list(FEATURES)].to_numpy(), truth.quadrant, truth.artist
    assert labels is not None
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


def _tell_trained(options: argparse.Namespace, X: NDArray[np.float64]) -> tuple[Any, Any]:
    """Open the trained set; returns its model, and what it has seen of the songs."""
    trained = open_set(str(options.output))
    numbers = trained.models[SONG_MOOD]
    trained.close()
    digest = file_digest(options.truth)
    sources = numbers["truth"] or load_plane()["origin"]
    told = tell_training(sources, find_seen(sources, X, digest), digest)
    facts = {"run": trained.run, "learned_from": numbers["learned_from"]}
    return model_from_numbers(numbers), facts | told


def _trace_variety(
    options: argparse.Namespace, song_id: NDArray[np.object_], labels: NDArray[np.object_]
) -> dict[str, Any]:
    """Trace the curve of variety over the trained set's catalogue; draw it if asked to."""
    trained = open_set(str(options.output))
    try:
        report = trace_variety(
            trained.catalogue,
            dict(zip(song_id.tolist(), labels.tolist(), strict=True)),
            n=options.n,
            per_artist=PER_ARTIST,
            n_draws=options.bootstrap,
            seed=options.seed,
        )
    finally:
        trained.close()
    if options.plot is not None:
        from scripts.evaluation.variety_plot import draw_variety

        draw_variety(options.plot, report)
    return {"run": trained.run, **report}


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Judge the playlists of a trained set and of held-out models on labelled songs."""
    _check_options(options)
    truth = read_truth(options.truth)
    popularity = read_popularity(options.truth, truth)
    catalogue, song_id = read_catalogue(truth, popularity)
    X = truth.features[list(FEATURES)].to_numpy()
    model, facts = _tell_trained(options, X)

    def order(scores: tuple[NDArray[np.object_], NDArray[np.float64]]) -> Scored:
        return order_as_program(catalogue, *scores, popularity, song_id)

    ways = {"trained": [order(quarter_and_margin(model, X))]}
    notes = []
    ratings = [join_ratings(path, options.songs) for path in options.ratings or []]
    if can_split(np.asarray(truth.quadrant), truth.artist):
        held_out = _held_out(truth, ratings, options)
        ways |= {way: [order(one) for one in repeats] for way, repeats in held_out.items()}
    else:
        notes.append(f"not held out: a mood has fewer than {N_FOLDS} artists")
    if popularity is None:
        notes.append(
            "novelty and the popularity baseline are not defined: no song tells how known it is"
        )
    counts = np.bincount(catalogue.mood).tolist()
    report: dict[str, Any] = {
        "truth": truth.source,
        "n": len(X),
        "artists": len(np.unique(catalogue.artist)),
        "moods": dict(zip(catalogue.moods, counts, strict=True)),
        "songs_a_list": options.n,
        "songs_an_artist": PER_ARTIST,
        "bootstrap_draws": options.bootstrap,
        "held_out": {
            "folds": N_FOLDS,
            "repeats": options.repeats,
            "plane_also_fitted_on": {table.source: len(table.X) for table in ratings},
        },
        "notes": notes,
    }
    scores = judge_playlists(
        catalogue,
        ways,
        n=options.n,
        per_artist=PER_ARTIST,
        n_draws=options.bootstrap,
        seed=options.seed,
    )
    scores["trained"] = facts | scores["trained"]
    variety = _trace_variety(options, song_id, np.asarray(truth.quadrant))
    return report | {"ways": scores, "variety": variety}
