"""Accel: originals that the front sends itself, told by X-Accel-Redirect where they lie (nginx).

Stands between the guard and a gallery, and changes nothing of what may be seen: where the gallery would have the
server send a file, the front is told its place in the gallery instead, and sends it by sendfile. Who gets no
originals gets none here either: from the scopes of such visits the guard takes the extension by which files are
handed over, since it looks at their bodies itself.
"""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from guardware.http import ASGIApp, Message, Receive, Scope, Send
from guardware.visit import Visit

_PATHSEND = "http.response.pathsend"

_DROPPED = frozenset([b"accept-encoding", b"if-match", b"if-unmodified-since"])
"""A compressed twin would lose its Content-Encoding on the way: nginx keeps few headers of an answer that hands
over. The other two it may have to compare with a validator of nginx's own. A range stays: small files come from
the gallery, and so do parts of large ones, unless If-Range names nginx's validator; then nginx cuts them."""

_OF_THE_FILE = frozenset([b"content-length", b"etag", b"last-modified", b"accept-ranges"])
"""What the front says of the file."""


class Accel:
    """``app``, a gallery of the folder ``root``, whose files the front has at ``location`` (such as /originals/).

    Only for visits that came through a trusted front.
    """

    def __init__(self, app: ASGIApp, root: Path, location: str) -> None:
        self._app = app
        self._root = os.path.realpath(root)
        self._location = location.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _through_a_front(scope):
            headers = [line for line in scope["headers"] if line[0] not in _DROPPED]
            # This extension alone: with guardware's own the gallery would name an open file, and not its place.
            scope = {**scope, "headers": headers, "extensions": {_PATHSEND: {}}}
            send = _HandOver(send, self._place).send
        await self._app(scope, receive, send)

    def _place(self, path: str) -> bytes | None:
        """Where the front finds the file ``path``, or None if it is not in the folder."""
        inner = os.path.relpath(os.path.realpath(path), self._root)
        if inner == os.pardir or inner.startswith(os.pardir + os.sep):
            return None
        # nginx decodes it once (since 1.5.9), so every byte that means something in an address is encoded.
        return self._location + quote(os.fsencode(inner)).encode()


def _through_a_front(scope: Scope) -> bool:
    visit = (scope.get("state") or {}).get("guardware.visit")
    return isinstance(visit, Visit) and visit.source.trusted and _PATHSEND in (scope.get("extensions") or {})


class _HandOver:
    """The responder of one request: holds the start back until it is known how the body goes out."""

    __slots__ = ("_place", "_send", "_start")

    def __init__(self, send: Send, place: Callable[[str], bytes | None]) -> None:
        self._send = send
        self._place = place
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if message["type"] != _PATHSEND:
            if start is not None:
                await self._send(start)
            await self._send(message)
        elif start is not None:
            await self._tell(start, self._place(message["path"]))

    async def _tell(self, start: Message, place: bytes | None) -> None:
        headers = [line for line in start.get("headers", ()) if line[0] not in _OF_THE_FILE]
        if place is not None:
            headers.append((b"x-accel-redirect", place))
        headers.append((b"content-length", b"0"))
        status = start["status"] if place is not None else 404
        await self._send({**start, "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})
