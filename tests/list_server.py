"""A server of lists on this machine: good ones, and every kind of bad one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class ListServer:
    """``pages`` maps paths to what is answered: bytes, or a status with headers. ``asked`` counts requests."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | tuple[int, dict[str, str]]] = {}
        self.asked: list[str] = []
        self.url = ""
        self._ended = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        page = self.pages.get(request.path, (404, {}))
        if request.path.startswith("/slow"):
            return await self._trickle(request)
        if isinstance(page, bytes):
            return web.Response(body=page, content_type="application/json")
        status, headers = page
        return web.Response(status=status, headers=headers)

    async def _trickle(self, request: web.Request) -> web.StreamResponse:
        """A byte, and then nothing until the client or the server goes."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await self._ended.wait()
        return response

    def end(self) -> None:
        self._ended.set()


@asynccontextmanager
async def serving() -> AsyncIterator[ListServer]:
    """A server on a free port of 127.0.0.1."""
    server = ListServer()
    application = web.Application()
    application.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.end()
        await runner.cleanup()
