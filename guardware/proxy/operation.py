"""Operation: what ``guardware serve`` was told, put together and run, in one process or in several workers."""

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from guardware.config import load
from guardware.config.schema import Config
from guardware.errors import ConfigError
from guardware.observe.access_log import AccessLog
from guardware.proxy.edge import Edge
from guardware.proxy.listen import Listener
from guardware.proxy.reload import PolicyFile, Reloader, Target, Watched
from guardware.proxy.server import build
from guardware.proxy.serving import Server, serve_until_stopped
from guardware.proxy.settings import allow_files, uvicorn_settings
from guardware.proxy.systemd import Notifier
from guardware.proxy.tls import Certificate
from guardware.proxy.workers import Supervisor

_MEMORY = (
    "store.url: is memory://, which each of the {count} workers would have for itself, so that every limit and "
    "budget would count {count} times; name a Redis, as in redis://localhost:6379/0, or leave --workers at 1"
)


_YOUNG = 50_000
"""New containers after which rubbish is looked for (CPython: 700); some hundreds of requests' worth."""


class Setup(NamedTuple):
    """What was said on the command line. ``file``: the configuration, None for the preset."""

    root: str | None = None
    upstream: str | None = None
    file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    workers: int = 1

    def config(self) -> Config:
        """The configuration as it is now. Raises ConfigError."""
        config = load(self.file) if self.file is not None else Config()
        if self.workers > 1 and config.store.url.startswith("memory:"):
            place = f"{self.file}: " if self.file is not None else ""
            raise ConfigError([place + _MEMORY.format(count=self.workers)])
        return config

    def certificate(self) -> Certificate | None:
        """Raises GuardwareError if the files cannot be used."""
        if self.tls_cert is None:
            return None
        return Certificate(self.tls_cert, self.tls_key or self.tls_cert)


class Operation:
    """The guard around what ``setup`` names, and the server around the guard: all of one process.

    ``before`` and ``after`` are told of reloads that were asked for, ``ready`` when it serves. Raises
    GuardwareError, and what ``server.build`` raises.
    """

    def __init__(
        self,
        setup: Setup,
        config: Config,
        *,
        ready: Callable[[], None] = lambda: None,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        certificate = setup.certificate()
        guard = build(config, root=Path(setup.root) if setup.root is not None else None, upstream=setup.upstream)
        self._edge = Edge(guard)
        self._policy = _Policy(guard, self._edge, config)
        things: list[Watched] = []
        if setup.file is not None:
            things.append(PolicyFile(Path(setup.file), lambda _: setup.config(), self._policy))
        if certificate is not None:
            things.append(certificate)
        self.reloader = Reloader(things, before=before, after=after)
        shared = setup.workers > 1
        self.server = Server(
            uvicorn_settings(self._edge, config, certificate, shared=shared),
            self._edge,
            ready,
            handshake_timeout=config.server.header_timeout,
        )

    def run(self, sockets: Sequence[Listener], follow: Callable[[], None] = lambda: None) -> None:
        """Until it is stopped; blocks. ``follow`` is called on the event loop at the start."""
        _spare_the_collector()
        try:
            serve_until_stopped(self.server, sockets, self.reloader, follow)
        finally:
            if self._edge.log is not None:
                self._edge.log.close()


class _Policy:
    """What a new configuration changes: the guard's policy, and what is written of each request."""

    def __init__(self, guard: Target, edge: Edge, config: Config) -> None:
        self._guard = guard
        self._edge = edge
        self._config = config
        edge.log = _access_log(config)

    async def reload(self, config: Config) -> None:
        await self._guard.reload(config)
        old, self._config = self._config, config
        if _of_log(old) != _of_log(config):
            before, self._edge.log = self._edge.log, _access_log(config)
            if before is not None:
                await asyncio.to_thread(before.close)


def _of_log(config: Config) -> tuple[object, ...]:
    return config.server.access_log, config.clients.keep_addresses, config.clients.trusted_proxies


def _access_log(config: Config) -> AccessLog | None:
    if config.server.access_log.file is None:
        return None
    clients = config.clients
    return AccessLog(
        config.server.access_log, keep_addresses=clients.keep_addresses, trusted=clients.trusted_proxies
    )


def operate(
    setup: Setup, config: Config, sockets: Sequence[Listener], announce: Callable[[], None], notifier: Notifier
) -> None:
    """Serve on ``sockets`` until stopped; ``announce`` is told when requests are taken. For the main thread.

    ``config``: what ``setup.config()`` said. Raises GuardwareError.
    """
    allow_files(config.server.max_connections)

    def ready() -> None:
        announce()
        notifier.ready()

    if setup.workers == 1:
        operation = Operation(setup, config, ready=ready, before=notifier.reloading, after=notifier.ready)
        operation.run(sockets)
        return
    setup.certificate()  # so that it is complained of once, and by us

    async def supervise() -> None:
        supervisor = Supervisor(
            lambda line: worker_command(setup, line, sockets),
            setup.workers,
            sockets,
            grace=config.server.grace,
            ready=announce,
            notifier=notifier,
            # What we can import, the workers can: with the paths that whoever started us added.
            environment={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        )
        await supervisor.run()

    asyncio.run(supervise())


def worker_command(setup: Setup, line: int, sockets: Sequence[Listener]) -> list[str]:
    """How a worker is started: a new Python and no fork, so that it has the code that is installed then."""
    job = {"setup": setup, "line": line, "sockets": [opened.fileno() for opened in sockets]}
    return [sys.executable, "-P", "-m", "guardware.proxy.worker", json.dumps(job)]


def _spare_the_collector() -> None:
    """What was built at the start stays: looking through it for rubbish again and again costs a request 70 us."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 100)


def set_up_logging(*, several: bool = False) -> None:
    """To stderr; ``several``: with the process that speaks."""
    who = "[%(process)d]" if several else ""
    logging.basicConfig(level=logging.INFO, format=f"%(levelname)s %(name)s{who}: %(message)s")
