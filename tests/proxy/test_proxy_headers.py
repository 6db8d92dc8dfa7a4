"""Which lines pass, which are dropped, which are ours."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.http import RawHeaders
from guardware.proxy.headers import Visitor, from_connection, from_scope, has_body, to_upstream, to_visitor
from guardware.visit import VisitReader

WHO = Visitor("192.0.2.7", "https")
OURS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"}


def up(headers: RawHeaders, *, preserve_host: bool = True) -> list[tuple[str, str]]:
    """What goes upstream, our own lines left aside."""
    return [line for line in to_upstream(headers, WHO, preserve_host=preserve_host) if line[0] not in OURS]


@pytest.mark.parametrize(
    "dropped",
    [
        [(b"connection", b"close")],
        [(b"connection", b"X-Hop, close"), (b"x-hop", b"1")],
        [(b"connection", b"x-hop"), (b"connection", b"x-skip"), (b"x-hop", b"1"), (b"x-skip", b"2")],
        [(b"keep-alive", b"timeout=5")],
        [(b"proxy-authorization", b"Basic eDp5")],
        [(b"proxy-connection", b"keep-alive")],
        [(b"te", b"trailers")],
        [(b"trailer", b"expires")],
        [(b"transfer-encoding", b"chunked")],
        [(b"transfer-encoding", b"chunked"), (b"content-length", b"4")],
        [(b"upgrade", b"h2c")],
        [(b"expect", b"100-continue")],
        [(b"x-forwarded-for", b"203.0.113.1")],
        [(b"x-forwarded-port", b"443")],
        [(b"forwarded", b"for=203.0.113.1")],
        [(b"x-real-ip", b"203.0.113.1")],
        [(b"x_forwarded_for", b"203.0.113.1")],
        [(b"x-original-url", b"/secret")],
        [(b"x-rewrite-url", b"/secret")],
        [(b"x-original-method", b"POST")],
        [(b"x-original-host", b"other.example")],
        [(b"cf-connecting-ip", b"203.0.113.1")],
        [(b"true_client_ip", b"203.0.113.1")],
        [(b"x-client-ip", b"203.0.113.1")],
        [(b"proxy", b"http://192.0.2.1")],
        [(b"x-guardware-verdict", b"allow")],
    ],
)
def test_what_does_not_go_upstream(dropped: RawHeaders) -> None:
    kept = (b"accept", b"*/*")
    assert up([kept, *dropped]) == [("accept", "*/*")]


def test_repeated_lines_stay_apart_and_in_order() -> None:
    headers = [(b"cookie", b"a=1"), (b"accept", b"*/*"), (b"cookie", b"b=2")]
    assert up(headers) == [("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2")]


def test_connection_cannot_take_the_host_away() -> None:
    assert up([(b"host", b"art.example"), (b"connection", b"host")]) == [("host", "art.example")]


def test_host_is_left_to_the_client_when_it_is_not_to_be_kept() -> None:
    assert up([(b"host", b"art.example")], preserve_host=False) == []


@pytest.mark.parametrize(
    ("value", "sent"),
    [("Grüße".encode(), "Grüße".encode()), (b"caf\xe9", "café".encode())],
    ids=["UTF-8 byte for byte", "other bytes as Latin-1"],
)
def test_bytes_outside_ascii(value: bytes, sent: bytes) -> None:
    assert up([(b"x-title", value)])[0][1].encode() == sent


@pytest.mark.parametrize(
    ("address", "host", "expected"),
    [
        ("192.0.2.7", b"art.example:8000", 'for=192.0.2.7;proto=https;host="art.example:8000"'),
        ("2001:db8::1", b"art.example", 'for="[2001:db8::1]";proto=https;host="art.example"'),
        (None, b"art.example", 'for=unknown;proto=https;host="art.example"'),
        ("192.0.2.7", b'a"b\\c', 'for=192.0.2.7;proto=https;host="a\\"b\\\\c"'),
        ("192.0.2.7", None, "for=192.0.2.7;proto=https"),
    ],
)
def test_who_visits_is_said_by_us(address: str | None, host: bytes | None, expected: str) -> None:
    headers = [(b"host", host)] if host else []
    said = dict(to_upstream(headers, Visitor(address, "https"), preserve_host=True))
    assert said["forwarded"] == expected
    assert said.get("x-forwarded-for") == address
    assert said["x-forwarded-proto"] == "https"
    assert said.get("x-forwarded-host") == (host.decode() if host else None)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"client": ("192.0.2.7", 1), "scheme": "http"}, Visitor("192.0.2.7", "http")),
        ({"client": ("192.0.2.7", 1), "scheme": "wss"}, Visitor("192.0.2.7", "https")),
        ({"client": None, "scheme": "https"}, Visitor(None, "https")),
        ({}, Visitor(None, "http")),
    ],
)
def test_the_visitor_as_the_connection_shows_it(scope: dict[str, object], expected: Visitor) -> None:
    assert from_connection(scope) == expected


@pytest.mark.parametrize(
    ("client", "headers", "expected"),
    [
        (("10.0.0.1", 1), [], Visitor("10.0.0.1", "http")),
        (
            ("10.0.0.1", 1),
            [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")],
            Visitor("203.0.113.9", "https"),
        ),
        (("192.0.2.7", 1), [(b"x-forwarded-for", b"203.0.113.9")], Visitor("192.0.2.7", "http")),
        (None, [], Visitor(None, "http")),
    ],
)
def test_the_visitor_as_the_middleware_judged_him(
    client: tuple[str, int] | None, headers: RawHeaders, expected: Visitor
) -> None:
    scope = {"type": "http", "path": "/", "headers": headers, "client": client, "scheme": "http"}
    visit = VisitReader([ip_network("10.0.0.0/8")]).read(scope)
    assert from_scope({**scope, "state": {"guardware.visit": visit}}) == expected


def test_the_visitor_where_nobody_judged() -> None:
    scope = {"client": ("192.0.2.7", 1), "scheme": "https"}
    assert from_scope(scope) == from_scope({**scope, "state": {}}) == Visitor("192.0.2.7", "https")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], False),
        ([(b"content-length", b"0")], False),
        ([(b"content-length", b"5")], True),
        ([(b"transfer-encoding", b"chunked")], True),
    ],
)
def test_whether_a_request_has_a_body(headers: RawHeaders, expected: bool) -> None:
    assert has_body(headers) is expected


def test_the_answers_lines_pass_in_order_with_repeated_ones_apart() -> None:
    answer = [(b"Set-Cookie", b"a=1; Path=/"), (b"ETag", b'"x"'), (b"Set-Cookie", b"b=2, c")]
    assert to_visitor(answer) == [(b"set-cookie", b"a=1; Path=/"), (b"etag", b'"x"'), (b"set-cookie", b"b=2, c")]


@pytest.mark.parametrize(
    "dropped",
    [
        [(b"Connection", b"X-Hop"), (b"X-Hop", b"1")],
        [(b"Keep-Alive", b"timeout=5")],
        [(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"5")],
        [(b"Proxy-Authenticate", b"Basic")],
        [(b"Upgrade", b"h2c")],
        [(b"X-Guardware-Verdict", b"allow")],
        [(b"Alt-Svc", b'h3=":443"')],
    ],
)
def test_what_does_not_go_to_the_visitor(dropped: RawHeaders) -> None:
    assert to_visitor([(b"Vary", b"*"), *dropped]) == [(b"vary", b"*")]


@pytest.mark.parametrize(
    "bad",
    [
        (b"x y", b"1"),
        (b"", b"1"),
        (b"x", b"a\rb"),
        (b"x", b"a\nb"),
        (b"x", b"a\0b"),
        (b"x", b"a\x7fb"),
        (b"content-length", b"-1"),
        (b"content-length", b"9999999999999999999"),
        (b"content-length", b""),
    ],
)
def test_an_answer_that_cannot_be_sent_on(bad: tuple[bytes, bytes]) -> None:
    assert to_visitor([(b"vary", b"*"), bad]) is None


@pytest.mark.parametrize(
    "codings",
    [[b"gzip, chunked"], [b"gzip"], [b"chunked", b"chunked"], [b"chunked, identity"], [b"xchunked"], [b""]],
)
def test_codings_that_cannot_be_undone_are_no_answer(codings: list[bytes]) -> None:
    assert to_visitor([(b"Transfer-Encoding", coding) for coding in codings]) is None


def test_two_lengths_are_no_answer() -> None:
    assert to_visitor([(b"content-length", b"1"), (b"content-length", b"2")]) is None


@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=20)), max_size=8))
def test_any_lines_of_an_answer_either_pass_clean_or_not_at_all(lines: RawHeaders) -> None:
    passed = to_visitor(lines)
    for name, value in passed or []:
        assert name
        assert name == name.lower()
        assert not set(name) & set(b' \r\n\0:"')
        assert not set(value) & set(b"\r\n\0")
