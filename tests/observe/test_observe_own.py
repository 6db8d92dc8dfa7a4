"""Our own addresses: who may read what."""

import json

import pytest
from asgi import CURL, Call

from guardware import GuardMiddleware
from guardware.http import Message, RawHeaders, Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    messages: list[Message] = [{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}]
    for message in messages:
        await send(message)


@pytest.mark.parametrize(
    ("ip", "headers", "trusted", "status"),
    [
        ("127.0.0.1", [], [], 200),
        ("198.51.100.7", [], [], 404),
        # Behind a local proxy that the owner forgot to name, everybody seems local.
        ("127.0.0.1", [(b"x-forwarded-for", b"198.51.100.7")], [], 404),
        ("127.0.0.1", [(b"forwarded", b"for=198.51.100.7")], [], 404),
        ("127.0.0.1", [(b"x-forwarded-for", b"127.0.0.1")], [], 404),
        # Behind one that is named, it is known who is local.
        ("127.0.0.1", [(b"x-forwarded-for", b"127.0.0.1")], ["127.0.0.1"], 200),
        ("127.0.0.1", [(b"x-forwarded-for", b"198.51.100.7")], ["127.0.0.1"], 404),
        ("127.0.0.1", [(b"forwarded", b'for=", for=198.51.100.7')], ["127.0.0.1"], 404),
    ],
)
async def test_who_may_read_the_metrics(
    call: Call, ip: str, headers: RawHeaders, trusted: list[str], status: int
) -> None:
    guarded = GuardMiddleware(app, {"clients": {"trusted_proxies": trusted}})
    for name in ("metrics", "events"):
        assert (await call(guarded, f"/.guardware/{name}", [*CURL, *headers], ip=ip)).status == status


async def test_events_are_the_latest_first_and_without_addresses(call: Call) -> None:
    guarded = GuardMiddleware(app)
    for path in ("/art/1.jpg", "/art/2.jpg"):
        await call(guarded, path, CURL)
    text = (await call(guarded, "/.guardware/events", CURL, ip="127.0.0.1")).body
    assert [event["path"] for event in json.loads(text)] == ["/art/2.jpg", "/art/1.jpg"]
    assert b"198.51.100.7" not in text
