"""What lyrics add to the trained set's answers on labelled songs, for the check ``songs``.

Conventions
-----------
``rows`` are the songs of the table that have lyrics. The lyric half is the trained set's own; a set
that was trained without lyrics is judged with the shipped one, and the document says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.checks.labelled_lyrics import take_lyric_songs
from scripts.errors import ModelError
from scripts.evaluation.lyric_report import compare_lyric_ways, judge_halves
from scripts.evaluation.lyric_ways import LogP, LyricSongs
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
from scripts.store.layout import SONG_MOOD
from scripts.store.lyrics import has_lyrics, read_lyric_facts
from scripts.store.reading import TrainedSet
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


def find_lyric_half(trained: TrainedSet) -> LyricHalf:
    """Find the lyric half of a set, else the shipped one."""
    if has_lyrics(trained):
        facts = read_lyric_facts(trained)
        if facts["lyric_mood_from"] == "truth":
            model = lyric_mood_from_numbers(facts["lyric_mood"])
            return LyricHalf(model, "truth", facts["lyric_encoder"], [])
    numbers = load_lyric_numbers()
    model = lyric_mood_from_numbers(numbers)
    return LyricHalf(model, "shipped", numbers["encoder"], numbers["origin"])


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
    if cross_validate is None:
        cross_validate = len(judged.rows) <= FEW_SONGS
    if cross_validate:
        report["cross_validated"] = compare_lyric_ways(judged.songs)
    return report
