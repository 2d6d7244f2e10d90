"""Trials of models of taste: which are tried with which settings, and how each of them scores.

Conventions
-----------
Histories are (n_listeners, n_items) CSR float32 of listens; items are artists. A *family* is a
name of :data:`scripts.learning.taste.MODELS`. A trial's scores are NDCG@10, in [0, 1], of the
listeners who choose.

Method
------
Only models whose scores need numpy alone are tried, so that an answer is quick. EASE inverts a
matrix as large as listeners or artists, whichever are fewer, so it is tried up to
:data:`MOST_FOR_EASE` of them; matrix factorisation is tried where its package is installed. Of EASE
the ridge and what listens are turned into are tried together, then how much popular artists are
damped. With side information the damping is sought anew, with all blocks together; then each block
is tried alone, all together at their own weights, and all but one. A blend of models comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.taste_metrics import ACCURACY, rank_listeners, score_lists
from scripts.evaluation.taste_splits import Held
from scripts.learning.taste import TasteModel, make_model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Side = Mapping[str, csr_matrix]
    Attempt = Callable[[str, dict[str, Any]], "Trial"]

#: EASE is tried if listeners or artists are no more than this.
MOST_FOR_EASE = 8_000

METRIC = ACCURACY[0]

#: Families in the order in which they are told; those with side information come after the pure.
BASELINES = ("random", "popularity")
PURE = ("item-knn", "als", "ease")
WITH_SIDE = "ease+side"
BLEND = "blend"

#: Settings that are tried. Those of EASE with side information take over those of EASE.
GRIDS: dict[str, list[dict[str, Any]]] = {
    "random": [{}],
    "popularity": [{}],
    "item-knn": [{}],
    "als": [{}, {"l2": 100.0, "alpha": 40.0, "transform": "log"}],
    "ease": [
        {"l2": l2, "transform": transform, "damping": 0.2}
        for transform in ("binary", "log")
        for l2 in (5.0, 20.0, 60.0, 200.0)
    ],
}

#: Damping of popular artists by EASE that is tried beside that of the grid.
DAMPINGS = (0.0, 0.1, 0.3)

#: Damping that is tried with all blocks of side information, of weight 1.
SIDE_DAMPINGS = (0.0, 0.1, 0.2, 0.3)

#: Weights of a block of side information that are tried.
SIDE_WEIGHTS = (0.3, 1.0, 3.0)


class Trial(NamedTuple):
    """One model with its settings, and its scores on the choosing listeners."""

    family: str
    settings: dict[str, Any]
    scores: NDArray[np.float64]  # (n_choosing,), NaN where nothing is held out

    @property
    def mean(self) -> float:
        """The mean over listeners."""
        return float(np.nanmean(self.scores))


def families_for(X: csr_matrix) -> list[str]:
    """List the families that are tried on histories of this size."""
    pure = [name for name in PURE if name != "als" or find_spec("implicit") is not None]
    if min(X.shape) > MOST_FOR_EASE:
        pure.remove("ease")
    return [*BASELINES, *pure]


def settings_for(family: str, X: csr_matrix) -> list[dict[str, Any]]:
    """List the settings of a family that are tried on histories of this size."""
    if family == "item-knn" and min(X.shape) > MOST_FOR_EASE:
        return [{"k": 200}]  # neighbours of every item: many items need few, or the set is huge
    return GRIDS[family]


def judge(model: TasteModel, held: Held) -> tuple[dict[str, NDArray[np.float64]], NDArray[Any]]:
    """Score a fitted model's lists for listeners; returns scores by metric, and the lists."""
    lists = rank_listeners(model.scores, held.kept, held.kept)["all"]
    return score_lists(lists, held.held), lists


def _blocks_of(settings: Mapping[str, Any], side: Side) -> Side:
    weights = settings.get("weights") or {}
    return {name: block for name, block in side.items() if weights.get(name)}


def fit_family(
    family: str, settings: Mapping[str, Any], X: csr_matrix, side: Side, seed: int
) -> TasteModel:
    """Fit one model; draws of chance start from the seed of the run."""
    told = dict(settings) | ({"seed": seed} if family in ("random", "als", BLEND) else {})
    blocks = side if family == BLEND else _blocks_of(settings, side)
    return make_model(family, **told).fit(X, blocks)


def _try_side(best: Trial, side: Side, attempt: Attempt) -> None:
    """Try all blocks at each damping, each alone at each weight, all, and all but one."""
    together = dict.fromkeys(sorted(side), 1.0)
    dampings = [
        attempt(WITH_SIDE, {**best.settings, "damping": damping, "weights": together})
        for damping in SIDE_DAMPINGS
    ]
    base = max(dampings, key=lambda trial: trial.mean).settings
    weight: dict[str, float] = {}
    for name in sorted(side):
        alone = [attempt(WITH_SIDE, {**base, "weights": {name: w}}) for w in SIDE_WEIGHTS]
        top = max(alone, key=lambda trial: trial.mean)
        weight[name] = top.settings["weights"][name]
    if len(weight) > 1:
        attempt(WITH_SIDE, {**base, "weights": weight})
        for name in weight:  # all but one
            attempt(WITH_SIDE, {**base, "weights": {k: w for k, w in weight.items() if k != name}})


def try_models(
    X: csr_matrix,
    held: Held,
    side: Side,
    *,
    seed: int = 0,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[Trial]:
    """Fit every candidate and score it on the choosing listeners."""
    trials: list[Trial] = []
    families = families_for(X)
    n_side = len(side) * len(SIDE_WEIGHTS) + (1 + len(side) if len(side) > 1 else 0)
    n_side += len(SIDE_DAMPINGS) + 1  # and the blend
    total = sum(len(settings_for(name, X)) for name in families)
    total += ("ease" in families) * (len(DAMPINGS) + n_side * bool(side))

    def attempt(family: str, settings: dict[str, Any]) -> Trial:
        progress(len(trials), total)
        model = fit_family(family, settings, X, side, seed)
        trials.append(Trial(family, settings, judge(model, held)[0][METRIC]))
        return trials[-1]

    for family in families:
        for settings in settings_for(family, X):
            attempt(family, settings)
    if "ease" in families:
        best = best_of(trials, "ease").settings
        for damping in DAMPINGS:
            attempt("ease", {**best, "damping": damping})
        if side:
            _try_side(best_of(trials, "ease"), side, attempt)
            attempt(BLEND, {})
    progress(total, total)
    return trials


def best_of(trials: list[Trial], *families: str) -> Trial:
    """Return the best trial of some families; of equal ones the first tried."""
    return max((t for t in trials if t.family in families), key=lambda trial: trial.mean)
