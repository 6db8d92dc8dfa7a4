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
from guardware.crawlers.fetch import NotReachedError
from guardware.crawlers.published import ListError
from guardware.crawlers.update import LISTS
from guardware.errors import ConfigError

GPTBOT = "https://openai.com/gptbot.json"
MISTRAL = "https://mistral.ai/mistralai-user-ips.json"
_SHIPPED = {url: copy.list.prefixes for url, copy in bundled_copies().items()}
UNKNOWN = "no address is known for its name (DNS)"
_TAKEN = ["catalogue.json", "ranges"]


class Net:
    """The lists of the real net, by address; what is not here cannot be had."""

    def __init__(self) -> None:
        self.answers = True
        self.pages: dict[str, Any] = {
            LISTS[0]: {"PictureEater": {"operator": "New Ltd", "function": "AI Data Scrapers", "description": ""}},
            LISTS[1]: [{"pattern": "zgrabber2000", "tags": ["scanner"], "instances": []}],
        }
        for url, prefixes in _SHIPPED.items():
            self.pages[url] = {"prefixes": [{"ipv6Prefix" if ":" in p else "ipv4Prefix": p} for p in prefixes]}

    async def __call__(self, url: str) -> bytes:
        if not self.answers or self.pages.get(url) == "away":
            raise NotReachedError(UNKNOWN)
        if url not in self.pages:
            raise ListError("the answer is 404 Not Found")
        return json.dumps(self.pages[url]).encode()


@pytest.fixture(autouse=True)
def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Net:
    net = Net()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
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
    assert lines[0].startswith("Catalogue: 2 crawlers added, 0 stricter, 0 names added, 0 refused, ")
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
    assert {"url", "added", "removed", "refused", "reached"} == set(facts["ranges"][0])


def test_the_sources_can_be_others(net: Net) -> None:
    net.pages["https://mirror.example/robots.json"] = net.pages.pop(LISTS[0])
    facts = json.loads(
        run("--json", "--dry-run", "--source-catalogue", "https://mirror.example/robots.json").stdout
    )
    assert [entry["token"] for entry in facts["catalogue"]["added"]] == ["PictureEater"]


def test_no_way_to_the_net_fails(net: Net) -> None:
    net.answers = False
    result = run("--yes")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"Not reached: 21 lists, what is known of them stays: {UNKNOWN} (see --verbose)",
        "Catalogue: no list reached, so it stays as it is",
        "Address lists: 0 changed, 0 as they were, 0 refused, 19 not reached",
    ]
    assert result.stderr.endswith(
        "no list could be reached: no address is known for its name (DNS). Is there a way to the net?\n"
    )
    assert state() == []
    assert f"  ! {GPTBOT}: no address is known for its name (DNS)" in run("--verbose").stdout.splitlines()


def test_one_list_that_is_away_is_named(net: Net) -> None:
    net.pages[GPTBOT] = "away"
    result = run("--dry-run")
    line = f"Not reached: {GPTBOT} (no address is known for its name (DNS)); what is known of it stays"
    assert result.stdout.splitlines()[0] == line


def test_the_last_line_names_what_was_wrong_with_what(net: Net) -> None:
    mirror = "https://mirror.example/robots.json"
    net.pages = dict.fromkeys(net.pages, "away")
    net.pages[mirror] = {"Mozilla": {"operator": "x", "function": "AI Data Scrapers", "description": ""}}
    result = run("--yes", "--source-catalogue", mirror)
    assert result.exit_code == 1
    assert "Catalogue: 1 list refused, so it stays as it is" in result.stdout.splitlines()
    assert " ".join(result.stdout.split()).count("Googlebot would be taken for 'Mozilla'") == 1
    assert result.stderr.splitlines()[-1].startswith(
        f"Error: nothing to take. {mirror}: 'Mozilla' would be found in "
    )
    assert result.stderr.endswith("lists not reached\n")


@pytest.mark.parametrize("url", ["ftp://x/", "http://example.com/robots.json", "robots.json", "", "https://["])
def test_a_source_that_is_no_https_address_is_a_usage_error(url: str) -> None:
    result = run("--source-catalogue", url)
    assert result.exit_code == 2
    assert f"{url!r} is no https address" in result.stderr


def test_one_is_singular_and_what_is_unlisted_is_counted(net: Net) -> None:
    shown = run("--dry-run", "--source-catalogue", LISTS[0]).stdout
    assert shown.startswith("Catalogue: 1 crawler added, 0 stricter, 0 names added, 0 refused, ")
    assert shown.splitlines()[0].endswith(" on no list any more (kept)")
    assert "it stays" not in shown
    assert "on no list any more; it stays" in run("--dry-run", "--verbose", "--source-catalogue", LISTS[0]).stdout


def test_a_refused_catalogue_is_named(net: Net) -> None:
    net.pages[LISTS[1]] = [{"pattern": "Firefox\\/", "tags": ["ai-crawler"], "instances": []}]
    result = run("--yes")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Catalogue: 1 list refused, so it stays as it is\n  ! {LISTS[1]}: ")
    assert "'Firefox' would be found in browsers that people use" in " ".join(result.stdout.split())
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
