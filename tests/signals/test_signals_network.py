"""The network group: a data centre weighs a little, and never decides alone."""

from guardware.config.schema import Config
from guardware.signals.network import hosting_network
from guardware.verdict import Evidence, Group


def test_a_hosting_company_is_evidence() -> None:
    assert hosting_network("Amazon") == Evidence(
        "hosting-network", Group.NETWORK, 1.0, "comes from a data centre: Amazon"
    )


def test_no_owner_is_none() -> None:
    assert (hosting_network(None), hosting_network("")) == (None, None)


def test_alone_it_stays_below_every_threshold() -> None:
    thresholds = Config().thresholds
    evidence = hosting_network("a VPN's exit")
    assert evidence is not None
    assert evidence.weight < min(thresholds.protect, thresholds.deny)
    assert not evidence.proof
