"""One trial of models of taste: choose each one's settings, fit it, rank everything, score it.

Conventions
-----------
Matrices are as in :mod:`scripts.evaluation.taste_splits`. A *contender* is a model with the
settings it may have and the blocks of side information it may use. Scores are (n_listeners,)
float64, NaN for a listener who is not tested. *Cold items* are those that five listeners at most
have in ``fit``, or none.

Method
------
Settings are those of the highest ndcg@10 on ``validation`` after a fit on ``train``; the first of
equal ones. Groups:

``all``
    every listener, every item.
``cold_items``
    only cold items are relevant; ranked among all items.
``cold_items_alone``
    the same, ranked among cold items.
``cold_listeners``
    listeners with at most five items in ``fit``, and one at least.
``new_listeners``
    listeners without a history in ``fit``, answered from an empty one; where there are any. They
    are in no other group, and not in the mean over all.
``history_of_1``, ``_2``, ``_5``, ``history_in_full``
    a fifth of the listeners, drawn by the seed, take no part in a further fit. They are then
    answered from so many items of their history, drawn evenly; the rest of it stays off the lists,
    so that the same items are relevant whatever the cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.evaluation.taste_contenders import (
    Contender,
    Fitted,
    Side,
    SideSource,
    fit_contender,
    hide,
    merge_settings,
)
from scripts.evaluation.taste_metrics import (
    describe_lists,
    rank_listeners,
    score_calibration,
    score_lists,
)
from scripts.evaluation.taste_splits import Parts, cut_histories, mask_pairs
from scripts.learning.taste import TasteModel

#: Most listeners of a cold item, and most items of a cold listener.
COLD = 5

#: What the groups are, for the report; ``all`` is the mean over listeners with a history.
GROUPS: dict[str, str] = {
    "cold_items": f"artists of {COLD} listeners at most, ranked among all artists",
    "cold_items_alone": f"artists of {COLD} listeners at most, ranked among such artists",
    "cold_listeners": f"listeners whose history has {COLD} artists at most, however often each "
    "was played",
    "new_listeners": "listeners without a history, answered from an empty one; in no mean",
    "history_in_full": "listeners who took no part in the fit, answered from all of their history",
    **{
        f"history_of_{n}": f"the same listeners, answered from {n} artist(s) of their history"
        for n in (1, 2, 5)
    },
}

#: To how many items histories are cut.
CUTS: tuple[int, ...] = (1, 2, 5)

#: Part of the listeners that a trial of cut histories keeps out of the fit.
_KEPT_OUT = 0.2

#: Listeners ranked at most in one part of a trial; of more, so many are drawn.
MOST_LISTENERS = 10_000

Scores = dict[str, NDArray[np.float64]]


class Outcome(NamedTuple):
    """What a contender reached in one trial."""

    scores: dict[str, Scores]  # group -> metric -> (n_listeners,)
    spread: dict[str, float]
    settings: dict[str, Any]
    tried: list[dict[str, Any]]  # settings and their ndcg@10 on the validation part


def _rows_to_rank(held: csr_matrix, seed: int) -> NDArray[np.int64]:
    rows = np.flatnonzero(np.diff(held.indptr))
    if len(rows) > MOST_LISTENERS:
        drawn = np.random.default_rng(seed).choice(len(rows), MOST_LISTENERS, replace=False)
        rows = rows[np.sort(drawn)]
    return np.asarray(rows)


def _spread_out(rows: NDArray[np.int64], scores: Scores, n: int) -> Scores:
    """Bring scores of some listeners to all, NaN for the others."""
    full = {name: np.full(n, np.nan) for name in scores}
    for name, values in scores.items():
        full[name][rows] = values
    return full


def choose_settings(
    contender: Contender,
    parts: Parts,
    side: Side,
    *,
    bases: Sequence[Mapping[str, Any]] = (),
    seed: int,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Choose a contender's settings on the validation part.

    Parameters
    ----------
    side : Side
        Blocks that know neither of the validation nor of the test.
    bases : sequence of mappings
        Settings that every one of the grid adds to; see :func:`merge_settings`.

    Returns
    -------
    (settings, tried)
    """
    grid = [merge_settings([*bases, settings]) for settings in contender.grid]
    if len(grid) == 1:
        return grid[0], []
    rows = _rows_to_rank(parts.validation, seed)
    tried = []
    for settings in grid:
        model = fit_contender(contender, settings, parts.train, side, seed=seed)
        X = parts.train[rows]
        lists = rank_listeners(model.scores, X, X)["all"]
        scores = score_lists(lists, parts.validation[rows])["ndcg@10"]
        reached = float(np.nanmean(scores)) if len(rows) else float("nan")
        tried.append({"settings": settings, "ndcg@10": reached})
    values = np.nan_to_num([row["ndcg@10"] for row in tried], nan=-1.0)
    return grid[int(values.argmax())], tried


def _keep_columns(X: csr_matrix, columns: NDArray[np.bool_]) -> csr_matrix:
    return mask_pairs(X, columns[X.indices])


def _judge_fitted(
    model: TasteModel, parts: Parts, families: csr_matrix | None, seed: int
) -> tuple[dict[str, Scores], dict[str, float]]:
    rows = _rows_to_rank(parts.test, seed)
    X, test = parts.fit[rows], parts.test[rows]
    new = np.diff(X.indptr) == 0
    cold = np.bincount(parts.fit.indices, minlength=parts.fit.shape[1]) <= COLD
    lists = rank_listeners(model.scores, X, X, among={"cold": cold})
    cold_test = _keep_columns(test, cold)
    scores = {
        "all": score_lists(lists["all"], test),
        "cold_items": score_lists(lists["all"], cold_test),
        "cold_items_alone": score_lists(lists["cold"], cold_test),
    }
    if families is not None:
        scores["all"]["calibration@10"] = score_calibration(lists["all"], X, families)
    everybody = scores["all"]
    scores = {group: _only(values, ~new) for group, values in scores.items()}
    few = ~new & (np.diff(X.indptr) <= COLD)
    scores["cold_listeners"] = _only(everybody, few)
    if new.any():
        scores["new_listeners"] = _only(everybody, new)
    n = parts.fit.shape[0]
    full = {group: _spread_out(rows, values, n) for group, values in scores.items()}
    return full, describe_lists(lists["all"][~new], parts.fit)


def _only(scores: Scores, listeners: NDArray[np.bool_]) -> Scores:
    """Keep the scores of some listeners; the others have none."""
    return {name: np.where(listeners, values, np.nan) for name, values in scores.items()}


def draw_cold_listeners(parts: Parts, seed: int) -> NDArray[np.bool_]:
    """Draw the listeners whose histories are cut, (n_listeners,) bool, of those who are tested."""
    rows = _rows_to_rank(parts.test, seed)
    rows = rows[np.diff(parts.fit.indptr)[rows] > 0]
    size = int(np.ceil(_KEPT_OUT * len(rows)))
    drawn = np.random.default_rng([seed, COLD]).choice(rows, size, replace=False)
    cold = np.zeros(parts.fit.shape[0], dtype=bool)
    cold[drawn] = True
    return cold


def pairs_of_listeners(X: csr_matrix, listeners: NDArray[np.bool_]) -> csr_matrix:
    """Keep the pairs of some listeners."""
    return mask_pairs(X, np.repeat(listeners, np.diff(X.indptr)))


def _judge_cut_histories(
    model: TasteModel, parts: Parts, cold: NDArray[np.bool_], seed: int
) -> dict[str, Scores]:
    """Judge a model that was fitted without the cold listeners."""
    rows = np.flatnonzero(cold)
    X, test = parts.fit[rows], parts.test[rows]
    cuts = {f"history_of_{n}": cut_histories(X, n, seed=seed) for n in CUTS}
    told = {}
    for name, cut in {**cuts, "history_in_full": X}.items():
        scores = score_lists(rank_listeners(model.scores, cut, X)["all"], test)
        told[name] = _spread_out(rows, scores, len(cold))
    return told


def _settings_below(
    contender: Contender,
    contenders: Sequence[Contender],
    outcomes: Mapping[str, Outcome],
) -> list[Mapping[str, Any]]:
    """Return the settings that a contender's own add to: those chosen by the ones it builds on."""
    if contender.model != "blend":
        return [outcomes[name].settings for name in contender.bases]
    model_of = {one.name: one.model for one in contenders}
    found = {model_of[name]: outcomes[name].settings for name in contender.bases}
    return [{"bases": list(found), "settings": found}]


def run_trial(
    contenders: Sequence[Contender],
    parts: Parts,
    side_of: SideSource,
    *,
    families: csr_matrix | None,
    seed: int,
    cut: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Outcome]:
    """Try all contenders on the same parts.

    Parameters
    ----------
    contenders : sequence of Contender
        One that builds on another stands after it.
    side_of : function of held-out pairs
        Returns the blocks that are allowed to those who must not know of these pairs.
    families : (n_items, n_families) CSR or None
        Shares of families for the calibration.
    cut : bool
        Whether cut histories are tried, which takes a further fit of every model.
    tell : function of a text
        Is told of each contender when it is done.

    Returns
    -------
    dict
        Name of a contender -> Outcome.
    """
    choosing = hide(side_of, parts.validation + parts.test)
    fitting = hide(side_of, parts.test)
    blends = any(contender.model == "blend" for contender in contenders)
    fitted: Fitted | None = {} if blends else None
    outcomes: dict[str, Outcome] = {}
    for contender in contenders:
        bases = _settings_below(contender, contenders, outcomes)
        settings, tried = choose_settings(contender, parts, choosing, bases=bases, seed=seed)
        model = fit_contender(contender, settings, parts.fit, fitting, seed=seed, fitted=fitted)
        scores, spread = _judge_fitted(model, parts, families, seed)
        outcomes[contender.name] = Outcome(scores, spread, settings, tried)
        tell(f"{contender.name}: ndcg@10 {np.nanmean(scores['all']['ndcg@10']):.4f}")
    del fitted  # hundreds of megabytes, and of no use to what follows
    if cut:
        _try_cut_histories(contenders, parts, side_of, outcomes, seed=seed)
    return outcomes


def _try_cut_histories(
    contenders: Sequence[Contender],
    parts: Parts,
    side_of: SideSource,
    outcomes: dict[str, Outcome],
    *,
    seed: int,
) -> None:
    """Fit again without some listeners, and add how these are answered from cut histories."""
    cold = draw_cold_listeners(parts, seed)
    rest = np.flatnonzero(~cold)
    others = parts.fit[rest]
    if not others.nnz:
        return
    side = hide(side_of, parts.test + pairs_of_listeners(parts.fit, cold), rest)
    fitted: Fitted = {}
    for contender in contenders:
        if contender.is_cut:
            settings = outcomes[contender.name].settings
            model = fit_contender(contender, settings, others, side, seed=seed, fitted=fitted)
            outcomes[contender.name].scores.update(_judge_cut_histories(model, parts, cold, seed))
