"""The ladder: which rung decides, top to bottom."""

from typing import Any

import pytest
from asgi import BROWSER, CURL, page_headers

from guardware.config import from_mapping
from guardware.crawlers.catalogue import Catalogue
from guardware.guard import Guard
from guardware.http import RawHeaders
from guardware.store import MemoryStore
from guardware.store.protocol import PROOF, Record
from guardware.verdict import LASTING, Action, Verdict
from guardware.visit import Visit

CATALOGUE = Catalogue.load()


def named(user_agent: str) -> RawHeaders:
    return [(b"host", b"localhost"), (b"user-agent", user_agent.encode()), (b"accept", b"*/*")]


GPTBOT = named("GPTBot/1.2")
GOOGLEBOT = named("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
LIAR = named("Mozilla/5.0 Google-Extended")


def guard(config: dict[str, Any] | None = None) -> Guard:
    return Guard(from_mapping(config or {}), catalogue=CATALOGUE, store=MemoryStore())


def visit(judge: Guard, path: str, headers: RawHeaders = BROWSER, method: str = "GET") -> Visit:
    found = judge.read(
        {"type": "http", "method": method, "path": path, "headers": headers, "client": ("198.51.100.7", 1)}
    )
    assert found is not None
    return found


def rule(action: str, **match: Any) -> dict[str, Any]:
    return {"rules": [{"match": match, "action": action}]}


@pytest.mark.parametrize(
    ("config", "path", "headers", "action", "decided_by"),
    [
        (None, "/", page_headers(), "allow", "default"),
        (None, "/a.jpg", BROWSER, "allow", "default"),
        (None, "/a.css", page_headers(), "allow", "default"),
        # Purposes.
        (None, "/", GPTBOT, "deny", "crawlers.training"),
        (None, "/a.css", GPTBOT, "deny", "crawlers.training"),
        (None, "/", named("CCBot/2.0"), "deny", "crawlers.dataset"),
        (None, "/a.jpg", named("img2dataset"), "deny", "crawlers.dataset"),
        (None, "/", named("PerplexityBot/1.0"), "deny", "crawlers.ai-search"),
        (None, "/", GOOGLEBOT, "protect", "crawlers.search"),
        (None, "/a.jpg", GOOGLEBOT, "protect", "crawlers.search"),
        (None, "/a.jpg", named("facebookexternalhit/1.1"), "protect", "crawlers.preview"),
        (None, "/a.jpg", CURL, "protect", "crawlers.tool"),
        ({"crawlers": {"training": "allow"}}, "/a.jpg", GPTBOT, "protect", "crawlers.training, unverified"),
        ({"crawlers": {"tokens": {"gptbot": "protect"}}}, "/", GPTBOT, "protect", "crawlers.tokens.GPTBot"),
        # A token that is never sent: a liar, whatever its purpose is allowed.
        ({"crawlers": {"training": "allow"}}, "/", LIAR, "deny", "crawlers: a token that is never sent"),
        # Rules stand above crawlers and above the score ...
        (rule("allow", path="/press/**"), "/press/a.jpg", GPTBOT, "allow", "rules[0]"),
        (rule("deny", path="/private/**"), "/private/", GOOGLEBOT, "deny", "rules[0]"),
        (rule("deny", path="/private/**"), "/private/a.css", page_headers(), "deny", "rules[0]"),
        (rule("allow", address="198.51.100.7"), "/a.jpg", CURL, "allow", "rules[0]"),
        # ... and wait for the score if they ask for one.
        (rule("deny", score=3), "/a.jpg", named(""), "deny", "rules[0]"),
        (rule("deny", score=3), "/a.jpg", BROWSER, "allow", "default"),
        (rule("deny", score=3), "/a.jpg", GPTBOT, "deny", "rules[0]"),
        # But not above the notices.
        (rule("deny", path="/**"), "/robots.txt", GPTBOT, "allow", "notice"),
        # Thresholds.
        (None, "/a.jpg", named(""), "protect", "thresholds.suspect"),
        ({"thresholds": {"protect": 5}}, "/a.jpg", named(""), "allow", "default"),
    ],
)
def test_ladder(config: Any, path: str, headers: RawHeaders, action: str, decided_by: str) -> None:
    judge = Guard(
        from_mapping(config or {}), catalogue=CATALOGUE, store=MemoryStore(), notices=frozenset(["/robots.txt"])
    )
    store = judge.local
    assert store is not None
    found = judge.judge_now(visit(judge, path, headers), store)
    assert (found.action, found.decided_by) == (action, decided_by)


@pytest.mark.parametrize(
    ("scores", "proof", "action"),
    [
        ((0.0, 0.0), False, Action.ALLOW),
        ((0.0, 1.9), False, Action.ALLOW),
        ((0.0, 2.0), False, Action.PROTECT),
        ((14.0, 0.0), False, Action.PROTECT),  # one group never condemns
        ((7.0, 0.5), False, Action.PROTECT),  # nor with a second that hardly speaks
        ((4.0, 3.5), False, Action.DENY),
        ((4.0, 2.8), False, Action.PROTECT),  # two groups, but not enough
        ((7.0, 0.0), True, Action.DENY),
    ],
)
def test_two_groups_or_one_proof_condemn(scores: tuple[float, ...], proof: bool, action: Action) -> None:
    judge = guard()
    step = judge.begin(visit(judge, "/a.jpg"), 1e9)
    assert not isinstance(step, Verdict)
    assert len(scores) == len(LASTING)
    record = Record(scores=scores, habits=PROOF if proof else 0)
    assert judge.finish(step, record, 1e9).action is action


@pytest.mark.parametrize(
    ("record", "page", "picture"),
    [
        (Record(hour=300, day=1000), "allow", "allow"),
        (Record(hour=301), "protect", "protect"),
        (Record(day=1001), "protect", "protect"),
        (Record(retry_after=2.3, limited_by="client"), "limit", "limit"),
    ],
)
def test_budgets_and_limits(record: Record, page: str, picture: str) -> None:
    judge = guard()
    for path, headers, action in (("/", page_headers(), page), ("/a.jpg", BROWSER, picture)):
        step = judge.begin(visit(judge, path, headers), 1e9)
        assert not isinstance(step, Verdict)
        found = judge.finish(step, record, 1e9)
        assert found.action == action
        assert found.retry_after == (3 if action == "limit" else 0)


def test_a_denied_crawler_is_denied_and_not_limited() -> None:
    judge = guard(rule("deny", score=14))
    step = judge.begin(visit(judge, "/a.jpg", GPTBOT), 1e9)
    assert not isinstance(step, Verdict)
    found = judge.finish(step, Record(limited_by="client", retry_after=9.0), 1e9)
    assert (found.action, found.decided_by) == (Action.DENY, "crawlers.training")


def test_no_store_is_asked_where_none_is_needed() -> None:
    judge = guard(rule("allow", path="/press/**"))
    for path, headers in (("/", GPTBOT), ("/a.css", page_headers()), ("/press/", page_headers())):
        assert isinstance(judge.begin(visit(judge, path, headers), 1e9), Verdict)
