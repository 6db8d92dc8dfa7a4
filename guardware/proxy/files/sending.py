"""How a file's bytes go out: piece by piece, read off the event loop, or by the server where it offers that."""

import asyncio
import logging
import os

from anyio import to_thread

from guardware.errors import BrokenAnswerError
from guardware.http import Message, Receive, Scope, Send
from guardware.proxy.extensions import PATHSEND, RELAY
from guardware.proxy.files.opening import Found
from guardware.proxy.files.reply import Reply

PIECE = 128 * 1024
"""Bytes read at once. Each costs a thread's turn of some 80 µs, and is held for as long as a client is slow."""

_OPEN_FILES = "/proc/self/fd"
_NUMBERED = os.path.isdir(_OPEN_FILES)
"""Not so in some jails."""

_log = logging.getLogger("guardware.gallery")


def read_first(reply: Reply, scope: Scope) -> bytes:
    """The first piece of a body that does not go by the server. Blocks; called where the file was found, it costs
    no thread's turn of its own.
    """
    if reply.found is None or _server_sends(reply, scope):
        return b""
    return _read(reply.found, reply.start, min(reply.length, PIECE))


async def send_reply(reply: Reply, first: bytes, scope: Scope, receive: Receive, send: Send) -> None:
    """Send ``reply``, of whose body ``first`` is read already, and close its file.

    Raises BrokenAnswerError if the file has become shorter: what was promised can't be kept, so the connection
    must be cut. Ends early when the client hangs up.
    """
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        if reply.found is None:
            await send({"type": "http.response.body", "body": b""})
        elif _server_sends(reply, scope):
            await send({"type": PATHSEND, "path": _path_for_server(reply.found, scope)})
        elif len(first) == reply.length:
            await send({"type": "http.response.body", "body": first})
        else:
            await _send_pieces(reply, reply.found, first, receive, send)
    finally:
        if reply.found is not None:
            reply.found.close()


def _server_sends(reply: Reply, scope: Scope) -> bool:
    whole = reply.length > PIECE and reply.status == 200
    return whole and PATHSEND in (scope.get("extensions") or {})


def _path_for_server(found: Found, scope: Scope) -> str:
    """Where the server finds the file: our own server the very one that is open here, whatever stands at its path
    by now. That lasts as long as it is open, and of others nobody knows whether ``send`` returns before they are
    done."""
    if found.file is not None and _NUMBERED and RELAY in (scope.get("extensions") or {}):
        return f"{_OPEN_FILES}/{found.file.fileno()}"
    return found.path


async def _send_pieces(reply: Reply, found: Found, piece: bytes, receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_hung_up(receive))
    at, left = reply.start, reply.length
    try:
        while not gone.done():
            if not piece:
                _log.warning("%s became shorter while it was sent", ascii(found.path))
                raise BrokenAnswerError("the file became shorter while it was sent")
            at, left = at + len(piece), left - len(piece)
            message: Message = {"type": "http.response.body", "body": piece, "more_body": left > 0}
            await send(message)
            if not left:
                return
            piece = await to_thread.run_sync(_read, found, at, min(left, PIECE))
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


def _read(found: Found, at: int, length: int) -> bytes:
    """Some bytes of the file; none at its end, or where it cannot be read (any more)."""
    if found.file is None:
        return b""
    try:
        return os.pread(found.file.fileno(), length, at)
    except OSError:
        return b""


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
