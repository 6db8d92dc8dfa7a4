"""Workers: several processes that serve on the same sockets, and the one that watches over them."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from guardware.errors import GuardwareError
from guardware.proxy.child import Child, described
from guardware.proxy.listen import Listener
from guardware.proxy.serving import LINGER
from guardware.proxy.systemd import Notifier

logger = logging.getLogger("guardware.workers")

_MORE_SECONDS = 5.0
"""After ``server.grace``: to write down what is to be written down, before the worker is killed."""

_PROPER_LIFE = 10.0
"""Seconds; a worker that ends sooner did not find what it needs, and the next one waits."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds; doubled from one early end to the next."""


class Supervisor:
    """Keeps ``count`` workers running: SIGHUP has each read its files again, SIGUSR2 puts new ones in their place
    one by one, SIGTERM and SIGINT stop them all.

    ``command``: of a worker, given the number of its line's descriptor. ``sockets``: what the workers listen on,
    closed at the end. The sockets are shared, and not one for each (SO_REUSEPORT): of those the kernel resets the
    connections that wait when a worker ends. ``grace``: seconds that workers have to stop. ``ready`` is told when
    all serve for the first time.
    """

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        count: int,
        sockets: Sequence[Listener],
        *,
        grace: float,
        ready: Callable[[], None] = lambda: None,
        notifier: Notifier | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._count = count
        self._sockets = sockets
        self._patience = grace + LINGER + _MORE_SECONDS
        self._ready = ready
        self._notifier = notifier or Notifier()
        self._environment = environment
        self._workers: list[Child] = []
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._early_ends = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._restarting = True  # not before all have started

    async def run(self) -> None:
        """Until stopped. Raises GuardwareError if the workers cannot start."""
        loop = asyncio.get_running_loop()
        handlers: dict[int, Callable[[], None]] = {
            signal.SIGTERM: self.stop,
            signal.SIGINT: self.stop,
            signal.SIGHUP: lambda: self._run(self._reload()),
            signal.SIGUSR2: lambda: self._run(self._restart()),
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            started = await self._start_all()
            if started:
                self._restarting = False
                self._ready()
                self._notifier.ready(f"{self._count} workers")
                await self._stopping.wait()
        finally:
            told_to = self._stopping.is_set()
            await self._stop_all()
            for number in handlers:
                loop.remove_signal_handler(number)
        if not started and not told_to:
            raise GuardwareError("the server could not start; the log says why")

    def stop(self) -> None:
        """Stop gracefully; told again, stop at once."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    async def _start_all(self) -> bool:
        try:
            first = [await self._start() for _ in range(self._count)]
        except OSError as error:
            raise GuardwareError(f"no worker can be started: {error.strerror}") from None
        stopping = asyncio.create_task(self._stopping.wait())
        ready = [asyncio.create_task(worker.comes_up()) for worker in first]
        for up in ready:
            await asyncio.wait([stopping, up], return_when=asyncio.FIRST_COMPLETED)
            if not (up.done() and up.result()):
                break
        for task in (stopping, *ready):
            task.cancel()
        await asyncio.gather(stopping, *ready, return_exceptions=True)
        if not all(not up.cancelled() and up.result() for up in ready):
            return False
        for worker in first:
            self._run(self._watch(worker))
        return True

    async def _start(self) -> Child:
        worker = await Child.start(self._command, self._sockets, self._environment)
        self._workers.append(worker)
        return worker

    async def _watch(self, worker: Child) -> None:
        """Until the worker ends; have another in its place if nobody told it to."""
        code = await worker.ended()
        self._workers.remove(worker)
        if worker.leaving or self._stopping.is_set():
            return
        self._early_ends = self._early_ends + 1 if worker.age < _PROPER_LIFE else 0
        pause = self._pause()
        later = f" in {pause:g} s" if pause else ""
        logger.error("worker %d %s; another starts%s", worker.pid, described(code), later)
        await self._replace(pause)

    def _pause(self) -> float:
        """Seconds until the next worker is started."""
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._early_ends - 1, 10)) if self._early_ends else 0.0

    async def _replace(self, pause: float) -> None:
        """Start another worker after ``pause``, as often as it takes until there is one, or all are to stop."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            if self._stopping.is_set():
                return
            try:
                worker = await self._start()
            except OSError as error:  # no memory, or Python itself is just being exchanged
                self._early_ends += 1
                pause = self._pause()
                logger.error("no worker can be started (%s); tried again in %g s", error.strerror, pause)
            else:
                self._run(self._watch(worker))
                return

    async def _reload(self) -> None:
        """Tell systemd once every worker has read everything again, or has had the time for it."""
        self._notifier.reloading()
        await asyncio.gather(*(worker.reload() for worker in self._workers))
        self._notifier.ready(f"{self._count} workers")

    async def _restart(self) -> None:
        """Each worker's successor serves before it stops itself; a successor that does not come up ends this."""
        if self._restarting:
            return
        self._restarting = True
        try:
            for old in list(self._workers):
                if not await self._succeed(old):
                    return
            logger.info("%d workers were restarted, one by one", self._count)
        finally:
            self._restarting = False

    async def _succeed(self, old: Child) -> bool:
        """Have a new worker in the place of ``old``; False if it does not come up."""
        try:
            new = await self._start()
        except OSError as error:
            logger.error("no worker can be started (%s); those before it go on serving", error.strerror)
            return False
        new.leaving = True  # on trial: if it ends, nobody takes its place
        self._run(self._watch(new))
        if not await new.comes_up():
            new.kill()
            logger.error("worker %d does not come up; those before it go on serving", new.pid)
            return False
        new.leaving = False
        leaves = old if old in self._workers else new  # if it died meanwhile, another took its place already
        leaves.leave()
        await self._gone([leaves])
        return True

    async def _stop_all(self) -> None:
        self._notifier.stopping()
        self._stopping.set()
        for opened in self._sockets:
            opened.close()  # who comes now is refused at once, and need not wait to be
        for task in self._tasks:  # none is to start another worker now
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            worker.leave()
        await self._gone(self._workers)

    async def _gone(self, workers: Sequence[Child]) -> None:
        """Wait until they have ended; kill those that take too long."""
        ends = [asyncio.create_task(worker.ended()) for worker in workers]
        hurry = asyncio.create_task(self._hurry.wait())
        waiting = {hurry, *ends}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while not hurry.done() and not all(end.done() for end in ends):
                    _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        for worker, end in zip(tuple(workers), ends, strict=False):
            if not end.done():
                logger.error("worker %d did not stop in time, and is killed", worker.pid)
                worker.kill()
        await asyncio.gather(*ends)

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
