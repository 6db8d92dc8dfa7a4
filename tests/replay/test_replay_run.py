"""Whole replays: what is judged, in which order, and what the report says of it."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay_lines import FIREFOX, START, browsing, line

from guardware.config import Config, from_mapping
from guardware.errors import GuardwareError
from guardware.replay import player
from guardware.replay.page import page
from guardware.replay.run import Wishes, replay
from guardware.replay.site import read_site
from guardware.replay.text import text

NOW = START + 86400

Write = Callable[..., str]


def report_on(
    *names: str, config: Config | None = None, wishes: Wishes | None = None, now: float = NOW
) -> dict[str, Any]:
    return replay(names, config or Config(), wishes or Wishes(), now)


def test_a_person_and_a_tool(write: Write) -> None:
    tool = [line(f"/art/{n}.jpg", "python-requests/2.32", address="198.51.100.7", after=9) for n in range(4)]
    report = report_on(write([*browsing(), *tool]))
    assert (report["total"]["clients"], report["total"]["visits"]) == (2, 10)
    assert report["pictures"] == {"original": 4, "protected": 4, "refused": 0}
    assert report["mistakes"]["people"] == 1
    assert report["mistakes"]["clients"] == 0
    assert [c["token"] for c in report["crawlers"]] == ["python-requests"]
    assert {m["manner"]: m["pictures"] for m in report["manners"]} == {
        "people-like": 4,
        "unknown": 0,
        "crawler": 0,
        "tool": 4,
    }
    assert (report["from"], report["to"]) == ("2026-11-20T10:00:00Z", "2026-11-20T10:00:09Z")


@pytest.mark.parametrize(
    ("file", "judged", "denied"),
    [
        ("combined.log", 8, ["GPTBot"]),
        ("vhost.log", 8, ["GPTBot"]),
        ("traefik.log", 8, ["GPTBot"]),
        ("traefik.json", 8, ["GPTBot"]),
        ("nginx.json", 8, ["GPTBot"]),
        ("caddy.json", 8, ["GPTBot"]),
        ("common.log", 8, []),
    ],
)
def test_every_format_tells_the_same_story(corpus: Path, file: str, judged: int, denied: list[str]) -> None:
    report = report_on(str(corpus / file))
    assert report["lines"]["judged"] == judged
    assert [c["token"] for c in report["crawlers"] if c["deny"]] == denied


def test_a_log_without_headers_condemns_nobody(corpus: Path) -> None:
    report = report_on(str(corpus / "common.log"))
    assert report["pictures"]["original"] == 5
    assert "does not have Accept" in report["notes"][0]
    assert "User-Agent" in report["notes"][0]


def test_forwarded_addresses_count_from_trusted_proxies_only(corpus: Path) -> None:
    name = str(corpus / "nginx-main.log")
    alone = report_on(name)
    assert [n["network"] for n in alone["networks"]] == ["10.0.0.0/24"]
    assert any("trusted_proxies" in note for note in alone["notes"])
    trusted = report_on(name, config=from_mapping({"clients": {"trusted_proxies": ["10.0.0.0/8"]}}))
    assert {n["network"] for n in trusted["networks"]} == {"203.0.113.0/24", "198.51.100.0/24", "2001:db8::/48"}


def test_the_configuration_decides(write: Write) -> None:
    config = from_mapping({"rules": [{"match": {"path": "/art/*"}, "action": "deny"}]})
    report = report_on(write(browsing()), config=config)
    assert report["pictures"] == {"original": 1, "protected": 0, "refused": 3}
    mistake = report["mistakes"]["list"][0]
    assert (mistake["client"], mistake["agent"]) == ("203.0.113.0/24", "Firefox 157.0 on Linux")
    assert mistake["decisions"][0] == {"action": "deny", "decided_by": "rules[0]", "visits": 3}


def test_equal_mistakes_are_one_group(write: Write) -> None:
    odd, other = "Mozilla/5.0 (Unheard-of) Engine/1", "Mozilla/5.0 (Odd; Linux) Engine/1"
    lines = [line for n in range(3) for line in browsing(f"192.0.2.{n}", odd)]
    report = report_on(write([*lines, *browsing("198.51.100.1", other, pictures=20)]))
    assert [(g["clients"], g["alike"], g["visits"]) for g in report["mistakes"]["groups"]] == [
        (1, ["198.51.100.0/24"], 23),
        (3, ["192.0.2.0/24"], 18),
    ]
    assert report["mistakes"]["groups"][1]["decisions"] == [
        {"action": "protect", "decided_by": "thresholds.protect", "visits": 18}
    ]


def test_a_mistake_comes_with_its_evidence(write: Write) -> None:
    odd = "Mozilla/5.0 (Unheard-of) Engine/1"
    report = report_on(write([*browsing(), *browsing("192.0.2.1", odd)]))
    assert (report["mistakes"]["people"], report["mistakes"]["clients"]) == (2, 1)
    mistake = report["mistakes"]["list"][0]
    assert mistake["user_agent"] == odd
    assert [e["name"] for e in mistake["evidence"]] == ["unknown-agent"]


def test_addresses_are_shortened_unless_they_are_wanted(write: Write) -> None:
    name = write(browsing())
    assert report_on(name)["clients"][0]["client"] == "203.0.113.0/24"
    assert report_on(name, wishes=Wishes(addresses=True))["clients"][0]["client"] == "203.0.113.9"
    assert "203.0.113.9" not in str(report_on(name))


def test_budgets_and_limits_go_by_the_logs_clock(write: Write) -> None:
    pictures = [line(f"/art/{n}.jpg", after=n) for n in range(8)]
    config = from_mapping({"budgets": {"per_hour": 5, "per_day": 100}})
    report = report_on(write([*browsing(pictures=0), *pictures]), config=config)
    assert [d["visits"] for d in report["decisions"] if d["decided_by"] == "budgets.per_hour"] == [4]  # icon and 8
    later = [line(f"/art/{n}.jpg", after=3600 * n) for n in range(8)]
    report = report_on(write([*browsing(pictures=0), *later]), config=config)
    assert not [d for d in report["decisions"] if d["decided_by"].startswith("budgets")]


def test_pictures_that_were_not_there_are_no_pictures(write: Write) -> None:
    report = report_on(write([line("/art/1.jpg", status=404), line("/art/2.jpg", status=304)]))
    assert report["total"]["pictures"] == 1


def test_lines_that_are_no_visits(write: Write) -> None:
    lines = [
        *browsing(),
        "nonsense",
        "",
        line("/a").replace("GET /a HTTP/1.1", "-"),
        line("/a/../b"),
        line("/.guardware/health"),
        "x" * 70_000,
    ]
    report = report_on(write(lines))
    expected = {
        "read": 12,
        "judged": 6,
        "unparsable": 1,
        "too_long": 1,
        "no_request": 1,
        "bad_request": 1,
        "own": 1,
    }
    assert {key: report["lines"][key] for key in expected} == expected
    assert [(e["number"], e["text"]) for e in report["lines"]["examples"]] == [(7, "nonsense")]
    assert any("1 line could not be read and 1 line was longer than 64 kB" in note for note in report["notes"])


def test_names_of_hosts_are_clients_of_their_own(write: Write) -> None:
    lines = [line("/art/1.jpg", address=f"pc{n}.lab.example.org") for n in range(3)]
    report = report_on(write(lines))
    assert report["total"]["clients"] == 3
    assert [n["network"] for n in report["networks"]] == ["*.example.org"]
    assert any("names of hosts" in note for note in report["notes"])


def test_logs_are_played_in_the_order_of_their_time(write: Write) -> None:
    late, early = write(browsing(after=3600), "late.log"), write(browsing(), "early.log")
    report = report_on(late, early)
    assert [log["name"] for log in report["logs"]] == [early, late]
    assert any(note.startswith("The logs were not given in the order of their time") for note in report["notes"])
    assert report["lines"]["back"] == 0
    assert report_on(early, late)["notes"][0].startswith("The log does not have")


def test_lines_out_of_order_are_told(write: Write) -> None:
    report = report_on(write([line("/", after=200), line("/", after=100)]))
    assert any("1 line is earlier than others before" in note for note in report["notes"])


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_it(write: Write) -> None:
    report = report_on(write(["nonsense"], "bad.log"), write(browsing(), "good.log"))
    assert report["lines"]["judged"] == 6
    assert any(
        "bad.log is of no format that is known; its first line begins 'nonsense'" in n for n in report["notes"]
    )


@pytest.mark.parametrize(("lines", "reason"), [([], "is empty"), (["nonsense"], "of no format that is known")])
def test_no_line_at_all(write: Write, lines: list[str], reason: str) -> None:
    with pytest.raises(GuardwareError, match=f"no line could be read.*{reason}"):
        report_on(write(lines))


def test_the_first_line_of_an_unreadable_log_is_masked(write: Write) -> None:
    with pytest.raises(GuardwareError, match=r"its first line begins '203\.0\.113\.0/24 nonsense'"):
        report_on(write(["203.0.113.9 nonsense"]))


def test_old_browsers_were_not_old_in_an_old_log(write: Write) -> None:
    name = write(browsing(agent=FIREFOX.replace("157", "120")))
    assert report_on(name)["clients"][0]["score"] == 1.5
    old = report_on(name, now=NOW + 3 * 365 * 86400)
    assert old["clients"][0]["score"] == 0
    assert any("The log began 3 years ago" in note for note in old["notes"])
    younger = report_on(name, now=NOW + 366 * 86400)
    assert any("The log began 1 year ago" in note for note in younger["notes"])


def test_the_site_may_be_named(write: Write) -> None:
    name = write(browsing())
    assert report_on(name)["site"]["host"] == "gallery.example"
    other = report_on(name, wishes=Wishes(site=read_site("https://other.example", "as --site says")))
    assert other["mistakes"]["people"] == 0


def test_ctrl_c_reports_what_was_read_until_then(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "EVERY", 4)

    def interrupt(done: int, size: int) -> None:
        assert 0 < done <= size
        raise KeyboardInterrupt

    report = replay([write(browsing())], Config(), Wishes(), NOW, interrupt)
    assert report["lines"]["judged"] == 3
    assert report["cut_short"]


def test_many_clients_are_let_go_and_still_counted(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "MAX_CLIENTS", 10)
    report = report_on(write(line("/art/1.jpg", address=f"192.0.{n}.1", after=n) for n in range(100)))
    assert report["total"]["clients"] == report["total"]["visits"] == 100
    assert any("80 were summed up before the end" in note for note in report["notes"])


def test_the_same_log_gives_the_same_report(corpus: Path) -> None:
    name = str(corpus / "combined.log")
    assert report_on(name) == report_on(name)


PIECES = st.sampled_from(
    [
        *(
            b'"',
            b"\\",
            b" ",
            b"-",
            b"[",
            b"]",
            b"%2e%2e",
            b"\x00",
            b"\xff",
            b"GET ",
            b" HTTP/1.1",
            b"://",
            b"?",
            b"::1",
        ),
        *(b"a" * 600, b"Mozilla/5.0 (", b"/art/1.jpg", b"/favicon.ico", b"https://gallery.example/", b"http://["),
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.lists(PIECES | st.binary(max_size=8), max_size=5).map(b"".join)] * 4), max_size=8))
def test_whatever_visitors_write_is_replayed(visits: list[tuple[bytes, ...]]) -> None:
    head, tail = line("/").encode().split(b'"GET / HTTP/1.1"')
    address, rest = head.split(b" ", 1)
    lines = [line("/").encode()]
    for who, request, referer, agent in visits:
        lines.append(b'%b %b"%b"%b' % (who or address, rest, request, tail.replace(b'"-"', b'"%b"' % referer)))
        lines.append(b'%b %b"GET %b HTTP/1.1" 200 5 "%b" "%b"' % (address, rest, request, referer, agent))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        log.write_bytes(b"\n".join(lines))
        report = report_on(str(log))
    page(report)
    assert max(map(len, text(report).splitlines())) <= 100
    assert json.dumps(report)
    assert report["lines"]["judged"] >= 1


def test_a_client_that_never_rests_is_bounded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardware.replay.clients._MOST_HOURS", 4)
    report = report_on(write(line("/art/1.jpg", after=3600 * n) for n in range(20)))
    assert report["total"]["pictures"] == sum(b["original"] for b in report["timeline"]["bins"]) == 20
