"""Trials of models of taste: which are tried with which settings, and how each of them scores.

Conventions
-----------
Histories are (n_listeners, n_items) CSR float32 of listens; items are artists. A *family* is a
name of :data:`scripts.learning.taste.MODELS`. A trial's scores are NDCG@10, in [0, 1], of the
listeners who choose.

Method
------
Only models whose scores need numpy alone are tried, so that an answer is quick. EASE inverts a
matrix as large as listeners or artists, whichever are fewer (the *size* of histories), so it is
tried up to :data:`MOST_FOR_EASE` of them, above :data:`MANY` with few settings and without blend;
matrix factorisation is tried where its package is installed. Of EASE
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
from scripts.training.taste_division import Task

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Side = Mapping[str, csr_matrix]
    Attempt = Callable[[str, dict[str, Any]], "Trial"]

#: EASE is tried if listeners or artists are no more than this; each trial then takes half a minute
#: and the inversion 2 GB.
MOST_FOR_EASE = 6_000

#: If listeners and artists are more than this, few settings are tried.
MANY = 3_000

METRIC = ACCURACY[0]

#: Families in the order in which they are told; those with side information come after the pure.
POPULAR = "popularity"
BASELINES = ("random", POPULAR)
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

#: Settings of EASE that are tried where listeners and artists are many.
FEW_OF_EASE: list[dict[str, Any]] = [
    {"l2": l2, "transform": "log", "damping": 0.2} for l2 in (60.0, 200.0)
]

#: Damping of popular artists by EASE that is tried beside that of the grid.
DAMPINGS = (0.0, 0.1, 0.3)

#: Damping that is tried with all blocks of side information, of weight 1.
SIDE_DAMPINGS = (0.0, 0.1, 0.2, 0.3)

#: Weights of a block of side information that are tried.
SIDE_WEIGHTS = (0.3, 1.0, 3.0)

#: About how long a trial takes beside one of popularity, of a few thousand listeners.
COSTS = {"item-knn": 3, "als": 4, "ease": 3, WITH_SIDE: 6, BLEND: 90}


class Trial(NamedTuple):
    """One model with its settings, and its scores on the choosing listeners."""

    family: str
    settings: dict[str, Any]
    scores: NDArray[np.float64]  # (n_choosing,), NaN where nothing is held out

    @property
    def mean(self) -> float:
        """The mean over listeners."""
        return float(np.nanmean(self.scores))


class Plan(NamedTuple):
    """What is tried on histories of a size."""

    families: list[str]
    dampings: tuple[float, ...]  # of EASE, beside those of its grid
    side_dampings: tuple[float, ...]
    side_weights: tuple[float, ...]
    blocks: list[str]  # of side information; empty where none is tried
    with_blend: bool

    @property
    def n_with_side(self) -> int:
        """How many trials of EASE have side information."""
        n = len(self.blocks)
        together = 1 + n if n > 1 else 0
        return (len(self.side_dampings) + n * len(self.side_weights) + together) if n else 0


class Work:
    """Tell how far the trials are, in their usual costs, before each; and carry the seed.

    Parameters
    ----------
    plan : Plan
    total : int
        The costs of all that will be started.
    """

    __slots__ = ("_done", "_next", "_show", "plan", "seed", "total")

    def __init__(
        self, plan: Plan, total: int, *, seed: int, show: Callable[[int, int], object]
    ) -> None:
        self.plan, self.total, self.seed = plan, total, seed
        self._done, self._next, self._show = 0, 0, show

    def start(self, family: str) -> None:
        """Say that a trial of a family begins, so the one before is done."""
        self._done += self._next
        self._next = COSTS.get(family, 1)
        self._show(self._done, self.total)

    def finish(self) -> None:
        """Say that all is done."""
        self._show(self.total, self.total)


def plan_trials(size: int, blocks: list[str]) -> Plan:
    """Say what is tried on histories of a size: listeners or artists, whichever are fewer."""
    pure = [name for name in PURE if name != "als" or find_spec("implicit") is not None]
    if size > MOST_FOR_EASE:
        pure.remove("ease")
        return Plan([*BASELINES, *pure], (), (), (), [], with_blend=False)
    if size > MANY:
        return Plan([*BASELINES, *pure], (), (0.2,), (1.0,), blocks, with_blend=False)
    families = [*BASELINES, *pure]
    return Plan(families, DAMPINGS, SIDE_DAMPINGS, SIDE_WEIGHTS, blocks, with_blend=bool(blocks))


def settings_for(family: str, size: int) -> list[dict[str, Any]]:
    """List the settings of a family that are tried on histories of a size."""
    if family == "ease" and size > MANY:
        return FEW_OF_EASE
    if family == "item-knn" and size > MOST_FOR_EASE:
        return [{"k": 200}]  # neighbours of every item: many items need few, or the set is huge
    return GRIDS[family]


def plan_work(
    size: int,
    blocks: list[str],
    *,
    seed: int = 0,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Work:
    """Plan the trials on histories of a size, and the test of the best of each family."""
    plan = plan_trials(size, blocks)
    counts = {name: len(settings_for(name, size)) + 1 for name in plan.families}
    if "ease" in counts:
        counts["ease"] += len(plan.dampings)
    if plan.blocks:
        counts[WITH_SIDE] = plan.n_with_side + 1
    if plan.with_blend:
        counts[BLEND] = 2
    total = sum(n * COSTS.get(name, 1) for name, n in counts.items())
    return Work(plan, total, seed=seed, show=progress)


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


def _try_side(best: Trial, plan: Plan, attempt: Attempt) -> None:
    """Try all blocks at each damping, each alone at each weight, all, and all but one."""
    together = dict.fromkeys(plan.blocks, 1.0)
    dampings = [
        attempt(WITH_SIDE, {**best.settings, "damping": damping, "weights": together})
        for damping in plan.side_dampings
    ]
    base = max(dampings, key=lambda trial: trial.mean).settings
    weight: dict[str, float] = {}
    for name in plan.blocks:
        alone = [attempt(WITH_SIDE, {**base, "weights": {name: w}}) for w in plan.side_weights]
        top = max(alone, key=lambda trial: trial.mean)
        weight[name] = top.settings["weights"][name]
    if len(weight) > 1:
        attempt(WITH_SIDE, {**base, "weights": weight})
        for name in weight:  # all but one
            attempt(WITH_SIDE, {**base, "weights": {k: w for k, w in weight.items() if k != name}})


def try_models(task: Task, size: int, work: Work) -> list[Trial]:
    """Fit every candidate that is planned and score it on the choosing listeners."""
    trials: list[Trial] = []
    plan = work.plan

    def attempt(family: str, settings: dict[str, Any]) -> Trial:
        work.start(family)
        for trial in trials:  # such as all blocks but one, where two were tried alone
            if (trial.family, trial.settings) == (family, settings):
                return trial
        model = fit_family(family, settings, task.X, task.side, work.seed)
        trials.append(Trial(family, settings, judge(model, task.held)[0][METRIC]))
        return trials[-1]

    for family in plan.families:
        for settings in settings_for(family, size):
            attempt(family, settings)
    if "ease" in plan.families:
        best = best_of(trials, "ease").settings
        for damping in plan.dampings:
            attempt("ease", {**best, "damping": damping})
        if plan.blocks:
            _try_side(best_of(trials, "ease"), plan, attempt)
    if plan.with_blend:
        attempt(BLEND, {})
    return trials


def best_of(trials: list[Trial], *families: str) -> Trial:
    """Return the best trial of some families; of equal ones the first tried."""
    return max((t for t in trials if t.family in families), key=lambda trial: trial.mean)
