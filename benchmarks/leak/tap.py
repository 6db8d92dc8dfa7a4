"""The tap between clients and server: passes bytes on unchanged, from the same address, and reads along."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from benchmarks.leak.wire import Exchange, Reading

_PIECE = 64 * 1024


class Tap:
    """What passed so far. ``unread``: connections that could not be read to their end, and why."""

    def __init__(self) -> None:
        self._upstream = 0
        self.exchanges: list[Exchange] = []
        self.unread: list[str] = []
        self._running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self, upstream: int) -> AsyncIterator[str]:
        """Listen on a free port of 127.0.0.1 for the server on the port ``upstream``; the address to visit.

        On leaving, connections are cut, and what was under way is kept.
        """
        self._upstream = upstream
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        try:
            yield f"http://localhost:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in tuple(self._running):
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        reading = Reading(self.exchanges.append)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._relay(reader, writer, reading)
        finally:
            reading.end()
            if reading.unread:
                self.unread.append(reading.unread)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reading: Reading) -> None:
        """Both directions, until the server hangs up or the client breaks off."""
        # Bound to the client's own address, which is what the server judges.
        source = (writer.get_extra_info("peername")[0], 0)
        upper, lower = await asyncio.open_connection("127.0.0.1", self._upstream, local_addr=source)
        up = asyncio.create_task(_pass_on(reader, lower, reading.from_client))
        try:
            await _pass_on(upper, writer, reading.from_server)
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            lower.transport.abort()


async def _pass_on(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, heard: Callable[[bytes], None]
) -> None:
    while data := await source.read(_PIECE):
        heard(data)
        target.write(data)
        await target.drain()
    heard(b"")
    if target.can_write_eof():
        target.write_eof()
        await target.drain()
