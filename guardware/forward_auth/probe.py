"""Probe: whether an address shows a picture, found out by asking the application for the beginning of it."""

import asyncio
import logging

from guardware.head import LOOK, Head
from guardware.http import ASGIApp, Message, Scope
from guardware.protected import doubtful_scope

_log = logging.getLogger("guardware")

PATIENCE = 10.0
"""Seconds for the application to begin its answer; a visitor who waits longer has gone."""


async def shows_picture(app: ASGIApp, scope: Scope, *, drawings: bool) -> bool:
    """Whether the answer to ``scope``, a GET or HEAD, is a picture; True if that cannot be found out.

    ``drawings``: SVG counts. Reads no more than the first kilobyte.
    """
    probe = _Probe(drawings)
    # No extensions: whatever hands the body on by another way would not show it here.
    whole = {**doubtful_scope(scope, image=False), "extensions": {}}
    asking = asyncio.create_task(_ask(app, whole, probe))
    try:
        async with asyncio.timeout(PATIENCE):
            return await probe.found
    except TimeoutError:
        return True
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


class _Probe:
    def __init__(self, drawings: bool) -> None:
        self.found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._drawings = drawings
        self._head = Head(200, [])
        self._first = b""
        self._asked = False

    async def receive(self) -> Message:
        if self._asked:  # nothing more comes, and nobody hangs up: wait until the application is done
            await asyncio.Future()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(bytes(k).lower(), bytes(v)) for k, v in message.get("headers", ())]
            self._head = Head(message["status"], headers)
        elif message["type"] == "http.response.body":
            self._first = (self._first + message.get("body", b""))[:LOOK]
            if not message.get("more_body", False) or self._head.tells(self._first):
                self.settle(
                    self._head.is_picture(self._first, asked=False, doubtful=True, drawings=self._drawings)
                )

    def settle(self, found: bool) -> None:
        if not self.found.done():
            self.found.set_result(found)


async def _ask(app: ASGIApp, scope: Scope, probe: _Probe) -> None:
    try:
        await app(scope, probe.receive, probe.send)
    except Exception:
        # Whoever serves the address comes upon it again, and tells the visitor.
        _log.exception("the application failed at %s", scope["path"])
    finally:
        probe.settle(True)
