"""A connection to an upstream that waits for its next request."""

import asyncio
import socket

from guardware.proxy.relay.line import Line


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_news_of_bytes_that_have_been_taken_since_do_not_end_an_idle_line() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        line = Line(ours, asyncio.get_running_loop())
        theirs.send(b"the end of a body")
        await turns(1)  # the loop knows of them, and has not told the line
        assert ours.recv(100) == b"the end of a body"
        line.rest()
        await turns(3)
        assert not line.closed
        assert line.is_fresh()
        theirs.send(b"what nobody asked for")
        await turns(3)
        assert line.closed
