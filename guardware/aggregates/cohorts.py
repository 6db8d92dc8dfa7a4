"""Cohorts: what is counted of those who share a class of headers or a network, hour by hour."""

from collections.abc import Callable
from typing import Generic, TypeVar

from guardware.aggregates.baseline import Baseline
from guardware.aggregates.judgement import NOTHING
from guardware.aggregates.measures import BARE_BLOCK, BLOCK, Counts

DISTINCT = ("addresses", "opened", "settled", "accounts")
"""Fields of ``Counts`` that several processes may count twice: what is shared of them is who, not how many."""

_NOBODY = Counts()


class Hour:
    """What this process counted of an hour: the fields of ``Counts``, to be counted up.

    ``shared``: what all processes together counted, when they were last asked; ``fresh``: who was counted and not
    told to the others yet, by field; ``told``: what was.
    """

    __slots__ = (*Counts._fields, "fresh", "number", "shared", "told")

    def __init__(self, number: int) -> None:
        self.number = number
        self.addresses = self.opened = self.settled = self.accounts = 0
        self.asked = self.blocks = self.different = self.bare_blocks = self.bare_different = 0
        self.fresh: list[tuple[str, str]] = []
        self.told = self.shared = _NOBODY

    def own(self) -> Counts:
        """What this process counted."""
        return Counts(
            *(self.addresses, self.opened, self.settled, self.accounts),
            *(self.asked, self.blocks, self.different, self.bare_blocks, self.bare_different),
        )

    def counts(self) -> Counts:
        """What is known: of each number the larger one."""
        own = self.own()
        return own if self.shared is _NOBODY else Counts._make(map(max, own, self.shared))


CLASS, NETWORK, SITE = "class", "network", "site"
"""Sorts of cohorts. There is one of the site: all visitors."""


class Cohort:
    """``now``: the hour that runs; ``last``: the one before it, until it is learned; ``before``: how much that one
    stood out; ``lift``: how much it stands out now.

    Networks learn nothing of their own: their keys change daily.
    """

    __slots__ = (
        *(
            "_bare",
            "_in_bare",
            "_block",
            "_in_block",
            "baseline",
            "before",
            "judged",
            "key",
            "last",
            "lift",
            "_judge_at",
        ),
        *("now", "sort", "stored", "unread", "untold"),
    )

    def __init__(self, sort: str, key: str, hour: int) -> None:
        self.sort = sort
        self.key = key
        self.now = Hour(hour)
        self.last: Hour | None = None
        self.before = self.lift = NOTHING
        self.baseline = None if sort == NETWORK else Baseline()
        self.judged = True
        """Nothing was counted since it was judged."""
        self.untold = False
        """It waits for other processes to be told of it."""
        self.unread, self.stored = sort != NETWORK, -1
        """Whether to ask what the others learned of it, and the last hour of what they did."""
        self._block: set[int] | None = None  # most networks never need one
        self._bare: set[int] | None = None
        self._in_block = self._in_bare = self._judge_at = 0

    def ask(self, picture: int) -> bool:
        """One of its members asked for ``picture``; whether that fills a block."""
        block = self._block
        if block is None:
            block = self._block = set()
        self.now.asked += 1
        block.add(picture)
        self._in_block += 1
        if self._in_block < BLOCK:
            return False
        self.now.blocks += 1
        self.now.different += len(block)
        self._block, self._in_block, self._judge_at = None, 0, 0
        return True

    def ask_bare(self, picture: int) -> bool:
        """One of its members asked for ``picture`` and has opened no page; whether that fills a block."""
        block = self._bare
        if block is None:
            block = self._bare = set()
        block.add(picture)
        self._in_bare += 1
        if self._in_bare < BARE_BLOCK:
            return False
        self.now.bare_blocks += 1
        self.now.bare_different += len(block)
        self._bare, self._in_bare, self._judge_at = None, 0, 0
        return True

    def worth(self) -> int:
        """What it is kept for: first what was learned of it, then how many came lately."""
        last = self.last.addresses if self.last is not None else 0
        hours = self.baseline.hours if self.baseline is not None else 0
        return (hours << 32) + max(self.now.addresses, last)

    def grown(self) -> bool:
        """Whether so many came since it was judged that it cannot wait."""
        if self.now.addresses < self._judge_at:
            return False
        self._judge_at = self.now.addresses + max(self.now.addresses >> 4, 4)
        return True


V = TypeVar("V")


class Table(Generic[V]):
    """At most ``size`` values by key. When it is full a quarter goes, those that ``worth`` least: a flood of names
    made up pushes itself out, and nobody of weight."""

    def __init__(self, size: int, worth: Callable[[V], int]) -> None:
        self._size = size
        self._worth = worth
        self._values: dict[str, V] = {}
        self.get = self._values.get
        self.values = self._values.values

    def add(self, key: str, value: V) -> None:
        """``key`` must not be there yet."""
        if len(self._values) >= self._size:
            self._make_room()
        self._values[key] = value

    def _make_room(self) -> None:
        worth = self._worth
        # Stable, and a dict keeps the order of insertion: among equals the older ones go.
        ranked = sorted(self._values.items(), key=lambda item: worth(item[1]))
        for key, _ in ranked[: max(self._size // 4, 1)]:
            del self._values[key]

    def __len__(self) -> int:
        return len(self._values)
