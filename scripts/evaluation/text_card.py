"""What the model card says of the model that reads sentences.

Conventions
-----------
The numbers of that model ship with the project, so every run tells the same: figures of its fit,
each beside what guessing or the lesser model gets, none of them from the run's own tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.evaluation.metrics import show


def _cell(score: Mapping[str, Any], name: str) -> str:
    low, high = score["interval"]
    return f"{show(score[name])} [{show(low)}, {show(high)}]"


def text_section(facts: Mapping[str, Any]) -> list[str]:
    """Write the section on sentences.

    Parameters
    ----------
    facts : mapping
        ``facts`` of ``text_mood.json``, as ``python -m scripts.fit_text`` prints them.
    """
    full, words = facts["held_out"]["full"], facts["held_out"]["words"]
    answered = "quarter right where it answers"
    all_yes = show(facts["comments, full"]["all yes"])
    return [
        "## Sentences (`--say`)",
        "",
        "Shipped numbers, the same in every run; *held out* are the project's own sentences, each "
        "read by layers that were fitted without its neighbours in the file.",
        "",
        "| | full model | key words alone |",
        "|---|---|---|",
        f'| "emotion", validation, accuracy | {_cell(facts["tweets, full"], "accuracy")} '
        f"| {_cell(facts['tweets, words'], 'accuracy')} |",
        f"| GoEmotions, dev, six groups, macro-F1 (all yes: {all_yes}) "
        f"| {_cell(facts['comments, full'], 'macro_f1')} "
        f"| {_cell(facts['comments, words'], 'macro_f1')} |",
        f"| held out, {answered} (guessing: .25) | {_cell(full[answered], 'accuracy')} "
        f"| {_cell(words[answered], 'accuracy')} |",
        f"| abstains: neutral texts, others | {show(full['abstains, neutral'])}, "
        f"{show(full['abstains, others'])} | {show(words['abstains, neutral'])}, "
        f"{show(words['abstains, others'])} |",
        "",
        "Spanish is read less well than English: the published sets are English.",
        "",
    ]
