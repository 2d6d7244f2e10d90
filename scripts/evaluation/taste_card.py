"""What the model card says of listeners' taste.

Conventions
-----------
Lines of Markdown, made from the part ``taste`` of ``metrics.json`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.evaluation.metrics import show

#: What the names of the models mean.
MODEL_TEXTS: dict[str, str] = {
    "random": "random order",
    "popularity": "the most played",
    "item-knn": "nearest artists by shared listeners",
    "als": "matrix factorisation (ALS)",
    "ease": "EASE",
    "ease+side": "EASE with side information",
    "blend": "a blend of models and side information",
}

LIMITS = """\
- Taste is learned for artists, since that is where histories and song tables meet: of two songs by
  one artist it prefers none. A song whose artist fewer than two listeners played is not scored.
- Who listens to much is easier to answer; a listener with a few plays gets near what is popular.
- The lists are scored by what people played by themselves. An artist they would like and never
  met counts as a miss, and what they met because it is popular counts as a hit.
- The set holds, where the model needs them, anonymous rows of which artists were played together
  and how much of each, in an order that has nothing to do with the files', and never a name, an
  address or a device. Who knows enough of somebody's artists could still find that row: do not
  pass a set on that was trained with histories you may not pass on.
"""

#: What is told where times are known.
LATER = (
    " There each artist of the rest counts as one listen, since totals would tell of later ones. "
    "Of the listeners who are learned from the whole history is known, later listens too."
)


def tell_join(join: Mapping[str, Any]) -> str:
    """Say how far histories and songs know the same artists."""
    return (
        f"{join['n_artists_met']:,} of their {join['n_history_artists']:,} artists "
        f"({join['share_of_history_artists']:.1%}; {join['share_of_listens']:.1%} of the listens) "
        f"are in the song table, by name; {join['share_of_songs']:.1%} of the songs have such an "
        "artist"
    )


def _score(model: Mapping[str, Any], metric: str = "ndcg@10") -> str:
    low, high = model[f"{metric} interval"]
    return f"{show(model[metric])} [{show(low)}, {show(high)}]"


def tell_chosen(part: Mapping[str, Any]) -> str:
    """Say which model was chosen and what it gains over the popular and the best pure one."""
    judged = part["judged"]
    models = {model["name"]: model for model in judged["models"]}
    name, popular = MODEL_TEXTS.get(part["model"], part["model"]), "popularity"
    told = f"{name}, NDCG@10 {_score(models[part['model']])} on {judged['n_testing']:,} listeners "
    told += "it never saw; "
    told += f"the most played {_score(models[popular])}, " if part["model"] != popular else ""
    told += f"random order {_score(models['random'])}"
    rival = judged["best_pure"]
    if part["model"] in judged["beside_popularity"]:
        told += f"; {judged['beside_popularity'][part['model']]['verdict']}"
    if part["model"] not in (rival, popular) and part["model"] in judged["beside_best_pure"]:
        told += f"; {judged['beside_best_pure'][part['model']]['verdict']}"
    return told


def _model_rows(judged: Mapping[str, Any], chosen: str) -> list[str]:
    lines = [
        "| | NDCG@10 | recall@20 | MAP@10 | artists listed | over the most played | p (Holm) |",
        "|---|---|---|---|---|---|---|",
    ]
    for model in judged["models"]:
        name = MODEL_TEXTS.get(model["name"], model["name"])
        name = f"**{name}**" if model["name"] == chosen else name
        beside = judged["beside_popularity"].get(model["name"])
        gain = p = ""
        if beside:
            low, high = beside["interval"]
            gain = f"{show(beside['difference'])} [{show(low)}, {show(high)}]"
            p = f"{beside['p_holm']:.2g}"
        lines.append(
            f"| {name} | {_score(model)} | {_score(model, 'recall@20')} | "
            f"{_score(model, 'map@10')} | {model['coverage@10']:.1%} | {gain} | {p} |"
        )
    return lines


def _help_of(row: Mapping[str, Any]) -> str:
    low, high = row["interval"]
    if low > 0:
        return "helps"
    return "harms" if high < 0 else "no difference shown"


def _side_lines(part: Mapping[str, Any]) -> list[str]:
    blocks = part["judged"]["side_blocks"]
    if not blocks:
        return []
    known = part["side_information"]
    lines = [
        "",
        "What each block of side information adds to EASE of the same settings, alone, at the best "
        "of the weights that were tried, on the listeners who chose (the best of several tries is "
        "a little too good). "
        "A model with side information is kept only if it is shown to be above the best without:",
        "",
        "| block | artists it knows | gain in NDCG@10 | 95% interval | |",
        "|---|---|---|---|---|",
    ]
    for row in blocks:
        low, high = row["interval"]
        lines.append(
            f"| {row['name']} | {known.get(row['name'], 0):,} | {row['gain']:+.4f} | "
            f"[{low:+.4f}, {high:+.4f}] | {_help_of(row)} |"
        )
    judged = part["judged"]
    beside = judged["beside_best_pure"].get("ease+side")
    if beside:
        low, high = beside["interval"]
        rival = MODEL_TEXTS.get(judged["best_pure"], judged["best_pure"])
        lines += [
            "",
            f"On the testing listeners EASE with side information is {beside['verdict']}; the best "
            f"model without is {rival}: {beside['difference']:+.4f} [{low:+.4f}, {high:+.4f}], "
            f"p {beside['p_holm']:.2g}.",
        ]
    return lines


def taste_section(part: Mapping[str, Any]) -> list[str]:
    """Write the section on taste."""
    read, judged = part["read"], part["judged"]
    counts = ", ".join(f"{n:,} {reason}" for reason, n in read["counts"].items() if n)
    held = "the artists met last" if read["has_times"] else "artists drawn by chance"
    left = part["join"]["n_artists_of_one_listener_left_out"]
    timed = LATER if read["has_times"] else ""
    return [
        "## Whose taste is alike",
        "",
        f"**Verdict: {tell_chosen(part)}.**",
        "",
        f"Do answers use it: {'yes' if part['answers_use'] else 'no'}; {part['why']}.",
        "",
        f"- read: {read['format']}, {read['n_listeners']:,} listeners ({counts or 'nothing'})",
        f"- {tell_join(part['join'])}",
        f"- learned from: {part['n_listeners']:,} listeners, {part['n_items']:,} artists, "
        f"{part['n_interactions']:,} pairs; {left:,} artists that one listener alone played were "
        "left out",
        f"- {part['join']['n_artists_scored']:,} of the artists have songs in the table "
        f"({part['join']['share_of_songs_scored']:.1%} of its songs)",
        "",
        f"Chosen on {judged['n_choosing']:,} listeners, tested on {judged['n_testing']:,} others; "
        f"none of them was learned from. A fifth of what each played ({held}) is held out, "
        "and all artists that two of the learning listeners played and that are not in the rest "
        "are ranked; a held-out artist that fewer of them played cannot be found and counts as a "
        f"miss.{timed} Means over listeners with 95% bootstrap intervals:",
        "",
        *_model_rows(judged, part["model"]),
        *_side_lines(part),
        "",
        "EASE is tried up to 6,000 listeners or artists, whichever are fewer (above 3,000 with few "
        "settings and without a blend), and matrix factorisation where its package is installed.",
        "",
        *LIMITS.splitlines(),
        "",
    ]
