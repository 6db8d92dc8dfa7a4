"""What the guard asks of a store: one ``Touch`` in, one ``Record`` out, in a single round trip.

Semantics, shared by every backend (the conformance suite in tests/store holds them to it):

Three keep a record: the client (an address and a class of headers), its address, and its network. Headers cost a
scraper nothing to change, so what holds it back is kept by address; what it is suspected of, by client.

1. *Scores.* A client's record keeps one score for each lasting evidence group (``verdict.LASTING`` order). On a
   touch each stored score decays by ``exp(-seconds since the last touch / DECAY)`` and becomes the maximum of that
   and this visit's weight. The habits of a visit (``HABITS``) are added to the client's until the record expires.
2. *Limits.* GCRA (ITU-T I.371; the virtual scheduling form), in whole microseconds, each by kind of visit.
   ``client_rate`` is charged to the address, so that all its clients share it, ``network_rate`` to the network.
   A visit is admitted only if both admit it, or as a newcomer's (3). If it is not, neither is charged: denied
   hits cost nothing. ``retry_after`` is then the larger wait, in seconds.
3. *Newcomers.* The network's limit refuses only who contributed to it. When the network does not admit, the
   address does, and the address has at most ``NEWCOMER`` admitted visits so far, the visit is admitted and
   ``crowded``: the address is charged and the network is not. Such a visit counts no picture.
4. *Visits.* ``visits`` is the number of the address's admitted visits, by whichever of its clients and of
   whatever kind; this one is among them if it was admitted.
5. *Pictures.* If the visit is admitted, not crowded and asks a picture (``original`` is given), the picture is
   added to the client's distinct counts of the hour and the day: ``asked_hour`` and ``asked_day``. The address
   keeps the sum of what its clients' counts gained while the sum of the visit's scores after step 1 was below
   ``count_below``; that is at least what it took of different originals. ``hour`` and ``day``, on which budgets
   are set, are the larger of the client's count and of the address's sum divided by ``ADDRESS_SHARE``, rounded
   down. Counts are estimates (a few per cent). Windows are of the clock, UTC.
6. *Behaviour.* ``navigated`` counts pictures opened like a page (Sec-Fetch-Dest: document) since the last page.
   ``walk`` counts how often in a row the number in a picture's address was near the last one's (by at most
   ``NEAR``, up or down); the same number again changes nothing. ``pages`` counts visits that are ``leading``
   (pages, feeds, data) and fades as scores do. ``errors`` is a bucket into which a visit's errors go, and which
   leaks one each ``ERROR_LEAK`` seconds. ``cookies`` counts answers that set a cookie. ``rate`` is the client's
   visits a second: it falls by ``exp(-seconds / RATE_SPAN)`` and each touch adds ``1 / RATE_SPAN``. All of these
   are kept whether or not the visit is admitted, and stop at the end of their range (65 535; 255 for cookies).
   Headers cost nothing to change, so the address keeps the same of its admitted visits, whosever they are:
   ``home_pages``, ``home_walk``, and in ``home_asked`` the sum of 5, of this hour.
7. *Expiry.* A client's record expires ``RECORD_TTL`` seconds after its last touch; every key expires.

Settled beside these:

- Stored scores start at 0 and never go below it.
- A clock set back fades nothing and leaks nothing.
- Network and address records expire ``RECORD_TTL`` after their last admitted visit.
- Equal waits are "client".
- A Rate with interval 0 means no limit.
- ``pages``, ``errors`` and ``rate`` are kept in single precision.
"""

from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from guardware.verdict import LASTING

DECAY = 6 * 3600.0
"""Seconds in which a score falls to 1/e (shared by every backend)."""

RECORD_TTL = 24 * 3600
"""Seconds after which an untouched record is forgotten."""

OPENED = 0.5
"""``Record.pages`` from which on a client counts as having opened a page; one fades to this in four hours."""

NEWCOMER = 20
"""Admitted visits up to which an address passes a network that is full: a first page and its pictures. Beyond
that the address is among those who filled it."""

ADDRESS_SHARE = 4
"""How many clients' budgets one address may take in all: a household, an office. Behind a carrier's NAT people see
marked copies sooner, and still every page."""


ERROR_LEAK = 10.0
"""Seconds in which one error is forgotten (CrowdSec's http-probing: capacity 10, leak 1 each 10 s)."""

RATE_SPAN = 60.0
"""Seconds over which a client's rate is averaged: a page with its pictures is over by then."""

NEAR = 8
"""How far neighbours may be apart in a walk: downloaders have several connections, which overtake one another."""

LIMITED = ("page", "image", "feed", "api")
"""The kinds of visit that may have a limit of their own, in the order in which records keep them."""

PROOF, COOKIE, ROBOTS, RENDERED = 1, 2, 4, 8
HABITS = {PROOF: "proof", COOKIE: "cookie", ROBOTS: "robots", RENDERED: "rendered"}
"""Bits of what a client was once seen to do: gave proof against itself, sent a cookie back, read robots.txt,
fetched what only a page being shown asks for."""

MOST, MOST_COOKIES = 65535, 255
"""Where counters stop."""

NO_SCORES = (0.0,) * len(LASTING)
"""The scores of whom nothing is kept."""


class Rate(NamedTuple):
    """A GCRA limit: ``interval`` microseconds between visits on average, ``burst`` visits at once (>= 1)."""

    interval: int
    burst: int


class Touch(NamedTuple):
    """What one visit asks of the store.

    ``client``, ``network`` and ``address`` are opaque salted keys (16 hex digits): an address is one of IPv4 or a
    /64 of IPv6, and a client that address with a class of headers. ``kind`` names the limit's bucket.
    ``weights`` has this visit's weight for each lasting group. ``original`` is a 64-bit hash of the picture
    asked for, or None; ``number`` (0 to 2^53) the number in its address, or -1. ``navigated``: a picture opened
    like a page; ``page``: a page, which ends such a run; ``leading``: what leads to pictures. ``habits``: bits of
    ``HABITS``. ``cookies`` and ``errors``: answers since the client's last touch that set a cookie, or that said
    that there is no such thing.
    """

    client: str
    network: str
    address: str
    kind: str
    weights: tuple[float, ...] = NO_SCORES
    client_rate: Rate | None = None
    network_rate: Rate | None = None
    original: int | None = None
    count_below: float = 0.0
    number: int = -1
    navigated: bool = False
    page: bool = False
    leading: bool = False
    habits: int = 0
    cookies: int = 0
    errors: int = 0


class Record(NamedTuple):
    """What is remembered of a client and its address, after its touch."""

    scores: tuple[float, ...] = NO_SCORES
    habits: int = 0
    visits: int = 1
    hour: int = 0
    day: int = 0
    retry_after: float = 0.0
    limited_by: str = ""
    """Whose limit when not admitted: "client" (its address's) or "network"; else empty. ``retry_after`` is 0.0
    exactly when admitted."""
    crowded: bool = False
    """Admitted though the network is full: pages are due to this visit, originals are not."""
    asked_hour: int = 0
    asked_day: int = 0
    pages: float = 0.0
    navigated: int = 0
    walk: int = 0
    cookies: int = 0
    errors: float = 0.0
    rate: float = 0.0
    home_asked: int = 0
    home_pages: float = 0.0
    home_walk: int = 0


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
