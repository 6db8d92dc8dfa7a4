"""robots.txt, read by four readers: the refused are refused everywhere, everybody else as the app says."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from guardware.config import schema
from guardware.crawlers.catalogue import Catalogue
from guardware.notices.refused import refused_tokens
from guardware.notices.robots import robots_body, robots_txt

REFUSED = refused_tokens(Catalogue.load(), schema.Crawlers())
FEW = ("GPTBot", "CCBot", "AI2Bot", "Kangaroo Bot", "Google-Extended", "img2dataset", "YouBot")
HTTPS = "https://example.com"
Read = Callable[[bytes], Any]


def robots(own: bytes | None = None, refused: tuple[str, ...] = FEW, base: str = HTTPS, **options: Any) -> bytes:
    config = schema.Notices.model_validate(options)
    return robots_txt(config, base, robots_body(config, refused, own))


def test_the_file_for_a_site_without_one() -> None:
    assert robots(
        refused=("GPTBot", "CCBot"), sitemap=f"{HTTPS}/sitemap.xml", robots_disallow=("/originals/",)
    ) == (
        b"# Text and data mining of this site is reserved (Directive (EU) 2019/790, Article 4(3)).\n"
        b"License: https://example.com/license.xml\n"
        b"\n"
        b"User-agent: GPTBot\n"
        b"User-agent: CCBot\n"
        b"Disallow: /\n"
        b"\n"
        b"User-agent: *\n"
        b"Content-Signal: search=yes, ai-input=no, ai-train=no\n"
        b"Content-Usage: train-ai=n, ai-use=n\n"
        b"Disallow: /originals/\n"
        b"Allow: /\n"
        b"\n"
        b"Sitemap: https://example.com/sitemap.xml\n"
    )


@pytest.mark.parametrize("token", REFUSED)
def test_every_refused_crawler_of_the_catalogue_is_refused_everywhere(read: Read, token: str) -> None:
    assert read(robots(refused=REFUSED)).refuse(token)


@pytest.mark.parametrize(
    "token", ["Googlebot", "bingbot", "Googlebot-Image", "Applebot", "DuckDuckBot", "Baiduspider"]
)
def test_search_engines_are_let_in(read: Read, token: str) -> None:
    assert read(robots(refused=REFUSED)).allow(token)


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ],
)
def test_search_engines_are_let_in_by_readers_that_search_the_whole_user_agent(
    read: Read, user_agent: str
) -> None:
    assert read(robots(refused=REFUSED)).allow(user_agent)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("content_signal", b"Content-Signal"),
        ("content_usage", b"Content-Usage"),
        ("rsl", b"License"),
    ],
)
def test_each_statement_can_be_switched_off(option: str, line: bytes) -> None:
    off: dict[str, Any] = {option: False}
    assert line in robots()
    assert line not in robots(**off)


def test_no_licence_line_without_a_host_to_name() -> None:
    assert b"License" not in robots(base="")


def test_the_training_token_gets_a_group_of_its_own(read: Read) -> None:
    body = robots(b"User-agent: no-ai-training\nAllow: /\n", training_token="no-ai-training")
    assert b"\nUser-agent: no-ai-training\nDisallow: /\n" in body
    assert read(body).refuse("no-ai-training")


@pytest.mark.parametrize(
    "path",
    [
        "/originals/",
        "originals/",
        " /originals/ ",
        "/originals/\nUser-agent: GPTBot\nAllow: /",
        "/original#s",
        "/ö",
    ],
)
def test_a_configured_path_cannot_break_the_file(read: Read, path: str) -> None:
    body = robots(robots_disallow=(path,))
    assert body.isascii()
    assert read(body).refuse("GPTBot")
    assert read(body).allow("Googlebot")


def test_configured_paths_hold_for_every_group_and_against_the_app() -> None:
    own = b"User-agent: Googlebot\nAllow: /originals/best/\nUser-agent: *\nDisallow: /admin/\n"
    reader = Protego.parse(robots(own, robots_disallow=("/originals/",)).decode())
    assert not reader.can_fetch("/originals/best/1.jpg", "Googlebot")
    assert not reader.can_fetch("/originals/1.jpg", "bingbot")
    assert not reader.can_fetch("/admin/", "bingbot")


def test_disallow_everything_is_not_undone_by_our_allow() -> None:
    body = robots(b"User-agent: *\nDisallow: /\n", refused=())
    assert b"Allow: /\n" not in body.replace(b"Disallow: /\n", b"")


# The app's own file


@pytest.mark.parametrize(
    "own",
    [
        b"User-agent: GPTBot\nAllow: /\n",
        b"User-agent: gptbot\nDisallow:\n",
        b"User-agent: GPTBot/1.2\nAllow: /\n",
        b"User-agent: GPTBot*\nAllow: /\n",
        b"User-agent: GPTBot2\nAllow: /\n",
        b"User-agent: *GPTBot*\nAllow: /\n",
        b"User-agent: Googlebot\nUser-agent: GPTBot\nAllow: /\n",
        b"User-agent:GPTBot#x\nAllow:/a\nAllow:/originals/\n",
        b"useragent: GPTBot\nAllow: /\n",
        b"User agent GPTBot\nAllow /\n",
        b"User-agent: Mozilla/5.0 (compatible; GPTBot/1.2)\nAllow: /\n",
        b"User-agent: 360Spider\nAllow: /\n",
        b"User-agent: *\nAllow: /\nUser-agent: \nAllow: /\n",
        b"User-agent: *\nDisallow: /x\x0bUser-agent: GPTBot\x0bAllow: /\n",
        b"User-agent: *\nDisallow: /x\xe2\x80\xa8User-agent: GPTBot\xe2\x80\xa8Allow: /\n",
        b"User-agent: *\rDisallow: /x\rUser-agent: GPTBot\rAllow: /\r",
        b"User-agent: *\nCrawl-delay: 1 Allow: /\nNote: see allow: /\n",
        b"Allow: /\n",
        b"User-agent: *\nAllow: /\nSitemap: https://x.example/allow:/\nLicense: https://x.example/allow:/\n",
        b"<!doctype html><title>User-agent: GPTBot</title>\n",
        b"\xff\xfeU\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0 \0*\0",
    ],
)
def test_no_file_of_the_app_lets_a_refused_crawler_in(read: Read, own: bytes) -> None:
    readers = read(robots(own))
    assert all(readers.refuse(token) for token in FEW)
    assert readers.allow("Googlebot", "/ok/allowed.html")


def test_the_groups_for_everybody_become_one_and_its_longest_rule_comes_first() -> None:
    own = (
        b"\xef\xbb\xbfUser-agent: *\r\nAllow: /\r\nDisallow: /private/\r\n\r\n"
        b"User-agent: *\r\nAllow: /private/open/ # a comment\r\nCrawl-delay: 5\r\n"
    )
    assert robots(own, refused=(), content_signal=False, content_usage=False, rsl=False).split(b"\n", 1)[1] == (
        b"\nUser-agent: *\nCrawl-delay: 5\nAllow: /private/open/\nDisallow: /private/\nAllow: /\n"
    )


def test_named_groups_and_site_lines_are_kept() -> None:
    own = (
        b"User-agent: Googlebot\nUser-agent: bingbot\nDisallow: /drafts/\n\n"
        b"Sitemap: https://example.com/a.xml\nSitemap: /relative.xml\nHost: example.com\n"
        b"License: https://example.com/terms.xml\n"
    )
    body = robots(own, content_signal=False, content_usage=False)
    assert b"\nUser-agent: Googlebot\nUser-agent: bingbot\nDisallow: /drafts/\nAllow: /\n" in body
    assert body.endswith(b"\n\nSitemap: https://example.com/a.xml\nHost: example.com\n")
    assert b"License: https://example.com/license.xml\nLicense: https://example.com/terms.xml\n\n" in body


@pytest.mark.parametrize(
    ("stated", "merged"),
    [
        (b"search=no", b"search=no, ai-input=no, ai-train=no"),
        (b"search=yes, ai-train=yes", b"search=yes, ai-input=no, ai-train=no"),
        (b"ai-train=no, use=reference", b"search=yes, ai-input=no, ai-train=no, use=reference"),
        (b"nonsense", b"search=yes, ai-input=no, ai-train=no"),
    ],
)
def test_content_signals_of_both_are_joined_and_no_wins(stated: bytes, merged: bytes) -> None:
    body = robots(b"User-agent: *\nContent-Signal: " + stated + b"\nAllow: /\n")
    assert body.count(b"Content-Signal") == 1
    assert b"Content-Signal: " + merged + b"\n" in body


def test_a_path_keeps_its_octets_and_its_letters() -> None:
    body = robots("User-agent: *\nDisallow: /à\nDisallow: /with space/\n".encode() + b"Disallow: /\xff\n")
    assert b"Disallow: /%C3%A0\n" in body
    assert b"Disallow: /with%20space/\n" in body
    assert b"Disallow: /%FF\n" in body


def test_a_path_that_breaks_the_standard_library_is_left_out(read: Read) -> None:
    body = robots(b"User-agent: *\nDisallow: //[x\nDisallow: /b/\n")
    assert b"[x" not in body
    assert not read(body).stdlib.can_fetch("Googlebot", "/b/1")


def test_a_value_cannot_smuggle_a_rule_in(read: Read) -> None:
    own = b"User-agent: *\nContent-Usage: allow: /\nCrawl-delay: allow: /\nDisallow: /private/\n"
    assert not any(read(robots(own)).answers("Googlebot", "/private/x").values())


def test_a_star_after_a_name_is_forgiven() -> None:
    assert b"\nUser-agent: BadBot\n" in robots(b"User-agent: BadBot*\nDisallow: /\n")


def test_only_the_first_500_kib_of_the_app_count(read: Read) -> None:
    own = b"User-agent: *\n" + b"".join(b"Disallow: /%06d\n" % n for n in range(60_000))
    body = robots(own)
    assert b"Disallow: /000001\n" in body
    assert b"Disallow: /059999\n" not in body
    assert len(body) < 501 * 1024
    assert read(body).refuse("GPTBot")


@pytest.mark.parametrize(
    "own", [b"User-agent: 360Spider\nDisallow: /\n", b"User-agent: Poseidon Research\nDisallow: /\n"]
)
def test_a_group_that_readers_by_the_letter_skip_closes_no_other_group(read: Read, own: bytes) -> None:
    assert read(robots(own)).allow("Googlebot")


def test_a_refused_token_that_is_none_by_the_letter_is_refused_by_all_who_know_it(read: Read) -> None:
    body = robots(b"User-agent: 360Spider\nAllow: /\n", refused=("360Spider",))
    assert read(body).refuse("360Spider")
    assert read(body).allow("Googlebot")


# Properties

_NAMES = st.sampled_from([*FEW, "*", "Googlebot", "360Spider", "Bot", "GPT", "AI", "Poseidon Research", ""])
_SPOILT = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "", " ", "*", "\t", "x"]),
    _NAMES,
    st.sampled_from(["", "", "", "2", "*", "/1.0", " x", ".y", "\x0b", "; a", "\xe9"]),
)
_PATH = st.sampled_from(
    ["/", "", "/a", "/ok/", "/originals/", "*", "/*", "/$", "/*.jpg$", "//[", "/a?b=c", "/%2e%2E/"]
)
_ANY = st.one_of(
    _SPOILT, _PATH, st.text(max_size=12), st.sampled_from(["allow: /", "https://x/allow:/", "1", "a=b"])
)
_SEPARATOR = st.sampled_from([":", ": ", ": ", " : ", " ", ""])


def _lines(fields: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    end = st.sampled_from(["", "", " # c", "#"])
    return st.builds("{}{}{}{}".format, st.sampled_from(fields.split()), _SEPARATOR, values, end)


_LINE = st.one_of(
    _lines("User-agent User-agent USER-AGENT Useragent", _SPOILT),
    _lines("Allow Allow Disallow disalow", _PATH | st.text(max_size=12)),
    _lines("Crawl-delay Sitemap License Host Content-Signal Content-Usage Request-rate Noindex allow:allow", _ANY),
    st.text(max_size=30),
)
_BREAK = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\x0b", "\x0c", "\x85", "\u2028", "\x1c", "\0"])
_FILES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.tuples(_LINE, _BREAK), max_size=14).map(
        lambda lines: "".join(line + end for line, end in lines).encode("utf-8", "surrogatepass")
    ),
)


@settings(max_examples=300)
@given(own=_FILES, bom=st.booleans())
def test_whatever_the_app_says_no_refused_crawler_is_let_in_by_any_reader(
    read: Read, own: bytes, bom: bool
) -> None:
    readers = read(robots(b"\xef\xbb\xbf" * bom + own))
    assert all(readers.refuse(token) for token in FEW)


_AGENTS = st.lists(
    st.sampled_from(["Googlebot", "bingbot", "Slurp", "GPTBot", "360Spider", "*"]), min_size=1, max_size=3
)
_PREFIX = st.lists(st.sampled_from(["a", "b", "a/", "bb/"]), max_size=4).map(lambda parts: "/" + "".join(parts))
_RULES = st.lists(st.tuples(st.sampled_from(["Allow", "Disallow"]), _PREFIX), min_size=1, max_size=5)
_ORDERLY = st.lists(st.tuples(_AGENTS, _RULES, st.sampled_from(["", "\n", "# note\n"])), max_size=5).map(
    lambda groups: "".join(
        "".join(f"User-agent: {agent}\n" for agent in agents) + "".join(f"{f}: {p}\n" for f, p in rules) + gap
        for agents, rules, gap in groups
    )
)


@settings(max_examples=300)
@given(own=_ORDERLY, place=_PREFIX, token=st.sampled_from(["Googlebot", "bingbot", "Slurp", "DuckDuckBot"]))
def test_everybody_else_may_fetch_what_the_app_lets_them(read: Read, own: str, place: str, token: str) -> None:
    before = Protego.parse(own).can_fetch(place, token)
    after = read(robots(own.encode())).answers(token, place)
    assert set(after.values()) == {before}


@settings(max_examples=200)
@given(own=_FILES)
def test_merging_its_own_output_changes_nothing(own: bytes) -> None:
    once = robots(own, rsl=False)
    assert robots(once, rsl=False) == once
