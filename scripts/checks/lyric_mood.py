"""The check ``lyric_mood``: the shipped lyric half, refitted and judged on held-out artists."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scripts.checks.labelled_lyrics import read_labelled_lyrics, take_lyric_songs
from scripts.checks.seen import file_digest
from scripts.errors import DataError, SettingsError
from scripts.evaluation.lyric_report import compare_lyric_ways, judge_distrusted, judge_trust
from scripts.learning.fingerprints import record_rows
from scripts.learning.lyric_mood import learn_lyric_mood, lyric_mood_to_numbers
from scripts.learning.lyric_trust import fit_lyric_trust, lyric_trust, trust_to_numbers
from scripts.learning.lyric_vectors import LyricEncoder
from scripts.moods.lyric_mood import LYRIC_MOOD_FILE
from scripts.store.writing import to_json, write_text
from scripts.tables.truth import read_truth
from scripts.text.encoder import open_encoder

N_REPEATS = 6


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("lyric_mood", help="refit what lyrics say of a song's mood")
    parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
    parser.add_argument("--lyrics", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--repeats", type=int, default=N_REPEATS, metavar="N", help="of the cross-validation"
    )
    parser.add_argument("--write", action="store_true", help="keep the numbers in scripts/moods")
    where = "whose store of runs --track writes to"
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Refit the lyric half and the trust, judge them, and keep them if asked to."""
    for flag, value, least in (("--repeats", options.repeats, 1), ("--seed", options.seed, 0)):
        if value < least:
            raise SettingsError(f"{flag} {value}: give a whole number of at least {least}")
    truth = read_truth(options.truth)
    texts = None
    if truth.quadrant is not None:
        texts = read_labelled_lyrics(truth, options.lyrics)
    if texts is None:
        raise DataError(
            f"{options.truth}: no song with a mood has lyrics; give a table with columns 'mood' "
            "and 'lyrics', or lyrics of its songs with --lyrics FILE"
        )
    encoder = LyricEncoder(open_encoder())
    songs, _ = take_lyric_songs(truth, texts, encoder, model=None)
    trust = fit_lyric_trust(songs.titles, songs.artists.tolist(), songs.texts, seed=options.seed)
    told = lyric_trust(songs.titles, songs.artists.tolist(), songs.texts, trust)
    songs = songs._replace(trust=told)
    model = learn_lyric_mood(
        songs.X, songs.vectors, songs.quadrants, songs.artists, trust=told, seed=options.seed
    )
    if model is None:
        raise DataError(
            f"{options.truth}: {len(songs.X):,} songs with a mood and lyrics are too few; allowed "
            "are at least 200, with five artists for each of happy, angry, sad and relaxed"
        )
    again = {"seed": options.seed, "n_repeats": options.repeats}
    scores = compare_lyric_ways(songs, **again)
    origin = {
        "source": Path(truth.source).name,
        "rows": len(songs.X),
        "sha256": file_digest(options.truth),
        "rows_fitted": record_rows(songs.X),
        "cross_validated": scores,
        "trust": judge_trust(songs, trust, **again),
        "distrusted": judge_distrusted(songs, **again),
    }
    numbers = {
        **lyric_mood_to_numbers(model),
        "encoder": encoder.name,
        "trust": trust_to_numbers(trust),
        "origin": [origin],
    }
    if options.write:
        write_text(LYRIC_MOOD_FILE, to_json(numbers))
    return numbers
