"""WebSockets through the proxy: one to the visitor, one to the upstream, messages relayed both ways."""

import asyncio
import logging

import aiohttp

from guardware.config.proxy import Proxy
from guardware.http import Receive, Scope, Send
from guardware.proxy.address import target
from guardware.proxy.exchange import NOT_SENT, one_line
from guardware.proxy.pool import Group, Member
from guardware.proxy.sessions import UnansweredError
from guardware.proxy.upstream_tls import mend

logger = logging.getLogger("guardware.proxy")

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message, on both sides (uvicorn's default)."""

_GOING_AWAY, _FAILED = 1001, 1011
_UNSENDABLE = frozenset({1004, 1005, 1006, 1015})
"""Close codes that name a state and must not be sent (RFC 6455, section 7.4.1)."""


async def turn_away(status: int, scope: Scope, send: Send) -> None:
    """Refuse a handshake, with ``status`` if the server can send one, else with its own 403."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": _FAILED})


async def forward_websocket(
    settings: Proxy,
    group: Group,
    headers: list[tuple[str, str]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Open the socket of one of ``group``, then the visitor's, and relay until either side closes."""
    await receive()  # websocket.connect
    tried: list[Member] = []
    while True:
        member = group.choose(tried)
        if not await member.enter(settings.connect_timeout):
            await turn_away(503, scope, send)
            return
        try:
            status = await _converse(settings, member, headers, scope, receive, send)
        finally:
            member.leave()
        if status is None:
            return
        if len(tried) >= settings.retries:
            await turn_away(status, scope, send)
            return
        tried.append(member)


async def _converse(
    settings: Proxy, member: Member, headers: list[tuple[str, str]], scope: Scope, receive: Receive, send: Send
) -> int | None:
    """The whole conversation with ``member``, or a refusal of the handshake; None once there was either.

    A status where no connection could be made, so that another may be asked.
    """
    url = target(member.address, scope)
    if url is None:
        await turn_away(400, scope, send)
        return None
    own = [(n, v) for n, v in headers if not n.startswith("sec-websocket-")]
    try:
        async with asyncio.timeout(settings.connect_timeout + settings.first_byte_timeout):
            upstream = await member.session.ws_connect(
                url, headers=own, protocols=scope.get("subprotocols", ()), max_msg_size=MAX_MESSAGE
            )
    except aiohttp.WSServerHandshakeError as error:
        member.worked()
        await turn_away(_refusal(error.status), scope, send)
        return None
    except (UnansweredError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        logger.warning("no WebSocket from the upstream %s: %s%s", member.address, one_line(error), mend(error))
        status = 504 if isinstance(error, TimeoutError) else 502
        if isinstance(error, NOT_SENT):
            member.failed()
            return status
        await turn_away(status, scope, send)
        return None
    member.worked()
    await send({"type": "websocket.accept", "subprotocol": upstream.protocol})
    await _relay(upstream, receive, send)
    return None


def _refusal(status: int) -> int:
    """What the visitor is told where the upstream answered his handshake with ``status``."""
    if 300 <= status <= 599:
        return status
    # 2xx: an address like others, that is no WebSocket. The upstream is well. 101 with a wrong key is its fault.
    return 404 if 200 <= status <= 299 else 502


async def _relay(upstream: aiohttp.ClientWebSocketResponse, receive: Receive, send: Send) -> None:
    up = asyncio.create_task(_up(upstream, receive))
    down = asyncio.create_task(_down(upstream, send))
    try:
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
    finally:
        up.cancel()
        down.cancel()
        left, _ = await asyncio.gather(up, down, return_exceptions=True)
        await upstream.close(code=left if isinstance(left, int) else _GOING_AWAY)


async def _up(upstream: aiohttp.ClientWebSocketResponse, receive: Receive) -> int:
    """The visitor's messages, until he closes; returns his close code."""
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await upstream.send_str(message["text"])
        else:
            await upstream.send_bytes(message["bytes"])
    return _sendable(message.get("code"), _GOING_AWAY)


async def _down(upstream: aiohttp.ClientWebSocketResponse, send: Send) -> None:
    """The upstream's messages, until it closes or breaks off."""
    while True:
        message = await upstream.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            await send({"type": "websocket.send", "text": message.data})
        elif message.type is aiohttp.WSMsgType.BINARY:
            await send({"type": "websocket.send", "bytes": message.data})
        else:
            await send({"type": "websocket.close", "code": _sendable(upstream.close_code, _FAILED)})
            return


def _sendable(code: int | None, otherwise: int) -> int:
    return otherwise if code is None or code in _UNSENDABLE else code
