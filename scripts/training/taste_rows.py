"""What a training run tells of taste: the document, the figures, the lines on the terminal, plots.

Conventions
-----------
Nothing here names a listener, or the files of one: histories are told by their number, format and
counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scripts.evaluation.genre_plot import draw_genre_map
from scripts.evaluation.taste_card import tell_chosen, tell_join
from scripts.evaluation.taste_set_plots import draw_long_tail, draw_model_scores
from scripts.training.taste import LearnedTaste, Places


def taste_metrics(taste: LearnedTaste) -> dict[str, Any]:
    """Collect the figures of a model of taste for ``metrics.json``."""
    found, listening = taste.found, taste.listening
    return {
        "model": taste.verdict.family,
        "settings": taste.verdict.settings,
        "answers_use": taste.verdict.answers_use,
        "why": taste.verdict.why,
        "n_listeners": found.n_listeners,
        "n_items": len(found.numbers),
        "n_interactions": int(found.histories.nnz),
        "read": {
            "format": listening.format,
            "n_listeners": len(listening.users),
            "has_times": bool(listening.has_times),
            "counts": {reason: int(n) for reason, n in listening.counts.items()},
        },
        "join": found.join,
        "side_information": taste.blocks,
        "judged": taste.verdict.facts,
    }


def taste_document(taste: LearnedTaste, arrays_sha256: str) -> dict[str, Any]:
    """Make the document ``taste.json``."""
    return {**taste_metrics(taste), "arrays_sha256": arrays_sha256}


def tell_taste(part: dict[str, Any]) -> list[str]:
    """Say on the terminal what was read, joined, learned, and how well."""
    counts = dict(part["read"]["counts"])
    n_files = counts.pop("files", 1)
    told = ", ".join(f"{n:,} {reason}" for reason, n in counts.items() if n)
    told += f", {n_files:,} files" if n_files > 1 else ""
    return [
        f"Histories: {part['read']['format']}, {part['read']['n_listeners']:,} listeners ({told}).",
        f"Histories: {tell_join(part['join'])}.",
        f"Taste model: {tell_chosen(part)}.",
        *([] if part["answers_use"] else [f"Taste model: {part['why']}."]),
    ]


def draw_place_plots(folder: Path, places: Places, *, seed: int = 0) -> None:
    """Draw the map of genres, and how well the models of taste do."""
    taste = places.taste
    if places.genre_map is not None:
        tagged = taste is not None and len(taste.listening.tag_names) > 0
        source = "genres of the song table" + (" and listeners' tags" if tagged else "")
        draw_genre_map(folder / "genre_map.png", places.genre_map, seed=seed, source=source)
    if taste is None:
        return
    draw_model_scores(folder / "taste" / "model_scores.png", taste_metrics(taste))
    listeners = np.bincount(taste.found.histories.indices, minlength=len(taste.found.numbers))
    draw_long_tail(
        folder / "taste" / "long_tail.png",
        taste.verdict.lists,
        listeners,
        chosen=taste.verdict.family,
        n_testing=taste.verdict.facts["n_testing"],
    )
