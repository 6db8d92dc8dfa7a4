"""Which phrase is found where, and which crawler counts when several are named."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.crawlers import Crawler, Purpose, Verification
from guardware.crawlers.matcher import MAX_LENGTH, Matcher


def crawler(token: str, purpose: Purpose = Purpose.SEARCH, robots_only: bool = False) -> Crawler:
    return Crawler(
        token, "Operator", purpose, False, robots_only, False, "a test", "2026-11-22", None, Verification()
    )


@pytest.mark.parametrize(
    ("phrase", "user_agent", "found"),
    [
        ("gptbot", "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", True),
        ("gptbot", "gptbot", True),
        ("gptbot", "notgptbot/1.0", False),
        ("gptbot", "gptbots/1.0", False),
        ("gptbot", "notgptbot gptbot", True),  # the second time it stands alone
        ("googlebot", "Googlebot-Image/1.0", True),
        ("screaming frog seo spider", "Screaming Frog SEO Spider/21.0", True),
        ("screaming frog seo spider", "Spider Screaming SEO Frog", False),
        ("yeti/", "Mozilla/5.0 (compatible; Yeti/1.1; +http://naver.me/bot)", True),
        ("yeti/", "Yeti Mobile", False),
        ("Code/", "Mozilla/5.0 Code/1.115.0 Chrome/142.0", True),
        ("Code/", "Mozilla/5.0 code/1.115.0 Chrome/142.0", False),  # a capital: only as it is written
        ("Code/", "Mozilla/5.0 VSCode/1.115.0", False),
        ("^whatsapp", "WhatsApp/2.19.92 i", True),
        ("^whatsapp", "Mozilla/5.0 (Linux; Android 15) WhatsApp/2.26.1", False),
        ("^node", "node", True),
        ("^node", "nodeping", False),
        ("libwww-perl", "Lynx/2.9.0 libwww-FM/2.14FM", False),
        ("gptbot", "ＧＰＴＢｏｔ", False),
        ("gptbot", "\ud800GPTBot\x00", True),
    ],
)
def test_where_a_phrase_is_found(phrase: str, user_agent: str, found: bool) -> None:
    known = crawler("It")
    assert Matcher([(known, [phrase])]).match(user_agent) is (known if found else None)


GOOGLE = crawler("Googlebot")
GOOGLE_IMAGE = crawler("Googlebot-Image")
EXTENDED = crawler("Google-Extended", Purpose.TRAINING, robots_only=True)
GPT = crawler("GPTBot", Purpose.TRAINING)
CCBOT = crawler("CCBot", Purpose.DATASET)
CURL = crawler("curl", Purpose.TOOL)
DOLMA = crawler("Ai2Bot-Dolma", Purpose.SEO)
AI2 = crawler("AI2Bot", Purpose.DATASET)
ALL = (GOOGLE, GOOGLE_IMAGE, EXTENDED, GPT, CCBOT, CURL, DOLMA, AI2)


@pytest.mark.parametrize(
    ("user_agent", "counts"),
    [
        ("Googlebot/2.1", GOOGLE),
        ("Googlebot-Image/1.0", GOOGLE_IMAGE),  # a name within a longer one does not count,
        ("Ai2Bot-Dolma/1.0", DOLMA),  # even when its purpose is stricter
        ("Googlebot-Image/1.0 Googlebot/2.1", GOOGLE_IMAGE),  # the same purpose: what is named first
        ("Googlebot/2.1 GPTBot/1.2", GPT),  # a welcome name does not whitewash
        ("GPTBot/1.2 Googlebot/2.1", GPT),
        ("CCBot/2.0 GPTBot/1.2", GPT),
        ("curl/8.5 (Googlebot)", CURL),
        ("GPTBot/1.2 Google-Extended/1.0", EXTENDED),  # never sent: a liar, whatever else it says
        ("Mozilla/5.0", None),
        ("", None),
    ],
)
def test_who_counts_when_several_are_named(user_agent: str, counts: Crawler | None) -> None:
    assert Matcher([(each, [each.token.lower()]) for each in ALL]).match(user_agent) is counts


def test_what_stands_beyond_the_longest_user_agent_is_not_looked_at() -> None:
    matcher = Matcher([(GPT, ["gptbot"])])
    assert matcher.match(" " * (MAX_LENGTH - len("gptbot")) + "gptbot") is GPT
    assert matcher.match(" " * MAX_LENGTH + "gptbot") is None


def test_a_phrase_is_not_filed_under_a_word_of_every_browser() -> None:
    known = crawler("YellowLabTools")
    matcher = Matcher([(known, ["ylt chrome"]), (crawler("Splash"), ["splash version/"])])
    assert matcher.longest_file == 1
    assert matcher.match("Mozilla/5.0 YLT Chrome/85.0") is known


_LETTERS = st.sampled_from("abcXYZ09-/ ._\u0130\ud800")
_NAMES = st.text(st.sampled_from("abcXYZ09-/ ."), min_size=1, max_size=8).filter(
    partial(lambda letters, text: any(each in letters for each in text), frozenset("abcXYZ09"))
)


@given(_NAMES, st.text(_LETTERS, max_size=12), st.text(_LETTERS, max_size=12))
def test_a_phrase_that_stands_alone_is_always_found(name: str, before: str, after: str) -> None:
    assert Matcher([(GPT, [name])]).match(f"{before} {name} {after}") is GPT


@given(_NAMES, st.text(_LETTERS, max_size=40))
def test_nothing_is_found_that_is_not_there(name: str, user_agent: str) -> None:
    if Matcher([(GPT, [name])]).match(user_agent):
        assert name.lower() in user_agent.lower()
