"""Plans what an update of the catalogue and the address lists would change, and takes it when told to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from guardware.crawlers.catalogue import KEPT, Catalogue, catalogue_data
from guardware.crawlers.copies import write_whole
from guardware.crawlers.published import ListError, Published, parse_json, read_list, shrunk
from guardware.crawlers.ranges import RangeLists
from guardware.crawlers.sources.lists import AI_ROBOTS, USER_AGENTS
from guardware.crawlers.sources.renew import Renewal, renew

LISTS: tuple[str, ...] = (
    "https://raw.githubusercontent.com/ai-robots-txt/ai.robots.txt/main/robots.json",
    "https://raw.githubusercontent.com/monperrus/crawler-user-agents/master/crawler-user-agents.json",
)
"""Where the catalogue's public lists are."""
LARGEST = 8 * 1024 * 1024
"""Bytes of such a list; crawler-user-agents has 500 kB."""
_AT_ONCE = 4

Get = Callable[[str], Awaitable[bytes]]


class RangeChange(NamedTuple):
    """What becomes of one address list: prefixes that come and go, or why it is refused."""

    url: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    list: Published | None = None
    refused: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.added or self.removed)


class Plan(NamedTuple):
    """What an update would change. ``failed``: sources of the catalogue that cannot be used, with the reason;
    ``fetched``: when it was all read (Unix time)."""

    catalogue: Renewal
    failed: tuple[tuple[str, str], ...]
    ranges: tuple[RangeChange, ...]
    fetched: float

    @property
    def changes(self) -> bool:
        return self.catalogue.text is not None or any(change.changed for change in self.ranges)

    @property
    def useless(self) -> bool:
        """Nothing at all could be had."""
        return bool(self.failed) and all(change.refused for change in self.ranges)


async def plan(
    folder: Path | None,
    ranges: RangeLists,
    get: Get,
    *,
    lists: Iterable[str] = LISTS,
    now: float,
    today: str,
) -> Plan:
    """Fetch everything and compare it with what is in use. ``get`` raises ListError; nothing is written.

    ``lists`` are URLs of ai.robots.txt's robots.json and of crawler-user-agents.json, told apart by their shape.
    ``now`` is Unix time, ``today`` its day in ISO's form.
    """
    turn = asyncio.Semaphore(_AT_ONCE)
    parsed, failed = await _fetched(lists, get, turn)
    base = catalogue_data(folder)
    try:
        renewal = await asyncio.to_thread(renew, base, parsed, today)
    except ListError as error:
        renewal, failed = Renewal(), [*failed, ("the catalogue", str(error))]
    urls = sorted({url for crawler in Catalogue.load(folder) for url in crawler.verification.ranges})
    changes = await asyncio.gather(*(_range_change(url, ranges, get, turn) for url in urls))
    return Plan(renewal, tuple(failed), tuple(changes), now)


async def take(plan: Plan, folder: Path, ranges: RangeLists) -> None:
    """Put what ``plan`` found into the state folder. Raises OSError if the catalogue cannot be written."""
    if plan.catalogue.text is not None:
        await asyncio.to_thread(write_whole, folder / KEPT, plan.catalogue.text)
    for change in plan.ranges:
        if change.list is not None:
            await ranges.keep(change.url, change.list, fetched=plan.fetched)


async def _fetched(
    urls: Iterable[str], get: Get, turn: asyncio.Semaphore
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The lists by their names, and what could not be had."""
    failed: list[tuple[str, str]] = []
    parsed: dict[str, Any] = {}
    for url in dict.fromkeys(urls):
        try:
            async with turn:
                data = await get(url)
            found = await asyncio.to_thread(parse_json, data, LARGEST)
            if not isinstance(found, dict | list):
                raise ListError("is no list of crawlers")
        except ListError as error:
            failed.append((url, str(error)))
        else:
            parsed[AI_ROBOTS if isinstance(found, dict) else USER_AGENTS] = found
    return parsed, failed


async def _range_change(url: str, ranges: RangeLists, get: Get, turn: asyncio.Semaphore) -> RangeChange:
    known = ranges.copies.get(url)
    try:
        async with turn:
            data = await get(url)
        list_ = await asyncio.to_thread(read_list, data)
        if known is not None and shrunk(known.list, list_):
            raise ListError(f"shrank from {len(known.list.prefixes)} prefixes to {len(list_.prefixes)}")
    except ListError as error:
        return RangeChange(url, refused=str(error))
    before, after = set(known.list.prefixes if known else ()), set(list_.prefixes)
    return RangeChange(url, tuple(sorted(after - before)), tuple(sorted(before - after)), list_)
