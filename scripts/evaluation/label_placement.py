"""Find a place for every name beside its marks, so that no two names cover each other.

Conventions
-----------
All places and sizes are in pixels, x to the right and y upwards; a box is given by its centre
and its (width, height). No file and no drawing here.

Method
------
Marks of one name that lie close are merged into one group first (single linkage). Then each
group, the largest first, tries places on rings around its middle and takes the cheapest: names
already placed must not be covered; marks, leaving the frame and distance cost, and so does a line
between a name and its group that meets another name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DIRECTIONS = 24
_ALONG = np.linspace(0, 1, 8)[1:, None]  # where a line from a name to its anchor is looked at
_RINGS = np.array([0.0, 1.0, 1.5, 2.2, 3.0, 4.0, 5.5, 7.5, 10.0, 14.0])


def group_marks(places: np.ndarray, names: Sequence[str], reach: float) -> list[list[int]]:
    """Merge the marks that share a name and are linked by steps no longer than `reach`.

    Parameters
    ----------
    places : numpy.ndarray, shape (n, 2), float
        Where the marks are.
    names : sequence of str
        Name of each mark.
    reach : float
        Longest step inside a group.

    Returns
    -------
    list of list of int
        Numbers of the marks of each group, the largest group first.

    >>> group_marks(np.array([[0, 0], [9, 0], [3, 0], [99, 0]]), ["sad", "sad", "calm", "sad"], 10)
    [[0, 1], [2], [3]]
    """
    owner = list(range(len(names)))
    gaps = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    for first, second in np.argwhere(np.triu(gaps <= reach, 1)):
        if names[first] == names[second]:
            old, new = owner[second], owner[first]
            owner = [new if group == old else group for group in owner]
    groups = [[i for i, group in enumerate(owner) if group == one] for one in sorted(set(owner))]
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def place_names(
    anchors: np.ndarray, sizes: np.ndarray, marks: np.ndarray, frame: tuple[float, float]
) -> np.ndarray:
    """Choose the centre of each name's box.

    Parameters
    ----------
    anchors : numpy.ndarray, shape (n, 2), float
        The point each name belongs to, in the order in which they choose.
    sizes : numpy.ndarray, shape (n, 2), float
        Width and height of each box, its margin included.
    marks : numpy.ndarray, shape (m, 2), float
        Points that the boxes should leave free.
    frame : tuple of float
        Width and height of the drawing area, whose lower left corner is (0, 0).

    Returns
    -------
    numpy.ndarray, shape (n, 2), float
        Centres of the boxes; they cover one another only where the frame has no room left.
    """
    placed, lines = np.empty((0, 2)), np.empty((0, 2))
    for number, (anchor, size) in enumerate(zip(anchors, sizes, strict=True)):
        trial = _rings(anchor, size)
        room = (size + sizes[:number]) / 2
        over = np.clip(room - np.abs(trial[:, None, :] - placed), 0, None).prod(axis=2).sum(axis=1)
        hit = (np.abs(trial[:, None, :] - marks) < size / 2 + 5).all(axis=2).sum(axis=1)
        under = (np.abs(trial[:, None, :] - lines) < size / 2).all(axis=2).sum(axis=1)
        ways = trial[:, None, :] + _ALONG * (anchor - trial)[:, None, :]
        apart = np.abs(ways[:, :, None, :] - placed) >= sizes[:number] / 2
        crossed = (~apart.any(axis=3)).any(axis=1).sum(axis=1)
        low, high = size / 2, np.array(frame) - size / 2
        out = (np.clip(low - trial, 0, None) + np.clip(trial - high, 0, None)).sum(axis=1)
        cost = np.hypot(*(trial - anchor).T) + 150 * hit + 60 * under + 120 * crossed
        best = np.argmin(cost + 1e4 * (over > 0) + 100 * over + 1e3 * out)
        placed, lines = np.vstack([placed, trial[best]]), np.vstack([lines, ways[best]])
    return placed


def _rings(anchor: np.ndarray, size: np.ndarray) -> np.ndarray:
    """List the places to try: ellipses around the anchor that follow the box's shape."""
    angle = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False) + np.pi / 2
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    axes = np.array([size[0] / 2 + 8, size[1] / 2 + 8])
    return (anchor + _RINGS[:, None, None] * circle * axes).reshape(-1, 2)
