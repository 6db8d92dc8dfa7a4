"""The last touch on every answer."""

from email.utils import parsedate_to_datetime

import pytest

from guardware.config.server import AccessLog as Settings
from guardware.errors import BrokenAnswerError
from guardware.http import Message, Receive, Scope, Send
from guardware.observe.access_log import Access, AccessLog
from guardware.proxy.edge import Edge
from guardware.verdict import Action, Verdict

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


class Log(AccessLog):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__(Settings(file="-"))
        self.kept: list[Access] = []

    def put(self, access: Access) -> None:
        self.kept.append(access)


VERDICT = Verdict(Action.ALLOW, "thresholds", 0.0, (), 1)


async def picture(scope: Scope, receive: Receive, send: Send) -> None:
    scope.setdefault("state", {})["guardware"] = VERDICT
    scope["headers"] = []
    headers = [(b"content-type", b"image/png"), (b"content-length", b"7")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"pic", "more_body": True})
    await send({"type": "http.response.body", "body": b"ture"})


async def test_each_request_is_logged_with_its_verdict() -> None:
    log = Log()
    await ask(Edge(picture, log), b"/a.png?b=c", "GET", headers=[(b"user-agent", b"x"), (b"cookie", b"y")])
    (got,) = log.kept
    assert (got.address, got.scheme, got.method, got.target) == ("192.0.2.7", "http", "GET", b"/a.png?b=c")
    assert got.headers == {b"host": b"art.example", b"user-agent": b"x"}, "as sent, whatever the app made of them"
    assert (got.status, got.length, got.type, got.verdict) == (200, 7, b"image/png", VERDICT)
    assert 0 <= got.seconds < 5


async def test_bodies_that_others_move_are_counted_by_their_length() -> None:
    async def hands_over(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"5000000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": "/nowhere"})

    log = Log()
    await ask(Edge(hands_over, log))
    assert log.kept[0].length == 5_000_000


async def test_a_head_has_no_body() -> None:
    log = Log()
    await ask(Edge(picture, log), b"/a.png", "HEAD")
    assert (log.kept[0].method, log.kept[0].length) == ("HEAD", 0)


async def test_a_fault_is_logged_as_what_the_server_answers() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("x")

    log = Log()
    with pytest.raises(RuntimeError):
        await ask(Edge(fails, log))
    assert log.kept[0].status == 500


async def test_a_visitor_who_left_before_the_answer() -> None:
    async def gives_up(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    log = Log()
    visitor = Visitor()
    await Edge(gives_up, log)(http_scope(), visitor.receive, visitor.send)
    assert log.kept[0].status == 499


@pytest.mark.parametrize(("message", "status"), [("websocket.accept", 101), ("websocket.close", 403)])
async def test_websockets_are_logged_once(message: str, status: int) -> None:
    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": message})
        await send({"type": "websocket.close"})

    sent: list[Message] = []

    async def send(given: Message) -> None:
        sent.append(given)

    log = Log()
    scope = {**http_scope(b"/live"), "type": "websocket", "scheme": "ws"}
    del scope["method"]
    await Edge(socket, log)(scope, Visitor().receive, send)
    assert [given["type"] for given in sent] == [message, "websocket.close"]
    assert [(got.method, got.target, got.status) for got in log.kept] == [("GET", b"/live", status)]


async def test_when_the_server_stops_each_answer_ends_its_connection() -> None:
    edge = Edge(picture)
    assert (await ask(edge)).values(b"connection") == []
    edge.ending = True
    assert (await ask(edge)).values(b"connection") == [b"close"]
