"""The memory store: records of this process, bounded, least recently used out first.

A record is one ``bytearray`` (about 100 bytes, 350 once its client took pictures) and not an object: the
garbage collector has nothing to walk through, and 100 000 clients stay under 100 MB.

::

    last touch | visits | run | proof | scores (one double a group) | tat of each kind
    | hour, its ones, day, its ones | bitmap of the hour | bitmap of the day      from the first picture on
"""

import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from math import exp
from typing import NamedTuple

from guardware.store.distinct import LinearCounter
from guardware.store.gcra import gcra
from guardware.store.protocol import DECAY, RECORD_TTL, Rate, Record, Touch
from guardware.verdict import GROUPS

_US = 1_000_000
_TTL = RECORD_TTL * _US
_DECAY = DECAY * _US
_HOUR = 3600 * _US

_NONE = (0.0,) * len(GROUPS)
_LAST = struct.Struct("<q")
_HEAD = struct.Struct(f"<qqq?{len(GROUPS)}d")
_TAT = struct.Struct("<q")
_WINDOWS = struct.Struct("<IIII")
_KINDS = 8
"""Kinds of visit that may have a limit of their own (the configuration knows four)."""

_TATS = _HEAD.size
_COUNTS = _TATS + _KINDS * _TAT.size
_BITMAPS = _COUNTS + _WINDOWS.size
_NETWORK_TATS = _LAST.size
_NETWORK = _NETWORK_TATS + _KINDS * _TAT.size
"""A network's record: last admitted visit, tat of each kind."""

Rows = OrderedDict[str, bytearray]
_new = tuple.__new__


class Status(NamedTuple):
    """Which backend answers, for health and metrics.

    ``available``: the configured store answers; ``failures`` of it since the start; ``since``: when this state
    began, in seconds since the epoch.
    """

    backend: str
    available: bool
    failures: int
    since: float


class MemoryStore:
    """A store in this process. One event loop owns it; nothing in it waits.

    At most ``max_clients`` clients and as many networks are remembered. Distinct pictures are counted within
    3 % (standard error) up to ``distinct``. ``clock`` gives seconds since the epoch.
    """

    def __init__(
        self, max_clients: int = 100_000, distinct: int = 1000, clock: Callable[[], float] = time.time
    ) -> None:
        if max_clients < 1:
            raise ValueError(f"max_clients must be at least 1, not {max_clients}")
        self._max = max_clients
        self._clock = clock
        self._counter = LinearCounter(distinct)
        self._no_pictures = bytes(_BITMAPS - _COUNTS + 2 * self._counter.size)
        # OrderedDict and not dict: to find the oldest entry of a dict that is always emptied at its front means
        # to walk over the holes of all that went before, and a flood of new clients would pay for it.
        self._clients: Rows = OrderedDict()
        self._networks: Rows = OrderedDict()
        self._kinds: dict[str, int] = {}
        self._secret: bytes | None = None
        self._since = clock()

    @property
    def status(self) -> Status:
        """Memory always answers."""
        return Status("memory", True, 0, self._since)

    def __len__(self) -> int:
        """Clients remembered now."""
        return len(self._clients)

    def touch_now(self, touch: Touch, now: float | None = None) -> Record:
        """``Store.touch`` without await, for the request path."""
        client, network, kind, weights, proof, rate, network_rate, original, below, navigated, page = touch
        t = int((self._clock() if now is None else now) * 1e6 + 0.5)
        row = self._clients.get(client)
        if row is None:
            row = self._renew(self._clients, client, t, _COUNTS)
        else:
            self._clients.move_to_end(client)
        head = _HEAD.unpack_from(row)
        if t - head[0] >= _TTL:
            row = self._renew(self._clients, client, t, _COUNTS)
            head = _HEAD.unpack_from(row)

        scores = head[4:]
        if scores != _NONE or weights != _NONE:
            scores = _scores(scores, weights, t - head[0])
        visits = head[1] + 1
        run = 0 if page else head[2] + navigated
        proven = head[3] or proof
        _HEAD.pack_into(row, 0, t, visits, run, proven, *scores)

        wait, limited_by = 0, ""
        if rate is not None or network_rate is not None:
            wait, limited_by = self._limit(row, network, kind, rate, network_rate, t)
        if original is not None and not limited_by and sum(scores) < below:
            hour, day = self._count(client, row, original, t)
        elif len(row) > _COUNTS:
            hour, day = self._counts(row, t)
        else:
            hour = day = 0
        # What Record(...) comes down to; calling it directly saves a tenth of the whole touch.
        return _new(Record, (scores, proven, visits, run, hour, day, wait / _US, limited_by))

    def count_original_now(self, client: str, network: str, original: int, now: float | None = None) -> None:
        """``Store.count_original`` without await, for the request path."""
        t = int((self._clock() if now is None else now) * 1e6 + 0.5)
        row = self._clients.get(client)
        if row is None:
            row = self._renew(self._clients, client, t, _COUNTS)
        self._count(client, row, original, t)

    async def touch(self, touch: Touch, now: float | None = None) -> Record:
        """See ``Store.touch``."""
        return self.touch_now(touch, now)

    async def count_original(self, client: str, network: str, original: int, now: float | None = None) -> None:
        """See ``Store.count_original``."""
        self.count_original_now(client, network, original, now)

    async def secret(self, proposal: bytes) -> bytes:
        """See ``Store.secret``: shared by all who use this object, so by one process."""
        if self._secret is None:
            self._secret = proposal
        return self._secret

    async def close(self) -> None:
        """Nothing to give back; what was remembered is forgotten."""
        self._clients.clear()
        self._networks.clear()

    def _limit(
        self, row: bytearray, network: str, kind: str, rate: Rate | None, network_rate: Rate | None, t: int
    ) -> tuple[int, str]:
        """The longer wait in µs and whose limit it is; when both admit, both are charged and it is (0, "")."""
        at = self._kinds.get(kind)
        if at is None:
            at = self._slot(kind)
        tat, wait, network_wait = 0, 0, 0
        shared = None
        if rate is not None:
            _, tat, wait = gcra(_TAT.unpack_from(row, _TATS + at)[0], t, rate)
        if network_rate is not None:
            shared = self._networks.get(network)
            if shared is None or t - _LAST.unpack_from(shared)[0] >= _TTL:
                shared = self._renew(self._networks, network, t, _NETWORK)
            else:
                self._networks.move_to_end(network)  # also when denied: who hammers at the door is not forgotten
            _, network_tat, network_wait = gcra(_TAT.unpack_from(shared, _NETWORK_TATS + at)[0], t, network_rate)
        if wait or network_wait:
            return (wait, "client") if wait >= network_wait else (network_wait, "network")
        if rate is not None:
            _TAT.pack_into(row, _TATS + at, tat)
        if shared is not None:
            _LAST.pack_into(shared, 0, t)
            _TAT.pack_into(shared, _NETWORK_TATS + at, network_tat)
        return 0, ""

    def _slot(self, kind: str) -> int:
        """Where the tat of ``kind`` stands, in bytes from the first."""
        if len(self._kinds) == _KINDS:
            raise ValueError(f"limits for more than {_KINDS} kinds of visit; {kind!r} is one too many")
        return self._kinds.setdefault(kind, len(self._kinds) * _TAT.size)

    def _count(self, client: str, row: bytearray, original: int, t: int) -> tuple[int, int]:
        """Add a picture to the hour and the day; both counts after it. The first one makes the row longer."""
        if len(row) == _COUNTS:
            row = self._clients[client] = row + self._no_pictures
        counter = self._counter
        hour, hour_ones, day, day_ones = _WINDOWS.unpack_from(row, _COUNTS)
        this_hour = t // _HOUR
        today = this_hour // 24
        if hour != this_hour:
            hour_ones = counter.clear(row, _BITMAPS)
        if day != today:
            day_ones = counter.clear(row, _BITMAPS + counter.size)
        place, mask = counter.place(original)
        of_hour, of_day = _BITMAPS + place, _BITMAPS + counter.size + place
        if not row[of_hour] & mask:
            row[of_hour] |= mask
            hour_ones += 1
        if not row[of_day] & mask:
            row[of_day] |= mask
            day_ones += 1
        _WINDOWS.pack_into(row, _COUNTS, this_hour, hour_ones, today, day_ones)
        return counter.estimates[hour_ones], counter.estimates[day_ones]

    def _counts(self, row: bytearray, t: int) -> tuple[int, int]:
        """Different pictures of this hour and of this day."""
        hour, hour_ones, day, day_ones = _WINDOWS.unpack_from(row, _COUNTS)
        this_hour, estimates = t // _HOUR, self._counter.estimates
        return estimates[hour_ones] if hour == this_hour else 0, estimates[
            day_ones
        ] if day == this_hour // 24 else 0

    def _renew(self, rows: Rows, key: str, t: int, size: int) -> bytearray:
        """A new row for ``key``; the oldest make room, and those whose time is over go, at most two a newcomer."""
        rows.pop(key, None)
        for _ in range(2):
            oldest = next(iter(rows), None)
            if oldest is None or (len(rows) < self._max and t - _LAST.unpack_from(rows[oldest])[0] < _TTL):
                break
            del rows[oldest]
        row = rows[key] = bytearray(size)
        _LAST.pack_into(row, 0, t)
        return row


def _scores(stored: tuple[float, ...], weights: tuple[float, ...], elapsed: int) -> tuple[float, ...]:
    """Step 1 of the protocol; ``elapsed`` in microseconds. A clock that was set back fades nothing."""
    fade = exp(-elapsed / _DECAY) if elapsed > 0 else 1.0
    # Without strict=, which alone costs 0.2 µs here: both have one entry for each group, or packing fails.
    return tuple([s * fade if s * fade > w else w for s, w in zip(stored, weights)])  # noqa: B905
