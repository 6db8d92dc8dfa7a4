"""Fetches a key directory, at a stranger's bidding: so not from everywhere, not for long, and not much.

What may be asked is decided after the name is resolved, on the very addresses that are then connected to: a name
that resolves to a public address first and to a private one later (DNS rebinding) gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
import dns.asyncresolver
import dns.exception
from aiohttp.abc import AbstractResolver, ResolveResult

from guardware.crawlers.web_bot_auth.directory import MAX_BYTES, MEDIA_TYPE, PATH, Fetched
from guardware.crawlers.web_bot_auth.result import RefusalError, unverified
from guardware.public import is_public

SECONDS = 6.0
"""For everything, from the name server to the last byte."""
_NAME_SECONDS = 3.0
_HEADERS = {
    "Accept": f"{MEDIA_TYPE}, application/json;q=0.5",
    "Accept-Encoding": "identity",
    "User-Agent": "guardware",
}

Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host name. Raises OSError or dns.exception.DNSException when there are none."""


async def resolve_name(host: str) -> list[str]:
    """The addresses of ``host`` by the system's name servers, asked without threads: a lookup that never ends
    in one would hold up whatever else the process does there."""
    resolver = await asyncio.to_thread(_system_resolver)
    answers = await resolver.resolve_name(f"{host}.", lifetime=_NAME_SECONDS)
    return list(answers.addresses())


@cache
def _system_resolver() -> dns.asyncresolver.Resolver:
    """The machine's name servers, as they stand in a file that is read once."""
    return dns.asyncresolver.Resolver()


@cache
def _public_tls() -> ssl.SSLContext:
    """The machine's certificates; reading them takes some 25 ms, so it is done once."""
    return ssl.create_default_context()


class DirectoryFetcher:
    """Fetches ``https://<origin>/.well-known/http-message-signatures-directory``.

    ``resolve``, ``permits`` (which addresses may be asked), ``ports`` and ``tls`` are for tests, which have no
    public servers. Belongs to no event loop; every fetch has a connection of its own.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = resolve_name,
        permits: Callable[[str], bool] = is_public,
        ports: frozenset[int] = frozenset({443}),
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._resolve = resolve
        self._permits = permits
        self._ports = ports
        self._tls = tls or _public_tls()
        self._seconds = seconds

    async def __call__(self, origin: str) -> Fetched:
        """What ``origin`` answers, whatever the status. Raises RefusalError when there is no answer to be had."""
        self._check(origin)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._get(origin + PATH)
        except TimeoutError:
            raise unverified("the key directory did not answer in time") from None
        except (aiohttp.ClientConnectorDNSError, dns.exception.DNSException):
            raise unverified("the key directory's host has no address") from None
        except aiohttp.ClientSSLError:
            raise unverified("the key directory's host has no good certificate") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise unverified("the key directory cannot be fetched") from None

    def _check(self, origin: str) -> None:
        url = urlsplit(origin)
        if url.scheme != "https" or (url.port or 443) not in self._ports:
            raise unverified("the key directory is on a port that is not asked")
        with suppress(ValueError):
            ip_address(url.hostname or "")  # aiohttp would not ask the resolver, which has the say
            raise unverified("the key directory's host has no name")

    async def _get(self, url: str) -> Fetched:
        connector = aiohttp.TCPConnector(
            resolver=_Guarded(self._resolve, self._permits), ssl=self._tls, use_dns_cache=False, force_close=True
        )
        async with (
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
            ) as session,
            session.get(url, headers=_HEADERS, allow_redirects=False) as answer,
        ):
            headers = [(name.lower(), value) for name, value in answer.raw_headers]
            body = b"" if answer.status != 200 else await _read(answer)
            return Fetched(answer.status, headers, body)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_chunked(8192):
        body += chunk
        if len(body) > MAX_BYTES:
            raise unverified(f"the key directory is longer than {MAX_BYTES} bytes")
    return body


class _Guarded(AbstractResolver):
    """Hands aiohttp the addresses of a name only if all of them may be asked."""

    def __init__(self, resolve: Resolve, permits: Callable[[str], bool]) -> None:
        self._resolve = resolve
        self._permits = permits

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._resolve(host)
        if not addresses:
            raise OSError("no address")
        if not all(map(self._permits, addresses)):
            raise RefusalError("unverified", "the key directory's host has an address that is not public")
        return [_result(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing to let go of."""


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=numeric)
