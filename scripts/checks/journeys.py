"""The check ``journeys``: how smoothly a trained set's songs lead from mood to mood.

Conventions
-----------
Journeys go over the valence and energy of the song tables; tracks of spoken words take no part.
Ours are the program's own answers, word to word.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.errors import DataError, SettingsError
from scripts.evaluation.journey_report import draw_pairs, evaluate_journeys, judge_minutes
from scripts.evaluation.journey_rivals import Songs
from scripts.journeys.journey_way import MOST_SONGS
from scripts.moods.vocabulary import PLANE_WORDS, SPOKEN
from scripts.playlists.constraints import Constraints
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import request_for_journey
from scripts.playlists.words import place_of_request, request_for_moods
from scripts.store.reading import TrainedSet, open_set

if TYPE_CHECKING:
    from scripts.journeys.journey_way import Point


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("journeys", help="judge how smooth journeys between moods are")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.add_argument("--journeys", type=int, default=100, metavar="COUNT")
    parser.add_argument("--songs-per-journey", type=int, default=20, metavar="COUNT")
    parser.add_argument("--max-per-artist", type=int, default=2, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Compare our journeys with other ways to choose their songs."""
    # two steps are the fewest that can differ from each other
    for flag, value, least in (
        ("--journeys", options.journeys, 2),
        ("--songs-per-journey", options.songs_per_journey, 3),
        ("--max-per-artist", options.max_per_artist, 1),
    ):
        if value < least:
            raise SettingsError(f"{flag} {value}: give at least {least}")
    if options.songs_per_journey > MOST_SONGS:
        raise SettingsError(
            f"--songs-per-journey {options.songs_per_journey}: give at most {MOST_SONGS}"
        )
    trained = open_set(str(options.output))
    try:
        return {"run": trained.run, **_judge(trained, options)}
    finally:
        trained.close()


def _judge(trained: TrainedSet, options: argparse.Namespace) -> dict[str, Any]:
    rows = trained.catalogue.execute(
        "SELECT valence, energy, work_id, artist_id, duration_ms FROM songs "
        "WHERE mood_id IN (SELECT mood_id FROM moods WHERE name <> ?) ORDER BY rank",
        (SPOKEN,),
    ).fetchall()
    if not rows:
        raise DataError(f"{options.output}: its catalogue has no song but spoken words; train anew")
    valence, energy, works, artists, durations = zip(*rows, strict=True)
    songs = Songs(np.column_stack([valence, energy]), works, artists)
    pairs = draw_pairs(options.journeys, np.random.default_rng(options.seed))
    n, cap = options.songs_per_journey, options.max_per_artist
    ours = [_ask(trained, pair, Constraints(n, max_per_artist=cap)) for pair in pairs]
    report = evaluate_journeys(
        songs,
        pairs,
        [_places(journey) for journey in ours],
        n_songs=n,
        max_per_artist=cap,
        seed=options.seed,
    )
    known = [duration for duration in durations if duration]
    if not known:
        return {**report, "by_minutes": None}
    # whole minutes that hold about as many usual songs
    minutes = max(1, round(n * float(np.median(known)) / 60_000))
    ours = [_ask(trained, pair, Constraints(minutes=minutes, max_per_artist=cap)) for pair in pairs]
    totals = [sum(song["duration_ms"] for song in journey) for journey in ours]
    by_minutes = judge_minutes([_places(journey) for journey in ours], totals, pairs, minutes)
    return {**report, "by_minutes": by_minutes}


def _ask(
    trained: TrainedSet, pair: tuple[Point, Point], constraints: Constraints
) -> list[dict[str, Any]]:
    """Ask the program for a journey between the words of two places."""
    words = {place: word for word, place in PLANE_WORDS.items()}
    start, end = (request_for_moods(words[place]) for place in pair)
    request = request_for_journey(start, end, (place_of_request(start), place_of_request(end)))
    return rank_songs(trained.catalogue, request, constraints).songs


def _places(journey: list[dict[str, Any]]) -> list[Point]:
    return [(song["valence"], song["energy"]) for song in journey]
