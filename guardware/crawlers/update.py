"""Plans what an update of the catalogue and the address lists would change, and takes it when told to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from guardware.crawlers.catalogue import KEPT, Catalogue, catalogue_data
from guardware.crawlers.copies import write_whole
from guardware.crawlers.fetch import NotReachedError
from guardware.crawlers.published import ListError, Published, check_kept, parse_json, read_list
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
Parsed = dict[str, tuple[str, Any]]
"""Lists of crawlers by the names of ``SOURCES``, each with where it came from."""


class Failure(NamedTuple):
    """A list of crawlers that cannot be used, and why. ``reached``: somebody answered, so the list is at fault."""

    source: str
    reason: str
    reached: bool = True


class RangeChange(NamedTuple):
    """What becomes of one address list: prefixes that come and go, or why it is refused. ``reached``: somebody
    answered."""

    url: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    list: Published | None = None
    refused: str = ""
    reached: bool = True

    @property
    def changed(self) -> bool:
        return bool(self.added or self.removed)


class Plan(NamedTuple):
    """What an update would change. ``used``: the lists of crawlers that ``catalogue`` rests on; ``failed``: those
    that cannot be used; ``fetched``: when it was all read (Unix time)."""

    catalogue: Renewal
    used: tuple[str, ...]
    failed: tuple[Failure, ...]
    ranges: tuple[RangeChange, ...]
    fetched: float

    @property
    def changes(self) -> bool:
        return self.catalogue.text is not None or any(change.changed for change in self.ranges)

    @property
    def useless(self) -> bool:
        """Nothing at all could be had that may be used."""
        return not self.used and all(change.refused for change in self.ranges)

    @property
    def not_reached(self) -> list[tuple[str, str]]:
        """Where nobody answered, with the reason: lists of crawlers, then of addresses."""
        lists = [(failure.source, failure.reason) for failure in self.failed if not failure.reached]
        return lists + [(change.url, change.refused) for change in self.ranges if not change.reached]


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
    renewal, refused = await asyncio.to_thread(_renewed, base, parsed, today)
    used = () if refused else tuple(source for source, _ in parsed.values())
    urls = sorted({url for crawler in Catalogue.load(folder) for url in crawler.verification.ranges})
    changes = await asyncio.gather(*(_range_change(url, ranges, get, turn) for url in urls))
    return Plan(renewal, used, (*failed, *refused), tuple(changes), now)


async def take(plan: Plan, folder: Path, ranges: RangeLists) -> None:
    """Put what ``plan`` found into the state folder. Raises OSError if the catalogue cannot be written."""
    if plan.catalogue.text is not None:
        await asyncio.to_thread(write_whole, folder / KEPT, plan.catalogue.text)
    for change in plan.ranges:
        if change.list is not None:
            await ranges.keep(change.url, change.list, fetched=plan.fetched)


def _renewed(base: Mapping[str, Any], parsed: Parsed, today: str) -> tuple[Renewal, list[Failure]]:
    """The renewal; or none, and which of the lists is to blame."""
    try:
        return renew(base, {name: found for name, (_, found) in parsed.items()}, today), []
    except ListError as error:
        together = Failure(" with ".join(source for source, _ in parsed.values()), str(error))
        return Renewal(), list(_to_blame(base, parsed, today)) or [together]


def _to_blame(base: Mapping[str, Any], parsed: Parsed, today: str) -> Iterator[Failure]:
    """The lists that are refused each by itself."""
    for name, (source, found) in parsed.items():
        try:
            renew(base, {name: found}, today)
        except ListError as error:
            yield Failure(source, str(error))


async def _fetched(urls: Iterable[str], get: Get, turn: asyncio.Semaphore) -> tuple[Parsed, list[Failure]]:
    """The lists by their names, and what could not be had."""
    failed: list[Failure] = []
    parsed: Parsed = {}
    for url in dict.fromkeys(urls):
        try:
            async with turn:
                data = await get(url)
            found = await asyncio.to_thread(parse_json, data, LARGEST)
            if not isinstance(found, dict | list):
                raise ListError("is no list of crawlers")
        except ListError as error:
            failed.append(Failure(url, str(error), not isinstance(error, NotReachedError)))
        else:
            parsed[AI_ROBOTS if isinstance(found, dict) else USER_AGENTS] = (url, found)
    return parsed, failed


async def _range_change(url: str, ranges: RangeLists, get: Get, turn: asyncio.Semaphore) -> RangeChange:
    known = ranges.copies.get(url)
    try:
        async with turn:
            data = await get(url)
        list_ = await asyncio.to_thread(read_list, data)
        if known is not None:
            check_kept(known.list, list_)
    except ListError as error:
        return RangeChange(url, refused=str(error), reached=not isinstance(error, NotReachedError))
    before, after = set(known.list.prefixes if known else ()), set(list_.prefixes)
    return RangeChange(url, tuple(sorted(after - before)), tuple(sorted(before - after)), list_)
