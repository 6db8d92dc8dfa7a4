"""What every response gets on its way out: notices, and caching that keeps pictures out of shared caches."""

from collections.abc import Awaitable, Callable, Iterable

from guardware.http import OURS, Message, RawHeaders, Send, first_value
from guardware.notices import Notices
from guardware.visit import Kind, Visit

VARY = b"User-Agent"
SHARED_CACHES = frozenset([b"cdn-cache-control", b"surrogate-control", b"cloudflare-cdn-cache-control"])

_LOOKED_AT = SHARED_CACHES | {b"content-type", b"x-robots-tag", b"cache-control", b"vary"}
_OF_NO_INTEREST = frozenset(
    [
        *(b"content-length", b"last-modified", b"etag", b"accept-ranges", b"content-encoding", b"date", b"server"),
        *(b"expires", b"location", b"set-cookie", b"link", b"content-disposition", b"content-language"),
    ]
)
"""What most answers consist of, as most servers write it; passed on without a further look."""

_PRIVATE: RawHeaders = [(b"cache-control", b"private"), (b"vary", VARY)]
_PUBLIC = frozenset([b"public", b"private", b"s-maxage", b"proxy-revalidate"])
_ANY_IMAGE = b"image/*"
_NO_PICTURE = (
    b"text/",
    b"application/json",
    b"application/xhtml",
    b"application/javascript",
    b"video/",
    b"audio/",
)


def media_type(headers: RawHeaders) -> str:
    """The response's media type without parameters, lower case, or ""."""
    value = first_value(headers, b"content-type") or b""
    return value.partition(b";")[0].strip().lower().decode("latin-1")


def with_notices(
    headers: Iterable[tuple[bytes, bytes]], notices: Notices, visit: Visit
) -> tuple[RawHeaders, bool]:
    """``headers`` with ours in front, and whether the response may be a picture, which no shared cache may keep.

    It may be one if it says so, or if one was asked for and it does not say otherwise: a 304 has no type, a
    bucket types everything as octet-stream. Names keep their case (Django's have capitals); what anybody else
    calls X-Guardware-* goes.
    """
    kind: bytes | None = None
    kept: RawHeaders = []
    caching: RawHeaders = []
    for line in headers:
        name = line[0]
        if name in _OF_NO_INTEREST:
            kept.append(line)
            continue
        name = name.lower()
        if name not in _LOOKED_AT:
            if name[:12] != OURS:
                kept.append(line)
        elif name == b"content-type":
            kind = line[1]
            kept.append(line)
        elif name == b"x-robots-tag":
            notices.heed(line[1])
            kept.append(line)
        else:
            caching.append(line)
    if kind is not None and kind[:5] == b"text/":
        return notices.headers(kind, visit.base_url) + kept + caching, False
    if kind is not None and kind[:6].lower() == b"image/":
        return [*notices.headers(kind, visit.base_url), *kept, *private(caching)], True
    if visit.kind is Kind.IMAGE and not (kind or b"").lower().startswith(_NO_PICTURE):
        return notices.headers(_ANY_IMAGE, visit.base_url) + kept + private(caching), True
    maybe = kind is None or kind.lower().startswith((b"application/octet-stream", b"multipart/byteranges"))
    return notices.headers(kind, visit.base_url) + kept + caching, maybe


def private(caching: RawHeaders) -> RawHeaders:
    """Keep a picture out of shared caches: who gets the original depends on who asks.

    ``caching``: the response's Cache-Control, Vary and headers addressed to shared caches. ``public`` and the
    last go, the browser's own freshness stays.
    """
    if not caching:
        return _PRIVATE
    directives: list[bytes] = []
    vary = VARY
    for line in caching:
        name = line[0].lower()
        if name == b"cache-control":
            directives += line[1].split(b",")
        elif name == b"vary":
            vary = line[1] + b", " + vary
    own = [d for d in map(bytes.strip, directives) if d and d.partition(b"=")[0].strip().lower() not in _PUBLIC]
    return [(b"cache-control", b", ".join([b"private", *own])), (b"vary", vary)]


_COOKIE = b"set-cookie"
_COOKIE_LENGTH = len(_COOKIE)

Answered = Callable[[Visit, int, bool], None]
"""Is told of a visit, the status with which the application answers it, and whether it sets a cookie."""


def tell(answered: Answered, visit: Visit, message: Message) -> None:
    """Tell ``answered`` of the start of a response, if there is anything to tell."""
    status, cookie = message["status"], False
    if visit.cookie is None:
        for name, _ in message.get("headers", ()):
            if len(name) == _COOKIE_LENGTH and name.lower() == _COOKIE:
                cookie = True
    if cookie or status >= 400:
        answered(visit, status, cookie)


def open_send(
    send: Send,
    visit: Visit,
    notices: Notices,
    pictured: Callable[[Visit], None] | None,
    answered: Answered,
) -> Send:
    """The ``send`` for clients who get originals. ``pictured`` is told of a visit answered by a picture.

    A closure, and not a coroutine of its own: it only hands on what the server's ``send`` returns.
    """

    def send_open(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            tell(answered, visit, message)
            message["headers"], picture = with_notices(message.get("headers", ()), notices, visit)
            if picture and pictured is not None and message["status"] in (200, 206):
                pictured(visit)
        return send(message)

    return send_open
