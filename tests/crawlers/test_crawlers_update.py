"""An update against a local server: what is planned of good and bad answers, and what is kept of it."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from list_server import ListServer, serving

from guardware.crawlers import Catalogue
from guardware.crawlers.fetch import Fetch
from guardware.crawlers.ranges import RangeLists
from guardware.crawlers.sources import renew as renew_module
from guardware.crawlers.update import LISTS, Plan, RangeChange, plan, take

NOW = 1_795_400_000.0
GPTBOT = "https://openai.com/gptbot.json"
ROBOTS, AGENTS = LISTS


class Net:
    """Asks the local server for what is at an address of the real net."""

    def __init__(self, server: ListServer) -> None:
        self._server = server
        self._fetch = Fetch(1024 * 1024, loopback=True)
        self._impatient = Fetch(seconds=0.1, loopback=True)
        self._slow: set[str] = set()

    def publish(self, url: str, data: Any) -> None:
        self._slow.discard(url)
        if data == "slow":
            self._slow.add(url)
        body = data if isinstance(data, bytes | tuple) else json.dumps(data).encode()
        self._server.pages["/" + quote(url, safe="")] = body

    async def __call__(self, url: str) -> bytes:
        if url in self._slow:
            return await self._impatient(f"{self._server.url}/slow")
        return await self._fetch(f"{self._server.url}/{quote(quote(url, safe=''), safe='')}")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest_asyncio.fixture
async def net() -> AsyncIterator[Net]:
    async with serving() as server:
        found = Net(server)
        eater = {"operator": "New", "function": "AI Data Scrapers", "description": ""}
        found.publish(ROBOTS, {"PictureEater": eater})
        found.publish(AGENTS, [{"pattern": "linkchecker2000", "tags": ["monitoring"], "instances": []}])
        for url, copy in RangeLists(None, found).copies.items():
            found.publish(url, as_list(*copy.list.prefixes))
        yield found


def as_list(*prefixes: str) -> dict[str, Any]:
    return {"prefixes": [{"ipv6Prefix" if ":" in p else "ipv4Prefix": p} for p in prefixes]}


async def planned(net: Net, folder: Path, ranges: RangeLists | None = None) -> Plan:
    return await plan(folder, ranges or RangeLists(folder, net), net, now=NOW, today="2026-12-24")


def change_of(found: Plan, url: str) -> RangeChange:
    return next(change for change in found.ranges if change.url == url)


async def test_a_plan_writes_nothing(net: Net, tmp_path: Path) -> None:
    found = await planned(net, tmp_path)
    assert {entry["token"] for entry in found.catalogue.added} == {"PictureEater", "linkchecker2000"}
    assert found.changes
    assert os.listdir(tmp_path) == []


async def test_what_is_taken_is_what_the_next_start_uses(net: Net, tmp_path: Path) -> None:
    ranges = RangeLists(tmp_path, net, clock=lambda: NOW)
    before = ranges.copies[GPTBOT].list.prefixes
    net.publish(GPTBOT, as_list("66.249.64.0/27", *before[1:]))
    found = await planned(net, tmp_path, ranges)
    assert (change_of(found, GPTBOT).added, change_of(found, GPTBOT).removed) == (("66.249.64.0/27",), before[:1])
    await take(found, tmp_path, ranges)
    assert Catalogue.load(tmp_path).get("PictureEater") is not None
    after = RangeLists(tmp_path, net, clock=lambda: NOW)
    assert after.contains(GPTBOT, "66.249.64.1") is True
    assert after.contains(GPTBOT, "8.8.8.8") is False  # a complete copy now, and not only the shipped one
    assert not (await planned(net, tmp_path, after)).changes


_BAD: tuple[tuple[Any, str], ...] = (
    ((500, {}), "the answer is 500"),
    ((301, {"location": "http://example.com/"}), "is no https address"),
    (b'{"prefixes": [{"ipv4Prefix": "20.1', "is no JSON"),
    (b"<html>", "is no JSON"),
    (b'["20.171.206.0/24"]', 'has no list "prefixes"'),
    (b" " * 2_000_000, "is larger than 1 MiB"),
    ("slow", "no answer within 0.1 seconds"),
    (as_list("0.0.0.0/0"), "more than any crawler comes from"),
    (as_list("10.0.0.0/8"), "where no visitor comes from"),
    (as_list("66.249.64.0/32"), "prefixes to 1"),  # shrank; the shortest of these lists has 21
)


async def test_bad_address_lists_are_refused_and_the_others_are_not(net: Net, tmp_path: Path) -> None:
    ranges = RangeLists(tmp_path, net, clock=lambda: NOW)
    long = sorted(url for url, copy in ranges.copies.items() if len(copy.list.prefixes) > 10)
    *bad, good = long[: len(_BAD) + 1]
    for url, (answer, _) in zip(bad, _BAD, strict=True):
        net.publish(url, answer)
    found = await planned(net, tmp_path, ranges)
    assert {change.url for change in found.ranges if change.refused} >= {*bad}
    for url, (_, reason) in zip(bad, _BAD, strict=True):
        assert reason in change_of(found, url).refused
    await take(found, tmp_path, ranges)
    assert [ranges.copies[url].bundled for url in bad] == [True] * len(bad)
    assert ranges.contains(good, "8.8.8.8") is False


@pytest.mark.parametrize(
    ("url", "answer", "reason"),
    [
        (ROBOTS, (500, {}), "the answer is 500"),
        (ROBOTS, b'{"GPTBot": {', "is no JSON"),
        (ROBOTS, b'"text"', "is no list of crawlers"),
        (ROBOTS, b"[" * 100_000, "is nested without end"),
        (AGENTS, b" " * 2_000_000, "is larger than 1 MiB"),
    ],
)
async def test_one_list_of_crawlers_may_fail(net: Net, tmp_path: Path, url: str, answer: Any, reason: str) -> None:
    net.publish(url, answer)
    found = await planned(net, tmp_path)
    assert [(source, reason in why) for source, why, _ in found.failed] == [(url, True)]
    assert len(found.catalogue.added) == 1


async def test_a_list_that_touches_browsers_changes_no_crawler(net: Net, tmp_path: Path) -> None:
    net.publish(AGENTS, [{"pattern": "Chrome\\/", "tags": ["ai-crawler"], "instances": []}])
    found = await planned(net, tmp_path)
    assert found.catalogue.text is None
    assert found.failed[0].source == AGENTS
    assert "browsers that people use" in found.failed[0].reason
    assert len([change for change in found.ranges if change.list]) >= 15


async def test_with_no_way_to_the_net_it_is_useless(tmp_path: Path) -> None:
    async with serving() as gone:
        net = Net(gone)
    found = await planned(net, tmp_path)
    assert found.useless
    assert not found.changes
    assert {*LISTS, GPTBOT} <= {source for source, _ in found.not_reached}
    assert {reason for _, reason in found.not_reached} == {"cannot connect: Connection refused"}


async def test_one_good_list_of_crawlers_is_of_use(net: Net, tmp_path: Path) -> None:
    for url in RangeLists(None, net).copies:
        net.publish(url, (500, {}))
    net.publish(AGENTS, (500, {}))
    found = await planned(net, tmp_path)
    assert (found.used, found.useless, found.changes) == ((ROBOTS,), False, True)


async def test_lists_that_are_wrong_together_are_named_together(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renew_module, "MOST_ADDED", 1)
    found = await planned(net, tmp_path)
    assert [(failure.source, failure.reached) for failure in found.failed] == [(f"{ROBOTS} with {AGENTS}", True)]
    assert not found.used
