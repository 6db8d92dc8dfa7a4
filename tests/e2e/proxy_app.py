"""The application behind a proxy: it tells what it saw, counts, echoes and waits.

``python proxy_app.py PORT``; with ``PORT PICTURE`` it answers everything outside ``/app/`` with that picture.
"""

import asyncio
import gzip
import json
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import uvicorn

PACKED = gzip.compress(b"<!doctype html><title>Packed</title>" + b"<p>The same again." * 200, mtime=0)
"""What ``/app/packed`` answers with, as it is."""

Headers = list[tuple[bytes, bytes]]


class App:
    """Everything that no table names is told back, as JSON. ``picture``: what is shown elsewhere, if anything."""

    def __init__(self, picture: bytes = b"") -> None:
        self._picture = picture
        self._released = asyncio.Event()
        self._pages = {"/app/events": self._events, "/app/release": self._release, "/app/packed": _packed}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await _echo(scope, receive, send)
        elif self._picture and not scope["path"].startswith("/app/"):
            await _whole(send, self._picture, [(b"content-type", b"image/jpeg"), (b"etag", b'"one"')])
        else:
            await self._pages.get(scope["path"], _tell)(scope, receive, send)

    async def _events(self, _: Any, __: Any, send: Any) -> None:
        """One event at once, and one when somebody asked for ``/app/release``."""
        await _start(send, [(b"content-type", b"text/event-stream")])
        await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
        await self._released.wait()
        self._released.clear()
        await send({"type": "http.response.body", "body": b"data: second\n\n"})

    async def _release(self, _: Any, __: Any, send: Any) -> None:
        self._released.set()
        await _whole(send, b"released", [])


async def _tell(scope: Any, receive: Any, send: Any) -> None:
    length = checksum = 0
    while True:
        message = await receive()
        length += len(message.get("body", b""))
        checksum = crc32(message.get("body", b""), checksum)
        if not message.get("more_body"):
            break
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    told = {
        "method": scope["method"],
        "target": (scope["raw_path"] + query).decode("latin-1"),
        "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        "length": length,
        "checksum": checksum,
    }
    cookies = [(b"set-cookie", b"one=1; Path=/"), (b"set-cookie", b"two=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT")]
    await _whole(send, json.dumps(told).encode(), [(b"content-type", b"application/json"), *cookies])


async def _packed(_: Any, __: Any, send: Any) -> None:
    await _whole(send, PACKED, [(b"content-type", b"text/html"), (b"content-encoding", b"gzip")])


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """What is said at ``/app/echo`` comes back; elsewhere nobody is heard."""
    await receive()
    if scope["path"] != "/app/echo":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        told = {name: message[name] for name in ("text", "bytes") if message.get(name) is not None}
        await send({"type": "websocket.send", **told})


async def _start(send: Any, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _whole(send: Any, body: bytes, headers: Headers) -> None:
    await _start(send, [(b"content-length", str(len(body)).encode()), *headers])
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    app = App(Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else b"")
    uvicorn.run(app, port=int(sys.argv[1]), lifespan="off", proxy_headers=False, log_level="warning")
