"""The check ``mood_cost``: what asking for a mood costs in taste, and what it gains in mood.

Conventions
-----------
Histories of many listeners (``--history``) meet songs (``--songs``) by artist. An artist's mood is
the mean of its songs' by the plane that ships with the program; the truth that lists are held
against are listeners' tags, which rank nothing here. See :mod:`scripts.evaluation.mood_cost` for
the order and the scores, :mod:`scripts.evaluation.mood_cost_report` for what is told.

The model of taste is fitted anew for every part: on the training part where t is chosen, on that
and the validation part where it is tested.

The program's own t is held beside the one that each order's validation chooses. This is a proxy of
the program: artists are ordered, not songs, by one model of taste, and without the artists that a
listener has played; the program adds what the history says of a song's artist, genre and sound.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from scripts.checks.taste_inputs import Tagging, TasteInputs, read_history_input
from scripts.console import note
from scripts.errors import DataError, SettingsError
from scripts.evaluation.mood_cost import (
    Catalogue,
    Tally,
    make_catalogue,
    quadrant_shares,
    tally_curve,
    tally_order,
)
from scripts.evaluation.mood_cost_report import (
    CHOSEN_BY,
    make_draws,
    tell_choice,
    tell_curves,
    tell_moods,
    tell_order,
)
from scripts.evaluation.mood_tags import count_mood_tags, mood_of_tag
from scripts.learning.mood_plane import place_songs
from scripts.learning.taste import make_model
from scripts.moods.features import FEATURES
from scripts.moods.plane import load_plane
from scripts.moods.vocabulary import QUADRANTS
from scripts.playlists.history import TASTE
from scripts.tables.songs import read_songs
from scripts.text.names import artist_key

#: Models of taste that need nothing but histories.
MODELS: tuple[str, ...] = ("ease", "item-knn", "als")

BASELINES: tuple[str, ...] = ("random", "popularity")

#: What is traced: how many of the best artists by match are ordered (2,000 songs are the program's
#: pool; 200 of these artists are as few as that of a large catalogue), and on which scale.
ORDERS: tuple[tuple[int | None, str], ...] = (
    (None, "normal_score"),
    (2000, "normal_score"),
    (200, "normal_score"),
    (None, "percentile"),
    (2000, "percentile"),
)

MOST_SEEDS = 50

#: What the reader of the document has to know about the program's t.
NOTE = (
    "a proxy of the program: artists are ordered, by one model of taste alone and without those "
    "that a listener has played, where the program orders songs by more; one seed's parts for "
    "validation and test are apart, but another seed's test may hold what chose t here"
)


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("mood_cost", help="what asking for a mood costs in taste")
    add = parser.add_argument
    add("--history", type=Path, required=True, metavar="PATH", help="histories of many listeners")
    add("--songs", type=Path, required=True, nargs="+", metavar="FILE", help="sound of the artists")
    add("--model", choices=MODELS, default="ease", help="the model of taste")
    add("--seeds", type=int, default=5, metavar="COUNT", help="how often --history is divided")
    add("--seed", type=int, default=0, help="the first seed")
    add("--min-play-seconds", type=float, default=30.0, metavar="SECONDS")
    add("--plot", type=Path, metavar="FILE.png", help="draw the curve too")
    where = "whose store of runs --track writes to"
    add("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def read_catalogue(inputs: TasteInputs, songs: Sequence[Path]) -> tuple[Catalogue, dict[str, Any]]:
    """Join songs to the artists of histories; also the coverage, for the report.

    Raises
    ------
    DataError
        If no artist of the histories has a song.
    """
    table = read_songs(list(songs)).songs
    numbers = {key: number for number, key in enumerate(dict.fromkeys(inputs.item_keys))}
    artists = table["artist"].astype(str).tolist()
    known = {name: numbers.get(artist_key(name), -1) if name else -1 for name in artists}
    key_of_song = np.array([known[name] for name in artists], dtype=np.int64)
    tagging, n_items = inputs.tagging, len(inputs.item_keys)
    catalogue = make_catalogue(
        key_of_song,
        quadrant_shares(place_songs(load_plane(), table[list(FEATURES)].to_numpy(np.float64))),
        np.array([numbers[key] for key in inputs.item_keys], dtype=np.int64),
        count_mood_tags(tagging.items, tagging.tags, tagging.names, n_items),
    )
    if not len(catalogue.items):
        raise DataError(
            f"--songs {', '.join(map(str, songs))}: none of the {n_items:,} artists of the "
            "histories has a song in it; give songs of the artists that listeners played"
        )
    facts = {"songs": len(table), "of_artists_played": int((key_of_song >= 0).sum())}
    return catalogue, {**facts, **_tell_coverage(inputs.X, catalogue)}


def _tell_coverage(X: csr_matrix, catalogue: Catalogue) -> dict[str, Any]:
    """Tell what part of the histories the catalogue knows."""
    listeners = np.bincount(X.indices, minlength=X.shape[1])
    listens = np.bincount(X.indices, X.data, minlength=X.shape[1])
    told = catalogue.items[catalogue.told >= 0]
    return {
        "artists": len(catalogue.items),
        "share_of_artists": round(len(catalogue.items) / X.shape[1], 4),
        "share_of_pairs": round(float(listeners[catalogue.items].sum() / X.nnz), 4),
        "share_of_listens": round(float(listens[catalogue.items].sum() / listens.sum()), 4),
        "artists_with_mood_tags": len(told),
        "share_of_pairs_with_mood_tags": round(float(listeners[told].sum() / X.nnz), 4),
    }


def _tell_words(tagging: Tagging) -> dict[str, dict[str, int]]:
    """Tell which tags tell of which mood, and how often they were given, the commonest first."""
    given = np.bincount(tagging.tags, minlength=len(tagging.names)).tolist()
    words: dict[str, dict[str, int]] = {name: {} for name in QUADRANTS}
    found = [(-n, tag) for tag, n in zip(tagging.names, given, strict=True) if n]
    for n, tag in sorted(found):
        mood = mood_of_tag(tag)
        if mood >= 0:
            words[QUADRANTS[mood]][tag] = -n
    return words


def _run_splits(
    inputs: TasteInputs, catalogue: Catalogue, options: argparse.Namespace
) -> dict[str, Tally]:
    """Fit and tally every split; tallies of splits are added up."""
    sums: dict[str, Tally] = {}

    def gather(name: str, tally: Tally) -> None:
        sums[name] = sums[name].add(tally) if name in sums else tally

    for number, seed in enumerate(range(options.seed, options.seed + options.seeds), start=1):
        note(f"split {number} of {options.seeds}")
        parts = inputs.divide(seed)
        to_choose = (parts.train, parts.validation)
        to_test = (parts.fit, parts.test)
        for name, (kept, held) in {"validation": to_choose, "test": to_test}.items():
            model = make_model(options.model).fit(kept)
            gather(name, tally_curve(model.scores, kept, held, catalogue, orders=ORDERS))
        for name in BASELINES:
            baseline = make_model(name).fit(parts.fit)
            gather(name, tally_order(baseline.scores, *to_test, catalogue))
    return sums


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Trace what asking for each mood costs and gains, and draw it if asked to."""
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise SettingsError(f"--seeds {options.seeds}: give a number from 1 to {MOST_SEEDS}")
    if options.plot is not None:
        from scripts.evaluation.playlist_plot import check_plot_path  # matplotlib: only for a plot

        check_plot_path(options.plot)
    inputs = read_history_input(options.history, min_play_seconds=options.min_play_seconds)
    catalogue, coverage = read_catalogue(inputs, options.songs)
    if not (catalogue.told >= 0).any():
        raise DataError(
            f"--history {options.history}: no artist that has songs has a mood tag (such as "
            f"{', '.join(QUADRANTS)}), so nothing tells which mood a list has; give histories "
            "with listeners' tags, such as the folder of HetRec 2011"
        )
    sums = _run_splits(inputs, catalogue, options)
    draws = make_draws(inputs.X.shape[0], catalogue)
    orders = tell_curves(sums["validation"], sums["test"], draws, orders=ORDERS, program=TASTE)
    report = {
        "model": options.model,
        "seeds": options.seeds,
        "split": inputs.how,
        "history": inputs.facts,
        "coverage": coverage,
        "moods": tell_moods(catalogue),
        "mood_words": _tell_words(inputs.tagging),
        "chosen_by": f"{CHOSEN_BY} on validation parts",
        "program_taste": TASTE,
        "note": NOTE,
        "choice": tell_choice(orders),
        "baselines": {name: tell_order(sums[name], draws) for name in BASELINES},
        "orders": orders,
    }
    if options.plot is not None:
        from scripts.evaluation.mood_cost_plot import draw_mood_cost

        draw_mood_cost(options.plot, report)
    return report
