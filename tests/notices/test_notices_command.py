"""``guardware robots``: prints the file, takes a configuration and an address, and says what is wrong."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guardware.cli.robots import command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_configuration_it_prints_the_default_file() -> None:
    result = run()
    assert result.exit_code == 0
    assert "License: https://example.com/license.xml\n" in result.output
    assert "User-agent: GPTBot\n" in result.output
    assert "User-agent: Googlebot\n" not in result.output


def test_the_address_comes_from_the_option_else_from_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("site: {url: 'https://mira.example/gallery/'}\ncrawlers: {tokens: {CCBot: allow}}\n")
    result = run("--config", str(path))
    assert "License: https://mira.example/license.xml\n" in result.output
    assert "User-agent: CCBot\n" not in result.output
    assert (
        "License: http://localhost:8000/license.xml\n"
        in run("--config", str(path), "--url", "http://localhost:8000").output
    )


def test_an_address_that_is_none_is_a_usage_error() -> None:
    result = run("--url", "example.com")
    assert result.exit_code == 2
    assert "scheme and host" in result.output


def test_where_robots_txt_is_off_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "guardware.yaml").write_text("notices: {robots_txt: false}\n")
    result = run()
    assert result.exit_code == 1
    assert "notices.robots_txt is off" in result.output
