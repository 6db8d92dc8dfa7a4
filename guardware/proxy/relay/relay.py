"""The relay: a request without a body, asked on a bare connection, whose answer the kernel moves to the visitor.

The head goes the ordinary ASGI way, so that all that is done to answers is done to these; only the body's bytes do
not come through here. Whatever is unusual before an answer has begun is left to the ordinary way (``Exchange``),
which asks again: only GET and HEAD come here.
"""

import asyncio
import logging
import os
from typing import Any

from guardware.config.proxy import Proxy
from guardware.config.upstreams import Address
from guardware.errors import BrokenAnswerError
from guardware.http import RawHeaders, Scope, Send, first_value
from guardware.proxy.address import path_of
from guardware.proxy.extensions import RELAY, RELAYED
from guardware.proxy.headers import has_body, to_visitor
from guardware.proxy.pool import Group, Member
from guardware.proxy.refusals import refuse
from guardware.proxy.relay.answer_head import AnswerHead, NoAnswerError
from guardware.proxy.relay.body import SplicedBody
from guardware.proxy.relay.line import Line, LineClosedError
from guardware.proxy.relay.lines import Lines
from guardware.proxy.relay.pipes import Pipes
from guardware.proxy.request_lines import RequestLines

logger = logging.getLogger("guardware.proxy")

_BODILESS = frozenset({204, 304})
_COPIED = 32 * 1024
"""Bytes of a body that are left to read and still cheaper to copy than to move through a pipe."""


class _VisitorLeftError(Exception):
    """Nobody is there to be answered."""


class Relay:
    """The relay of one ``Upstream``: its connections by address, and its pipes."""

    def __init__(self, settings: Proxy, request: RequestLines) -> None:
        self._settings = settings
        self._request = request
        self._lines: dict[Address, Lines] = {}
        self._pipes = Pipes()

    @staticmethod
    def is_possible() -> bool:
        """Whether this system's kernel can move bytes between sockets for us."""
        return hasattr(os, "splice")

    def close(self) -> None:
        """End all connections."""
        for lines in self._lines.values():
            lines.close()
        self._lines.clear()
        self._pipes.close()

    async def run(self, group: Group, scope: Scope, send: Send) -> bool:
        """Ask and answer; False if nothing was answered and the ordinary way is to be gone.

        Raises BrokenAnswerError if the upstream dies in mid-body.
        """
        cycle: Any = (scope.get("extensions") or {}).get(RELAY)
        if cycle is None or scope["method"] not in ("GET", "HEAD") or has_body(scope["headers"]):
            return False
        if any(member.address.secure for member in group.members):
            return False
        member = group.choose()
        path = path_of(member.address, scope)
        if path is None or not await member.enter(0.0):
            return False
        try:
            first = f"{scope['method']} {path} HTTP/1.1\r\n".encode()
            request = first + self._request.text(scope, member.address)
            return await self._exchange(member, request, scope, cycle, send)
        finally:
            member.leave()

    async def _exchange(self, member: Member, request: bytes, scope: Scope, cycle: Any, send: Send) -> bool:
        lines = self._lines_to(member.address)
        try:
            line = await lines.take()
        except (OSError, TimeoutError):
            member.failed()
            return False
        clean = False
        cycle.on_disconnect(lambda: line.fail(_VisitorLeftError()))
        try:
            answer = await self._ask(line, request)
            member.worked()
            headers = to_visitor(answer.headers)
            if headers is None or answer.status > 599:
                return False
            clean = await self._answer(line, answer, headers, scope["method"], send)
        except _VisitorLeftError:
            pass
        except (LineClosedError, NoAnswerError) as error:
            logger.info("left to the ordinary way: %s", error)
            return False
        except TimeoutError:
            logger.warning("no answer from the upstream %s in time", member.address)
            await refuse(504, scope, send)
        finally:
            cycle.on_disconnect(None)
            lines.give_back(line, clean=clean)
        return True

    def _lines_to(self, address: Address) -> Lines:
        lines = self._lines.get(address)
        if lines is None:
            lines = self._lines[address] = Lines(address, self._settings.connect_timeout)
        return lines

    async def _ask(self, line: Line, request: bytes) -> AnswerHead:
        line.deadline = asyncio.get_running_loop().time() + self._settings.first_byte_timeout
        try:
            return await line.ask(request)
        finally:
            line.deadline = 0.0

    async def _answer(self, line: Line, answer: AnswerHead, headers: RawHeaders, method: str, send: Send) -> bool:
        """Send the answer; returns whether the line may be used again."""
        first = answer.take()
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if method == "HEAD" or answer.status in _BODILESS:
            await send({"type": "http.response.body", "body": b""})
            return answer.keep_alive and not first and not answer.surplus
        length = first_value(headers, b"content-length")
        left = int(length) - len(first) if length is not None else -1
        if left == 0:
            await send({"type": "http.response.body", "body": first})
            return answer.keep_alive and not answer.surplus
        if first:
            await send({"type": "http.response.body", "body": first, "more_body": True})
        if left > _COPIED:
            body = SplicedBody(line, left, self._pipes, self._settings.read_timeout)
            await send({"type": RELAYED, "body": body})
            return answer.keep_alive
        await self._copy(line, answer, send, framed=left > 0 or answer.chunked)
        return answer.keep_alive and answer.ended and not answer.surplus

    async def _copy(self, line: Line, answer: AnswerHead, send: Send, *, framed: bool) -> None:
        """A body that must be unframed, or is too short to be worth a pipe. ``framed``: it says where it ends."""
        clock = asyncio.get_running_loop().time
        try:
            line.deadline = clock() + self._settings.read_timeout
            while chunk := await line.more(answer):
                line.deadline = 0.0
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                line.deadline = clock() + self._settings.read_timeout
        except (LineClosedError, NoAnswerError, TimeoutError) as error:
            raise BrokenAnswerError(f"the upstream's answer broke off: {error}") from error
        finally:
            line.deadline = 0.0
        if framed and not answer.ended:
            raise BrokenAnswerError("the upstream's answer is shorter than it said")
        await send({"type": "http.response.body", "body": b""})
