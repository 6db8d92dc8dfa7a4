"""The visitor's connection: a protocol for uvicorn with limits, strict reading, and answers by the kernel.

For ``uvicorn.Config(http=protocol_class(config.server, config.clients.trusted_proxies))``. What uvicorn's own
classes lack: a cap on the head, a time limit for it, an end for clients that stop reading or sending, a bounded
pipeline, news of a hang-up for every request under way, HTTP/1.0, and no second request out of an ``Upgrade``.
"""

import asyncio
import ssl
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from uvicorn.config import Config as ServerSettings
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl, service_unavailable
from uvicorn.server import ServerState

from guardware.addresses import Network
from guardware.config.server import Server
from guardware.http import ASGIApp, RawHeaders, Scope
from guardware.proxy.announcing import announced
from guardware.proxy.cycle import Cycle
from guardware.proxy.extensions import PATHSEND, RELAY
from guardware.proxy.patience import Patience
from guardware.proxy.rejection import rejection
from guardware.proxy.relay.outlet import Outlet
from guardware.proxy.request_head import Target, size_of
from guardware.proxy.request_reader import IGNORED, RequestReader
from guardware.proxy.request_scope import ScopeMaker

_QUEUED = 32
"""Requests that may wait behind the one being answered; browsers send none ahead, and who does may ask again."""

_LINGER = 2.0
"""Seconds for which a refused client is still listened to: closing at once would reset, and lose the answer."""


class Limits(NamedTuple):
    """The limits of one connection, in bytes and seconds."""

    max_header: int
    header_timeout: float
    keep_alive: float

    @classmethod
    def of(cls, server: Server) -> "Limits":
        """Those of the section ``server``."""
        return cls(server.max_header, server.header_timeout, server.keep_alive)


class VisitorProtocol(asyncio.Protocol):
    """One connection. At any moment it reads a head or a body, and is idle or has one answer under way."""

    limits: ClassVar[Limits]

    def __init__(
        self,
        config: ServerSettings,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        self.config = config
        self.server_state = server_state
        self.app_state = app_state
        self.app: ASGIApp = config.loaded_app
        self.limit_concurrency = config.limit_concurrency
        self.loop = _loop or asyncio.get_event_loop()
        self.connections: set[Any] = server_state.connections
        self.tasks = server_state.tasks
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.flow: FlowControl = None  # type: ignore[assignment]
        self.scopes: ScopeMaker = None  # type: ignore[assignment]
        self.reader = RequestReader(self, self.limits.max_header, websockets=config.ws_protocol_class is not None)
        self.patience = Patience(self, self.loop, self.limits.header_timeout, self.limits.keep_alive)
        self.waiting: deque[tuple[Cycle, Scope]] = deque()
        self.running: Cycle | None = None
        self.served = self.closed_to_more = self._stopping = False
        self._outlet: Outlet | None = None
        self._rejection = 0
        self._ahead = 0

    # --- The connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.scopes = ScopeMaker(self.config, self.app_state, transport)
        self.patience.start()

    def came_from(self, client: tuple[str, int] | None, scheme: Literal["http", "https"] | None) -> None:
        """See ``ScopeMaker``."""
        self.scopes.came_from(client, scheme)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self.patience.stop()
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
        self.reader.close()

    def shutdown(self) -> None:
        """The server stops: an idle connection is closed, another one after what it has asked."""
        self._stopping = True
        if self.running is None:
            self.close()
        else:
            (self.waiting[-1][0] if self.waiting else self.running).keep_alive = False

    def close(self) -> None:
        """End the connection once all that is written has gone."""
        # Python 3.11's TLS transports do not survive a second close.
        if not self.transport.is_closing():
            self.transport.close()
        if self._stopping and not self.scopes.plain:
            self.patience.see_off()

    def outlet(self) -> Outlet:
        if self._outlet is None:
            self._outlet = Outlet(self.transport.get_extra_info("socket").fileno(), self.loop)
        self._outlet.written = 0
        return self._outlet

    def pause_writing(self) -> None:
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        self.flow.resume_writing()

    # --- Asking ---

    def data_received(self, data: bytes) -> None:
        if self.closed_to_more:
            return
        reader = self.reader
        if reader.in_body or (self.served and self.running is None and not reader.in_head()):
            self.patience.since = self.loop.time()
        status = reader.feed(data)
        if status is not None:
            self.refuse(status)

    def accept(self, method: str, version: str, target: Target, headers: RawHeaders, *, last: bool) -> Cycle:
        """A request whose head is right: answer it, or let it wait its turn."""
        cycle = Cycle(self, method, modern=version == "1.1", keep_alive=not last, expects=target.expects)
        scope = self.scopes.make(method, version, target, headers)
        if self.scopes.plain:
            scope["extensions"].update({PATHSEND: {}, RELAY: cycle})
        if self.running is None:
            self._start(cycle, scope)
            return cycle
        self.waiting.append((cycle, scope))
        self._ahead += size_of(target.whole, headers)
        if self._ahead > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if len(self.waiting) >= _QUEUED:
            cycle.keep_alive = False
        return cycle

    def hand_over(self, head: bytes) -> None:
        """A WebSocket begins; all of the connection is its protocol's from here on."""
        self.connections.discard(self)
        self.patience.stop()
        self.reader.close()
        websocket: Any = self.config.ws_protocol_class
        new = websocket(config=self.config, server_state=self.server_state, app_state=self.app_state)
        new.connection_made(self.transport)
        new.client, new.scheme = self.scopes.client, "wss" if self.scopes.scheme == "https" else "ws"
        new.data_received(head)
        self.transport.set_protocol(new)

    # --- Answering ---

    def _start(self, cycle: Cycle, scope: Scope) -> None:
        self.running = cycle
        limit = self.limit_concurrency
        full = limit is not None and (len(self.connections) >= limit or len(self.tasks) >= limit)
        app: Any = service_unavailable if full else self.app
        task = self.loop.create_task(cycle.run(app, scope))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def want_more(self, cycle: Cycle) -> None:
        if cycle.more_body or self._ahead <= HIGH_WATER_LIMIT:
            self.flow.resume_reading()

    def finished(self, cycle: Cycle) -> None:
        self.server_state.total_requests += 1
        self.running, self.served = None, True
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
            self.patience.since = self.loop.time()
            self.flow.resume_reading()

    def refuse(self, status: int) -> None:
        """Read no more; say why, after the answers that are still to come. A body that broke off gets none."""
        self.closed_to_more = True
        broken = self.reader.cycle if self.reader.in_body else None
        if broken is not None and not broken.response_complete:
            broken.hang_up()
            if broken is not self.running:
                self.waiting.pop()
            elif broken.response_started:
                broken.cut()
                return
            else:
                self.running = None
        if status == IGNORED:
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
        self.closed_to_more = True
        if not unread or not self.transport.can_write_eof():
            self.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(_LINGER, self.close)


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
