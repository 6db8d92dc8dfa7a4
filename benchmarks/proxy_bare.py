"""uvicorn and aiohttp with nothing between them: ``python -m benchmarks.proxy_bare PORT UPSTREAM``.

What the well-kept libraries cost by themselves. It passes on what a gallery's pictures need, streaming, and judges
nothing: hop-by-hop lines are dropped, repeated ones stay apart.
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
import uvicorn
from yarl import URL

Message = MutableMapping[str, Any]

_DROPPED = frozenset([b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade"])


class Bare:
    """The pass-through to ``upstream``, an ``http://host:port``."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        assert self._session is not None
        url = URL(self._upstream + scope["raw_path"].decode(), encoded=True)
        lines = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"] if n not in _DROPPED]
        async with self._session.get(url, headers=lines, allow_redirects=False) as answer:
            headers = [(n.lower(), v) for n, v in answer.raw_headers if n.lower() not in _DROPPED]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            while chunk := await answer.content.readany():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _lifespan(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        await receive()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            auto_decompress=False,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._session.close()
        await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    uvicorn.run(
        Bare(sys.argv[2]),
        port=int(sys.argv[1]),
        http="httptools",
        loop="asyncio",
        access_log=False,
        log_level="warning",
    )
