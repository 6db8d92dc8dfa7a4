"""Reading the configuration again, on SIGHUP and when its file has changed, while requests go on."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from guardware.config.schema import Config
from guardware.errors import ConfigError

logger = logging.getLogger("guardware.reload")

INTERVAL = 2.0
"""Seconds between two looks at the file."""

Stamp = tuple[int, int, int]


class Target(Protocol):
    """What takes a new configuration: ``GuardMiddleware``."""

    async def reload(self, config: Config) -> None:
        """Go over to ``config`` as a whole; raises if it cannot, and then stays as it was."""


class Reloader:
    """Keeps ``target`` at what the file says. A bad file changes nothing, and every fault of it is logged.

    ``load`` reads the file (it blocks, and runs in a thread); it raises ConfigError with one line a fault.
    """

    def __init__(
        self, path: Path, load: Callable[[Path], Config], target: Target, *, interval: float = INTERVAL
    ) -> None:
        self._path = path
        self._load = load
        self._target = target
        self._interval = interval

    async def watch(self) -> None:
        """Until cancelled: reload on SIGHUP at once, and on a change of the file once it holds still."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, asked.set)
        try:
            await self._watch(asked)
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    async def _watch(self, asked: asyncio.Event) -> None:
        applied = before = self._stamp()
        while True:
            by_signal = await self._pause(asked)
            now = self._stamp()
            # Half a file may well be valid, and weaker: wait until it is the same at two looks.
            settled = now is not None and now == before and now != applied
            if by_signal or settled:
                applied = now
                await self.reload()
            before = now

    async def _pause(self, asked: asyncio.Event) -> bool:
        """Wait for the next look; True if a signal asked for it."""
        try:
            async with asyncio.timeout(self._interval):
                await asked.wait()
        except TimeoutError:
            return False
        asked.clear()
        return True

    async def reload(self) -> bool:
        """Read the file and go over to it; False, with the faults logged, if that cannot be done."""
        try:
            await self._target.reload(await asyncio.to_thread(self._load, self._path))
        except ConfigError as error:
            for fault in error.faults:
                logger.error("%s", fault)
        except Exception as error:  # whatever it is, the guard that stands must go on standing
            logger.error("%s: %s: %s", self._path, type(error).__name__, error)
        else:
            logger.info(
                "%s: read again, and in force (but for proxy.* and the gallery's title, which want a restart)",
                self._path,
            )
            return True
        logger.error("%s was not taken over; the policy before it stays in force", self._path)
        return False

    def _stamp(self) -> Stamp | None:
        """What changes with the file; None while it is away, as some editors leave it for a moment."""
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
