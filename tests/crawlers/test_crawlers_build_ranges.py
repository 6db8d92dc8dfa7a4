"""scripts/build_ranges.py: mirrored lists become the shipped copy, under the addresses in the catalogue."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).parents[2] / "scripts" / "build_ranges.py"


def source(url: str, *prefixes: str) -> dict[str, Any]:
    return {
        "upstream_url": url,
        "fetched_at": "2026-09-02T14:41:05+00:00",
        "ipv4": [p for p in prefixes if ":" not in p],
        "ipv6": [p for p in prefixes if ":" in p],
    }


def build(folder: Path, **sources: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    data = {
        "index_url": "https://index.example/",
        "license": {"data": "CC0-1.0"},
        "generated_at": "2026-09-02T14:41:10+00:00",
        "sources": sources,
    }
    (folder / "data.json").write_text(json.dumps(data))
    arguments = [sys.executable, str(_SCRIPT), str(folder / "data.json"), "-o", str(folder / "ranges.json")]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


def test_lists_that_the_catalogue_names_are_taken(tmp_path: Path) -> None:
    done = build(
        tmp_path,
        gptbot=source("https://openai.com/gptbot.json", "132.196.86.0/24", "2a00:1450::/32"),
        unknown=source("https://nobody.example/list.json", "132.196.86.0/24"),
        moved=source("https://developers.google.com/static/search/apis/ipranges/googlebot.json", "66.249.64.0/27"),
    )
    assert done.returncode == 0, done.stderr
    built = json.loads((tmp_path / "ranges.json").read_text())
    assert (built["licence"], built["date"]) == ("CC0-1.0", "2026-09-02")
    assert {url: facts["prefixes"] for url, facts in built["lists"].items()} == {
        "https://developers.google.com/static/crawling/ipranges/common-crawlers.json": "66.249.64.0/27",
        "https://openai.com/gptbot.json": "132.196.86.0/24 2a00:1450::/32",
    }


def test_a_mirror_that_cannot_be_right_is_refused(tmp_path: Path) -> None:
    done = build(tmp_path, gptbot=source("https://openai.com/gptbot.json", "0.0.0.0/0"))
    assert done.returncode == 1
    assert "more than any crawler comes from" in done.stderr
    assert not (tmp_path / "ranges.json").exists()
