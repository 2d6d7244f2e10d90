"""Offline replay of the taste bandit with simulated listeners whose taste is known.

Conventions
-----------
A pool is (m, 12) float64, candidates with the best match first: their eleven numbers as the
bandit sees them (:mod:`scripts.feedback.bandit`), then the match itself. ``chances`` is (m,)
float64, the probability in (0, 1) that the listener likes each. *Regret* of a round is the mean
chance of the best list there is minus that of the list played, so it counts likes that were
missed, without the luck of single judgements. Total regret is the sum over the rounds of one
listener.

Method
------
A listener asks for one mood and gets, as the program would answer, an order of the mood's best
matches, the same pool in every round and as large as the program's own for ten songs. Under
``song_a_round`` the first song is played and judged. Under ``list_of_ten``, which is how the
program is used, ten are shown and the listener judges one of them, at random.

A listener's taste is not what the bandit assumes. The log-odds of a like are a constant drawn
from N(-0.5, 0.7^2), plus three of the nine standardised features, drawn at random, with weights
from Laplace(0, 0.8), plus the match, less the pool's mean, with a weight from U(0, 6). The
bandit believes in a linear chance with Gaussian noise and small Gaussian weights on all features.
The match that listeners weigh is the probability itself, not its place in the pool.

A listener who judges any one of ten songs explores for the program, and greedy profits from it
(Bastani, H., Bayati, M. & Khosravi, K., Mostly exploration-free algorithms for contextual
bandits, arXiv:1704.09011): expect the policies to lie close together there.

Policies: ``bandit`` is Thompson sampling as the program does it, ``greedy`` orders by the mean of
the same posterior, ``greedy_tuned`` does so with the prior of :data:`GREEDY_PRIORS`, the best for
greedy on the tuning listeners under each protocol, ``random`` draws an order, ``oracle`` knows the
chances. A verdict is about greedy at its best: the one of the two that misses less. All policies
of a listener meet the same luck: in each round the same uniform number decides over a like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scripts.errors import SettingsError
from scripts.evaluation.metrics import paired_interval
from scripts.feedback import bandit as taste
from scripts.feedback.bandit import taste_bandit, taste_weights
from scripts.learning.mood_plane import standardise

POLICIES: tuple[str, ...] = ("random", "greedy", "greedy_tuned", "bandit", "oracle")

#: Protocol -> songs shown a round.
PROTOCOLS: dict[str, int] = {"song_a_round": 1, "list_of_ten": 10}

#: Listeners of the report and those that :mod:`~scripts.evaluation.taste_tuning`
#: chooses settings on: two streams that never meet.
REPORTED, TUNING = 0, 1

#: Greedy's own best prior by protocol: the features' standard deviation, the lead's mean.
GREEDY_PRIORS: dict[str, dict[str, float]] = {
    "song_a_round": {"feature_sd": 1.6, "lead_mean": 0.1},
    "list_of_ten": {"feature_sd": 0.2, "lead_mean": 0.1},
}

_CURVE_POINTS = 50


class Listener(NamedTuple):
    """One simulated listener."""

    mood: str
    songs: NDArray[np.float64]  # (m, 11)
    chances: NDArray[np.float64]  # (m,)
    luck: NDArray[np.float64]  # (n_rounds, 2) in [0, 1): the like, and which song is judged
    seed: int


def make_pools(
    X: NDArray[np.float64],
    match: NDArray[np.float64],
    moods: Sequence[str],
    scaling: tuple[ArrayLike, ArrayLike],
    *,
    size: int,
) -> dict[str, NDArray[np.float64]]:
    """Take each mood's best matches, as the program does.

    Parameters
    ----------
    X : (n, 9) float64
    match : (n,) float64 in [0, 1]
    moods : n names
    scaling : (means, standard deviations), nine each
    size : int
        Songs a pool; a mood that has fewer gives them all.

    Returns
    -------
    dict of mood to (m, 12) float64
    """
    features = standardise(X, *scaling)
    names = np.asarray(moods)
    pools = {}
    for mood in sorted(set(moods)):
        rows = np.flatnonzero(names == mood)
        rows = rows[np.argsort(-match[rows], kind="stable")[:size]]
        best = match[rows]
        spread = np.ptp(best)
        lead = (best - best.min()) / spread - 0.5 if spread > 1e-12 else np.full(len(best), 0.5)
        pools[mood] = np.column_stack([np.ones(len(rows)), features[rows], lead, best])
    return pools


def draw_listener(
    pools: Mapping[str, NDArray[np.float64]], n_rounds: int, seed: int, stream: int, number: int
) -> Listener:
    """Draw a listener's mood, taste and luck, as the module describes them."""
    rng = np.random.default_rng([seed, stream, number])
    mood = sorted(pools)[rng.integers(len(pools))]
    songs, match = pools[mood][:, :-1], pools[mood][:, -1]
    weights = np.zeros(9)
    weights[rng.choice(9, 3, replace=False)] = rng.laplace(0.0, 0.8, 3)
    log_odds = rng.normal(-0.5, 0.7) + songs[:, 1:-1] @ weights
    log_odds += rng.uniform(0.0, 6.0) * (match - match.mean())
    chances = 1 / (1 + np.exp(-log_odds))
    return Listener(mood, songs, chances, rng.random((n_rounds, 2)), int(rng.integers(1 << 62)))


def _best(scores: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return the n highest scores' places, the earlier of equals first."""
    return np.array([scores.argmax()]) if n == 1 else np.argsort(-scores, kind="stable")[:n]


def play(
    listener: Listener,
    policy: str,
    *,
    n_shown: int = 1,
    feature_sd: float = taste.FEATURE_SD,
    lead_mean: float = taste.LEAD_MEAN,
    exploration: float = taste.EXPLORATION,
) -> NDArray[np.float64]:
    """Play all rounds of one listener; returns the regret of each round.

    ``feature_sd`` and ``lead_mean`` are the prior's; all policies but the bandit and greedy do
    without.
    """
    songs, chances = listener.songs, listener.chances
    n_shown = min(n_shown, len(songs))
    best = chances[_best(chances, n_shown)].mean()
    bandit, rows = taste_bandit(feature_sd, lead_mean), songs.tolist()
    rng = np.random.default_rng(listener.seed)
    regret = np.zeros(len(listener.luck))
    for t, (luck, which) in enumerate(listener.luck):
        if policy == "oracle":
            scores = chances
        elif policy == "random":
            scores = rng.random(len(songs))
        elif policy == "greedy":
            scores = songs @ bandit.mean()
        else:
            scores = songs @ taste_weights(bandit, listener.seed + t, exploration)
        shown = _best(scores, n_shown)
        regret[t] = best - chances[shown].mean()
        if policy in {"greedy", "bandit"}:
            judged = shown[int(which * n_shown)]
            bandit.update(rows[judged], float(luck < chances[judged]))
    return regret


def tell_interval(values: NDArray[np.float64]) -> dict[str, float]:
    """Tell a mean over the listeners, with the ends of its 95% interval."""
    return {name: round(value, 3) for name, value in paired_interval(values)._asdict().items()}


def greedy_at_its_best(regret: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Return the lower of greedy's two mean total regrets, with its interval."""
    return min((regret["greedy"], regret["greedy_tuned"]), key=lambda one: one["mean"])


def judge_gap(regret: Mapping[str, Mapping[str, float]]) -> str:
    """Say whether the bandit beats greedy at its best, from 95% intervals of mean total regrets."""
    bandit, greedy = regret["bandit"], greedy_at_its_best(regret)
    if bandit["high"] < greedy["low"]:
        return "the bandit beats greedy at its best: the intervals do not touch"
    if greedy["high"] < bandit["low"]:
        return "greedy at its best beats the bandit: the intervals do not touch"
    return "no gain is shown: the intervals of the bandit and of greedy at its best touch"


def _play_all(listeners: Sequence[Listener], policy: str, protocol: str) -> NDArray[np.float64]:
    """Play one policy with every listener; returns (listeners, rounds) of regret."""
    prior: dict[str, float] = {}
    if policy == "greedy_tuned":
        policy, prior = "greedy", GREEDY_PRIORS[protocol]
    n = PROTOCOLS[protocol]
    return np.array([play(one, policy, n_shown=n, **prior) for one in listeners])


def replay_protocol(listeners: Sequence[Listener], protocol: str) -> dict[str, Any]:
    """Play every policy with every listener.

    Returns
    -------
    dict
        ``regret``: policy to mean, low and high of total regret; ``greedy_minus_bandit`` and
        ``greedy_tuned_minus_bandit``: the same of the difference by listener; ``curve``:
        cumulative regret after stated rounds; ``verdict``.
    """
    n_rounds = len(listeners[0].luck)
    rounds = np.unique(np.linspace(1, n_rounds, min(n_rounds, _CURVE_POINTS)).round().astype(int))
    regret, curve, totals = {}, {}, {}
    for policy in POLICIES:
        grown = _play_all(listeners, policy, protocol).cumsum(axis=1)
        totals[policy] = grown[:, -1]
        regret[policy] = tell_interval(totals[policy])
        points = [tell_interval(grown[:, at - 1]) for at in rounds]
        curve[policy] = {name: [point[name] for point in points] for name in points[0]}
    return {
        "n_shown": PROTOCOLS[protocol],
        "greedy_prior": GREEDY_PRIORS[protocol],
        "regret": regret,
        "greedy_minus_bandit": tell_interval(totals["greedy"] - totals["bandit"]),
        "greedy_tuned_minus_bandit": tell_interval(totals["greedy_tuned"] - totals["bandit"]),
        "curve": {"round": rounds.tolist(), **curve},
        "verdict": judge_gap(regret),
    }


def replay(
    pools: Mapping[str, NDArray[np.float64]],
    *,
    n_listeners: int = 200,
    n_rounds: int = 200,
    seed: int = 0,
) -> dict[str, Any]:
    """Replay all policies under every protocol.

    Parameters
    ----------
    pools : dict of mood to (m, 12) float64
        See :func:`make_pools`.
    n_listeners, n_rounds : int
        From 10 listeners, below which there is no interval.
    seed : int

    Returns
    -------
    dict
        The settings, and for each of PROTOCOLS what :func:`replay_protocol` tells.
    """
    if n_listeners < 10 or n_rounds < 1:
        raise SettingsError(
            f"feedback: {n_listeners} listeners and {n_rounds} rounds are too few for an "
            "interval; give --listeners 10 or more and --rounds 1 or more"
        )
    listeners = [draw_listener(pools, n_rounds, seed, REPORTED, i) for i in range(n_listeners)]
    report: dict[str, Any] = {
        "n_listeners": n_listeners,
        "n_rounds": n_rounds,
        "seed": seed,
        "pools": {mood: len(songs) for mood, songs in pools.items()},
        "settings": {
            "noise_sd": taste.NOISE_SD,
            "bias_sd": taste.BIAS_SD,
            "feature_sd": taste.FEATURE_SD,
            "lead_mean": taste.LEAD_MEAN,
            "lead_sd": taste.LEAD_SD,
            "exploration": taste.EXPLORATION,
            "fade_in": taste.FADE_IN,
        },
        "best_chance": round(float(np.mean([one.chances.max() for one in listeners])), 3),
        "mean_chance": round(float(np.mean([one.chances.mean() for one in listeners])), 3),
    }
    return report | {name: replay_protocol(listeners, name) for name in PROTOCOLS}
