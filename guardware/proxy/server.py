"""Running: the guard around a gallery or an upstream, uvicorn around the guard, and a graceful end."""

import asyncio
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from guardware.config.schema import Config
from guardware.errors import GuardwareError
from guardware.http import ASGIApp, Scope
from guardware.middleware import GuardMiddleware
from guardware.proxy.edge import Edge
from guardware.proxy.gallery import gallery
from guardware.proxy.headers import Visitor, from_connection
from guardware.proxy.listen import address_of, listen_tcp, listen_unix
from guardware.proxy.reload import Reloader
from guardware.proxy.upstream import Upstream

_HEADER_BYTES = 80 * 1024
"""Request line and headers together; more is answered 400. A user-agent of 64 kB still gets its verdict."""

_KEEP_ALIVE = 15
"""Seconds that a visitor's idle connection is kept: pictures are fetched lazily, as one scrolls."""

_CONNECTIONS = 2048
"""Visitors' connections at once, beyond which the answer is 503; each may hold ``_HEADER_BYTES``."""

_OPEN_FILES = 3 * _CONNECTIONS
"""One for a visitor's connection, one for the upstream's or a file, and room for the rest."""

_GRACE = 10
"""Seconds that answers under way have when the server is told to stop."""


def build(config: Config, *, root: Path | None = None, upstream: str | None = None) -> GuardMiddleware:
    """The guard around the folder ``root`` or the site at ``upstream``; exactly one of them is given.

    Raises NotADirectoryError, or ValueError for a bad address.
    """
    if root is not None:
        return GuardMiddleware(gallery(root, title=config.site.name or "Pictures"), config)

    def who_visits(scope: Scope) -> Visitor:
        visit = guard.parts.guard.read(scope)
        return Visitor(visit.source.address or None, visit.scheme) if visit else from_connection(scope)

    guard = GuardMiddleware(Upstream(upstream or "", config.proxy, who_visits=who_visits), config)
    return guard


def run(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    uds: str | None = None,
    tls_cert: str | None = None,
    tls_key: str | None = None,
    log_level: str = "warning",
    reloader: Reloader | None = None,
    announce: Callable[[list[str]], None] | None = None,
) -> None:
    """Serve ``app`` until SIGINT or SIGTERM; answers under way may finish. Raises GuardwareError.

    ``port`` 0 takes a free one; ``uds`` is a unix socket's path, instead of both. ``log_level`` is the server's
    own. ``announce`` is told the addresses once connections are taken. Blocks; for signals, the main thread.
    """
    _allow_files()
    server = uvicorn.Server(uvicorn_settings(app, tls_cert, tls_key, log_level))
    sockets = [listen_unix(uds)] if uds is not None else listen_tcp(host, port)
    if announce is not None:
        announce([address_of(opened, "https" if tls_cert else "http") for opened in sockets])
    if threading.current_thread() is threading.main_thread():
        # uvicorn stops gracefully, and then raises the signal again: a stop that was asked for is no failure.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(server, sockets, reloader))
    finally:
        for opened in sockets:
            opened.close()
    if not server.started:
        raise GuardwareError("the server could not start; the log says why")


async def _serve(server: uvicorn.Server, sockets: list[socket.socket], reloader: Reloader | None) -> None:
    watching = asyncio.create_task(reloader.watch()) if reloader is not None else None
    try:
        await server.serve(sockets)
    except SystemExit:
        if server.started:
            raise  # SIGTERM, after a graceful stop
    finally:
        if watching is not None:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


def uvicorn_settings(app: ASGIApp, tls_cert: str | None, tls_key: str | None, log_level: str) -> uvicorn.Config:
    """How the server runs ``app``; raises GuardwareError if the certificate cannot be used."""
    settings = uvicorn.Config(
        Edge(app),
        # httptools is quicker, but lets headers grow without end.
        http="h11",
        h11_max_incomplete_event_size=_HEADER_BYTES,
        lifespan="on",
        # Only the guard knows which proxies to believe (clients.trusted_proxies).
        proxy_headers=False,
        server_header=False,
        date_header=False,
        # The access log would write raw addresses, which are kept only if the owner says so.
        access_log=False,
        log_config=None,
        log_level=log_level,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        limit_concurrency=_CONNECTIONS,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    try:
        settings.load()
    except OSError as error:  # ssl.SSLError is one
        raise GuardwareError(
            f"cannot use the certificate {tls_cert} with the key {tls_key or tls_cert} ({error}); "
            "both must be readable PEM files, and belong together"
        ) from None
    return settings


def _allow_files() -> None:
    """Raise the soft limit of open files: the usual 1024 ends long before ``_CONNECTIONS`` does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
