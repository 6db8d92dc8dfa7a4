"""The last touch on every answer."""

from email.utils import parsedate_to_datetime

import pytest

from guardware.errors import BrokenAnswerError
from guardware.http import Receive, Scope, Send
from guardware.proxy.edge import Edge

from .peers import Visitor, ask, http_scope


async def test_an_answer_gets_a_date() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"vary", b"*")]})
        await send({"type": "http.response.body", "body": b"x"})

    got = await ask(Edge(app))
    assert [name for name, _ in got.headers] == [b"vary", b"date"]
    assert parsedate_to_datetime(got.values(b"date")[0].decode()).tzinfo is not None


async def test_a_date_of_its_own_is_kept() -> None:
    own = b"Tue, 15 Nov 1994 08:12:31 GMT"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"date", own)]})
        await send({"type": "http.response.body"})

    assert (await ask(Edge(app))).values(b"date") == [own]


async def test_a_broken_answer_has_no_end() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise BrokenAnswerError("x")

    got = await ask(Edge(app))
    assert (got.status, got.body, got.whole) == (200, b"half", False)


async def test_a_broken_answer_that_was_held_back_is_an_error() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise BrokenAnswerError("x")

    got = await ask(Edge(app))
    assert (got.status, got.whole, len(got.values(b"date"))) == (502, True, 1)


async def test_other_faults_pass() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("x")

    visitor = Visitor()
    with pytest.raises(RuntimeError):
        await Edge(app)(http_scope(), visitor.receive, visitor.send)


async def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    visitor = Visitor()
    await Edge(app)({"type": "lifespan"}, visitor.receive, visitor.send)
    assert seen == ["lifespan"]
