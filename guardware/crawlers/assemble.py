"""Assembles the verifier that a configuration asks for."""

import asyncio
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from guardware.config.crawlers import Verification
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.ranges import RangeLists
from guardware.crawlers.reverse_dns import ReverseDns, system_resolver
from guardware.crawlers.verify import Verifier
from guardware.crawlers.web_bot_auth import KeyDirectories, MemoryNonces, Nonces, WebBotAuth
from guardware.crawlers.web_bot_auth.directory import Fetched


def build_verifier(
    ways: Verification,
    catalogue: Catalogue,
    folder: Path | None = None,
    nonces: Nonces | None = None,
    *,
    clock: Callable[[], float] = time.time,
) -> Verifier:
    """The verifier for ``crawlers.verification``; ways that are switched off are not even built.

    ``folder``: where fetched lists outlive a restart, or None. ``nonces``: what all processes share of the used
    ones, closed with the verifier; by default this process's own. Reads the shipped lists (some 50 ms) and the
    machine's name servers.
    """
    ranges = RangeLists(folder, _fetch_list, ways.refresh, clock) if ways.ranges else None
    names = ReverseDns(system_resolver(), clock=clock) if ways.reverse_dns else None
    if not ways.web_bot_auth:
        return Verifier(catalogue, ranges=ranges, names=names, clock=clock)
    checker = _web_bot_auth(catalogue, nonces or MemoryNonces(clock=clock), clock)
    return Verifier(catalogue, ranges=ranges, names=names, checker=checker, closing=[checker.close], clock=clock)


def _web_bot_auth(catalogue: Catalogue, nonces: Nonces, clock: Callable[[], float]) -> WebBotAuth:
    hosts = [crawler.verification.web_bot_auth for crawler in catalogue]
    familiar = frozenset(f"https://{host}" for host in hosts if host)
    return WebBotAuth(KeyDirectories(_fetch_directory, familiar=familiar, clock=clock), nonces)


# Both import aiohttp, which takes a third of a second, and read the machine's certificates. Most sites never fetch
# anything, so neither is done at the start; and nobody waits for it on the event loop.


async def _fetch_list(url: str) -> bytes:
    module = await asyncio.to_thread(import_module, "guardware.crawlers.fetch")
    data: bytes = await module.Fetch()(url)
    return data


async def _fetch_directory(origin: str) -> Fetched:
    module = await asyncio.to_thread(import_module, "guardware.crawlers.web_bot_auth.fetch")
    fetcher = await asyncio.to_thread(module.DirectoryFetcher)
    fetched: Fetched = await fetcher(origin)
    return fetched
