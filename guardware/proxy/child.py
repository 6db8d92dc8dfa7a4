"""One worker as its supervisor sees it: a process, and the line over which the two speak."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from guardware.proxy.listen import Listener

READY, DONE, RELOAD = b"r", b"d", b"l"
"""What is said over a worker's line: it serves, it has read everything again, it is to do so. The line's end means
that the other side is gone."""

_START_SECONDS = 120.0
"""For a worker to come up: two seconds of processor time, on a machine that has much else to do."""

_RELOAD_SECONDS = 30.0


class Child:
    """One process, and the line to it."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.leaving = False
        """Whether it was told to stop, so that nobody takes its place."""
        self.pid = process.pid
        self._process = process
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._up: asyncio.Future[bool] = self._loop.create_future()
        self._done = asyncio.Event()
        self._loop.add_reader(line, self._hear)

    @classmethod
    async def start(
        cls,
        command: Callable[[int], Sequence[str]],
        sockets: Sequence[Listener],
        environment: Mapping[str, str] | None,
    ) -> "Child":
        """Raises OSError if no process can be started."""
        ours, its = socket.socketpair()
        try:
            with its:
                process = await asyncio.create_subprocess_exec(
                    *command(its.fileno()),
                    stdin=subprocess.DEVNULL,
                    pass_fds=[its.fileno(), *(opened.fileno() for opened in sockets)],
                    env=None if environment is None else dict(environment),
                )
        except BaseException:
            ours.close()
            raise
        ours.setblocking(False)
        return cls(process, ours)

    @property
    def age(self) -> float:
        return self._loop.time() - self._since

    async def comes_up(self) -> bool:
        """Whether it serves, once that is known; False if it ends or takes too long."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                return await asyncio.shield(self._up)
        except TimeoutError:
            return False

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def reload(self) -> None:
        """Until it has read everything again, or it is time to go on."""
        self._done.clear()
        with suppress(OSError):
            self._line.send(RELOAD)
            with suppress(TimeoutError):
                async with asyncio.timeout(_RELOAD_SECONDS):
                    await self._done.wait()

    def leave(self) -> None:
        """Have it stop gracefully."""
        self.leaving = True
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    def _hear(self) -> None:
        try:
            said = self._line.recv(64)
        except OSError:
            said = b""
        if READY in said and not self._up.done():
            self._up.set_result(True)
        if DONE in said or not said:
            self._done.set()
        if not said:
            self._loop.remove_reader(self._line)
            self._line.close()
            if not self._up.done():
                self._up.set_result(False)


def described(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with code {code}"
    with suppress(ValueError):  # a real-time signal has no name
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
