"""Does the text help? Scores of songs placed by sound and lyrics, side by side.

Conventions
-----------
Accuracy and macro-F1 are in [0, 1]; ``log_loss`` is in nats, less is better. Every row of
:class:`~scripts.evaluation.lyric_ways.LyricSongs` has lyrics. A *gain* is one of accuracy.

Method
------
Cross-validation by artist, several times over; the test songs judge finished models. Intervals are
those of :mod:`~scripts.evaluation.metrics` for folds that share training songs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from scripts.evaluation.lyric_ways import (
    AUDIO,
    MODEL,
    WITHOUT_TRUST,
    LogP,
    LyricSongs,
    Ways,
    answer_all_ways,
    answer_by_model,
    answer_with_and_without_trust,
)
from scripts.evaluation.metrics import (
    Interval,
    corrected_interval,
    paired_interval,
    wilson_interval,
)
from scripts.learning.folds import artist_folds
from scripts.learning.lyric_mood import (
    can_learn,
    fit_lyric_mood,
    lyric_log_probability,
    quadrant_codes,
)
from scripts.learning.lyric_trust import TrustModel, lyric_trust

N_FOLDS = 5

#: Twice five folds take about a minute for 800 songs.
N_REPEATS = 2

#: Share of lyrics that :func:`judge_trust` swaps on purpose.
SWAPPED = 0.25

#: Lyrics of less trust than this have no word of the title, or common ones alone.
TRUSTED = 0.95


def _scores(logp: LogP, codes: NDArray[np.int64]) -> dict[str, float]:
    answer = logp.argmax(axis=1)
    present = sorted(set(codes.tolist()))
    return {
        "accuracy": float(np.mean(answer == codes)),
        "macro_f1": float(
            f1_score(codes, answer, labels=present, average="macro", zero_division=0.0)
        ),
        "log_loss": -float(logp[np.arange(len(codes)), codes].mean()),
    }


def _ends(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _gain(folds: Mapping[str, list[dict[str, float]]], way: str, rival: str) -> Interval:
    pairs = zip(folds[way], folds[rival], strict=True)
    differences = np.array([a["accuracy"] - b["accuracy"] for a, b in pairs])
    return corrected_interval(differences, 1 / (N_FOLDS - 1))


def _collect(
    songs: LyricSongs, answer: Callable[[LyricSongs, LyricSongs, int], Ways], seeds: range
) -> dict[str, list[dict[str, float]]]:
    """Score every way on every fold."""
    folds: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        for train, test in artist_folds(songs.quadrants, songs.artists, N_FOLDS, seed):
            here = songs.take(test)
            for way, logp in answer(songs.take(train), here, seed).items():
                folds.setdefault(way, []).append(_scores(logp, quadrant_codes(here.quadrants)))
    return folds


def _table(folds: dict[str, list[dict[str, float]]], base: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for way, scores in folds.items():
        values = np.array([score["accuracy"] for score in scores])
        table[way] = {
            **{name: float(np.mean([score[name] for score in scores])) for name in scores[0]},
            "accuracy_interval": _ends(corrected_interval(values, 1 / (N_FOLDS - 1))),
        }
        if way != base:
            gain = _gain(folds, way, base)
            table[way] |= {"gain": gain.mean, "interval": _ends(gain)}
    return table


def can_compare(songs: LyricSongs) -> bool:
    """Say whether the training part of a fold is enough for a lyric half of its own."""
    if not can_learn(songs.quadrants, songs.artists):
        return False
    return all(
        can_learn(songs.quadrants[train], songs.artists[train])
        for train, _ in artist_folds(songs.quadrants, songs.artists, N_FOLDS, 0)
    )


def compare_lyric_ways(
    songs: LyricSongs, *, seed: int = 0, n_repeats: int = N_REPEATS
) -> dict[str, Any] | None:
    """Cross-validate every way on songs with lyrics.

    Returns
    -------
    dict, or None where the songs are too few
        ``n``, ``n_folds``, and ``ways``: each with ``accuracy`` and its ``accuracy_interval``,
        ``macro_f1``, ``log_loss``, and its ``gain`` in accuracy over the sound with its
        ``interval``; ``gain_of_trust`` over the same fusion without it.
    """
    if not can_compare(songs):
        return None
    seeds = range(seed, seed + n_repeats)
    folds = _collect(songs, answer_all_ways, seeds)
    trust = _gain(folds, MODEL, WITHOUT_TRUST)
    return {
        "n": len(songs.X),
        "n_folds": N_FOLDS * n_repeats,
        "ways": _table(folds, AUDIO),
        "gain_of_trust": {"gain": trust.mean, "interval": _ends(trust)},
    }


def cross_validate_lyrics(
    songs: LyricSongs, *, seed: int = 0, n_repeats: int = N_REPEATS
) -> dict[str, Any] | None:
    """Cross-validate the model alone: its two halves and their fusion, as the table above."""
    if not can_compare(songs):
        return None
    folds = _collect(songs, answer_by_model, range(seed, seed + n_repeats))
    table = _table(folds, AUDIO)
    return {"n": len(songs.X), "n_folds": N_FOLDS * n_repeats, "ways": table}


def swap_lyrics(
    songs: LyricSongs, trust_model: TrustModel, seed: int
) -> tuple[LyricSongs, NDArray[np.bool_]]:
    """Give a quarter of the songs each other's lyrics; returns them, and which they are."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(songs.X), int(SWAPPED * len(songs.X)), replace=False)
    source = np.arange(len(songs.X))
    source[chosen] = np.roll(chosen, 1)
    texts = [songs.texts[row] for row in source]
    trust = lyric_trust(songs.titles, songs.artists.tolist(), texts, model=trust_model)
    swapped = songs._replace(texts=texts, vectors=songs.vectors[source], trust=trust)
    return swapped, source != np.arange(len(songs.X))


def judge_trust(
    songs: LyricSongs, trust_model: TrustModel, *, seed: int = 0, n_repeats: int = N_REPEATS
) -> dict[str, Any] | None:
    """Say what trust finds and gains where a quarter of the lyrics are known to be wrong.

    Which lyrics of a real table are wrong nobody has noted, so some are swapped on purpose.
    """
    if not can_compare(songs):
        return None
    folds: dict[str, list[dict[str, float]]] = {}
    areas, shares = [], []
    for repeat in range(seed, seed + n_repeats):
        swapped, wrong = swap_lyrics(songs, trust_model, repeat)
        areas.append(float(roc_auc_score(~wrong, swapped.trust)))
        shares.append(float(1 - swapped.trust.mean()))
        for way, scores in _collect(
            swapped, answer_with_and_without_trust, range(repeat, repeat + 1)
        ).items():
            folds.setdefault(way, []).extend(scores)
    gain = _gain(folds, "with trust", "without trust")
    return {
        "swapped": SWAPPED,
        "auc": float(np.mean(areas)),
        "mean_distrust": float(np.mean(shares)),
        "ways": _table(folds, "without trust"),
        "gain": gain.mean,
        "interval": _ends(gain),
    }


def judge_distrusted(
    songs: LyricSongs, *, seed: int = 0, n_repeats: int = N_REPEATS
) -> dict[str, Any] | None:
    """Say how well the lyric half does where a lyric is not trusted, beside where it is.

    The words of another song tell the mood of this one no better than guessing, so a lyric half
    that is as good where trust is low says that most lyrics there are right all the same.

    Returns
    -------
    dict, or None where the songs are too few
        ``n_distrusted`` (less than :data:`TRUSTED`), the ``accuracy`` of the lyric half there and
        its Wilson ``interval``, and ``accuracy_elsewhere``; means over the repeats.
    """
    low = songs.trust < TRUSTED
    if not can_compare(songs) or not 0 < low.sum() < len(low):
        return None
    right = np.zeros(len(low))
    codes = quadrant_codes(songs.quadrants)
    for repeat in range(seed, seed + n_repeats):
        for train, test in artist_folds(songs.quadrants, songs.artists, N_FOLDS, repeat):
            half = fit_lyric_mood(songs.vectors[train], songs.quadrants[train])
            answer = lyric_log_probability(half, songs.vectors[test]).argmax(axis=1)
            right[test] += (answer == codes[test]) / n_repeats
    n = int(low.sum())
    return {
        "n_distrusted": n,
        "accuracy": float(right[low].mean()),
        "interval": _ends(wilson_interval(round(float(right[low].sum())), n)),
        "accuracy_elsewhere": float(right[~low].mean()),
    }


def judge_halves(
    audio: LogP, lyric: LogP, combined: LogP, quadrants: NDArray[Any]
) -> dict[str, Any]:
    """Score a finished model's two halves and their fusion on the same songs.

    Returns
    -------
    dict
        ``n``; ``audio``, ``lyrics`` and ``combined``, each with its scores and a Wilson
        ``accuracy_interval``; the paired ``gain`` of the fusion over the sound, with ``interval``.
    """
    codes = quadrant_codes(quadrants)
    report: dict[str, Any] = {"n": len(codes)}
    right = {}
    for name, logp in (("audio", audio), ("lyrics", lyric), ("combined", combined)):
        right[name] = logp.argmax(axis=1) == codes
        interval = wilson_interval(int(right[name].sum()), len(codes))
        report[name] = _scores(logp, codes) | {"accuracy_interval": _ends(interval)}
    gain = paired_interval(right["combined"].astype(float) - right["audio"].astype(float))
    return report | {"gain": gain.mean, "interval": _ends(gain)}
