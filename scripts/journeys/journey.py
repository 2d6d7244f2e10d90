"""A journey: songs that lead from one mood to another in small, even steps.

Conventions
-----------
As :mod:`scripts.journeys.journey_way`: a place is a pair (valence, energy), each in [0, 1], and a
candidate is a tuple. Durations are in milliseconds. Two numbers say how smooth a journey is; of
both, less is better, and 0 is the even way itself: :func:`step_deviation` counts every departure
from the straight and even way, :func:`length_deviation` only the unevenness of the steps' lengths.

Method
------
The iso principle of music therapy: meet the mood, then lead (Starcke, K., Mayr, J. & von Georgi,
R., 2021, doi:10.3390/ijerph182312486).
"""

from __future__ import annotations

from math import hypot

from scripts.journeys.journey_ends import mend_ends
from scripts.journeys.journey_way import lay_longest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.journeys.journey_minutes import CandidatesLasting
    from scripts.journeys.journey_way import Candidate, CandidatesAt, Point


def step_deviation(points: Sequence[Point]) -> float:
    """Mean squared deviation of the steps from the straight, even way between the ends.

    The mean, over the n - 1 steps from song to song, of the squared length of the vector
    (step - (last - first) / (n - 1)). 0 means steps of one length in one direction.

    >>> step_deviation([(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)])
    0.0
    >>> step_deviation([(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)])
    0.25
    """
    n_steps = len(points) - 1
    if n_steps < 1:
        return 0.0
    (x0, y0), (x1, y1) = points[0], points[-1]
    x_even, y_even = (x1 - x0) / n_steps, (y1 - y0) / n_steps
    return (
        sum(
            (points[i + 1][0] - points[i][0] - x_even) ** 2
            + (points[i + 1][1] - points[i][1] - y_even) ** 2
            for i in range(n_steps)
        )
        / n_steps
    )


def length_deviation(points: Sequence[Point]) -> float:
    """Mean squared deviation of the steps' lengths from their mean: their variance.

    >>> length_deviation([(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)])
    0.0
    >>> length_deviation([(0.0, 0.0), (0.25, 0.0), (1.0, 0.0)])
    0.0625
    """
    lengths = _step_lengths(points)
    if not lengths:
        return 0.0
    mean = sum(lengths) / len(lengths)
    return sum((length - mean) ** 2 for length in lengths) / len(lengths)


def _step_lengths(points: Sequence[Point]) -> list[float]:
    return [
        hypot(points[i + 1][0] - points[i][0], points[i + 1][1] - points[i][1])
        for i in range(len(points) - 1)
    ]


def measure_journey(points: Sequence[Point], start: Point, end: Point) -> dict[str, float]:
    """Measure how smooth a journey is and how well it meets its two moods.

    Parameters
    ----------
    points : sequence of (valence, energy), at least one
    start, end : (valence, energy)

    Returns
    -------
    dict
        ``step_deviation``, ``length_deviation``, ``start_distance``, ``end_distance`` and
        ``largest_step``.
    """
    first, last = points[0], points[-1]
    return {
        "step_deviation": step_deviation(points),
        "length_deviation": length_deviation(points),
        "start_distance": hypot(first[0] - start[0], first[1] - start[1]),
        "end_distance": hypot(last[0] - end[0], last[1] - end[1]),
        "largest_step": max(_step_lengths(points), default=0.0),
    }


def plan_journey(
    start: Point,
    end: Point,
    n: int | None,
    candidates_at: CandidatesAt,
    *,
    max_per_artist: int,
    target_ms: int | None = None,
    tolerance_ms: int = 30_000,
    candidates_lasting: CandidatesLasting | None = None,
    fits_end: Callable[[Candidate, Point], bool] | None = None,
) -> list[Candidate]:
    """Choose the songs of a journey.

    Parameters
    ----------
    start, end : (valence, energy)
    n : int, at least 1
        Number of songs; not looked at, and may be None, where ``target_ms`` is given.
    candidates_at : callable (i, point) -> iterator of candidates
        The songs that meet the listener's wishes by rising distance from the i-th waypoint, then
        rising rank. It is read as far as needed, one waypoint after the other, and may be asked
        for the same i again with another point, when the number of songs changes.
    max_per_artist : int, at least 1
    target_ms : int, optional
        The whole duration wanted; the number of songs follows from it, and songs of unknown
        duration are left out.
    tolerance_ms : int
        How far from it the whole duration may be; see :mod:`scripts.journeys.journey_minutes`.
    candidates_lasting : callable (least, most) -> callable as ``candidates_at``, optional
        The candidates whose durations, in milliseconds, lie between two ends, where there is a
        faster way to find them than to read past the others.
    fits_end : callable (song, place) -> bool, optional
        Whether a song may stand at an end, see :mod:`scripts.journeys.journey_ends`.

    Returns
    -------
    list of candidates
        In playing order: no song and no work twice, at most ``max_per_artist`` of an artist;
        fewer than n only where the catalogue has no song that could be added. Where minutes are
        asked for, at most ``MOST_SONGS`` songs.
    """
    if target_ms is not None:
        from scripts.journeys.journey_minutes import choose_lasting, plan_minutes

        songs = plan_minutes(
            start,
            end,
            candidates_at,
            candidates_lasting or choose_lasting(candidates_at),
            max_per_artist,
            target_ms=target_ms,
            tolerance_ms=tolerance_ms,
        )
    elif n is None or n < 1:
        raise ValueError(f"a journey needs at least 1 song, not {n}")
    else:
        songs = lay_longest(start, end, n, candidates_at, max_per_artist).songs
    return mend_ends(start, end, songs, fits_end or _fits_anywhere)


def _fits_anywhere(song: Candidate, place: Point) -> bool:
    return True
