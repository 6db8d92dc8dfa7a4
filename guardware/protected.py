"""Protected: no byte of a picture passes, whatever the URL, the method, the status or the declared type.

A response is held back until it is known to be no picture; one that is goes out as a variant.
"""

from collections.abc import Callable
from typing import NamedTuple

from guardware.head import HAND_OVER, LOOK, SVG, Head
from guardware.http import Answer, Message, RawHeaders, Scope, Send, first_value, send_answer, without_ours
from guardware.images.media import picture_type
from guardware.images.ranges import answer_bytes
from guardware.images.sniff import sniff
from guardware.images.variant import Base, Variant
from guardware.images.variants import Asked, VariantMaker
from guardware.notices import Notices
from guardware.responses import SHARED_CACHES, VARY, Answered, media_type, tell, with_notices
from guardware.visit import Kind, Visit

_RANGES = frozenset([b"range", b"request-range", b"if-range"])
_CONDITIONS = _RANGES | {b"if-none-match", b"if-match", b"if-modified-since", b"if-unmodified-since"}
_SENDFILE = frozenset(["http.response.pathsend", "http.response.zerocopysend"]) | {
    "guardware.relay",
    "guardware.response.relay",
}

_OF_THE_ORIGINAL = (
    HAND_OVER
    | SHARED_CACHES
    | frozenset(
        [
            *(b"content-type", b"content-length", b"content-encoding", b"content-range", b"content-location"),
            *(b"content-md5", b"content-digest", b"repr-digest", b"digest", b"etag", b"last-modified"),
            *(b"accept-ranges", b"cache-control", b"expires", b"age", b"trailer", b"transfer-encoding"),
        ]
    )
)
"""What says something of the original, and is made anew or left out when a variant goes in its place."""

_OF_NO_BODY = HAND_OVER | {b"etag", b"last-modified", b"content-length"}
"""What says something of the original, or would fetch it, where an answer has no body."""


def doubtful_scope(scope: Scope, *, image: bool, known: bytes = b"") -> Scope:
    """The request as the application should see it, so that it answers with the whole picture.

    GET for HEAD, no conditions (but those that guard a PUT or DELETE from overwriting), no ranges, no hand-over
    of files to the server; and no compression where a picture is asked for. The variant's own length, validator
    and ranges are made here. ``known``: the entity tag of the original from which a variant is ready, so that the
    application need not send that again.
    """
    dropped = _CONDITIONS if scope["method"].upper() in ("GET", "HEAD") else _RANGES
    dropped = dropped | {b"accept-encoding"} if image else dropped
    headers = [h for h in scope["headers"] if h[0] not in dropped]
    if image:
        headers.append((b"accept-encoding", b"identity"))
    if known:
        headers.append((b"if-none-match", known))
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**body_scope(scope), "method": method, "headers": headers}


def body_scope(scope: Scope) -> Scope:
    """The request for an application that is to send bodies itself, and not hand files over to the server."""
    extensions = {k: v for k, v in (scope.get("extensions") or {}).items() if k not in _SENDFILE}
    return {**scope, "extensions": extensions}


class Plan(NamedTuple):
    """What one visit gets in place of an original, and how.

    ``asked``: which variant. ``doubtful``: its client gets no originals; otherwise a person's own ranges,
    conditions and handed-over files are in order for what is no picture. ``svg``: serve, sanitise or refuse.
    ``ready``: a base that is at hand if the original's entity tag is still ``tag``. ``given`` is told of each
    traced copy that is about to go out, ``seen`` of the headers and the SHA-256 of an original, ``answered`` as in
    ``responses.open_send``.
    """

    asked: Asked
    max_bytes: int
    doubtful: bool
    svg: str = "serve"
    tag: bytes = b""
    ready: Base | None = None
    given: Callable[[Variant], None] | None = None
    seen: Callable[[RawHeaders, bytes], None] | None = None
    answered: Answered | None = None


class Protected:
    """The responder for one request. Call ``close`` when the application is done, however it ended."""

    def __init__(self, send: Send, visit: Visit, notices: Notices, maker: VariantMaker, plan: Plan) -> None:
        self._send = send
        self._visit = visit
        self._notices = notices
        self._maker = maker
        self._plan = plan
        self._start: Message = {}
        self._head = Head(200, [])
        self._chunks: list[bytes] = []
        self._first = b""
        self._held = 0
        self._too_large = False
        self._state = "waiting"

    async def send(self, message: Message) -> None:
        """The ``send`` that the application is given."""
        kind = message["type"]
        if kind == "http.response.start":
            await self._begin(message)
        elif kind == "http.response.body" and self._state != "done":
            await self._body(message.get("body", b""), message.get("more_body", False))
        elif kind == "http.response.trailers":
            if self._state == "passing":
                await self._send(message)
        elif kind != "http.response.body" and kind not in _SENDFILE:
            await self._send(message)

    def close(self) -> None:
        """Let go of what is held."""
        self._chunks.clear()
        self._maker.holding.give_back(self._held)
        self._held = 0

    async def _begin(self, message: Message) -> None:
        self._start = message
        if self._plan.answered is not None:
            tell(self._plan.answered, self._visit, {"status": 200, **message})
        headers = [(bytes(k).lower(), bytes(v)) for k, v in message.get("headers", ())]
        status, ready = message.get("status", 200), self._plan.ready
        self._head = Head(status, headers)
        if ready is None:
            return
        if status == 304 or (status == 200 and first_value(headers, b"etag") == self._plan.tag):
            self._state = "done"
            await self._give(ready.copy(self._plan.asked.mark), 200)

    async def _body(self, chunk: bytes, more: bool) -> None:
        if self._state == "passing":
            await self._pass(chunk, more)
            return
        if self._state == "waiting":
            chunk = self._first + chunk
            self._first = chunk[:LOOK]
            if more and not self._head.tells(chunk):
                return
            if not self._is_picture():
                await self._begin_passing(chunk, more)
                return
            self._state = "holding"
        room = self._keep(chunk)
        if not more or not room:
            self._state = "done"
            await self._exchange(chunk, whole=room, more=more)

    def _keep(self, chunk: bytes) -> bool:
        """Hold ``chunk`` of a picture; False if there is no room for it."""
        self._too_large = self._held + len(chunk) > self._plan.max_bytes
        if self._too_large or not self._maker.holding.take(len(chunk)):
            return False
        self._chunks.append(chunk)
        self._held += len(chunk)
        return True

    def _is_picture(self) -> bool:
        plan, asked = self._plan, self._visit.kind is Kind.IMAGE
        return self._head.is_picture(
            self._first, asked=asked, doubtful=plan.doubtful, drawings=plan.svg != "serve"
        )

    async def _begin_passing(self, first: bytes, more: bool) -> None:
        self._state = "passing"
        headers, _ = with_notices(self._head.headers, self._notices, self._visit)
        if self._plan.doubtful and self._head.bodiless:
            headers = [h for h in headers if h[0] not in _OF_NO_BODY]
        await self._send({**self._start, "headers": headers})
        await self._pass(first, more)

    async def _pass(self, chunk: bytes, more: bool) -> None:
        # The application was asked to GET; a HEAD gets the head only. Servers send what follows a 304 or 204 too.
        body = b"" if self._visit.method == "HEAD" or self._head.bodiless else chunk
        if body or not more:
            await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _exchange(self, last: bytes, *, whole: bool, more: bool) -> None:
        status = self._head.status
        variant = await self._variant(status, whole=whole)
        if variant.placeholder and self._maker.keeps_picture(self._plan.asked.variant):
            held = b"".join(self._chunks) + (b"" if whole else last)
            self.close()
            await self._begin_passing(held, more)
            return
        self.close()
        await self._give(variant, status)
        if self._plan.seen is not None and variant.picture and status == 200:
            self._plan.seen(self._head.headers, bytes.fromhex(variant.picture))

    async def _give(self, variant: Variant, status: int) -> None:
        """Send ``variant`` in the place of what the application answered."""
        own = [h for h in without_ours(self._head.headers) if h[0] not in _OF_THE_ORIGINAL]
        for name, value in own:
            if name == b"x-robots-tag":
                self._notices.heed(value)
        noticed = self._notices.headers(variant.content_type.encode(), self._visit.base_url)
        by_accept = self._maker.depends_on_accept(self._plan.asked.variant)
        extra = _merge_vary(own, VARY + b", Accept" if by_accept else VARY)
        answer = _answer(variant, self._visit, 200 if status == 206 else status, extra)
        method = self._visit.method
        # Before it goes, whatever its status: who hangs up at the end, or gets a 404 with it, has it all the same.
        if self._plan.given is not None and variant.mark is not None and answer.body and method != "HEAD":
            self._plan.given(variant)
        await send_answer(Answer(answer.status, [*noticed, *answer.headers], answer.body), method, self._send)

    async def _variant(self, status: int, *, whole: bool) -> Variant:
        if not whole:
            return self._maker.placeholder("too large, or too many at once", busy=not self._too_large)
        if status == 206 or self._head.encoding:
            return self._maker.placeholder("partial or encoded")
        declared = media_type(self._head.headers)
        drawing = declared == SVG and sniff(self._first) is None
        if drawing and self._plan.svg == "refuse":
            return self._maker.placeholder("SVG, by configuration")
        kind = SVG if drawing else picture_type(declared.encode("latin-1")) or ""
        return await self._maker.make(b"".join(self._chunks), kind, self._plan.asked)


def _answer(variant: Variant, visit: Visit, status: int, extra: RawHeaders) -> Answer:
    """The answer with ``variant``: ranges and validators for what all may share, none for a copy of one's own."""
    if variant.etag and not variant.retry_after:
        extra = [*extra, (b"cache-control", b"private, no-cache")]
        return answer_bytes(
            variant.body,
            variant.content_type,
            variant.etag,
            # A part of a card is no part of a picture.
            [h for h in visit.headers if h[0] not in _RANGES] if variant.placeholder else visit.headers,
            method=visit.method,
            status=status,
            extra_headers=extra,
        )
    headers = [(b"content-type", variant.content_type.encode("latin-1")), *extra]
    headers.append((b"cache-control", b"private, no-store"))
    if variant.retry_after:
        # People see the card; a program that understands comes back (RFC 9110, 15.6.4 and 10.2.3).
        headers.append((b"retry-after", b"%d" % variant.retry_after))
        status = 503 if status == 200 else status
    return Answer(status, headers, variant.body)


def _merge_vary(headers: RawHeaders, ours: bytes) -> RawHeaders:
    values = [v for k, v in headers if k == b"vary"]
    return [*(h for h in headers if h[0] != b"vary"), (b"vary", b", ".join([*values, ours]))]
