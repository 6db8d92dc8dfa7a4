"""From what the guard sees to what an artist is told: who the visitors are, and the lines that mend it."""

from typing import Any

import pytest

from guardware.doctor.finding import Level
from guardware.doctor.view import FORGED, Seen, view_findings

SENT = ["user-agent", "accept", "accept-language", "accept-encoding", "authorization"]


def view(**changed: Any) -> dict[str, Any]:
    usual = {
        "peer": ["10.0.0.2", 4711],
        "address": "8.8.8.8",
        "trusted": True,
        "unheeded": False,
        "trusted_proxies": ["10.0.0.2/32"],
        "forwarded": [["x-forwarded-for", "8.8.8.8"], ["x-forwarded-proto", "https"]],
        "scheme": "https",
        "host": "ada.example",
        "order": "kept",
        "headers": ["host", "x-forwarded-for", *SENT],
    }
    return {**usual, **changed}


def found(plain: dict[str, Any], *, forged: str = "8.8.8.8", direct: bool = False) -> dict[Level, str]:
    seen = Seen("https://ada.example/.guardware/seen", plain, view(address=forged), direct, SENT)
    by_level: dict[Level, str] = {}
    for finding in view_findings(seen):
        told = "\n".join((finding.text, *finding.mend))
        by_level[finding.level] = f"{by_level.get(finding.level, '')}{told}\n"
    return by_level


def test_all_is_well_behind_a_trusted_server_that_tells() -> None:
    told = found(view())
    assert set(told) == {Level.OK}
    assert "sees this visit come from 8.8.8.8" in told[Level.OK]


@pytest.mark.parametrize(
    ("plain", "says", "mends"),
    [
        (
            view(trusted=False, address="10.0.0.2"),
            "ALL your visitors look like one",
            "[10.0.0.2]",
        ),
        (view(trusted=False, forwarded=[]), "a server stands in between", "[10.0.0.2]"),
        (view(trusted=False, peer=None), "come from unix", "[unix]"),
        (
            view(peer=["2001:db8::2", 1], trusted=False),
            "come from 2001:db8::2",
            "['2001:db8::2']",
        ),
        (view(forwarded=[["x-forwarded-proto", "https"]]), "sends no X-Forwarded-For", "option forwardfor"),
        (view(scheme="http", forwarded=[["x-forwarded-for", "8.8.8.8"]]), "takes it for http", "  scheme: https"),
    ],
)
def test_what_is_wrong_with_the_server_in_front(plain: dict[str, Any], says: str, mends: str) -> None:
    told = found(plain)[Level.FAULT]
    assert says in told
    assert mends in told


def test_who_can_write_himself_an_address() -> None:
    assert "Anybody can write himself any address" in found(view(), forged=FORGED)[Level.FAULT]
    assert Level.FAULT not in found(view(trusted=False), forged=FORGED, direct=True)


@pytest.mark.parametrize(
    ("came", "how"),
    [(["user-agent", *sorted(SENT[1:])], "sorts them"), (["authorization", *SENT[:4]], "moves them")],
)
def test_a_front_that_changes_the_order_of_headers(came: list[str], how: str) -> None:
    told = found(view(headers=came))
    assert set(told) == {Level.OK, Level.WARNING} or came == sorted(came)
    assert how in told.get(Level.WARNING, how)


@pytest.mark.parametrize(("host", "level"), [("ada.example:8443", Level.OK), ("127.0.0.1:8000", Level.WARNING)])
def test_a_front_that_changes_the_name(host: str, level: Level) -> None:
    assert level in found(view(host=host))
    assert ("changes the name" in found(view(host=host)).get(Level.WARNING, "")) is (level is Level.WARNING)


def test_past_a_trusted_front_nothing_can_be_said_of_it() -> None:
    assert "went past it" in found(view(), direct=True)[Level.WARNING]
    assert set(found(view(trusted=False), direct=True)) == {Level.OK}
