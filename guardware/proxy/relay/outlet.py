"""The visitor's socket, written to past asyncio's transport while that has nothing to write itself."""

import asyncio
import os
from asyncio import AbstractEventLoop, Future


class Outlet:
    """One connection's socket under a number of its own, since the loop lets nobody else wait for a transport's.

    ``written``: bytes moved by the present user. ``waiting``: the visitor does not take more at this moment.
    """

    __slots__ = ("_gone", "_loop", "_ready", "fd", "written")

    def __init__(self, fd: int, loop: AbstractEventLoop) -> None:
        self.fd = os.dup(fd)
        self.written = 0
        self._loop = loop
        self._ready: Future[None] | None = None
        self._gone = False

    @property
    def waiting(self) -> bool:
        return self._ready is not None

    async def writable(self) -> None:
        """Wait until the visitor takes more. Raises ConnectionAbortedError if he hangs up instead."""
        self.check()
        self._ready = ready = self._loop.create_future()
        self._loop.add_writer(self.fd, _wake, ready)
        try:
            await ready
        finally:
            self._loop.remove_writer(self.fd)
            self._ready = None
        self.check()

    def check(self) -> None:
        """Raise ConnectionAbortedError if the visitor has hung up."""
        if self._gone:
            raise ConnectionAbortedError("the visitor hung up")

    def hang_up(self) -> None:
        """Whoever waits, or asks next, gets a ConnectionAbortedError."""
        self._gone = True
        if self._ready is not None:
            _wake(self._ready)

    def close(self) -> None:
        """Give the number back. Nobody may be waiting."""
        os.close(self.fd)


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
