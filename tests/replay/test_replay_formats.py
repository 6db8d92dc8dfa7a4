"""Which format a file is told to have, and what its lines are known to show."""

from pathlib import Path

import pytest

from guardware.replay.formats import FORMATS, Format, detect
from guardware.replay.sources import Source

HEADERS = {"user_agent", "referer"}
ALL = {
    *HEADERS,
    *("accept", "accept_language", "accept_encoding", "fetch_dest", "fetch_mode", "fetch_site", "ua_brands"),
    *("ua_mobile", "upgrade", "http2_settings", "cookie"),
}


def detected(path: Path, name: str = "auto") -> Format | None:
    source = Source(str(path))
    try:
        return detect(source.samples, name)
    finally:
        source.close()


@pytest.mark.parametrize(
    ("file", "name", "seen"),
    [
        ("combined.log", "combined", HEADERS),
        ("common.log", "common", set()),
        ("vhost.log", "vhost", HEADERS),
        ("nginx-main.log", "combined", HEADERS),
        ("traefik.log", "combined", HEADERS),
        ("traefik.json", "json", HEADERS),
        ("nginx.json", "json", {*HEADERS, "accept"}),
        ("caddy.json", "caddy", ALL),
        ("elastic-2015.log.gz", "combined", HEADERS),
    ],
)
def test_formats_tell_themselves(corpus: Path, file: str, name: str, seen: set[str]) -> None:
    form = detected(corpus / file)
    assert form is not None
    assert (form.name, form.seen) == (name, frozenset(seen))


def test_caddy_without_headers_shows_none() -> None:
    form = detect([b'{"ts": 1, "request": {"client_ip": "192.0.2.1", "method": "GET", "uri": "/"}}'])
    assert form is not None
    assert (form.name, form.seen) == ("caddy", frozenset())


def test_one_stray_line_does_not_mislead(corpus: Path) -> None:
    lines = (corpus / "combined.log").read_bytes().splitlines()
    form = detect([b"# a comment", b'{"ts": 1}', *lines])
    assert form is not None
    assert form.name == "combined"


def test_a_format_that_is_named_is_the_only_one_tried(corpus: Path) -> None:
    common = detected(corpus / "combined.log", "common")
    assert common is not None
    assert common.name == "common"
    assert detected(corpus / "combined.log", "caddy") is None


@pytest.mark.parametrize("samples", [[], [b""], [b"nonsense"], [b'{"a": 1}'], [b"\x00" * 100]])
@pytest.mark.parametrize("name", ["auto", *FORMATS])
def test_nonsense_has_no_format(samples: list[bytes], name: str) -> None:
    assert detect(samples, name) is None
