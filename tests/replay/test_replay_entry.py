"""Request lines, and what servers escape in their logs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.replay.entry import Request, RequestReader, unescaped


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b"GET / HTTP/1.1", Request("GET", "/", b"/", b"")),
        (b"GET /a.jpg?w=8&h=9 HTTP/2.0", Request("GET", "/a.jpg", b"/a.jpg", b"w=8&h=9")),
        (b"GET /d%C3%BCne.jpg HTTP/1.1", Request("GET", "/düne.jpg", b"/d%C3%BCne.jpg", b"")),
        (b"GET /a b.jpg HTTP/1.1", Request("GET", "/a b.jpg", b"/a b.jpg", b"")),
        (b"GET /", Request("GET", "/", b"/", b"")),  # HTTP/0.9
        (b"HEAD /a#top HTTP/1.1", Request("HEAD", "/a", b"/a", b"")),
        (b"GET http://Example.org/a?b HTTP/1.1", Request("GET", "/a", b"/a", b"b", b"Example.org")),
        (b"GET HTTPS://example.org HTTP/1.1", Request("GET", "/", b"/", b"", b"example.org")),
        (b"GET /\xfc HTTP/1.1", Request("GET", "/\xfc", b"/\xfc", b"")),  # latin-1, not encoded
        (b"OPTIONS * HTTP/1.1", None),
        (b"CONNECT example.org:443 HTTP/1.1", None),
        (b"\x16\x03\x01\x02", None),  # TLS to a plain port
        (b"-", None),
        (b"", None),
        (b"GET", None),
    ],
)
def test_request_lines(line: bytes, request_: Request | None) -> None:
    reader = RequestReader()
    assert reader.line(line) == request_
    assert reader.line(line) == request_  # remembered


@pytest.mark.parametrize(
    ("logged", "sent"),
    [
        (rb"plain", b"plain"),
        (rb"\"quoted\"", b'"quoted"'),
        (rb"\x22quoted\x22", b'"quoted"'),
        (rb"back\\slash", rb"back\slash"),
        (rb"tab\tline\n", b"tab\tline\n"),
        (rb"\xfc\xFC", b"\xfc\xfc"),
        (rb"\xzz", b"xzz"),
        (b"end\\", b"end\\"),
    ],
)
def test_what_servers_escape(logged: bytes, sent: bytes) -> None:
    assert unescaped(logged) == sent


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    request = RequestReader().line(data)
    assert request is None or (request.path.startswith("/") and request.raw_path.startswith(b"/"))
    unescaped(data)


@given(st.binary(max_size=100))
def test_escaping_and_back(value: bytes) -> None:
    escaped = b"".join(
        b"\\x%02x" % sign if sign in b'"\\' or sign < 32 or sign > 126 else bytes([sign]) for sign in value
    )
    assert unescaped(escaped) == value
