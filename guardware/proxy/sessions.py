"""aiohttp's client as a proxy needs it: nothing added, decoded or asked twice, and no stale connection."""

import select
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import BaseConnector, Connection

from guardware.config.upstreams import Address

_KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the 5 s of uvicorn and Node, so that we never ask a closed one."""

_FIELD_BYTES = 32 * 1024
"""One header line of an answer; aiohttp's 8190 refuses some sites' Content-Security-Policy."""

_FIELDS = 256
"""Header lines of an answer (aiohttp's own limit is 128); with ``_FIELD_BYTES`` a head has 8 MB at the most."""


class UnansweredError(Exception):
    """The connection ended without an answer.

    ``kept``: it had served a request before, so the upstream may merely have closed it meanwhile. ``begun``: a
    part of an answer had come.
    """

    def __init__(self, error: Exception, *, kept: bool, begun: bool) -> None:
        super().__init__(*error.args)
        self.kept = kept
        self.begun = begun


class _Request(ClientRequest):
    """A request that knows whether its connection had served another one before."""

    kept = False


class _Response(aiohttp.ClientResponse):
    """An answer whose connection can be given up, even when it has gone back to the others."""

    _served_by: ResponseHandler | None = None

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        self._served_by = connection.protocol
        return await super().start(connection)

    def give_up(self) -> None:
        if self._served_by is not None:
            self._served_by.close()


def give_up(response: aiohttp.ClientResponse) -> None:
    """Use the connection of ``response`` no more: what came on it makes no sense.

    Call it before anything is awaited, or another request may have it already.
    """
    cast(_Response, response).give_up()


class _Clean(BaseConnector):
    """Never gives out a connection on which anything came after the end of the answer before.

    aiohttp 3.14 would take those bytes for the next visitor's answer.
    """

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 -- aiohttp's name
    ) -> Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            kept = _has_served(connection)
            if not kept or _is_clean(connection):
                cast(_Request, req).kept = kept
                return connection
            connection.close()


class _TCP(_Clean, aiohttp.TCPConnector):
    pass


class _Unix(_Clean, aiohttp.UnixConnector):
    pass


def _parser_of(connection: Connection) -> Any:
    # aiohttp has no public name for it; without it nobody can tell whether an answer has begun.
    return connection.protocol._parser if connection.protocol is not None else None


def _has_served(connection: Connection) -> bool:
    return _parser_of(connection) is not None


def _is_clean(connection: Connection) -> bool:
    """Whether nothing has come in since the last answer ended: neither a message nor a part of one."""
    protocol = connection.protocol
    if protocol is None or protocol.should_close or _is_readable(connection):
        return False
    try:
        return _parser_of(connection).feed_eof() is None
    except Exception:  # of any kind: it chokes on what it has begun to read, so it has begun
        return False


def _is_readable(connection: Connection) -> bool:
    """Whether something waits in the kernel, be it the connection's end, that the event loop has not read yet."""
    transport = connection.transport
    waiting = select.poll()
    if transport is not None:
        waiting.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(waiting.poll(0))


async def _ask_once(
    request: ClientRequest, handler: Callable[[ClientRequest], Awaitable[aiohttp.ClientResponse]]
) -> aiohttp.ClientResponse:
    """Keep aiohttp from asking again by itself: it would do so for a PUT that may have been carried out."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent, and aiohttp lets it be
    except aiohttp.ServerDisconnectedError as error:
        begun = not isinstance(error.message, str)
        raise UnansweredError(error, kept=cast(_Request, request).kept, begun=begun) from error
    except (aiohttp.ClientOSError, aiohttp.ClientConnectionResetError) as error:
        raise UnansweredError(error, kept=cast(_Request, request).kept, begun=False) from error


def open_session(address: Address, connect_timeout: float, tls: ssl.SSLContext | None) -> aiohttp.ClientSession:
    """A client for ``address``; ``tls`` is used for https. Its user limits connections, times answers, closes it.

    Raises UnansweredError, beside aiohttp's errors, when asked.
    """
    connector: BaseConnector
    if address.socket:
        connector = _Unix(address.socket, limit=0, keepalive_timeout=_KEEP_ALIVE)
    else:
        connector = _TCP(ssl=tls if tls is not None else True, limit=0, keepalive_timeout=_KEEP_ALIVE)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, connect=connect_timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        auto_decompress=False,
        max_field_size=_FIELD_BYTES,
        max_headers=_FIELDS,
        request_class=_Request,
        response_class=_Response,
        middlewares=(_ask_once,),
    )
