"""The reverse proxy: an ASGI app that passes everything on to one upstream, streaming both ways."""

import aiohttp

from guardware.config.schema import Proxy
from guardware.http import Receive, Scope, Send
from guardware.proxy.address import parse_address, target
from guardware.proxy.exchange import Exchange, refuse
from guardware.proxy.headers import WhoVisits, from_connection, has_body, to_upstream
from guardware.proxy.lifespan import run_lifespan
from guardware.proxy.websocket import forward_websocket, turn_away

_NOT_FORWARDED = frozenset({"CONNECT", "TRACE"})
"""CONNECT would make us a tunnel; TRACE shows the lines that we add (RFC 9110, section 9.3.8)."""

_KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the 5 s of uvicorn and Node, so that we never ask a closed one."""

_FIELD_BYTES = 32 * 1024
"""One header line of an answer; aiohttp's 8190 refuses some sites' Content-Security-Policy."""


class Upstream:
    """Forwards to ``url``: ``http(s)://host[:port][/path]``. Raises ValueError if it is no such address.

    ``who_visits`` tells the visitor's address and scheme from a scope; it is the only source of the forwarding
    headers. The client session is made at lifespan start-up, or by the first request, and closed at shutdown.
    """

    def __init__(
        self, url: str, settings: Proxy | None = None, *, who_visits: WhoVisits = from_connection
    ) -> None:
        self._address = parse_address(url)
        self._settings = settings or Proxy()
        self._who_visits = who_visits
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await run_lifespan(receive, send, start=self.open, stop=self.close)

    async def open(self) -> None:
        """Make the client session, if there is none yet."""
        self._opened()

    async def close(self) -> None:
        """Close the client session and its connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        settings = self._settings
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.max_connections, keepalive_timeout=_KEEP_ALIVE),
            # `connect` includes the wait for a free connection, so a queue of visitors cannot grow for ever.
            timeout=aiohttp.ClientTimeout(
                total=None, connect=settings.connect_timeout, sock_read=settings.read_timeout
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            auto_decompress=False,
            max_field_size=_FIELD_BYTES,
        )

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method in _NOT_FORWARDED:
            await refuse(405, method, send)
            return
        url = target(self._address, scope)
        if url is None:
            await refuse(400, method, send)
            return
        exchange = Exchange(self._opened(), method, receive, send, self._settings.read_timeout)
        await exchange.run(url, self._headers(scope), with_body=has_body(scope["headers"]))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        url = target(self._address, scope)
        if url is None:
            await turn_away(400, scope, send)
            return
        await forward_websocket(self._opened(), url, self._headers(scope), scope, receive, send)

    def _headers(self, scope: Scope) -> list[tuple[str, str]]:
        return to_upstream(scope["headers"], self._who_visits(scope), preserve_host=self._settings.preserve_host)
