"""nginx keeps what guardware answered for a second, for who asks the very same, and for nobody else."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .forward_auth_site import (
    BROWSER,
    CHROME,
    CURL,
    GPTBOT,
    PAGE,
    Lines,
    Site,
    ask,
    build_site,
    fronted,
    guardware,
    nginx,
)

UNLIMITED = """\
limits:
  client: {page: null, image: null, feed: null, api: null}
  network: {page: null, image: null, feed: null, api: null}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with fronted("nginx-app", tmp_path_factory.mktemp("kept"), UNLIMITED) as site:
        yield site


def judged(site: Site) -> int:
    """How many visits guardware has judged."""
    told = site.ask("/.guardware/metrics").body.decode()
    return sum(int(float(n)) for n in re.findall(r"^guardware_verdicts_total\{.*\} (\S+)$", told, re.MULTILINE))


def changed(name: str, value: str) -> Lines:
    """A browser's lines with another value for ``name``, or with one line more."""
    if all(key != name for key, _ in BROWSER):
        return (*BROWSER, (name, value))
    return tuple((key, value if key == name else old) for key, old in BROWSER)


def test_the_same_again_is_not_asked(site: Site) -> None:
    before = judged(site)
    replies = [site.ask("/art/1.jpg?kept") for _ in range(12)]
    # Three, should a second end twice in between.
    assert 1 <= judged(site) - before <= 3
    assert {reply.body for reply in replies} == {site.originals["art/1.jpg"]}
    for name in ("x-robots-tag", "tdm-reservation", "content-usage", "link", "cache-control", "vary"):
        assert replies[0].one(name) is not None
        assert {reply.one(name) for reply in replies} == {replies[0].one(name)}


@pytest.mark.parametrize("other", [
    {"target": "/art/1.jpg?other"},
    {"ip": "127.0.0.2"},
    {"method": "HEAD"},
    {"host": "other.test"},
    {"lines": changed("User-Agent", CHROME.replace("156", "155"))},
    {"lines": changed("Accept", "*/*")},
    {"lines": changed("Accept-Language", "de")},
    {"lines": changed("Accept-Encoding", "gzip")},
    {"lines": changed("Sec-Fetch-Dest", "empty")},
    {"lines": changed("Sec-Fetch-Mode", "cors")},
    {"lines": changed("Sec-Fetch-Site", "cross-site")},
    {"lines": changed("sec-ch-ua", '"Chromium";v="155"')},
    {"lines": changed("sec-ch-ua-mobile", "?1")},
    {"lines": changed("Referer", "http://localhost/")},
    {"lines": changed("Cookie", "a=1")},
    {"lines": changed("Cookie", "0")},
    {"lines": changed("Authorization", "Basic eDp5")},
    {"lines": changed("Signature-Input", "a=()")},
    {"lines": changed("X-Requested-With", "XMLHttpRequest")},
    {"lines": changed("Upgrade", "h2c")},
])  # fmt: skip
def test_whoever_differs_is_asked_about(site: Site, other: dict[str, object]) -> None:
    usual: dict[str, object] = {"target": "/art/1.jpg"}
    site.ask("/art/1.jpg")
    before = judged(site)
    site.ask(**{**usual, **other})  # type: ignore[arg-type]
    assert judged(site) == before + 1


def test_values_cannot_be_moved_from_one_header_to_the_next(site: Site) -> None:
    site.ask("/art/1.jpg?moved", changed("Accept", "a b"))
    before = judged(site)
    site.ask("/art/1.jpg?moved", changed("User-Agent", f"{CHROME} a b"))
    site.ask("/art/1.jpg?moved", changed("User-Agent", f"{CHROME}\ta"))
    assert judged(site) == before + 2


@pytest.mark.parametrize("lines", [CURL, GPTBOT, (*BROWSER, ("Cookie", "a=1"))])
def test_the_doubted_the_refused_and_the_known_are_asked_about_each_time(site: Site, lines: Lines) -> None:
    site.ask("/art/1.jpg")
    before = judged(site)
    replies = [site.ask("/art/1.jpg", lines) for _ in range(4)]
    assert judged(site) == before + 4
    if lines in (CURL, GPTBOT):
        assert not any(site.leaks(reply) for reply in replies)


def test_pages_are_asked_about_each_time(site: Site) -> None:
    before = judged(site)
    for _ in range(3):
        assert site.ask("/", PAGE).status == 200
    assert judged(site) == before + 3


def test_the_front_asks_again_soon(site: Site) -> None:
    site.ask("/art/1.jpg?soon")
    before, deadline = judged(site), time.monotonic() + 5
    while judged(site) == before:
        assert time.monotonic() < deadline
        time.sleep(0.2)  # nginx has its own clock
        site.ask("/art/1.jpg?soon")


def test_the_question_has_what_a_cache_would_take_away(tmp_path: Path) -> None:
    """A policy may have rules on any header; nginx drops those of conditions and parts where it has a cache."""
    root = tmp_path / "gallery"
    names = (
        "Range",
        *(f"If-{it}" for it in ("Range", "Match", "None-Match", "Modified-Since", "Unmodified-Since")),
    )
    build_site(root)
    rules = "".join(f"  - {{match: {{header: {{{name}: x}}}}, action: deny}}\n" for name in names)
    with guardware(tmp_path, "--root", str(root), config=f"{UNLIMITED}rules:\n{rules}") as socket:
        changes = {"/var/www/gallery": str(root), "/run/guardware/guardware.sock": str(socket)}
        with nginx(tmp_path, ("nginx-auth.conf", "nginx-auth-files.conf"), changes) as port:
            assert [ask(port, "/art/1.jpg", changed(name, "x")).status for name in names] == [403] * 6
            assert ask(port, "/art/1.jpg").status == 200
