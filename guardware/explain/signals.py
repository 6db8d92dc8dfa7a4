"""The list of all signals, of all groups, as the owner has tuned them."""

from collections.abc import Iterator
from typing import NamedTuple

from guardware.config.schema import Signals
from guardware.signals import PRIORS as PRIOR_WEIGHTS
from guardware.signals import TABLE
from guardware.signals.behaviour import BEHAVIOUR
from guardware.signals.headers import SELF_REFERER
from guardware.signals.network import HOSTING
from guardware.verdict import PRIORS, Group


class Listed(NamedTuple):
    """``varies``: ``weight`` is the most it may weigh. ``shipped``: the weight without the owner's tuning."""

    name: str
    group: Group
    weight: float
    varies: bool
    proof: bool
    off: bool
    shipped: float

    @property
    def remarks(self) -> str:
        """All but the numbers, in words."""
        words = {
            "proof": self.proof,
            "prior": self.group in PRIORS,
            f"{self.shipped:+g} as shipped": self.weight != self.shipped,
            "switched off": self.off,
        }
        return ", ".join(word for word, holds in words.items() if holds)


def listed(config: Signals) -> list[Listed]:
    """Every signal, group by group, in the order in which they are asked."""
    return [
        one._replace(
            weight=config.weights.get(one.name, one.weight),
            off=one.name in config.off,
        )
        for one in _shipped()
    ]


def _shipped() -> Iterator[Listed]:
    for signal in TABLE:
        yield _one(signal.name, signal.group, signal.weight, proof=signal.proof)
    yield _one(SELF_REFERER.name, SELF_REFERER.group, SELF_REFERER.weight)
    for deed in BEHAVIOUR:
        yield _one(deed.name, Group.BEHAVIOUR, deed.weight, varies=True)
    for name, weight in PRIOR_WEIGHTS.items():
        group = Group.NETWORK if name == HOSTING else Group.AGGREGATE
        yield _one(name, group, weight, varies=name != HOSTING)


def _one(name: str, group: Group, weight: float, *, varies: bool = False, proof: bool = False) -> Listed:
    return Listed(name, group, weight, varies, proof, False, weight)
