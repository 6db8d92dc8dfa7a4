"""The owner's rules: AND between conditions, OR within a list, first match wins; path tricks gain nothing."""

from typing import Any

import pytest

from guardware.config.schema import Rule
from guardware.crawlers.catalogue import Catalogue
from guardware.identity import identify
from guardware.policy.rules import Rules
from guardware.visit import Visit, VisitReader

CATALOGUE = Catalogue.load()


def visit(path: str = "/art/7.jpg", *, method: str = "GET", ip: str = "198.51.100.7", **headers: str) -> Visit:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    found = VisitReader().read(
        {"type": "http", "method": method, "path": path, "headers": lines, "client": (ip, 1)}
    )
    assert found is not None
    return found


def decides(rules: list[dict[str, Any]], found: Visit, score: float | None = 0.0) -> str | None:
    compiled = Rules([Rule.model_validate(r) for r in rules])
    rule = compiled.first(found, identify(found.facts, CATALOGUE), score)
    return rule.label if rule else None


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({"path": "/art/*"}, True),
        ({"path": "/art/**"}, True),
        ({"path": "/*"}, False),
        ({"path": "/**"}, True),
        ({"path": ["/press/**", "/art/?.jpg"]}, True),
        ({"path": "/art/[7].jpg"}, False),
        ({"kind": "image"}, True),
        ({"kind": ["page", "feed"]}, False),
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"address": "198.51.100.0/24"}, True),
        ({"address": ["2001:db8::/32", "198.51.100.7"]}, True),
        ({"address": "10.0.0.0/8"}, False),
        ({"host": "www.example.com"}, True),
        ({"host": "*.example.com"}, True),
        ({"host": "example.com"}, False),
        ({"header": {"X-Key": "s*t"}}, True),
        ({"header": {"X-Key": "other"}}, False),
        ({"header": {"X-Missing": "*"}}, False),
        ({"crawler": "gptbot"}, True),
        ({"crawler": "CCBot"}, False),
        ({"purpose": "training"}, True),
        ({"purpose": "search"}, False),
        ({"score": -1}, True),
        ({"score": 5}, False),
        # All must hold.
        ({"path": "/art/**", "address": "198.51.100.7", "crawler": "GPTBot"}, True),
        ({"path": "/art/**", "address": "10.0.0.1", "crawler": "GPTBot"}, False),
        ({"path": "/press/**", "address": "198.51.100.7"}, False),
    ],
)
def test_conditions(match: dict[str, Any], holds: bool) -> None:
    found = visit(host="www.example.com", x_key="secret", user_agent="GPTBot/1.2")
    assert (decides([{"match": match, "action": "allow"}], found) is not None) is holds


def test_the_first_match_wins() -> None:
    rules = [
        {"name": "press", "match": {"path": "/press/**"}, "action": "allow"},
        {"name": "all", "match": {"path": "/**"}, "action": "deny"},
    ]
    assert decides(rules, visit("/press/kit.jpg")) == "rules[0] press"
    assert decides(rules, visit("/art/7.jpg")) == "rules[1] all"


@pytest.mark.parametrize(
    ("path", "allowed", "denied"),
    [
        ("/press/kit.jpg", True, True),
        ("/PRESS/kit.jpg", False, True),
        ("/press;x=1/kit.jpg", False, True),
        ("/press/kit.jpg;x=1", False, True),
        ("//press/kit.jpg", True, True),
        ("/pressroom/kit.jpg", False, False),
    ],
)
def test_allowing_matches_to_the_letter_and_restricting_widely(path: str, allowed: bool, denied: bool) -> None:
    match = {"path": "/press/**"}
    assert (decides([{"match": match, "action": "allow"}], visit(path)) is not None) is allowed
    assert (decides([{"match": match, "action": "deny"}], visit(path)) is not None) is denied


def test_an_unknown_address_is_in_no_network() -> None:
    found = visit(ip="")
    assert decides([{"match": {"address": "0.0.0.0/0"}, "action": "allow"}], found) is None


def test_a_rule_with_a_score_is_returned_undecided_while_the_score_is_unknown() -> None:
    rules = [{"match": {"path": "/art/**", "score": 3}, "action": "deny"}]
    assert decides(rules, visit(), None) == "rules[0]"
    assert decides(rules, visit("/other"), None) is None
    assert decides(rules, visit(), 2.9) is None
