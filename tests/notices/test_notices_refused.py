"""Which tokens robots.txt refuses: the catalogue as the owner's configuration sees it."""

from typing import NamedTuple

import pytest

from guardware.config.schema import Crawlers
from guardware.crawlers.catalogue import Catalogue
from guardware.notices.refused import product, refused_tokens, robots_token


class Entry(NamedTuple):
    token: str
    purpose: str
    ai: bool = False
    robots_only: bool = False


CATALOGUE = (
    Entry("GPTBot", "training", ai=True),
    Entry("ChatGPT-User", "user-fetch", ai=True),
    Entry("Google-Extended", "training", ai=True, robots_only=True),
    Entry("OAI-SearchBot", "ai-search", ai=True),
    Entry("Googlebot", "search"),
    Entry("Baiduspider", "search"),
    Entry("Spider", "dataset", ai=True),
    Entry("AhrefsBot", "seo"),
    Entry("iaskspider/2.0", "ai-search", ai=True),
)
DEFAULT = ("ChatGPT-User", "Google-Extended", "GPTBot", "iaskspider", "OAI-SearchBot")


def crawlers(**options: object) -> Crawlers:
    return Crawlers.model_validate({key.replace("_", "-"): value for key, value in options.items()})


def test_by_default_everything_that_serves_ai_is_refused_and_search_is_not() -> None:
    assert refused_tokens(CATALOGUE, Crawlers()) == DEFAULT


@pytest.mark.parametrize(
    ("options", "added", "taken"),
    [
        ({"seo": "deny"}, {"AhrefsBot"}, set()),
        ({"user_fetch": "allow"}, set(), {"ChatGPT-User"}),
        ({"training": "allow"}, set(), {"GPTBot", "Google-Extended"}),
        ({"training": "protect"}, set(), set()),
        ({"tokens": {"gptbot": "allow"}}, set(), {"GPTBot"}),
        ({"tokens": {"Googlebot": "deny"}}, {"Googlebot"}, set()),
        ({"tokens": {"Spider": "deny"}}, {"Spider"}, set()),
        ({"tokens": {"NotInTheCatalogue": "deny"}}, {"NotInTheCatalogue"}, set()),
        ({"tokens": {"bad\ntoken": "deny"}}, set(), set()),
    ],
)
def test_the_configuration_decides(options: dict[str, object], added: set[str], taken: set[str]) -> None:
    assert set(refused_tokens(CATALOGUE, crawlers(**options))) == (set(DEFAULT) | added) - taken


def test_a_token_within_a_search_engines_name_is_left_out() -> None:
    assert "Spider" not in refused_tokens(CATALOGUE, Crawlers())


def test_of_the_shipped_catalogue_only_that_one_is_left_out() -> None:
    catalogue = Catalogue.load()
    ai = {robots_token(entry.token).lower() for entry in catalogue if entry.ai or entry.robots_only}
    assert ai - {token.lower() for token in refused_tokens(catalogue, Crawlers())} == {"spider"}


def test_sorted_and_each_once() -> None:
    tokens = refused_tokens(Catalogue.load(), Crawlers())
    assert [t.lower() for t in tokens] == sorted({t.lower() for t in tokens})


@pytest.mark.parametrize(
    ("token", "carried"),
    [
        ("GPTBot", "GPTBot"),
        ("Kangaroo Bot", "Kangaroo Bot"),
        ("AI2Bot", "AI2Bot"),
        ("Brightbot 1.0", "Brightbot"),
        ("MistralAI-User/1.0", "MistralAI-User"),
        (" CCBot ", "CCBot"),
        ("bot#1", ""),
        ("bot: x", ""),
        ("bot\nAllow: /", ""),
        ("böt", ""),
        ("*", ""),
        ("", ""),
        ("x" * 65, ""),
    ],
)
def test_how_a_token_is_carried_by_a_line(token: str, carried: str) -> None:
    assert robots_token(token) == carried


@pytest.mark.parametrize(
    ("token", "kept"), [("GPTBot", "gptbot"), ("AI2Bot", "ai"), ("Kangaroo Bot", "kangaroo"), ("360Spider", "")]
)
def test_what_a_reader_by_the_letter_keeps(token: str, kept: str) -> None:
    assert product(token) == kept
