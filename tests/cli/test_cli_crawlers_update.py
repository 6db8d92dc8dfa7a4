"""``guardware crawlers update``: shown before it is taken, and taken only when told to."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from guardware.cli import crawlers_update
from guardware.cli.crawlers import command
from guardware.crawlers import Catalogue
from guardware.crawlers.copies import bundled_copies
from guardware.crawlers.published import ListError
from guardware.crawlers.update import LISTS
from guardware.errors import ConfigError

GPTBOT = "https://openai.com/gptbot.json"
MISTRAL = "https://mistral.ai/mistralai-user-ips.json"
_SHIPPED = {url: copy.list.prefixes for url, copy in bundled_copies()}
_TAKEN = ["catalogue.json", "ranges"]


class Net:
    """The lists of the real net, by address; what is not here cannot be had."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {
            LISTS[0]: {"PictureEater": {"operator": "New Ltd", "function": "AI Data Scrapers", "description": ""}},
            LISTS[1]: [{"pattern": "zgrabber2000", "tags": ["scanner"], "instances": []}],
        }
        for url, prefixes in _SHIPPED.items():
            self.pages[url] = {"prefixes": [{"ipv6Prefix" if ":" in p else "ipv4Prefix": p} for p in prefixes]}

    async def __call__(self, url: str) -> bytes:
        if url not in self.pages:
            raise ListError("the answer is 404 Not Found")
        return json.dumps(self.pages[url]).encode()


@pytest.fixture(autouse=True)
def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Net:
    net = Net()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(crawlers_update, "fetch", lambda: net)
    (tmp_path / "guardware.yaml").write_text("store:\n  folder: state\n")
    return net


def run(*arguments: str, said: str | None = None) -> Result:
    return CliRunner().invoke(command, ["update", *arguments], input=said)


def state() -> list[str]:
    return sorted(path.name for path in Path("state").glob("*"))


def test_without_a_terminal_and_without_yes_it_shows_and_takes_nothing(net: Net) -> None:
    net.pages[GPTBOT]["prefixes"].append({"ipv4Prefix": "66.249.64.0/27"})
    result = run()
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Catalogue: 2 crawlers added, 0 stricter, 0 phrases added, 0 refused, ")
    assert "  + PictureEater: dataset, New Ltd" in lines
    assert f"  ~ {GPTBOT}: +1 -0 prefixes" in lines
    assert f"  ! {MISTRAL}: the answer is 404 Not Found; the last copy stays" in lines
    assert "nothing is taken; run it with --yes, or in a terminal and answer y" in result.stderr
    assert state() == []


def test_yes_takes_it_and_the_other_commands_see_it() -> None:
    result = run("--yes")
    assert result.exit_code == 0, result.output
    assert state() == ["catalogue.json", "ranges"]
    shown = CliRunner().invoke(command, ["show", "pictureeater"])
    assert "New Ltd" in shown.stdout
    again = run()
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "Nothing new.")


def test_a_dry_run_takes_nothing_and_is_fine() -> None:
    assert run("--dry-run", "--yes").exit_code == 0
    assert state() == []


@pytest.mark.parametrize(("said", "code", "kept"), [("y\n", 0, _TAKEN), ("n\n", 1, []), ("\n", 1, [])])
def test_on_a_terminal_it_asks(monkeypatch: pytest.MonkeyPatch, said: str, code: int, kept: list[str]) -> None:
    monkeypatch.setattr(crawlers_update, "_on_terminal", lambda: True)
    result = run(said=said)
    assert "Take it? [y/N]" in result.stdout
    assert (result.exit_code, state()) == (code, kept)


def test_as_json() -> None:
    facts = json.loads(run("--json", "--yes").stdout)
    assert facts["taken"] is True
    assert [entry["token"] for entry in facts["catalogue"]["added"]] == ["PictureEater", "zgrabber2000"]
    assert {"url", "added", "removed", "refused"} == set(facts["ranges"][0])


def test_the_sources_can_be_others(net: Net) -> None:
    net.pages["https://mirror.example/robots.json"] = net.pages.pop(LISTS[0])
    facts = json.loads(
        run("--json", "--dry-run", "--source-catalogue", "https://mirror.example/robots.json").stdout
    )
    assert [entry["token"] for entry in facts["catalogue"]["added"]] == ["PictureEater"]


def test_no_way_to_the_net_fails(net: Net) -> None:
    net.pages.clear()
    result = run("--yes")
    assert result.exit_code == 1
    assert "nothing could be fetched; is there a way to the net?" in result.stderr
    assert state() == []


def test_a_refused_catalogue_is_named(net: Net) -> None:
    net.pages[LISTS[1]] = [{"pattern": "Firefox\\/", "tags": ["ai-crawler"], "instances": []}]
    result = run("--yes")
    assert result.exit_code == 0
    assert result.stdout.startswith("! the catalogue: 'Firefox' would be found in browsers that people use")
    assert len(Catalogue.load(Path("state"))) == len(Catalogue.load())


def test_control_characters_of_a_list_do_not_reach_the_terminal(net: Net) -> None:
    net.pages[LISTS[0]]["PictureEater"]["operator"] = "\x1b[2JNew"
    assert "\x1b" not in run("--dry-run").stdout


def test_without_a_folder_there_is_nowhere_to_keep_it(tmp_path: Path) -> None:
    (tmp_path / "guardware.yaml").write_text("store:\n  folder: none\n")
    result = run("--yes")
    assert isinstance(result.exception, ConfigError)
    assert result.exception.faults == [
        "store.folder: is none, so an update has no place to stay; write auto, or a folder"
    ]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    result = run("--yes")
    assert result.exit_code == 1
    assert "let it be writable" in result.stderr
