"""The guard over a real Redis: shared by processes, lost and found again."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgi import BROWSER, Call, page_headers
from redis_server import RedisServer

from guardware import GuardMiddleware
from guardware.http import Receive, Scope, Send
from guardware.store import ResilientStore


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Not tmp_path: the path of a unix socket has room for 107 characters."""
    path = Path(tempfile.mkdtemp(prefix="gw-"))
    server = RedisServer(path, options="--appendonly yes --appendfsync always")
    yield server
    server.stop()
    shutil.rmtree(path)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<p>"})


def guarded(server: RedisServer, **config: object) -> GuardMiddleware:
    limits = {"client": {"page": {"rate": "1/hour", "burst": 3}}}
    return GuardMiddleware(app, {"store": {"url": server.url, "timeout": "2s"}, "limits": limits, **config})


async def until_back(guard: GuardMiddleware) -> None:
    for _ in range(400):
        if guard.parts.guard.store.status.available:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("the store did not come back within 20 s")


async def test_two_processes_share_limits(call: Call, server: RedisServer) -> None:
    server.start()
    first, second = guarded(server), guarded(server)
    replies = [await call(guard, "/", page_headers()) for guard in (first, second, first, second, first)]
    assert [r.status for r in replies] == [200, 200, 200, 429, 429]
    for guard in (first, second):
        await guard.parts.guard.store.close()


async def test_what_redis_knew_still_holds_after_an_outage(call: Call, server: RedisServer) -> None:
    server.start()
    guard = guarded(server)
    assert [(await call(guard, "/", page_headers())).status for _ in range(4)] == [200, 200, 200, 429]
    server.kill()
    away = [(await call(guard, "/", page_headers())).status for _ in range(4)]
    assert away == [200, 200, 200, 429], "local memory goes on, with the same limits"
    assert b'"degraded"' in (await call(guard, "/.guardware/health", BROWSER)).body
    server.start()
    await until_back(guard)
    assert (await call(guard, "/", page_headers())).status == 429
    assert b'"status":"ok"' in (await call(guard, "/.guardware/health", BROWSER)).body
    await guard.parts.guard.store.close()


async def test_a_process_that_starts_without_redis_joins_the_others_when_it_is_there(
    call: Call, server: RedisServer
) -> None:
    early = guarded(server)
    assert (await call(early, "/", page_headers())).status == 200
    assert isinstance(early.parts.guard.store, ResilientStore)
    server.start()
    late = guarded(server)
    assert [(await call(late, "/", page_headers())).status for _ in range(3)] == [200, 200, 200]
    await until_back(early)
    assert (await call(early, "/", page_headers())).status == 429
    for guard in (early, late):
        await guard.parts.guard.store.close()
