"""``guardware explain``: the verdict in words and as JSON, and what is asked wrongly."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER
from click.testing import CliRunner

from guardware.cli.explain import command
from guardware.explain.judging import GIVEN
from guardware.explain.words import RECORD
from guardware.signals import NAMES

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
NAVIGATION = ("Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Accept: text/html")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hour and no day of the clock ends while visits are repeated."""
    monkeypatch.setattr(time, "time", lambda: 1_793_707_200.0)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "115")


def explain(*arguments: str, config: str = os.devnull) -> str:
    result = CliRunner().invoke(command, ["--config", config, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def as_json(*arguments: str, config: str = os.devnull) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(explain(*arguments, "--json", config=config))
    return report


def browser(*instead: str) -> list[str]:
    """The options that make a visit a browser's, with some headers replaced."""
    headers = {name.decode(): value.decode() for name, value in BROWSER if name not in (b"host", b"referer")}
    headers.update({name.lower(): value for name, _, value in (header.partition(": ") for header in instead)})
    return [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]


def test_a_tool_in_words() -> None:
    text = explain("--url", "http://localhost/art/1.jpg", "--ua", "curl/8.5.0")
    assert text.startswith("PROTECT  decided by crawlers.tool\n")
    assert "tool-on-picture: says it is curl, a tool and not a browser (proof)" in text
    assert "crawlers.tool: curl is in the catalogue for tool, and crawlers.tool says protect" in text
    assert "which stands before the thresholds" in text


def test_a_crawler_as_json() -> None:
    report = as_json("--ua", "GPTBot/1.2")
    assert (report["verdict"], report["decided_by"], report["rung"]) == ("deny", "crawlers.training", "crawlers")
    assert report["crawler"]["operator"] == "OpenAI"
    assert report["evidence"][0]["proof"] is True
    assert report["record"] is None


def test_a_browser_with_its_headers() -> None:
    text = explain("--url", "http://localhost/art/1.jpg", *browser())
    assert text.startswith("ALLOW  decided by default")
    assert "Only the headers given" not in text
    assert "Chrome 156" in text
    assert "thresholds.protect (protect) takes 2.00 more score" in text
    assert "budgets.per_hour (protect) takes 300 more different originals" in text


def test_a_browser_without_its_headers_is_told_what_is_missing() -> None:
    assert "Only the headers given were judged" in explain("--ua", CHROME)


def test_an_opt_out_file_is_known_as_one() -> None:
    assert explain("--url", "http://localhost/robots.txt", "--ua", "GPTBot").startswith("ALLOW  decided by notice")


@pytest.mark.parametrize(
    ("ip", "decided_by", "words"),
    [
        ("66.249.66.1", "crawlers.search", "verified: its address is in Google's published ranges"),
        ("8.8.8.8", "crawlers.search, unverified", "unverified: it was not checked"),
    ],
)
def test_the_address_lists_are_asked_and_nobody_else(tmp_path: Path, ip: str, decided_by: str, words: str) -> None:
    config = tmp_path / "guardware.yaml"
    config.write_text("crawlers: {search: allow}\nstore: {folder: none}\n")
    text = explain("--ip", ip, "--ua", "Googlebot/2.1", config=str(config))
    assert f"decided by {decided_by}\n" in text
    assert f"Googlebot of Google (search), {words}" in text


def test_the_list_of_signals() -> None:
    lines = explain("--list").splitlines()
    assert [line.split("  ")[2:] for line in lines if "gallery-sweep" in line] == [["gallery-sweep"]]
    assert "   +7.0  declared   declared-crawler        proof" in lines
    assert "to +5.0  behaviour  navigated-pictures" in lines
    assert "   +1.0  network    hosting-network         prior" in lines
    assert {name for name in NAMES if not any(name in line for line in lines)} == set()
    assert lines[0].split() == ["weight", "group", "signal", "remarks"]
    assert lines.index("") == 1 + len(NAMES)
    assert "prior   says where a client comes from and who else comes: makes it doubtful, never refuses" in lines
    assert lines[-1].endswith("whom it may hit: docs/detection.md")


def test_the_list_as_the_owner_tuned_it(tmp_path: Path) -> None:
    config = tmp_path / "guardware.yaml"
    config.write_text("signals:\n  off: [no-gzip]\n  weights: {no-language: 0.5, many-pictures: 1}\n")
    lines = explain("--list", config=str(config)).splitlines()
    assert "   +0.5  headers    no-language             +1.5 as shipped" in lines
    assert "   +2.0  headers    no-gzip                 switched off" in lines
    assert "to +1.0  behaviour  many-pictures           +4 as shipped" in lines
    listed = json.loads(explain("--list", "--json", config=str(config)))
    assert [one["name"] for one in listed if one["off"]] == ["no-gzip"]


def test_behaviour_builds_up_over_visits() -> None:
    url = "http://localhost/art/{n}.jpg"
    report = as_json("--url", url, *browser(*NAVIGATION), "--repeat", "6", "--every", "2")
    changes = [(c["number"], c["seconds"], c["action"], c["decided_by"]) for c in report["changes"]]
    assert changes == [
        (1, 0.0, "allow", "default"),
        (4, 6.0, "protect", "thresholds.protect"),
        (6, 10.0, "protect", "thresholds.suspect"),
    ]
    assert report["changes"][1]["evidence"] == {"navigated-pictures": 2.0}
    assert (report["record"]["visits"], report["record"]["navigated"], report["visits"]) == (6, 6, 6)
    text = explain("--url", url, *browser(*NAVIGATION), "--repeat", "6", "--every", "2")
    assert "      4       6 s  protect  thresholds.protect   +2.00  navigated-pictures +2.00\n" in text
    assert "The last visit, number 6:" in text


def test_a_limit_is_reached_by_repeating() -> None:
    report = as_json("--url", "http://localhost/", *browser(*NAVIGATION), "--repeat", "70", "--every", "0")
    assert (report["verdict"], report["decided_by"]) == ("limit", "limits.client.page")
    assert report["why"] == "more than 60 at once or 120/minute of kind page from one address; again in 1 s"
    assert report["changes"][-1]["number"] == 61


def test_many_changes_are_not_all_printed() -> None:
    arguments = ["--url", "http://localhost/", *browser(*NAVIGATION), "--repeat", "400", "--every", "0.3"]
    assert "more changes; --json has them all" in explain(*arguments)


def test_a_client_with_a_past() -> None:
    given = ["--record", "asked_hour=120", "--record", "pages=0", "--record", "headers_score=3"]
    report = as_json("--url", "http://localhost/art/1.jpg", *browser(), *given)
    assert [(e["name"], e["weight"], e["counts"], e["running"]) for e in report["evidence"]] == [
        ("pictures-without-pages", 1.5, 1.5, 4.5),
        ("many-pictures", 0.86, 0.86, 5.36),
    ]
    assert report["remembered"] == {"headers": {"counts": 3.0, "running": 3.0}}
    assert report["decided_by"] == "thresholds.suspect"
    assert report["next"] == [
        {
            "key": "thresholds.deny",
            "action": "deny",
            "needs": "1.50 more score of its own doing",
            "short_by": 1.5,
        }
    ]


def test_budgets_in_words() -> None:
    text = explain(
        "--url", "http://localhost/art/1.jpg", *browser(), "--record", "hour=301", "--record", "rendered=1"
    )
    assert text.startswith("PROTECT  decided by budgets.per_hour\n")
    assert "about 301 different originals in this hour of the clock (UTC), of 300" in text


@pytest.mark.parametrize("columns", [60, 80, 100, 115, 300])
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    past = [f"--record={name}=200" for name in ("asked_hour", "walk", "errors", "rate", "cookies", "navigated")]
    url = f"http://{'sub.' * 20}example.com/{'art/' * 60}1.jpg"
    text = explain("--url", url, "--ua", CHROME + " x" * 300, *past, "--repeat", "9")
    assert max(map(len, text.splitlines())) <= min(columns, 115)
    assert max(map(len, explain("--list").splitlines()[:-5])) <= columns


def test_names_stay_whole_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert "here Sec-Fetch-Dest, -Mode and" in explain("--ua", CHROME).replace("\n", " ")


@pytest.mark.parametrize(
    ("ua", "url", "missing"),
    [
        (CHROME, "https://example.com/", "here Sec-Fetch-Dest, -Mode and -Site and Sec-CH-UA"),
        (FIREFOX, "https://example.com/", "here Sec-Fetch-Dest, -Mode and -Site"),
        (FIREFOX, "http://example.com/", None),  # browsers send them to https only
        ("Made-Up/1.0", "https://example.com/", None),
    ],
)
def test_headers_that_decide_by_their_absence_are_named(ua: str, url: str, missing: str | None) -> None:
    some = [f"--header=X-{number}: 1" for number in range(4)]
    text = explain("--ua", ua, "--url", url, *some)
    assert ("Only the headers given were judged" in text) is (missing is not None)
    assert missing is None or missing in text.replace("\n", " ")


def test_the_class_of_headers_in_words() -> None:
    arguments = ["--ua", FIREFOX, "-H", "Accept-Language: de", "-H", "Accept-Encoding: gzip, br"]
    line = "class      gecko150/de/gb/: gecko150, language de, gzip br, no client hints or fetch metadata\n"
    assert line in explain(*arguments)
    assert "class      other///: no known browser, no language, no compression, " in explain("--ua", "Made-Up/1.0")


def test_no_evidence_is_no_sum() -> None:
    text = explain("--url", "http://localhost/art/1.jpg", *browser())
    assert "score                  +0.00  nothing speaks against it\n" in text


H2 = "ALPN and protocol count once a visit has come by HTTP/2 or 3, since until then the front may not offer it"
LEARNS = "a server learns from its first 200 requests whether header order counts"
ELSEWHERE = "facts are believed of clients.trusted_proxies only, and this visit comes from elsewhere"
PASSED = ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https")


@pytest.mark.parametrize(
    ("ip", "headers", "unasked"),
    [
        (
            "127.0.0.1",
            (*PASSED, "X-Alpn: none"),
            {H2: ["no-alpn", "no-h2"], "no JA4 came in X-Ja4": ["ja4-mismatch"]},
        ),
        (
            "127.0.0.1",
            (*PASSED, "X-Alpn: h2", "X-Ja4: t13d1516h2_8daaf6152771"),
            {},
        ),
        (
            "127.0.0.1",
            PASSED,
            {"nothing came in X-Alpn": ["no-alpn", "no-h2"], "no JA4 came in X-Ja4": ["ja4-mismatch"]},
        ),
        (
            "127.0.0.1",
            PASSED[:1],
            {
                "facts are of TLS, and this visit came by http; add -H 'X-Forwarded-Proto: https'": [
                    "no-alpn",
                    "no-h2",
                    "ja4-mismatch",
                ]
            },
        ),
        ("198.51.100.7", (), {ELSEWHERE: ["no-alpn", "no-h2", "ja4-mismatch"]}),
    ],
)
def test_signals_on_the_connection_that_could_not_be_asked(
    tmp_path: Path, ip: str, headers: tuple[str, ...], unasked: dict[str, list[str]]
) -> None:
    config = tmp_path / "guardware.yaml"
    config.write_text("clients: {trusted_proxies: [127.0.0.1], facts: {alpn: X-Alpn, ja4: X-Ja4}}\n")
    given = ["--ip", ip, "--ua", CHROME, *(f"--header={header}" for header in headers)]
    report = as_json(*given, config=str(config))
    assert {one["why"]: one["signals"] for one in report["unasked"]} == unasked | {LEARNS: ["order-mismatch"]}
    assert f"order-mismatch: {LEARNS}" in explain(*given, config=str(config))


def test_where_no_front_passes_facts_nothing_is_said_of_them() -> None:
    assert "not asked" not in explain("--ua", CHROME)


def test_everything_that_a_record_shows_is_explained() -> None:
    assert set(GIVEN) == set(RECORD)
    help_ = CliRunner().invoke(command, ["--help"]).output
    assert [name for name in GIVEN if f"\n  {name} " not in help_.replace("    ", "  ")] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ip", "nope"], "'nope' is no address"),
        (["--url", "nope"], "'nope' is no http or https address"),
        (["--header", "nope"], "'nope' is not of the form 'Name: value'"),
        (["-H=X-Test: 1"], "'=X-Test: 1' is not of the form 'Name: value'"),
        (["--url", "http://localhost/a/../b"], "cannot be judged safely"),
        (["--url", "http://["], "is no http or https address"),
        (["--repeat", "0"], "0 is not in the range"),
        (["--every", "-1"], "-1.0 is not in the range"),
        (["--record", "age=3"], "'age' is nothing a record has; write one of visits"),
        (["--record", "walk"], "'walk' does not fit: walk is a whole number from 0 to 1,000,000, such as walk=1"),
        (["--record", "walk=-3"], "walk is a whole number from 0 to 1,000,000"),
        (["--record", "walk=1e9"], "walk is a whole number from 0 to 1,000,000"),
        (["--record", "walk=1.5"], "walk is a whole number"),
        (["--record", "rate=nan"], "rate is a number from 0 to 1,000,000"),
        (["--record", "rendered=2"], "rendered is a whole number from 0 to 1,"),
        (["--record", "headers_score=99"], "headers_score is a number from 0 to 14"),
        (["--record", "behaviour_score=7"], "behaviour_score is a number from 0 to 6"),
        (["--method", "B AD"], "'B AD' is no method"),
        (["--method", ""], "'' is no method"),
        (["--every", "3"], "--every is the time between visits; say with --repeat how many there are"),
    ],
)
def test_what_is_asked_wrongly(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command, ["--config", os.devnull, *arguments])
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())
