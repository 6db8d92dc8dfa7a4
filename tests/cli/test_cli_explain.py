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
from guardware.signals import NAMES

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
NAVIGATION = ("Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Accept: text/html")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hour and no day of the clock ends while visits are repeated."""
    monkeypatch.setattr(time, "time", lambda: 1_793_707_200.0)


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
    assert len(lines) == len(NAMES)


def test_the_list_as_the_owner_tuned_it(tmp_path: Path) -> None:
    config = tmp_path / "guardware.yaml"
    config.write_text("signals:\n  off: [no-gzip]\n  weights: {no-language: 0.5, many-pictures: 1}\n")
    lines = explain("--list", config=str(config)).splitlines()
    assert "   +0.5  headers    no-language             +1.5 as shipped" in lines
    assert "   +2.0  headers    no-gzip                 switched off" in lines
    assert "   +1.0  behaviour  many-pictures           +4 as shipped" in lines
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
    assert "301 different originals in this hour of the clock (UTC), of 300" in text


def test_no_line_is_too_long() -> None:
    past = [f"--record={name}=200" for name in ("asked_hour", "walk", "errors", "rate", "cookies", "navigated")]
    url = f"http://{'sub.' * 20}example.com/{'art/' * 60}1.jpg"
    text = explain("--url", url, "--ua", CHROME + " x" * 300, *past, "--repeat", "9")
    assert max(map(len, text.splitlines())) <= 115


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ip", "nope"], "'nope' is no address"),
        (["--url", "nope"], "'nope' is no http or https address"),
        (["--header", "nope"], "'nope' is not of the form 'Name: value'"),
        (["--url", "http://localhost/a/../b"], "cannot be judged safely"),
        (["--url", "http://["], "is no http or https address"),
        (["--repeat", "0"], "0 is not in the range"),
        (["--every", "-1"], "-1.0 is not in the range"),
        (["--record", "age=3"], "'age' is nothing a record has; write one of visits"),
        (["--record", "walk"], "'walk' gives no number; write for example walk=20"),
        (["--record", "walk=-3"], "gives no number"),
        (["--record", "rate=nan"], "gives no number"),
        (["--record", "walk=1.5"], "'walk=1.5' is no whole number"),
    ],
)
def test_what_is_asked_wrongly(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command, ["--config", os.devnull, *arguments])
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())
