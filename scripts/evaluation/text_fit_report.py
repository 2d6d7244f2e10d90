"""The figures of a fitted text model: on held-out own sentences and on validation sets.

Conventions
-----------
Accuracy, F1 and probabilities lie in [0, 1]; every share has its Wilson interval. ``parts`` are
what the layers say of rows they have not seen (see :mod:`scripts.learning.text_heads`). Each mode
is scored under its name: the full model, the same with a pool that leaves the nearest own
sentences out, and words alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from scripts.evaluation.metrics import wilson_interval
from scripts.evaluation.text_report import reliability, share_out
from scripts.learning.listener_mood import best_f1_threshold
from scripts.learning.text_heads import Layer, TextRows, comment_logits, head_parts
from scripts.learning.text_pool import Mode, quadrants_of, right_quadrant
from scripts.moods.emotions import (
    COARSE,
    EKMAN,
    EMOTIONS,
    NEUTRAL,
)

FIVE: tuple[str, ...] = ("anger", "disgust", "fear", "joy", "sadness")

#: Share of the layer on words in the sum of the two layers of comments, full model.
COMMENT_WORDS = 0.6


def _share(right: NDArray[np.bool_]) -> dict[str, Any]:
    told = wilson_interval(int(right.sum()), len(right))
    return {"n": len(right), "accuracy": told.mean, "interval": [told.low, told.high]}


def _five_right(P: NDArray[np.float64], labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which reports get the right one of five emotions."""
    return np.asarray(_name(P, FIVE) == labels)


def _name(P: NDArray[np.float64], labels: Sequence[str]) -> NDArray[Any]:
    """Name the likeliest of some labels, as the check ``text`` does."""
    claims = share_out(labels)
    take = np.array([[claims[label].get(name, 0.0) for name in EMOTIONS] for label in labels])
    return np.array(labels)[(P @ take.T).argmax(axis=1)]


#: Our own sentences, by file.
OWN = ("situations", "events", "everyday")


def judge_held_out(
    language: NDArray[Any],
    kind: NDArray[Any],
    rows: TextRows,
    parts: NDArray[np.float64],
    modes: Mapping[str, Mode],
) -> dict[str, Any]:
    """Score predictions of unseen own sentences: reports among five emotions, states by quarter."""
    found: dict[str, Any] = {}
    for name, mode in modes.items():
        P = mode.predict(parts)
        found[name] = {}
        for source in OWN:
            for code in ("en", "es"):
                of = (rows.source == source) & (language == code)
                told = of & (kind == "situation") & np.isin(rows.label, FIVE)
                state = of & (kind == "state")
                found[name][f"{source}, {code}"] = {
                    "five emotions": _share(_five_right(P[told], rows.label[told])),
                    "quarter of states": _share(right_quadrant(P[state], rows.allowed[state])),
                }
        own = np.isin(rows.source, OWN)
        confidence = mode.confidence(P[own])
        asks = rows.label[own] != NEUTRAL
        right = right_quadrant(P[own], rows.allowed[own]) & asks
        found[name]["confidence"] = reliability(confidence, right)
        found[name]["uncalibrated"] = reliability(quadrants_of(P[own]).max(axis=1), right)
        found[name]["limit"] = mode.limit
        found[name]["abstains, neutral"] = float(np.mean(confidence[~asks] < mode.limit))
        found[name]["abstains, others"] = float(np.mean(confidence[asks] < mode.limit))
        kept = confidence >= mode.limit
        found[name]["quarter right where it answers"] = _share(right[kept])
    return found


def judge_fit(
    heads: Mapping[str, Layer],
    rows: TextRows,
    tested: TextRows,
    held_out_comments: NDArray[np.float64],
    modes: Mapping[str, Mode],
) -> dict[str, Any]:
    """Score the validation rows of the tweets and of the comments."""
    parts = head_parts(heads, tested, np.arange(len(tested.label)))
    tweets = tested.source == "tweets"
    found: dict[str, Any] = {}
    for name, mode in modes.items():
        named = _name(mode.predict(parts[tweets]), COARSE["tweets"])
        found[f"tweets, {name}"] = _share(named == tested.label[tweets])
    layer = heads["tweets"](tested.words[tweets]).argmax(axis=1)
    found["tweets, their layer"] = _share(np.array(COARSE["tweets"])[layer] == tested.label[tweets])
    for name, share in (("full", COMMENT_WORDS), ("words", 1.0)):
        found[f"comments, {name}"] = _judge_comments(heads, rows, tested, held_out_comments, share)
    return found


def _judge_comments(
    heads: Mapping[str, Layer],
    rows: TextRows,
    tested: TextRows,
    held_out: NDArray[np.float64],
    share: float,
) -> dict[str, Any]:
    """Score the six groups, several at once, with thresholds of held-out training rows."""
    mix = np.array([share, 1 - share])
    train, test = rows.source == "comments", tested.source == "comments"
    logits = np.einsum("nlk,l->nk", held_out[train], mix)
    told = np.einsum("nlk,l->nk", comment_logits(heads, tested, np.flatnonzero(test)), mix)
    truth = tested.groups[test]
    f1 = {}
    yes = np.zeros((int(test.sum()), len(EKMAN)))
    for k, name in enumerate(EKMAN):
        yes[:, k] = told[:, k] >= best_f1_threshold(logits[:, k], rows.groups[train, k])
        f1[name] = float(f1_score(truth[:, k], yes[:, k], zero_division=0.0))
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(200):
        pick = rng.integers(0, len(truth), len(truth))
        hits = (truth[pick, : len(EKMAN)] * yes[pick]).sum(axis=0)
        total = truth[pick, : len(EKMAN)].sum(axis=0) + yes[pick].sum(axis=0)
        draws.append(float(np.mean(2 * hits / np.maximum(total, 1))))
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "n": int(test.sum()),
        "macro_f1": float(np.mean(list(f1.values()))),
        "interval": [float(low), float(high)],
        "f1": f1,
        "all yes": float(np.mean([2 * p / (1 + p) for p in truth[:, : len(EKMAN)].mean(axis=0)])),
    }
