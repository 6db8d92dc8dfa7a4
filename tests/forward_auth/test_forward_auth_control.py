"""The request that a front asks about: what is read from its headers, and what is no question at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.forward_auth.control import Asked, asked_scope, host_of, read_asked, with_host
from guardware.http import RawHeaders, Scope

FOR = (b"x-forwarded-for", b"203.0.113.9")


def lines(**values: str) -> RawHeaders:
    return [FOR, *((name.replace("_", "-").encode(), value.encode()) for name, value in values.items())]


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        # nginx and HAProxy
        (lines(x_original_method="GET", x_original_uri="/a.jpg?x=1"), Asked("GET", b"/a.jpg?x=1", b"")),
        # ingress-nginx
        (
            lines(x_original_method="GET", x_original_url="https://a.test:8443/a.jpg?x"),
            Asked("GET", b"/a.jpg?x", b"a.test:8443"),
        ),
        # Traefik, Caddy
        (
            lines(x_forwarded_method="POST", x_forwarded_uri="/a", x_forwarded_host="a.test"),
            Asked("POST", b"/a", b"a.test"),
        ),
        # Two that agree
        (
            lines(x_forwarded_method="GET", x_original_method="GET", x_forwarded_uri="/a", x_original_uri="/a"),
            Asked("GET", b"/a", b""),
        ),
        (
            [(b"forwarded", b"for=203.0.113.9"), *lines(x_original_method="HEAD", x_original_uri="//a")[1:]],
            Asked("HEAD", b"//a", b""),
        ),
    ],
)
def test_reads(headers: RawHeaders, asked: Asked) -> None:
    assert read_asked(headers) == asked


def test_reads_the_address_behind_the_endpoint() -> None:
    assert read_asked([FOR], b"/a.jpg?x", "GET") == Asked("GET", b"/a.jpg?x", b"")


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ([], "X-Forwarded-For"),
        (lines(), "X-Original-URI"),
        (lines(x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="/a"), "X-Original-Method"),
        (lines(x_original_uri="/a", x_original_method=""), "X-Original-Method"),
        (lines(x_original_uri="/a", x_original_method="GE T"), "X-Original-Method"),
        (lines(x_original_uri="", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="a.jpg", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="*", x_original_method="OPTIONS"), "X-Original-URI"),
        (lines(x_original_uri="http://a.test/a", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="/a#b", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="/a b", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="/a\r\nb", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="/caf\u00e9.jpg", x_original_method="GET"), "X-Original-URI"),
        (lines(x_original_uri="/a", x_forwarded_uri="/b", x_original_method="GET"), "not the same"),
        (lines(x_original_uri="/a", x_original_method="GET", x_forwarded_method="POST"), "not the same"),
        (lines(x_original_url="//a.test/a", x_original_method="GET"), "X-Original-URL"),
        (lines(x_original_url="http://me@a.test/a", x_original_method="GET"), "X-Original-URL"),
        (lines(x_original_url="http://a.test", x_original_method="GET"), "X-Original-URL"),
        (lines(x_original_url="http://a.test/a", x_original_method="GET", x_forwarded_host="b.test"), "hosts"),
        (lines(x_original_url="http://a.test/a", x_original_method="GET", x_forwarded_proto="https"), "schemes"),
        (lines(x_original_uri="/a", x_original_method="GET", x_forwarded_host="a.test, b.test"), "hosts"),
        ([*lines(x_original_uri="/a", x_original_method="GET"), (b"x-original-uri", b"/a")], "twice"),
        ([*lines(x_original_uri="/a", x_original_method="GET"), (b"x-original-method", b"GET")], "twice"),
    ],
)
def test_says_what_is_wrong(headers: RawHeaders, says: str) -> None:
    fault = read_asked(headers)
    assert isinstance(fault, str)
    assert says in fault


@pytest.mark.parametrize("name", ["x_original_uri", "x_forwarded_uri"])
def test_a_visitors_header_does_not_move_what_stands_behind_the_endpoint(name: str) -> None:
    assert isinstance(read_asked(lines(**{name: "/robots.txt"}), b"/a.jpg", "GET"), str)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    b"x-original-uri",
                    b"x-forwarded-uri",
                    b"x-original-url",
                    b"x-original-method",
                    b"x-forwarded-host",
                ]
            ),
            st.one_of(st.sampled_from([b"/a.jpg", b"GET", b"http://a/b"]), st.binary(max_size=20)),
        ),
        max_size=6,
    )
)
def test_never_guesses(headers: RawHeaders) -> None:
    asked = read_asked([FOR, *headers])
    if isinstance(asked, Asked):
        assert asked.target.startswith(b"/")
        assert asked.target.isascii()
        values = [v for n, v in headers if n in (b"x-original-uri", b"x-forwarded-uri")]
        assert all(value == asked.target for value in values)


def test_rebuilds_the_visitors_request() -> None:
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/.guardware/auth",
        "raw_path": b"/.guardware/auth",
        "query_string": b"answer=path",
        "client": None,
        "headers": [
            (b"host", b"guardware"),
            (b"x-original-uri", b"/caf%C3%A9.jpg?a;b"),
            (b"x-original-method", b"HEAD"),
            (b"x-forwarded-host", b"a.test"),
            FOR,
            (b"user-agent", b"Firefox"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
        ],
    }
    inner = asked_scope(scope, Asked("HEAD", b"/caf%C3%A9.jpg?a;b", b"a.test"))
    assert (inner["method"], inner["path"], inner["raw_path"]) == ("HEAD", "/caf\u00e9.jpg", b"/caf%C3%A9.jpg")
    assert inner["query_string"] == b"a;b"
    assert inner["headers"] == [
        (b"host", b"a.test"),
        FOR,
        (b"user-agent", b"Firefox"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ([], b""),
        ([(b"x-forwarded-host", b"a.test")], b"a.test"),
        ([(b"x-forwarded-host", b"a.test, b.test")], b""),
        ([(b"x-forwarded-host", b"a.test"), (b"x-forwarded-host", b"b.test")], b""),
    ],
)
def test_host_of(headers: RawHeaders, host: bytes) -> None:
    assert host_of(headers) == host


def test_a_request_has_one_host() -> None:
    assert with_host([(b"host", b"a"), (b"x", b"y"), (b"host", b"b")], b"c") == [(b"host", b"c"), (b"x", b"y")]
    assert with_host([(b"x", b"y")], b"c") == [(b"host", b"c"), (b"x", b"y")]
