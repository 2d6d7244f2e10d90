"""How often one address may ask: a bucket of tokens for each.

Method
------
Every request takes tokens out of its address's bucket, which fills at a steady rate up to its size:
short bursts pass, a flood does not. The addresses seen last are remembered, so that a flood of
addresses takes no more memory than a few thousand.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: Tokens a second, and tokens in a full bucket. Eight programs that ask one after the other as fast
#: as they can on one machine stay below it; what is beyond it only makes everyone wait.
RATE = 5_000.0
BURST = 10_000.0

#: Addresses that are remembered.
_REMEMBERED = 4_096


class Buckets:
    """One bucket of tokens an address.

    Parameters
    ----------
    rate, burst : float
        Tokens a second, and tokens in a full bucket.
    clock : callable, optional
        Seconds that only rise.
    """

    __slots__ = ("_buckets", "_burst", "_clock", "_rate")

    def __init__(
        self, rate: float = RATE, burst: float = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, address: str, tokens: float = 1.0) -> float:
        """Take tokens out of an address's bucket.

        Returns
        -------
        float
            0.0, or the seconds after which there are enough; nothing is taken then.
        """
        now = self._clock()
        held, since = self._buckets.pop(address, (self._burst, now))
        held = min(self._burst, held + (now - since) * self._rate)
        wait = 0.0
        if held >= tokens:
            held -= tokens
        else:
            wait = (tokens - held) / self._rate
        self._buckets[address] = (held, now)  # last, as the one seen last
        if len(self._buckets) > _REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        return wait

    def drain(self, address: str, tokens: float) -> None:
        """Take tokens even where there are too few: the address waits until they are back."""
        self.take(address, 0.0)
        held, since = self._buckets[address]
        self._buckets[address] = (held - tokens, since)
