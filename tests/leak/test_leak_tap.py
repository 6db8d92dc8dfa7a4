"""The tap: bytes pass unchanged, from the client's own address, and are counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from benchmarks.leak.tap import Tap

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nX-Odd:  Kept  \r\n\r\n" + bytes(100_000)
ASKED = b"GET /a HTTP/1.1\r\nHost: x\r\nx-ODD: kept\r\n\r\n"


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Upstream:
    """Answers the first request of each connection; remembers who asked and what."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        self.seen.append((writer.get_extra_info("peername")[0], asked))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def tapped(tap: Tap, answer: Answer) -> AsyncIterator[int]:
    """The port of the tap before a server that answers so."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, tap.open(server.sockets[0].getsockname()[1]) as base:
        yield port_of(base)


def port_of(base: str) -> int:
    port = urlsplit(base).port
    assert port is not None
    return port


async def ask(port: int, address: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(ASKED)
    answer = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_bytes_pass_unchanged_from_the_clients_own_address() -> None:
    upstream = Upstream()
    async with tapped(Tap(), upstream) as port:
        assert await ask(port, "127.3.4.5") == ANSWER
    assert upstream.seen == [("127.3.4.5", ASKED)]


async def test_what_passed_is_counted() -> None:
    tap = Tap()
    async with tapped(tap, Upstream()) as port:
        await asyncio.gather(*(ask(port, f"127.0.0.{number}") for number in range(1, 9)))
    assert [(one.target, one.status, len(one.body), one.whole) for one in tap.exchanges] == [
        ("/a", 200, 100_000, True)
    ] * 8
    assert tap.unread == []


async def test_a_request_under_way_at_the_end_is_kept() -> None:
    asked = asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read(-1)
        writer.close()

    tap = Tap()
    async with tapped(tap, never) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASKED)
        await asked.wait()
    writer.close()
    assert [(one.target, one.status, one.whole) for one in tap.exchanges] == [("/a", 0, False)]


async def test_a_server_that_is_gone_is_a_connection_without_an_answer() -> None:
    server = await asyncio.start_server(Upstream(), "127.0.0.1", 0)
    gone = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    tap = Tap()
    async with tap.open(gone) as base:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(base))
        with suppress(ConnectionResetError):
            assert await reader.read(-1) == b""
        writer.close()
    assert tap.exchanges == []
