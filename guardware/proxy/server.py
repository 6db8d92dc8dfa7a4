"""What is served, and the short way to serve it: the guard around a gallery or around upstreams."""

from collections.abc import Callable
from pathlib import Path

from guardware.config.schema import Config
from guardware.http import ASGIApp
from guardware.middleware import GuardMiddleware
from guardware.proxy.edge import Edge
from guardware.proxy.listen import address_of, listen_tcp
from guardware.proxy.origins import Origins
from guardware.proxy.reload import Reloader
from guardware.proxy.serving import Server, serve_until_stopped
from guardware.proxy.settings import allow_files, uvicorn_settings


def build(config: Config, *, root: Path | None = None, upstream: str | None = None) -> GuardMiddleware:
    """The guard around the folder ``root`` or the site at ``upstream``; without either around what ``proxy`` has.

    At most one of them is given. Raises NotADirectoryError, ValueError for a bad address, and GuardwareError.
    """
    return GuardMiddleware(Origins(config, root=root, upstream=upstream), config)


def run(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    log_level: str = "warning",
    announce: Callable[[list[str]], None] = lambda addresses: None,
) -> None:
    """Serve ``app`` in this process until SIGINT or SIGTERM; answers under way may finish. Blocks.

    ``port`` 0 takes a free one. ``log_level`` is the server's own. ``announce`` is told the addresses once
    requests are taken. Raises GuardwareError.
    """
    edge = Edge(app)
    sockets = listen_tcp(host, port)
    addresses = [address_of(opened, "http") for opened in sockets]
    settings = uvicorn_settings(edge, log_level=log_level)
    allow_files(settings.limit_concurrency or 0)
    serve_until_stopped(Server(settings, edge, lambda: announce(addresses)), sockets, Reloader([]))
