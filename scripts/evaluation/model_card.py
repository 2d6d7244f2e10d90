"""The model card: what was learned, from what, how well, and where it fails.

Conventions
-----------
The card is Markdown, made from ``metrics.json`` and the files' names alone, so that it can be
made again from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.evaluation.lyric_card import lyric_section
from scripts.evaluation.metrics import LISTENER_METRICS, show
from scripts.evaluation.taste_card import taste_section
from scripts.evaluation.text_card import text_section
from scripts.moods.mood_labels import LEVELS, RULES
from scripts.moods.vocabulary import LISTENER_MOODS, SONG_MOODS
from scripts.text.text_mood import load_numbers

LIMITS = """\
- The survey's listeners are mostly women of 20 to 35 from one country who answered a form; other
  people may differ.
- A mood is what people ticked or tagged, not what they felt while listening.
- Spotify's `energy` is a sound proxy for arousal; its `valence` is a weak one for pleasantness
  (r about .4 with listeners' tags). The calibrated plane finds the quadrant more often and follows
  arousal more closely than the raw pair; it does not follow valence tags more closely.
- The quadrants are tested on songs with English lyrics and Last.fm tags; the eleven song moods
  within them come from clusters and are **not** tested against people's judgement.
- A song's score is the probability of its quadrant against the runner-up. It orders a list; it is
  not the chance that a listener agrees.
- `--point`, `--like --in plane` and journeys use the raw valence and energy of the table, so that
  the numbers asked for are the numbers seen; where they disagree with the song model, the model has
  its say at the two ends of a journey only. Nobody was asked whether a smooth way on this plane
  moves a listener's mood.
- Feedback orders songs by a taste that was tested on simulated listeners alone.
- Tracks of spoken words are told by Spotify's speechiness alone.
"""


def _cell(value: float | None) -> str:
    return "not defined" if value is None else show(value)


def _listener_section(part: Mapping[str, Any]) -> list[str]:
    lines = [
        "## The listener's mood",
        "",
        f"**Verdict: {part['verdict']}.**",
        "",
        f"Four moods, several at once ({', '.join(LISTENER_MOODS)}); one ridge-penalised logistic "
        f"regression a mood on the survey's answers; {part['n_listeners']:,} listeners.",
    ]
    if part["synthetic"]:
        lines += [
            "",
            "**These listeners are synthetic: they were drawn by chance, so every figure below "
            "means nothing.**",
        ]
    if not part["metrics"]:
        return [*lines, ""]
    lines += [
        "",
        f"Means over {part['n_folds']} folds of repeated 5-fold cross-validation; listeners with "
        "the same answers are never on both sides. The gain is over the better guess, with its "
        "corrected (Nadeau-Bengio) 95% interval.",
        "",
        "| | model | prior | majority | gain | 95% interval |",
        "|---|---|---|---|---|---|",
    ]
    for name, (text, more_is_better) in LISTENER_METRICS.items():
        m = part["metrics"][name]
        direction = "" if more_is_better else " (less is better)"
        lines.append(
            f"| {text}{direction} | {_cell(m['model'])} | {_cell(m['prior'])} | "
            f"{_cell(m['majority'])} | {_cell(m['gain'])} | "
            f"[{_cell(m['low'])}, {_cell(m['high'])}] |"
        )
    return [*lines, ""]


def _song_section(part: Mapping[str, Any]) -> list[str]:
    lines = [
        "## The songs' moods",
        "",
        f"**Verdict: {part['verdict']}.**",
        "",
        "A softmax in two levels: the quadrant of the mood plane "
        f"(learned from the {'labelled songs' if part['learned_from'] == 'truth' else 'plane'}), "
        "then the mood within it (learned from the names of the clusters).",
    ]
    checked = part["cross_validated"]
    if checked:
        lines += [
            "",
            f"Quadrants of {checked['n']:,} labelled songs, {checked['n_folds']} folds, an artist "
            "on one side only:",
            "",
            "| | accuracy | macro-F1 |",
            "|---|---|---|",
            f"| this model | {show(checked['accuracy'])} | {show(checked['macro_f1'])} |",
        ]
        titles = {
            "majority": "always the commonest",
            "fixed_cut": "raw valence and energy cut at .5",
            "naive_clusters": "the naive way: 12 clusters cut at the medians",
        }
        for name, text in titles.items():
            scores = checked["baselines"][name]
            lines.append(f"| {text} | {show(scores['accuracy'])} | {show(scores['macro_f1'])} |")
    lines += [
        "",
        f"Fidelity to the clusters: {show(part['fidelity_to_the_clusters'])}. {part['note']}",
        "",
    ]
    return lines


def _mood_section(metrics: Mapping[str, Any]) -> list[str]:
    levels = ", ".join(f"*{name}* {steps:+.2f}" for name, (steps, _) in LEVELS.items())
    tried = ", ".join(str(step["n_clusters"]) for step in metrics["song_clusters"]["ladder"])
    chosen = "as asked for"
    if tried:
        chosen = f"the fewest whose names cover every mood, or else most of them (tried: {tried})"
    lines = [
        "## How songs got their moods",
        "",
        f"{metrics['song_clusters']['n_clusters']} clusters, {chosen}. The middle of each is "
        f"placed on the calibrated plane; the rules of its quarter name it. Levels are standard "
        f"deviations from the mean of the quarter's songs: {levels}.",
        "",
        "| mood | quarter | rule | songs | stand-in |",
        "|---|---|---|---|---|",
    ]
    rules: dict[str, str] = {}
    for mood, asked in RULES:
        rules[mood] = ", ".join(f"{measure} {level}" for measure, level in asked)
    for row in metrics["moods"]:
        mood = row["mood"]
        quarter = SONG_MOODS[mood][2] if mood in SONG_MOODS else "none"
        rule = rules.get(mood, "speechiness above .66") or "else"
        stand_in = (row["stand_in"] or "").replace(";", ", ")
        lines.append(f"| {mood} | {quarter} | {rule} | {row['n_songs']:,} | {stand_in} |")
    missing = [row for row in metrics["moods"] if row["stand_in"]]
    lines += [""]
    for row in missing:
        lines.append(
            f"- *{row['mood']}* has {row['n_playable']} playable songs here; nearest on the plane, "
            f"*{row['stand_in'].replace(';', ', ')}* stands in."
        )
    return [*lines, ""] if missing else lines


def _data_section(metrics: Mapping[str, Any], files: Sequence[str]) -> list[str]:
    lines = ["## Data", "", f"Read: {', '.join(files)}.", ""]
    for name in ("songs", "listeners"):
        part = metrics[name]
        dropped = ", ".join(f"{n:,} {reason}" for reason, n in part["dropped"].items())
        lines.append(
            f"- {name}: {part['n_read']:,} rows read, {part['n_kept']:,} kept; "
            f"dropped: {dropped or 'none'} (each in `rejected_rows.csv`)"
        )
    return [*lines, ""]


def write_card(metrics: Mapping[str, Any], files: Sequence[str]) -> str:
    """Write the model card.

    Parameters
    ----------
    metrics : mapping
        The document ``metrics.json``.
    files : sequence of str
        Names of the files that were read.
    """
    lines = [f"# Model card of run {metrics['run']}", ""]
    lines += _data_section(metrics, files)
    lines += _listener_section(metrics["listener_mood"])
    lines += _song_section(metrics["song_mood"])
    lines += _mood_section(metrics)
    lines += lyric_section(metrics["lyrics"]) if "lyrics" in metrics else []
    lines += taste_section(metrics["taste"]) if "taste" in metrics else []
    lines += text_section(load_numbers()["facts"])
    lines += ["## Limits", "", LIMITS]
    return "\n".join(lines)
