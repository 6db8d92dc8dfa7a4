"""Asking each upstream address now and then whether it is well, so that no visitor has to find out."""

import asyncio
import logging
from collections.abc import Sequence

import aiohttp
from yarl import URL

from guardware.config.proxy import Health
from guardware.proxy.pool import Member
from guardware.proxy.sessions import UnansweredError

logger = logging.getLogger("guardware.proxy")

_WELL = range(200, 400)


class HealthChecks:
    """One task for each member, from ``start`` to ``stop``."""

    def __init__(self, members: Sequence[Member], settings: Health) -> None:
        self._members = members
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin asking, at once and then at intervals; within the event loop."""
        self._tasks = self._tasks or [asyncio.create_task(self._watch(member)) for member in self._members]

    async def stop(self) -> None:
        """Ask no more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, member: Member) -> None:
        while True:
            await self.check(member)
            await asyncio.sleep(self._settings.interval)

    async def check(self, member: Member) -> None:
        """Ask once, and note in ``member`` what came of it."""
        trouble = await self._ask(member)
        if not trouble:
            member.worked()
        if member.sick and not trouble:
            logger.warning("the upstream %s is well again", member.address)
        elif trouble and not member.sick:
            logger.warning("the upstream %s is not well: %s", member.address, trouble)
        member.sick = bool(trouble)

    async def _ask(self, member: Member) -> str:
        """What is wrong; "" if nothing is."""
        address = member.address
        url = URL(address.origin + address.prefix + self._settings.path, encoded=True)
        headers = {"User-Agent": "guardware health check"}
        if self._settings.host is not None:
            headers["Host"] = self._settings.host
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._status(member, url, headers)
        except (UnansweredError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return " ".join(str(error).split())[:200] or type(error).__name__

    async def _status(self, member: Member, url: URL, headers: dict[str, str]) -> str:
        while True:
            try:
                async with member.session.get(url, headers=headers, allow_redirects=False) as response:
                    return "" if response.status in _WELL else f"it answers {response.status}"
            except UnansweredError as error:
                if not error.kept:
                    raise
                # The upstream has closed an old connection, which says nothing of its health.
