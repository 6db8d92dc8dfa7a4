"""The words of this room: what is noted of a visit, and what is said of one."""

from typing import NamedTuple


class Seen(NamedTuple):
    """One judged visit.

    - ``network``, ``address``, ``client``, ``account``: salted keys, 16 hex digits (account "" for nobody);
      ``fingerprint`` is the text of the class of headers;
    - ``kind``: "page", "image", "feed" or "api"; ``picture``: a 64-bit hash of the picture asked for, or None;
    - ``visits``: of the address, this one included, in the last 24 hours;
    - ``pages``, ``rendered``, ``rate``: of the client's record after this visit; pages fade, the rate is in visits
      a second.
    """

    fingerprint: str
    network: str
    address: str
    client: str
    account: str
    kind: str
    picture: int | None
    visits: int
    pages: float
    rendered: bool
    rate: float


class Lift(NamedTuple):
    """By how much a cohort stands out: ``value`` from 0 to ``judgement.HIGHEST``, and why, in words."""

    value: float
    reason: str


class Crowd(NamedTuple):
    """What is known of those whom a visit belongs to.

    - ``lift``: 0 to 2, natural-log units, of its class or its network, whichever ``sort`` names ("class",
      "network", "" for neither), and ``reason`` why;
    - ``hour``, ``day``: different pictures that its account asked for (estimates, windows of the clock, UTC);
    - ``classes``: of headers under which its account came within an hour; ``accounts``: that its client used.
      0 where there were not too many.
    """

    lift: float = 0.0
    sort: str = ""
    reason: str = ""
    hour: int = 0
    day: int = 0
    classes: int = 0
    accounts: int = 0


class Status(NamedTuple):
    """For health and metrics. ``lifted``: classes and networks that stand out now, and ``highest``: by how much at
    most; ``available``: whether what other processes see is heard of, or there is nobody to hear of; ``failures``:
    of hearing, since the start."""

    lifted: int
    highest: float
    available: bool
    failures: int


class Site(NamedTuple):
    """What is usual here. ``pictures``: different ones asked by anybody, on the fullest of the 6 days before
    today; ``fast``: visits a second that one client in a thousand exceeds, None until 1000 clients were seen."""

    pictures: int
    fast: float | None
