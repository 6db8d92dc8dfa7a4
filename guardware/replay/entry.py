"""Entry: one request as a line of an access log tells it, whatever the log's format."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from guardware.caching import BoundedCache
from guardware.http import RawHeaders

_METHOD = re.compile(rb"[A-Za-z][A-Za-z_-]{0,31}")
"""RFC 9110 section 9.1 allows more signs; no method in use has them."""

_ESCAPED = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"v": b"\v", b"f": b"\f"}
"""Escapes of Apache's mod_log_config; nginx writes all of these as ``\\xHH``."""

_CUT = 1024
"""Bytes up to which a request line is remembered."""


class Request(NamedTuple):
    """``path``: decoded once, as a server would hand it on; ``host``: of a target in absolute form, else b""."""

    method: str
    path: str
    raw_path: bytes
    query: bytes
    host: bytes = b""


class Entry(NamedTuple):
    """One line.

    ``address``: as written. ``time``: seconds since the epoch. ``request``: None if the line is about something
    that was none (a broken connection, TLS sent to a plain port, CONNECT, OPTIONS *). ``status``: of the answer, 0
    if the log does not say. ``headers``: those that the log has, lower-case names, without Host. ``host``:
    b"" if the log does not say; ``scheme``: "" if it does not. ``picture``, ``set_cookie``: the answer's
    Content-Type was a picture's, it set a cookie; False if the log does not say.
    """

    address: str
    time: float
    request: Request | None
    status: int
    headers: RawHeaders
    host: bytes = b""
    scheme: str = ""
    picture: bool = False
    set_cookie: bool = False


class RequestReader:
    """Reads requests from what logs have of them. Owns a bounded memory: the same ones come again and again."""

    def __init__(self) -> None:
        self._seen: BoundedCache[bytes, tuple[Request | None]] = BoundedCache(8192)
        self.known = self._seen.get
        """What was read of a line, or None: a call less than ``line`` for what comes again."""

    def line(self, line: bytes) -> Request | None:
        """``GET /path?query HTTP/1.1``; None if it is none. Spaces in the target are kept: some servers do so."""
        return (self.known(line) or self.read(line))[0]

    def read(self, line: bytes) -> tuple[Request | None]:
        """``line`` in a tuple of one, remembered."""
        method, _, rest = line.partition(b" ")
        target, _, protocol = rest.rpartition(b" ")
        if not protocol.startswith(b"HTTP/"):
            target = rest
        found = (self.target(method, target),)
        if len(line) <= _CUT:
            self._seen.put(line, found)
        return found

    def target(self, method: bytes, target: bytes) -> Request | None:
        """A method and a request target (RFC 9112 section 3.2); None if they are none that a site answers."""
        host = b""
        if not _METHOD.fullmatch(method) or method == b"CONNECT":
            return None
        if target[:7].lower() == b"http://" or target[:8].lower() == b"https://":
            host, slash, rest = target.partition(b"://")[2].partition(b"/")
            target = slash + rest or b"/"
        if not target.startswith(b"/"):
            return None
        raw_path, _, query = target.partition(b"#")[0].partition(b"?")
        path = raw_path.decode("latin-1")
        if "%" in path:
            path = unquote(path)
        return Request(method.decode("ascii"), path, raw_path, query, host)


def unescaped(value: bytes) -> bytes:
    """``value`` as it was before the server escaped quotes and control characters for its log."""
    return _ESCAPED.sub(_sign, value) if b"\\" in value else value


def _sign(match: re.Match[bytes]) -> bytes:
    digits, sign = match.groups()
    if digits is not None:
        return bytes([int(digits, 16)])
    return _NAMED.get(sign, sign)
