"""A map of songs by what their lyrics are about.

Conventions
-----------
Each mark is a lyric in the colour and form of its largest topic. The map has no axes: directions
and distances between groups mean little. It shows a stated sample, chosen by the seed.

Method
------
t-SNE, as :mod:`scripts.evaluation.song_map` draws it, of the square roots of the shares, whose
Euclidean distance is Hellinger's between mixtures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from scripts.evaluation.label_placement import place_names
from scripts.evaluation.plot_style import (
    INK,
    MARGIN,
    add_axes,
    measure_texts,
    new_figure,
    percent,
    sample_rows,
    save_figure,
)
from scripts.evaluation.song_map import map_songs
from scripts.learning.topics import Topics

SAMPLE = 1_000
COLORS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#56b4e9",
    "#cc79a7",
    "#f0e442",
    "#000000",
)
MARKS = ("o", "^", "s")


def draw_topic_map(path: Path, topics: Topics, labels: Sequence[str], seed: int) -> Path:
    """Draw the map inside :func:`~scripts.evaluation.plot_style.house_style`; returns `path`.

    Parameters
    ----------
    path : pathlib.Path
    topics : Topics
        At least one lyric has shares.
    labels : sequence of str
        Number and words of each topic.
    seed : int
    """
    known = np.flatnonzero(topics.leading >= 0)
    rows = known[sample_rows(len(known), SAMPLE, seed)]
    shares = topics.shares[rows].astype(np.float64)
    points, perplexity = map_songs(np.sqrt(shares), seed)
    told = f"{len(rows):,} lyrics"
    if len(rows) < len(known):
        told = f"a sample of {len(rows):,} of {len(known):,} lyrics, seed {seed}"
    how = f"t-SNE with perplexity {perplexity:.0f}" if perplexity else "principal components"
    return save_figure(_draw(points, shares, labels, f"{told}; {how} of the topics' shares"), path)


def _draw(points: np.ndarray, shares: np.ndarray, labels: Sequence[str], caption: str) -> Figure:
    figure = new_figure(
        (10.2, 6.4),
        f"{percent(float((shares.max(axis=1) > 0.5).mean()))} of the lyrics are mostly about one "
        f"of the {len(labels)} topics",
        notes=(
            "Each mark is a lyric in the colour of its largest topic, larger the more of it is "
            "that topic; neighbours mix topics alike. Colours tell topics, not moods.",
        ),
        caption=caption[0].upper() + caption[1:] + ".",
    )
    wide = figure.get_figwidth() - 2 * MARGIN
    axes = add_axes(figure, MARGIN, 0.45, wide, 5.8)
    leading = shares.argmax(axis=1)
    for topic in range(len(labels)):
        own = leading == topic
        color, mark = COLORS[topic % len(COLORS)], MARKS[topic // len(COLORS) % len(MARKS)]
        axes.scatter(
            points[own, 0],
            points[own, 1],
            s=8 + 34 * shares[own, topic] ** 2,
            c=color,
            marker=mark,
            edgecolors=INK,
            linewidths=0.3,
            alpha=0.85,
        )
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.margins(0.08)
    _name_topics(axes, points, shares, labels)
    return figure


def _name_topics(axes: Axes, points: np.ndarray, shares: np.ndarray, labels: Sequence[str]) -> None:
    """Write each topic's name beside the middle of its lyrics, the largest topic first."""
    leading = shares.argmax(axis=1)
    counts = np.bincount(leading, minlength=len(labels))
    order = [int(topic) for topic in np.argsort(-counts, kind="stable") if counts[topic]]
    places = np.array([_middle(points, leading == topic, shares[:, topic]) for topic in order])
    font = FontProperties(family=["DejaVu Sans"], size=8.5 if len(order) <= 12 else 7.5)
    font.set_weight("bold")
    texts = [f"{labels[topic]} ({counts[topic]:,})" for topic in order]
    axes.autoscale_view()
    origin = axes.bbox.p0
    anchors = axes.transData.transform(places) - origin
    frame = (axes.bbox.width, axes.bbox.height)
    sizes = measure_texts(texts, font) + np.array([16.0, 10.0])
    marks = axes.transData.transform(points) - origin
    centres = place_names(anchors, sizes, marks, frame)
    spots = axes.transData.inverted().transform(centres + origin)
    for topic, text, spot, place in zip(order, texts, spots, places, strict=True):
        axes.plot(*np.array([spot, place]).T, color=INK, linewidth=0.8, zorder=5)
        name = axes.text(
            spot[0], spot[1], text, fontproperties=font, ha="center", va="center", zorder=6
        )
        edge = {"edgecolor": COLORS[topic % len(COLORS)], "linewidth": 1.6}
        name.set_bbox({"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.9, **edge})


def _middle(points: np.ndarray, own: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Find the lyric in the middle of those that hold most of their topic."""
    pure = points[own & (share >= np.median(share[own]))]
    gaps = np.hypot(*(pure - np.median(pure, axis=0)).T)
    return pure[gaps.argmin()]
