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
        ("/press./kit.jpg", False, True),
        ("/press /kit.jpg", False, True),
        ("/press. . /kit.jpg", False, True),
        ("/ /press/kit.jpg", False, True),
        ("/Press .;x=1/kit.jpg", False, True),
        ("/press.;x=1. /kit.jpg", False, True),
        ("/ press/kit.jpg", False, False),
        ("/pre.ss/kit.jpg", False, False),
        ("/pressroom/kit.jpg", False, False),
    ],
)
def test_allowing_matches_to_the_letter_and_restricting_widely(path: str, allowed: bool, denied: bool) -> None:
    match = {"path": "/press/**"}
    assert (decides([{"match": match, "action": "allow"}], visit(path)) is not None) is allowed
    assert (decides([{"match": match, "action": "deny"}], visit(path)) is not None) is denied


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("/art/*.jpg", "/art/7.jpg."),
        ("/art/*.jpg", "/art/7.jpg .;v=1"),
        ("/inc./*", "/inc./7.jpg"),
        ("/inc./*", "/inc.;v=1/7.jpg"),
        ("/a;b/*", "/a;b./7.jpg"),
        ("/a;b/*", "/A;b/7.jpg"),
    ],
)
def test_a_restriction_that_names_such_signs_itself_holds_too(glob: str, path: str) -> None:
    assert decides([{"match": {"path": glob}, "action": "deny"}], visit(path)) is not None


@pytest.mark.parametrize(
    ("method", "allowed", "denied"),
    [("GET", True, True), ("get", False, True), ("POST", False, False)],
)
def test_the_same_goes_for_the_method(method: str, allowed: bool, denied: bool) -> None:
    found = visit(method=method)
    assert (decides([{"match": {"method": "GET"}, "action": "allow"}], found) is not None) is allowed
    assert (decides([{"match": {"method": "GET"}, "action": "protect"}], found) is not None) is denied


@pytest.mark.parametrize(
    "sent", ["private.example.com", "PRIVATE.example.com.", "private.example.com:", "private.example.com.:80"]
)
@pytest.mark.parametrize("named", ["private.example.com", "private.example.com."])
def test_a_host_may_be_written_in_several_ways(named: str, sent: str) -> None:
    assert decides([{"match": {"host": named}, "action": "deny"}], visit(host=sent)) is not None


def test_long_paths_of_odd_signs_are_judged_in_no_time() -> None:
    for part in (". ", "a. ", "a./", ";", "a;"):
        found = visit("/" + part * (8000 // len(part)) + "x")
        assert decides([{"match": {"path": "/private/**"}, "action": "deny"}], found) is None


def test_an_unknown_address_is_in_no_network() -> None:
    found = visit(ip="")
    assert decides([{"match": {"address": "0.0.0.0/0"}, "action": "allow"}], found) is None


def test_a_rule_with_a_score_is_returned_undecided_while_the_score_is_unknown() -> None:
    rules = [{"match": {"path": "/art/**", "score": 3}, "action": "deny"}]
    assert decides(rules, visit(), None) == "rules[0]"
    assert decides(rules, visit("/other"), None) is None
    assert decides(rules, visit(), 2.9) is None
