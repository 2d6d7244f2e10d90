"""The check ``taste``: models that tell from histories which artists a listener will play next.

Conventions
-----------
All artists are ranked for every listener, those in the history left out; no candidates are
sampled. Of ``--history`` each seed divides the histories anew (by chance, or at two moments where
listens have times); ``--train`` and ``--test`` are one division, and then every setting is chosen
inside the train file. See :mod:`scripts.evaluation.taste_trial` for what one trial does and
:mod:`scripts.evaluation.taste_metrics` for the scores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.checks.taste_inputs import (
    TasteInputs,
    find_companions,
    read_history_input,
    read_split_input,
)
from scripts.checks.taste_options import MODELS, add_options, check_options, read_model_names
from scripts.checks.taste_side import (
    find_families,
    make_side_source,
    read_song_blocks,
    tell_block_coverage,
)
from scripts.console import note
from scripts.errors import DataError, MissingExtraError, SettingsError
from scripts.evaluation.taste_contenders import Contender
from scripts.evaluation.taste_findings import tell_findings, tell_reach
from scripts.evaluation.taste_report import tell_question, tell_trials
from scripts.evaluation.taste_splits import SHARE, Parts
from scripts.evaluation.taste_trial import Outcome, run_trial
from scripts.evaluation.taste_tuning_grid import (
    PURE,
    QUESTION,
    QUESTION_OF_BLEND,
    WITH_SIDE,
    list_contenders,
    list_needed,
)
from scripts.learning.taste_als import load_implicit
from scripts.learning.taste_deep import require_torch

#: Model -> what imports the package it needs, or says how to install it.
EXTRAS: dict[str, Callable[[], Any]] = {
    "als": load_implicit,
    "als+side": load_implicit,
    "mult-vae": require_torch,
    "mult-vae+side": require_torch,
}


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("taste", help="judge models of taste on histories of many listeners")
    add_options(parser)
    parser.set_defaults(check=run)


def _read_inputs(options: argparse.Namespace) -> TasteInputs:
    if options.history is not None:
        return read_history_input(options.history, min_play_seconds=options.min_play_seconds)
    given = {name: getattr(options, name) for name in ("artists", "tags", "tagged")}
    return read_split_input(options.train, options.test, find_companions(options.train, given))


def find_absent(names: Sequence[str]) -> dict[str, str]:
    """Name the models that cannot run here, each with the reason and what to do.

    A package that is there and cannot be imported is as good as none, so it is tried.
    """
    absent = {}
    for name in names:
        try:
            EXTRAS.get(name, dict)()
        except MissingExtraError as error:
            absent[name] = str(error)
    return absent


def _seeds_of(options: argparse.Namespace, inputs: TasteInputs) -> list[int]:
    count = options.seeds if inputs.test is None and inputs.first is None else 1
    return list(range(options.seed, options.seed + count))


def _teller(seed: int) -> Callable[[str], None]:
    return lambda text: note(f"seed {seed}: {text}")


#: Counts of rows that are no reasons why a row was left out.
_COUNTED = ("rows", "listens", "files")


def _tell_left_out(report: dict[str, Any]) -> None:
    for name, why in report["left_out"].items():
        note(f"{name} is left out: {why}")
    for part, word in (("rows", "histories"), ("test_rows", "test")):
        for reason, count in report["data"].get(part, {}).items():
            if count and reason not in _COUNTED:
                note(f"{word}: {reason} {count:,}")
    facts = report["split"]["facts"][0]
    if facts.get("test_pairs_in_train"):
        note(f"test pairs in train: {facts['test_pairs_in_train']:,}, left out of the test")
    if facts.get("test_listeners_without_history"):
        count = facts["test_listeners_without_history"]
        note(f"test listeners without history: {count:,}, told as new_listeners, not in the means")


def _tell_verdicts(report: dict[str, Any]) -> None:
    """Tell a person what the document says."""
    for name, told in report["models"].items():
        low, high = told["ndcg@10_interval"]
        verdict = told.get("against_baseline", {}).get("verdict", "the baseline of the tests")
        note(f"{name}: ndcg@10 {told['ndcg@10']:.4f} [{low:.4f}, {high:.4f}], {verdict}")
    for sentence in report["findings"]:
        note(sentence)


def _plan(
    options: argparse.Namespace, blocks: Sequence[str]
) -> tuple[list[Contender], list[str], dict[str, str]]:
    """Tell who is tried, which of them are told as models, and who is left out and why."""
    names = list_needed(read_model_names(options.models))
    left_out = find_absent(names)
    for name in names:
        if name in WITH_SIDE and name not in left_out and not blocks:
            left_out[name] = "needs side information: tags beside the plays, --songs or --lyrics"
    able = [name for name in names if name not in left_out]
    contenders = list_contenders(able, blocks, single_blends=_is_full(options))
    tried = {contender.name for contender in contenders}
    if not tried & set(PURE):
        reasons = "".join(f"; {name} {why}" for name, why in left_out.items())
        raise SettingsError(
            f"--models {options.models}: the others are compared with one of {', '.join(PURE)}, "
            f"and none of these is tried{reasons}; name one that can run here"
        )
    return contenders, [name for name in MODELS if name in tried], left_out


def _is_full(options: argparse.Namespace) -> bool:
    return options.history is not None or options.full


def _no_side(held: csr_matrix) -> dict[str, csr_matrix]:
    return {}


def _tell_reached(
    trials: Sequence[Mapping[str, Outcome]], parts: Sequence[Parts], models: Sequence[str]
) -> dict[str, Any]:
    """Tell the scores, the research question, and what both come to."""
    reached = tell_trials(trials, pure=PURE, models=models)
    best = reached["baseline"]["model"]
    for name, rows in (("question", QUESTION), ("question_of_blend", QUESTION_OF_BLEND)):
        if rows["cf"] in trials[0] and len(set(trials[0]) & set(rows.values())) > 1:
            reached[name] = tell_question(trials, rows, best)
    if "ease" in trials[0]:
        reached["reach"] = tell_reach(trials, parts)
    reached["findings"] = tell_findings(reached)
    return reached


def _try_all(
    options: argparse.Namespace, inputs: TasteInputs
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the trials; returns what they reached, and what they were."""
    song_blocks, song_facts = read_song_blocks(
        options.songs, options.lyrics, inputs.item_keys, seed=options.seed
    )
    seeds = _seeds_of(options, inputs)
    share = SHARE if options.share is None else options.share
    parts = [inputs.divide(seed, share) for seed in seeds]
    for part in parts:
        _refuse_empty(part, inputs.how)
    wants_side = any(name in WITH_SIDE for name in read_model_names(options.models))
    sources = [
        make_side_source(inputs, song_blocks, part.validation + part.test)
        if wants_side
        else _no_side
        for part in parts
    ]
    known = sources[0](parts[0].test)
    contenders, models, left_out = _plan(options, list(known))
    families = find_families(inputs.tagging, inputs.X.shape[1])
    trials = []
    for seed, part, side_of in zip(seeds, parts, sources, strict=True):
        trials.append(
            run_trial(
                contenders,
                part,
                side_of,
                families=families,
                seed=seed,
                cut=_is_full(options),
                tell=_teller(seed),
            )
        )
    reached = _tell_reached(trials, parts, models)
    return reached, {
        "side": {**song_facts, "coverage": tell_block_coverage(known, parts[0].fit)},
        "grids": {one.name: [dict(settings) for settings in one.grid] for one in contenders},
        "split": {
            "how": inputs.how,
            "held_out_share": share if inputs.test is None and inputs.first is None else None,
            "means_are_over": "listeners of the test who have a history",
            "seeds": seeds,
            "listeners_tested": _count_tested(parts),
            "facts": [part.facts for part in parts],
        },
        "left_out": left_out,
    }


def _is_tested(part: Parts) -> NDArray[np.bool_]:
    """Tell which listeners the means are over, (n_listeners,) bool."""
    return np.asarray((np.diff(part.test.indptr) > 0) & (np.diff(part.fit.indptr) > 0))


def _count_tested(parts: Sequence[Parts]) -> int:
    return int(np.any([_is_tested(part) for part in parts], axis=0).sum())


def _refuse_empty(part: Parts, how: str) -> None:
    n_in_train = part.facts.get("test_pairs_in_train", 0)
    tested = _is_tested(part)
    if not tested.any() and n_in_train:
        raise DataError(
            f"--test: all {n_in_train:,} pairs of its listeners that --train knows are in --train "
            "too, so nothing is left to foretell; give pairs that the train file does not have"
        )
    if not tested.any() or not part.validation.nnz:
        name = "validation" if tested.any() else "test"
        raise DataError(
            f"the {name} part is empty ({how}); give histories of more listeners or a longer time"
        )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Divide the histories, try the models on them, and report."""
    check_options(options)
    read_model_names(options.models)
    if options.plot is not None:
        from scripts.evaluation.playlist_plot import check_plot_path  # matplotlib: only for a plot

        check_plot_path(options.plot)
    inputs = _read_inputs(options)
    reached, tried = _try_all(options, inputs)
    report = {**reached, **tried, "data": inputs.facts}
    _tell_left_out(report)
    _tell_verdicts(report)
    if options.plot is not None:
        from scripts.evaluation.taste_plots import draw_taste

        draw_taste(options.plot, report)
    return report
