"""Which addresses are out in the public: a visitor may make us ask those, and no others."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            # IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771) and class E. A table of our own:
            # what the ipaddress module takes for global has changed between releases of Python 3.11.
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            # IANA IPv6 Special-Purpose Address Registry, as far as it lies in 2000::/3: protocol assignments with
            # Teredo, documentation, 6to4, which hides an IPv4 address.
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        ),
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")
"""RFC 4291 section 2.4: nothing public lies elsewhere, but the next."""
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
        elif ip not in _GLOBAL_UNICAST or ip.scope_id is not None:
            return False  # IPv4-mapped addresses too: no name server has to write them
    return not any(ip in network for network in _NOT_PUBLIC)
