"""A listener's taste, learned from likes and skips by a Bayesian linear bandit.

Conventions
-----------
A song is eleven numbers: 1, its nine audio features in the order of
:data:`~scripts.moods.features.FEATURES`, standardised as the song model does and cut at three
standard deviations, and its *lead*: the relevance of its match among the candidates, the best 1
and the last 0, less .5. Of a judged song that is not among the candidates the lead is unknown,
and 0. So the lead has one scale whether a list is asked for by mood or by place. A like is worth
1, a skip 0, so a score is an expected share of likes; it may leave [0, 1].

Method
------
The worth of a song is linear in its numbers, with Gaussian noise and a Gaussian prior on the
weights; before any feedback it is expected to be .5 plus :data:`LEAD_MEAN` times the lead, which
is the order of the matches. Thompson sampling draws one vector of weights from the posterior and
orders the songs by it, so a taste that is still unknown is tried out in proportion to the chance
that it is right (Agrawal, S. & Goyal, N., 2013, Thompson sampling for contextual bandits with
linear payoffs, ICML). The posterior's width is scaled down by :data:`EXPLORATION`, which lowers
regret in practice (Chapelle, O. & Li, L., 2011, An empirical evaluation of Thompson sampling,
NIPS), and further while there are few judgements: by n / (n + :data:`FADE_IN`) after n of them,
so that one like does not scatter a list.

:mod:`scripts.evaluation.taste_tuning` compares widths of the features' weights and scales of
exploration on simulated listeners that no reported figure is about; those taken here are within
the noise of the best. The constant's width and the lead's weight are chosen so that one word moves
a list gently (:mod:`scripts.evaluation.turnover`); the bandit's regret hardly changes with them.

Normal numbers come from SHA-256 of the seed and a counter by the method of Box, G. E. P. &
Muller, M. E. (1958), doi:10.1214/aoms/1177706645.
"""

from __future__ import annotations

import hashlib
import math

from scripts.moods.features import CLIP_SD, FEATURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

#: Standard deviation of a judgement around its expectation: that of a coin of about 3 in 10.
NOISE_SD = 0.45

#: Prior mean of the constant: the worth of a song of middling match.
BIAS_MEAN = 0.5

#: Prior mean of the lead's weight: how much the best match is worth above the last of its pool.
LEAD_MEAN = 0.3

#: Prior standard deviations of the weights: of the constant, of each feature, of the lead.
BIAS_SD = 0.6
FEATURE_SD = 0.2
LEAD_SD = 0.3

#: Factor on the posterior's standard deviations when weights are drawn from it.
EXPLORATION = 0.5

#: Judgements after which half of that exploration is reached.
FADE_IN = 10

#: Relevance of a song that is not among the candidates.
UNKNOWN_RELEVANCE = 0.5

_N = len(FEATURES) + 2


def standard_normals(seed: int, n: int) -> list[float]:
    """Draw numbers from the standard normal distribution; the same seed gives the same ones.

    >>> len(standard_normals(7, 11)), standard_normals(7, 3) == standard_normals(7, 5)[:3]
    (11, True)
    """
    drawn: list[float] = []
    for block in range((n + 3) // 4):
        bits = hashlib.sha256(f"{seed}/{block}".encode()).digest()
        # 53 bits each, in the middle of their steps: never 0, never 1
        u = [
            ((int.from_bytes(bits[i : i + 8], "big") >> 11) + 0.5) * 2.0**-53
            for i in (0, 8, 16, 24)
        ]
        for radius, turn in ((u[0], u[1]), (u[2], u[3])):
            far = math.sqrt(-2.0 * math.log(radius))
            drawn += [far * math.cos(math.tau * turn), far * math.sin(math.tau * turn)]
    return drawn[:n]


class LinearBandit:
    """The posterior of the weights of a linear reward.

    The precision matrix is kept, as its lower triangle: one more judgement only adds to it, so
    nothing is lost to rounding however long the log is.

    Parameters
    ----------
    prior_mean, prior_sd : sequence of float, one a weight
        The prior's weights are independent.
    noise_sd : float
        Standard deviation of a reward around its expectation.
    """

    __slots__ = ("_factor", "_precision", "_shift", "_worth", "n")

    def __init__(
        self, prior_mean: Sequence[float], prior_sd: Sequence[float], noise_sd: float
    ) -> None:
        self.n = 0
        self._worth = 1.0 / noise_sd**2
        precisions = [1.0 / sd**2 for sd in prior_sd]
        self._precision = [[0.0] * i + [value] for i, value in enumerate(precisions)]
        self._shift = [p * m for p, m in zip(precisions, prior_mean, strict=True)]
        self._factor: list[list[float]] | None = None

    def update(self, x: Sequence[float], reward: float) -> None:
        """Take in the reward of one song, given as its numbers."""
        for i, row in enumerate(self._precision):
            pull = self._worth * x[i]
            # zip ends with the row: the lower triangle
            self._precision[i] = [p + pull * value for p, value in zip(row, x, strict=False)]
            self._shift[i] += pull * reward
        self._factor = None
        self.n += 1

    def _cholesky(self) -> list[list[float]]:
        """Return the lower triangle L with L L' equal to the precision matrix."""
        if self._factor is None:
            factor: list[list[float]] = []
            for whole in self._precision:
                row: list[float] = []
                for value, above in zip(whole, factor, strict=False):
                    known = sum([a * b for a, b in zip(row, above, strict=False)])
                    row.append((value - known) / above[-1])
                row.append(math.sqrt(whole[-1] - sum([a * a for a in row])))
                factor.append(row)
            self._factor = factor
        return self._factor

    def _solve_down(self, b: Sequence[float]) -> list[float]:
        """Solve L y = b."""
        y: list[float] = []
        for row, value in zip(self._cholesky(), b, strict=True):
            known = sum([a * done for a, done in zip(row, y, strict=False)])
            y.append((value - known) / row[-1])
        return y

    def _solve_up(self, y: Sequence[float]) -> list[float]:
        """Solve L' x = y."""
        rest = list(y)
        for i, row in reversed(list(enumerate(self._cholesky()))):
            rest[i] /= row[-1]
            value = rest[i]
            rest[:i] = [r - a * value for r, a in zip(rest[:i], row, strict=False)]
        return rest

    def mean(self) -> list[float]:
        """Return the posterior mean of the weights."""
        return self._solve_up(self._solve_down(self._shift))

    def sample(self, seed: int, scale: float = 1.0) -> list[float]:
        """Draw weights from the posterior, its standard deviations multiplied by ``scale``.

        The same seed after the same judgements gives the same weights.
        """
        # with P = L L', L'^-1 z has covariance P^-1; adding z before the last step does both
        mean_half = self._solve_down(self._shift)
        draws = standard_normals(seed, len(mean_half))
        return self._solve_up([m + scale * z for m, z in zip(mean_half, draws, strict=True)])


def taste_bandit(feature_sd: float = FEATURE_SD, lead_mean: float = LEAD_MEAN) -> LinearBandit:
    """Return the bandit of a listener who has said nothing: songs are in the matches' order."""
    prior_mean = [BIAS_MEAN, *[0.0] * len(FEATURES), lead_mean]
    prior_sd = [BIAS_SD, *[feature_sd] * len(FEATURES), LEAD_SD]
    return LinearBandit(prior_mean, prior_sd, NOISE_SD)


def taste_weights(bandit: LinearBandit, seed: int, exploration: float = EXPLORATION) -> list[float]:
    """Draw the weights that order the songs; the more was said, the nearer to full exploration.

    Without feedback there is nothing to explore for: the weights are the prior's mean.
    """
    return bandit.sample(seed, exploration * bandit.n / (bandit.n + FADE_IN))


def scaling_of(model: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Read means and standard deviations of the features from the document ``song_mood.json``."""
    upper = model["quadrants"]
    by_name = dict(
        zip(model["features"], zip(upper["mean"], upper["scale"], strict=True), strict=True)
    )
    means, scales = zip(*(by_name[name] for name in FEATURES), strict=True)
    return list(means), list(scales)


def song_numbers(
    song: Mapping[str, Any], relevance: float, scaling: tuple[Sequence[float], Sequence[float]]
) -> list[float]:
    """Turn a song and its relevance in [0, 1] into the bandit's eleven numbers."""
    means, scales = scaling
    x = [1.0]
    for name, mean, scale in zip(FEATURES, means, scales, strict=True):
        value = (song[name] - mean) / scale
        x.append(CLIP_SD if value > CLIP_SD else -CLIP_SD if value < -CLIP_SD else value)
    x.append(relevance - 0.5)
    return x


def taste_scores(
    judged: Iterable[Mapping[str, Any]],
    songs: Sequence[Mapping[str, Any]],
    relevances: Sequence[float],
    scaling: tuple[Sequence[float], Sequence[float]],
    seed: int,
) -> list[float]:
    """Score candidates by what a listener liked and skipped.

    Parameters
    ----------
    judged : iterable of mappings
        Events ``like`` and ``skip`` of a profile, each with ``song_id`` and the nine features.
    songs : sequence of mappings
        The candidates, each with ``song_id`` and the nine features.
    relevances : sequence of float in [0, 1]
        How well each candidate fits what is asked for, among all of them.
    scaling : (means, standard deviations), nine each
        See :func:`scaling_of`.
    seed : int
        The profile's, so that the same feedback gives the same list.

    Returns
    -------
    list of float
        A score a candidate, the higher the better; the relevances themselves where nothing was
        judged.
    """
    bandit = taste_bandit()
    known = {song["song_id"]: at for song, at in zip(songs, relevances, strict=True)}
    for event in judged:
        relevance = known.get(event["song_id"], UNKNOWN_RELEVANCE)
        bandit.update(song_numbers(event, relevance, scaling), float(event["event"] == "like"))
    if not bandit.n:
        return list(relevances)
    weights = taste_weights(bandit, seed)
    scores = []
    for song, relevance in zip(songs, relevances, strict=True):
        x = song_numbers(song, relevance, scaling)
        scores.append(sum([w * value for w, value in zip(weights, x, strict=True)]))
    return scores
