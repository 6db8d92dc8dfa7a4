"""A body that goes to the visitor past asyncio's transport: by the kernel, from its source to his socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl

from guardware.proxy.relay.outlet import Outlet


class Relayed(Protocol):
    """A body that goes from its source to the visitor without passing through here.

    ``length``: its bytes. ``move`` raises BrokenAnswerError if the source breaks off, OSError if the visitor does.
    """

    length: int

    async def move(self, outlet: Outlet) -> None:
        """Move all of it into the outlet."""


class Bypassed(Protocol):
    """The visitor's connection."""

    transport: asyncio.Transport
    flow: FlowControl

    def outlet(self) -> Outlet:
        """Its socket, to write past the transport. Only while the transport has nothing to write."""


class Answer(Protocol):
    """The answer under way: whether its visitor has gone, bytes sent so far, and the outlet while it is in use."""

    disconnected: bool
    sent: int
    outlet: Outlet | None

    @property
    def connection(self) -> Bypassed:
        """The visitor's connection."""

    def write(self, data: bytes) -> None:
        """Write through the transport, together with the head if that has not gone yet."""


async def bypass(answer: Answer, move: Callable[[Outlet], Awaitable[None]]) -> bool:
    """Let ``move`` write, once the transport has nothing left to write. False if the visitor has gone.

    Raises what ``move`` raises, but for OSError: that is the visitor's side.
    """
    connection = answer.connection
    transport = connection.transport
    # From here on "paused" means that anything at all is left in the transport's own buffer.
    transport.set_write_buffer_limits(0)
    try:
        answer.write(b"")
        if connection.flow.write_paused:
            await connection.flow.drain()
        if answer.disconnected:
            return False
        answer.outlet = outlet = connection.outlet()
        try:
            await move(outlet)
        except OSError:
            transport.abort()
            return False
        finally:
            answer.sent += outlet.written
            answer.outlet = None
    finally:
        transport.set_write_buffer_limits()
    return True
