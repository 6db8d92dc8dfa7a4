"""One request on its way to the upstream, and the answer on its way back."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from typing import NamedTuple

import aiohttp

from guardware.config.proxy import Proxy
from guardware.errors import BrokenAnswerError
from guardware.http import Message, Receive, Scope, Send, first_value
from guardware.proxy.address import target
from guardware.proxy.cycle import Cycle
from guardware.proxy.extensions import RELAY
from guardware.proxy.headers import to_visitor
from guardware.proxy.pool import Group, Member
from guardware.proxy.refusals import refuse
from guardware.proxy.sessions import UnansweredError, give_up
from guardware.proxy.upstream_tls import mend

logger = logging.getLogger("guardware.proxy")

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that asking twice does no harm (RFC 9110, section 9.2.1); not TRACE."""

NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors after which an upstream cannot have seen anything of the request."""

_ERRORS = (UnansweredError, aiohttp.ClientError, TimeoutError, OSError, ValueError)

_REASONS = {
    408: "the visitor paused his upload for longer than proxy.read_timeout",
    413: "the upload is larger than proxy.max_body",
    504: "no answer began within proxy.first_byte_timeout, or no upload was taken within proxy.read_timeout",
}
"""For the log: what a status means that an exchange comes to by itself."""

_BUSY = 5
"""Seconds after which a visitor may come back when all connections were taken."""


class _UploadStopped(Exception):  # noqa: N818 -- not a fault: it only stops an upload
    """No more of the body will come: the visitor hung up, or sent too much."""


def one_line(error: Exception) -> str:
    """An error for the log: its parser's excerpts run over several lines, and hold what the upstream sent."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def is_too_large(scope: Scope, max_body: int) -> bool:
    """Whether the request says itself that its body is larger than ``max_body`` (0: any size will do)."""
    length = first_value(scope["headers"], b"content-length") or b""
    return 0 < max_body < (int(length) if length.isdigit() else 0)


class Failure(NamedTuple):
    """A request that came to nothing, and may be tried again.

    ``again``: whether that does no harm; ``free``: and does not count, since the connection was merely old.
    """

    error: Exception
    again: bool
    free: bool


class Exchange:
    """Asks one thing of an upstream; a responder of its own, so that the app keeps no state of requests."""

    def __init__(self, settings: Proxy, scope: Scope, receive: Receive, send: Send) -> None:
        self._settings = settings
        self._scope = scope
        self._method: str = scope["method"]
        self._receive = receive
        self._send = send
        self._leash = asyncio.timeout(None)
        self._leashed = self._pulled = False
        self._why = 0
        self._cycle: Cycle | None = (scope.get("extensions") or {}).get(RELAY)
        self._watcher: asyncio.Task[None] | None = None
        self._taken = 0
        self._started = False

    async def run(self, group: Group, headers: list[tuple[str, str]], *, with_body: bool) -> None:
        """Ask and answer. Raises BrokenAnswerError if the upstream dies in mid-body."""
        if not with_body:
            self._watch()
        try:
            async with self._leash:
                self._leashed = True
                try:
                    await self._forward(group, headers, with_body)
                finally:
                    self._leashed = False
        except TimeoutError:
            await self._cut()
        finally:
            if self._cycle is not None:
                self._cycle.on_disconnect(None)
            if self._watcher is not None:
                self._watcher.cancel()

    async def _cut(self) -> None:
        """The leash was pulled, with the status to answer; 0 if the visitor left and nobody is to be answered."""
        if not self._why:
            return
        logger.warning("a request came to an end half-way: %d, %s", self._why, _REASONS[self._why])
        if self._started:
            raise BrokenAnswerError("the request was cut off")
        await refuse(self._why, self._scope, self._send)

    async def _forward(self, group: Group, headers: list[tuple[str, str]], with_body: bool) -> None:
        """Ask until somebody answers or it must not be asked again."""
        tried: list[Member] = []
        spare = 1
        while True:
            member = group.choose(tried)
            if not await member.enter(self._settings.connect_timeout):
                logger.warning("all connections to the upstream %s are taken", member.address)
                await refuse(503, self._scope, self._send, wait=_BUSY)
                return
            try:
                failure = await self._ask(member, headers, with_body)
            finally:
                member.leave()
            if failure is None:
                return
            if failure.free and spare:
                spare -= 1
                continue
            if not failure.again or len(tried) >= self._settings.retries:
                await self._fail(failure.error)
                return
            tried.append(member)

    async def _ask(self, member: Member, headers: list[tuple[str, str]], with_body: bool) -> Failure | None:
        """Ask ``member``; None once the visitor has been answered."""
        url = target(member.address, self._scope)
        if url is None:
            await refuse(400, self._scope, self._send)
            return None
        if not with_body:
            # A limit for the whole head, too: each byte of it would start a limit for the next one anew.
            self._pull_in(self._settings.connect_timeout + self._settings.first_byte_timeout)
        body = self._body() if with_body else None
        try:
            response = await member.session.request(
                self._method, url, headers=headers, data=body, allow_redirects=False
            )
        except _ERRORS as error:
            return self._failure(member, error, with_body)
        self._let_go()
        member.worked()
        async with response:
            await self._answer(response)
        return None

    def _failure(self, member: Member, error: Exception, with_body: bool) -> Failure:
        self._let_go()
        if isinstance(error, NOT_SENT):
            member.failed()
            again = not self._taken
        else:
            again = isinstance(error, UnansweredError) and not error.begun
            again = again and self._method in HARMLESS and not with_body
        logger.warning("no answer from the upstream %s: %s%s", member.address, one_line(error), mend(error))
        return Failure(error, again, again and isinstance(error, UnansweredError) and error.kept)

    async def _fail(self, error: Exception) -> None:
        """No answer from the upstream: say so, without its address."""
        await refuse(504 if isinstance(error, TimeoutError) else 502, self._scope, self._send)

    async def _answer(self, response: aiohttp.ClientResponse) -> None:
        headers = to_visitor(response.raw_headers)
        if headers is None or not 200 <= response.status <= 599:
            give_up(response)
            logger.warning("the upstream's answer has a status or headers that cannot be sent on")
            await refuse(502, self._scope, self._send)
            return
        self._started = True
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
        while chunk := await self._read(response):
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """What has come in; empty at the end. The client stops reading while nobody takes it from here."""
        content = response.content
        try:
            if content.exception() is None and (ready := content.read_nowait()):
                return ready  # most small bodies come with the head
            if content.at_eof():
                return b""
            # A time-out of our own: after a syntax error between chunks aiohttp 3.14 ends neither body nor wait.
            async with asyncio.timeout(self._settings.read_timeout):
                return await content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.warning("the upstream's answer broke off: %s", one_line(error))
            raise BrokenAnswerError("the upstream's answer broke off") from error

    async def _body(self) -> AsyncIterator[bytes]:
        """The visitor's body, chunk by chunk; each is asked for once the one before has gone out."""
        limit = self._settings.max_body or math.inf
        more = True
        while more:
            message = await self._next()
            if message["type"] == "http.disconnect":
                self._pull(0)
                # Not a return: that would end the upload as if it were whole.
                raise _UploadStopped
            more = message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self._taken += len(chunk)
            if self._taken > limit:
                self._pull(413)
                raise _UploadStopped
            if chunk:
                self._pull_in(self._settings.read_timeout, 504)
                yield chunk
                self._let_go()
        self._watch()
        self._pull_in(self._settings.first_byte_timeout)

    async def _next(self) -> Message:
        self._pull_in(self._settings.read_timeout, 408)
        try:
            return await self._receive()
        finally:
            self._let_go()

    def _watch(self) -> None:
        if self._cycle is not None:
            self._cycle.on_disconnect(lambda: self._pull(0))  # our own server tells it without a task that waits
        else:
            self._watcher = asyncio.create_task(self._until_disconnect())

    async def _until_disconnect(self) -> None:
        """Stop asking when the visitor hangs up. Nobody else may call ``receive`` from here on."""
        message = await self._receive()
        if message["type"] == "http.request":
            # A request without a body has one, empty message; after it, ``receive`` waits until he is gone.
            message = await self._receive()
        # A caller whose ``receive`` never waits has no news of the visitor, and must not be asked for ever.
        if message["type"] == "http.disconnect":
            self._pull(0)

    def _pull(self, why: int) -> None:
        """End the exchange now, with the status ``why``; 0 for no answer. Nothing later changes that."""
        self._set(why, 0.0)
        self._pulled = True

    def _pull_in(self, seconds: float, why: int = 504) -> None:
        """End it so unless ``_let_go`` comes before. An answer under way is timed where it is read."""
        if not self._started:
            self._set(why, seconds)

    def _let_go(self) -> None:
        self._set(self._why, None)

    def _set(self, why: int, seconds: float | None) -> None:
        """When the leash is pulled, from now; None: never."""
        if self._leashed and not self._pulled and not self._leash.expired():
            self._why = why
            self._leash.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)
