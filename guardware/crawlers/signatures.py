"""Signatures: what is remembered of the agents that sign a client's visits (Web Bot Auth)."""

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from guardware.crawlers.backlog import Backlog
from guardware.crawlers.crawler import STRICTEST_FIRST, Crawler
from guardware.crawlers.expiring import Expiring
from guardware.crawlers.proof import Outcome, Standing
from guardware.crawlers.web_bot_auth.result import Result
from guardware.http import RawHeaders
from guardware.public import is_public
from guardware.visit import Visit

GOOD_FOR = 3600.0
"""Seconds that a good signature speaks for the client's other visits which name the same agent. Each is checked
too, but not before it is answered."""

BAD_FOR = 600.0
"""Seconds that a bad signature speaks against them."""

UNSURE_FOR = 300.0
"""Seconds that the reason is remembered why a signature could not be checked."""

SIZE = 4096
"""Pairs of client and agent remembered of each outcome."""

MAX_AGENT = 512
"""Bytes of a Signature-Agent header; an origin needs less than 300."""

MAX_HEADERS = 16384
"""Bytes of all headers of a visit that waits to be checked, so that 1 024 of them take 16 MiB at most."""

_Key = tuple[str, bytes]
"""The address, and the agent as the visit names it."""


class Checker(Protocol):
    """Web Bot Auth."""

    async def check(
        self,
        headers: RawHeaders,
        *,
        method: str,
        scheme: str,
        authority: str,
        raw_path: bytes,
        query: bytes,
        now: float,
    ) -> Result:
        """Whether the signature in ``headers`` is that of the agent it names. Never raises."""


class Signed(NamedTuple):
    """What is known of an agent's visits. ``crawlers``: those that sign as ``agent``, the strictest first."""

    outcome: Outcome
    agent: str
    reason: str
    crawlers: tuple[Crawler, ...]


_WAITING = Signed(Outcome.UNKNOWN, "", "its signature has not been checked yet", ())
_CROWDED = Signed(Outcome.UNKNOWN, "", "too many claims wait to be checked", ())
_TOO_LONG = Signed(Outcome.UNKNOWN, "", "its headers are too long to check its signature", ())
_PRIVATE = Signed(Outcome.UNKNOWN, "", "its address is private or not known, so its signature is not checked", ())
_UNASKED = Signed(Outcome.UNKNOWN, "", "its signature was not checked", ())

_OUTCOMES = {"verified": Outcome.CONFIRMED, "invalid": Outcome.REFUTED}
_STANDINGS = {
    Outcome.CONFIRMED: Standing.VERIFIED,
    Outcome.REFUTED: Standing.LYING,
    Outcome.UNKNOWN: Standing.UNVERIFIED,
}


class Signatures:
    """Answers from memory, and has the ``backlog`` check every signed visit.

    A signature is checked after its visit was answered, so it speaks for the visits to come: of the same address,
    naming the same agent.
    """

    def __init__(
        self,
        catalogue: Iterable[Crawler],
        checker: Checker,
        backlog: Backlog,
        counts: dict[Standing, int],
        clock: Callable[[], float],
    ) -> None:
        self._checker = checker
        self._backlog = backlog
        self._counts = counts
        self._clock = clock
        self._crawlers = _by_host(catalogue)
        self._good: Expiring[_Key, Signed] = Expiring(SIZE, GOOD_FOR)
        self._bad: Expiring[_Key, Signed] = Expiring(SIZE, BAD_FOR)
        self._unsure: Expiring[_Key, Signed] = Expiring(SIZE, UNSURE_FOR)
        self._numbers = itertools.count()

    def standing(self, visit: Visit, now: float) -> Signed:
        """What is known of the agent that the signed ``visit`` names. Never waits."""
        if not self._backlog.started:
            return _UNASKED
        agent = b", ".join([value for name, value in visit.headers if name == b"signature-agent"])
        if len(agent) > MAX_AGENT or sum(len(n) + len(v) for n, v in visit.headers) > MAX_HEADERS:
            return _TOO_LONG
        key = (visit.source.address, agent)
        bad = self._bad.get(key, now)
        if bad is not None:
            return bad
        if not is_public(visit.source.address):
            return _PRIVATE
        # A number as the name of the job: each visit is checked, for one bad signature outweighs good ones.
        offered = self._backlog.offer(
            next(self._numbers), visit.source.client, partial(self._check, visit, key, now)
        )
        return self._good.get(key, now) or self._unsure.get(key, now) or (_WAITING if offered else _CROWDED)

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        for known in (self._good, self._bad, self._unsure):
            known.sweep(now)

    def __len__(self) -> int:
        """How many pairs of client and agent are remembered."""
        return len(self._good) + len(self._bad) + len(self._unsure)

    async def _check(self, visit: Visit, key: _Key, now: float) -> None:
        result = await self._checker.check(
            visit.headers,
            method=visit.method,
            scheme=visit.scheme,
            authority=visit.authority,
            raw_path=visit.raw_path,
            query=visit.query,
            now=now,
        )
        outcome = _OUTCOMES.get(result.outcome, Outcome.UNKNOWN)
        self._counts[_STANDINGS[outcome]] += 1
        signed = Signed(outcome, result.agent, result.reason, self._crawlers.get(_host(result.agent), ()))
        now = self._clock()
        if outcome is Outcome.REFUTED:
            self._good.forget(key)
            self._bad.put(key, signed, now)
        elif outcome is Outcome.CONFIRMED:
            self._good.put(key, signed, now)
        else:
            self._unsure.put(key, signed, now)


def _by_host(catalogue: Iterable[Crawler]) -> dict[str, tuple[Crawler, ...]]:
    """Which crawlers sign as a host. The strictest first: nobody gains by leaving out which one it is."""
    found: dict[str, list[Crawler]] = {}
    for crawler in catalogue:
        if crawler.verification.web_bot_auth:
            found.setdefault(crawler.verification.web_bot_auth, []).append(crawler)
    return {
        host: tuple(sorted(each, key=lambda crawler: STRICTEST_FIRST.index(crawler.purpose)))
        for host, each in found.items()
    }


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""
