"""Where the upstream is, and that a request's target reaches it as it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.forward_auth.control import Asked, asked_scope
from guardware.proxy.address import Address, parse_address, path_of, target
from guardware.proxy.extensions import TARGET

from .peers import http_scope

HERE = Address("http://127.0.0.1:3000", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:3000", HERE),
        ("http://127.0.0.1:3000/", HERE),
        ("https://example.com", Address("https://example.com", "")),
        ("http://[::1]:3000/site/", Address("http://[::1]:3000", "/site")),
        ("HTTP://Example.com/a%20b", Address("http://example.com", "/a%20b")),
        ("http://example.com:80/", Address("http://example.com", "")),
        ("https://example.com:80/", Address("https://example.com:80", "")),
        ("http://my_app:8000", Address("http://my_app:8000", "")),
        ("https://künste.example/ä b", Address("https://xn--knste-kva.example", "/%C3%A4%20b")),
        ("unix:/run/app.sock", Address("http://localhost", "", "/run/app.sock")),
        ("unix:///run/app.sock", Address("http://localhost", "", "/run/app.sock")),
        ("UNIX:/run/my app.sock:/site/", Address("http://localhost", "/site", "/run/my app.sock")),
        ("unix:/run/app.sock:", Address("http://localhost", "", "/run/app.sock")),
    ],
)
def test_addresses(text: str, expected: Address) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "does not start with http"),
        ("127.0.0.1:3000", "does not start with http"),
        ("ftp://example.com", "does not start with http"),
        ("http://", "names no host"),
        ("http:///path", "names no host"),
        ("http://example.com:0", "names no host"),
        ("http://example.com:99999", "is not an address"),
        ("http://[::1", "is not an address"),
        ("http://user:word@example.com", "leave out user"),
        ("http://example.com/?q=1", "leave out user"),
        ("http://example.com/#top", "leave out user"),
        ("http://exa mple.com", "names no host"),
        ("http://[::zz]", "is not an address|names no host"),
        ("http://a..b", "names no host"),
        ("http://example.com/a/../b", "has . or .. in its path"),
        ("unix:", "names no socket"),
        ("unix:app.sock", "names no socket"),
        ("unix://run/app.sock", "names no socket"),
        ("unix:/run/app.sock:site", "names no socket"),
        ("unix:/" + "x" * 107, "longer than a socket's path"),
    ],
)
def test_what_is_no_address(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_address(text)


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"//double//slash",
        b"/a/../b",
        b"/a/%2e%2e/b",
        b"/a%2Fb",
        b"/a%2fb",
        b"/%ZZ%",
        b"/a;b=c",
        b"/[x]",
        b"/q?a=%2F&b=../c&d=?e;f",
        b"/q?a=1&a=2&&",
        b"/+%2B?+%2B",
    ],
)
def test_targets_pass_byte_for_byte(path: bytes) -> None:
    url = target(HERE, http_scope(path))
    assert url is not None
    assert url.raw_path_qs.encode() == path


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=40),
)
def test_every_target_in_ascii_passes_byte_for_byte(text: str) -> None:
    asked = b"/" + text.encode()
    url = target(HERE, http_scope(asked))
    assert url is not None
    path, _, query = asked.partition(b"?")
    assert url.raw_path_qs.encode() == (path + b"?" + query if query else path), "ASGI knows no empty query"
    url = target(HERE, http_scope(asked, extensions={TARGET: asked}))
    assert url is not None
    assert url.raw_path_qs.encode() == asked, "but our server does"
    assert (url.host, url.port) == ("127.0.0.1", 3000)


@pytest.mark.parametrize(
    ("asked", "said", "passed_on"),
    [
        (b"/x", b"/x?", "/x?"),
        (b"/x", b"/x", "/x"),
        (b"/x?q", b"/x?q", "/x?q"),
        (b"/y", b"/x?", "/y"),
        (b"/y", b"/x?q", "/y"),
        (b"/x?q", b"/x?", "/x?q"),
        (b"/x?q", b"/x", "/x?q"),
        (b"/x", b"/x?q", "/x"),
        (b"/x", b"/x??", "/x"),
        (b"/x", b"/x#", "/x"),
        (b"/x", None, "/x"),
    ],
)
def test_what_our_server_says_counts_while_it_agrees(asked: bytes, said: bytes | None, passed_on: str) -> None:
    scope = http_scope(asked, extensions={TARGET: said})
    assert path_of(HERE, scope) == passed_on
    assert target(HERE, scope).raw_path_qs == passed_on  # type: ignore[union-attr]


@pytest.mark.parametrize("extensions", [None, {}, {"http.response.pathsend": {}}])
def test_other_servers_say_nothing_of_it(extensions: object) -> None:
    assert path_of(HERE, http_scope(b"/x", extensions=extensions)) == "/x"


def test_a_fronts_question_says_nothing_of_what_it_asks_about() -> None:
    question = http_scope(b"/.guardware/auth", extensions={TARGET: b"/.guardware/auth?"})
    assert path_of(HERE, asked_scope(question, Asked("GET", b"/x", b"art.example"))) == "/x"


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="leave out user") as caught:
        parse_address("http://me:secret@example.com")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:3000", "https://example.com/site", "unix:/run/app.sock", "unix:/run/app.sock:/site"]
)
def test_an_address_is_shown_as_it_is_written(text: str) -> None:
    assert str(parse_address(text)) == text


@given(st.text(max_size=40) | st.from_regex(r"\A(?:https?://|unix:)[!-~ü]{0,30}\Z"))
def test_any_text_is_an_address_that_reads_alike_or_none(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert parse_address(str(address)) == address
    assert target(address, http_scope(b"/x")) is not None


@pytest.mark.parametrize(
    "path", [b"*", b"", b"http://elsewhere/", b"/a b", b"/a\r\nx: y", b"/a#b", b"/a?b#c", b"/\0"]
)
def test_targets_that_are_refused(path: bytes) -> None:
    assert target(HERE, http_scope(path)) is None


def test_bytes_outside_ascii_are_percent_encoded() -> None:
    url = target(HERE, http_scope("/über%20all?ü".encode()))
    assert url is not None
    assert url.raw_path_qs == "/%C3%BCber%20all?%C3%BC"


def test_the_upstreams_own_path_comes_first() -> None:
    url = target(Address("http://h", "/site"), http_scope(b"/a?b"))
    assert str(url) == "http://h/site/a?b"


def test_a_scope_without_raw_path() -> None:
    scope = {**http_scope(), "path": "/ü%41", "raw_path": None}
    url = target(HERE, scope)
    assert url is not None
    assert url.raw_path_qs == "/%C3%BC%2541"
