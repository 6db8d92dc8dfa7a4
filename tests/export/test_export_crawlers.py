"""The crawler map refuses exactly whom the catalogue's matcher finds, and no browser."""

import re
from collections.abc import Iterable

import pytest
from browser_user_agents import user_agents
from hypothesis import given
from hypothesis import strategies as st

from guardware.config.schema import Crawlers
from guardware.crawlers.catalogue import Catalogue, catalogue_data, crawlers_of
from guardware.crawlers.crawler import Crawler, Purpose, Verification
from guardware.export.crawlers import Row, action_of, patterns, rows
from guardware.verdict import Action

PAIRS = list(crawlers_of(catalogue_data()))
CATALOGUE = Catalogue(PAIRS)
DEFAULT = rows(PAIRS, Crawlers())
EVERYBODY = Crawlers.model_validate({purpose.value: "deny" for purpose in Purpose})


def refused(table: Iterable[Row], user_agent: str) -> bool:
    """As a front does: the first row that fits."""
    return next((row.refused for row in table if re.search(row.pattern, user_agent)), False)


def crawler(token: str, purpose: Purpose) -> Crawler:
    return Crawler(token, "", purpose, False, False, False, "", "", None, Verification())


@pytest.mark.parametrize(
    ("user_agent", "is_refused"),
    [
        ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", True),
        ("gptbot", True),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", True),
        ("xgptbot", False),
        ("GPTBots", False),
        ("Googlebot/2.1", False),
        ("curl/8.14.1", False),
        ("", False),
        ("GPTBot" + "x" * 100_000, False),
        ("y" * 100_000 + " GPTBot", True),
        ("\xe9\xff GPTBot \x00", True),
    ],
)
def test_names_are_found_between_the_edges_of_words(user_agent: str, is_refused: bool) -> None:
    assert refused(DEFAULT, user_agent) is is_refused


@pytest.mark.parametrize("config", [Crawlers(), EVERYBODY], ids=["default", "everybody is refused"])
def test_no_browser_is_refused(config: Crawlers) -> None:
    table = rows(PAIRS, config)
    found = [agent for agent in user_agents(3000) if refused(table, agent) and CATALOGUE.match(agent) is None]
    assert found == []


def test_browsers_pass_the_default_map() -> None:
    assert [agent for agent in user_agents(3000) if refused(DEFAULT, agent)] == []


@pytest.mark.parametrize("config", [Crawlers(), EVERYBODY], ids=["default", "everybody is refused"])
def test_every_phrase_gets_what_the_guard_would_do(config: Crawlers) -> None:
    table = rows(PAIRS, config)
    for _, phrases in PAIRS:
        for phrase in phrases:
            agent = phrase.removeprefix("^")
            named = CATALOGUE.match(agent)
            assert named is not None
            assert refused(table, agent) is (action_of(named, config) is Action.DENY), agent


def test_a_name_within_a_longer_one_does_not_count() -> None:
    pairs = [
        (crawler("Bot", Purpose.TRAINING), ["artbot"]),
        (crawler("Bot-Image", Purpose.SEARCH), ["artbot-image"]),
    ]
    table = rows(pairs, Crawlers())
    assert not refused(table, "ArtBot-Image/1")
    assert refused(table, "ArtBot/1")


def test_a_stricter_purpose_that_is_not_refused_decides_first() -> None:
    pairs = [(crawler("A", Purpose.TRAINING), ["abot"]), (crawler("B", Purpose.SEO), ["bbot"])]
    table = rows(pairs, Crawlers.model_validate({"training": "protect", "seo": "deny"}))
    assert refused(table, "bbot/1")
    assert not refused(table, "bbot/1 abot/1")


def test_a_crawler_that_is_allowed_by_name_is_not_refused() -> None:
    table = rows(PAIRS, Crawlers.model_validate({"tokens": {"gptbot": "allow", "curl": "deny"}}))
    assert not refused(table, "GPTBot/1.2")
    assert refused(table, "curl/8.14.1")


def test_nobody_refused_makes_no_map() -> None:
    allowed = Crawlers.model_validate({"training": "protect", "dataset": "protect", "ai_search": "protect"})
    table = rows([pair for pair in PAIRS if not pair[0].robots_only], allowed)
    assert table == ()


def test_no_expression_is_too_long_for_a_front() -> None:
    assert max(len(row.pattern) for row in rows(PAIRS, EVERYBODY)) < 2048


@given(
    st.lists(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), min_size=1), min_size=1)
)
def test_any_phrases_make_expressions_that_find_them(phrases: list[str]) -> None:
    usable = [phrase for phrase in phrases if phrase.removeprefix("^")]
    made = patterns(usable)
    assert not any(sign in "".join(made) for sign in '"{}')
    for phrase in usable:
        assert any(re.search(pattern, phrase.removeprefix("^")) for pattern in made)
