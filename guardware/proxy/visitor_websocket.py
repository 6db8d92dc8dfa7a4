"""The visitor's WebSocket: uvicorn's protocol, whose memory and time a visitor cannot take without end.

What it lacks: it answers pings though nobody takes the answers, collects empty fragments for ever, and closes
connections only once the visitor has taken all that is written.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

_FRAGMENTS = 16 * 1024
"""Of one message; 1 kB each where the message has the 16 MB that it may have."""


class VisitorWebSocket(WebSocketsSansIOProtocol):
    """For ``uvicorn.Config(ws=...)``. Reads nothing while the visitor does not read."""

    transport: asyncio.Transport

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    async def receive(self) -> Any:
        message = await super().receive()
        self._hold()
        return message

    async def send(self, message: Any) -> None:
        await super().send(message)
        self._hold()

    def _hold(self) -> None:
        """What has just been resumed waits on if the visitor does not read."""
        if not self.writable.is_set():
            self.transport.pause_reading()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < _FRAGMENTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self.frames = []
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            self.handle_parser_exception()

    def send_keepalive_ping(self) -> None:
        if self.close_sent or self.transport.is_closing():
            # It was closed before this look, and he has not taken what is written.
            self.transport.abort()
        else:
            super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()
