"""Where requests are worked on: the set of the thread, the threads, and what is kept.

Conventions
-----------
*Work* takes the open set and returns a value. Whatever goes wrong in it comes out as a
:class:`~scripts.web.problems.ProblemError`; a fault of ours is printed on standard error, for
whoever runs the server, and told to nobody else.

Method
------
Short work has a thread of its own, so that no playlist keeps a typed title waiting. One address has
a few requests in work or waiting at once; what is beyond is sent away. Work whose client has gone
before its turn came is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from scripts.errors import MoodlistError
from scripts.store.reading import TrainedSet
from scripts.web.addresses import Reader
from scripts.web.opened import Checked, Kept, OpenSet
from scripts.web.problems import ProblemError, problem_of
from scripts.web.sentences import TextModel

Result = TypeVar("Result")

#: Threads by what they do; requests in work or waiting for each, in all and of one address.
_THREADS = {"brief": 1, "slow": 2, "sentence": 1}
_MOST_WAITING = 64
_MOST_OF_ONE = {"brief": 32, "slow": 8, "sentence": 8}

#: Seconds between two looks at whether a client still waits.
_LOOK_SECONDS = 0.25

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
        self._waiting: Counter[tuple[str, str]] = Counter()

    def warm(self) -> None:
        """Begin to load the text model in the background."""
        self._pools["sentence"].submit(self.text.warm_up)

    async def run(
        self,
        work: Callable[[TrainedSet], Result],
        pace: str,
        address: str = "",
        gone: Callable[[], Awaitable[bool]] | None = None,
    ) -> Result:
        """Do work with the set that answers.

        Parameters
        ----------
        work : callable
        pace : str
            ``"quick"``: here; ``"brief"``: in the thread of short work; ``"slow"``: in one of a
            few threads; ``"sentence"``: in the one that reads sentences.
        address : str, optional
            Who asks.
        gone : coroutine function, optional
            Tells whether nobody waits for the answer any more.

        Raises
        ------
        ProblemError
        """
        if pace == "quick":
            return self._do(work)
        self._admit(pace, address)
        keys = {(pace, ""), (pace, address)}
        self._waiting.update(keys)
        try:
            return await _outcome(self._pools[pace].submit(self._do, work), gone)
        finally:
            self._waiting.subtract(keys)
            if not self._waiting[pace, address]:  # so that addresses are not gathered
                del self._waiting[pace, address]

    def _admit(self, pace: str, address: str) -> None:
        """Refuse work that too much is waiting before."""
        of_all, of_one = self._waiting[pace, ""], self._waiting[pace, address]
        if of_all < _MOST_WAITING and (not address or of_one < _MOST_OF_ONE[pace]):
            return
        whose = "" if of_all >= _MOST_WAITING else " of yours"
        raise ProblemError(
            "busy",
            f"{of_one if whose else of_all} requests{whose} are waiting already; "
            "ask again in a moment",
            headers={"Retry-After": "1"},
        )

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


async def _outcome(future: Future[Result], gone: Callable[[], Awaitable[bool]] | None) -> Result:
    """Wait for work; it is dropped if nobody waits for it any more before it has begun."""
    waiting = asyncio.wrap_future(future)
    try:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=None if gone is None else _LOOK_SECONDS)
            if not waiting.done() and gone is not None and await gone() and future.cancel():
                raise ProblemError("busy", "the client went before its turn came")
        return waiting.result()
    finally:
        waiting.cancel()  # and the work with it, unless it has begun
