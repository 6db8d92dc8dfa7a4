"""Warnings: what is allowed and yet hardly meant."""

from typing import Any

import pytest

from guardware.config import from_mapping
from guardware.config.checks import warnings
from guardware.config.schema import Match
from guardware.config.shadow import covers

NAMED = {"site": {"name": "Ada"}}


def warned(data: dict[str, Any]) -> list[str]:
    return warnings(from_mapping(NAMED | data))


def test_nothing_odd() -> None:
    assert warned({}) == []
    assert warned({"clients": {"trusted_proxies": ["unix", "10.0.0.0/8", "::1"]}}) == []


def test_a_watermark_that_names_nobody() -> None:
    assert warned({"site": {}}) == ["site.name: is empty, so the watermark names nobody; write the artist's name"]
    assert warned({"site": {}, "images": {"watermark": {"text": "© me"}}}) == []


@pytest.mark.parametrize("everyone", ["0.0.0.0/0", "::/0"])
def test_trusting_everyone(everyone: str) -> None:
    (warning,) = warned({"clients": {"trusted_proxies": ["10.0.0.1", everyone]}})
    assert warning.startswith("clients.trusted_proxies[1]: trusts everyone, so anyone can forge an address; ")


def test_doubting_everyone() -> None:
    (warning,) = warned({"thresholds": {"protect": 0}})
    assert warning.startswith("thresholds.protect: is not above 0, where every visitor begins")


def test_a_rule_that_decides_nothing() -> None:
    rules = [
        {"match": {"path": "/drafts/**"}, "action": "protect"},
        {"match": {"path": "/press/**"}, "action": "allow"},
        {"match": {"path": "/press/private/*", "kind": "image"}, "action": "deny"},
    ]
    assert warned({"rules": rules}) == [
        "rules[2]: decides nothing, because rules[1] takes its visits first; move it up, or remove it"
    ]


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ({"path": "/a"}, {"path": "/a"}, True),
        ({"path": "/a"}, {"path": "/b"}, False),
        ({"path": "/**"}, {"path": "/a/*"}, True),
        ({"path": "/**"}, {"kind": "image"}, False),  # in doubt no: nothing is said of the path
        ({"path": "/a/**"}, {"path": "/a/b/**"}, True),
        ({"path": "/a/**"}, {"path": "/**"}, False),
        ({"path": "/a/*"}, {"path": "/a/b"}, False),  # in doubt no: globs are not solved
        ({"path": "/?/**"}, {"path": "/?/**"}, True),
        ({"path": "/*/**"}, {"path": "/*/b/**"}, False),
        ({"path": ["/a", "/b"]}, {"path": "/b"}, True),
        ({"path": "/b"}, {"path": ["/a", "/b"]}, False),
        ({"kind": "image"}, {"kind": "image", "path": "/a"}, True),
        ({"kind": "image", "path": "/a"}, {"kind": "image"}, False),
        ({"kind": "image"}, {"kind": ["image", "page"]}, False),
        ({"method": "GET"}, {"method": "get"}, True),
        ({"address": "10.0.0.0/8"}, {"address": "10.1.0.0/16"}, True),
        ({"address": "10.1.0.0/16"}, {"address": "10.0.0.0/8"}, False),
        ({"address": "0.0.0.0/0"}, {"address": "::1"}, False),
        ({"host": "*.example.com"}, {"host": "A.Example.com"}, True),
        ({"host": "*.example.com"}, {"host": "example.com"}, False),
        ({"header": {"X-A": "*"}}, {"header": {"x-a": "b*", "Y": "c"}}, True),
        ({"header": {"X-A": "b"}}, {"header": {"X-A": "c"}}, False),
        ({"header": {"X-A": "*"}}, {"path": "/a"}, False),
        ({"crawler": "gptbot"}, {"crawler": "GPTBot"}, True),
        ({"purpose": "training"}, {"purpose": ["training"], "path": "/a"}, True),
        ({"purpose": "training"}, {"crawler": "GPTBot"}, False),
        ({"score": 2}, {"score": 3}, True),
        ({"score": 3}, {"score": 2}, False),
        ({"score": 2}, {"path": "/a"}, False),
        ({"path": "/a"}, {"path": "/a", "score": 2}, True),
    ],
)
def test_covers(wide: dict[str, Any], narrow: dict[str, Any], covered: bool) -> None:
    assert covers(Match.model_validate(wide), Match.model_validate(narrow)) is covered


@pytest.mark.parametrize(
    ("crawlers", "key"),
    [({"search": "allow"}, "crawlers.search"), ({"tokens": {"Googlebot": "allow"}}, "crawlers.tokens.Googlebot")],
)
def test_who_is_allowed_must_be_able_to_prove_it(crawlers: dict[str, object], key: str) -> None:
    off = {"verification": {"ranges": False, "reverse_dns": False, "web_bot_auth": False}}
    assert warnings(from_mapping({"site": {"name": "Ada"}, "crawlers": crawlers})) == []
    told = warnings(from_mapping({"site": {"name": "Ada"}, "crawlers": {**crawlers, **off}}))
    assert len(told) == 1
    assert told[0].startswith(f"{key}: ")


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"clients": {"account": {"header": "X-User"}}}, "clients.account.header"),
        ({"clients": {"facts": {"ja4": "X-JA4"}}}, "clients.facts.ja4"),
        ({"clients": {"networks": {"hosting_asns": [64500]}}}, "clients.networks.hosting_asns"),
        ({"mode": "monitor", "store": {"folder": "none"}}, "mode"),
    ],
)
def test_a_key_that_does_nothing(config: dict[str, Any], key: str) -> None:
    (told,) = warnings(from_mapping({"site": {"name": "Ada"}, **config}))
    assert told.startswith(f"{key}: ")


@pytest.mark.parametrize(
    "config",
    [
        {"clients": {"account": {"header": "X-User"}, "trusted_proxies": ["127.0.0.1"]}},
        {"clients": {"account": {"cookie": "sid"}}},
        {"mode": "monitor", "store": {"folder": "none"}, "observe": {"file": "events.jsonl"}},
    ],
)
def test_and_one_that_does(config: dict[str, Any]) -> None:
    assert warnings(from_mapping({"site": {"name": "Ada"}, **config})) == []


UP = {"proxy": {"upstream": "http://127.0.0.1:3000"}}


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({**UP, "hosts": {"ada.example": {"mode": "monitor"}}}, "hosts.ada.example.mode: is monitor before"),
        ({**UP, "mode": "monitor", "hosts": {"ada.example": {"mode": "enforce"}}}, "mode: is monitor before"),
        (
            {"hosts": {"a.example": UP, "b.example": {**UP, "mode": "monitor"}}},
            "hosts.b.example.mode: is monitor before",
        ),
    ],
)
def test_a_host_that_watches_the_site_that_another_protects(config: dict[str, Any], key: str) -> None:
    odd = warnings(from_mapping({"site": {"name": "Ada"}, **config}))
    assert next(line for line in odd if "is monitor before" in line).startswith(key)


@pytest.mark.parametrize(
    "config",
    [
        {**UP, "mode": "monitor", "hosts": {"ada.example": {}}},
        {**UP, "hosts": {"ada.example": {"mode": "monitor", "proxy": {"upstream": "http://127.0.0.1:3001"}}}},
        {"hosts": {"ada.example": {"mode": "monitor"}}},
    ],
)
def test_a_host_that_watches_a_site_of_its_own(config: dict[str, Any]) -> None:
    assert not [line for line in warnings(from_mapping({"site": {"name": "Ada"}, **config})) if "before" in line]
