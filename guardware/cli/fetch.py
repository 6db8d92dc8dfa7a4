"""Pictures by their web addresses: bounded, a few at once, with errors in words."""

import asyncio
import re
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp

from guardware.cli.pictures import size_words

T = TypeVar("T")

AT_ONCE = 4
"""Requests under way: what a browser asks one site for, less two (Chromium: 6 a host)."""
_SECONDS = 60.0
"""For one picture."""
_PIECE = 64 * 1024

_HEADERS = {"user-agent": "guardware prepare", "accept": "image/*", "accept-encoding": "identity"}

_VARIANT_TAG = '"gw-'
"""How the entity tags of our own variants begin (``Variant.of``)."""
_TRACED = re.compile(rb"guardware:[0-9a-f]{10}")
"""What the metadata of a traced copy say (``pipeline``)."""


def web_address(text: str, base: str = "") -> str:
    """The address ``text``, or the one that it is beside ``base``. Raises ValueError if it is none for HTTP."""
    try:
        address = urljoin(base, text)
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("no web address; write it whole, for example https://example.com/cat.jpg")
    return address


def without_password(address: str) -> str:
    """``address`` as it may be shown."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class Fetcher:
    """Gets files of at most ``most`` bytes. Any thread may ask; ``close`` ends what is under way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="guardware-fetch", daemon=True)
        self._thread.start()
        self._session = self._wait(_opened())
        self._turn = asyncio.Semaphore(AT_ONCE)

    def fetch(self, address: str) -> bytes:
        """The file at ``address``. Raises ValueError, which says why it cannot be had."""
        return self._wait(self._fetch(address))

    def close(self) -> None:
        """May be called again."""
        if self._thread.is_alive():
            self._wait(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _fetch(self, address: str) -> bytes:
        async with self._turn:
            try:
                async with self._session.get(address) as answer:
                    return await self._read(answer)
            except TimeoutError:
                raise ValueError(f"no answer within {_SECONDS:g} seconds") from None
            except aiohttp.TooManyRedirects:
                raise ValueError("leads from one address to the next without end") from None
            except aiohttp.InvalidURL as error:
                raise ValueError(f"leads to {error.url}, which is no web address") from None
            except aiohttp.ClientError as error:
                raise ValueError(str(error) or type(error).__name__) from None

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        if answer.status != 200:
            raise ValueError(f"the answer is {answer.status} {answer.reason or ''}".rstrip())
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise ValueError("comes compressed, though that was not asked for")
        data = bytearray()
        async for piece in answer.content.iter_chunked(_PIECE):
            data += piece
            if len(data) > self._most:
                raise ValueError(f"larger than {size_words(self._most)}; raise images.max_bytes")
        if answer.headers.get("etag", "").startswith(_VARIANT_TAG) or _TRACED.search(data):
            raise ValueError("a variant that a guard gave out; ask the site behind the guard, or name its folder")
        return bytes(data)

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._session.close()


async def _opened() -> aiohttp.ClientSession:
    # Not decompressed: a small answer must not become a large one in memory.
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    return aiohttp.ClientSession(timeout=timeout, headers=_HEADERS, auto_decompress=False)
