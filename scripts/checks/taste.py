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
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from scripts.checks.taste_inputs import (
    TasteInputs,
    find_companions,
    read_history_input,
    read_split_input,
)
from scripts.checks.taste_side import (
    find_families,
    make_side_source,
    read_song_blocks,
    tell_block_coverage,
)
from scripts.console import note
from scripts.errors import DataError, SettingsError
from scripts.evaluation.taste_contenders import Contender
from scripts.evaluation.taste_report import tell_question, tell_trials
from scripts.evaluation.taste_splits import Parts
from scripts.evaluation.taste_trial import run_trial
from scripts.evaluation.taste_tuning_grid import (
    PURE,
    QUESTION,
    WITH_SIDE,
    list_contenders,
)

#: All models, in the order in which they are told.
MODELS: tuple[str, ...] = ("random", "popularity", *PURE, *WITH_SIDE)

#: Model -> the package it needs and the line that installs it.
EXTRAS: dict[str, tuple[str, str]] = {
    "als": ("implicit", "python -m pip install 'implicit>=0.7.2,<1'"),
    "als+side": ("implicit", "python -m pip install 'implicit>=0.7.2,<1'"),
    "mult-vae": ("torch", "python -m pip install 'torch>=2.6,<3'"),
    "mult-vae+side": ("torch", "python -m pip install 'torch>=2.6,<3'"),
}

MOST_SEEDS = 50


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("taste", help="judge models of taste on histories of many listeners")
    add = parser.add_argument
    add("--history", type=Path, metavar="PATH", help="histories of many listeners, to be divided")
    add("--train", type=Path, metavar="FILE", help="plays to learn from (userID artistID weight)")
    add("--test", type=Path, metavar="FILE", help="plays to be foretold, in the same form")
    add("--artists", type=Path, metavar="FILE", help="names of artists (default: beside --train)")
    add("--tags", type=Path, metavar="FILE", help="names of tags (default: beside --train)")
    add("--tagged", type=Path, metavar="FILE", help="tags of artists (default: beside --train)")
    add(
        "--songs",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="sound of the artists",
    )
    add(
        "--lyrics",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="words of the artists",
    )
    add("--models", metavar="A,B", help=f"of {', '.join(MODELS)} (default: all that can run)")
    add("--seeds", type=int, default=5, metavar="COUNT", help="how often --history is divided")
    add("--seed", type=int, default=0, help="the first seed")
    add("--min-play-seconds", type=float, default=30.0, metavar="SECONDS")
    add("--plot", type=Path, metavar="FILE.png", help="draw the scores too")
    where = "whose store of runs --track writes to"
    add("--output", type=Path, default=Path("output"), metavar="DIR", help=where)
    parser.set_defaults(check=run)


def read_model_names(told: str | None) -> list[str]:
    """Read ``--models``.

    >>> read_model_names("ease, popularity")
    ['popularity', 'ease']
    """
    if told is None:
        return list(MODELS)
    names = [name.strip() for name in told.split(",") if name.strip()]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        seen = repr(unknown[0]) if unknown else "no name"
        raise SettingsError(f"--models: {seen} is not known; choose among {', '.join(MODELS)}")
    return [name for name in MODELS if name in names]


def _check_options(options: argparse.Namespace) -> None:
    given = (options.train is not None, options.test is not None)
    if options.history is None and given == (False, False):
        raise SettingsError("give --history PATH, or --train FILE and --test FILE")
    if options.history is not None and any(given):
        raise SettingsError("--history is divided here; leave it out beside --train and --test")
    if any(given) and not all(given):
        missing = "--test" if given[0] else "--train"
        raise SettingsError(f"--train and --test go together; give {missing} FILE as well")
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise SettingsError(f"--seeds {options.seeds}: give a whole number from 1 to {MOST_SEEDS}")
    if options.seed < 0:
        raise SettingsError(f"--seed {options.seed}: give a whole number of at least 0")
    for option in ("history", "train", "test"):
        path = getattr(options, option)
        if path is not None and not path.exists():
            raise SettingsError(f"--{option} {path}: there is no such file; name an existing one")
        if option != "history" and path is not None and not path.is_file():
            raise SettingsError(f"--{option} {path}: is no file; name the file itself")
    if options.history is not None:
        for option in ("artists", "tags", "tagged"):
            if getattr(options, option) is not None:
                raise SettingsError(f"--{option} belongs to --train; --history finds its own files")


def _read_inputs(options: argparse.Namespace) -> TasteInputs:
    if options.history is not None:
        return read_history_input(options.history, min_play_seconds=options.min_play_seconds)
    given = {name: getattr(options, name) for name in ("artists", "tags", "tagged")}
    return read_split_input(options.train, options.test, find_companions(options.train, given))


def find_absent(names: Sequence[str]) -> dict[str, str]:
    """Name the models that cannot run here, each with the reason and what to do."""
    return {
        name: f"needs the package {EXTRAS[name][0]}; install it with: {EXTRAS[name][1]}"
        for name in names
        if name in EXTRAS and find_spec(EXTRAS[name][0]) is None
    }


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
    for name in ("test_pairs_in_train", "test_pairs_of_listeners_without_history"):
        count = report["split"]["facts"][0].get(name, 0)
        if count:
            note(f"{name.replace('_', ' ')}: {count:,}, left out of the test")


def _tell_verdicts(report: dict[str, Any]) -> None:
    """Tell a person what the document says."""
    for name, told in report["models"].items():
        low, high = told["ndcg@10_interval"]
        verdict = told.get("against_baseline", {}).get("verdict", "the baseline of the tests")
        note(f"{name}: ndcg@10 {told['ndcg@10']:.4f} [{low:.4f}, {high:.4f}], {verdict}")
    for row, told in report.get("question", {}).items():
        if row != "cf":
            compared = told["ndcg@10_against_cf"]
            note(f"CF {row}: {compared['difference']:+.4f} ndcg@10, {compared['verdict']}")


def _plan(
    options: argparse.Namespace, blocks: Sequence[str]
) -> tuple[list[Contender], list[str], dict[str, str]]:
    """Tell who is tried, which of them are told as models, and who is left out and why."""
    names = read_model_names(options.models)
    left_out = find_absent(names)
    for name in names:
        if name in WITH_SIDE and name not in left_out and not blocks:
            left_out[name] = "needs side information: tags beside the plays, --songs or --lyrics"
    contenders = list_contenders([name for name in names if name not in left_out], blocks)
    tried = {contender.name for contender in contenders}
    if not tried & set(PURE):
        reasons = "".join(f"; {name} {why}" for name, why in left_out.items())
        raise SettingsError(
            f"--models {options.models}: the others are compared with one of {', '.join(PURE)}, "
            f"and none of these is tried{reasons}; name one that can run here"
        )
    return contenders, [name for name in MODELS if name in tried], left_out


def _no_side(held: csr_matrix) -> dict[str, csr_matrix]:
    return {}


def _try_all(
    options: argparse.Namespace, inputs: TasteInputs
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the trials; returns what they reached, and what they were."""
    song_blocks, song_facts = read_song_blocks(
        options.songs, options.lyrics, inputs.item_keys, seed=options.seed
    )
    seeds = _seeds_of(options, inputs)
    parts = [inputs.divide(seed) for seed in seeds]
    wants_side = any(name in WITH_SIDE for name in read_model_names(options.models))
    sources = [
        make_side_source(inputs, song_blocks, part.validation + part.test, seed=options.seed)
        if wants_side
        else _no_side
        for part in parts
    ]
    known = sources[0](parts[0].test)
    contenders, models, left_out = _plan(options, list(known))
    families = find_families(inputs.tagging, inputs.X.shape[1])
    trials = []
    for seed, part, side_of in zip(seeds, parts, sources, strict=True):
        _refuse_empty(part, inputs.how)
        tell = _teller(seed)
        trials.append(run_trial(contenders, part, side_of, families=families, seed=seed, tell=tell))
    reached = tell_trials(trials, pure=PURE, models=models)
    if set(trials[0]) & (set(QUESTION.values()) - {"ease"}):
        reached["question"] = tell_question(trials, QUESTION)
    return reached, {
        "side": {**song_facts, "coverage": tell_block_coverage(known, parts[0].fit)},
        "grids": {one.name: [dict(settings) for settings in one.grid] for one in contenders},
        "split": {
            "how": inputs.how,
            "seeds": seeds,
            "listeners_tested": int((sum(np.diff(part.test.indptr) for part in parts) > 0).sum()),
            "facts": [part.facts for part in parts],
        },
        "left_out": left_out,
    }


def _refuse_empty(part: Parts, how: str) -> None:
    if not part.test.nnz or not part.validation.nnz:
        name = "test" if not part.test.nnz else "validation"
        raise DataError(
            f"the {name} part is empty ({how}); give histories of more listeners or a longer time"
        )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Divide the histories, try the models on them, and report."""
    _check_options(options)
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
