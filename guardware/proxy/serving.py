"""Serving: uvicorn from its start to a stop that breaks no answer off and leaves no request unanswered."""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from guardware.errors import GuardwareError
from guardware.proxy.edge import Edge
from guardware.proxy.listen import Listener
from guardware.proxy.reload import Reloader

logger = logging.getLogger("guardware.server")

LINGER = 1.0
"""Seconds that a stopping server still listens to idle connections. A visitor may be sending his next request at
this very moment; it is answered, and the answer says that the connection ends. nginx has ``keepalive_min_timeout``
for the same, and without it a reload loses requests."""

_TICK = 0.02


class Server(uvicorn.Server):
    """uvicorn, with a start and a stop of its own; ``ready`` is told in between. Signals are the caller's affair.

    ``handshake_timeout``: seconds that a visitor may take until TLS stands (``server.header_timeout``).
    """

    def __init__(
        self,
        settings: uvicorn.Config,
        edge: Edge,
        ready: Callable[[], None] = lambda: None,
        *,
        handshake_timeout: float = 20.0,
    ) -> None:
        super().__init__(settings)
        self._edge = edge
        self._ready = ready
        self._handshake_timeout = handshake_timeout

    def stop(self) -> None:
        """Stop gracefully; told again, stop at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Sequence[Listener] | None = None) -> None:  # type: ignore[override]
        """As uvicorn's, which gives asyncio's 60 s to who connects and does not shake hands."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        settings, loop = self.config, asyncio.get_running_loop()
        protocol: Any = settings.http_protocol_class
        make = partial(protocol, config=settings, server_state=self.server_state, app_state=self.lifespan.state)
        self.servers = [
            await loop.create_server(
                make,
                sock=opened,
                backlog=settings.backlog,
                ssl=settings.ssl,
                ssl_handshake_timeout=self._handshake_timeout if settings.ssl is not None else None,
            )
            for opened in sockets or ()
        ]
        self.started = True
        self._ready()

    async def shutdown(self, sockets: Sequence[Listener] | None = None) -> None:  # type: ignore[override]
        """Let answers under way finish (``server.grace``), and others come who are on their way."""
        for server in self.servers:
            server.close()
        for opened in sockets or ():
            opened.close()
        self._edge.ending = True
        await self._linger()
        await super().shutdown(list(sockets or ()))

    async def _linger(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + LINGER
        await asyncio.sleep(_TICK)  # what was accepted just now is not yet among the connections
        # While hands are shaken, a connection is not among them either.
        while (self.server_state.connections or self.config.ssl is not None) and loop.time() < until:
            if self.force_exit:
                return
            await asyncio.sleep(_TICK)


def serve_until_stopped(
    server: Server, sockets: Sequence[Listener], reloader: Reloader, follow: Callable[[], None] = lambda: None
) -> None:
    """Serve on ``sockets``, which are closed at the end, until SIGINT, SIGTERM or ``server.stop()``. Blocks.

    ``follow`` is called on the event loop at the start. Raises GuardwareError if the server cannot start.
    """
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(server, sockets, reloader, follow))
    finally:
        for opened in sockets:
            opened.close()
    if not server.started:
        raise GuardwareError("the server could not start; the log says why")


async def _serve(
    server: Server, sockets: Sequence[Listener], reloader: Reloader, follow: Callable[[], None]
) -> None:
    follow()
    watching = asyncio.create_task(reloader.watch())
    try:
        with _signals(server):
            await server.serve(sockets)  # type: ignore[arg-type]
    except SystemExit:  # uvicorn's word for a start that failed
        if server.started:
            raise
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


@contextmanager
def _signals(server: Server) -> Iterator[None]:
    """SIGINT and SIGTERM stop ``server``. Where this is not the main thread, nothing does but ``stop``."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handlers = {
        signal.SIGTERM: server.stop,
        signal.SIGINT: server.stop,
        signal.SIGUSR2: lambda: logger.warning("workers are restarted one by one only where there are several"),
    }
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        del handlers[signal.SIGINT]  # a worker is told to stop by its supervisor
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)
