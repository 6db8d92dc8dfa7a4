"""What an address says: it belongs to a hosting company (feature 35)."""

from guardware.verdict import Evidence, Group

HOSTING, HOSTING_WEIGHT = "hosting-network", 1.0


def hosting_network(owner: str | None) -> Evidence | None:
    """``owner``: what ``HostingNetworks.owner`` says of the address.

    People behind a VPN or an office's gateway come from such networks too, so the weight stays below the threshold
    ``protect`` (2): alone it changes nothing.
    """
    if not owner:
        return None
    return Evidence(HOSTING, Group.NETWORK, HOSTING_WEIGHT, f"comes from a data centre: {owner}")
