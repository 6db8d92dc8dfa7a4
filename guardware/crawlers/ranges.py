"""RangeLists: whether an address is in an operator's published list; fetched off the request path."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from guardware.addresses import parse_address
from guardware.crawlers.copies import Copy, bundled_copies, keep_copy, kept_copies, kept_copy
from guardware.crawlers.published import ListError, Published, check_kept, read_list

COMPLETE_FOR = 7 * 86400.0
"""Seconds for which a list's silence about an address says something: operators add ranges and announce none."""
RETRY_AFTER = 600.0
"""Seconds until a list that could not be had is asked for again."""

_log = logging.getLogger("guardware")


class RangeLists:
    """The last good copy of each list. One event loop owns it; ``contains`` never waits."""

    def __init__(
        self,
        folder: Path | None,
        fetch: Callable[[str], Awaitable[bytes]],
        refresh: float = 86400.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``folder``: the state folder, where copies outlive the process, or None. ``fetch``: gives the bytes at a
        URL or raises ListError. ``refresh``: seconds after which a copy is fetched anew. ``clock``: Unix time.

        Reads the shipped and the kept copies, which takes some 50 ms.
        """
        self._folder = folder
        self._fetch = fetch
        self._refresh = refresh
        self._clock = clock
        self._copies: dict[str, Copy] = dict(bundled_copies())
        for url, copy in kept_copies(folder) if folder is not None else ():
            self._take(url, copy)
        self._failed: dict[str, float] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    @property
    def copies(self) -> Mapping[str, Copy]:
        """The copy in use of each list, by URL."""
        return self._copies

    def contains(self, url: str, address: str) -> bool | None:
        """Whether ``address`` is in the list at ``url``; None if that is not known.

        False is said only of a copy that is complete: fetched, and at most 7 days old.
        """
        copy = self._copies.get(url)
        if copy is None:
            return None
        if copy.list.table.find(address) is not None:
            return True
        complete = not copy.bundled and abs(self._clock() - copy.fetched) <= COMPLETE_FOR
        return False if complete and parse_address(address) is not None else None

    async def refresh(self, url: str) -> None:
        """Fetch the list if its copy is due. Never raises for what the net does: the last good copy stays."""
        if not self._due(url):
            return
        async with self._turns.setdefault(url, asyncio.Lock()):
            if not self._due(url) or await self._found_on_disk(url):
                return
            try:
                await self._renew(url)
            except ListError as error:
                self._failed[url] = self._clock()
                _log.warning("crawler list %s: %s; the last copy stays in use", url, error)

    async def keep(self, url: str, list_: Published, *, fetched: float) -> None:
        """Take ``list_`` for the list at ``url`` from now on, and keep it in the folder if there is one."""
        copy = Copy(list_, fetched)
        self._copies[url] = copy
        if self._folder is not None:
            try:
                await asyncio.to_thread(keep_copy, self._folder, url, copy)
            except OSError as error:
                _log.warning("crawler list %s cannot be kept: %s", url, error)

    def _due(self, url: str) -> bool:
        now = self._clock()
        copy = self._copies.get(url)
        if copy is not None and not copy.bundled and abs(now - copy.fetched) < self._refresh:
            return False
        failed = self._failed.get(url)
        return failed is None or abs(now - failed) >= RETRY_AFTER

    async def _found_on_disk(self, url: str) -> bool:
        """Whether another process of ours has fetched it in the meantime."""
        if self._folder is not None:
            copy = await asyncio.to_thread(kept_copy, self._folder, url)
            if copy is not None:
                self._take(url, copy)
        return not self._due(url)

    def _take(self, url: str, copy: Copy) -> None:
        known = self._copies.get(url)
        if known is None or known.fetched < copy.fetched:
            self._copies[url] = copy

    async def _renew(self, url: str) -> None:
        fetched = self._clock()
        list_ = await asyncio.to_thread(read_list, await self._fetch(url))
        known = self._copies.get(url)
        if known is not None:
            check_kept(known.list, list_)
        self._failed.pop(url, None)
        await self.keep(url, list_, fetched=fetched)
