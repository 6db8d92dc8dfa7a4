"""The memory store: records of this process, bounded, least recently used out first.

A record is one ``bytearray`` and not an object: the garbage collector has nothing to walk through, and 100 000
clients of as many addresses stay under 100 MB.

::

    client   last touch | run | proof | scores (one double a group)                            33 bytes
             | counts of the hour and the day (windows.py)                 273 from the first picture on
    address  last admitted visit | visits | sums of the hour and the day | tat of each kind    72
    network  last admitted visit | tat of each kind                                            40
"""

import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from math import exp
from typing import NamedTuple

from guardware.store.gcra import gcra
from guardware.store.protocol import DECAY, NEWCOMER, RECORD_TTL, Rate, Record, Touch
from guardware.store.windows import SUMS, Windows
from guardware.verdict import GROUPS

_US = 1_000_000
_TTL = RECORD_TTL * _US
_DECAY = DECAY * _US

_NONE = (0.0,) * len(GROUPS)
_LAST = struct.Struct("<q")
_HEAD = struct.Struct(f"<qq?{len(GROUPS)}d")
_CLIENT = _HEAD.size
"""A client's row until its first picture."""

_TAT = struct.Struct("<q")
_KINDS = 4
"""Kinds of visit that may have a limit of their own: as many as the configuration knows."""

_VISITED = struct.Struct("<qq")
_HOME = struct.Struct(_VISITED.format + SUMS.format[1:])
_ADDRESS_TATS = _HOME.size
_ADDRESS = _ADDRESS_TATS + _KINDS * _TAT.size
_NETWORK_TATS = _LAST.size
_NETWORK = _NETWORK_TATS + _KINDS * _TAT.size

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

    At most ``max_clients`` clients, as many addresses, and a quarter as many networks are remembered. Distinct
    pictures are counted within 3 % (standard error) up to ``distinct``. ``clock`` gives seconds since the epoch.
    """

    def __init__(
        self, max_clients: int = 100_000, distinct: int = 1000, clock: Callable[[], float] = time.time
    ) -> None:
        if max_clients < 1:
            raise ValueError(f"max_clients must be at least 1, not {max_clients}")
        self._max = max_clients
        # A network's limit is some times an address's (five, by default), so one of few addresses cannot fill it.
        self._max_networks = max(max_clients // 4, 1)
        self._clock = clock
        self._windows = Windows(distinct, _CLIENT, _VISITED.size)
        # OrderedDict and not dict: to find the oldest entry of a dict that is always emptied at its front means
        # to walk over the holes of all that went before, and a flood of new clients would pay for it.
        self._clients: Rows = OrderedDict()
        self._addresses: Rows = OrderedDict()
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
        client, network, address, kind, weights, proof, rate, network_rate, original, below, opened, page = touch
        t = int((self._clock() if now is None else now) * 1e6 + 0.5)
        row = self._clients.get(client)
        if row is None:
            row = self._renew(self._clients, client, t, _CLIENT)
        else:
            self._clients.move_to_end(client)
        head = _HEAD.unpack_from(row)
        if t - head[0] >= _TTL:
            row = self._renew(self._clients, client, t, _CLIENT)
            head = _HEAD.unpack_from(row)

        scores = head[3:]
        if scores != _NONE or weights != _NONE:
            scores = _scores(scores, weights, t - head[0])
        run = 0 if page else head[1] + opened
        proven = head[2] or proof
        _HEAD.pack_into(row, 0, t, run, proven, *scores)

        home = self._addresses.get(address)
        if home is None:
            home = self._renew(self._addresses, address, t, _ADDRESS)
        else:
            self._addresses.move_to_end(address)  # also when denied: who hammers at the door is not forgotten
        last, visits, _, _, _, day_sum = _HOME.unpack_from(home)
        if t - last >= _TTL:
            home = self._renew(self._addresses, address, t, _ADDRESS)
            visits = day_sum = 0

        wait, limited_by, crowded = 0, "", False
        if rate is not None or network_rate is not None:
            wait, limited_by, crowded = self._limit(home, visits, network, kind, rate, network_rate, t)
        if not limited_by:
            visits += 1
            _VISITED.pack_into(home, 0, t, visits)
        if original is not None and not limited_by and not crowded and sum(scores) < below:
            if len(row) == _CLIENT:
                row = self._clients[client] = row + self._windows.blank
            hour, day = self._windows.count(row, home, original, t)
        elif day_sum or len(row) > _CLIENT:
            hour, day = self._windows.counts(row, home, t)
        else:
            hour = day = 0
        # What Record(...) comes down to; calling it directly saves a tenth of the whole touch.
        return _new(Record, (scores, proven, visits, run, hour, day, wait / _US, limited_by, crowded))

    def count_original_now(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> None:
        """``Store.count_original`` without await, for the request path."""
        t = int((self._clock() if now is None else now) * 1e6 + 0.5)
        row = self._clients.get(client)
        if row is None:
            row = self._renew(self._clients, client, t, _CLIENT)
        home = self._addresses.get(address)
        if home is None:
            home = self._renew(self._addresses, address, t, _ADDRESS)
        if len(row) == _CLIENT:
            row = self._clients[client] = row + self._windows.blank
        self._windows.count(row, home, original, t)

    async def touch(self, touch: Touch, now: float | None = None) -> Record:
        """See ``Store.touch``."""
        return self.touch_now(touch, now)

    async def count_original(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> None:
        """See ``Store.count_original``."""
        self.count_original_now(client, network, address, original, now)

    async def secret(self, proposal: bytes) -> bytes:
        """See ``Store.secret``: shared by all who use this object, so by one process."""
        if self._secret is None:
            self._secret = proposal
        return self._secret

    async def close(self) -> None:
        """Nothing to give back; what was remembered is forgotten."""
        self._clients.clear()
        self._addresses.clear()
        self._networks.clear()

    def _limit(
        self,
        home: bytearray,
        visits: int,
        network: str,
        kind: str,
        rate: Rate | None,
        network_rate: Rate | None,
        t: int,
    ) -> tuple[int, str, bool]:
        """The longer wait in µs, whose limit it is ("" and 0 when admitted), and whether the visit is crowded.

        Charges who admits the visit. ``visits``: the address's so far.
        """
        at = self._kinds.get(kind)
        if at is None:
            at = self._slot(kind)
        tat, wait, network_wait, crowded = 0, 0, 0, False
        shared = None
        if rate is not None:
            _, tat, wait = gcra(_TAT.unpack_from(home, _ADDRESS_TATS + at)[0], t, rate)
        if network_rate is not None:
            shared = self._networks.get(network)
            if shared is None or t - _LAST.unpack_from(shared)[0] >= _TTL:
                shared = self._renew(self._networks, network, t, _NETWORK)
            else:
                self._networks.move_to_end(network)
            _, network_tat, network_wait = gcra(_TAT.unpack_from(shared, _NETWORK_TATS + at)[0], t, network_rate)
        if network_wait and not wait and visits <= NEWCOMER:
            crowded = True
        elif wait or network_wait:
            return (wait, "client", False) if wait >= network_wait else (network_wait, "network", False)
        elif shared is not None:
            _LAST.pack_into(shared, 0, t)
            _TAT.pack_into(shared, _NETWORK_TATS + at, network_tat)
        if rate is not None:
            _TAT.pack_into(home, _ADDRESS_TATS + at, tat)
        return 0, "", crowded

    def _slot(self, kind: str) -> int:
        """Where the tat of ``kind`` stands, in bytes from the first."""
        if len(self._kinds) == _KINDS:
            raise ValueError(f"limits for more than {_KINDS} kinds of visit; {kind!r} is one too many")
        return self._kinds.setdefault(kind, len(self._kinds) * _TAT.size)

    def _renew(self, rows: Rows, key: str, t: int, size: int) -> bytearray:
        """A new row for ``key``; the oldest make room, and those whose time is over go, at most two a newcomer."""
        rows.pop(key, None)
        most = self._max_networks if rows is self._networks else self._max
        for _ in range(2):
            oldest = next(iter(rows), None)
            if oldest is None or (len(rows) < most and t - _LAST.unpack_from(rows[oldest])[0] < _TTL):
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
