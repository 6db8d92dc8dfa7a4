"""``guardware crawlers``: list, show, match."""

import json

import pytest
from click.testing import CliRunner, Result

from guardware.cli.crawlers import command
from guardware.crawlers import Catalogue


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_list_has_a_line_for_every_crawler() -> None:
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == len(Catalogue.load())
    assert next(line.split() for line in lines if line.startswith("GPTBot ")) == [
        "GPTBot",
        "training",
        "OpenAI",
        "AI",
    ]


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for arguments in (["list"], ["show", "GPTBot"]):
        assert max(map(len, run(*arguments).stdout.splitlines())) <= columns


def test_list_of_one_purpose_as_json() -> None:
    crawlers = json.loads(run("list", "--purpose", "dataset", "--json").stdout)
    assert {crawler["purpose"] for crawler in crawlers} == {"dataset"}
    assert {"CCBot", "img2dataset"} <= {crawler["token"] for crawler in crawlers}


def test_list_of_no_purpose_is_a_usage_error() -> None:
    result = run("list", "--purpose", "evil")
    assert result.exit_code == 2
    assert "'training'" in result.stderr


def test_show_says_how_to_verify_and_where_it_is_from() -> None:
    result = run("show", "gptbot")
    assert result.exit_code == 0
    facts = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    assert facts["token"].strip() == "GPTBot"
    assert facts["address list"].strip() == "https://openai.com/gptbot.json"
    assert "ai.robots.txt (https://github.com/ai-robots-txt/ai.robots.txt)" in facts["source"]


def test_show_as_json_has_every_field() -> None:
    shown = json.loads(run("show", "Google-Extended", "--json").stdout)
    assert shown["robots_only"] is True
    assert set(shown) == set(Catalogue.load().get("Google-Extended").__dataclass_fields__)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("token", "hint"),
    [
        ("GPTBto", "did you mean GPTBot"),
        ("\ud800", "see: guardware crawlers list"),
        ("", "see: guardware crawlers list"),
    ],
)
def test_show_of_an_unknown_token_is_a_usage_error_with_a_hint(token: str, hint: str) -> None:
    result = run("show", token)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_match_names_the_crawler() -> None:
    assert run("match", "Mozilla/5.0 (compatible; GPTBot/1.2)").stdout.splitlines()[0].split() == [
        "token",
        "GPTBot",
    ]


@pytest.mark.parametrize(
    "user_agent", ["Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", ""]
)
def test_match_of_a_person(user_agent: str) -> None:
    result = run("match", user_agent)
    assert (result.exit_code, result.stdout) == (0, "declares no known crawler\n")
    assert json.loads(run("match", "--json", user_agent).stdout) is None
