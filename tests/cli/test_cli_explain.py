"""``guardware explain``: the verdict in words and as JSON, and what is asked wrongly."""

import json
import os

import pytest
from click.testing import CliRunner

from guardware.cli.explain import command
from guardware.signals import TABLE

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


def explain(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["--config", os.devnull, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_tool_in_words() -> None:
    text = explain("--url", "http://localhost/art/1.jpg", "--ua", "curl/8.5.0")
    assert text.startswith("PROTECT  decided by crawlers.tool\n")
    assert "tool-on-picture: says it is curl, a tool and not a browser (proof)" in text


def test_a_crawler_as_json() -> None:
    report = json.loads(explain("--ua", "GPTBot/1.2", "--json"))
    assert (report["verdict"], report["decided_by"]) == ("deny", "crawlers.training")
    assert report["crawler"]["operator"] == "OpenAI"
    assert report["evidence"][0]["proof"] is True


def test_a_browser_with_its_headers() -> None:
    headers = ["Accept: text/html", "Accept-Language: en", "Accept-Encoding: gzip, deflate"]
    options = [part for header in headers for part in ("-H", header)]
    text = explain("--url", "http://example.com/", "--ua", CHROME, *options)
    assert text.startswith("ALLOW  decided by default")
    assert "Only the headers given" not in text
    assert "Chrome 156" in text


def test_a_browser_without_its_headers_is_told_what_is_missing() -> None:
    assert "Only the headers given were judged" in explain("--ua", CHROME)


def test_the_list_of_signals() -> None:
    assert len(explain("--list").splitlines()) == len(TABLE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ip", "nope"], "'nope' is no address"),
        (["--url", "nope"], "'nope' is no http or https address"),
        (["--header", "nope"], "'nope' is not of the form 'Name: value'"),
        (["--url", "http://localhost/a/../b"], "cannot be judged safely"),
        (["--url", "http://["], "is no http or https address"),
    ],
)
def test_what_is_asked_wrongly(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert message in result.output
