"""What the model card says of lyrics.

Conventions
-----------
Lines of Markdown, made from the part ``lyrics`` of ``metrics.json`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.evaluation.lyric_ways import AUDIO, MODEL
from scripts.evaluation.metrics import show

LIMITS = """\
- Lyrics are joined by id, or by artist and title: a wrong text under the right name is told by its
  trust alone, which looks for the words of the title.
- The emotion words of a song are the program's own reading of its words; nobody was asked whether a
  listener would choose them.
- Embeddings know languages unequally: the mood of words is tested on English lyrics.
"""


def _join_lines(join: Mapping[str, Any]) -> list[str]:
    ways = ", ".join(f"{n:,} by {way}" for way, n in join["ways"].items() if n)
    dropped = ", ".join(f"{n:,} {reason}" for reason, n in join["dropped"].items())
    lost = "; ".join(f"{reason} ({n:,})" for reason, n in join["not_joined"].items())
    lines = [
        f"- {join['n_read']:,} rows read, {join['n_kept']:,} kept; dropped: {dropped or 'none'}",
        f"- {join['n_joined']:,} ({join['share_joined']:.1%}) belong to songs of the table"
        f"{f' ({ways})' if ways else ''}; not joined: {lost or 'none'} (each in "
        "`lyrics_not_joined.csv`)",
        f"- {join['n_songs_with_lyrics']:,} of {join['n_songs']:,} songs have lyrics",
    ]
    if join["mean_trust"] is not None:
        lines.append(
            f"- probability that a text belongs to its song, by title and artist: "
            f"{show(join['mean_trust'])} on average"
        )
    return lines


def tell_gain(mood: Mapping[str, Any]) -> str:
    """Say in words what lyrics add to the sound."""
    checked = mood["cross_validated"]
    if checked is None:
        return (
            "the lyric half is the shipped one; not tested on your songs (that takes --truth with "
            "at least 200 songs that have lyrics)"
        )
    sound, both = checked["ways"][AUDIO], checked["ways"][MODEL]
    low, high = both["interval"]
    told = (
        f"sound and words {show(both['accuracy'])} of the quadrants right, sound alone "
        f"{show(sound['accuracy'])}, always the commonest {show(checked['majority'])}: a gain over "
        f"the sound of {show(both['gain'])} [{show(low)}, {show(high)}] ({checked['n']:,} "
        "labelled songs with lyrics)"
    )
    return told if low > 0 else f"{told}; an interval that holds 0 shows no help"


def _mood_lines(mood: Mapping[str, Any]) -> list[str]:
    lines = ["", "### The mood of the words", "", f"**Verdict: {tell_gain(mood)}.**", ""]
    lines.append(
        "A softmax on the embedding of the lyrics, pooled with the sound's by weights fitted on "
        f"labelled songs: sound {mood['audio_weight']:.2f}, words {mood['lyric_weight']:.2f}, "
        "times the trust in the text."
    )
    checked = mood["cross_validated"]
    if checked is None:
        return lines
    lines += [
        "",
        f"{checked['n']:,} labelled songs with lyrics, {checked['n_folds']} folds, an artist on "
        "one side only:",
        "",
        "| | accuracy | 95% interval | macro-F1 |",
        "|---|---|---|---|",
        f"| always the commonest | {show(checked['majority'])} | | |",
    ]
    for way, scores in checked["ways"].items():
        low, high = scores["accuracy_interval"]
        lines.append(
            f"| {way} | {show(scores['accuracy'])} | [{show(low)}, {show(high)}] | "
            f"{show(scores['macro_f1'])} |"
        )
    return lines


def _word_lines(words: Mapping[str, Any]) -> list[str]:
    return [
        "",
        "### Emotion words",
        "",
        f"{words['n_free']:,} free words were consolidated into {words['n_words']:,}; a song has "
        f"eight at most. `--say` keeps songs of similarity {show(words['min_similarity'])} and "
        "more.",
    ]


def lyric_section(part: Mapping[str, Any]) -> list[str]:
    """Write the section of lyrics."""
    lines = ["## Lyrics", "", *_join_lines(part["join"])]
    if "mood" not in part:
        return [*lines, "", "No song has lyrics, so nothing was learned from them.", ""]
    lines += _word_lines(part["words"])
    lines += _mood_lines(part["mood"])
    if part["topics"]:
        lines += ["", "### Topics", "", part["topics"]["note"]]
    return [*lines, "", "### Limits of what is read in lyrics", "", LIMITS]
