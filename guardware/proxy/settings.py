"""How uvicorn is set up: what it accepts, and what it leaves to us."""

import math
import resource

import uvicorn

from guardware.config.schema import Config
from guardware.http import ASGIApp
from guardware.proxy.listen import BACKLOG
from guardware.proxy.protocol import protocol_class
from guardware.proxy.tls import Certificate
from guardware.proxy.visitor_websocket import VisitorWebSocket
from guardware.proxy.websocket import MAX_MESSAGE

_FILES_EACH = 3
"""Descriptors for a visitor's connection: its own, the upstream's or a file, and room for the rest."""


def uvicorn_settings(
    app: ASGIApp,
    config: Config | None = None,
    certificate: Certificate | None = None,
    *,
    log_level: str = "warning",
    shared: bool = False,
) -> uvicorn.Config:
    """How the server runs ``app``, which dates its answers (``Edge``). ``log_level``: the server's own.

    ``shared``: other processes accept connections on the same sockets.
    """
    config = config or Config()
    limits = config.server
    context = certificate.context if certificate is not None else None
    announced = limits.proxy_protocol  # TLS begins after what the proxy says, so the protocol sees to it
    settings = uvicorn.Config(
        app,
        http=protocol_class(limits, config.clients.trusted_proxies, tls=context if announced else None),
        ws=VisitorWebSocket,
        ws_max_size=MAX_MESSAGE,
        # A piece of what was read may unpack to a thousand times as much; and the upstream's side has none either.
        ws_per_message_deflate=False,
        # Not uvloop if it happens to be there: the relay is made for asyncio's transports, and tried with them.
        loop="asyncio",
        lifespan="on",
        # Only the guard knows which proxies to believe (clients.trusted_proxies).
        proxy_headers=False,
        server_header=False,
        date_header=False,
        # The access log is ours: uvicorn's would write raw addresses, which are kept only if the owner says so.
        access_log=False,
        log_config=None,
        log_level=log_level,
        timeout_keep_alive=math.ceil(limits.keep_alive),
        timeout_graceful_shutdown=math.ceil(limits.grace),
        limit_concurrency=limits.max_connections,
        # asyncio accepts so many at a time; the sockets themselves see to their backlog (listen.Listener).
        backlog=1 if shared else BACKLOG,
    )
    settings.load()
    settings.ssl = None if announced else context
    return settings


def allow_files(connections: int) -> None:
    """Raise the soft limit of open files: the usual 1024 ends long before ``connections`` do."""
    wanted = _FILES_EACH * connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
