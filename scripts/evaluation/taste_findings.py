"""What the report of the check ``taste`` comes to, in sentences.

Conventions
-----------
Sentences are made from the report alone, of differences in ndcg@10 and their verdicts; what is not
shown is said too. See :mod:`scripts.evaluation.taste_report` for the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scripts.evaluation.taste_report import MAIN, Trials, pool_metric
from scripts.evaluation.taste_splits import Parts
from scripts.evaluation.taste_tests import LEVEL, interval_of_mean

#: ndcg@10 that EASE was to reach on divisions that hold a fifth of each history out.
AIM = 0.22

_TABLES = {"question": "EASE", "question_of_blend": "the blend of histories alone"}


def _is_above(row: Mapping[str, Any]) -> bool:
    shown = row.get("p_holm", 1.0) < LEVEL and row["difference"] > 0
    return bool(shown and not row["verdict"].startswith("too few"))


def _shown(row: Mapping[str, Any]) -> str:
    if row["p_holm"] >= LEVEL:
        return "not shown"
    return "shown" if row["difference"] > 0 else "shown to be below"


def _of_table(table: Mapping[str, Any], name: str) -> str:
    """Say what each block adds to the first row."""
    rows = {row: told[f"{MAIN}_against_cf"] for row, told in table.items() if row != "cf"}
    parts = [f"{row} {told['difference']:+.4f} ({_shown(told)})" for row, told in rows.items()]
    return f"side information added to {name} ({table['cf']['model']}): {', '.join(parts)}"


def _of_best(table: Mapping[str, Any], best: str) -> list[str]:
    """Say how the row with everything stands beside the best model of histories alone."""
    row = table.get("+all", {}).get(f"{MAIN}_against_best_pure")
    if row is None or table["cf"]["model"] == best:
        return []
    return [
        f"{table['+all']['model']}, all side information added to {table['cf']['model']}, is "
        f"{row['difference']:+.4f} from the best model of histories alone: {row['verdict']}"
    ]


def _of_hybrids(report: Mapping[str, Any], hybrids: Sequence[str]) -> list[str]:
    """Say whether a hybrid is above the best model of histories alone, and in which groups."""
    found = []
    baseline = report["baseline"]["model"]
    rows = {name: report["models"][name]["against_baseline"] for name in hybrids}
    above = [name for name, row in rows.items() if _is_above(row)]
    found.append(
        f"above the best model of histories alone ({baseline}): "
        f"{', '.join(above) if above else 'no model with side information is shown to be'}"
    )
    for group, told in report["groups"].items():
        if told["n_listeners"]:
            models = told["models"]
            shown = [
                f"{name} {models[name]['against_baseline']['difference']:+.4f}"
                for name in hybrids
                if name in models and _is_above(models[name]["against_baseline"])
            ]
            few = any(
                one.get("against_baseline", {}).get("verdict", "").startswith("too few")
                for one in models.values()
            )
            nothing = "too few listeners to tell" if few else "none shown"
            found.append(
                f"{group}, above {told['baseline']}: {', '.join(shown) if shown else nothing}"
            )
    return found


def tell_findings(report: Mapping[str, Any]) -> list[str]:
    """Say what side information adds, to whom, and what was reached."""
    found = []
    for key, name in _TABLES.items():
        if key in report:
            found.append(_of_table(report[key], name))
            found += _of_best(report[key], report["baseline"]["model"])
    hybrids = [name for name in report["models"] if "+side" in name or name == "blend"]
    if hybrids:
        found += _of_hybrids(report, hybrids)
    for name, told in report["models"].items():
        if told["at_edge_of_grid"]:
            keys = ", ".join(told["at_edge_of_grid"])
            found.append(f"{name}: the best value tried is at the edge of the grid: {keys}")
    if "reach" in report:
        found.append(report["reach"]["text"])
    return found


def tell_reach(trials: Trials, parts: Sequence[Parts]) -> dict[str, Any]:
    """Say whether EASE reaches what was aimed at, and how much there was to learn and to find.

    A score of lists of ten grows with what is held out of each history and with what is learned
    from, so it compares only among divisions alike.
    """
    reached = interval_of_mean(pool_metric(trials, "all", MAIN)["ease"])[0]
    held = [part.test.nnz / max(1, int((np.diff(part.test.indptr) > 0).sum())) for part in parts]
    learned = float(np.mean([part.fit.nnz for part in parts]))
    text = (
        f"EASE reaches ndcg@10 {reached:.4f}, {'not below' if reached >= AIM else 'below'} the "
        f"{AIM} aimed at; {np.mean(held):.1f} artists a listener are held out and "
        f"{learned:,.0f} pairs are learned from: the score grows with both, which --share shows"
    )
    return {
        "aim": AIM,
        "ease": round(reached, 5),
        "held_out_per_listener": round(float(np.mean(held)), 2),
        "pairs_learned_from": round(learned),
        "text": text,
    }
