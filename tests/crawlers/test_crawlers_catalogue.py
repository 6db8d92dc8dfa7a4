"""The shipped catalogue: well-formed, and it knows crawlers from people."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from browser_user_agents import user_agents
from hypothesis import example, given
from hypothesis import strategies as st

from guardware.crawlers import Catalogue, Purpose
from guardware.crawlers.crawler import STRICTEST_FIRST

Corpus = Callable[[str], list[str]]
_SHIPPED = Catalogue.load()


def test_tokens_are_unique_and_sorted(catalogue: Catalogue) -> None:
    tokens = [crawler.token.lower() for crawler in catalogue]
    assert tokens == sorted(set(tokens))
    assert len(catalogue) == len(tokens) > 1500


def test_every_field_is_filled(catalogue: Catalogue) -> None:
    for crawler in catalogue:
        # Printable, and nothing that would end a line or begin a comment in robots.txt.
        assert re.fullmatch(r"[!\"$-~][ -\"$-~]*(?<! )", crawler.token), crawler
        assert crawler.operator, crawler
        assert "https://" in crawler.source or "http://" in crawler.source, crawler
        assert date.fromisoformat(crawler.date) >= date(2026, 11, 22), crawler
        assert crawler.url is None or crawler.url.startswith(("https://", "http://")), crawler
        assert all(url.startswith("https://") for url in crawler.verification.ranges), crawler
        assert not any(suffix.startswith(".") for suffix in crawler.verification.rdns), crawler


def test_every_purpose_is_used_and_ranked(catalogue: Catalogue) -> None:
    assert {crawler.purpose for crawler in catalogue} == set(Purpose) == set(STRICTEST_FIRST)


def test_the_work_for_one_word_is_bounded(catalogue: Catalogue) -> None:
    """No word has more than a few phrases filed under it, however long the list becomes."""
    assert catalogue._matcher.longest_file <= 8


@pytest.mark.parametrize(
    ("token", "operator", "purpose", "ai"),
    [
        ("GPTBot", "OpenAI", "training", True),
        ("ClaudeBot", "Anthropic", "training", True),
        ("meta-externalagent", "Meta", "training", True),
        ("Bytespider", "ByteDance", "training", True),
        ("GoogleOther-Image", "Google", "training", True),
        ("CCBot", "Common Crawl", "dataset", True),
        ("img2dataset", "img2dataset", "dataset", True),
        ("laion-huggingface-processor", "LAION", "dataset", True),
        ("OAI-SearchBot", "OpenAI", "ai-search", True),
        ("Google-CloudVertexBot", "Google", "ai-search", True),
        ("ChatGPT-User", "OpenAI", "user-fetch", True),
        ("Googlebot", "Google", "search", False),
        ("Googlebot-Image", "Google", "search", False),
        ("bingbot", "Microsoft", "search", False),
        ("Applebot", "Apple", "search", False),
        ("facebookexternalhit", "Meta", "preview", False),
        ("archive.org_bot", "Internet Archive", "archive", False),
        ("Scrapy", "Zyte", "tool", False),
        ("python-requests", "Requests", "tool", False),
    ],
)
def test_who_is_who(catalogue: Catalogue, token: str, operator: str, purpose: str, ai: bool) -> None:
    crawler = catalogue.get(token.upper())
    assert crawler is not None
    assert (crawler.token, crawler.operator, crawler.purpose, crawler.ai) == (token, operator, purpose, ai)


def test_control_tokens_are_never_sent(catalogue: Catalogue) -> None:
    assert {crawler.token for crawler in catalogue if crawler.robots_only} == {
        "Google-Extended",
        "Applebot-Extended",
    }


def test_known_ways_to_verify(catalogue: Catalogue) -> None:
    verification = {crawler.token: crawler.verification for crawler in catalogue}
    assert verification["GPTBot"].ranges == ("https://openai.com/gptbot.json",)
    assert verification["bingbot"].rdns == ("search.msn.com",)
    assert verification["ChatGPT Agent"].web_bot_auth == "chatgpt.com"
    # Hosts that anyone can rent prove nothing.
    rented = re.compile(r"googleusercontent\.com|amazonaws\.com|1e100\.net")
    assert not [token for token, each in verification.items() if any(map(rented.search, each.rdns))]


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot) Googlebot/2.1", "GPTBot"),
        ("Mozilla/5.0 (Windows NT 10.0) Google-Extended/1.0 Googlebot/2.1", "Google-Extended"),
        ("Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)", "YandexImages"),
        ("facebookexternalhit/1.1 Facebot Twitterbot/1.0", "facebookexternalhit"),
        ("curl/8.5.0", "curl"),
        ("Wget/1.21.3", "Wget"),
        ("Python/3.11 aiohttp/3.14.5", "aiohttp"),
        ("python-requests/2.34.2", "python-requests"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("Python-urllib/3.11", "Python-urllib"),
        ("Scrapy/2.19.0 (+https://scrapy.org)", "Scrapy"),
        ("Go-http-client/2.0", "Go-http-client"),
        ("node", "node"),
        ("axios/1.21.1", "axios"),
        ("Mozilla/4.5 (compatible; HTTrack 3.0x; Windows 98)", "HTTrack"),
        ("aria2/1.36.0", "aria2"),
        ("gallery-dl/1.32.18", "gallery-dl"),
        ("Ruby", "Ruby"),
        ("libwww-perl/6.67", "libwww-perl"),
        ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1682", "PowerShell"),
        ("datasets/2.19.0; python/3.11.7; huggingface_hub/0.23.0; pyarrow/16.0.0", "huggingface-datasets"),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0 "
            "(compatible; myset; +https://github.com/rom1504/img2dataset)",
            "img2dataset",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0 "
            "(compatible; +https://github.com/ml6team/fondant)",
            "fondant",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/156.0.0.0 Safari/537.36", "HeadlessChrome"),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "Baiduspider"),
        ("Sogou web spider/4.0", "Sogou"),
        ("Mozilla/5.0 (compatible; Spider; +https://www.spider.com/)", "Spider"),
        ("Mozilla/5.0 (compatible; ChatGLM-Spider/1.0; +https://chatglm.cn/)", "ChatGLM-Spider"),
        # What is left out, and why stands in guardware/crawlers/sources/names.py.
        ("Amazon CloudFront", None),
        ("Chrome Privacy Preserving Prefetch Proxy", None),
        ("Lynx/2.9.0 libwww-FM/2.14FM SSL-MM/1.4.1", None),
        ("Spider-Man Browser/1.0", None),
        ("Mozilla/5.0 (Linux; Android 14; CUBOT X70)", None),
    ],
)
def test_which_crawler_a_user_agent_declares(catalogue: Catalogue, user_agent: str, token: str | None) -> None:
    crawler = catalogue.match(user_agent)
    assert (crawler and crawler.token) == token


def test_browsers_under_a_program_are_marked(catalogue: Catalogue) -> None:
    automated = {crawler.token for crawler in catalogue if crawler.automation}
    assert automated >= {"HeadlessChrome", "Playwright", "Puppeteer", "Selenium", "PhantomJS", "Lightpanda"}
    assert {crawler.purpose for crawler in catalogue if crawler.automation} == {Purpose.TOOL}


def test_every_ai_crawler_of_the_corpus_is_recognised_as_one(catalogue: Catalogue, corpus: Corpus) -> None:
    known = corpus("ai_user_agents.txt")
    assert len(known) == 98
    assert [user_agent for user_agent in known if not getattr(catalogue.match(user_agent), "ai", False)] == []


def test_nearly_every_crawler_of_the_corpus_is_recognised(catalogue: Catalogue, corpus: Corpus) -> None:
    """99.4 % when written; the rest are people, everyday words, and two that are told by another's substring."""
    known = corpus("ai_user_agents.txt") + corpus("other_user_agents.txt")
    missed = [user_agent for user_agent in known if catalogue.match(user_agent) is None]
    assert len(known) > 2000
    assert len(missed) / len(known) < 0.01, missed


def test_no_browser_is_taken_for_a_crawler(catalogue: Catalogue) -> None:
    people = list(user_agents(3000))
    assert len(set(people)) > 2000
    assert {user_agent: crawler.token for user_agent in people if (crawler := catalogue.match(user_agent))} == {}


def test_an_unknown_token_gets_suggestions(catalogue: Catalogue) -> None:
    assert catalogue.get("GPTBto") is None
    assert "GPTBot" in catalogue.suggest("GPTBto")
    assert catalogue.suggest("\ud800" * 40) == []


@given(st.text())
@example("")
@example("\x00" * 100)
@example("\ud800\udfff GPTBot \udc80")
@example("A" * 65_536)
@example("Googlebot " * 6_554)
@example("İ" * 65_536)
def test_any_string_will_do(user_agent: str) -> None:
    crawler = _SHIPPED.match(user_agent)
    assert crawler is None or _SHIPPED.get(crawler.token) is crawler
