"""The Redis store: one script call a visit, over connections of its own keeping.

No time limit and no second attempt in here: how long a visit waits is the budget of ``resilient.py``. Valkey is
the same. Any answer that does not come, or makes no sense, is a ``StoreError``.
"""

import asyncio
import hashlib
import struct
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from redis.exceptions import NoScriptError, ResponseError

from guardware.errors import StoreError
from guardware.store.protocol import (
    ADDRESS_SHARE,
    DECAY,
    ERROR_LEAK,
    LIMITED,
    NEAR,
    NEWCOMER,
    RATE_SPAN,
    RECORD_TTL,
    Record,
    Touch,
)
from guardware.store.redis_pool import open_pool
from guardware.verdict import LASTING

_US = 1_000_000
_SHARED_KEY = "gw:secret"
_SHARED_TTL = 90 * 86400
"""Seconds. Renewed by every process that starts."""

# Numbers travel packed, there and back. As text, each as an argument of its own, they make a call 5 µs slower
# (measured on top of a trivial EVALSHA of 122 µs: 15 texts +20 µs, 2 texts and one pack +15 µs).
_ASK = struct.Struct(f"<{22 + len(LASTING)}d")
_TELL = struct.Struct(f"<{18 + len(LASTING)}d")
_LIMITED_BY = ("", "client", "network")
_KINDS = {kind: float(index) for index, kind in enumerate(LIMITED)}
_PREFIX = "gw1"
"""Begins the keys of records; another number for another layout, so that no old record is misread."""


class _Script(NamedTuple):
    text: str
    sha: str


def _script(name: str) -> _Script:
    text = Path(__file__).with_name("lua").joinpath(name).read_text("utf-8")
    return _Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class RedisStore:
    """A store in Redis at ``url`` (redis://, rediss:// or unix://). Belongs to one event loop.

    At most ``max_connections`` calls are under way at once; more wait their turn. Raises ConfigError for a URL
    that cannot be used.
    """

    def __init__(self, url: str, *, max_connections: int = 64) -> None:
        self._connections = _Connections(url, max_connections)
        self._touch = _script("touch.lua")
        self._count = _script("count.lua")
        self._heal = _script("heal.lua")

    async def touch(self, touch: Touch, now: float | None = None) -> Record:
        """See ``Store.touch``."""
        rate, network_rate = touch.client_rate or (0, 0), touch.network_rate or (0, 0)
        ask = _ASK.pack(
            *(_microseconds(now), RECORD_TTL * _US, DECAY * _US, ERROR_LEAK * _US, RATE_SPAN),
            *(NEWCOMER, ADDRESS_SHARE, touch.count_below, _KINDS.get(touch.kind, -1.0), *rate, *network_rate),
            *(touch.number, touch.navigated, touch.page, touch.leading, touch.habits, touch.cookies),
            *(touch.errors, NEAR, len(LASTING), *touch.weights),
        )
        client, network = touch.client, touch.network
        keys = (*_records(client, network, touch.address), *_stems(client, network), _key(network, "n", ""))
        return _record(await self._run(self._touch, 5, *keys, ask, _picture(touch.original)))

    async def count_original(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> None:
        """See ``Store.count_original``."""
        keys = (*_records(client, network, address), *_stems(client, network))
        await self._run(self._count, 4, *keys, _microseconds(now), _picture(original), RECORD_TTL, len(LASTING))

    async def secret(self, proposal: bytes) -> bytes:
        """See ``Store.secret``. The first proposal stays as long as somebody asks again within 90 days."""
        try:
            return await self._agreed(proposal)
        except _WrongTypeError:
            await self._run(self._heal, 1, _SHARED_KEY)
            return await self._agreed(proposal)

    async def _agreed(self, proposal: bytes) -> bytes:
        # The SET alone decides whose proposal it is; SET NX GET in one would need Redis 7.
        if await self._call("SET", _SHARED_KEY, proposal, "NX", "EX", _SHARED_TTL) is None:
            await self._call("EXPIRE", _SHARED_KEY, _SHARED_TTL)
        secret = await self._call("GET", _SHARED_KEY)
        if not isinstance(secret, bytes) or not secret:
            raise StoreError(f"Redis answered {secret!r:.60} when asked for {_SHARED_KEY}")
        return secret

    async def close(self) -> None:
        """See ``Store.close``."""
        await self._connections.close()

    async def _run(self, script: _Script, *arguments: Any) -> object:
        try:
            return await self._call("EVALSHA", script.sha, *arguments)
        except _UnknownScriptError:
            return await self._call("EVAL", script.text, *arguments)

    async def _call(self, *command: Any) -> object:
        try:
            return await self._connections.call(*command)
        except NoScriptError as error:
            raise _UnknownScriptError(str(error)) from error
        except ResponseError as error:
            wrong = _WrongTypeError if str(error).startswith("WRONGTYPE") else StoreError
            raise wrong(f"Redis: {type(error).__name__}: {error}") from error
        except Exception as error:
            # All of them: beside its own errors redis-py's parser lets ValueError and others through, depending
            # on what kind of nonsense stood in the reply.
            raise StoreError(f"Redis: {type(error).__name__}: {error}") from error


class _UnknownScriptError(StoreError):
    """The server does not know the script yet, or no longer."""


class _WrongTypeError(StoreError):
    """At a key of ours stands something that we did not write."""


class _Connections:
    """Connections of redis-py, used directly.

    redis-py's own client and pool take 30 µs of every 120 µs call (two locks, metrics, the retry closure), and
    raise when the pool is empty where a visit had better wait its turn.
    """

    def __init__(self, url: str, limit: int) -> None:
        self._pool = open_pool(url)  # only to make connections
        self._idle: list[Any] = []
        self._turns = asyncio.Semaphore(limit)
        self._closed = False

    async def call(self, *command: Any) -> object:
        """Send one command and return its reply. Raises what redis-py raises."""
        async with self._turns:
            connection = await self._take()
            try:
                await connection.send_packed_command(_pack(command), check_health=False)
                reply: object = await connection.read_response()
            except NoScriptError:
                await self._give_back(connection)
                raise
            except BaseException:
                # Also when cancelled: the reply is still to come and must not be taken for another call's. Also
                # after an error reply: READONLY means that another server is the master now.
                await _drop(connection)
                await self._drop_idle()
                raise
            await self._give_back(connection)
            return reply

    async def close(self) -> None:
        self._closed = True
        await self._drop_idle()

    async def _take(self) -> Any:
        """A connection that is open and has nothing left to read."""
        while self._idle:
            connection = self._idle.pop()
            try:
                usable = connection.is_connected and not await connection.can_read()
            except Exception:  # whatever is wrong with it, another is opened
                usable = False
            if usable:
                return connection
            await _drop(connection)
        connection = self._pool.make_connection()
        try:
            await connection.connect()
        except BaseException:
            await _drop(connection)
            raise
        return connection

    async def _give_back(self, connection: Any) -> None:
        if self._closed:
            await _drop(connection)
        else:
            self._idle.append(connection)

    async def _drop_idle(self) -> None:
        """When one fails, the others lead to the same dead server, and each would cost a visit to find out."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await _drop(connection)


def _pack(command: tuple[Any, ...]) -> bytes:
    """A command on the wire: an array of bulk strings (RESP). redis-py's own packer takes three times as long."""
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        value = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)


async def _drop(connection: Any) -> None:
    await connection.disconnect(nowait=True)


def _key(network: str, sort: str, name: str) -> str:
    """The hash tag keeps all keys of a visit in one slot."""
    return f"{_PREFIX}:{{{network}}}:{sort}:{name}"


def _records(client: str, network: str, address: str) -> tuple[str, str]:
    """The keys of the client's and the address's record."""
    return _key(network, "c", client), _key(network, "a", address)


def _stems(client: str, network: str) -> tuple[str, str]:
    """What the keys of the client's distinct counts begin with."""
    return _key(network, "h", client), _key(network, "d", client)


def _microseconds(now: float | None) -> int:
    """Whole microseconds since the epoch, or -1 for the server's clock."""
    return -1 if now is None else int(now * _US + 0.5)


def _picture(original: int | None) -> bytes:
    return b"" if original is None else original.to_bytes(8, "little")


def _record(reply: object) -> Record:
    """The reply of touch.lua as a Record. Raises StoreError for anything else."""
    try:
        numbers = _TELL.unpack(reply)  # type: ignore[arg-type]
        if not isfinite(sum(numbers)):
            raise ValueError("numbers that cannot be")
        habits, visits, hour, day, wait, limited, crowded, *behaviour = numbers
        if (wait > 0) != (limited > 0):
            raise ValueError("limits that cannot be")
        asked_hour, asked_day, pages, run, walk, cookies, errors, rate, *behaviour = behaviour
        home_asked, home_pages, home_walk, *scores = behaviour
        limit = wait / _US, _LIMITED_BY[int(limited)], bool(crowded)
        counts = int(asked_hour), int(asked_day), pages, int(run), int(walk), int(cookies), errors, rate
        home = int(home_asked), home_pages, int(home_walk)
        return Record(tuple(scores), int(habits), int(visits), int(hour), int(day), *limit, *counts, *home)
    except (struct.error, TypeError, ValueError, OverflowError, IndexError) as error:
        raise StoreError(f"Redis answered {reply!r:.60} to a visit: {error}") from error
