"""The trained set as a server holds it: open in each thread, swapped when another answers.

Conventions
-----------
SQLite's connections stay in the thread that made them, so each thread opens the set for itself and
closes it there. ``CURRENT`` is looked at once a second at most; a request that is being answered
ends with the set it began with.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from scripts.errors import ModelError
from scripts.store.layout import CURRENT
from scripts.store.reading import TrainedSet, current_run, open_set, verify_folder

#: Seconds between two looks at which set answers.
LOOK_SECONDS = 1.0

#: What is kept of a set for a later request, at most, by name.
_MOST_KEPT = 16


class OpenSet(threading.local):
    """The set that ``output`` points to, for the thread that asks.

    Parameters
    ----------
    output : str
    clock : callable, optional
        Seconds that only rise.
    """

    def __init__(self, output: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.output = output
        self._clock = clock
        self._pointer = os.path.join(output, "models", CURRENT)
        self._trained: TrainedSet | None = None
        self._seen: tuple[int, int, int] | None = None
        self._next_look = -1.0

    def get(self) -> TrainedSet:
        """Return the set that answers.

        Raises
        ------
        ModelError
            If there is none, or no longer, or it is damaged. It is looked for again at the next
            request.
        """
        now = self._clock()
        if self._trained is not None and now < self._next_look:
            return self._trained
        self._next_look = now + LOOK_SECONDS
        seen = self._look()
        if self._trained is not None and seen is not None and seen == self._seen:
            return self._trained
        try:
            if self._trained is None or current_run(self.output) != self._trained.run:
                self.close()
                self._trained = open_set(self.output)
        except ModelError:
            self.close()  # so that the next request is refused too, until there is a set again
            raise
        self._seen = seen
        return self._trained

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._pointer)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def close(self) -> None:
        """Close this thread's set."""
        trained, self._trained, self._seen = self._trained, None, None
        if trained is not None:
            trained.close()


class Kept:
    """What was made of a set once and is the same until another one answers."""

    __slots__ = ("_lock", "_run", "_things")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run = ""
        self._things: dict[Any, Any] = {}

    def get(self, trained: TrainedSet, name: Any, make: Callable[[TrainedSet], Any]) -> Any:
        """Return what ``make`` gives for a set, made once for each name."""
        with self._lock:
            if self._run != trained.run:
                self._run, self._things = trained.run, {}
            if name not in self._things:
                if len(self._things) >= _MOST_KEPT:
                    self._things.clear()
                self._things[name] = make(trained)
            return self._things[name]


class Checked:
    """Whether the bytes of a set are still those that were trained, looked up once a run.

    Bytes that changed on the disk without SQLite noticing can turn up anywhere as an error of
    another kind; this tells such damage from a fault of ours.
    """

    __slots__ = ("_damage", "_lock", "_run")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run = ""
        self._damage: ModelError | None = None

    def damage(self, trained: TrainedSet) -> ModelError | None:
        """Return what is wrong with the set, None where its files are whole."""
        with self._lock:
            if self._run != trained.run:
                self._run, self._damage = trained.run, None
                try:
                    verify_folder(trained.folder, trained.run)
                except ModelError as error:
                    self._damage = error
                except OSError as error:
                    self._damage = ModelError(f"the set cannot be read ({error.strerror})")
            return self._damage
