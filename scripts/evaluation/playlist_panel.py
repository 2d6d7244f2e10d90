"""The songs of a playlist: as marks on a way, as a list beside it, and close up.

Conventions
-----------
Places are pairs of valence and energy, (n, 2) float, in the order of the list. Sizes are in inches
where nothing else is said. A song is a mapping with ``title`` and ``artist``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Rectangle

from scripts.console import clean_text
from scripts.evaluation.mood_words import Label, draw_labels
from scripts.evaluation.plot_style import DPI, INK, SOFT, add_axes, measure_texts

#: So many songs are listed beside the plane.
LISTED = 32

WIDTH = 2.75
_ROW = 0.22
_PATH, _THIN_PATH = "#7a7a7a", "#bdbdbd"

#: With more songs than this the line is thin, and labels need not keep off it.
_MANY = 40

#: An arrow needs a step of so many pixels.
_ARROW_STEP = 24.0


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    font = get_font(findfont(FontProperties(family=["DejaVu Sans"])))
    return frozenset(font.get_charmap())


def printable(text: str, limit: int) -> str:
    """Make a title fit to be drawn: no control character, no letter the font lacks, not too long.

    >>> printable("A$AP, $$$ and 夜に駆ける", 40), printable("x" * 40, 5)
    ('A$AP, $$$ and …', 'xxxx…')
    """
    clean = [" " if one.isspace() else one for one in clean_text(text)]
    kept = [one if ord(one) in _letters() else "\0" for one in clean if one.isprintable()]
    words = "".join(kept).replace("\0", " \0 ").split()
    # one sign for a run of lost letters
    told = [word for i, word in enumerate(words) if word != "\0" or words[i - 1 : i] != ["\0"]]
    whole = " ".join(told).replace("\0", "…")
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"


def draw_way(
    axes: Axes, places: np.ndarray, colors: Sequence[str], *, joined: bool = True
) -> np.ndarray:
    """Draw the songs; joined in order, an arrow in the middle of each step that has room.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are final.
    places : numpy.ndarray, shape (n, 2), float
    colors : sequence of str, one a song
    joined : bool
        Whether a line goes through the songs.

    Returns
    -------
    numpy.ndarray, shape (m, 2), float
        Points that labels should leave free.
    """
    if len(places) == 0:
        return places
    x, y = places.T
    axes.scatter(x, y, s=50, c=list(colors), edgecolors=INK, linewidths=1.1, zorder=4)
    if not joined:
        return places
    is_many = len(places) > _MANY
    color = _THIN_PATH if is_many else _PATH
    axes.plot(x, y, color=color, linewidth=0.8 if is_many else 1.4, zorder=3)
    pixels = axes.transData.transform(places)
    steps = np.diff(pixels, axis=0)
    is_long = np.hypot(*steps.T) > _ARROW_STEP
    spots = axes.transData.inverted().transform((pixels[:-1] + pixels[1:]) / 2)
    for (left, up), (dx, dy) in zip(spots[is_long], steps[is_long], strict=True):
        turn = float(np.degrees(np.arctan2(dy, dx))) - 90
        size = 5 if is_many else 8
        axes.plot(left, up, marker=(3, 0, turn), color=color, markersize=size, zorder=3, mew=0)
    if is_many:
        return places
    along = np.linspace(0, 1, 6)[1:-1, None, None]
    return np.vstack([places, (places[:-1] + along * np.diff(places, axis=0)).reshape(-1, 2)])


def list_songs(
    figure: Figure,
    songs: Sequence[Mapping[str, Any]],
    colors: Sequence[str],
    corner: tuple[float, float],
) -> None:
    """List titles and artists, downwards from an upper left corner."""
    left, top = corner
    height = _ROW * (LISTED + 1)
    axes = add_axes(figure, left, top - height, WIDTH, height)
    axes.set(xlim=(0, WIDTH), ylim=(LISTED + 0.5, -0.5))
    axes.set_axis_off()
    shown = len(songs) if len(songs) <= LISTED else LISTED - 1
    for i, song in enumerate(songs[:shown]):
        title = printable(str(song.get("title") or "untitled"), 60)
        artist = printable(str(song.get("artist") or ""), 60)
        axes.text(0.24, i, f"{i + 1}", fontsize=8.5, ha="right", va="center")
        axes.scatter(0.36, i, s=34, c=colors[i], edgecolors=INK, linewidths=0.9)
        told = _fit(f"{title} – {artist}" if artist else title, WIDTH - 0.5)
        axes.text(0.48, i, told, fontsize=8.5, va="center")
    if shown < len(songs):
        rest = f"… {len(songs) - shown:,} more"
        axes.text(0.48, shown, rest, fontsize=8.5, color=SOFT, va="center")


def _fit(text: str, width: float) -> str:
    """Cut a text so that it is no wider than so many inches."""
    font = FontProperties(family=["DejaVu Sans"], size=8.5)
    cut = text
    while len(cut) > 1 and measure_texts([cut], font)[0, 0] > width * DPI:
        text = text[:-1]
        cut = text.rstrip() + "…"
    return cut


def draw_close_up(
    plane: Axes, axes: Axes, places: np.ndarray, colors: Sequence[str], *, joined: bool = True
) -> np.ndarray:
    """Draw songs that lie close together once more and larger, numbered; frame them on the plane.

    Parameters
    ----------
    plane : matplotlib.axes.Axes
        Where the songs are framed.
    axes : matplotlib.axes.Axes
        Square; where they are drawn larger.
    places : numpy.ndarray, shape (n, 2), float
    colors : sequence of str, one a song

    Returns
    -------
    numpy.ndarray, shape (m, 2), float
        Points on the frame, which labels of the plane should leave free.
    """
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    half = max(0.7 * float(np.ptp(places, axis=0).max()), 0.02)
    low, high = middle - half, middle + half
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.locator_params(nbins=4)
    axes.spines[:].set_visible(True)
    axes.set_title("close up", fontsize=9, color=SOFT, loc="left")
    box = Rectangle((low[0], low[1]), 2 * half, 2 * half, fill=False, edgecolor=SOFT, zorder=5)
    plane.add_patch(box)
    free = draw_way(axes, places, colors, joined=joined)
    numbers = [
        Label(str(i), place[None], 8.5, weight="normal", radius=5.0)
        for i, place in enumerate(places, 1)
    ]
    draw_labels(axes, numbers, free)
    side = np.linspace(-1, 1, 9)
    edge = [[(t, -1), (t, 1), (-1, t), (1, t)] for t in side]
    return middle + half * np.array(edge).reshape(-1, 2)
