"""The visitor's connection: uvicorn's httptools protocol with limits, strict reading, and answers by the kernel.

For ``uvicorn.Config(http=protocol_class(config.server, config.clients.trusted_proxies))``. What uvicorn's own
class lacks: a cap on the head, a time limit for it, an end for clients that stop reading or sending, a bounded
pipeline, news of a hang-up for every request under way, HTTP/1.0, and no second request out of an ``Upgrade``.
"""

import asyncio
import ssl
import urllib.parse
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import httptools
from uvicorn.config import Config as ServerSettings
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl, service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from guardware.addresses import Network
from guardware.config.server import Server
from guardware.http import Scope
from guardware.proxy.announcing import announced
from guardware.proxy.cycle import PATHSEND, RELAY, Cycle
from guardware.proxy.rejection import rejection
from guardware.proxy.relay.outlet import Outlet
from guardware.proxy.request_head import TELLING, BadHeadError, framing, read_head

_TOO_LARGE, _TOO_SLOW, _IGNORED = 431, 408, 0

_QUEUED = 32
"""Requests that may wait behind the one being answered; browsers send none ahead, and who does may ask again."""

_STALL = 60.0
"""Seconds without a byte of a request's body, or without one taken of an answer (nginx's defaults)."""

_LINGER = 2.0
"""Seconds for which a refused client is still listened to: closing at once would reset, and lose the answer."""

_UNREAD = 1024 * 1024
"""Bytes of a body that may still come after the answer, before the connection is closed."""


class Limits(NamedTuple):
    """The limits of one connection, in bytes and seconds."""

    max_header: int
    header_timeout: float
    keep_alive: float

    @classmethod
    def of(cls, server: Server) -> "Limits":
        """Those of the section ``server``."""
        return cls(server.max_header, server.header_timeout, server.keep_alive)


class VisitorProtocol(HttpToolsProtocol):
    """One connection. At any moment it reads a head or a body, and is idle or has one answer under way."""

    limits: ClassVar[Limits]

    def __init__(
        self,
        config: ServerSettings,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.waiting: deque[tuple[Cycle, Scope]] = deque()
        self.running: Cycle | None = None
        self._outlet: Outlet | None = None
        self._timer: TimerHandle | None = None
        self._since = self.loop.time()
        self._served = False
        self._rejection = 0
        self._closed_to_more = False
        # What is being read.
        self._telling: list[tuple[bytes, bytes]] = []
        self._begun = self._in_body = self._resuming = False
        self._fault = 400
        self._heads = 0
        self._head_bytes = self._piece = self._quiet = self._unread = self._ahead = 0
        self._got_body = False
        self._progress: tuple[Cycle | None, int] = (None, 0)
        self._progress_at = 0.0

    # --- The connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server = get_local_addr(transport)
        self.client = get_remote_addr(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        self._since = self.loop.time()
        self._timer = self.loop.call_later(self._period(), self._tick)

    def came_from(self, client: tuple[str, int] | None, scheme: Literal["http", "https"] | None) -> None:
        """What a trusted front says of the connection: its visitor's address, and scheme if it knows that."""
        self.client = client
        self.scheme = scheme or self.scheme

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self._stop_timer()
        for cycle in (self.running, *(cycle for cycle, _ in self.waiting)):
            if cycle is not None:
                cycle.hang_up()
        self.waiting.clear()
        if self.flow is not None:
            self.flow.resume_writing()
        if self._outlet is not None:
            outlet, self._outlet = self._outlet, None
            # After whoever waits for it has been told.
            self.loop.call_soon(outlet.close)
        self.parser = None  # type: ignore[assignment]

    def shutdown(self) -> None:
        """The server stops: an idle connection is closed, another one after what it has asked."""
        if self.running is None:
            self.transport.close()
        else:
            (self.waiting[-1][0] if self.waiting else self.running).keep_alive = False

    def outlet(self) -> Outlet:
        if self._outlet is None:
            self._outlet = Outlet(self.transport.get_extra_info("socket").fileno(), self.loop)
        self._outlet.written = 0
        return self._outlet

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- Time ---

    def _period(self) -> float:
        return min(self.limits.header_timeout, self.limits.keep_alive, _STALL)

    def _tick(self) -> None:
        """One look at the clock now and then, instead of a timer for each request."""
        now = self.loop.time()
        limit = self._limit(now)
        wait = self._period()
        if limit is not None and now >= self._since + limit:
            self._time_is_up()
        elif limit is not None:
            wait = min(wait, self._since + limit - now)
        self._timer = self.loop.call_later(max(wait, 0.001), self._tick)

    def _limit(self, now: float) -> float | None:
        """Seconds after ``_since`` at which this connection has taken too long; None if it is not its turn."""
        if self._stalls(now):
            return 0.0
        if self.running is None and self._closed_to_more:
            return None  # it is about to be closed; see ``_end``
        if self.running is None and not self.transport.is_closing():
            if self._served and not self._in_head():
                return self.limits.keep_alive
            return self.limits.header_timeout
        return _STALL if self._in_body and not self.flow.read_paused else None

    def _stalls(self, now: float) -> bool:
        """Whether the visitor has taken nothing for too long of what is ready for him."""
        cycle = self.running
        outlet = cycle.outlet if cycle is not None else None
        left = self.transport.get_write_buffer_size()
        if not left and (outlet is None or not outlet.waiting):
            self._progress_at = now
            return False
        taken = (cycle.sent if cycle is not None else 0) + (outlet.written if outlet is not None else 0) - left
        if (cycle, taken) != self._progress:
            self._progress, self._progress_at = (cycle, taken), now
        return now - self._progress_at >= _STALL

    def _time_is_up(self) -> None:
        if self.running is None and self._in_head() and not self.transport.is_closing():
            self._refuse(_TOO_SLOW)
        elif self.running is None and not self.transport.get_write_buffer_size():
            self.transport.close()
        else:
            self.transport.abort()

    # --- Reading ---

    def data_received(self, data: bytes) -> None:
        if self._closed_to_more:
            return
        size, heads = len(data), self._heads
        if self._in_body or (self._served and self.running is None and not self._in_head()):
            self._since = self.loop.time()
        self._piece = size
        self._got_body = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._fault)
        else:
            self._bound(size, new=self._heads != heads)

    def _bound(self, size: int, *, new: bool) -> None:
        """Count what came and was no body: it lies in the parser, or was thrown away."""
        if self._in_body:
            # Trailers, extensions of chunks: of any length, if body comes between them.
            self._quiet = 0 if self._got_body or new else self._quiet + size
            if self._quiet > self.limits.max_header:
                self._refuse(_TOO_LARGE)
        elif not new:
            self._head_bytes += size
            if self._head_bytes > self.limits.max_header:
                self._refuse(_TOO_LARGE)

    def _in_head(self) -> bool:
        return self._begun or self._head_bytes > 0

    def on_message_begin(self) -> None:
        if self._resuming:
            return
        self._begun = True
        self.url = b""
        self.headers = []
        self._telling = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body or self._resuming:
            return  # a trailer: what it would add was judged already (RFC 9110 section 6.5.1 lets us drop it)
        name = name.lower()
        if value and value[-1] <= 0x20:
            value = value.rstrip(b" \t")
        if name in TELLING:
            self._telling.append((name, value))
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._resuming:
            self._resuming = False
            self._in_body = True
            return
        self._heads += 1
        self._begun = False
        if not self._goes_on():
            self._fault = _IGNORED
            raise BadHeadError(_IGNORED)
        if self._head_bytes + self._piece > self.limits.max_header:
            self._measure()
        self._head_bytes = self._quiet = self._unread = 0
        method, version = self.parser.get_method(), self.parser.get_http_version()
        try:
            target = read_head(method, version, self.url, self._telling)
        except BadHeadError as error:
            self._fault = error.status
            raise
        websocket = self.parser.should_upgrade() and self._should_upgrade()
        if websocket and (self.running is not None or framing(self._telling)):
            self._fault = 400  # bytes that one server would take for frames, another for a body
            raise BadHeadError(400)
        self._make_scope(method.decode(), version, target.path, target.query)
        if not websocket:
            modern = version == "1.1"
            self._accept(modern=modern, expects=target.expects)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers)

    def _measure(self) -> None:
        """A head that came together with other things."""
        if self._head_size() > self.limits.max_header:
            self._fault = _TOO_LARGE
            raise BadHeadError(_TOO_LARGE)

    def _make_scope(self, method: str, version: str, raw_path: bytes, query: bytes) -> None:
        path = raw_path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "method": method,
            "path": self.root_path + (urllib.parse.unquote(path) if "%" in path else path),
            "raw_path": self.root_path.encode("ascii") + raw_path,
            "query_string": query,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,  # type: ignore[typeddict-item]
            "root_path": self.root_path,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }

    def _accept(self, *, modern: bool, expects: bool) -> None:
        """A request whose head is right: answer it, or let it wait its turn."""
        keep_alive = modern and self.parser.should_keep_alive()
        cycle = Cycle(self, self.scope["method"], modern=modern, keep_alive=keep_alive, expects=expects)
        self.cycle = cycle  # type: ignore[assignment]
        self._in_body = True
        scope: Any = self.scope
        if self.scheme == "http" and not is_ssl(self.transport):
            scope["extensions"] = {PATHSEND: {}, RELAY: cycle}
        if self.running is None:
            self._start(cycle, scope)
            return
        self.waiting.append((cycle, scope))
        self._ahead += self._head_size()
        if self._ahead > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if len(self.waiting) >= _QUEUED:
            cycle.keep_alive = False

    def _start(self, cycle: Cycle, scope: Scope) -> None:
        self.running = cycle
        limit = self.limit_concurrency
        full = limit is not None and (len(self.connections) >= limit or len(self.tasks) >= limit)
        app: Any = service_unavailable if full else self.app
        task = self.loop.create_task(cycle.run(app, scope))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _goes_on(self) -> bool:
        """Whether more may be asked after what was asked last (RFC 9112 section 9.6)."""
        cycle: Cycle | None = self.cycle  # type: ignore[assignment]
        return cycle is None or cycle.keep_alive

    def on_body(self, body: bytes) -> None:
        self._got_body = True
        cycle = self.cycle
        if cycle.response_complete:
            self._unread += len(body)
            if self._unread > _UNREAD:
                self.transport.close()
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # llhttp says so before the body of a request to upgrade; see ``_upgrade``
        self._in_body = False
        self.cycle.more_body = False
        if not self.cycle.response_complete:
            self.cycle.message_event.set()

    def _upgrade(self, rest: bytes) -> None:
        """A WebSocket, or any other ``Upgrade``, which is ignored: the request is an ordinary one.

        llhttp takes what follows it for another protocol, and would read its body as a request. So a new parser is
        told how long that body is, and reads on.
        """
        if self._should_upgrade():
            self.handle_websocket_upgrade()
            return
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._resuming = True
        self.data_received(b"POST / HTTP/1.1\r\n" + framing(self._telling) + b"\r\n" + rest)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; what came with the head is dropped, since nobody may send frames as yet."""
        self.connections.discard(self)
        self._stop_timer()
        head = [self.scope["method"].encode(), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            head += (name, b": ", value, b"\r\n")
        new: Any = self.ws_protocol_class(  # type: ignore[misc]
            config=self.config,  # type: ignore[call-arg]
            server_state=self.server_state,
            app_state=self.app_state,
        )
        new.connection_made(self.transport)
        new.client, new.scheme = self.client, "wss" if self.scheme == "https" else "ws"
        new.data_received(b"".join([*head, b"\r\n"]))
        self.transport.set_protocol(new)

    # --- Answering ---

    def want_more(self, cycle: Cycle) -> None:
        if cycle.more_body or self._ahead <= HIGH_WATER_LIMIT:
            self.flow.resume_reading()

    def finished(self, cycle: Cycle) -> None:
        self.server_state.total_requests += 1
        self.running, self._served = None, True
        if self.transport.is_closing():
            return
        if not cycle.keep_alive:
            self._end(unread=cycle.more_body)
        elif self.waiting:
            following = self.waiting.popleft()
            self._ahead = self._ahead if self.waiting else 0
            self._start(*following)
        elif self._rejection:
            self._reject(self._rejection)
        else:
            self._since = self.loop.time()
            self.flow.resume_reading()

    def _refuse(self, status: int) -> None:
        """Read no more; say why, after the answers that are still to come. A body that broke off gets none."""
        self._closed_to_more = True
        broken: Cycle | None = self.cycle if self._in_body else None  # type: ignore[assignment]
        if broken is not None and not broken.response_complete:
            broken.hang_up()
            if broken is not self.running:
                self.waiting.pop()
            elif broken.response_started:
                broken.cut()
                return
            else:
                self.running = None
        if status == _IGNORED:
            return
        if self.running is not None:
            self._rejection = status
        else:
            self._reject(status)

    def _reject(self, status: int) -> None:
        self.transport.write(rejection(status))
        self._end(unread=True)

    def _end(self, *, unread: bool) -> None:
        """Close, but not at once if the client still sends: a reset would overtake the answer."""
        self._closed_to_more = True
        if not unread or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(_LINGER, self.transport.close)


def protocol_class(
    server: Server, trusted: Sequence[Network | Literal["unix"]] = (), *, tls: ssl.SSLContext | None = None
) -> type[asyncio.Protocol]:
    """The class to give to ``uvicorn.Config(http=...)``, with the limits of the section ``server``.

    ``trusted``: ``clients.trusted_proxies``; with ``server.proxy_protocol`` only they may connect, and must say
    for whom. Then TLS begins after what they say, so uvicorn must not begin it: give its context as ``tls``, and
    set ``ssl`` of the loaded ``uvicorn.Config`` to None.
    """

    class Limited(VisitorProtocol):
        limits = Limits.of(server)

    if not server.proxy_protocol:
        return Limited
    return announced(Limited, trusted, server.header_timeout, tls)
