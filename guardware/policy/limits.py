"""Limits: from rates in words to GCRA parameters, one pair for each kind of visit."""

from typing import NamedTuple

from guardware.config.schema import KindLimits, Limit, Limits
from guardware.store.protocol import Rate
from guardware.visit import Kind


class Pair(NamedTuple):
    """The limits that one visit must pass; None: none."""

    client: Rate | None
    network: Rate | None


def limit_table(config: Limits) -> dict[Kind, Pair]:
    """The limits of every kind. Kinds that the configuration cannot name (asset, notice, own) have none."""
    return {kind: Pair(_rate(config.client, kind), _rate(config.network, kind)) for kind in Kind}


def _rate(limits: KindLimits, kind: Kind) -> Rate | None:
    limit: Limit | None = getattr(limits, kind.value, None)
    return None if limit is None else Rate(max(1, round(1_000_000 / limit.rate)), limit.burst)
