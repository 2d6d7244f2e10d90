"""How well texts are read, judged by texts whose mood somebody named.

Conventions
-----------
``labels`` are words of the vocabulary or of Ekman's six. The candidates are the labels that occur
in the file: the prediction is the most probable of them, given that one of them is right. A text
whose reading abstains counts as one that abstained and is scored all the same by its most probable
label; ``accuracy_answered`` leaves these texts out. Accuracy, macro-F1 and probabilities lie in
[0, 1].

Method
------
A label stands for the emotions that :func:`~scripts.moods.emotions.emotions_of_word` gives it.
Where two labels of the file claim an emotion (*sad* and *gloomy*), it belongs to the one that
stands for fewer. The interval of a share is Wilson's (1927), of macro-F1 a bootstrap's over the
texts (Efron 1979; 1,000 draws, seeded). The expected calibration error is the mean distance
between probability and share in bins of equal number, weighted by their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_recall_fscore_support

from scripts.evaluation.metrics import Interval, paired_interval, verdict, wilson_interval
from scripts.evaluation.proportions import quantile_bins
from scripts.moods.emotions import EMOTIONS, emotions_of_word
from scripts.text.reading import Reading

N_BINS = 10
N_DRAWS = 1000


def share_out(labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Say which emotions each label of a file stands for, and how much each counts.

    Examples
    --------
    >>> share_out(["gloomy", "sadness", "joy"])["gloomy"]
    {'gloom': 1.0}
    >>> share_out(["gloomy", "sadness", "joy"])["sadness"]
    {'sadness': 1.0, 'shame': 0.5, 'melancholy': 0.5}
    """
    claimed = {label: emotions_of_word(label) for label in labels}
    owner: dict[str, str] = {}
    for label in sorted(claimed, key=lambda name: (len(claimed[name]), name)):
        for emotion in claimed[label]:
            owner.setdefault(emotion, label)
    shared = {}
    for label, claims in claimed.items():
        kept = {name: share for name, share in claims.items() if owner[name] == label}
        shared[label] = kept or claims  # a label that finer ones claim whole shares with them
    return shared


def label_probabilities(readings: Sequence[Reading], labels: Sequence[str]) -> NDArray[np.float64]:
    """Return (n, n_labels): how probable each label is, given that one of them is right."""
    claims = share_out(labels)
    take = np.array([[claims[label].get(name, 0.0) for name in EMOTIONS] for label in labels])
    rows = np.array([[reading.emotions[name] for name in EMOTIONS] for reading in readings])
    scores = rows @ take.T + 1e-12
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def reliability(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    """Compare probabilities with what came true, in bins of about equal number.

    >>> reliability(np.array([0.5, 0.5]), np.array([True, False]))["expected_calibration_error"]
    0.0
    """
    bins = quantile_bins(probability, right, N_BINS)
    error = float(np.abs(bins[:, 0] * bins[:, 2] - bins[:, 1]).sum() / bins[:, 2].sum())
    return {
        "expected_calibration_error": error,
        "bins": [
            {"probability": float(mean), "share_right": float(hits / n), "n": int(n)}
            for mean, hits, n in bins
        ],
    }


def bootstrap_macro_f1(truth: NDArray[np.int64], named: NDArray[np.int64]) -> Interval:
    """Return macro-F1 over the labels that occur in the truth, with its bootstrap interval."""
    present = np.unique(truth)

    def score(rows: NDArray[np.int64]) -> float:
        t, p = truth[rows], named[rows]
        values = []
        for k in present:
            hits, total = np.sum((t == k) & (p == k)), np.sum(t == k) + np.sum(p == k)
            values.append(2 * hits / total if total else 0.0)
        return float(np.mean(values))

    rng = np.random.default_rng(0)
    draws = [score(rng.integers(0, len(truth), len(truth))) for _ in range(N_DRAWS)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(score(np.arange(len(truth))), float(low), float(high))


def judge_texts(readings: Sequence[Reading], labels: Sequence[str]) -> dict[str, Any]:
    """Score readings against the words that people chose.

    Parameters
    ----------
    readings : sequence of Reading, n of them
    labels : sequence of n str

    Returns
    -------
    dict
        ``n``, ``labels``, ``accuracy`` and ``macro_f1`` with their intervals, ``abstained`` (how
        many), ``accuracy_answered``, ``baselines`` (the commonest label, with the paired ``gain``
        over it), ``verdict``, ``per_label``, ``confusion``, ``calibration``.
    """
    names = sorted(set(labels))
    truth = np.array([names.index(label) for label in labels])
    P = label_probabilities(readings, names)
    named = P.argmax(axis=1)
    right = named == truth
    answered = np.array([not reading.abstained for reading in readings])
    accuracy, f1 = wilson_interval(int(right.sum()), len(truth)), bootstrap_macro_f1(truth, named)
    kept = wilson_interval(int(right[answered].sum()), int(answered.sum()))
    commonest = int(np.bincount(truth).argmax())
    gain = paired_interval(right.astype(float) - (truth == commonest))
    return {
        "n": len(truth),
        "labels": names,
        "accuracy": accuracy.mean,
        "accuracy_interval": [accuracy.low, accuracy.high],
        "macro_f1": f1.mean,
        "macro_f1_interval": [f1.low, f1.high],
        "abstained": int((~answered).sum()),
        "accuracy_answered": kept.mean,
        "accuracy_answered_interval": [kept.low, kept.high],
        "baselines": {"commonest": _commonest(truth, commonest, names, gain)},
        "verdict": verdict(gain, "accuracy"),
        "per_label": _per_label(truth, named, names),
        "confusion": {
            "labels": names,
            "matrix": [
                [int(np.sum((truth == a) & (named == b))) for b in range(len(names))]
                for a in range(len(names))
            ],
        },
        "calibration": reliability(P.max(axis=1), right),
    }


def _commonest(
    truth: NDArray[np.int64], commonest: int, names: list[str], gain: Interval
) -> dict[str, Any]:
    guess = np.full(len(truth), commonest)
    return {
        "label": names[commonest],
        "accuracy": float(np.mean(truth == commonest)),
        "macro_f1": float(f1_score(truth, guess, average="macro", zero_division=0.0)),
        "gain": gain.mean,
        "interval": [gain.low, gain.high],
    }


def _per_label(
    truth: NDArray[np.int64], named: NDArray[np.int64], names: list[str]
) -> dict[str, dict[str, float]]:
    columns = precision_recall_fscore_support(
        truth, named, labels=range(len(names)), zero_division=0.0
    )
    return {
        name: {
            "n": int(columns[3][k]),
            "precision": float(columns[0][k]),
            "recall": float(columns[1][k]),
            "f1": float(columns[2][k]),
        }
        for k, name in enumerate(names)
    }
