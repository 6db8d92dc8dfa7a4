"""Which site a log is taken to be of."""

import pytest
from replay_lines import browsing, line

from guardware.config import Config, from_mapping
from guardware.replay.entry import Entry
from guardware.replay.site import read_site, same_site, site_of
from guardware.replay.text_formats import combined


def entries(lines: list[str]) -> list[Entry]:
    return [entry for text in lines if (entry := combined()(text.encode())) is not None]


def test_pictures_and_style_sheets_name_their_page() -> None:
    site = site_of(Config(), entries([*browsing(), line("/", referer="https://search.example/")]))
    assert (site.host, site.scheme) == (b"gallery.example", "https")
    assert "guessed" in site.how


def test_those_that_failed_and_pages_name_nothing() -> None:
    lines = [line("/", referer="https://a.example/"), line("/1.jpg", referer="https://b.example/", status=404)]
    assert site_of(Config(), entries(lines)).host == b""


def test_the_configuration_knows_better() -> None:
    config = from_mapping({"site": {"url": "https://www.other.example/art"}})
    assert site_of(config, entries(browsing())).host == b"www.other.example"


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org", "https://", "//example.org"])
def test_no_addresses(url: str) -> None:
    with pytest.raises(ValueError, match="is no http or https address"):
        read_site(url, "")


@pytest.mark.parametrize(
    ("referer", "host", "same"),
    [
        (b"https://gallery.example/", "gallery.example", True),
        (b"https://GALLERY.example:443/x?y", "gallery.example", True),
        (b"https://www.gallery.example", "gallery.example", True),
        (b"https://gallery.example/", "www.gallery.example", True),
        (b"https://gallery.example.evil/", "gallery.example", False),
        (b"https://evil/https://gallery.example/", "gallery.example", False),
        (b"gallery.example", "gallery.example", False),
        (b"", "gallery.example", False),
        (b"https:///", "", False),
    ],
)
def test_referers_of_the_same_site(referer: bytes, host: str, same: bool) -> None:
    assert same_site(referer, host) is same
