"""Tell whose histories stand side by side, and what one export of a listener adds to another.

Conventions
-----------
Paths that are given are one listener's own. Within one, each subfolder and each zip that holds
plays is an owner; files that lie loose are parts of one export.

Method
------
The exports of one listener either follow one another in time or tell the same plays again. Owners
that were listening at the same time and share next to no play are several listeners.
"""

from __future__ import annotations

from scripts.errors import DataError
from scripts.tables.history_plays import Plays, to_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: Fewer listens than these say nothing about whose they are.
_FEWEST = 50
#: Times of all owners together, in times of the whole; above, they listened side by side.
_SIDE_BY_SIDE = 1.5
#: Of the listens of one listener's exports that overlap, at least this part is told twice.
_SHARED = 0.01


class Owners:
    """Which rows of what was gathered came from which folder or zip of a path."""

    __slots__ = ("_gathered", "_slices")

    def __init__(self, gathered: Mapping[str, Plays]):
        self._gathered = gathered
        self._slices: dict[str, dict[str, list[tuple[str, int]]]] = {}

    def add(self, path: str, label: str, form: str, start: int) -> None:
        """Note that a part's plays stand in those of its format from row `start` on."""
        inner = label[len(path) :]
        archive, colon, member = inner.partition(": ")
        owner = archive if colon and "/" not in member else inner.rpartition("/")[0]
        self._slices.setdefault(path, {}).setdefault(owner, []).append((form, start))

    def check(self, form: str, counts: Mapping[str, int]) -> None:
        """Stop where a path holds the histories of several listeners.

        Raises
        ------
        DataError
            If one does.
        """
        if counts.get("repeated", 0) >= _SHARED * counts["listens"]:
            return
        starts = sorted(
            start for owners in self._slices.values() for own in owners.values() for start in own
        )
        ends = {}
        for (of, at), after in zip(starts, [*starts[1:], ("", 0)], strict=True):
            ends[of, at] = after[1] if after[0] == of else len(self._gathered[of].stamps)
        for path, owners in self._slices.items():
            spans = []
            if len(owners) > 1:
                for own in owners.values():
                    spans += self._span(
                        form, [(at, ends[form, at]) for of, at in own if of == form]
                    )
            if len(spans) > 1:
                whole = max(end for _, end in spans) - min(start for start, _ in spans)
                if sum(end - start for start, end in spans) > _SIDE_BY_SIDE * whole:
                    raise DataError(
                        f"{path}: holds {len(spans)} histories of the same time that share no "
                        "plays, so of several listeners, and here one is allowed; give one of "
                        "them, or learn from a folder of them with train.py --history"
                    )

    def _span(self, form: str, slices: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the first and the last time of an owner, if it has enough plays."""
        stamps: list[int | bytes] = []
        for start, end in slices:
            stamps += filter(None, self._gathered[form].stamps[start:end])
        if len(stamps) < _FEWEST:
            return []
        times = [to_seconds(stamp, {}) or 0 for stamp in (min(stamps), max(stamps))]
        return [(times[0], times[1])]


def add_later(account: Plays, extended: Plays) -> int:
    """Add the listens of the account data that are later than the extended history, and count them.

    The extended history tells everything up to the day it was made for, the account data of the
    last year; what both tell has other lengths and, to the minute, the same times.
    """
    last = max(extended.stamps, default=b"")[:16]  # type: ignore[index]
    later = Plays(extended.min_ms / 1000.0)
    later.rank = account.rank
    for stamp, number, ms in zip(account.stamps, account.numbers, account.lengths, strict=True):
        text = stamp[:10] + b"T" + stamp[11:16]  # type: ignore[index]
        if stamp and text > last:
            later.stamps.append(text + b":00Z")
            later.numbers.append(number)
            later.lengths.append(ms)
    later.count("rows", len(later.stamps))
    if later.stamps:
        extended.take(later)
    return len(later.stamps)
