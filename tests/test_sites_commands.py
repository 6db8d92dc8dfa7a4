"""The commands where a configuration has several sites: each is judged and shown by its own part."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from guardware.cli.check import command as check
from guardware.cli.explain import command as explain
from guardware.cli.robots import command as robots

CONFIG = """\
site: {name: The House, url: https://house.example}
hosts:
  "ada.example":
    site: {name: Ada, url: https://ada.example}
    thresholds: {protect: 0}
    crawlers: {tokens: {NoSuchBot: deny}, training: protect}
    notices: {robots_disallow: [/private]}
  "open.example": {mode: monitor}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "guardware.yaml"
    file.write_text(CONFIG)
    return str(file)


@pytest.mark.parametrize(
    ("host", "has", "lacks"),
    [
        (["--host", "ada.example"], ["/private", "https://ada.example/license.xml"], []),
        (["--host", "Ada.Example."], ["/private"], []),
        (["--host", "elsewhere.example"], ["https://house.example/license.xml"], ["/private"]),
        ([], ["https://house.example/license.xml"], ["/private"]),
    ],
)
def test_robots(config: str, host: list[str], has: list[str], lacks: list[str]) -> None:
    shown = CliRunner().invoke(robots, ["--config", config, *host])
    assert shown.exit_code == 0
    assert [word for word in has if word not in shown.stdout] == []
    assert [word for word in lacks if word in shown.stdout] == []


def test_robots_of_what_is_no_host(config: str) -> None:
    shown = CliRunner().invoke(robots, ["--config", config, "--host", "ada.example:80"])
    assert shown.exit_code == 2
    assert "write 'ada.example' alone" in shown.stderr


@pytest.mark.parametrize(
    ("url", "action", "enforced"),
    [
        ("https://ada.example/1.jpg", "protect", True),
        ("https://ADA.example:443/1.jpg", "protect", True),
        ("https://house.example/1.jpg", "deny", True),
        ("https://open.example/1.jpg", "deny", False),
    ],
)
def test_explain(config: str, url: str, action: str, enforced: bool) -> None:
    arguments = ["--config", config, "--url", url, "--ua", "GPTBot/1.2", "--json"]
    told = json.loads(CliRunner().invoke(explain, arguments).stdout)
    assert (told["verdict"], told["enforced"]) == (action, enforced)


def test_check(config: str) -> None:
    shown = CliRunner().invoke(check, [config])
    assert shown.exit_code == 0
    told = [line.split(": ")[1:3] for line in shown.stderr.splitlines() if line.startswith("warning: ")]
    assert told == [
        [f"{config}:5:18", "hosts.ada.example.thresholds.protect"],
        [f"{config}:6:25", "hosts.ada.example.crawlers.tokens.NoSuchBot"],
    ]
    assert "host        ada.example: enforce" in shown.stdout
    assert "host        open.example: monitor, NOTHING is protected" in shown.stdout
