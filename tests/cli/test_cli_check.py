"""``guardware check``: exit codes, what goes to which stream, and what is never shown."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from guardware.cli.check import command, unknown_names
from guardware.config import from_mapping
from guardware.config.faults import dotted
from guardware.crawlers.catalogue import Catalogue

CONFIGS = Path(__file__).parent.parent / "corpora" / "configs"


def guardware(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real command, in its own process."""
    run = [sys.executable, "-c", "from guardware.cli import main; main()", *arguments]
    return subprocess.run(run, cwd=cwd, check=False, capture_output=True, text=True)


def test_a_fine_file(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text("site: {name: Ada}\ncrawlers: {archive: deny}\n")
    done = guardware("check", "g.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "g.yaml: fine\n"
        "  mode        enforce\n"
        "  denied      training, dataset, ai-search, archive\n"
        "  protected   user-fetch, search, preview, feed, monitor, seo, tool\n"
        "  allowed     none\n"
        "  thresholds  protect from 2, deny from 6.86\n"
        "  budget      300 originals an hour, 1000 a day\n"
        "  exceptions  0 crawlers by name, 0 rules\n"
        "  store       memory://\n"
    )


def test_a_bad_file_tells_every_fault_on_stderr_and_exits_with_2() -> None:
    done = guardware("check", "slips.yaml", cwd=CONFIGS / "bad")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (CONFIGS / "bad" / "slips.expected").read_text("utf-8")


def test_no_file_and_a_missing_file(tmp_path: Path) -> None:
    done = guardware("check", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("There is no guardware.yaml here, so these are the defaults:\n")
    done = guardware("check", "no.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "no.yaml:1:1: file: is not there; check the name, or write one with: guardware init\n"


def test_warnings_have_places_and_leave_the_exit_code_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("guardware.yaml").write_text(
        "mode: monitor\nsite: {name: Ada}\nclients: {trusted_proxies: [0.0.0.0/0]}\n"
        "crawlers: {tokens: {GPTBott: deny}}\n"
    )
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    trusted, unknown = result.stderr.splitlines()
    assert trusted.startswith(
        "warning: guardware.yaml:3:29: clients.trusted_proxies[0]: trusts everyone, so anyone"
    )
    assert unknown == (
        "warning: guardware.yaml:4:21: crawlers.tokens.GPTBott: is no crawler that is known; did you mean GPTBot?"
    )
    assert "mode        monitor: everything is judged and written down, and NOTHING is protected" in result.stdout


def test_the_summary_never_shows_the_password_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW", "s3cret")
    file = tmp_path / "g.yaml"
    file.write_text("store: {url: 'redis://ada:${PW}@h:6379/0?password=${PW}'}")
    result = CliRunner().invoke(command, [str(file)])
    assert "store       redis://h:6379/0\n" in result.output
    assert "s3cret" not in result.output


def test_the_schema() -> None:
    result = CliRunner().invoke(command, ["--schema"])
    assert result.exit_code == 0
    assert json.loads(result.output)["title"] == "Config"


@pytest.mark.parametrize(
    ("data", "path", "text"),
    [
        ({"crawlers": {"tokens": {"gptbot": "deny"}}}, "", ""),
        ({"crawlers": {"tokens": {"CCBott": "deny"}}}, "crawlers.tokens.CCBott", "did you mean CCBot?"),
        (
            {"rules": [{"match": {"crawler": ["GPTBot", "zzzzzz"]}, "action": "deny"}]},
            "rules[0].match.crawler[1]",
            "see: guardware crawlers list",
        ),
        ({"signals": {"off": ["no-languag"]}}, "signals.off[0]", "did you mean no-language?"),
        ({"signals": {"weights": {"zzzzzz": 1}}}, "signals.weights.zzzzzz", "see: guardware explain --list"),
    ],
)
def test_names_that_nobody_knows(data: dict[str, object], path: str, text: str) -> None:
    found = list(unknown_names(from_mapping(data), Catalogue.load()))
    assert [dotted(fault.path) for fault in found] == ([path] if path else [])
    assert all(fault.text.endswith(text) for fault in found)


def test_a_crawler_that_nobody_can_verify_is_taken_at_its_word(tmp_path: Path) -> None:
    file = tmp_path / "guardware.yaml"
    file.write_text("site: {name: Ada}\ncrawlers:\n  tokens: {Bytespider: allow, Googlebot: allow}\n")
    told = CliRunner().invoke(command, [str(file)]).stderr
    assert "crawlers.tokens.Bytespider: gives originals without a budget to whoever says so" in told
    assert "Googlebot" not in told
