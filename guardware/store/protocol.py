"""What the guard asks of a store: one ``Touch`` in, one ``Record`` out, in a single round trip.

Semantics, shared by every backend (the conformance suite in tests/store holds them to it):

1. *Scores.* A client's record keeps one score for each evidence group (``verdict.GROUPS`` order). On a touch
   each stored score decays by ``exp(-seconds since the last touch / DECAY)`` and becomes the maximum of that
   and this visit's weight. ``proof`` is remembered until the record expires.
2. *Limits.* GCRA (ITU-T I.371; the virtual scheduling form), in whole microseconds, for the client and for
   its network, each by kind of visit. A visit is admitted only if both admit it. If either does not, neither
   is charged: denied hits cost nothing. ``retry_after`` is then the larger wait, in seconds.
3. *Budgets.* If the visit is admitted, asks a picture (``original`` is given) and the sum of its scores after
   step 1 is below ``count_below``, the picture is added to the hour's and the day's distinct count. Counts are
   estimates (a few per cent). ``hour`` and ``day`` are windows of the clock, UTC.
4. *Runs.* ``navigated`` counts pictures opened like a page (Sec-Fetch-Dest: document) since the last page.
5. *Expiry.* Records expire ``RECORD_TTL`` seconds after the last touch; every key expires.
"""

from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from guardware.verdict import GROUPS

DECAY = 6 * 3600.0
"""Seconds in which a score falls to 1/e (shared by every backend)."""

RECORD_TTL = 24 * 3600
"""Seconds after which an untouched record is forgotten."""


class Rate(NamedTuple):
    """A GCRA limit: ``interval`` microseconds between visits on average, ``burst`` visits at once (>= 1)."""

    interval: int
    burst: int


class Touch(NamedTuple):
    """What one visit asks of the store.

    ``client`` and ``network`` are opaque salted keys (16 hex digits); ``kind`` names the limit's bucket.
    ``weights`` has this visit's maximum for each evidence group. ``original`` is a 64-bit hash of the picture
    asked for, or None. ``navigated``: a picture opened like a page; ``page``: a page, which ends such a run.
    """

    client: str
    network: str
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
    """What is remembered of a client, after its touch."""

    scores: tuple[float, ...] = (0.0,) * len(GROUPS)
    proof: bool = False
    visits: int = 1
    navigated: int = 0
    hour: int = 0
    day: int = 0
    retry_after: float = 0.0
    limited_by: str = ""
    """"client" or "network" when not admitted, else empty. ``retry_after`` is 0.0 exactly when admitted."""


class Store(Protocol):
    """A backend. All times are seconds since the epoch; ``now=None`` means the backend's own clock."""

    def touch(self, touch: Touch, now: float | None = None) -> Coroutine[Any, Any, Record]:
        """Bring the record up to date and return it. Raises StoreError when the store is away."""

    def count_original(
        self, client: str, network: str, original: int, now: float | None = None
    ) -> Coroutine[Any, Any, None]:
        """Add one picture to the budgets, for an answer that turned out to be a picture."""

    async def secret(self, proposal: bytes) -> bytes:
        """The secret shared by all who use this store: ``proposal`` if there was none yet."""

    async def close(self) -> None:
        """Give connections back. The store is not used afterwards."""
