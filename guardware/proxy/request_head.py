"""What a request's head must be so that we and the upstream cannot read it differently: RFC 9112, no leniency.

llhttp refuses most by itself: both framings at once, two lengths, bare line feeds, folded lines, spaces before
colons. Here is what it lets pass and a server behind us might read otherwise.
"""

from collections.abc import Sequence
from typing import NamedTuple

from guardware.http import RawHeaders

HOST, EXPECT, FRAMING, LENGTH = b"host", b"expect", b"transfer-encoding", b"content-length"
TELLING = frozenset({HOST, EXPECT, FRAMING, LENGTH})
"""The lines that ``read_head`` must be given."""

BAD, NOT_ALLOWED, NOT_IMPLEMENTED, NO_VERSION = 400, 405, 501, 505


class BadHeadError(Exception):
    """A head that is refused with ``status``."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Target(NamedTuple):
    """``whole`` as it came, in origin form; its ``path`` and ``query``.

    ``expects``: whether the client waits for 100 Continue before it sends a body.
    """

    whole: bytes
    path: bytes
    query: bytes
    expects: bool


def read_head(method: bytes, version: str, url: bytes, telling: Sequence[tuple[bytes, bytes]]) -> Target:
    """Check a head that llhttp took. ``telling``: its lines named in ``TELLING``. Raises BadHeadError."""
    if version not in ("1.1", "1.0"):
        raise BadHeadError(NO_VERSION)
    if method == b"CONNECT":
        raise BadHeadError(NOT_ALLOWED)  # we are no tunnel
    host, expects = None, False
    for name, value in telling:
        if name == HOST:
            if host is not None:
                raise BadHeadError(BAD)
            host = value
        elif name == EXPECT:
            expects = value.lower() == b"100-continue" and version == "1.1"  # RFC 9110 section 10.1.1
        elif name == FRAMING:
            _check_framing(value, version)
    if host is None and version == "1.1":
        raise BadHeadError(BAD)  # RFC 9112 section 3.2
    if url[:1] != b"/":
        url = _origin_form(method, url, host)
    path, _, query = url.partition(b"?")
    if b"#" in url or not url.isascii():  # a fragment is cut off by some, and a part of the name to others
        raise BadHeadError(BAD)
    return Target(url, path, query, expects)


def size_of(url: bytes, headers: RawHeaders) -> int:
    """Bytes of a head, about: without the method and the version."""
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def asks_for_websocket(headers: RawHeaders) -> bool:
    """Whether a request that llhttp takes for one to upgrade names the WebSocket (RFC 6455 section 4.1)."""
    connection = upgrade = b""
    for name, value in headers:
        if name == b"connection":
            connection = value.lower()
        elif name == b"upgrade":
            upgrade = value.lower()
    return upgrade == b"websocket" and b"upgrade" in map(bytes.strip, connection.split(b","))


def framing(headers: RawHeaders) -> bytes:
    """The lines that say how long the body is, as they stand in a head; empty if there is none."""
    return b"".join(b"%b: %b\r\n" % line for line in headers if line[0] in (FRAMING, LENGTH))


def _check_framing(value: bytes, version: str) -> None:
    if version == "1.0":
        raise BadHeadError(BAD)  # RFC 9112 section 6.1: to be treated as faulty
    if value.lower() != b"chunked":
        raise BadHeadError(NOT_IMPLEMENTED)  # a coding that we would pass on undone


def _origin_form(method: bytes, url: bytes, host: bytes | None) -> bytes:
    """The path of an absolute-form target (RFC 9112 section 3.2.2), which must name the host that Host names."""
    if url == b"*" and method == b"OPTIONS":
        return url
    scheme, found, rest = url.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        raise BadHeadError(BAD)
    end = min((at for at in map(rest.find, (b"/", b"?")) if at >= 0), default=len(rest))
    if host is None or rest[:end].lower() != host.lower():
        raise BadHeadError(BAD)
    path = rest[end:]
    return path if path[:1] == b"/" else b"/" + path
