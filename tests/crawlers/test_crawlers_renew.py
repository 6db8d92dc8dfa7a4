"""Renewing the catalogue from fetched lists: what they may add, and what no list can bring about."""

import json
import re
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from browser_user_agents import user_agents
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guardware.crawlers import Catalogue
from guardware.crawlers.catalogue import KEPT, catalogue_data, crawlers_of
from guardware.crawlers.crawler import STRICTEST_FIRST
from guardware.crawlers.published import ListError
from guardware.crawlers.sources.renew import Renewal, renew
from guardware.crawlers.sources.sanity import BROWSERS, WELCOME

BASE = catalogue_data()
SHIPPED = Catalogue.load()
_RANK = {purpose: rank for rank, purpose in enumerate(STRICTEST_FIRST)}


def robot(function: str = "AI Data Scrapers", operator: str = "[New](https://new.example)") -> dict[str, str]:
    return {"operator": operator, "function": function, "description": "", "respect": "", "frequency": ""}


def agent(pattern: str, *tags: str, instances: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"pattern": pattern, "tags": list(tags or ("seo",)), "instances": list(instances)}


def renewed(robots: Any = None, agents: Any = None) -> Renewal:
    lists = {"ai.robots.txt": robots, "crawler-user-agents": agents}
    return renew(BASE, {name: data for name, data in lists.items() if data is not None}, "2026-12-24")


def after(renewal: Renewal) -> Catalogue:
    assert renewal.text is not None
    return Catalogue(crawlers_of(json.loads(renewal.text)))


def test_new_crawlers_are_added() -> None:
    change = renewed({"PictureEater": robot()}, [agent("linkchecker2000", "monitoring")])
    assert [(entry["token"], entry["purpose"], entry["phrases"]) for entry in change.added] == [
        ("linkchecker2000", "monitor", ["linkchecker2000"]),
        ("PictureEater", "dataset", ["PictureEater/", "^pictureeater"]),
    ]
    catalogue = after(change)
    assert len(catalogue) == len(SHIPPED) + 2
    found = catalogue.match("Mozilla/5.0 (compatible; PictureEater/1.0; +https://new.example)")
    assert found is not None
    assert (found.token, found.operator, found.ai, found.date) == ("PictureEater", "New", True, "2026-12-24")


def test_an_everyday_word_is_not_found_anywhere() -> None:
    """What browsers and apps might say too; the shipped catalogue has such names looked at by hand."""
    catalogue = after(renewed({"Comet": robot()}))
    assert catalogue.match("Mozilla/5.0 (comet tail) AppleWebKit/537.36") is None
    for user_agent in ("Comet/1.0", "Mozilla/5.0 (compatible) Comet/1.0"):
        assert catalogue.match(user_agent).token == "Comet"  # type: ignore[union-attr]


def test_what_is_known_already_changes_nothing() -> None:
    assert renewed({"GPTBot": robot(), "CCBot/2.0": robot()}, [agent("AhrefsBot\\/")])[:4] == ((), (), (), ())


def test_a_purpose_becomes_stricter_but_never_milder() -> None:
    assert SHIPPED.get("zgrab").purpose == "seo"  # type: ignore[union-attr]
    assert SHIPPED.get("WRTNBot").purpose == "training"  # type: ignore[union-attr]
    change = renewed({"zgrab": robot()}, [agent("WRTNBot", "search-engine")])
    assert change.stricter == (("zgrab", "seo", "dataset"),)
    assert change.ai == ("zgrab",)
    assert change.refused == ("WRTNBot: search would be milder than training",)
    assert after(change).get("zgrab").ai  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "token", ["Googlebot", "bingbot", "facebookexternalhit", "SeznamBot", "Twitterbot", "YandexBot"]
)
def test_no_list_turns_a_search_engine_away(token: str) -> None:
    assert renewed({token: robot()}, [agent(token, "ai-crawler")])[:4] == ((), (), (), ())


@pytest.mark.parametrize("token", ["curl", "Scrapy", "img2dataset", "GPTBot", "Amazonbot"])
def test_what_we_know_better_stays(token: str) -> None:
    assert renewed(None, [agent(token, "search-engine")])[:4] == ((), (), (), ())


def test_what_is_on_no_list_any_more_stays() -> None:
    change = renewed({"PictureEater": robot()})
    assert "AgentTimes" in change.unlisted
    assert after(change).get("AgentTimes") is not None
    assert "GPTBot" not in change.unlisted  # on another list too


def test_phrases_are_added_to_known_crawlers() -> None:
    change = renewed(None, [agent("zgrab", instances=("Mozilla/5.0 zgrab/0.x", "Mozilla/5.0 zgrabscanner/1"))])
    assert change.phrases == (("zgrab", "zgrabscanner"),)
    assert after(change).match("zgrabscanner/2").token == "zgrab"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("pattern", "tag", "reason"),
    [
        ("GPTBot\\/1\\.2", "search-engine", "would hide GPTBot"),  # a longer name goes before the one within it
        ("GPTBot friend", "social-preview", "would hide GPTBot"),
        ("Googlebot\\/2\\.1", "ai-crawler", "would hide Googlebot"),
        ("Googlebot evil", "http-library", "would hide Googlebot"),
        ("img2dataset-search", "search-engine", "would hide img2dataset"),
        ("ab", "seo", "is too short, too long or not plain text"),
        ("x" * 300, "seo", "no name that robots.txt could carry"),
        ("-_-_-", "seo", "has no word in it"),
        ("b\u00f6t", "seo", "no name that robots.txt could carry"),
        ("bot#evil", "seo", "no name that robots.txt could carry"),
        ("bot\nDisallow", "seo", "no name that robots.txt could carry"),
        ("(a+)+bot$", "seo", "new regular expression"),
        ("goodbot", "brand-new-tag", "new tag, 'brand-new-tag'"),
    ],
)
def test_what_would_do_harm_is_left_out_with_the_reason(pattern: str, tag: str, reason: str) -> None:
    change = renewed(None, [agent(pattern, tag), agent("harmless2000bot")])
    assert [entry["token"] for entry in change.added] == ["harmless2000bot"]
    assert [reason in line for line in change.refused] == [True], change.refused


def test_another_crawler_of_the_family_may_be_added() -> None:
    change = renewed({"Googlebot-Dreams": robot(), "Applebot-Chat": robot("AI Assistants")})
    assert [entry["token"] for entry in change.added] == ["Applebot-Chat", "Googlebot-Dreams"]


@pytest.mark.parametrize(
    "phrase",
    ["Mozilla/5.0", "Safari/537.36", "like gecko", "Chrome/148", "Instagram 406", "iPhone OS 18_6",
     "Firefox/148.0", "Windows NT 10.0", "NetType/WIFI", "; Android 15", "Epiphany/605.1.15"],
)  # fmt: skip
def test_a_list_that_finds_crawlers_in_browsers_is_refused_whole(phrase: str) -> None:
    with pytest.raises(ListError, match="would be found in browsers that people use"):
        renewed(
            {"harmless2000bot": robot(), phrase + " bot": robot()},
            [agent(re.escape(phrase).replace("\\ ", " "), "ai-crawler")],
        )


def test_sanity_knows_every_product_name_of_the_generated_browsers() -> None:
    """So a list that adds one of them is refused."""

    def names(strings: Iterable[str]) -> set[str]:
        return {name for ua in strings for name in re.findall(r"(?<![\w.-])([A-Za-z_]{4,})/", ua)}

    people = names(user_agents(600))
    assert len(people) > 60
    assert people - names(BROWSERS) == set()


def test_browsers_stay_people_after_an_honest_renewal() -> None:
    catalogue = after(renewed({f"NewAi{n}Bot": robot() for n in range(100)}))
    assert [ua for ua in user_agents(1000) if catalogue.match(ua)] == []


def test_sanity_strings_are_what_they_stand_for() -> None:
    assert [ua for ua in BROWSERS if SHIPPED.match(ua)] == []
    assert {SHIPPED.match(ua).purpose for ua in WELCOME} <= {"search", "preview"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("robots", "agents", "reason"),
    [
        ({}, None, "ai.robots.txt names no crawlers"),
        ([], None, "ai.robots.txt names no crawlers"),
        (None, [], "crawler-user-agents names no crawlers"),
        (None, {"a": 1}, "crawler-user-agents names no crawlers"),
        ({"X": 5, "Y": None, "Z": {"operator": 1}}, None, "ai.robots.txt names no crawlers"),
        ({f"Bot{n}x": robot() for n in range(501)}, None, "adds 501 crawlers at once"),
        ({" ".join(words): robot() for words in product("abcdefg", repeat=3)}, None, "names share a word"),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_right_change_nothing(robots: Any, agents: Any, reason: str) -> None:
    with pytest.raises(ListError, match=re.escape(reason)):
        renewed(robots, agents)


_TEXTS = st.text(max_size=30) | st.sampled_from(
    ["GPTBot/1.2", "googlebot", "seo", "ai-crawler", "Chrome/1", "bot"]
)
_ANY = st.recursive(
    st.none() | st.integers() | _TEXTS,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(_TEXTS, x, max_size=3),
    max_leaves=8,
)
_AGENTS = st.lists(
    st.fixed_dictionaries(
        {
            "pattern": _TEXTS | _ANY,
            "tags": st.lists(_TEXTS, max_size=2) | _ANY,
            "instances": st.lists(_TEXTS, max_size=2) | _ANY,
        }
    )
    | _ANY,
    max_size=4,
)
_ROBOTS = st.dictionaries(
    _TEXTS,
    st.fixed_dictionaries({"operator": _TEXTS, "function": _TEXTS, "description": _TEXTS}) | _ANY,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(_ROBOTS | _ANY, _AGENTS | _ANY)
@example({"\ud800": robot()}, [agent("\ud800bot")])
@example({"[x](": robot(operator="[" * 500)}, [agent("[" * 500)])
@example({"A" * 10_000: robot()}, [agent("a\\" * 400, instances=("a" * 10_000,) * 300)])
def test_no_list_makes_a_known_crawler_milder_or_touches_people(robots: Any, agents: Any) -> None:
    try:
        change = renewed(robots, agents)
    except ListError:
        return
    if change.text is None:
        return
    catalogue = after(change)
    for crawler in SHIPPED:
        kept = catalogue.get(crawler.token)
        assert kept is not None
        assert _RANK[kept.purpose] <= _RANK[crawler.purpose]
    assert not any(catalogue.match(user_agent) for user_agent in BROWSERS)
    for user_agent in WELCOME:
        assert catalogue.match(user_agent).token == SHIPPED.match(user_agent).token  # type: ignore[union-attr]


# What Catalogue.load makes of a copy in the state folder.


def keep(folder: Path, text: str) -> Path:
    (folder / KEPT).write_text(text, encoding="utf-8")
    return folder


def test_the_copy_in_the_folder_is_used(tmp_path: Path) -> None:
    change = renewed({"PictureEater": robot()})
    assert change.text is not None
    assert Catalogue.load(keep(tmp_path, change.text)).get("PictureEater") is not None
    assert Catalogue.load().get("PictureEater") is None


def test_an_older_copy_is_not(tmp_path: Path) -> None:
    change = renew(BASE, {"ai.robots.txt": {"PictureEater": robot()}}, "2026-12-24")
    assert change.text is not None
    old = change.text.replace("2026-12-24", "2020-01-01").replace("2026-11-22", "2020-01-01")
    assert Catalogue.load(keep(tmp_path, old)).get("PictureEater") is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"sources": {}, "crawlers": []}',
     '{"sources": {"x": {"date": "soon"}}}',
     '{"sources": {"x": {"date": "2030-01-01"}}, "crawlers": []}',
     '{"sources": {"x": {"date": "2030-01-01"}}, "crawlers": [{"token": "GPTBot"}]}',
     '{"sources": {"x": {"date": "2030-01-01"}}, "crawlers": {"a": 1}}'],
)  # fmt: skip
def test_a_damaged_copy_is_passed_over(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert len(Catalogue.load(keep(tmp_path, text))) == len(SHIPPED)
    assert "the shipped catalogue is used; run: guardware crawlers update" in caplog.text


def test_without_a_copy_the_shipped_one_is_used_silently(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(Catalogue.load(tmp_path)) == len(Catalogue.load(tmp_path / "none")) == len(SHIPPED)
    assert caplog.messages == []
