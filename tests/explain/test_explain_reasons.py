"""Why a visit gets what it gets: the sum line by line, and what each rung says of itself."""

from typing import Any

import pytest
from asgi import BROWSER, CURL, page_headers
from hypothesis import given
from hypothesis import strategies as st

from guardware import Guard
from guardware.config import from_mapping
from guardware.crawlers.catalogue import Catalogue
from guardware.explain.judging import Judged, judge, with_given
from guardware.explain.reasons import lines, reasons
from guardware.http import RawHeaders
from guardware.policy.score import CEILING, FLOOR, SUPPORTS, group_weights, total, with_record
from guardware.store import MemoryStore
from guardware.store.protocol import Record
from guardware.verdict import GROUPS, LASTING, Evidence, Group

NOW = 1_793_700_000.0


def explained(
    path: str = "/art/1.jpg",
    headers: RawHeaders = BROWSER,
    *,
    config: dict[str, Any] | None = None,
    given: dict[str, float] | None = None,
    visits: int = 1,
) -> tuple[Judged, dict[str, Any]]:
    store = MemoryStore()
    guard = Guard(from_mapping(config or {}), store=store)
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": ("198.51.100.7", 1)}
    visit = guard.read(scope)
    assert visit is not None
    for _ in range(visits):
        judged = judge(guard, store, visit, NOW, given)
    return judged, reasons(guard, judged)


def agent(name: str) -> RawHeaders:
    return [(b"host", b"localhost"), (b"user-agent", name.encode())]


UNPROVABLE = next(c.token for c in Catalogue.load() if c.purpose.value == "feed" and not c.verification.possible)


@pytest.mark.parametrize(
    ("made", "rung", "why"),
    [
        (
            {"config": {"rules": [{"name": "mine", "match": {"path": "/art/**"}, "action": "deny"}]}},
            "rules",
            "this rule of yours fits and says deny; rules come before everything else",
        ),
        (
            {"headers": agent("GPTBot/1.2")},
            "crawlers",
            "GPTBot is in the catalogue for training, and crawlers.training says deny",
        ),
        (
            {"headers": agent("Google-Extended")},
            "crawlers",
            "Google-Extended stands in robots.txt only; no honest client sends it",
        ),
        (
            {"headers": agent("Googlebot/2.1"), "config": {"crawlers": {"search": "allow"}}},
            "crawlers",
            "Googlebot is in the catalogue for search, and crawlers.search says allow to those who prove who they "
            "are, which has not been done",
        ),
        (
            {"headers": agent("Googlebot/2.1"), "config": {"crawlers": {"tokens": {"googlebot": "deny"}}}},
            "crawlers",
            "Googlebot is in the catalogue for search, and crawlers.tokens.Googlebot says deny",
        ),
        (
            {"headers": agent(f"{UNPROVABLE}/1"), "config": {"crawlers": {"feed": "allow"}}},
            "crawlers",
            f"{UNPROVABLE} is in the catalogue for feed, and crawlers.feed says allow to those who prove who they "
            "are, and for it there is no way; crawlers.tokens can trust it",
        ),
        (
            {"config": {"limits": {"client": {"image": {"rate": "2/hour", "burst": 1}}}}, "visits": 2},
            "limits",
            "more than 1 at once or 2/hour of kind image from one address; again in 1800 s",
        ),
        (
            {"config": {"limits": {"network": {"image": {"rate": "1/day", "burst": 1}}}}, "visits": 2},
            "limits",
            "more than 1 at once or 1/day of kind image from one network; a newcomer there sees the pages, and "
            "marked pictures",
        ),
        (
            {"headers": agent("Made-Up/1.0")},
            "thresholds",
            "the score +2.50 reaches thresholds.protect (+2.00)",
        ),
        (
            {"given": {"headers_score": 5.0, "navigated": 9, "walk": 0}},
            "thresholds",
            "the score +10.00 reaches thresholds.deny (+6.86), and headers and behaviour agree",
        ),
        (
            {"given": {"proof": 1, "headers_score": 7.0}},
            "thresholds",
            "the score +7.00 reaches thresholds.deny (+6.86), and one piece is proof",
        ),
        (
            {"given": {"day": 1001}},
            "budgets",
            "about 1001 different originals in this day (UTC), of 1000, counted for all clients of its address",
        ),
        (
            {},
            "default",
            "no rule, no crawler's purpose and no limit has a say, and too little speaks against it",
        ),
        ({"path": "/.guardware/health"}, "own", "it is one of guardware's own addresses"),
    ],
)
def test_what_each_rung_says(made: dict[str, Any], rung: str, why: str) -> None:
    _, report = explained(**made)
    assert (report["rung"], report["why"]) == (rung, why)


def walked(account: str, clients: int, budgets: dict[str, int]) -> dict[str, Any]:
    """What the last of 12 pictures gets. ``account``: a cookie's value; each picture is asked from another address
    then, else by ``clients`` clients of one."""
    store = MemoryStore()
    config = from_mapping({"budgets": budgets, "clients": {"account": {"cookie": "sid"}}})
    # "About": which pictures a short count takes for one depends on the secret.
    guard = Guard(config, store=store, secret=b"always the same", clock=lambda: NOW)
    for number in range(12):
        headers = [(k, v) for k, v in BROWSER if k != b"accept-language"]
        headers.append((b"accept-language", (b"en", b"de", b"fr", b"it", b"es", b"pl")[number % clients]))
        headers += [(b"cookie", b"sid=" + account.encode())] if account else []
        client = f"198.51.{number}.7" if account else "198.51.100.7"
        scope = {"type": "http", "method": "GET", "path": f"/art/{number}.jpg", "headers": headers}
        visit = guard.read({**scope, "client": (client, 1)})
        assert visit is not None
        judged = judge(guard, store, visit, NOW)
    return reasons(guard, judged)


@pytest.mark.parametrize(
    ("account", "clients", "budgets", "decided_by", "why"),
    [
        (
            "",
            1,
            {"per_hour": 5},
            "budgets.per_hour",
            "about 12 different originals in this hour of the clock (UTC), of 5",
        ),
        (
            *("", 6, {"per_hour": 2}, "budgets.per_hour"),
            "about 3 different originals in this hour of the clock (UTC), of 2, "
            "counted for all clients of its address",
        ),
        (
            *("ada", 1, {"per_hour": 5}, "budgets.per_hour"),
            "about 12 different originals in this hour of the clock (UTC), of 5, counted for its account",
        ),
        (
            *("ada", 1, {"per_hour": 11, "per_day": 11}, "budgets.per_hour"),
            "about 12 different originals in this hour of the clock (UTC), of 11, counted for its account",
        ),
    ],
)
def test_whose_originals_the_budget_counted(
    account: str, clients: int, budgets: dict[str, int], decided_by: str, why: str
) -> None:
    report = walked(account, clients, budgets)
    assert (report["decided_by"], report["why"]) == (decided_by, why)


def test_what_is_left_of_the_accounts_budget() -> None:
    report = walked("ada", 1, {"per_hour": 20})
    (needs,) = [rung["needs"] for rung in report["next"] if rung["key"] == "budgets.per_hour"]
    assert needs == "9 more different originals in this hour of the clock (UTC), counted for its account"
    assert report["counted"] == {"hour": 12, "hour_of": "account", "day": 12, "day_of": "account"}


OR_PROOF = "or one piece that is proof"
TWO = f"two groups of {SUPPORTS:g} or more"
SECOND = f"a second group of {SUPPORTS:g} or more"


@pytest.mark.parametrize(
    ("given", "needs"),
    [
        (
            {},
            {
                "thresholds.protect": "2.00 more score",
                "thresholds.suspect": "4.00 more score",
                "thresholds.deny": f"6.86 more score of its own doing, and {TWO}, {OR_PROOF}",
                "budgets.per_hour": "300 more different originals in this hour of the clock (UTC)",
            },
        ),
        (
            {"headers_score": 3.5},
            {
                "thresholds.suspect": "0.50 more score",
                "thresholds.deny": f"3.36 more score of its own doing, and {SECOND} beside headers, {OR_PROOF}",
            },
        ),
        (
            {"headers_score": 7.0},
            {"thresholds.deny": f"{SECOND} beside headers, {OR_PROOF}"},
        ),
        (
            {"headers_score": 3.5, "proof": 1},
            {
                "thresholds.suspect": "0.50 more score",
                "thresholds.deny": "3.36 more score of its own doing",
            },
        ),
        (
            {"hour": 301},
            {
                "thresholds.protect": "2.00 more score",
                "thresholds.suspect": "4.00 more score",
                "thresholds.deny": f"6.86 more score of its own doing, and {TWO}, {OR_PROOF}",
            },
        ),
        ({"headers_score": 7.0, "navigated": 9}, {}),
    ],
)
def test_what_the_next_rungs_take(given: dict[str, float], needs: dict[str, str]) -> None:
    _, report = explained(given=given)
    assert {rung["key"]: rung["needs"] for rung in report["next"]} == needs


def test_where_the_score_is_not_asked_no_rung_is_next() -> None:
    assert explained(headers=CURL)[1]["next"] == []


def test_priors_are_marked_and_do_not_help_to_deny() -> None:
    judged, _ = explained(given={"headers_score": 5.9})
    prior = Evidence("hosting-network", Group.NETWORK, 1.0, "comes from a data centre")
    verdict = judged.verdict._replace(evidence=(prior,), score=6.9)
    guard = Guard(from_mapping({}))
    report = reasons(guard, judged._replace(verdict=verdict))
    assert report["evidence"][0]["prior"] is True
    assert report["group_details"]["network"] == {
        "rule": "maximum",
        "cap": None,
        "prior": True,
        "lasting": False,
        "this_visit": 1.0,
        "value": 1.0,
    }
    assert report["condemned"] is False
    assert report["next"][-1]["needs"].startswith("0.96 more score of its own doing")


pieces = st.builds(
    Evidence,
    st.sampled_from("abc"),
    st.sampled_from(GROUPS),
    st.floats(-6, 14),
    st.just("because"),
    st.booleans(),
)


@given(st.lists(pieces, max_size=12), st.tuples(*(st.floats(0, 14) for _ in LASTING)))
def test_the_lines_add_up_to_the_score(evidence: list[Evidence], kept: tuple[float, ...]) -> None:
    scores = with_record(group_weights(evidence), kept)
    steps = list(lines(evidence, scores))
    assert [step.evidence for step in steps if step.evidence] == sorted(
        evidence, key=lambda e: (GROUPS.index(e.group), -e.weight)
    )
    if steps:
        assert steps[-1].running == pytest.approx(total(scores), abs=1e-9)
    assert min(max(sum(step.counts for step in steps), FLOOR), CEILING) == pytest.approx(total(scores), abs=1e-9)


@given(
    st.sampled_from(["/", "/art/7.jpg", "/x.css", "/feed.xml"]), st.sampled_from([BROWSER, CURL, page_headers()])
)
def test_the_explained_score_is_the_verdicts(path: str, headers: RawHeaders) -> None:
    judged, report = explained(path, headers, given={"navigated": 5.0, "asked_hour": 200.0})
    details = report["group_details"].values()
    assert sum(group["value"] for group in details) == pytest.approx(judged.verdict.score, abs=0.02)


def test_a_days_count_is_at_least_its_hours() -> None:
    record = with_given(Record(habits=2), {"asked_hour": 50, "rendered": 1, "cookie": 0, "rate": 2.5})
    assert (record.asked_hour, record.asked_day, record.habits, record.rate) == (50, 50, 8, 2.5)
