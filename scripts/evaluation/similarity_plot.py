"""Box plots of the similarity of songs to words of feeling, by three ways to compare them.

Conventions
-----------
One panel a way: the embedding of the raw lyrics, free words, consolidated words. A box holds the
middle half of the similarities, its line is the median, whiskers reach the farthest value within
1.5 box lengths, and values beyond are left out. The ways measure on scales of their own, so boxes
compare within a panel only. With a reference each panel has a box for the songs that it calls
relevant and one for the others, over all its queries; without one, a box for each song mood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from scripts.errors import SettingsError
from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    NEUTRAL,
    add_axes,
    house_style,
    mood_color,
    new_figure,
    save_figure,
)
from scripts.evaluation.retrieval_ways import WAYS, Query, compare_ways
from scripts.learning.emotion_evidence import Encode, embed_lexicon
from scripts.learning.emotion_words import EmotionWords
from scripts.moods.emotion_lexicon import load_space
from scripts.moods.vocabulary import SONG_MOODS

_TITLES = {"raw": "raw lyrics", "free": "free words", "consolidated": "consolidated words"}

_PANEL, _GAP = 3.0, 0.3

#: A box is dark below this lightness, in [0, 1].
_LIGHT = 0.45
_READ = (
    "Boxes: the middle half of the similarities, with the median; whiskers: the farthest value "
    "within 1.5 box lengths. Each way has a scale of its own."
)


def chance_of_order(relevant: NDArray[Any], others: NDArray[Any]) -> float:
    """Tell how often a relevant song is more similar than another (AUC); .5 is chance.

    >>> chance_of_order(np.array([0.9, 0.4]), np.array([0.5, 0.4]))
    0.625
    """
    if not len(relevant) or not len(others):
        return float("nan")
    ordered = np.sort(others)
    below = np.searchsorted(ordered, relevant, "left")
    up_to = np.searchsorted(ordered, relevant, "right")
    return float((below + up_to).mean() / (2 * len(others)))


def _line_color(box: str) -> str:
    """Choose a colour that shows upon a box: white upon the dark ones.

    >>> _line_color("#f7e658"), _line_color("#1b3566")
    ('#222222', 'white')
    """
    red, green, blue = to_rgb(box)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > _LIGHT else "white"


def _draw_panel(axes: Axes, boxes: Sequence[NDArray[Any]], colors: Sequence[str]) -> None:
    drawn = axes.boxplot(
        [np.asarray(box, np.float64) for box in boxes],
        orientation="horizontal",
        widths=0.62,
        showfliers=False,
        patch_artist=True,
        medianprops={"linewidth": 2.0},
        whiskerprops={"color": INK, "linewidth": 0.9},
        capprops={"color": INK, "linewidth": 0.9},
    )
    for patch, median, color in zip(drawn["boxes"], drawn["medians"], colors, strict=True):
        patch.set(facecolor=color, edgecolor=INK, linewidth=0.9)
        median.set(color=_line_color(color), solid_capstyle="butt")
    axes.invert_yaxis()
    axes.margins(x=0.04)
    axes.xaxis.grid(visible=True)
    axes.set_xlabel("similarity")


def draw_boxes(
    path: Path,
    panels: Mapping[str, Sequence[NDArray[Any]]],
    names: Sequence[str],
    colors: Sequence[str],
    *,
    heads: Mapping[str, str],
    title: str,
    caption: str,
) -> Path:
    """Draw one panel of boxes a way.

    Parameters
    ----------
    path : Path
        A .png, .svg or .pdf file.
    panels : mapping of str to sequence of (n,) float
        Way -> the similarities of each box.
    names, colors : sequence of str
        Of the boxes, from above.
    heads : mapping of str to str
        What stands over each panel.
    title, caption : str

    Raises
    ------
    SettingsError
        The file cannot be written.
    """
    left = 0.4 + 0.085 * max(len(name) for name in names)
    tall = 0.45 + 0.3 * len(names)
    width = left + len(panels) * _PANEL + (len(panels) - 1) * _GAP + 0.3
    with house_style():
        figure = new_figure((width, tall + 1.35), title, notes=(_READ,), caption=caption)
        for at, (way, boxes) in enumerate(panels.items()):
            axes = add_axes(figure, left + at * (_PANEL + _GAP), 0.9, _PANEL, tall)
            _draw_panel(axes, boxes, colors)
            axes.set_yticks(range(1, len(names) + 1), names if at == 0 else [""] * len(names))
            axes.set_title(heads[way], loc="left", fontsize=10)
        try:
            return save_figure(figure, path)
        except OSError as error:
            raise SettingsError(
                f"{path}: cannot be written ({error.strerror}); give another file"
            ) from error


def _finding(order: Mapping[str, float]) -> str:
    """Say whether words tell songs apart better than raw lyrics do.

    >>> _finding({"raw": 0.6, "free": 0.64, "consolidated": 0.7})
    'Consolidated words tell relevant songs from others better than raw lyrics'
    """
    told = {way: round(value, 2) for way, value in order.items()}
    if not told["consolidated"] > told["raw"]:
        return "Words of feeling do not tell relevant songs from others better than raw lyrics"
    words = "Consolidated" if told["consolidated"] >= told["free"] else "Free and consolidated"
    return f"{words} words tell relevant songs from others better than raw lyrics"


def plot_relevance(
    path: Path, similarities: Mapping[str, NDArray[Any]], relevance: NDArray[np.bool_]
) -> Path:
    """Draw relevant songs against the others, for each way.

    Parameters
    ----------
    similarities : mapping of str to (n_queries, n_songs) float
    relevance : (n_queries, n_songs) bool
    """
    panels = {way: [similarities[way][relevance], similarities[way][~relevance]] for way in WAYS}
    order = {way: chance_of_order(*boxes) for way, boxes in panels.items()}
    return draw_boxes(
        path,
        panels,
        ["relevant songs", "other songs"],
        [ACCENT, NEUTRAL],
        heads={way: f"{_TITLES[way]}: AUC {order[way]:.2f}" for way in WAYS},
        title=_finding(order),
        caption=(
            f"{relevance.shape[0]:,} queries to {relevance.shape[1]:,} songs. AUC: how often a "
            "relevant song is more similar to the query than another; .5 is chance."
        ),
    )


def plot_similarity(
    path: Path, words: EmotionWords, lyric_vectors: NDArray[Any], encode: Encode
) -> Path:
    """Draw the similarity of a set's songs to each song mood, for each way.

    Parameters
    ----------
    path : Path
        A .png, .svg or .pdf file.
    words : EmotionWords
        The words of n lyrics.
    lyric_vectors : (n, size) float
        Their embeddings.
    encode : callable
        Embeds words.
    """
    moods = list(SONG_MOODS)
    queries = [Query(mood, (mood,), "", "en", True) for mood in moods]
    ways = compare_ways(
        queries,
        encode(moods),
        np.asarray(lyric_vectors, np.float32),
        words,
        embed_lexicon(encode),
        space=load_space(),
        points=[None] * len(moods),
    )
    n = len(words.songs)
    return draw_boxes(
        path,
        {way: list(ways[way]) for way in WAYS},
        moods,
        [mood_color(mood) for mood in moods],
        heads=_TITLES,
        title="How similar the lyrics are to each mood, by three ways to compare them",
        caption=(
            f"{n:,} lyrics; {len(words.free.words):,} free words consolidated to "
            f"{len(words.words):,}. Colours: the moods, as in every plot."
        ),
    )
