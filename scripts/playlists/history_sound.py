"""How a song's sound goes with what was played.

Conventions
-----------
A row is a tuple of the catalogue's :data:`~scripts.store.layout.SONG_COLUMNS`. Features are turned
into normal scores: the median of the catalogue is 0, the value that 84 songs in 100 stay below 1.

Method
------
log N(x; m, v) - log N(x; mb, vb): how much more probable a sound is among what was played than in
the catalogue, both taken for Gaussians with independent features. Means and variances of what was
played are shrunk towards the catalogue's as if :data:`PRIOR_SONGS` more songs had been played that
sound like the catalogue as a whole. Of n listens to a song log(1 + n) counts, so that one song on
repeat is not the whole taste.

``python -m scripts.evaluate content_taste`` compares this with other scores (features only
standardised, full covariances, kernel densities, nearest songs) by the songs that it finds again in
playlists. Normal scores gain most in AUC; nothing else is shown to be better for one playlist, and
kernel densities, which are for three joined, cost far more time.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from scripts.moods.features import FEATURES
from scripts.playlists.walks import AT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from typing import Any

    Row = tuple[Any, ...]

#: The songs that the catalogue as a whole counts for beside those that were played.
PRIOR_SONGS = 2.0

#: Songs that stand for the catalogue.
_SAMPLE = 512

#: Normal scores of the quantiles 0, 1/16, ... 1, the two outermost taken in to 1/34.
_SCORES = (-1.89, -1.53, -1.15, -0.887, -0.674, -0.489, -0.319, -0.157, 0.0)
_SCORES += tuple(-score for score in reversed(_SCORES[:-1]))

_FEATURES = [AT[name] for name in FEATURES]


class Curve:
    """A feature's way from its own units to normal scores: straight lines between knots."""

    __slots__ = ("_knots", "_scores")

    def __init__(self, values: Sequence[float]) -> None:
        ordered = sorted(values)
        last = len(ordered) - 1
        steps = len(_SCORES) - 1
        at_knot: dict[float, list[float]] = {}
        for i, score in enumerate(_SCORES):
            at_knot.setdefault(ordered[round(i * last / steps)], []).append(score)
        self._knots = list(at_knot)
        # many songs may have one value, such as an instrumentalness of 0
        self._scores = [math.fsum(scores) / len(scores) for scores in at_knot.values()]

    def score(self, value: float) -> float:
        """Turn a value into its normal score."""
        knots, scores = self._knots, self._scores
        i = bisect_right(knots, value)
        if i == 0:
            return scores[0]
        if i == len(knots):
            return scores[-1]
        part = (value - knots[i - 1]) / (knots[i] - knots[i - 1])
        return scores[i - 1] + part * (scores[i] - scores[i - 1])


class Sound:
    """Where the sound of what was played lies.

    Parameters
    ----------
    catalogue : sqlite3.Connection
    played : mapping of rank to row
        Songs that were played, at least one.
    listens : mapping of rank to number of listens

    Attributes
    ----------
    centre : list of float, nine
        The mean of what was played, in the features' own units.
    """

    __slots__ = ("_constant", "_curves", "_terms", "centre")

    def __init__(
        self,
        catalogue: sqlite3.Connection,
        played: Mapping[int, Row],
        listens: Mapping[int, int],
    ) -> None:
        sample = sample_features(catalogue)
        self._curves = [Curve(values) for values in zip(*sample, strict=True)]
        weights = [math.log1p(listens[rank]) for rank in played]
        features = [[row[i] for i in _FEATURES] for row in played.values()]
        self.centre = [_mean(values, weights) for values in zip(*features, strict=True)]
        # songs of equal weight that would tell as much (Kish's effective size)
        n = math.fsum(weights) ** 2 / math.fsum(weight * weight for weight in weights)
        self._terms: list[tuple[float, float, float, float]] = []
        logs = []
        for curve, of_all, of_played in zip(
            self._curves, zip(*sample, strict=True), zip(*features, strict=True), strict=True
        ):
            mean, variance = _moments([curve.score(x) for x in of_all], [1.0] * len(sample))
            m, v = _moments([curve.score(x) for x in of_played], weights)
            m = (n * m + PRIOR_SONGS * mean) / (n + PRIOR_SONGS)
            v = (n * v + PRIOR_SONGS * variance) / (n + PRIOR_SONGS)
            self._terms.append((mean, 1 / variance, m, 1 / v))
            logs.append(math.log(variance / v))
        self._constant = 0.5 * math.fsum(logs)

    def log_ratio(self, row: Row) -> float:
        """Say how much more probable a song's sound is among what was played, as a logarithm."""
        total = 0.0
        for i, curve, (mean, worth, m, w) in zip(_FEATURES, self._curves, self._terms, strict=True):
            x = curve.score(row[i])
            total += (x - mean) * (x - mean) * worth - (x - m) * (x - m) * w
        return self._constant + 0.5 * total


def sample_features(catalogue: sqlite3.Connection) -> list[tuple[float, ...]]:
    """Read the nine features of songs spread evenly over the catalogue's ranks."""
    (last,) = catalogue.execute("SELECT max(rank) FROM songs").fetchone()
    n = min(_SAMPLE, last + 1)
    ranks = [i * (last + 1) // n for i in range(n)]
    query = f"SELECT {', '.join(FEATURES)} FROM songs WHERE rank IN ({', '.join('?' * n)})"
    return catalogue.execute(query, ranks).fetchall()


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    total = math.fsum([weight * x for weight, x in zip(weights, values, strict=True)])
    return total / math.fsum(weights)


def _moments(values: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """Return mean and variance; no variance is 0, so that a constant feature says nothing much."""
    mean = _mean(values, weights)
    variance = _mean([(x - mean) ** 2 for x in values], weights)
    return mean, max(variance, 1e-3)
