"""``guardware init``: writes a preset, and never over something without being told to."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from guardware.cli.init import command
from guardware.config import load, preset_names, preset_text
from guardware.errors import ConfigError, GuardwareError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_arguments_it_writes_portfolio() -> None:
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    assert Path("guardware.yaml").read_text("utf-8") == preset_text("portfolio")
    assert result.output.startswith("Wrote guardware.yaml (preset portfolio). Open it, fill in site.name")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_written_and_loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert CliRunner().invoke(command, ["--preset", name, "mine.yaml"]).exit_code == 0
    load("mine.yaml")
    assert Path("mine.yaml").read_text("utf-8") == preset_text(name)


def test_it_replaces_a_file_only_with_force() -> None:
    Path("guardware.yaml").write_text("mode: monitor\n")
    result = CliRunner().invoke(command)
    assert isinstance(result.exception, GuardwareError)
    assert (
        str(result.exception) == "guardware.yaml is there already; name another file, or replace it with --force"
    )
    assert Path("guardware.yaml").read_text() == "mode: monitor\n"
    assert CliRunner().invoke(command, ["--force"]).exit_code == 0
    assert Path("guardware.yaml").read_text("utf-8") == preset_text("portfolio")


@pytest.mark.parametrize("target", ["no/such/folder.yaml", "a\0b"])
def test_where_nothing_can_be_written(target: str) -> None:
    result = CliRunner().invoke(command, [target])
    assert isinstance(result.exception, GuardwareError)
    assert "cannot be written" in str(result.exception)


def test_a_folder_is_not_replaced_even_with_force() -> None:
    Path("folder").mkdir()
    result = CliRunner().invoke(command, ["folder", "--force"])
    assert isinstance(result.exception, GuardwareError)


def test_an_unknown_preset_writes_nothing() -> None:
    result = CliRunner().invoke(command, ["--preset", "strickt"])
    assert isinstance(result.exception, ConfigError)
    assert not Path("guardware.yaml").exists()


def test_the_list() -> None:
    lines = CliRunner().invoke(command, ["--list"]).output.splitlines()
    assert [line.split()[0] for line in lines] == list(preset_names())
    assert not Path("guardware.yaml").exists()
