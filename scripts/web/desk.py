"""Where requests are worked on: the set of the thread, the threads, and what is kept.

Conventions
-----------
*Work* takes the open set and returns a value. Whatever goes wrong in it comes out as a
:class:`~scripts.web.problems.ProblemError`; a fault of ours is printed on standard error, for
whoever runs the server, and told to nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from scripts.errors import MoodlistError
from scripts.store.reading import TrainedSet
from scripts.web.addresses import Reader
from scripts.web.opened import Checked, Kept, OpenSet
from scripts.web.problems import ProblemError, problem_of
from scripts.web.sentences import TextModel

Result = TypeVar("Result")

#: Threads by what they do, and requests that may wait for them.
_THREADS = {"slow": 2, "sentence": 1}
_MOST_WAITING = 64

#: Seconds that threads wait for each other when they end.
_CLOSING_SECONDS = 5.0


class Desk:
    """What all requests share.

    Attributes
    ----------
    output : str
        Where ``train.py`` left its files.
    opened : OpenSet
    kept : Kept
    reader : Reader
    text : TextModel
    """

    def __init__(self, output: str, text: TextModel | None = None) -> None:
        self.output = output
        self.opened = OpenSet(output)
        self.kept = Kept()
        self.reader = Reader(output)
        self.text = text or TextModel()
        self._checked = Checked()
        self._pools = {
            pace: ThreadPoolExecutor(n, thread_name_prefix=pace) for pace, n in _THREADS.items()
        }
        self._waiting = 0

    def warm(self) -> None:
        """Begin to load the text model in the background."""
        self._pools["sentence"].submit(self.text.warm_up)

    async def run(self, work: Callable[[TrainedSet], Result], pace: str) -> Result:
        """Do work with the set that answers.

        Parameters
        ----------
        work : callable
        pace : str
            ``"quick"``: here; ``"slow"``: in one of a few threads; ``"sentence"``: in the one
            that reads sentences.

        Raises
        ------
        ProblemError
        """
        if pace == "quick":
            return self._do(work)
        if self._waiting >= _MOST_WAITING:
            raise ProblemError(
                "busy",
                f"{_MOST_WAITING} requests are waiting already; ask again in a moment",
                headers={"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pools[pace], self._do, work
            )
        finally:
            self._waiting -= 1

    def _do(self, work: Callable[[TrainedSet], Result]) -> Result:
        trained = None
        try:
            trained = self.opened.get()
            return work(trained)
        except ProblemError:
            raise
        except (MoodlistError, MemoryError) as error:
            raise problem_of(error, self.output) from error
        except sqlite3.Error as error:
            self.opened.close()
            raise problem_of(error, self.output) from error
        except Exception as error:
            damage = None if trained is None else self._checked.damage(trained)
            if damage is None:
                traceback.print_exc(file=sys.stderr)
            raise problem_of(damage or error, self.output) from error

    def close(self) -> None:
        """Close the set in every thread, each in its own, and end the threads."""

        def leave(together: threading.Barrier) -> None:
            self.opened.close()
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(_CLOSING_SECONDS)  # so that no thread leaves twice

        for pace, pool in self._pools.items():
            together = threading.Barrier(_THREADS[pace])
            for _ in range(_THREADS[pace]):
                pool.submit(leave, together)
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        self.opened.close()
