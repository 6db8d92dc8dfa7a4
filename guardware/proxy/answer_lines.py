"""The head of an answer, from what an application says to the lines that go out; and its chunks."""

import http

from guardware.http import RawHeaders

LENGTH = b"content-length"

_CONNECTION, _FRAMING = b"connection", b"transfer-encoding"
_FRAMED = frozenset({_CONNECTION, LENGTH, _FRAMING, b"keep-alive"})
"""The lines of an application's answer that this server reads, or writes itself."""


def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}


def answer_lines(status: int, headers: RawHeaders) -> tuple[bytes, int, bool]:
    """Status line and headers; the Content-Length, -1 if there is none; whether the connection is to be closed.

    The lines lack those that say where the answer ends, and the empty one. Raises RuntimeError for a fault of the
    application's: no status of an answer, a length that is no number, or a header that would end its line.
    """
    if status not in _STATUS_LINES:
        raise RuntimeError(f"{status} is no status of an answer")
    parts = [_STATUS_LINES[status]]
    length, closes = -1, False
    for name, value in headers:
        name = name.lower()
        if name in _FRAMED:
            if name == LENGTH:
                length = int(value) if value.isdigit() and len(value) < 19 else -2
            elif name == _CONNECTION and b"close" in value.lower():
                closes = True
            continue
        parts += (name, b": ", value, b"\r\n")
    if length < -1:
        raise RuntimeError("a Content-Length that is no number")
    lines = b"".join(parts)
    ends = lines.count(b"\n")
    if ends != (len(parts) + 3) // 4 or ends != lines.count(b"\r") or b"\0" in lines:
        raise RuntimeError("a header that would end its line")
    return lines, length, closes


def end_lines(length: int, *, chunked: bool, keep_alive: bool) -> bytes:
    """The lines that say where the answer ends, and the empty one. ``length``: -1 for none."""
    lines = b"content-length: %d\r\n" % length if length >= 0 else b""
    if chunked:
        lines += b"transfer-encoding: chunked\r\n"
    return lines + (b"\r\n" if keep_alive else b"connection: close\r\n\r\n")


def chunk(body: bytes, *, last: bool) -> bytes:
    """``body`` as a piece of a chunked answer (RFC 9112 section 7.1), with the answer's end after the last."""
    piece = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return piece + b"0\r\n\r\n" if last else piece
