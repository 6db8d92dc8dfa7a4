"""The owner's limits in the figures that fronts know."""

from math import ceil
from typing import NamedTuple

from guardware.config.schema import Limits
from guardware.kinds import Kind
from guardware.policy.limits import limit_table
from guardware.store.protocol import Rate

KINDS = (Kind.PAGE, Kind.IMAGE, Kind.FEED, Kind.API)
"""The kinds of visits that limits can name."""

WINDOW = 60
"""Seconds over which HAProxy counts."""


class FrontLimit(NamedTuple):
    """One limit. ``who``: client or network. ``rate``: for nginx, such as ``120r/m``; ``excess``: visits beyond
    the first that may come at once; ``in_window``: how many ``WINDOW`` seconds can have at most."""

    kind: str
    who: str
    rate: str
    excess: int
    in_window: int


def front_limits(config: Limits) -> tuple[FrontLimit, ...]:
    """All limits that are set. Never stricter than guardware: figures that a front can't say are rounded up."""
    table = limit_table(config)
    pairs = [
        (kind, who, rate)
        for kind in KINDS
        for who, rate in zip(("client", "network"), table[kind], strict=True)
        if rate is not None
    ]
    return tuple(_limit(kind.value, who, rate) for kind, who, rate in pairs)


def _limit(kind: str, who: str, rate: Rate) -> FrontLimit:
    a_second = 1_000_000 / rate.interval
    minute = ceil(round(60 * a_second, 6))
    # nginx takes whole numbers only, each minute at least one.
    said = f"{minute}r/m" if minute < 100_000 else f"{ceil(a_second)}r/s"
    return FrontLimit(kind, who, said, rate.burst - 1, rate.burst + ceil(round(WINDOW * a_second, 6)))
