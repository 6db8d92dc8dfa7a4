"""One request on its way to the upstream, and the answer on its way back."""

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from guardware.errors import BrokenAnswerError
from guardware.http import Answer, Receive, Send, send_answer
from guardware.proxy.headers import to_visitor

logger = logging.getLogger("guardware.proxy")

_TEXTS = {
    400: "This address cannot be passed on.\n",
    405: "This method is not passed on.\n",
    502: "The site behind this address gave no usable answer. Please try again in a moment.\n",
    504: "The site behind this address took too long to answer. Please try again in a moment.\n",
}


class _VisitorLeft(Exception):  # noqa: N818 -- not a fault: it only stops an upload
    """The visitor hung up while sending."""


async def refuse(status: int, method: str, send: Send) -> None:
    """Answer ``status`` in words that say nothing about the upstream."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send_answer(Answer(status, headers, _TEXTS[status].encode()), method, send)


def one_line(error: Exception) -> str:
    """An error for the log: its parser's excerpts run over several lines, and hold what the upstream sent."""
    return " ".join(str(error).split())[:200] or type(error).__name__


class Exchange:
    """Asks one thing of the upstream; a responder of its own, so that the app keeps no state of requests.

    ``patience``: seconds that the upstream may neither send nor take anything.
    """

    __slots__ = ("_leash", "_method", "_patience", "_receive", "_send", "_session", "_stalled", "_watcher")

    def __init__(
        self, session: aiohttp.ClientSession, method: str, receive: Receive, send: Send, patience: float
    ) -> None:
        self._session = session
        self._method = method
        self._receive = receive
        self._send = send
        self._patience = patience
        self._leash = asyncio.timeout(None)
        self._watcher: asyncio.Task[None] | None = None
        self._stalled = False

    async def run(self, url: URL, headers: list[tuple[str, str]], *, with_body: bool) -> None:
        """Ask and answer. Raises BrokenAnswerError if the upstream dies in mid-body."""
        if not with_body:
            self._watch()
        try:
            async with self._leash:
                await self._forward(url, headers, self._body() if with_body else None)
        except TimeoutError:
            # Only the leash gets here: the visitor left (nobody to answer) or the upstream took no more.
            if self._stalled:
                logger.warning("the upstream stopped reading a request body")
                await refuse(504, self._method, self._send)
        finally:
            if self._watcher is not None:
                self._watcher.cancel()

    async def _forward(self, url: URL, headers: list[tuple[str, str]], body: AsyncIterator[bytes] | None) -> None:
        asked = self._session.request(self._method, url, headers=headers, data=body, allow_redirects=False)
        try:
            response = await asked
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            await self._fail(error)
            return
        async with response:
            await self._answer(response)

    async def _fail(self, error: Exception) -> None:
        """No answer from the upstream: say so, without its address."""
        logger.warning("no answer from the upstream: %s", one_line(error))
        await refuse(504 if isinstance(error, TimeoutError) else 502, self._method, self._send)

    async def _answer(self, response: aiohttp.ClientResponse) -> None:
        headers = to_visitor(response.raw_headers)
        if headers is None or not 200 <= response.status <= 599:
            logger.warning("the upstream's answer has a status or headers that cannot be sent on")
            await refuse(502, self._method, self._send)
            return
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
        while chunk := await self._read(response):
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """What has come in; empty at the end. The client stops reading while nobody takes it from here."""
        try:
            # A time-out of our own: after a syntax error between chunks aiohttp 3.14 ends neither body nor wait.
            async with asyncio.timeout(self._patience):
                return await response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.warning("the upstream's answer broke off: %s", one_line(error))
            raise BrokenAnswerError("the upstream's answer broke off") from error

    async def _body(self) -> AsyncIterator[bytes]:
        """The visitor's body, chunk by chunk; each is asked for once the one before has gone out."""
        loop = asyncio.get_running_loop()
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._pull()
                # Not a return: that would end the upload as if it were whole.
                raise _VisitorLeft
            more = message.get("more_body", False)
            if message.get("body"):
                stall = loop.call_later(self._patience, self._stall)
                try:
                    yield message["body"]
                finally:
                    stall.cancel()
        self._watch()

    def _watch(self) -> None:
        self._watcher = asyncio.create_task(self._until_disconnect())

    async def _until_disconnect(self) -> None:
        """Stop asking when the visitor hangs up. Nobody else may call ``receive`` from here on."""
        message = await self._receive()
        if message["type"] == "http.request":
            # A request without a body has one, empty message; after it, ``receive`` waits until he is gone.
            message = await self._receive()
        # A caller whose ``receive`` never waits has no news of the visitor, and must not be asked for ever.
        if message["type"] == "http.disconnect":
            self._pull()

    def _stall(self) -> None:
        self._stalled = True
        self._pull()

    def _pull(self) -> None:
        self._leash.reschedule(asyncio.get_running_loop().time())
