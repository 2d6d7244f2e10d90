"""The sixteen mood words as marks on a plot of the plane, and names that keep out of their way.

Conventions
-----------
The plane is that of :data:`~scripts.moods.vocabulary.PLANE_WORDS`: valence to the right, energy
(the song tables' proxy for arousal) upwards, both in [0, 1], the middle at 0.5. Words that share
a point share a mark and a label, "sad, gloomy". Sizes are in pixels, as in
:mod:`scripts.evaluation.label_placement`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle
from matplotlib.patheffects import Normal, Stroke

from scripts.evaluation.label_placement import place_names
from scripts.evaluation.plot_style import INK, NEUTRAL, SOFT, measure_texts
from scripts.moods.vocabulary import PLANE_WORDS

MIDDLE = 0.5
_LINE = "#cfcfcf"

#: Radius in the plane of the outer ring: it touches all four sides.
RADIUS = 0.5

#: Limits of the axes: a little beyond the plane, with room for a label above the highest word.
X_LIMITS, Y_LIMITS = (-0.03, 1.03), (-0.03, 1.05)

#: Height of the axes for a width of 1, so that a step up looks as long as one to the right.
HEIGHT = (Y_LIMITS[1] - Y_LIMITS[0]) / (X_LIMITS[1] - X_LIMITS[0])

#: A label further than this from its mark, in pixels from box to mark, gets a line to it.
_NEAR = 9.0


class Label(NamedTuple):
    """A text, the marks it names, and how both look."""

    text: str
    marks: np.ndarray  # (m, 2) on the plane
    size: float  # of the letters, in points
    color: str = INK
    edge: str | None = None  # colour of the box; None for no box
    weight: str = "bold"
    radius: float = 0.0  # of the marks, in pixels


def words_by_place() -> list[tuple[str, tuple[float, float]]]:
    """List the points that carry a word, words of one point together.

    >>> [text for text, place in words_by_place() if place == (0.1, 0.4)]
    ['sad, gloomy']
    """
    places: dict[tuple[float, float], list[str]] = {}
    for word, place in PLANE_WORDS.items():
        places.setdefault(place, []).append(word)
    return [(", ".join(words), place) for place, words in places.items()]


def draw_frame(axes: Axes) -> None:
    """Draw the middle lines and two rings, and set the limits and names of both axes."""
    axes.set_aspect("equal")
    for part in (1.0, 0.5):
        ring = Circle((MIDDLE, MIDDLE), RADIUS * part, fill=False, edgecolor=_LINE, zorder=1)
        ring.set_linestyle((0, (4, 3)))
        axes.add_patch(ring)
    axes.axhline(MIDDLE, color=_LINE, linewidth=1, zorder=1)
    axes.axvline(MIDDLE, color=_LINE, linewidth=1, zorder=1)
    ticks = np.linspace(0, 1, 6)
    axes.set(xlim=X_LIMITS, ylim=Y_LIMITS, xticks=ticks, yticks=ticks)
    axes.set(xlabel="valence (0 unpleasant, 1 pleasant)", ylabel="energy (0 still, 1 stirred)")


def mark_words(axes: Axes, *, faint: bool = False) -> list[Label]:
    """Mark the points of the words with diamonds; returns their labels, to be placed."""
    color = NEUTRAL if faint else INK
    words = words_by_place()
    x, y = np.array([place for _, place in words]).T
    dots = axes.scatter(x, y, s=26 if faint else 44, c=color, marker="D", edgecolors="white")
    dots.set(linewidths=0.8, zorder=2 if faint else 5)
    weight, size = ("normal", 8.5) if faint else ("bold", 9.5)
    shade = SOFT if faint else INK
    return [Label(text, np.array([place]), size, shade, None, weight) for text, place in words]


def _font(label: Label) -> FontProperties:
    return FontProperties(family=["DejaVu Sans"], size=label.size, weight=label.weight)


def draw_labels(axes: Axes, labels: Sequence[Label], keep_free: np.ndarray) -> None:
    """Place labels beside their marks, so that none covers another, and draw them.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are final.
    labels : sequence of Label
        In the order in which they choose their places.
    keep_free : numpy.ndarray, shape (m, 2), float
        Points of the plane that the labels should not cover, besides the marks.
    """
    origin = axes.bbox.p0
    fonts = [_font(one) for one in labels]
    texts = [measure_texts([one.text], font)[0] for one, font in zip(labels, fonts, strict=True)]
    margins = np.array([(14.0, 12.0) if one.edge else (5.0, 4.0) for one in labels])
    sizes = np.array(texts).reshape(-1, 2) + margins.reshape(-1, 2)
    middles = np.array([one.marks.mean(axis=0) for one in labels]).reshape(-1, 2)
    anchors = axes.transData.transform(middles) - origin
    occupied = np.vstack([one.marks for one in labels] + [keep_free])
    frame = (axes.bbox.width, axes.bbox.height)
    centres = place_names(anchors, sizes, axes.transData.transform(occupied) - origin, frame)
    spots = axes.transData.inverted().transform(centres + origin)
    lines, shades = [], []
    for one, size, centre in zip(labels, sizes, centres, strict=True):
        pixels = axes.transData.transform(one.marks) - origin
        ends = np.clip(pixels, centre - size / 2, centre + size / 2)  # where a line meets the box
        far = np.hypot(*(ends - pixels).T) > (0 if one.edge else one.radius + _NEAR)
        lines += list(np.stack([ends, pixels], axis=1)[far] + origin)
        shades += [one.color] * int(far.sum())
    lines = [axes.transData.inverted().transform(line) for line in lines]
    # under the marks, so that a line ends at the rim of its disc
    axes.add_collection(LineCollection(lines, colors=shades, linewidths=0.8, zorder=2.6))
    for one, font, (x, y) in zip(labels, fonts, spots, strict=True):
        name = axes.text(x, y, one.text, fontproperties=font, ha="center", va="center", zorder=6)
        name.set_color(one.color)
        if one.edge is None:
            name.set_path_effects([Stroke(linewidth=2.5, foreground="white"), Normal()])
        else:
            edge = {"edgecolor": one.edge, "linewidth": 1.4}
            name.set_bbox({"boxstyle": "round,pad=0.25", "facecolor": "white", **edge})
