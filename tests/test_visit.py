"""What is read from a request: kind, scheme, host; safe on anything."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.kinds import is_icon
from guardware.visit import Kind, Visit, VisitReader

READER = VisitReader([ip_network("10.0.0.0/8")], notices=frozenset(["/robots.txt", "/.well-known/tdmrep.json"]))


def read(path: str = "/", *, via: VisitReader = READER, peer: str = "203.0.113.9", **headers: str) -> Visit:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    visit = via.read({"type": "http", "method": "GET", "path": path, "headers": lines, "client": (peer, 1)})
    assert visit is not None
    return visit


def read_with(headers: dict[str, str], path: str = "/") -> Visit:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    visit = READER.read(
        {"type": "http", "method": "GET", "path": path, "headers": lines, "client": ("203.0.113.9", 1)}
    )
    assert visit is not None
    return visit


@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        ("/", {}, Kind.PAGE),
        ("/art/7", {"accept": "text/html,*/*"}, Kind.PAGE),
        ("/art/7.jpg", {"accept": "text/html,*/*", "sec_fetch_dest": "document"}, Kind.IMAGE),
        ("/art/7.JPEG", {"sec_fetch_dest": "style"}, Kind.IMAGE),
        ("/art/7", {"sec_fetch_dest": "image"}, Kind.IMAGE),
        ("/art/7", {"accept": "image/avif,*/*"}, Kind.IMAGE),
        ("/favicon.ico", {}, Kind.IMAGE),
        ("/site.css", {}, Kind.ASSET),
        ("/art/full.png/x.css", {}, Kind.ASSET),
        ("/page", {"sec_fetch_dest": "font"}, Kind.API),
        ("/feed", {}, Kind.FEED),
        ("/blog.rss", {}, Kind.FEED),
        ("/list", {"accept": "application/json"}, Kind.API),
        ("/list", {"accept": "*/*", "x_requested_with": "XMLHttpRequest"}, Kind.API),
        ("/list.json", {}, Kind.API),
        ("/robots.txt", {}, Kind.NOTICE),
        ("/.well-known/tdmrep.json", {}, Kind.NOTICE),
        ("/.guardware/health", {}, Kind.OWN),
        ("/.guardware", {}, Kind.OWN),
        ("/.guardwarex", {}, Kind.PAGE),
    ],
)
def test_kind(path: str, headers: dict[str, str], kind: Kind) -> None:
    assert read_with(headers, path).kind is kind


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("GET", Kind.IMAGE),
        ("HEAD", Kind.IMAGE),
        ("get", Kind.IMAGE),
        ("Head", Kind.IMAGE),
        ("PUT", Kind.API),
        ("post", Kind.API),
    ],
)
def test_a_picture_that_is_written_to_is_not_asked_for(method: str, kind: Kind) -> None:
    scope: dict[str, Any] = {"type": "http", "method": method, "path": "/art/7.jpg", "headers": [], "client": None}
    visit = READER.read(scope)
    assert visit is not None
    assert visit.kind is kind


@pytest.mark.parametrize(
    ("headers", "host", "trustworthy"),
    [
        ({"host": "Example.COM:8000"}, "example.com", False),
        ({"host": "localhost:8000"}, "localhost", True),
        ({"host": "127.0.0.1"}, "127.0.0.1", True),
        ({"host": "[::1]:80"}, "[::1]", True),
        ({"host": "private.example.com."}, "private.example.com", False),
        ({"host": "private.example.com:"}, "private.example.com", False),
        ({"host": "private.example.com.:443"}, "private.example.com", False),
        ({"host": "my_service:65535"}, "my_service", False),
        ({"host": "localhost.:8000"}, "localhost", True),
        ({"host": ""}, "", False),
        ({}, "", False),
    ],
)
def test_host(headers: dict[str, str], host: str, trustworthy: bool) -> None:
    visit = read_with(headers)
    assert (visit.host, visit.trustworthy) == (host, trustworthy)


@pytest.mark.parametrize(
    ("sent", "authority", "base_url"),
    [
        ("Example.COM", "example.com", "http://example.com"),
        ("example.com:8000", "example.com:8000", "http://example.com:8000"),
        ("example.com:", "example.com", "http://example.com"),
        # As sent, for a browser names its pages so in Referer.
        ("example.com.", "example.com.", "http://example.com."),
        ("[::1]:80", "[::1]:80", "http://[::1]:80"),
        ("", "", ""),
    ],
)
def test_the_authority_keeps_its_port(sent: str, authority: str, base_url: str) -> None:
    visit = read_with({"host": sent})
    assert (visit.authority, visit.base_url) == (authority, base_url)


@pytest.mark.parametrize(
    "sent",
    [
        "private.example.com:000080",
        "private.example.com:443443",
        "private.example.com:65536",
        "private.example.com:-1",
        "private.example.com:80:80",
        "private.example.com:http",
        "x@private.example.com",
        "private.example.com..",
        ".private.example.com",
        "private..example.com",
        ".",
        ":80",
        "private.example.com ",
        " private.example.com",
        "private example.com",
        "private.example.com, private.example.com",
        '"private.example.com"',
        "priväte.example.com",
        "private%2eexample.com",
        'evil.com/"><script>',
        "http://private.example.com",
        "[::1",
        "::1",
        "[::1]x",
        "[::1].",
        "[127.0.0.1]",
        "[1:2]",
        "[fe80::1%25eth0]",
        "a" * 254,
        "a." * 40_000,
    ],
)
def test_a_malformed_host_is_refused(sent: str) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", sent.encode())], "client": None}
    assert READER.read(scope) is None
    assert READER.read(scope) is None, "also when it comes again"


def test_the_scheme_is_the_visitors_as_a_trusted_proxy_tells_it() -> None:
    assert read(peer="10.0.0.1", x_forwarded_proto="https").scheme == "https"
    assert read(peer="203.0.113.9", x_forwarded_proto="https").scheme == "http"
    assert read(via=VisitReader(scheme="https")).trustworthy


def test_repeated_forwarded_lines_are_one_chain_and_other_repeats_keep_the_first() -> None:
    lines = [
        (b"x-forwarded-for", b"6.6.6.6"),
        (b"x-forwarded-for", b"198.51.100.1"),
        (b"user-agent", b"first"),
        (b"user-agent", b"second"),
    ]
    visit = READER.read(
        {"type": "http", "method": "GET", "path": "/", "headers": lines, "client": ("10.0.0.1", 1)}
    )
    assert visit is not None
    assert visit.source.address == "198.51.100.1"
    assert visit.facts.user_agent == b"first"


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"host", b"user-agent", b"accept", b"accept-language", b"x-forwarded-for", b"forwarded", b"referer",
             b"sec-fetch-dest", b"sec-ch-ua", b"x-forwarded-proto", b"upgrade", b"x-y"]
        ),
        st.binary(max_size=60),
    ),
    max_size=30,
)  # fmt: skip


@given(st.text(), st.binary(max_size=50), HEADERS, st.one_of(st.none(), st.tuples(st.text(), st.integers())))
def test_never_raises(path: str, raw: bytes, headers: list[tuple[bytes, bytes]], client: Any) -> None:
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": raw, "headers": headers, "client": client}
    visit = READER.read(scope)
    assert visit is None or visit.path.startswith("/")


@pytest.mark.parametrize(
    ("path", "icon"),
    [
        ("/favicon.ico", True),
        ("/static/favicon-32x32.png", True),
        ("/apple-touch-icon-precomposed.png", True),
        ("/favicons/7.jpg", False),
        ("/art/my-favicon.png", False),
    ],
)
def test_icons_are_known_by_their_names(path: str, icon: bool) -> None:
    assert is_icon(path) is icon
