"""Networks of hosting companies: where servers stand, and people rarely are."""

from guardware.hosting.networks import HostingNetworks

__all__ = ["HostingNetworks"]
