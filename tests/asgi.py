"""One ASGI request as a call, and what a person's browser sends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from guardware.http import ASGIApp, Message, RawHeaders

BROWSER: RawHeaders = [
    (b"host", b"localhost:8000"),
    (b"connection", b"keep-alive"),
    (b"sec-ch-ua-platform", b'"Linux"'),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
     b"Chrome/156.0.0.0 Safari/537.36"),
    (b"sec-ch-ua", b'"Chromium";v="156", "Google Chrome";v="156", "Not)A;Brand";v="8"'),
    (b"sec-ch-ua-mobile", b"?0"),
    (b"accept", b"image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    (b"sec-fetch-site", b"same-origin"),
    (b"sec-fetch-mode", b"no-cors"),
    (b"sec-fetch-dest", b"image"),
    (b"referer", b"http://localhost:8000/"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"accept-language", b"en-US,en;q=0.9"),
]  # fmt: skip
"""Chromium 156 asking for a picture of a page on localhost, as captured."""

CURL: RawHeaders = [(b"host", b"localhost:8000"), (b"user-agent", b"curl/8.5.0"), (b"accept", b"*/*")]


class Reply(NamedTuple):
    """What came back over ASGI."""

    status: int
    headers: RawHeaders
    body: bytes
    messages: list[Message]

    def all(self, name: str) -> list[str]:
        return [v.decode("latin-1") for k, v in self.headers if k == name.encode()]

    def one(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) < 2, f"{name} is there {len(values)} times"
        return values[0] if values else None


Call = Callable[..., Awaitable[Reply]]


def page_headers(headers: RawHeaders = BROWSER) -> RawHeaders:
    """The same browser asking for a page."""
    changes = {
        b"accept": b"text/html,application/xhtml+xml,*/*;q=0.8",
        b"sec-fetch-dest": b"document",
        b"sec-fetch-mode": b"navigate",
    }
    return [(k, changes.get(k, v)) for k, v in headers]


async def call_app(
    app: ASGIApp,
    path: str = "/",
    headers: RawHeaders = BROWSER,
    *,
    method: str = "GET",
    ip: str = "198.51.100.7",
    **scope: Any,
) -> Reply:
    """One request, in process."""
    messages: list[Message] = []

    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        for message in requests:
            return message
        await asyncio.Future()  # nobody hangs up
        raise AssertionError("unreachable")

    async def send(message: Message) -> None:
        messages.append(message)

    full = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        "client": (ip, 50000),
        **scope,
    }
    await app(full, receive, send)
    starts = [m for m in messages if m["type"] == "http.response.start"]
    assert len(starts) == 1, "a response starts exactly once"
    body = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
    return Reply(starts[0]["status"], list(starts[0]["headers"]), body, messages)
