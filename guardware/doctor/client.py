"""The doctor's client: asks as a browser, as curl and as a crawler would, few times, and not fast."""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import aiohttp
import yarl

from guardware.errors import GuardwareError
from guardware.hosts import read_host

PAUSE = 0.2
"""Seconds before each request; at most 5 a second stay far below the usual limits (10 pictures a second)."""

TIMEOUT = 20.0
"""Seconds for one request."""

LARGEST = 32 * 1024 * 1024
"""Bytes that are read of an answer."""

PATIENCE = 240.0
"""Seconds for all requests together: a site that lets each wait must not hold the doctor for hours."""

_REDIRECTS = 3
_MOVED = frozenset([301, 302, 303, 307, 308])
_PORTS = {"http": 80, "https": 443}

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_PICTURE = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"

AGENTS: Mapping[str, str] = {
    "curl": "curl/8.14.1",
    "GPTBot": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
    "+https://openai.com/gptbot)",
}
"""Who else than a browser is played, by the name in the findings."""


class UnreachableError(GuardwareError):
    """There was no answer; the message says why, and what to look at."""


class InsideError(UnreachableError):
    """The address leads into this machine or its network, and the owner has not named it."""


class Reply(NamedTuple):
    """``headers``: names in lower case, in order, repeated ones apart. ``url``: after redirects."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    url: str

    def all(self, name: str) -> list[str]:
        """The values of all lines of that name."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str:
        """The first, or an empty string."""
        return next(iter(self.all(name)), "")

    @property
    def media(self) -> str:
        """The media type, lower case, without parameters."""
        return self.first("content-type").partition(";")[0].strip().lower()


class Client:
    """Used as ``async with``. ``asked`` counts the requests; ``untrusted``: the certificate of a host did not
    hold, and was passed over from then on.

    Pages and redirects may name any address, also such as only this machine reaches (a database, the cloud's
    metadata). There it asks only what the owner names: the addresses given to ``name``.
    """

    def __init__(self, *, pause: float = PAUSE, patience: float = PATIENCE) -> None:
        self.asked = 0
        self.untrusted: dict[str, str] = {}
        self._pause = pause
        self._until = time.monotonic() + patience
        self._named: set[tuple[str, int]] = set()
        self._may_enter = False
        self._kept_out = ""
        self._sockets: list[socket.socket] = []

    def name(self, url: str) -> None:
        """The owner names ``url``: it may lie inside. With it the usual ports of its host, to which sites move."""
        host, port = _place(url)
        self._named |= {(host, port), *((host, usual) for usual in _PORTS.values())}

    async def __aenter__(self) -> "Client":
        connector = aiohttp.TCPConnector(limit=1, socket_factory=self._socket)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    @property
    def ports(self) -> set[int]:
        """The ports of our ends of the connections that are open."""
        return {opened.getsockname()[1] for opened in self._sockets if opened.fileno() >= 0}

    async def page(self, url: str, *, extra: Mapping[str, str] | None = None) -> Reply:
        """As a browser that opens ``url``."""
        return await self.ask(url, {**_browser(url, _PAGE, "document", "navigate", "none"), **(extra or {})})

    async def picture(self, url: str, page: str) -> Reply:
        """As a browser that shows the picture ``url`` in ``page``."""
        here = "same-origin" if urlsplit(url).netloc == urlsplit(page).netloc else "cross-site"
        headers = {**_browser(url, _PICTURE, "image", "no-cors", here), "Referer": page}
        if "Sec-Fetch-Dest" in headers:
            headers["Accept-Encoding"] = "gzip, deflate, br, zstd"  # pictures come as they are all the same
        return await self.ask(url, headers)

    async def as_agent(
        self, agent: str, url: str, *, method: str = "GET", extra: Mapping[str, str] | None = None
    ) -> Reply:
        """As one of ``AGENTS``."""
        return await self.ask(url, {"User-Agent": AGENTS[agent], "Accept": "*/*", **(extra or {})}, method=method)

    async def ask(self, url: str, headers: Mapping[str, str], *, method: str = "GET") -> Reply:
        """One request, byte for byte at ``url``. Raises UnreachableError."""
        sent = dict(headers)
        for _ in range(_REDIRECTS + 1):
            reply = await self._hop(url, sent, method)
            target = reply.first("location")
            if reply.status not in _MOVED or not target:
                return reply
            try:
                moved = urljoin(url, target)
                if _place(moved) != _place(url):
                    sent.pop("Authorization", None)
            except ValueError:
                raise UnreachableError(f"{url} leads to {target[:200]!r}, which is no address") from None
            url = moved
        raise UnreachableError(f"{url} does not answer: it leads from one address to the next without end")

    async def _hop(self, url: str, headers: Mapping[str, str], method: str) -> Reply:
        """One request, with another where the certificate does not hold."""
        if self.asked:
            await asyncio.sleep(self._pause)
        self.asked += 1
        host = urlsplit(url).netloc
        try:
            self._may_enter, self._kept_out = _place(url) in self._named, ""
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("all requests together took too long")
            async with asyncio.timeout(min(left, TIMEOUT)):
                return await self._ask(url, headers, method, secure=host not in self.untrusted)
        except aiohttp.ClientConnectorCertificateError as error:
            self.untrusted[host] = str(error.certificate_error)
            return await self._hop(url, headers, method)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError, ssl.SSLError) as error:
            if self._kept_out:
                raise InsideError(f"{url} leads to {self._kept_out}, inside this machine or its network") from None
            raise UnreachableError(f"{url} does not answer: {_reason(error)}") from None

    async def _ask(self, url: str, headers: Mapping[str, str], method: str, *, secure: bool) -> Reply:
        address = yarl.URL(url, encoded=True)
        asked = self._session.request(method, address, headers=headers, allow_redirects=False, ssl=secure)
        async with asked as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65536):
                body += chunk
                if len(body) > LARGEST:
                    answer.close()
                    break
            lines = [(k.decode("latin-1").lower(), v.decode("latin-1").strip()) for k, v in answer.raw_headers]
            return Reply(answer.status, lines, bytes(body), str(answer.url))

    def _socket(self, found: tuple[object, ...]) -> socket.socket:
        family, kind, proto, _, target = found
        address = str(target[0])  # type: ignore[index]
        if not self._may_enter and lies_inside(address):
            self._kept_out = address
            raise OSError("not to be entered")
        opened = socket.socket(family, kind, proto)  # type: ignore[arg-type]
        self._sockets.append(opened)
        return opened


def _reason(error: Exception) -> str:
    """Why there was no answer, for somebody who knows no networks."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "nobody knows a machine of that name"
        case aiohttp.ClientConnectorSSLError():
            return "no https is spoken there"
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return "nothing listens there"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return "it hung up"
        case TimeoutError():
            return str(error) or f"nothing came within {TIMEOUT:g} seconds"
    return str(error) or type(error).__name__


def lies_inside(address: str) -> bool:
    """Whether an IP address is of this machine, a private network, or otherwise not of the public internet."""
    read = ip_address(address.partition("%")[0])
    mapped = read.ipv4_mapped if isinstance(read, IPv6Address) else None
    return not (mapped or read).is_global


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def _browser(url: str, accept: str, dest: str, mode: str, site: str) -> dict[str, str]:
    """Firefox's headers, in its order. It sends fetch metadata over https, and to this very machine."""
    headers = {
        "User-Agent": FIREFOX,
        "Accept": accept,
        "Accept-Language": "en-US,en;q=0.5",
        "Accept-Encoding": "gzip, deflate",
    }
    parts = urlsplit(url)
    host = read_host(parts.netloc.encode("ascii", "replace"))
    if parts.scheme == "https" or (host is not None and host.local):
        headers |= {"Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode, "Sec-Fetch-Site": site}
    return headers
