"""The memory store: records of this process, bounded, least recently used out first.

A record is one ``bytearray`` and not an object: the garbage collector has nothing to walk through, and 100 000
clients of as many addresses stay under 100 MB.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import exp
from typing import NamedTuple

from guardware.store.gcra import gcra
from guardware.store.protocol import (
    DECAY,
    ERROR_LEAK,
    MOST,
    MOST_COOKIES,
    NEAR,
    NEWCOMER,
    NO_SCORES,
    RATE_SPAN,
    RECORD_TTL,
    Rate,
    Record,
    Touch,
)
from guardware.store.rows import (
    ADDRESS,
    ADDRESS_TATS,
    CLIENT,
    CONDUCT,
    CONDUCT_AT,
    HEAD,
    HOME,
    LAST,
    NETWORK,
    NETWORK_TATS,
    SLOTS,
    TAT,
    VISITED,
)
from guardware.store.windows import Windows

_US = 1_000_000
_TTL = RECORD_TTL * _US
_DECAY = DECAY * _US

_LEAK = ERROR_LEAK * _US
_SPAN = RATE_SPAN * _US

_ONCE = 1 / RATE_SPAN
"""What one visit adds to a rate."""

_NOTHING = (0, 0, 0, 0, 0)

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
        self._windows = Windows(distinct, CLIENT, VISITED.size)
        # OrderedDict and not dict: to find the oldest entry of a dict that is always emptied at its front means
        # to walk over the holes of all that went before, and a flood of new clients would pay for it.
        self._clients: Rows = OrderedDict()
        self._addresses: Rows = OrderedDict()
        self._networks: Rows = OrderedDict()
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
        # fmt: off
        (
            client, network, address, kind, weights, rate, network_rate, original, below,
            number, opened, page, leading, habits, cookies, errors,
        ) = touch
        # fmt: on
        t = int((self._clock() if now is None else now) * 1e6 + 0.5)
        row = self._clients.get(client)
        if row is None:
            row = self._renew(self._clients, client, t, CLIENT)
        else:
            self._clients.move_to_end(client)
        head = HEAD.unpack_from(row)
        elapsed = t - head[0]
        if elapsed >= _TTL:
            row = self._renew(self._clients, client, t, CLIENT)
            head = HEAD.unpack_from(row)
            elapsed = 0
        elif elapsed < 0:
            elapsed = 0

        _, first, second, pages, level, pace, last_number, run, walk, given, known = head
        fade = exp(-elapsed / _DECAY)
        scores = weights
        if first or second or weights != NO_SCORES:
            scores = _faded(first * fade, second * fade, weights)
        pages *= fade
        pace = pace * exp(-elapsed / _SPAN) + _ONCE
        if leading:
            pages += 1.0
        if page:
            run = 0
        elif opened and run < MOST:
            run += 1
        if number >= 0 and number != last_number:
            walk = _walk(walk, number - last_number)
            last_number = number
        if level or errors:
            level = max(level - elapsed / _LEAK, 0.0) + errors
        if cookies:
            given = min(given + cookies, MOST_COOKIES)
        habits |= known
        first, second = scores
        HEAD.pack_into(row, 0, t, first, second, pages, level, pace, last_number, run, walk, given, habits)

        home = self._addresses.get(address)
        if home is None:
            home = self._renew(self._addresses, address, t, ADDRESS)
        else:
            self._addresses.move_to_end(address)  # also when denied: who hammers at the door is not forgotten
        last, visits, _, _, _, day_sum = HOME.unpack_from(home)
        if t - last >= _TTL:
            home = self._renew(self._addresses, address, t, ADDRESS)
            visits = day_sum = 0

        wait, limited_by, crowded = 0, "", False
        if rate is not None or network_rate is not None:
            wait, limited_by, crowded = self._limit(home, visits, network, kind, rate, network_rate, t)
        home_number, home_pages, home_walk = CONDUCT.unpack_from(home, CONDUCT_AT)
        if not limited_by:
            visits += 1
            VISITED.pack_into(home, 0, t, visits)
            if home_pages:
                home_pages *= exp(-(t - last) / _DECAY) if t > last else 1.0
            if leading:
                home_pages += 1.0
            if number >= 0 and number != home_number:
                home_walk = _walk(home_walk, number - home_number)
                home_number = number
            CONDUCT.pack_into(home, CONDUCT_AT, home_number, home_pages, home_walk)
        if original is not None and not limited_by and not crowded:
            if len(row) == CLIENT:
                row = self._clients[client] = row + self._windows.blank
            counts = self._windows.count(row, home, original, sum(scores) < below, t)
        elif day_sum or len(row) > CLIENT:
            counts = self._windows.counts(row, home, t)
        else:
            counts = _NOTHING
        hour, day, asked_hour, asked_day, home_asked = counts
        # fmt: off
        record = (
            scores, habits, visits, hour, day, wait / _US, limited_by, crowded,
            asked_hour, asked_day, pages, run, walk, given, level, pace,
            home_asked, home_pages, home_walk,
        )
        # fmt: on
        # What Record(...) comes down to; calling it directly saves a tenth of the whole touch.
        return _new(Record, record)

    def count_original_now(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> None:
        """``Store.count_original`` without await, for the request path."""
        t = int((self._clock() if now is None else now) * 1e6 + 0.5)
        row = self._clients.get(client)
        if row is None:
            row = self._renew(self._clients, client, t, CLIENT)
        home = self._addresses.get(address)
        if home is None:
            home = self._renew(self._addresses, address, t, ADDRESS)
        if len(row) == CLIENT:
            row = self._clients[client] = row + self._windows.blank
        self._windows.count(row, home, original, True, t)

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
        at = SLOTS[kind]
        tat, wait, network_wait, crowded = 0, 0, 0, False
        shared = None
        if rate is not None:
            _, tat, wait = gcra(TAT.unpack_from(home, ADDRESS_TATS + at)[0], t, rate)
        if network_rate is not None:
            shared = self._networks.get(network)
            if shared is None or t - LAST.unpack_from(shared)[0] >= _TTL:
                shared = self._renew(self._networks, network, t, NETWORK)
            else:
                self._networks.move_to_end(network)
            _, network_tat, network_wait = gcra(TAT.unpack_from(shared, NETWORK_TATS + at)[0], t, network_rate)
        if network_wait and not wait and visits <= NEWCOMER:
            crowded = True
        elif wait or network_wait:
            return (wait, "client", False) if wait >= network_wait else (network_wait, "network", False)
        elif shared is not None:
            LAST.pack_into(shared, 0, t)
            TAT.pack_into(shared, NETWORK_TATS + at, network_tat)
        if rate is not None:
            TAT.pack_into(home, ADDRESS_TATS + at, tat)
        return 0, "", crowded

    def _renew(self, rows: Rows, key: str, t: int, size: int) -> bytearray:
        """A new row for ``key``; the oldest make room, and those whose time is over go, at most two a newcomer."""
        rows.pop(key, None)
        most = self._max_networks if rows is self._networks else self._max
        for _ in range(2):
            oldest = next(iter(rows), None)
            if oldest is None or (len(rows) < most and t - LAST.unpack_from(rows[oldest])[0] < _TTL):
                break
            del rows[oldest]
        row = rows[key] = bytearray(size)
        LAST.pack_into(row, 0, t)
        return row


def _faded(first: float, second: float, weights: tuple[float, ...]) -> tuple[float, ...]:
    """Step 1 of the protocol, for two lasting groups that faded to ``first`` and ``second``."""
    one, two = weights
    return (first if first > one else one, second if second > two else two)


def _walk(walk: int, step: float) -> int:
    """How long a walk is after a step to another number."""
    if abs(step) > NEAR:
        return 0
    return walk + 1 if walk < MOST else walk
