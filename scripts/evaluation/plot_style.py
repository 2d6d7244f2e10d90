"""One look for every plot: the frame of a figure, the colours, and how a file is written.

Conventions
-----------
Places and sizes are in inches from the lower left corner of the figure, font sizes in points.
Every figure is drawn on matplotlib's Agg canvas, needs no display, and leaves the process-wide
settings of matplotlib as it found them (:func:`house_style`). Drawn twice from the same arrays,
a figure gives the same bytes.

The eleven song moods keep one colour in all plots; the moods of a quadrant share a family of
hues. The colours were chosen so that each pair stays apart (CIE76 difference of 17 or more) in
normal vision and in the three forms of colour blindness, simulated after Machado, G. M.,
Oliveira, M. M. & Fernandes, L. A. F. (2009), doi:10.1109/TVCG.2009.113.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from scripts.moods.vocabulary import LISTENER_MOODS, QUADRANTS, SONG_MOODS

DPI = 110

INK = "#222222"
SOFT = "#666666"
PALE = "#d9d9d9"
WARNING = "#b3261e"
ACCENT = "#1a88d1"
NEUTRAL = "#9a9a9a"

MOOD_COLORS: dict[str, str] = {
    "happy": "#f7e658",
    "uplifting": "#dca20e",
    "energetic": "#b97015",
    "party": "#824e17",
    "angry": "#820a34",
    "tense": "#f76ca9",
    "sad": "#1a88d1",
    "melancholic": "#a3d4f7",
    "gloomy": "#1b3566",
    "calm": "#67e899",
    "relaxed": "#176d67",
}

#: Listener mood -> the song mood whose colour it borrows: the first one that serves it.
_BORROWED = {name: next(iter(served)) for name, (_, served) in LISTENER_MOODS.items()}

_RC: dict[str, object] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "svg.hashsalt": "moodlist",  # names inside an SVG would be drawn by chance
}

#: Suffix of a file -> what of its inner notes is left out: the date and the program's name.
FORMATS: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Creator": None, "Date": None},
    ".pdf": {"Creator": None, "CreationDate": None, "Producer": None},
}

MARGIN = 0.3


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with Moodlist's settings whatever the user's own are, and put those back after."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)  # type: ignore[arg-type]
        yield


def mood_color(name: str) -> str:
    """Give the colour of a song mood, a quadrant or a listener mood; grey for any other name.

    >>> mood_color("sad"), mood_color("sadness") == mood_color("sad"), mood_color("purple")
    ('#1a88d1', True, '#9a9a9a')
    """
    return MOOD_COLORS.get(_BORROWED.get(name, name), NEUTRAL)


def quadrant_order(names: Sequence[str]) -> list[str]:
    """Sort mood names by quadrant, as the vocabulary lists them; unknown names come last.

    >>> quadrant_order(["relaxed", "purple", "party", "happy"])
    ['happy', 'party', 'relaxed', 'purple']
    """
    known = [name for name in SONG_MOODS if name in names]
    return known + sorted(set(names) - set(known))


def mood_families(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Group mood names under their quadrants, leaving out the quadrants that hold none.

    >>> mood_families(["calm", "happy", "purple"])
    [('happy', ['happy']), ('relaxed', ['calm']), ('other', ['purple'])]
    """
    families = [
        (
            quadrant,
            [n for n in quadrant_order(names) if n in SONG_MOODS and SONG_MOODS[n][2] == quadrant],
        )
        for quadrant in QUADRANTS
    ]
    families.append(("other", [n for n in quadrant_order(names) if n not in SONG_MOODS]))
    return [(quadrant, members) for quadrant, members in families if members]


def sample_rows(n: int, limit: int, seed: int) -> np.ndarray:
    """Choose at most `limit` of `n` rows without repetition.

    Parameters
    ----------
    n : int
        Number of rows there are.
    limit : int
        Largest number of rows to keep.
    seed : int
        The same seed gives the same rows.

    Returns
    -------
    numpy.ndarray, shape (min(n, limit),), int64
        Row numbers in ascending order.

    >>> sample_rows(3, 5, seed=42)
    array([0, 1, 2])
    """
    if n <= limit:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, limit, replace=False, shuffle=False))


def describe_sample(shown: int, total: int, seed: int) -> str:
    """Say how many songs a plot shows.

    >>> describe_sample(5000, 114000, 42), describe_sample(3, 3, 42)
    ('a sample of 5,000 of 114,000 songs, seed 42', 'all 3 songs')
    """
    if shown >= total:
        return f"all {total:,} songs" if total != 1 else "the only song"
    return f"a sample of {shown:,} of {total:,} songs, seed {seed}"


def percent(share: float) -> str:
    """Write a share as a percentage that never rounds a trace to nothing.

    >>> percent(0.254), percent(0.002), percent(0), percent(0.998), percent(float("nan"))
    ('25%', '<1%', '0%', '>99%', '–')
    """
    if not np.isfinite(share):
        return "–"
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{100 * share:.0f}%"


def new_figure(
    size: tuple[float, float],
    title: str,
    *,
    notes: Sequence[str] = (),
    caption: str = "",
    warning: str = "",
) -> Figure:
    """Open a figure with its words in place.

    Parameters
    ----------
    size : tuple of float
        Width and height in inches; the title and its notes come on top of this height.
    title : str
        The finding, in a sentence; broken into lines as the width asks.
    notes : sequence of str
        How to read the plot, under the title.
    caption : str
        Source and sample size, at the foot.
    warning : str
        A line in red between title and notes.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas and no axes yet.
    """
    width, body = size
    heads = [(line, 13.0, INK, 0.27) for line in textwrap.wrap(title, int(8.4 * width))]
    heads += [(warning, 10.5, WARNING, 0.23)] if warning else []
    wrapped = [line for note in notes for line in textwrap.wrap(note, int(13.2 * width))]
    heads += [(line, 9.5, SOFT, 0.19) for line in wrapped]
    height = body + 0.16 + sum(step for *_, step in heads)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    top = height - 0.16
    for text, points, color, step in heads:
        weight = "normal" if color == SOFT else "bold"
        place = (MARGIN / width, top / height)
        figure.text(*place, text, fontsize=points, color=color, weight=weight, va="top")
        top -= step
    foot = "\n".join(textwrap.wrap(caption, int(14.5 * width)))
    figure.text(MARGIN / width, 0.12 / height, foot, fontsize=8, color=SOFT, va="bottom")
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Put axes at a place given in inches, with short, quiet ticks."""
    full_width, full_height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / full_width, bottom / full_height, width / full_width, height / full_height)
    )
    axes.tick_params(length=3, width=0.8, labelsize=8.5)
    return axes


def add_legend_above(axes: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Explain the marks in one line above the axes; without `handles`, the labelled ones."""
    shown = axes.get_legend_handles_labels()[0] if handles is None else handles
    axes.legend(
        handles=shown,
        ncols=max(1, len(shown)),
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.99),
        borderaxespad=0.2,
        frameon=False,
        fontsize=8.5,
    )


def measure_texts(texts: Sequence[str], font: FontProperties) -> np.ndarray:
    """Measure texts in a font: (n, 2) widths and heights in pixels."""
    renderer = RendererAgg(1, 1, DPI)
    return np.array([renderer.get_text_width_height_descent(t, font, False)[:2] for t in texts])


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure: the whole file appears under its name, or none does.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to write; it holds no date and no name of a program.
    path : pathlib.Path
        Where to, with a suffix of :data:`FORMATS`; the folder is made if it is missing.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    OSError
        The folder cannot be written or the disk is full; a file that stood there still stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    suffix = path.suffix.lower()
    try:
        options: dict[str, Any] = {"metadata": FORMATS[suffix]}
        if suffix == ".png":
            options["pil_kwargs"] = {"compress_level": 3}
        figure.savefig(part, format=suffix[1:], dpi=DPI, **options)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
