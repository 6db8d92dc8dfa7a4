"""Fetches a list from the net: https, few redirects, bounded in size and time."""

import asyncio
import os
from urllib.parse import urljoin, urlsplit

import aiohttp

from guardware.crawlers.published import LARGEST, ListError

SECONDS = 10.0
"""For everything, redirects included."""
MOST_REDIRECTS = 3
_PIECE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {"user-agent": "guardware (crawler lists)", "accept": "application/json", "accept-encoding": "identity"}


class NotReachedError(ListError):
    """Nobody answered: the list may be as good as ever."""


def is_allowed(url: str, *, loopback: bool = False) -> bool:
    """Whether a list may be had from ``url``: https, or with ``loopback`` http to this machine."""
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except ValueError:
        return False
    return bool(host) and (scheme == "https" or (loopback and scheme == "http" and host in _LOOPBACK))


class Fetch:
    """``await fetch(url)`` gives the bytes there. Keeps no connection, so there is nothing to close."""

    def __init__(self, most: int = LARGEST, seconds: float = SECONDS, *, loopback: bool = False) -> None:
        """``most``: bytes; ``seconds``: for one call. ``loopback``: plain http to this machine is allowed too."""
        self._most = most
        self._seconds = seconds
        self._loopback = loopback

    async def __call__(self, url: str) -> bytes:
        """Raises ListError, which says in words why it cannot be had; NotReachedError if nobody answered."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url)
        except TimeoutError:
            raise NotReachedError(f"no answer within {self._seconds:g} seconds") from None
        except aiohttp.ClientConnectorError as error:
            raise NotReachedError(_why_not_reached(error)) from None
        except aiohttp.ClientConnectionError:
            raise NotReachedError("the connection broke off") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ListError(str(error)[:200] or type(error).__name__) from None

    async def _follow(self, url: str) -> bytes:
        # Not decompressed: a small answer must not become a large one in memory.
        # The proxy in HTTPS_PROXY is used, since in many offices there is no other way out.
        async with aiohttp.ClientSession(headers=_HEADERS, auto_decompress=False, trust_env=True) as session:
            for _ in range(MOST_REDIRECTS + 1):
                async with session.get(self._allowed(url), allow_redirects=False) as answer:
                    if answer.status not in _REDIRECTS:
                        return await self._read(answer)
                    url = _target(url, answer.headers.get("location", ""))
        raise ListError(f"leads on more than {MOST_REDIRECTS} times")

    def _allowed(self, url: str) -> str:
        if not is_allowed(url, loopback=self._loopback):
            raise ListError(f"{url[:200]} is no https address")
        return url

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        if answer.status != 200:
            raise ListError(f"the answer is {answer.status} {answer.reason or ''}".rstrip())
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise ListError("comes compressed, though that was not asked for")
        data = bytearray()
        async for piece in answer.content.iter_chunked(_PIECE):
            data += piece
            if len(data) > self._most:
                raise ListError(f"is larger than {self._most >> 20} MiB")
        return bytes(data)


def _why_not_reached(error: aiohttp.ClientConnectorError) -> str:
    """Without the host, so that what fails for all of them alike is said alike."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no address is known for its name (DNS)"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"TLS fails: {str(error)[:200]}"
    number = error.os_error.errno  # asyncio's own words name the address
    return f"cannot connect: {os.strerror(number) if number else type(error.os_error).__name__}"


def _target(url: str, location: str) -> str:
    if not location:
        raise ListError("leads on to nowhere")
    try:
        return urljoin(url, location)
    except ValueError:
        raise ListError(f"leads on to {location[:200]}, which is no web address") from None
