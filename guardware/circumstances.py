"""Circumstances: the client's deeds, where it comes from, who else comes; what speaks beside a visit's headers."""

from guardware.aggregates import Aggregates, Crowd, Seen
from guardware.config.schema import Config
from guardware.hosting import HostingNetworks
from guardware.identity import Identity
from guardware.policy import Policy
from guardware.signals import Conduct, SignalTable
from guardware.signals.aggregate import of_crowd
from guardware.signals.behaviour import FAST, quiet
from guardware.signals.network import hosting_network
from guardware.store.protocol import RENDERED, Record, Touch
from guardware.verdict import Evidence
from guardware.visit import Visit

_FURTHER = 1.5
"""``Record.pages`` beyond which a page was not the first."""

_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time."""


class Circumstances:
    """Looks once a visit, when its record is known."""

    def __init__(
        self,
        config: Config,
        signals: SignalTable,
        policy: Policy,
        hosting: HostingNetworks,
        aggregates: Aggregates,
    ) -> None:
        self._budget = config.budgets.per_hour
        self._signals = signals
        self._policy = policy
        self._owner = hosting.owner if hosting else None
        self._aggregates = aggregates

    def look(
        self, visit: Visit, identity: Identity, touch: Touch, record: Record, account: str, now: float
    ) -> tuple[tuple[Evidence, ...], Crowd | None]:
        """The evidence found, and what is known of the crowd, which also has the account's counts.

        ``account``: its key, "" for none.
        """
        aggregates, fingerprint = self._aggregates, identity.fingerprint
        client, network, address, kind = touch[:4]
        pages = record.pages
        rendered = pages > 0 and bool(record.habits & RENDERED)
        # Who gives his name hides in no crowd; and a further page of somebody who opened one says nothing new.
        further = pages > _FURTHER and touch.original is None and not account
        if not (record.limited_by or further or identity.crawler is not None):
            picture, visits, rate = touch.original, record.visits, record.rate
            # fmt: off
            seen = (
                fingerprint, network, address, client, account, kind, picture, visits, pages, rendered, rate,
            )
            # fmt: on
            aggregates.note(_new(Seen, seen), now)
        crowd = aggregates.crowd_of(fingerprint, network, account, client)
        fast = aggregates.site.fast
        fast = FAST if fast is None or fast < FAST else fast
        found = () if quiet(record, fast, self._budget) else self._deeds(visit, identity, record, fast)
        if self._owner is not None and (prior := hosting_network(self._owner(visit.source.address))) is not None:
            found = (*found, *self._signals.tuned((prior,)))
        if crowd is not None and (others := of_crowd(crowd, pages=pages, rendered=rendered)):
            found = (*found, *self._signals.tuned(others))
        return found, crowd

    def _deeds(self, visit: Visit, identity: Identity, record: Record, fast: float) -> tuple[Evidence, ...]:
        engine, disallowed = identity.engine is not None, self._policy.disallowed(visit)
        pictures = self._aggregates.site.pictures
        conduct = (record, engine, disallowed, self._budget, pictures, fast)
        return self._signals.of_deeds(_new(Conduct, conduct))
