"""Which variant goes with which doubt, and with which program."""

from typing import Any

import pytest

from guardware.config import from_mapping
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.engines import claimed_engine
from guardware.policy.choice import Choice

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
ANCIENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.0.0 Safari/537.36"
NETSURF = "NetSurf/3.11 (Linux)"
CATALOGUE = Catalogue.load()


def choice(images: dict[str, Any] | None = None) -> Choice:
    return Choice(from_mapping({"images": images or {}}).images)


@pytest.mark.parametrize(
    ("verdict", "user_agent", "variant"),
    [
        ("doubtful", CHROMIUM, "veiled"),
        ("doubtful", NETSURF, "marked-traced"),
        ("doubtful", ANCIENT, "marked-traced"),
        ("suspect", CHROMIUM, "veiled-marked"),
        ("suspect", NETSURF, "veiled-marked"),
        ("over_budget", CHROMIUM, "veiled-small"),
        ("over_budget", NETSURF, "marked-traced"),
    ],
)
def test_no_veil_for_people_whose_program_would_not_lift_it(verdict: str, user_agent: str, variant: str) -> None:
    assert choice().of(verdict, claimed_engine(user_agent)) == variant


@pytest.mark.parametrize(
    ("token", "variant"),
    [
        ("Googlebot", "marked"),
        ("Twitterbot", "marked"),
        ("curl", "veiled-marked"),
        ("ChatGPT-User", "veiled-marked"),
        ("archive.org_bot", "veiled-marked"),
    ],
)
def test_crawlers_by_their_purpose(token: str, variant: str) -> None:
    crawler = CATALOGUE.match(token)
    assert crawler is not None
    assert choice().of_crawler(crawler) == variant


def test_everyone_has_the_original_unless_the_owner_says_otherwise() -> None:
    assert Choice(Config().images).everyone == ""
    assert choice({"verdicts": {"everyone": "veiled"}}).everyone == "veiled"


def test_an_owners_map_is_followed() -> None:
    assert choice({"verdicts": {"doubtful": "bait"}}).of("doubtful", claimed_engine(NETSURF)) == "bait"
