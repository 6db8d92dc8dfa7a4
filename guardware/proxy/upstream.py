"""The reverse proxy: an ASGI app that passes everything on to the sites behind us, streaming both ways."""

from guardware.config.proxy import Proxy
from guardware.http import Receive, Scope, Send
from guardware.proxy.exchange import Exchange, is_too_large
from guardware.proxy.headers import WhoVisits, from_scope, has_body
from guardware.proxy.health import HealthChecks
from guardware.proxy.lifespan import run_lifespan
from guardware.proxy.pool import Group
from guardware.proxy.refusals import refuse
from guardware.proxy.relay.relay import Relay
from guardware.proxy.request_lines import RequestLines
from guardware.proxy.routes import Routes
from guardware.proxy.websocket import forward_websocket, turn_away

_NOT_FORWARDED = frozenset({"CONNECT", "TRACE"})
"""CONNECT would make us a tunnel; TRACE shows the lines that we add (RFC 9110, section 9.3.8)."""


class Upstream:
    """Forwards to ``settings.upstream`` and ``settings.routes``.

    ``who_visits`` tells the visitor's address and scheme from a scope; it is the only source of the forwarding
    headers. Connections are made at need, health checks run from lifespan start-up, both end at shutdown.
    Raises ValueError for what is no address, GuardwareError for a certificate that cannot be used.
    """

    def __init__(self, settings: Proxy, *, who_visits: WhoVisits = from_scope) -> None:
        self._settings = settings
        self._request = RequestLines(who_visits, preserve_host=settings.preserve_host)
        self._routes = Routes(settings)
        self._relay = Relay(settings, self._request) if settings.relay and Relay.is_possible() else None
        self._checks = HealthChecks(self._routes.members, settings.health) if settings.health else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await run_lifespan(receive, send, start=self.open, stop=self.close)

    async def open(self) -> None:
        """Begin the health checks, if there are to be any."""
        if self._checks is not None:
            self._checks.start()

    async def close(self) -> None:
        """End the health checks and all connections."""
        if self._checks is not None:
            await self._checks.stop()
        if self._relay is not None:
            self._relay.close()
        for member in self._routes.members:
            await member.close()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        group = self._routes.find(scope)
        status = self._refusal(scope, group)
        if status or group is None:
            await refuse(status, scope, send)
            return
        if self._relay is not None and await self._relay.run(group, scope, send):
            return
        exchange = Exchange(self._settings, scope, receive, send)
        await exchange.run(group, self._request.lines(scope), with_body=has_body(scope["headers"]))

    def _refusal(self, scope: Scope, group: Group | None) -> int:
        """The status with which a request is refused unasked; 0 for one that is passed on."""
        if scope["method"] in _NOT_FORWARDED:
            return 405
        if group is None:
            return 404
        return 413 if is_too_large(scope, self._settings.max_body) else 0

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        group = self._routes.find(scope)
        if group is None:
            await turn_away(404, scope, send)
            return
        await forward_websocket(self._settings, group, self._request.lines(scope), scope, receive, send)
