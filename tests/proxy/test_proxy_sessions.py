"""Kept connections: one that has ended, or on which anything came in, is not used, not even in the same tick."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from .conftest import UpstreamFactory
from .peers import OK, Visitor, ask, http_scope

STOLEN = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"


async def answer(listening: socket.socket) -> socket.socket:
    """Accept a connection, read a request's head and answer it; the upstream's own end of it."""
    loop = asyncio.get_running_loop()
    accepted, _ = await loop.sock_accept(listening)
    accepted.setblocking(False)
    while not (await loop.sock_recv(accepted, 65536)).endswith(b"\r\n\r\n"):
        pass
    await loop.sock_sendall(accepted, OK)
    return accepted


@pytest.mark.parametrize(
    "then",
    [lambda end: end.send(STOLEN), lambda end: end.send(b"H"), lambda end: end.shutdown(socket.SHUT_WR)],
    ids=["an answer", "a byte", "the end"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_waits_unread_in_the_kernel(
    upstream: UpstreamFactory, method: str, then: Callable[[socket.socket], object]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        app = upstream(f"http://127.0.0.1:{listening.getsockname()[1]}", retries=0)
        first, end = await asyncio.gather(ask(app), answer(listening))
        with end:
            then(end)
            second = Visitor()
            asking = app(http_scope(method=method), second.receive, second.send)  # before the loop reads anything
            _, other = await asyncio.gather(asking, answer(listening))
        other.close()
    assert (first.body, second.body) == (b"ok", b"ok")
