"""The opt-out headers: the exact lines, what real readers make of them, and what would cancel them."""

import http.client
import io
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from datadiligence.evaluators import HttpEvaluator
from datadiligence.rules import TDMRepHeader, XRobotsTagHeader
from hypothesis import given
from hypothesis import strategies as st

from guardware.config import schema
from guardware.http import RawHeaders
from guardware.notices import Notices

HTTPS = "https://example.com"
NOAI = (b"x-robots-tag", b"noai, noimageai")
LINK = (b"link", b'<https://example.com/license.xml>; rel="license"; type="application/rsl+xml"')
ALL = [NOAI, (b"tdm-reservation", b"1"), (b"content-usage", b"train-ai=n, ai-use=n"), LINK]


def notices(site: schema.Site | None = None, **options: object) -> Notices:
    return Notices(schema.Notices.model_validate(options), site or schema.Site(), ("GPTBot",))


def over_the_wire(headers: RawHeaders) -> http.client.HTTPResponse:
    """What http.client, and so urllib, makes of a response with these lines."""
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)

    class Socket:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(b"HTTP/1.1 200 OK\r\n" + lines + b"content-length: 0\r\n\r\n")

    response = http.client.HTTPResponse(Socket())  # type: ignore[arg-type]
    response.begin()
    return response


def img2dataset_refuses(values: Iterable[str]) -> bool:
    """The rule that img2dataset 1.47 applies with its default settings, in our own words."""
    refused = {"noai", "noimageai", "noindex", "noimageindex"}
    lines = [value for value in values if ":" not in value]
    return any(word.strip().lower() in refused for line in lines for word in line.split(","))


@pytest.mark.parametrize(
    ("content_type", "lines"),
    [
        (b"text/html", ALL),
        (b"text/html; charset=utf-8", ALL),
        (b"application/xhtml+xml", ALL),
        (b"image/jpeg", ALL),
        (b"IMAGE/PNG", ALL),
        (b"image/svg+xml;x=y", ALL),
        (b"text/css", []),
        (b"application/json", []),
        (b"text/htmlx", []),
        (b"", []),
        (b"\xff", []),
        (None, []),
    ],
)
def test_pages_and_pictures_get_them(content_type: bytes | None, lines: RawHeaders) -> None:
    assert notices().headers(content_type, HTTPS) == lines


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("robots_tag", b"x-robots-tag"),
        ("tdm_reservation", b"tdm-reservation"),
        ("content_usage", b"content-usage"),
        ("rsl", b"link"),
    ],
)
def test_each_can_be_switched_off(option: str, name: bytes) -> None:
    off: dict[str, Any] = {option: False}
    lines = notices(**off).headers(b"image/png", HTTPS)
    assert lines == [line for line in ALL if line[0] != name]


def test_a_tdm_policy_is_named_after_the_reservation() -> None:
    lines = notices(tdm_policy="https://example.com/tdm.json").headers(b"text/html", HTTPS)
    assert lines[1:3] == [(b"tdm-reservation", b"1"), (b"tdm-policy", b"https://example.com/tdm.json")]


def test_noindex_stands_on_a_second_line_and_on_pictures_only() -> None:
    guarded = notices(noindex_pictures=True)
    assert guarded.headers(b"image/png", HTTPS)[:2] == [NOAI, (b"x-robots-tag", b"noindex")]
    assert guarded.headers(b"text/html", HTTPS) == ALL


@pytest.mark.parametrize("noindex", [False, True])
def test_datadiligence_refuses_a_picture_of_ours(noindex: bool) -> None:
    response = over_the_wire(notices(noindex_pictures=noindex).headers(b"image/png", HTTPS))
    assert not HttpEvaluator().is_allowed(response=response)
    assert not XRobotsTagHeader().is_allowed(response=response)
    assert not TDMRepHeader().is_allowed(response=response)


def test_datadiligence_refuses_although_the_app_adds_a_line_of_its_own() -> None:
    lines = [*notices().headers(b"image/png", HTTPS), (b"x-robots-tag", b"max-image-preview:none")]
    assert not XRobotsTagHeader().is_allowed(response=over_the_wire(lines))


def test_datadiligence_allows_without_us() -> None:
    silent = notices(robots_tag=False, tdm_reservation=False).headers(b"image/png", HTTPS)
    assert HttpEvaluator().is_allowed(response=over_the_wire(silent))


@pytest.mark.parametrize("noindex", [False, True])
def test_img2dataset_refuses_line_by_line_and_folded(noindex: bool) -> None:
    lines = notices(noindex_pictures=noindex).headers(b"image/png", HTTPS)
    values = [value.decode() for name, value in lines if name == b"x-robots-tag"]
    assert img2dataset_refuses(values)
    assert img2dataset_refuses([", ".join(values)])


@pytest.mark.parametrize(
    ("value", "cancels"),
    [
        (b"max-image-preview:none", True),
        (b"unavailable_after: 25 Jun 2030 15:00:00 PST", True),
        (b"googlebot: noindex", True),
        (b"*: noai", True),
        (b"all", True),
        (b"ALL, noarchive", True),
        (b"noindex, nofollow", False),
        (b"noai, noimageai", False),
        (b"noimageindex", False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_what_would_cancel_ours(value: bytes, cancels: bool) -> None:
    said = notices().cancelled_by(value)
    assert (said is not None) is cancels
    assert notices(robots_tag=False).cancelled_by(value) is None


@given(value=st.binary(max_size=60))
def test_a_value_that_is_not_complained_of_may_be_folded_with_ours(value: bytes) -> None:
    if notices().cancelled_by(value) is None:
        assert img2dataset_refuses(["noai, noimageai, " + value.decode("latin-1")])


@pytest.mark.parametrize(
    "base_url",
    [
        "https://example.com/x\r\nset-cookie: a=b",
        "https://ex>ample.com",
        'https://example.com"',
        "https://user@example.com",
        "https://example.com/path",
        "javascript:alert(1)",
        "https://",
        "https://\udcff.example",
        "",
    ],
)
def test_a_host_that_is_no_host_reaches_no_header(base_url: str) -> None:
    assert notices().headers(b"text/html", base_url) == ALL[:3]
    named = notices(schema.Site(url="https://example.com/gallery/"))
    assert named.headers(b"text/html", base_url) == ALL


@pytest.mark.parametrize("base_url", ["http://localhost:8000", "https://[::1]:8443", "https://a-b.example.com/"])
def test_hosts_ports_and_addresses_are_fine(base_url: str) -> None:
    link = dict(notices().headers(b"text/html", base_url))[b"link"].decode()
    assert link.startswith(f"<{base_url.removesuffix('/')}/license.xml>")


def test_a_flood_of_hosts_is_not_remembered() -> None:
    guarded = notices()
    tracemalloc.start()
    for number in range(20_000):
        guarded.headers(b"text/html", f"https://{number}.example.com")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2_000_000
