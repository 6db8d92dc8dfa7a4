"""Load on a server from several kept connections, which counts every request that got no whole answer."""

import asyncio
from contextlib import suppress
from typing import NamedTuple


class Answer(NamedTuple):
    status: int
    length: int
    closes: bool


class Load:
    """``connections`` visitors who fetch ``target`` one time after the other, each on a connection that he keeps.

    ``pause``: seconds between two reads of an answer, for visitors who are slow.
    """

    def __init__(self, port: int, target: str, connections: int, *, length: int, pause: float = 0.0) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self.refused = 0
        self.begun = 0
        """Answers of which the head has come, but not yet all of the body."""
        self._port = port
        self._request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\n\r\n".encode()
        self._length = length
        self._pause = pause
        self._stopping = False
        self._visitors = [asyncio.create_task(self._visit()) for _ in range(connections)]

    async def stop(self) -> None:
        """Let everybody have the answer that he waits for."""
        self._stopping = True
        await asyncio.gather(*self._visitors)

    async def _visit(self) -> None:
        while not self._stopping:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**16)
            except OSError:
                self.refused += 1
                await asyncio.sleep(0.01)
                continue
            try:
                await self._use(reader, writer)
            except (OSError, EOFError, ValueError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    async def _use(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the server says that the connection ends."""
        while not self._stopping:
            writer.write(self._request)
            answer = await self._answer(reader)
            if answer.status != 200 or answer.length != self._length:
                raise ValueError(f"{answer}")
            self.answers += 1
            if answer.closes:
                return

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        self.begun += 1
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        left = length = int(lines["content-length"])
        while left:
            part = await reader.read(min(left, 2**16))
            if not part:
                raise EOFError(f"{left} of {length} bytes missing")
            left -= len(part)
            if self._pause:
                await asyncio.sleep(self._pause)
        self.begun -= 1
        return Answer(int(head.split()[1]), length, lines.get("connection") == "close")
