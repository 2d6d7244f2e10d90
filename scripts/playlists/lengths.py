"""Choosing songs so that a playlist lasts as long as asked.

Conventions
-----------
Durations are in milliseconds. Songs come best first; a better song is taken before all the songs
after it wherever a list of the right length can still be completed.

Method
------
Subset sums as the bits of one large integer (bit s is set where some songs last s ticks together),
one integer for each tail of the list. The songs are then taken from the front, each one if the
songs after it can still fill what is left.

Where the songs that were listed make no such sum, more are listed; where that does not help, what
an artist's other songs and other versions can do is tried song by song, first songs first, for so
many looks.
"""

from __future__ import annotations

from scripts.playlists.walks import AT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts.playlists.constraints import Constraints
    from scripts.playlists.walks import Candidate

    #: Duration in milliseconds, work and artist.
    Facts = tuple[int, int, int]

#: A list of so many minutes is chosen from at least this many songs, or, where these make no list
#: of that length, from four times as many, and so on.
LENGTH_POOL = 120
LARGEST_POOL = LENGTH_POOL * 4**3

#: Songs that a search in depth looks at.
MOST_LOOKS = 20_000

#: Ticks in which lengths are added up; a list's error is at most half a tick a song. Ticks are
#: longer where a list would have more than so many: every tail of it holds a bit for each.
TICK_MS = 200
MOST_TICKS = 20_000

#: The songs before the last so many minutes are taken as they come.
TAIL_MS = 25 * 60_000


def _reachable(ticks: list[int], most: int) -> list[int]:
    """Tell, for each tail of the list, which sums up to ``most`` its songs can make."""
    mask = (1 << (most + 1)) - 1
    sums = [1]
    for length in reversed(ticks):
        sums.append((sums[-1] | sums[-1] << length) & mask)
    return sums[::-1]


def _window(low: int, high: int) -> int:
    low = max(0, low)
    return 0 if high < low else ((1 << (high - low + 1)) - 1) << low


def _nearest_sum(sums: int, target: int) -> int:
    """Find the reachable sum nearest to a target, the shorter of two."""
    below = (sums & ((1 << (target + 1)) - 1)).bit_length() - 1
    above = sums >> (target + 1)
    if not above:
        return below
    over = target + (above & -above).bit_length()
    return below if target - below <= over - target else over


def _take(ticks: list[int], low: int, high: int) -> list[int]:
    """Take songs from the front whose sum lies in [low, high], or as near as can be."""
    if high < 0:
        return []
    most = 2 * high + 1  # a longer sum is further off than no song at all
    ticks = [min(length, most + 1) for length in ticks]
    sums = _reachable(ticks, most)
    if not sums[0] & _window(low, high):
        low = high = _nearest_sum(sums[0], max(0, (low + high) // 2))
    taken, total = [], 0
    for i, length in enumerate(ticks):
        if sums[i + 1] & _window(low - total - length, high - total - length):
            taken.append(i)
            total += length
    return taken


def fit_length(durations: list[int], target_ms: int, tolerance_ms: int) -> list[int]:
    """Choose songs that last together as long as asked.

    Parameters
    ----------
    durations : list of int
        Of the songs, best first.
    target_ms, tolerance_ms : int

    Returns
    -------
    list of int
        Positions in ``durations``, rising. Their sum lies within the tolerance of the target
        where songs of the list can make such a sum, and is as near as can be found elsewhere.

    Examples
    --------
    >>> fit_length([200_000, 240_000, 100_000, 60_000], 300_000, 10_000)
    [0, 2]
    """
    first: list[int] = []
    total = 0
    for i, length in enumerate(durations):
        if target_ms - total - length < TAIL_MS:
            break
        first.append(i)
        total += length
    for kept in [first, []] if first else [[]]:
        start = len(kept)
        left = target_ms - sum(durations[:start])
        tick = max(TICK_MS, left // MOST_TICKS)
        rest = [max(1, round(length / tick)) for length in durations[start:]]
        slack = min(tolerance_ms // 2, (left // 90_000 + 2) * tick // 2)
        low = -(-(left - tolerance_ms + slack) // tick)
        high = (left + tolerance_ms - slack) // tick
        chosen = kept + [start + i for i in _take(rest, low, high)]
        if abs(sum(durations[i] for i in chosen) - target_ms) <= tolerance_ms:
            break
    return chosen


def fit_in_depth(
    songs: Sequence[Facts], max_per_artist: int, target_ms: int, tolerance_ms: int
) -> list[int]:
    """Choose songs as :func:`fit_length` does, where works and artists may repeat in the list.

    The choice is the first within the tolerance, and the nearest to the target elsewhere, if
    ``MOST_LOOKS`` are enough to try everything.

    Examples
    --------
    >>> fit_in_depth([(100, 1, 7), (300, 2, 7), (120, 3, 8)], 1, 420, 10)
    [1, 2]
    """
    rest = [0]  # how long the songs from each on last together
    for duration, _, _ in reversed(songs):
        rest.append(rest[-1] + duration)
    rest.reverse()
    chosen: list[int] = []
    best: list[int] = []
    total, gap, at = 0, target_ms, 0
    for _ in range(MOST_LOOKS):
        if at == len(songs) or total + rest[at] < target_ms - gap:
            if not chosen:
                break
            at = chosen.pop()
            total -= songs[at][0]
        elif total + songs[at][0] < target_ms + gap and _may_join(
            songs, chosen, at, max_per_artist
        ):
            chosen.append(at)
            total += songs[at][0]
            if abs(total - target_ms) < gap:
                best, gap = chosen[:], abs(total - target_ms)
            if gap <= tolerance_ms:
                break
        at += 1
    return best


def _may_join(songs: Sequence[Facts], chosen: list[int], at: int, max_per_artist: int) -> bool:
    _, work, artist = songs[at]
    others = [songs[i] for i in chosen]
    n_by_artist = sum(other[2] == artist for other in others)
    return n_by_artist < max_per_artist and all(other[1] != work for other in others)


def choose_length(
    songs: Iterator[Candidate],
    seen: list[Candidate],
    target_ms: int,
    tolerance_ms: int,
    constraints: Constraints,
) -> list[Candidate]:
    """Choose candidates that last together as long as asked.

    Parameters
    ----------
    songs : iterator of candidates, best first
        What may stand on one list.
    seen : list of candidates
        Grows as ``songs`` is read: these, and those that others of their artist or work kept out.
    target_ms, tolerance_ms : int
    constraints : Constraints

    Returns
    -------
    list of candidates
        At least one, where ``songs`` has any.
    """
    duration, work, artist = AT["duration_ms"], AT["work_id"], AT["artist_id"]
    listed: list[Candidate] = []
    total, wanted = 0, LENGTH_POOL
    while True:
        for song in songs:
            listed.append(song)
            total += song.row[duration]
            if total >= 2 * target_ms and len(listed) >= wanted:
                break
        fitted = fit_length([one.row[duration] for one in listed], target_ms, tolerance_ms)
        gap = abs(sum(listed[i].row[duration] for i in fitted) - target_ms)
        if fitted and gap <= tolerance_ms:
            return [listed[i] for i in fitted]
        if len(listed) < wanted or wanted >= LARGEST_POOL:
            break
        wanted *= 4
    facts = [(one.row[duration], one.row[work], one.row[artist]) for one in seen]
    found = fit_in_depth(facts, constraints.max_per_artist, target_ms, tolerance_ms)
    if found and (not fitted or abs(sum(facts[i][0] for i in found) - target_ms) < gap):
        return [seen[i] for i in found]
    if fitted or not seen:
        return [listed[i] for i in fitted]
    # every song lasts more than twice as long as asked: the nearest list is the shortest song
    return [min(seen, key=lambda song: song.row[duration])]
