"""``guardware replay``: text, JSON and page, and what is asked wrongly."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from replay_lines import browsing, line

from guardware.cli.replay import command
from guardware.errors import GuardwareError
from guardware.replay.run import Progress
from guardware.replay.text import text

Write = Callable[..., str]

EVIL = "<script>alert(1)</script>\\x22><img src=x onerror=alert(1)>\\x1b[31m"


@pytest.fixture(autouse=True)
def hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal of who runs the tests has."""
    monkeypatch.setenv("COLUMNS", "100")


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, ["--config", os.devnull, *arguments], input=stdin, catch_exceptions=False)


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def page(write: Write, tmp_path: Path) -> str:
    """The page on a person, a person who is doubtful, and a scraper with an evil name."""
    lines = [
        *browsing(),
        *browsing("192.0.2.1", f"Mozilla/5.0 {EVIL}"),
        *(line(f"/art/{n}.jpg", EVIL, after=30, address="198.51.100.1") for n in range(5)),
        "nonsense " + EVIL,
    ]
    out = tmp_path / "report.html"
    result = run(write(lines), "--html", str(out))
    assert result.exit_code == 0
    assert "Open it in a browser" in result.stderr
    return out.read_text()


def test_text_of_a_log_with_everything_in_it(corpus: Path) -> None:
    result = run(str(corpus / "elastic-2015.log.gz"))
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 100
    report = json.loads(run(str(corpus / "elastic-2015.log.gz"), "--json").stdout)
    for width in (60, 80):
        assert max(map(len, text(report, width).splitlines())) <= width
    titles = [
        "People who would have been touched",
        "What decided",
        "Pictures in each 4 hours",
        "Crawlers and tools, by the names they give",
        "Networks",
        "Clients with most pictures",
        "Highest score of each client",
        "To know",
    ]
    assert [line for line in result.stdout.splitlines() if line in titles] == titles
    assert result.stderr == ""  # no bar where nobody looks


def test_text_of_the_smallest_log(write: Write) -> None:
    result = run(write([line("/")]))
    assert "1 visit of 1 client, " in result.stdout
    assert "so nothing can be said of mistakes" in result.stdout


def test_monitor_says_that_nothing_is_done(write: Write, tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("mode: monitor\n")
    result = CliRunner().invoke(command, [write([line("/")]), "--config", str(tmp_path / "monitor.yaml")])
    assert "mode: monitor, so nothing of this would have been done" in result.stdout


def test_json_keys_are_stable(corpus: Path) -> None:
    report: dict[str, Any] = json.loads(run(str(corpus / "combined.log"), "--json").stdout)
    assert list(report) == [
        *(
            "logs",
            "lines",
            "cut_short",
            "from",
            "to",
            "site",
            "mode",
            "thresholds",
            "notes",
            "total",
            "pictures",
            "mistakes",
        ),
        *("decisions", "manners", "crawlers", "networks", "clients", "scores", "timeline"),
    ]
    sums = ["clients", "visits", "pictures", "allow", "protect", "limit", "deny"]
    assert list(report["total"]) == sums
    assert list(report["decisions"][0]) == ["action", "decided_by", *sums]
    assert list(report["crawlers"][0]) == ["token", "operator", "purpose", *sums]
    assert list(report["networks"][0]) == ["network", *sums]
    assert list(report["clients"][0]) == [
        *("client", "agent", "user_agent", "manner", "crawler", "first", "last", "score"),
        *(*sums[1:], "decisions", "evidence"),
    ]
    assert list(report["timeline"]["bins"][0]) == [
        *("start", "original", "protected", "refused", "people-like", "unknown", "crawler", "tool")
    ]
    assert report["total"]["visits"] == sum(d["visits"] for d in report["decisions"])


def test_standard_input(corpus: Path) -> None:
    data = (corpus / "combined.log").read_bytes()
    report = json.loads(run("-", "--json", stdin=data).stdout)
    assert (report["lines"]["judged"], report["logs"][0]["name"]) == (8, "standard input")


def test_the_page_fetches_and_runs_nothing(page: str) -> None:
    found = Page(page)
    assert found.addresses == []
    assert not {"script", "img", "iframe", "link", "object", "base", "form"} & set(found.tags)
    assert "default-src 'none'" in page
    assert "@import" not in page
    assert "url(" not in page


def test_the_page_shows_what_visitors_wrote_as_text(page: str) -> None:
    words = "".join(Page(page).words)
    assert '<script>alert(1)</script>"><img src=x onerror=alert(1)>\\x1b[31m' in words
    assert "\x1b" not in page


def test_the_page_on_one_of_each(write: Write, tmp_path: Path) -> None:
    run(write([line("/")]), "--html", str(tmp_path / "report.html"))
    words = "".join(Page((tmp_path / "report.html").read_text()).words)
    assert "of 1 client" in words
    assert "1 visit was judged." in words
    assert "1 clients" not in words


def test_the_page_is_accessible(page: str) -> None:
    found = Page(page)
    plots = found.tags.count("desc")
    assert plots == 2
    assert found.tags.count("caption") == found.tags.count("table")
    assert found.tags.count("details") == plots + 1  # each plot has its table
    assert '<html lang="en">' in page
    assert found.tags.count("h1") == 1


def test_text_holds_no_control_characters(write: Write) -> None:
    evil = f"Mozilla/5.0 {EVIL}"
    lines = [*browsing(agent=evil), line("/", evil, address="a\x1b[31m.b\x07.c"), "nonsense \x1b[31m"]
    for option in ([], ["--addresses"], ["--json"]):
        output = run(write(lines), *option).stdout
        assert not [sign for sign in output if ord(sign) < 32 and sign != "\n"]


def test_a_page_that_is_there_is_kept_unless_forced(write: Write, tmp_path: Path) -> None:
    name, out = write(browsing()), tmp_path / "report.html"
    out.write_text("mine")
    with pytest.raises(GuardwareError, match="is there already; name another file, or use --force"):
        run(name, "--html", str(out))
    assert out.read_text() == "mine"
    assert run(name, "--html", str(out), "--force").exit_code == 0
    assert out.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["/no/such/file"], "does not exist"),
        (["."], "is a directory"),
        (["{log}", "--format", "iis"], "'iis' is not one of"),
        (
            ["{log}", "--site", "example.org"],
            "'example.org' is no http or https address; write http://example.org",
        ),
        (["{log}", "--site", "ftp://example.org"], "'ftp://example.org' is no http or https address\n"),
    ],
)
def test_what_is_asked_wrongly(write: Write, arguments: list[str], message: str) -> None:
    log = write(browsing())
    result = run(*(argument.format(log=log) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_text_keeps_to_the_width_of_the_terminal(
    write: Write, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    doubtful = browsing("192.0.2.1", "Mozilla/5.0 (Unheard-of) Engine/1")
    lines = run(write([*doubtful, "nonsense " * 20])).stdout.splitlines()
    assert [line for line in lines if len(line) > columns] == []
    assert any(line.split()[:2] == ["clients", "visits"] for line in lines)


def test_addresses_in_lines_that_cannot_be_read_are_masked_too(write: Write, tmp_path: Path) -> None:
    name = write([*browsing(), "46.118.127.106 broken", "::ffff:46.118.127.106 2001:db8:1:2::9 broken"])
    for option in ([], ["--json"], ["--html", str(tmp_path / "report.html")]):
        shown = run(name, *option).stdout
        if "--html" in option:
            shown = (tmp_path / "report.html").read_text()
        assert "46.118.127.0/24 broken" in shown
        assert "46.118.127.0/24 2001:db8:1::/48 broken" in shown
        assert "127.106" not in shown
        assert "1:2::9" not in shown
    assert "access.log:7: 46.118.127.106 broken" in run(name, "--addresses").stdout


def test_lines_that_cannot_be_read_stand_below_the_note_on_them(write: Write) -> None:
    lines = run(write([*browsing(), "nonsense"])).stdout.splitlines()
    at = lines.index("- 1 line could not be read, such as:")
    assert lines[at + 1] == "  access.log:7: nonsense"


def test_the_page_names_logs_without_their_folders(page: str, tmp_path: Path) -> None:
    assert "by access.log." in page
    assert str(tmp_path) not in page


def test_the_page_tells_equal_mistakes_once(write: Write, tmp_path: Path) -> None:
    odd = "Mozilla/5.0 (Unheard-of) Engine/1"
    log = write([line for n in range(30) for line in browsing(f"192.0.{n}.1", odd)])
    result = run(log, "--html", str(tmp_path / "report.html"))
    html = (tmp_path / "report.html").read_text()
    assert html.count("unknown-agent") == 1
    for shown in (html, " ".join(result.stdout.split())):
        assert "30 clients (192.0.0.0/24, 192.0.1.0/24, 192.0.2.0/24, 192.0.3.0/24 and 26 others)" in shown
        assert "180 visits" in shown


def test_counts_on_the_page_have_their_names_with_them(page: str) -> None:
    """On a telephone rows become blocks, and the heads of columns are out of sight."""
    cells = page.split("<tbody>")[-1].split("</tbody>")[0]
    assert 'data-name="visits"' in cells
    assert cells.count("<td data-name=") == cells.count("<td") - 2 * cells.count("<tr>")  # program and manner


def test_a_page_in_a_folder_that_is_not_there(write: Write, tmp_path: Path) -> None:
    with pytest.raises(GuardwareError, match="typo is not there; make it first"):
        run(write(browsing()), "--html", str(tmp_path / "typo" / "x.html"))
    assert not (tmp_path / "typo").exists()


def test_ctrl_c_is_told_first(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("guardware.replay.player.EVERY", 4)

    @contextmanager
    def interrupted() -> Iterator[Progress]:
        def progress(done: int, size: int) -> None:
            raise KeyboardInterrupt

        yield progress

    monkeypatch.setattr("guardware.cli.replay._bar", interrupted)
    result = run(write(browsing()), "--html", str(tmp_path / "report.html"))
    assert result.stderr.startswith("Cut short: the report is on what was read until Ctrl-C.")
    assert "Cut short: you ended the reading (Ctrl-C) after line 4." in result.stdout.split("Pictures")[0]
    assert "<strong>Cut short:</strong>" in (tmp_path / "report.html").read_text()


def test_a_bar_on_a_terminal(corpus: Path) -> None:
    """On standard error, so that what is printed can go elsewhere."""
    ours, theirs = os.openpty()
    program = "from guardware.cli import main; main()"
    arguments = ["replay", str(corpus / "elastic-2015.log.gz"), "--config", os.devnull, "--json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert b"Replaying" in shown
    assert b"100%" in shown
    assert json.loads(done.stdout)["lines"]["read"] == 10_000


def test_no_line_is_a_failure(write: Write) -> None:
    with pytest.raises(GuardwareError, match="no line could be read"):
        run(write(["nonsense"]))
