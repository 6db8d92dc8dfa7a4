"""What happens to an application's response on its way out: notices added, pictures exchanged.

One responder a request. ``Open`` is for clients who get originals, ``Protected`` for the doubtful: there no
byte of a picture passes, whatever the URL, the method, the status or the declared type.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from guardware.http import Message, RawHeaders, Scope, Send, first_value, send_answer
from guardware.images import Variant, VariantMaker, answer_bytes, picture_type
from guardware.notices import Notices
from guardware.visit import Visit

_OURS = b"x-guardware-"
_VARY = b"User-Agent"
_SHARED_CACHES = frozenset([b"cdn-cache-control", b"surrogate-control", b"cloudflare-cdn-cache-control"])
_LOOKED_AT = _SHARED_CACHES | {b"content-type", b"x-robots-tag", b"cache-control", b"vary"}
_PRIVATE: RawHeaders = [(b"cache-control", b"private"), (b"vary", _VARY)]
_PUBLIC = frozenset([b"public", b"private", b"s-maxage", b"proxy-revalidate"])
_CONDITIONS = frozenset(
    [b"range", b"if-range", b"if-none-match", b"if-match", b"if-modified-since", b"if-unmodified-since"]
)
_SENDFILE = frozenset(["http.response.pathsend", "http.response.zerocopysend"])
_HAND_OVER = frozenset([b"x-accel-redirect", b"x-sendfile", b"x-lighttpd-send-file", b"x-litespeed-location"])
"""Headers by which an application has the server in front send a file: a picture that would pass us by."""

_OF_THE_ORIGINAL = (
    _HAND_OVER
    | _SHARED_CACHES
    | frozenset(
        [
            *(b"content-type", b"content-length", b"content-encoding", b"content-range", b"content-location"),
            *(b"content-md5", b"content-digest", b"repr-digest", b"digest", b"etag", b"last-modified"),
            *(b"accept-ranges", b"cache-control", b"expires", b"age", b"x-robots-tag", b"trailer"),
        ]
    )
)
"""What says something of the original, and is made anew or left out when a variant goes in its place."""

_PASSED_IMAGES = frozenset(["image/svg+xml", "image/x-icon", "image/vnd.microsoft.icon"])
"""Drawn pictures and icons: they go out as they are (SVG gets its own setting with the image recipes)."""

_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL ", "image/jxl"),
)


def sniff(start: bytes) -> str | None:
    """The media type of a picture that begins with ``start`` (12 bytes are enough), or None."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:8] == b"ftyp" and start[8:11] in (b"avi", b"hei", b"mif", b"hev"):
        return "image/avif"
    if start[:2] == b"BM" and start[6:10] == b"\0\0\0\0":
        return "image/bmp"
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)


def media_type(headers: RawHeaders) -> str:
    """The response's media type without parameters, lower case, or ""."""
    value = first_value(headers, b"content-type") or b""
    return value.partition(b";")[0].strip().lower().decode("latin-1")


def with_notices(
    headers: Iterable[tuple[bytes, bytes]], notices: Notices, base_url: str
) -> tuple[RawHeaders, bool]:
    """``headers`` with ours in front, and whether the response is a picture, which no shared cache may keep.

    Names keep their case (Django's have capitals); what anybody else calls X-Guardware-* goes.
    """
    kind: bytes | None = None
    kept: RawHeaders = []
    caching: RawHeaders = []
    for line in headers:
        name = line[0].lower()
        if name not in _LOOKED_AT:
            if name[:12] != _OURS:
                kept.append(line)
        elif name == b"content-type":
            kind = line[1]
            kept.append(line)
        elif name == b"x-robots-tag":
            notices.heed(line[1])
            kept.append(line)
        else:
            caching.append(line)
    picture = kind is not None and kind[:6].lower() == b"image/"
    kept += private(caching) if picture else caching
    return notices.headers(kind, base_url) + kept, picture


def private(caching: RawHeaders) -> RawHeaders:
    """Keep a picture out of shared caches: who gets the original depends on who asks.

    ``caching``: the response's Cache-Control, Vary and headers addressed to shared caches. ``public`` and the
    last go, the browser's own freshness stays.
    """
    if not caching:
        return _PRIVATE
    directives: list[bytes] = []
    vary = _VARY
    for line in caching:
        name = line[0].lower()
        if name == b"cache-control":
            directives += line[1].split(b",")
        elif name == b"vary":
            vary = line[1] + b", " + vary
    own = [d for d in map(bytes.strip, directives) if d and d.partition(b"=")[0].strip().lower() not in _PUBLIC]
    return [(b"cache-control", b", ".join([b"private", *own])), (b"vary", vary)]


class Open:
    """Passes everything on; adds notices. ``pictured`` is told of a visit whose answer is a picture."""

    __slots__ = ("_notices", "_pictured", "_send", "_visit")

    def __init__(
        self, send: Send, visit: Visit, notices: Notices, pictured: Callable[[Visit], None] | None
    ) -> None:
        self._send = send
        self._visit = visit
        self._notices = notices
        self._pictured = pictured

    def send(self, message: Message) -> Awaitable[None]:
        """Not a coroutine of its own: it only hands on what the server's ``send`` returns."""
        if message["type"] == "http.response.start":
            headers, picture = with_notices(message.get("headers", ()), self._notices, self._visit.base_url)
            message["headers"] = headers
            if picture and self._pictured is not None and message["status"] in (200, 206):
                self._pictured(self._visit)
        return self._send(message)


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
    """Holds a response back until it is known to be no picture; exchanges it for a variant if it is one."""

    def __init__(self, send: Send, visit: Visit, notices: Notices, maker: VariantMaker, max_bytes: int) -> None:
        self._send = send
        self._visit = visit
        self._notices = notices
        self._maker = maker
        self._max_bytes = max_bytes
        self._start: Message = {}
        self._headers: RawHeaders = []
        self._held = bytearray()
        self._state = "waiting"

    async def send(self, message: Message) -> None:
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

    async def _body(self, chunk: bytes, more: bool) -> None:
        if self._state == "passing":
            await self._pass(chunk, more)
            return
        self._held += chunk
        if self._state == "waiting" and (len(self._held) >= 16 or not more or self._is_event_stream()):
            self._state = "holding" if self._is_picture() else "passing"
            if self._state == "passing":
                await self._begin_passing(more)
                return
        if self._state == "holding" and (not more or len(self._held) > self._max_bytes):
            self._state = "done"
            await self._exchange()

    def _is_picture(self) -> bool:
        """By what is declared and by the first bytes: loaders decode a picture whatever it is called."""
        declared = media_type(self._headers)
        if declared.startswith("image/") and declared not in _PASSED_IMAGES:
            return True
        if any(name in _HAND_OVER for name, _ in self._headers):
            return True
        return sniff(bytes(self._held[:16])) is not None

    def _is_event_stream(self) -> bool:
        return media_type(self._headers) == "text/event-stream"

    async def _begin_passing(self, more: bool) -> None:
        headers, _ = with_notices(self._headers, self._notices, self._visit.base_url)
        await self._send({**self._start, "headers": headers})
        held, self._held = bytes(self._held), bytearray()
        await self._pass(held, more)

    async def _pass(self, chunk: bytes, more: bool) -> None:
        # The application was asked to GET; a HEAD gets the head only.
        body = b"" if self._visit.method == "HEAD" else chunk
        if body or not more:
            await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _exchange(self) -> None:
        status = self._start["status"]
        variant = await self._variant(status)
        self._held = bytearray()
        extra = [h for h in self._headers if h[0] not in _OF_THE_ORIGINAL and h[0][:12] != _OURS]
        extra.append((b"cache-control", b"private, no-cache"))
        answer = answer_bytes(
            variant.body,
            variant.content_type,
            variant.etag,
            self._visit.headers,
            method=self._visit.method,
            status=200 if status == 206 else status,
            extra_headers=_merge_vary(extra),
        )
        noticed = self._notices.headers(variant.content_type.encode(), self._visit.base_url)
        await send_answer(answer._replace(headers=[*noticed, *answer.headers]), self._visit.method, self._send)

    async def _variant(self, status: int) -> Variant:
        if status == 206 or first_value(self._headers, b"content-encoding") not in (None, b"identity"):
            return self._maker.placeholder("partial or encoded")
        if len(self._held) > self._max_bytes:
            return self._maker.placeholder("too large")
        declared = picture_type(first_value(self._headers, b"content-type"))
        return await self._maker.make(bytes(self._held), declared or "")


def _merge_vary(headers: RawHeaders) -> RawHeaders:
    values = [v for k, v in headers if k == b"vary"]
    return [*(h for h in headers if h[0] != b"vary"), (b"vary", b", ".join([*values, _VARY]))]
