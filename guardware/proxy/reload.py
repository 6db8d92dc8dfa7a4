"""Reading files again, on SIGHUP and when they have changed, while requests go on."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from guardware.config.schema import Config
from guardware.errors import ConfigError

logger = logging.getLogger("guardware.reload")

INTERVAL = 2.0
"""Seconds between two looks at the files."""

Stamp = tuple[int, ...]


class Watched(Protocol):
    """What stands by a file, or several: the policy, the certificate."""

    def stamp(self) -> Stamp | None:
        """What changes with the files; None while they are away, as some editors leave them for a moment."""

    async def reload(self) -> bool:
        """Read them and go over to what they say; False, with the faults logged, if that cannot be done."""


class Target(Protocol):
    """What takes a new configuration: ``GuardMiddleware``."""

    async def reload(self, config: Config) -> None:
        """Go over to ``config`` as a whole; raises if it cannot, and then stays as it was."""


class PolicyFile:
    """Keeps ``target`` at what the file says. A bad file changes nothing, and every fault of it is logged.

    ``load`` reads the file (it blocks, and runs in a thread); it raises ConfigError with one line a fault.
    """

    def __init__(self, path: Path, load: Callable[[Path], Config], target: Target) -> None:
        self._path = path
        self._load = load
        self._target = target

    def stamp(self) -> Stamp | None:
        return stamp_of(self._path)

    async def reload(self) -> bool:
        try:
            await self._target.reload(await asyncio.to_thread(self._load, self._path))
        except ConfigError as error:
            for fault in error.faults:
                logger.error("%s", fault)
        except Exception as error:  # whatever it is, the guard that stands must go on standing
            logger.error("%s: %s: %s", self._path, type(error).__name__, error)
        else:
            logger.info("%s: read again, and in force (but for what wants a restart: docs/server.md)", self._path)
            return True
        logger.error("%s was not taken over; the policy before it stays in force", self._path)
        return False


class Reloader:
    """Reloads ``things`` one by one when their files change, and all of them when asked.

    ``before`` and ``after`` are told of the reloads that were asked for: by SIGHUP, or by ``ask``.
    """

    def __init__(
        self,
        things: Sequence[Watched],
        *,
        interval: float = INTERVAL,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._things = things
        self._interval = interval
        self._before, self._after = before, after
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have everything read again soon. To be called on the event loop."""
        self._asked.set()

    async def watch(self) -> None:
        """Until cancelled: reload on SIGHUP at once, and what has changed once it holds still."""
        # Signals are the main thread's; elsewhere ``ask`` is the way.
        main = threading.current_thread() is threading.main_thread()
        loop = asyncio.get_running_loop()
        if main:
            loop.add_signal_handler(signal.SIGHUP, self.ask)
        try:
            await self._watch()
        finally:
            if main:
                loop.remove_signal_handler(signal.SIGHUP)

    async def _watch(self) -> None:
        applied = before = [thing.stamp() for thing in self._things]
        while True:
            asked = await self._pause()
            now = [thing.stamp() for thing in self._things]
            if asked:
                applied = now
                await self._reload_all()
            else:
                for index, thing in enumerate(self._things):
                    # Half a file may well be valid, and weaker: wait until it is the same at two looks.
                    if now[index] is not None and now[index] == before[index] and now[index] != applied[index]:
                        applied = [*applied[:index], now[index], *applied[index + 1 :]]
                        await thing.reload()
            before = now

    async def _reload_all(self) -> None:
        self._before()
        for thing in self._things:
            await thing.reload()
        self._after()

    async def _pause(self) -> bool:
        """Wait for the next look; True if somebody asked for it."""
        try:
            async with asyncio.timeout(self._interval):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True


def stamp_of(path: Path) -> Stamp | None:
    """What changes with the file at ``path``; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
