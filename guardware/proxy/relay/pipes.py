"""Pipes: what the kernel's splice needs between two sockets, kept for the next body."""

import fcntl
import os
from contextlib import suppress
from typing import NamedTuple

SIZE = 256 * 1024
"""Bytes a pipe may hold. An owner who is not root has 64 MB in all pipes, after which they get 4 kB (pipe(7))."""

_KEPT = 64
"""Pipes kept: at most this many times ``SIZE`` of the kernel's memory, and none of ours."""


class Pipe(NamedTuple):
    """The two ends, as file descriptors."""

    out: int
    into: int


class Pipes:
    """A few of them, made at need."""

    def __init__(self) -> None:
        self._free: list[Pipe] = []

    def take(self) -> Pipe:
        """An empty pipe. Raises OSError when there are no descriptors left."""
        if self._free:
            return self._free.pop()
        pipe = Pipe(*os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC))
        with suppress(OSError):  # no more than usual, then
            fcntl.fcntl(pipe.into, fcntl.F_SETPIPE_SZ, SIZE)
        return pipe

    def give_back(self, pipe: Pipe, *, clean: bool) -> None:
        """``clean``: all that went in came out again."""
        if clean and len(self._free) < _KEPT:
            self._free.append(pipe)
        else:
            os.close(pipe.out)
            os.close(pipe.into)

    def close(self) -> None:
        """Close those that nobody uses."""
        for pipe in self._free:
            os.close(pipe.out)
            os.close(pipe.into)
        self._free.clear()
