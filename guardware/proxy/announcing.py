"""Connections from a front that speaks the PROXY protocol: what it says is read, then its visitor is served.

The header is read from the socket before asyncio reads anything, and to the byte, so that TLS can begin after it.
"""

import asyncio
import logging
import os
import socket
import ssl
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from uvicorn.config import Config as ServerSettings
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from guardware.addresses import Network, parse_address
from guardware.proxy.proxy_protocol import Announced, read, share

logger = logging.getLogger("guardware.proxy")

_PEEK = 4096


class Inner(Protocol):
    """The protocol that serves the connection afterwards."""

    def __init__(
        self,
        config: ServerSettings,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None: ...

    def came_from(self, client: tuple[str, int] | None, scheme: Literal["http", "https"] | None) -> None:
        """Told once, after ``connection_made``."""


def announced(
    inner: type[Inner],
    trusted: Sequence[Network | Literal["unix"]],
    patience: float,
    tls: ssl.SSLContext | None,
) -> type[asyncio.Protocol]:
    """A protocol class for trusted peers: waits ``patience`` seconds for the header, then for TLS' handshake.

    Others get nothing.
    """

    class FromFront(_FromFront):
        pass

    FromFront.settings = inner, tuple(trusted), patience, tls
    return FromFront


class _FromFront(asyncio.Protocol):
    settings: tuple[type[Inner], tuple[Network | Literal["unix"], ...], float, ssl.SSLContext | None]

    def __init__(
        self,
        config: ServerSettings,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        self._made_with = (config, server_state, app_state, _loop)
        self._connections: set[Any] = server_state.connections
        self._loop = _loop or asyncio.get_event_loop()
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._socket: socket.socket | None = None
        self._timer: TimerHandle | None = None
        self._header = b""
        self._early: list[bytes] = []
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._connections.add(self)
        # Python 3.11.2 begins to read right after this call, whatever is said in it (3.11.7 does not).
        self._loop.call_soon(self._begin, transport)

    def _begin(self, transport: asyncio.Transport) -> None:
        if transport.is_closing():
            return
        transport.pause_reading()
        if not self._trusts(get_remote_addr(transport)):
            logger.warning(
                "a connection without the PROXY protocol's trust: add the front to clients.trusted_proxies"
            )
            transport.abort()
            return
        # A number of its own: the loop lets nobody else wait for a transport's.
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        self._loop.add_reader(self._socket, self._readable, self._socket)
        self._timer = self._loop.call_later(self.settings[2], transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._connections.discard(self)
        self._let_go()

    def data_received(self, data: bytes) -> None:
        """What comes between the end of TLS' handshake and the hand-over."""
        self._early.append(data)

    def shutdown(self) -> None:
        """The server stops."""
        if not self._transport.is_closing():
            self._transport.close()

    def _trusts(self, peer: tuple[str, int] | None) -> bool:
        trusted = self.settings[1]
        if peer is None:
            return "unix" in trusted
        address = parse_address(peer[0])
        return address is not None and any(network != "unix" and address in network for network in trusted)

    def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self, from_front: socket.socket) -> None:
        try:
            found = self._take(from_front)
        except BlockingIOError:
            return
        except (ValueError, OSError) as error:
            logger.warning("a front's connection was closed: %s", error)
            self._transport.abort()
            return
        if found is not None:
            self._let_go()
            self._go_on(found)

    def _take(self, from_front: socket.socket) -> Announced | None:
        peeked = from_front.recv(_PEEK, socket.MSG_PEEK)
        if not peeked:
            raise ValueError("it ended before the PROXY header did")
        self._header += from_front.recv(share(self._header, peeked))
        return read(self._header)

    def _go_on(self, found: Announced) -> None:
        tls = self.settings[3]
        if tls is not None:
            self._task = self._loop.create_task(self._secure(tls, found))
            return
        self._hand_over(self._transport, found)
        self._transport.resume_reading()

    async def _secure(self, tls: ssl.SSLContext, found: Announced) -> None:
        try:
            secured = await self._loop.start_tls(
                self._transport, self, tls, server_side=True, ssl_handshake_timeout=self.settings[2]
            )
        except (OSError, ssl.SSLError) as error:
            logger.info("TLS with a front's visitor failed: %s", error)
            self._transport.abort()
            secured = None
        if secured is not None and not self._lost:
            self._hand_over(secured, found)
        else:
            self.connection_lost(None)  # asyncio tells nobody of an end during the handshake

    def _hand_over(self, transport: asyncio.Transport, found: Announced) -> None:
        self._connections.discard(self)
        protocol: Any = self.settings[0](*self._made_with)
        protocol.connection_made(transport)
        if found.client is not None:
            protocol.came_from(found.client, found.scheme)
        transport.set_protocol(protocol)
        if self._early:
            protocol.data_received(b"".join(self._early))
