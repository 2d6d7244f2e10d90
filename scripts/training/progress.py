"""Progress within one long step: how much is done, and the time left.

Conventions
-----------
On a terminal one line is written over and over; elsewhere a line is printed for each tenth of the
work. Times are seconds of the wall clock; nothing of them is written to a file.
"""

from __future__ import annotations

import sys
import time

from scripts.console import format_duration, note

WIDTH = 24


class CountProgress:
    """Tell how many of a number of things are done; call it with (done, total).

    Parameters
    ----------
    what : str
        What is counted: "lyrics embedded".
    quiet : bool
        Shows nothing.
    """

    __slots__ = ("_first", "_last", "_shown", "_started", "on_terminal", "quiet", "what")

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self.what = what
        self.quiet = quiet
        self.on_terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._first: int | None = None
        self._last = self._started
        self._shown = 0

    def _left(self, done: int, total: int, now: float) -> str:
        """Estimate the time left from what was done since the first call."""
        worked = done - (self._first or 0)
        if worked <= 0 or done >= total:
            return ""
        seconds = (now - self._started) / worked * (total - done)
        return f", {format_duration(round(seconds * 1000))} left"

    def __call__(self, done: int, total: int) -> None:
        """Show where the work is, if there is something new to show."""
        now = time.monotonic()
        if self._first is None:
            self._first, self._started = done, now
        if self.quiet or not total:
            return
        told = f"{done:,} of {total:,} {self.what}{self._left(done, total, now)}"
        if self.on_terminal:
            if done >= total:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            elif now - self._last > 0.1 or done == self._first:
                self._last = now
                full = WIDTH * done // total
                bar = f"[{'=' * full}{' ' * (WIDTH - full)}]"
                print(f"\r\x1b[K{bar} {told}", end="", file=sys.stderr, flush=True)
        elif 10 * done // total > self._shown:
            self._shown = 10 * done // total
            note(told)
