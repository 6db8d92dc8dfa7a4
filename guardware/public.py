"""Which addresses are out in the public internet: where visitors come from, and what a visitor may make us ask."""

from bisect import bisect_right
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from operator import itemgetter

from guardware.addresses import Network

SHORTEST = {4: 8, 6: 19}
"""Bits of the shortest prefix that belongs to one owner: registries give out at most a /8 of IPv4, and of IPv6 a
/19."""


def _ends(text: str) -> tuple[int, int]:
    network = ip_network(text)
    return int(network.network_address), int(network.broadcast_address)


_RESERVED = {
    # IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast (RFC 5771) and class E. A table of our own:
    # what the ipaddress module takes for global has changed between releases of Python 3.11.
    4: tuple(map(_ends, (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3",
    ))),
    # IANA IPv6 Special-Purpose Address Registry, as far as it lies in 2000::/3: protocol assignments with Teredo,
    # documentation, and 6to4, where anyone's IPv4 address stands within.
    6: tuple(map(_ends, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))),
}  # fmt: skip
"""First and last address of what no visitor comes from; sorted and apart."""
_GLOBAL_UNICAST = _ends("2000::/3")
"""RFC 4291 section 2.4: all the IPv6 addresses that are given out."""
_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: how a network that has only IPv6 reaches IPv4, whose address is in the last four bytes."""


def is_public(address: str) -> bool:
    """Whether ``address``, an IPv4 or IPv6 address as text, can be somebody's public server."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.scope_id is not None:
            return False
    return _all_public(int(ip), int(ip), ip.version)


def is_public_network(network: Network) -> bool:
    """Whether all of ``network`` is. IPv4-mapped IPv6 is not: no list has to write it."""
    first = int(network.network_address)
    return _all_public(first, first + network.num_addresses - 1, network.version)


def _all_public(first: int, last: int, version: int) -> bool:
    """By a search in numbers: ``overlaps`` for each of the reserved networks would take 5 s for a long list."""
    if version == 6 and not _GLOBAL_UNICAST[0] <= first <= last <= _GLOBAL_UNICAST[1]:
        return False
    reserved = _RESERVED[version]
    before = bisect_right(reserved, last, key=itemgetter(0)) - 1
    return before < 0 or reserved[before][1] < first
