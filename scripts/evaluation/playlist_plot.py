"""A playlist's way across the plane of valence and energy, song by song.

Conventions
-----------
The plane is the raw one: Spotify's own valence and energy, both in [0, 1]. Songs stand where they
are, numbered in the order of the list. A journey, and any list of at most :data:`JOINED` songs, is
joined by a line whose arrows show its direction; other lists have no way to show.
Titles are drawn as they are (a dollar sign is a dollar sign); letters that the font lacks are
shown as "…". Songs that lie close together are drawn once more, larger. The same document gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from scripts.errors import SettingsError
from scripts.evaluation.mood_words import HEIGHT, Label, draw_frame, draw_labels, mark_words
from scripts.evaluation.playlist_panel import (
    draw_close_up,
    draw_way,
    list_songs,
    printable,
)
from scripts.evaluation.plot_style import (
    FORMATS,
    WARNING,
    add_axes,
    house_style,
    mood_color,
    new_figure,
    sample_rows,
    save_figure,
)

#: A list that is no journey is joined by a line up to so many songs; of more, it would be a web.
JOINED = 15

#: So many songs carry their titles on the plane; of more, evenly spaced ones do.
TITLED = 12

#: So many songs carry their number on the plane.
NUMBERED = 40

#: Songs no further apart than this, in valence and in energy, are drawn once more, larger; there
#: is room for it under a list of at most so many.
CLOSE, CLOSE_LISTED = 0.2, 17

BACKGROUND_LIMIT = 5_000
_TITLE_LENGTH = 26
_CROWD = "#e6e6e6"


def draw_playlist(
    path: str | Path, document: Mapping[str, Any], background: ArrayLike | None = None
) -> Path:
    """Draw a playlist on the plane; returns the path.

    Parameters
    ----------
    path : str or pathlib.Path
        The file to write: .png, .svg or .pdf, in a folder that exists.
    document : mapping
        ``songs``, each with ``title``, ``artist``, ``mood``, ``valence`` and ``energy``, in
        order; optionally ``mood``, and ``request`` with ``point``, ``from`` and ``to`` (pairs of
        valence and energy) and their ``name``, ``from_name`` and ``to_name``.
    background : array_like, shape (n, 2), float, optional
        Valence and energy of other songs, shown faintly; of many, 5,000.

    Raises
    ------
    SettingsError
        The suffix is none of the three, there is no such folder, or the file cannot be written.
    """
    path = check_plot_path(path)
    with house_style():
        figure = _draw(document, None if background is None else np.asarray(background, float))
        try:
            return save_figure(figure, path)
        except OSError as error:
            raise SettingsError(
                f"--plot {path}: the file cannot be written ({error.strerror or error}); give "
                "another file, or free some space"
            ) from error


def check_plot_path(path: str | Path) -> Path:
    """Refuse a file that could not be written, before anything is drawn.

    >>> check_plot_path("way.jpg")
    Traceback (most recent call last):
    scripts.errors.SettingsError: --plot way.jpg: a plot is a .png, .svg or .pdf file; give a name \
that ends so
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(
            f"--plot {path}: a plot is a .png, .svg or .pdf file; give a name that ends so"
        )
    if path.is_dir():
        raise SettingsError(f"--plot {path}: this is a folder; give the name of a file in it")
    if not path.parent.is_dir():
        raise SettingsError(
            f"--plot {path}: there is no folder {path.parent}; make it first, or give another file"
        )
    return path


def is_journey(document: Mapping[str, Any]) -> bool:
    """Say whether a playlist leads from one point to another."""
    request = document.get("request") or {}
    return request.get("from") is not None and request.get("to") is not None


def _tell_order(n: int, joined: bool) -> str:
    """Say how the picture shows the order of n songs."""
    if joined:
        return "the line goes through the list in order"
    if n <= NUMBERED:
        return "its number is its place in the list"
    return f"{TITLED} of them, evenly spaced, have their place in the list and their title"


def describe_way(document: Mapping[str, Any], places: np.ndarray) -> str:
    """Say in a sentence where the songs lie or lead.

    Parameters
    ----------
    document : mapping
    places : numpy.ndarray, shape (n, 2), float

    >>> describe_way({"mood": "calm", "songs": []}, np.array([[0.5, 0.2], [0.9, 0.2]]))
    '2 songs for calm: valence .50 to .90, energy .20'
    """
    request = document.get("request") or {}
    many = f"{len(places):,} song{'s' if len(places) != 1 else ''}"
    if len(places) == 0:
        return "The list holds no song"
    if is_journey(document):
        ends = [_name_end(request, end) for end in ("from", "to")]
        if len(places) == 1:
            return f"One song leads nowhere: from {ends[0]} to {ends[1]}"
        step = np.hypot(*np.diff(places, axis=0).T).mean()
        return f"{many} lead from {ends[0]} to {ends[1]}, in steps of {_short(step)} on average"
    if request.get("point") is not None:
        away = np.hypot(*(places - np.array(request["point"], float)).T).mean()
        told = f"{_short(away)} from {_name_end(request, 'point')}"
        return f"{many} lies {told}" if len(places) == 1 else f"{many} lie {told} on average"
    told = printable(str(document.get("mood") or "the list"), 40)
    spans = [
        f"{name} {' to '.join(dict.fromkeys(map(_short, (low, high))))}"
        for name, low, high in zip(
            ("valence", "energy"), places.min(axis=0), places.max(axis=0), strict=True
        )
    ]
    return f"{many} for {told}: {', '.join(spans)}"


def _short(value: float) -> str:
    """Write a number of the plane with two places: .25, 1.00."""
    return f"{value:.2f}".removeprefix("0")


def _name_end(request: Mapping[str, Any], end: str) -> str:
    """Name an asked point: by its word, or by its place."""
    word = request.get("name" if end == "point" else f"{end}_name")
    return printable(str(word), 40) if word else "({}, {})".format(*map(_short, request[end]))


def _draw(document: Mapping[str, Any], background: np.ndarray | None) -> Figure:
    songs = document["songs"]
    places = np.array([(one["valence"], one["energy"]) for one in songs], float).reshape(-1, 2)
    joined = is_journey(document) or len(songs) <= JOINED
    others = "" if background is None else f" Grey dots: {_tell_background(background)}."
    figure = new_figure(
        (10.9, 8.1),
        describe_way(document, places),
        notes=(f"Each disc is a song in its mood's colour; {_tell_order(len(songs), joined)}.",),
        caption="Spotify's own valence and energy. Diamonds: sixteen words of Russell's and "
        f"Thayer's circumplex.{others}",
    )
    axes = add_axes(figure, 0.75, 0.85, 7.0, 7.0 * HEIGHT)
    draw_frame(axes)
    if background is not None and len(background):
        shown = background[sample_rows(len(background), BACKGROUND_LIMIT, 0)]
        axes.scatter(shown[:, 0], shown[:, 1], s=5, c=_CROWD, linewidths=0, zorder=0.5)
    asked = _mark_request(axes, document.get("request") or {})
    stars = {tuple(one.marks[0]) for one in asked}  # what is asked for names its point already
    words = [one for one in mark_words(axes, faint=True) if tuple(one.marks[0]) not in stars]
    colors = [mood_color(str(one.get("mood"))) for one in songs]
    on_way = draw_way(axes, places, colors, joined=joined)
    list_songs(figure, songs, colors, (8.05, 8.0))
    if 2 <= len(songs) <= CLOSE_LISTED and np.ptp(places, axis=0).max() <= CLOSE:
        inset = add_axes(figure, 8.3, 0.85, 2.45, 2.45)
        edge = draw_close_up(axes, inset, places, colors, joined=joined)
        draw_labels(axes, [*asked, *words], np.vstack([on_way, edge]))
    else:
        draw_labels(axes, [*asked, *_label_songs(songs, places), *words], on_way)
    return figure


def _tell_background(background: np.ndarray) -> str:
    shown = min(len(background), BACKGROUND_LIMIT)
    return f"{shown:,} song{'s' if shown != 1 else ''} of the catalogue"


def _mark_request(axes: Axes, request: Mapping[str, Any]) -> list[Label]:
    """Mark each asked point with a star; returns the labels."""
    labels = []
    for end, said in (("from", "from "), ("to", "to "), ("point", "asked: ")):
        if request.get(end) is None:
            continue
        place = np.array([request[end]], float)
        star = axes.scatter(
            place[:, 0], place[:, 1], s=300, c=WARNING, marker="*", edgecolors="white"
        )
        star.set(linewidths=1.0, zorder=3.8)
        told = said + _name_end(request, end)
        labels.append(Label(told, place, 10.0, WARNING, radius=10.0))
    return labels


def _label_songs(songs: Sequence[Mapping[str, Any]], places: np.ndarray) -> list[Label]:
    """Label the songs: number and title for at most twelve, the number alone for some more."""
    n = len(songs)
    titled = set(range(n)) if n <= TITLED else set(np.linspace(0, n - 1, TITLED).round().tolist())
    labels = []
    for i, (song, place) in enumerate(zip(songs, places, strict=True)):
        text = f"{i + 1}"
        if i in titled:
            text += f"  {printable(str(song.get('title') or 'untitled'), _TITLE_LENGTH)}"
        elif n > NUMBERED:
            continue
        labels.append(Label(text, place[None], 8.5, weight="normal", radius=5.0))
    return labels
