"""Whether an address shows a picture, by the beginning of the answer."""

import asyncio

import pytest

from guardware.forward_auth import probe
from guardware.forward_auth.probe import shows_picture
from guardware.http import Receive, Scope, Send

SCOPE: Scope = {"type": "http", "method": "HEAD", "path": "/x", "headers": [(b"range", b"bytes=0-1")]}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(4000)


@pytest.mark.parametrize(
    ("kind", "body", "drawings", "picture"),
    [
        (b"text/html", b"<p>hi", False, False),
        (b"image/jpeg", b"", False, True),
        (b"text/html", PNG, False, True),
        (b"application/octet-stream", PNG, False, True),
        (b"image/svg+xml", b"<svg/>", True, True),
        (b"image/svg+xml", b"<svg/>", False, False),
    ],
)
async def test_looks(kind: bytes, body: bytes, drawings: bool, picture: bool) -> None:
    asked: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope)
        assert (await receive())["type"] == "http.request"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", kind)]})
        await send({"type": "http.response.body", "body": body[:10], "more_body": True})
        await send({"type": "http.response.body", "body": body[10:]})

    assert await shows_picture(app, SCOPE, drawings=drawings) is picture
    assert (asked[0]["method"], asked[0]["headers"]) == ("GET", [])


async def test_does_not_wait_for_the_whole() -> None:
    ended: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": PNG, "more_body": True})
            await receive()
            await receive()
        finally:
            ended.append(True)

    assert await shows_picture(app, SCOPE, drawings=False) is True
    assert ended == [True]


async def test_who_fails_or_says_nothing_shows_a_picture(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("out of order")

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Future()

    assert await shows_picture(fails, SCOPE, drawings=False) is True
    assert "the application failed at /x" in caplog.text
    monkeypatch.setattr(probe, "PATIENCE", 0.01)
    assert await shows_picture(silent, SCOPE, drawings=False) is True
