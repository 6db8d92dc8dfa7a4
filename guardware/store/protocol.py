"""What the guard asks of a store: one ``Touch`` in, one ``Record`` out, in a single round trip.

Semantics, shared by every backend (the conformance suite in tests/store holds them to it):

Three keep a record: the client (an address and a class of headers), its address, and its network. Headers cost a
scraper nothing to change, so what holds it back is kept by address; what it is suspected of, by client.

1. *Scores.* A client's record keeps one score for each evidence group (``verdict.GROUPS`` order). On a touch
   each stored score decays by ``exp(-seconds since the last touch / DECAY)`` and becomes the maximum of that
   and this visit's weight. ``proof`` is remembered until the record expires.
2. *Limits.* GCRA (ITU-T I.371; the virtual scheduling form), in whole microseconds, each by kind of visit.
   ``client_rate`` is charged to the address, so that all its clients share it, ``network_rate`` to the network.
   A visit is admitted only if both admit it, or as a newcomer's (3). If it is not, neither is charged: denied
   hits cost nothing. ``retry_after`` is then the larger wait, in seconds.
3. *Newcomers.* The network's limit refuses only who contributed to it. When the network does not admit, the
   address does, and the address has at most ``NEWCOMER`` admitted visits so far, the visit is admitted and
   ``crowded``: the address is charged and the network is not. Such a visit counts no original.
4. *Visits.* ``visits`` is the number of the address's admitted visits, by whichever of its clients and of
   whatever kind; this one is among them if it was admitted.
5. *Budgets.* If the visit is admitted, not crowded, asks a picture (``original`` is given) and the sum of its
   scores after step 1 is below ``count_below``, the picture is added to the client's distinct counts of the hour
   and the day. The address keeps the sum of its clients' counts, which is at least what it took of different
   pictures. ``hour`` and ``day`` are the larger of the client's count and of the address's sum divided by
   ``ADDRESS_SHARE``, rounded down. Counts are estimates (a few per cent). Windows are of the clock, UTC.
6. *Runs.* ``navigated`` counts pictures opened like a page (Sec-Fetch-Dest: document) since the last page.
7. *Expiry.* A client's record expires ``RECORD_TTL`` seconds after its last touch; every key expires.

Settled beside these:

- Stored scores start at 0 and never go below it.
- A clock set back fades nothing.
- Network and address records expire ``RECORD_TTL`` after their last admitted visit.
- Equal waits are "client".
- A Rate with interval 0 means no limit.
"""

from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from guardware.verdict import GROUPS

DECAY = 6 * 3600.0
"""Seconds in which a score falls to 1/e (shared by every backend)."""

RECORD_TTL = 24 * 3600
"""Seconds after which an untouched record is forgotten."""

NEWCOMER = 20
"""Admitted visits up to which an address passes a network that is full: a first page and its pictures. Beyond
that the address is among those who filled it."""

ADDRESS_SHARE = 4
"""How many clients' budgets one address may take in all: a household, an office. Behind a carrier's NAT people see
marked copies sooner, and still every page."""


class Rate(NamedTuple):
    """A GCRA limit: ``interval`` microseconds between visits on average, ``burst`` visits at once (>= 1)."""

    interval: int
    burst: int


class Touch(NamedTuple):
    """What one visit asks of the store.

    ``client``, ``network`` and ``address`` are opaque salted keys (16 hex digits): an address is one of IPv4 or a
    /64 of IPv6, and a client that address with a class of headers. ``kind`` names the limit's bucket.
    ``weights`` has this visit's maximum for each evidence group. ``original`` is a 64-bit hash of the picture
    asked for, or None. ``navigated``: a picture opened like a page; ``page``: a page, which ends such a run.
    """

    client: str
    network: str
    address: str
    kind: str
    weights: tuple[float, ...] = (0.0,) * len(GROUPS)
    proof: bool = False
    client_rate: Rate | None = None
    network_rate: Rate | None = None
    original: int | None = None
    count_below: float = 0.0
    navigated: bool = False
    page: bool = False


class Record(NamedTuple):
    """What is remembered of a client and its address, after its touch."""

    scores: tuple[float, ...] = (0.0,) * len(GROUPS)
    proof: bool = False
    visits: int = 1
    navigated: int = 0
    hour: int = 0
    day: int = 0
    retry_after: float = 0.0
    limited_by: str = ""
    """Whose limit when not admitted: "client" (its address's) or "network"; else empty. ``retry_after`` is 0.0
    exactly when admitted."""
    crowded: bool = False
    """Admitted though the network is full: pages are due to this visit, originals are not."""


class Store(Protocol):
    """A backend. All times are seconds since the epoch; ``now=None`` means the backend's own clock."""

    def touch(self, touch: Touch, now: float | None = None) -> Coroutine[Any, Any, Record]:
        """Bring the record up to date and return it. Raises StoreError when the store is away."""

    def count_original(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> Coroutine[Any, Any, None]:
        """Add one picture to the budgets of client and address, for an answer that turned out to be a picture.

        For admitted visits that are not crowded.
        """

    async def secret(self, proposal: bytes) -> bytes:
        """The secret shared by all who use this store: ``proposal`` if there was none yet."""

    async def close(self) -> None:
        """Give connections back. The store is not used afterwards."""
