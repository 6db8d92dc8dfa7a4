"""Header order: whether it reaches us as the visitor sent it, and the few comparisons that signals make."""

import logging
from collections.abc import Iterator

logger = logging.getLogger("guardware")

SAMPLE = 200
"""Requests that the start-up test looks at."""

SAME = 0.95
"""The share of them from which one and the same order is a proxy's work and not the visitors'."""

_ENOUGH = 4
"""Headers from which an order says something: four in alphabetical order by chance is 1 in 24."""

_PAIRS: tuple[tuple[str, bytes, bytes], ...] = (
    ("p", b"sec-ch-ua-platform", b"sec-ch-ua"),
    ("d", b"sec-fetch-dest", b"referer"),
    ("e", b"referer", b"accept-encoding"),
    ("a", b"accept", b"accept-encoding"),
    ("l", b"accept", b"accept-language"),
)
"""The comparisons: a small letter when the first header comes before the second, a capital when after."""

_FIXED: tuple[tuple[bytes, bytes], ...] = (
    (b"accept", b"accept-encoding"),
    (b"accept", b"accept-language"),
    (b"accept", b"referer"),
)
"""Orders that Chromium and Firefox share: if hardly a request has them, a proxy moves those headers."""

_PROXYS = frozenset(
    [
        *(b"host", b"user-agent", b"connection", b"content-length", b"transfer-encoding", b"te", b"via"),
        *(b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip"),
        *(b"x-forwarded-server", b"x-forwarded-by", b"forwarded"),
    ]
)
"""What proxies write themselves, wherever they like. Go's HTTP client, which Caddy and Traefik use, writes Host
and User-Agent first and the rest in alphabetical order (net/http, Request.write)."""


class HeaderOrder:
    """Learns from the first ``SAMPLE`` requests whether the order of headers is the visitors' own.

    ``state``: "undecided", "kept", "sorted" (alphabetical), "moved" (a proxy writes some headers anew, at a place
    of its own) or "shuffled" (never twice the same). ``kept``: whether it is the visitors' own; None while
    undecided, or given where it is known already. Nothing here depends on time or chance: the same requests lead
    to the same state.
    """

    def __init__(self, *, kept: bool | None = None) -> None:
        self.kept = kept
        self.state = {None: "undecided", True: "kept", False: "moved"}[kept]
        self._seen = self._sorted = self._moved = self._again = self._same = 0
        self._orders: dict[frozenset[bytes], set[tuple[bytes, ...]]] = {}

    def learn(self, names: tuple[bytes, ...]) -> None:
        """Look at one more request while undecided. ``names``: its headers, lower case, each once, in order."""
        own = _own(names)
        if self.kept is not None or len(own) < _ENOUGH or not is_usual(names):
            return
        self._seen += 1
        self._sorted += own == sorted(own)
        self._moved += any(_after(names, first, second) for first, second in _FIXED)
        self._recall(tuple(own))
        if self._seen >= SAMPLE:
            self._decide()

    def _recall(self, own: tuple[bytes, ...]) -> None:
        known = self._orders.setdefault(frozenset(own), set())
        if known:
            self._again += 1
            self._same += own in known
        known.add(own)

    def _decide(self) -> None:
        self._orders.clear()
        if self._sorted >= SAME * SAMPLE:
            self.state, why = "sorted", "come in alphabetical order; a proxy in front sorts them"
        elif self._moved >= SAME * SAMPLE:
            self.state, why = "moved", "were moved; a proxy in front writes them anew"
        elif 2 * self._same < self._again:
            self.state, why = "shuffled", "come in ever new orders; a proxy in front shuffles them"
        else:
            self.state, self.kept = "kept", True
            logger.info("headers reach us in the order in which visitors send them, so it counts as evidence")
            return
        self.kept = False
        logger.info("the headers of the first %d requests %s, so their order is no evidence", SAMPLE, why)


def is_usual(names: tuple[bytes, ...]) -> bool:
    """Whether ``names`` are few and short enough to be remembered; what browsers send is, by far."""
    return len(names) <= 40 and sum(map(len, names)) <= 1024


def compare(names: tuple[bytes, ...]) -> bytes:
    """The comparisons of ``_PAIRS``. b"" for headers in alphabetical order: those, somebody sorted on the way."""
    own = _own(names)
    if len(own) >= _ENOUGH and own == sorted(own):
        return b""
    return "".join(_letters(names)).encode()


def _letters(names: tuple[bytes, ...]) -> Iterator[str]:
    for letter, first, second in _PAIRS:
        if first in names and second in names:
            yield letter.upper() if _after(names, first, second) else letter


def _after(names: tuple[bytes, ...], first: bytes, second: bytes) -> bool:
    """Whether both are there, and ``first`` comes after ``second``."""
    return first in names and second in names and names.index(first) > names.index(second)


def _own(names: tuple[bytes, ...]) -> list[bytes]:
    """What the visitor's client wrote."""
    return [name for name in names if name not in _PROXYS]
