"""What lyrics add to the trained set's answers on labelled songs, for the check ``songs``.

Conventions
-----------
``rows`` are the songs of the table that have lyrics. The lyric half is the trained set's own; a set
that was trained without lyrics is judged with the shipped one, and the document says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.checks.labelled_lyrics import take_lyric_songs
from scripts.errors import ModelError
from scripts.evaluation.lyric_report import compare_lyric_ways, judge_halves
from scripts.evaluation.lyric_ways import AUDIO, EMBEDDINGS, MODEL, LogP, LyricSongs
from scripts.learning.lyric_mood import (
    LyricMood,
    audio_log_probability,
    fuse,
    lyric_log_probability,
    lyric_mood_from_numbers,
)
from scripts.learning.lyric_trust import load_lyric_trust
from scripts.learning.lyric_vectors import LyricEncoder
from scripts.learning.song_mood import model_from_numbers
from scripts.moods.lyric_mood import load_lyric_numbers
from scripts.moods.vocabulary import QUADRANTS
from scripts.store.layout import LYRICS, SONG_MOOD
from scripts.store.lyrics import has_lyrics, read_lyric_facts
from scripts.store.reading import RETRAIN, TrainedSet
from scripts.tables.truth import TruthTable
from scripts.text.encoder import open_encoder

#: Songs with lyrics up to which the ways are compared without being asked for: half a minute.
FEW_SONGS = 1_000


class LyricHalf(NamedTuple):
    """The lyric half that a set answers with."""

    model: LyricMood
    learned_from: str  # "truth" or "shipped"
    encoder: str  # name of the encoder of its vectors
    origin: list[dict[str, Any]]  # tables of the shipped one; [] for one of the set's own truth
    cross_validated: dict[str, Any] | None  # sound, words and both, on the songs it learned from


class JudgedLyrics(NamedTuple):
    """What both halves say of the songs with lyrics."""

    songs: LyricSongs
    rows: NDArray[np.int64]
    half: LyricHalf
    audio: LogP
    lyric: LogP
    combined: LogP

    @property
    def origin(self) -> list[dict[str, Any]]:
        """The tables that the lyric half was fitted on, if they are not the sound's."""
        return self.half.origin

    @property
    def predicted(self) -> NDArray[np.object_]:
        """The most probable quadrant by sound and words."""
        return np.array(QUADRANTS, dtype=object)[self.combined.argmax(axis=1)]


def _three_ways(checked: dict[str, Any] | None) -> dict[str, Any] | None:
    """Keep sound, words and both of a cross-validation, each with its intervals."""
    if checked is None:
        return None
    kept = {name: checked[name] for name in checked if name in {"n", "n_folds", "majority"}}
    kept["ways"] = {way: checked["ways"][way] for way in (AUDIO, EMBEDDINGS, MODEL)}
    return kept


def _own_half(trained: TrainedSet) -> LyricHalf | None:
    """Read the lyric half that a set learned from its own labelled songs, if it did."""
    try:
        facts = read_lyric_facts(trained)
        if facts["lyric_mood_from"] != "truth":
            return None
        model = lyric_mood_from_numbers(facts["lyric_mood"])
        if not all(np.isfinite(numbers).all() for numbers in model[:5]):
            raise ValueError("a number of the lyric half is not finite")
        # sets of an earlier version do not tell it
        checked = _three_ways(facts.get("cross_validated"))
        return LyricHalf(model, "truth", str(facts["lyric_encoder"]), [], checked)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelError(
            f"{os.path.join(trained.folder, LYRICS)}: cannot be read ({error!r}); {RETRAIN}"
        ) from error
    except RecursionError as error:
        raise ModelError(
            f"{os.path.join(trained.folder, LYRICS)}: is nested too deeply; {RETRAIN}"
        ) from error


def find_lyric_half(trained: TrainedSet) -> LyricHalf:
    """Find the lyric half of a set, else the shipped one.

    Raises
    ------
    ModelError
        If the numbers of the set cannot be read.
    """
    own = _own_half(trained) if has_lyrics(trained) else None
    if own is not None:
        return own
    numbers = load_lyric_numbers()
    model = lyric_mood_from_numbers(numbers)
    origin = numbers["origin"]
    checked = _three_ways(origin[0]["cross_validated"]) if len(origin) == 1 else None
    return LyricHalf(model, "shipped", numbers["encoder"], origin, checked)


def judge_lyrics(
    trained: TrainedSet, truth: TruthTable, texts: Sequence[str], half: LyricHalf
) -> JudgedLyrics:
    """Ask both halves of the songs that have lyrics.

    Raises
    ------
    MissingExtraError
        If the extra ``text`` is not installed.
    ModelError
        If the lyric half reads vectors of another encoder than the one installed.
    """
    encoder = LyricEncoder(open_encoder())
    if encoder.name != half.encoder:
        raise ModelError(
            f"the lyric half reads vectors of '{half.encoder}', but '{encoder.name}' is installed; "
            "train again with --truth FILE --lyrics FILE, or install that version"
        )
    if half.model.weights.shape[1] != encoder.size:
        raise ModelError(
            f"the lyric half reads vectors of {half.model.weights.shape[1]:,} numbers, the encoder "
            f"gives {encoder.size:,}; {RETRAIN} --truth FILE --lyrics FILE"
        )
    songs, rows = take_lyric_songs(truth, texts, encoder, model=load_lyric_trust())
    audio = audio_log_probability(model_from_numbers(trained.models[SONG_MOOD]), songs.X)
    lyric = lyric_log_probability(half.model, songs.vectors)
    combined = fuse(audio, lyric, songs.trust, half.model)
    return JudgedLyrics(songs, rows, half, audio, lyric, combined)


def _halves(judged: JudgedLyrics, rows: NDArray[np.bool_]) -> dict[str, Any]:
    return judge_halves(
        judged.audio[rows], judged.lyric[rows], judged.combined[rows], judged.songs.quadrants[rows]
    )


def tell_lyrics(
    judged: JudgedLyrics, seen: NDArray[np.bool_], cross_validate: bool | None
) -> dict[str, Any]:
    """Make the part ``lyrics`` of the document.

    Parameters
    ----------
    judged : JudgedLyrics
    seen : (n_rows,) bool
        Songs of the whole table that took part in the training.
    cross_validate : bool or None
        Whether to compare the ways; None: up to :data:`FEW_SONGS` songs.

    Returns
    -------
    dict
        ``cross_validated_in_training``, where songs of the training are among these: the held-out
        scores of sound, words and both that were worked out when the lyric half was fitted.
        ``cross_validated``: all ways, refitted here on these songs.
    """
    model = judged.half.model
    known = seen[judged.rows]
    report = {
        **_halves(judged, np.ones_like(known)),
        "in_sample": bool(known.any()),
        "learned_from": judged.half.learned_from,
        "n_fitted": model.n_songs,
        "audio_weight": model.audio_weight,
        "lyric_weight": model.lyric_weight,
        "mean_trust": float(judged.songs.trust.mean()),
    }
    if 0 < known.sum() < len(known):
        report["unseen"] = _halves(judged, ~known)
    if known.any():
        report["cross_validated_in_training"] = judged.half.cross_validated
    if cross_validate is None:
        cross_validate = len(judged.rows) <= FEW_SONGS
    if cross_validate:
        report["cross_validated"] = compare_lyric_ways(judged.songs)
    return report
