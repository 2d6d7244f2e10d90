"""Columns of plays: put in order, freed of repeats and of times that cannot be.

Conventions
-----------
Three lists of one length: stamps (see `history_plays`), numbers of songs, lengths. A stamp that is
unknown (0 or b"") sorts first.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Columns: TypeAlias = tuple[list, list, list]

#: A play may be dated so many days after its file was written: clocks and their zones differ.
DAYS_AHEAD = 2


def without_repeats(stamps: list, numbers: list, lengths: list) -> Columns:
    """Count what overlapping files tell twice (the same song at the same time) once.

    The columns are in the order of time, so repeats stand in runs of one time. Without a time
    nothing says that two plays are one.
    """
    from itertools import compress, islice
    from operator import eq

    in_runs = list(compress(range(1, len(stamps)), map(eq, stamps, islice(stamps, 1, None))))
    seen = set()
    repeats = set()
    for row in in_runs:
        seen.add((stamps[row - 1], numbers[row - 1]))
        if stamps[row] and (stamps[row], numbers[row]) in seen:
            repeats.add(row)
    if not repeats:
        return stamps, numbers, lengths
    kept = [row not in repeats for row in range(len(stamps))]
    return (
        list(compress(stamps, kept)),
        list(compress(numbers, kept)),
        list(compress(lengths, kept)),
    )


def in_order(stamps: list, numbers: list, lengths: list) -> Columns:
    """Put the columns into the order of time; equal times keep the order of the files."""
    in_order = sorted(stamps)
    if in_order == stamps:
        return stamps, numbers, lengths
    order = sorted(range(len(stamps)), key=stamps.__getitem__)
    return in_order, [numbers[i] for i in order], [lengths[i] for i in order]


def count_unknown(stamps: list) -> int:
    """Count the unknown times, which stand first."""
    from bisect import bisect_right

    if not stamps:
        return 0
    return bisect_right(stamps, b"" if isinstance(stamps[0], bytes) else 0)


def forget_future(stamps: list, numbers: list, lengths: list, newest: int) -> Columns:
    """Take times for unknown that lie more than two days after the files were last written.

    A player with a broken clock leaves them, and each would be the newest play for ever. Where more
    than half of the plays are so late, it is the time of the files that is wrong, and all stay. The
    columns are in the order of time before and after.

    Days count whole, so that files written on one day are read alike.

    >>> forget_future([0, 10, 20, 999_999], [1, 2, 3, 4], [None] * 4, 30)[:2]
    ([0, 0, 10, 20], [4, 1, 2, 3])
    """
    from bisect import bisect_right

    if not stamps or not stamps[-1]:
        return stamps, numbers, lengths
    # the next day, so that every time of the last day allowed comes before it
    after = (newest // 86400 + DAYS_AHEAD + 1) * 86400
    limit: int | bytes = after - 1
    if isinstance(stamps[-1], bytes):
        import time

        limit = time.strftime("%Y-%m-%d", time.gmtime(after)).encode()
    n_known = len(stamps) - count_unknown(stamps)
    n_late = len(stamps) - bisect_right(stamps, limit)
    if not 0 < n_late <= n_known / 2:
        return stamps, numbers, lengths
    unknown = b"" if isinstance(stamps[-1], bytes) else 0
    return (
        [unknown] * n_late + stamps[:-n_late],
        numbers[-n_late:] + numbers[:-n_late],
        lengths[-n_late:] + lengths[:-n_late],
    )
