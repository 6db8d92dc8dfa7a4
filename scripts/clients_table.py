"""Replay what 57 real clients sent through the guard; print the table of docs/clients.md.

Usage: python scripts/clients_table.py tests/corpora/clients.jsonl > docs/clients.md

Each client visits alone, from one address, with an empty store and the portfolio preset, one request a second.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.guard import Guard
from guardware.http import Scope
from guardware.store import MemoryStore
from guardware.verdict import Action, Verdict
from guardware.visit import Kind

START = 1_763_800_000.0
"""Some second of November 2025; only differences matter."""


class Replay(NamedTuple):
    """What one client got: verdicts for its pictures, in order, and for everything else."""

    client: str
    category: str
    headless_name: bool
    pictures: tuple[Verdict, ...]
    others: tuple[Verdict, ...]

    @property
    def evidence(self) -> str:
        """The evidence that weighed most often, for the table."""
        counted = Counter(e.name for v in self.pictures or self.others for e in v.evidence if e.weight >= 2)
        return ", ".join(name for name, _ in counted.most_common(3))


def scope(method: str, target: str, scheme: str, headers: list[list[str]]) -> Scope:
    """The ASGI scope of one captured request. A few captures have absolute targets; proxies' habit."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": path,
        "query_string": query.encode(),
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in headers],
        "client": ("198.51.100.7", 40000),
    }


def replay(client: dict[str, Any], catalogue: Catalogue) -> Replay:
    """Judge all requests of one captured client."""
    store = MemoryStore()
    guard = Guard(Config(), catalogue=catalogue, store=store, secret=b"the same for every run")
    pictures: list[Verdict] = []
    others: list[Verdict] = []
    headless = False
    for number, (method, target, scheme, headers) in enumerate(client["requests"]):
        visit = guard.read(scope(method, target, scheme, headers))
        if visit is None:
            continue
        headless |= any(n == "user-agent" and "HeadlessChrome" in v for n, v in headers)
        verdict = guard.judge_now(visit, store, START + number)
        (pictures if visit.kind is Kind.IMAGE else others).append(verdict)
    return Replay(client["client"], client["category"], headless, tuple(pictures), tuple(others))


def replay_all(corpus: Path) -> Iterator[Replay]:
    catalogue = Catalogue.load()
    for line in corpus.read_text().splitlines():
        yield replay(json.loads(line), catalogue)


def _actions(verdicts: tuple[Verdict, ...]) -> str:
    counts = Counter(v.action for v in verdicts)
    return ", ".join(f"{counts[a]} {a}" for a in Action if counts[a]) or "none"


_HEAD = """\
# What real clients get

57 captured clients, replayed through the guard with the portfolio preset, each alone, with an empty store and one
request a second. Made by `python scripts/clients_table.py tests/corpora/clients.jsonl`; a test keeps it current
and holds it to its promises: no original to tools and dataset downloaders; spoofed tools and crawlers known by the
third picture; people never refused; browser engines given everything, unless they call themselves HeadlessChrome.

| client | category | pictures | pages and the rest | evidence of weight 2 and more |
|---|---|---|---|---|"""


def table(replays: Iterable[Replay]) -> str:
    """The text of docs/clients.md."""
    rows = (
        f"| {r.client} | {r.category} | {_actions(r.pictures)} | {_actions(r.others)} | {r.evidence} |"
        for r in sorted(replays, key=lambda r: (r.category, r.client))
    )
    return "\n".join([_HEAD, *rows, ""])


if __name__ == "__main__":
    print(table(replay_all(Path(sys.argv[1]))), end="")
