"""The body of an answer, moved by the kernel from the upstream's socket to the visitor's, through a pipe."""

import asyncio
import os

from guardware.errors import BrokenAnswerError
from guardware.proxy.relay.line import Line, LineClosedError
from guardware.proxy.relay.outlet import Outlet
from guardware.proxy.relay.pipes import SIZE, Pipe, Pipes

_TURN = 1024 * 1024
"""Bytes after which others get their turn, if neither side ever makes us wait."""


class SplicedBody:
    """``length`` bytes that are still to come on ``line``; ``patience``: seconds the upstream may pause."""

    __slots__ = ("_line", "_patience", "_pipes", "length")

    def __init__(self, line: Line, length: int, pipes: Pipes, patience: float) -> None:
        self.length = length
        self._line = line
        self._pipes = pipes
        self._patience = patience

    async def move(self, outlet: Outlet) -> None:
        """Move all of it. Raises BrokenAnswerError for the upstream, OSError for the visitor."""
        try:
            pipe = self._pipes.take()
        except OSError as error:
            raise BrokenAnswerError(f"no pipe for an answer: {error.strerror}") from error
        clean = False
        try:
            await self._move(pipe, outlet)
            clean = True
        finally:
            self._pipes.give_back(pipe, clean=clean)

    async def _move(self, pipe: Pipe, outlet: Outlet) -> None:
        left, turn = self.length, _TURN
        while left:
            taken = self._take(pipe, left)
            if taken is None:
                await self._wait()
                continue
            left -= taken
            await _pour(pipe, taken, outlet, os.SPLICE_F_MORE if left else 0)
            turn -= taken
            if turn <= 0:
                turn = _TURN
                await asyncio.sleep(0)
                outlet.check()

    def _take(self, pipe: Pipe, left: int) -> int | None:
        """Move what there is into the pipe; None if there is nothing at this moment."""
        try:
            taken = os.splice(self._line.fd, pipe.into, min(left, SIZE), flags=_FLAGS)
        except BlockingIOError:
            return None
        except OSError as error:
            raise BrokenAnswerError(f"the upstream's answer broke off: {error.strerror}") from error
        if not taken:
            raise BrokenAnswerError("the upstream's answer is shorter than it said")
        return taken

    async def _wait(self) -> None:
        line = self._line
        line.deadline = asyncio.get_running_loop().time() + self._patience
        try:
            await line.readable()
        except (LineClosedError, TimeoutError) as error:
            raise BrokenAnswerError(f"the upstream's answer broke off: {error}") from error
        finally:
            line.deadline = 0.0


_FLAGS = os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK if hasattr(os, "splice") else 0


async def _pour(pipe: Pipe, amount: int, outlet: Outlet, more: int) -> None:
    """Move ``amount`` bytes from the pipe to the visitor."""
    while amount:
        try:
            sent = os.splice(pipe.out, outlet.fd, amount, flags=_FLAGS | more)
        except BlockingIOError:
            await outlet.writable()
            continue
        amount -= sent
        outlet.written += sent
