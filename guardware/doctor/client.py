"""The doctor's client: asks as a browser, as curl and as a crawler would, few times, and not fast."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import yarl

from guardware.errors import GuardwareError
from guardware.hosts import read_host

PAUSE = 0.2
"""Seconds before each request; at most 5 a second stay far below the usual limits (10 pictures a second)."""

TIMEOUT = 20.0
"""Seconds for one request, with its redirects."""

LARGEST = 32 * 1024 * 1024
"""Bytes that are read of an answer."""

_REDIRECTS = 3

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
    hold, and was passed over from then on."""

    def __init__(self, *, pause: float = PAUSE) -> None:
        self.asked = 0
        self.untrusted: dict[str, str] = {}
        self._pause = pause
        self._sockets: list[socket.socket] = []

    async def __aenter__(self) -> "Client":
        connector = aiohttp.TCPConnector(limit=1, socket_factory=self._socket)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
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
        if self.asked:
            await asyncio.sleep(self._pause)
        self.asked += 1
        host = urlsplit(url).netloc
        try:
            return await self._ask(url, headers, method, secure=host not in self.untrusted)
        except aiohttp.ClientConnectorCertificateError as error:
            self.untrusted[host] = str(error.certificate_error)
            return await self.ask(url, headers, method=method)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError, ssl.SSLError) as error:
            reason = str(error) or type(error).__name__
            raise UnreachableError(f"{url} does not answer: {reason}") from None

    async def _ask(self, url: str, headers: Mapping[str, str], method: str, *, secure: bool) -> Reply:
        asked = self._session.request(
            method,
            yarl.URL(url, encoded=True),
            headers=headers,
            max_redirects=_REDIRECTS,
            ssl=secure,
        )
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
        family, kind, proto = found[:3]
        opened = socket.socket(family, kind, proto)  # type: ignore[arg-type]
        self._sockets.append(opened)
        return opened


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
