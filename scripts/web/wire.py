"""Connections that do not wait for ever: the HTTP protocol of the server, with a time limit.

Conventions
-----------
The head of a request has to be whole within :data:`HEAD_SECONDS` of the connection's beginning, or
of the request's own first byte. uvicorn closes connections that are idle between two requests, but
would wait without end for the second half of a head, and a few thousand such halves would leave
nobody else a connection. Likewise a client that does not read its answer is cut off after
:data:`READING_SECONDS` in which nothing more of it could be sent.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds in which a request's head has to arrive.
HEAD_SECONDS = 15.0

#: Seconds that an answer may be stuck since its client does not read.
READING_SECONDS = 30.0


class Wire(H11Protocol):
    """One connection."""

    _deadline: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that has begun has to end in time."""
        if self._deadline is None and not self._is_answering():
            self._wait()
        try:
            super().data_received(data)
        except UnicodeDecodeError:  # an address whose bytes are no ASCII
            self.transport.close()
        if self._is_answering():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        self._flow_again()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read what was sent."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(READING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Send on: the client has read."""
        self._flow_again()
        super().resume_writing()

    def _flow_again(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
