"""Protected: no byte of a picture passes, whatever the URL, the method, the status or the declared type.

A response is held back until it is known to be no picture; one that is goes out as a variant.
"""

from guardware.http import Answer, Message, RawHeaders, Scope, Send, first_value, send_answer, without_ours
from guardware.images import Variant, VariantMaker, answer_bytes, picture_type
from guardware.images.sniff import ENOUGH, decoded_start, sniff
from guardware.notices import Notices
from guardware.responses import SHARED_CACHES, VARY, media_type, with_notices
from guardware.visit import Kind, Visit

_CONDITIONS = frozenset(
    [
        *(b"range", b"request-range", b"if-range", b"if-none-match", b"if-match"),
        *(b"if-modified-since", b"if-unmodified-since"),
    ]
)
_SENDFILE = frozenset(["http.response.pathsend", "http.response.zerocopysend"])
_HAND_OVER = frozenset([b"x-accel-redirect", b"x-sendfile", b"x-lighttpd-send-file", b"x-litespeed-location"])
"""Headers by which an application has the server in front send a file: a picture that would pass us by."""

_OF_THE_ORIGINAL = (
    _HAND_OVER
    | SHARED_CACHES
    | frozenset(
        [
            *(b"content-type", b"content-length", b"content-encoding", b"content-range", b"content-location"),
            *(b"content-md5", b"content-digest", b"repr-digest", b"digest", b"etag", b"last-modified"),
            *(b"accept-ranges", b"cache-control", b"expires", b"age", b"trailer"),
        ]
    )
)
"""What says something of the original, and is made anew or left out when a variant goes in its place."""

_PASSED_IMAGES = frozenset(["image/svg+xml", "image/x-icon", "image/vnd.microsoft.icon"])
"""Drawn pictures and icons: they go out as they are (SVG gets its own setting with the image recipes)."""

_LOOK = 4 * ENOUGH
"""Bytes of the body that are looked at; compressed, they hold the ``ENOUGH`` that decide."""

_BODILESS = frozenset([204, 205, 304])


def doubtful_scope(scope: Scope, *, image: bool) -> Scope:
    """The request as the application should see it, so that it answers with the whole picture.

    GET for HEAD, no conditions, no ranges, no hand-over of files to the server; and no compression where a
    picture is asked for. The variant's own length, validator and ranges are made here.
    """
    dropped = _CONDITIONS | {b"accept-encoding"} if image else _CONDITIONS
    headers = [h for h in scope["headers"] if h[0] not in dropped]
    if image:
        headers.append((b"accept-encoding", b"identity"))
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**body_scope(scope), "method": method, "headers": headers}


def body_scope(scope: Scope) -> Scope:
    """The request for an application that is to send bodies itself, and not hand files over to the server."""
    extensions = {k: v for k, v in (scope.get("extensions") or {}).items() if k not in _SENDFILE}
    return {**scope, "extensions": extensions}


class Protected:
    """The responder for one request. ``doubtful``: its client gets no originals; otherwise this is a static
    asset, for which a person's own ranges, conditions and handed-over files are in order.

    Call ``close`` when the application is done, however it ended.
    """

    def __init__(
        self, send: Send, visit: Visit, notices: Notices, maker: VariantMaker, max_bytes: int, *, doubtful: bool
    ) -> None:
        self._send = send
        self._visit = visit
        self._notices = notices
        self._maker = maker
        self._max_bytes = max_bytes
        self._doubtful = doubtful
        self._start: Message = {}
        self._headers: RawHeaders = []
        self._chunks: list[bytes] = []
        self._first = b""
        self._held = 0
        self._state = "waiting"

    async def send(self, message: Message) -> None:
        """The ``send`` that the application is given."""
        kind = message["type"]
        if kind == "http.response.start":
            self._start = message
            self._headers = [(bytes(k).lower(), bytes(v)) for k, v in message.get("headers", ())]
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

    async def _body(self, chunk: bytes, more: bool) -> None:
        if self._state == "passing":
            await self._pass(chunk, more)
            return
        if self._state == "waiting":
            chunk = self._first + chunk
            self._first = chunk[:_LOOK]
            if len(chunk) < ENOUGH and more and not self._is_event_stream():
                return
            if not self._is_picture():
                self._state = "passing"
                await self._begin_passing(chunk, more)
                return
            self._state = "holding"
        room = self._keep(chunk)
        if not more or not room:
            self._state = "done"
            await self._exchange(whole=room)

    def _keep(self, chunk: bytes) -> bool:
        """Hold ``chunk`` of a picture; False if there is no room for it."""
        if self._held + len(chunk) > self._max_bytes or not self._maker.holding.take(len(chunk)):
            return False
        self._chunks.append(chunk)
        self._held += len(chunk)
        return True

    def _is_picture(self) -> bool:
        """By what is declared, and by the first bytes; where neither can tell, what was asked for decides."""
        status, declared = self._start.get("status", 200), media_type(self._headers)
        if status in _BODILESS:
            return False
        opaque = declared in ("", "application/octet-stream") or declared.startswith("multipart/")
        asked = self._visit.kind is Kind.IMAGE
        if declared.startswith("image/") and declared not in _PASSED_IMAGES:
            return True
        if opaque and (asked or status == 206 or declared.startswith("multipart/")):
            return True
        handed = any(name in _HAND_OVER for name, _ in self._headers)
        if handed and (self._doubtful or opaque):
            return True
        encoding = (first_value(self._headers, b"content-encoding") or b"").strip().lower()
        start = decoded_start(self._first, encoding)
        if start is None:
            return asked or opaque
        return sniff(start) is not None

    def _is_event_stream(self) -> bool:
        return media_type(self._headers) == "text/event-stream"

    async def _begin_passing(self, first: bytes, more: bool) -> None:
        headers, _ = with_notices(self._headers, self._notices, self._visit)
        if self._doubtful and self._start.get("status") in _BODILESS:
            headers = [h for h in headers if h[0] not in (b"etag", b"last-modified", b"content-length")]
        await self._send({**self._start, "headers": headers})
        await self._pass(first, more)

    async def _pass(self, chunk: bytes, more: bool) -> None:
        # The application was asked to GET; a HEAD gets the head only.
        body = b"" if self._visit.method == "HEAD" else chunk
        if body or not more:
            await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _exchange(self, *, whole: bool) -> None:
        status = self._start.get("status", 200)
        variant = await self._variant(status, whole=whole)
        self.close()
        own = [h for h in without_ours(self._headers) if h[0] not in _OF_THE_ORIGINAL]
        for name, value in own:
            if name == b"x-robots-tag":
                self._notices.heed(value)
        extra = [*_merge_vary(own), (b"cache-control", b"private, no-cache")]
        answer = answer_bytes(
            variant.body,
            variant.content_type,
            variant.etag,
            self._visit.headers,
            method=self._visit.method,
            status=200 if status == 206 else status,
            extra_headers=extra,
        )
        noticed = self._notices.headers(variant.content_type.encode(), self._visit.base_url)
        answer = Answer(answer.status, [*noticed, *answer.headers], answer.body)
        await send_answer(answer, self._visit.method, self._send)

    async def _variant(self, status: int, *, whole: bool) -> Variant:
        if not whole:
            return self._maker.placeholder("too large, or too many at once")
        if status == 206 or first_value(self._headers, b"content-encoding") not in (None, b"identity"):
            return self._maker.placeholder("partial or encoded")
        declared = picture_type(first_value(self._headers, b"content-type"))
        return await self._maker.make(b"".join(self._chunks), declared or "")


def _merge_vary(headers: RawHeaders) -> RawHeaders:
    values = [v for k, v in headers if k == b"vary"]
    return [*(h for h in headers if h[0] != b"vary"), (b"vary", b", ".join([*values, VARY]))]
