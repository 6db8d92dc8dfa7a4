"""Which addresses are out in the public, and which networks wholly are."""

from ipaddress import ip_address, ip_network

import pytest

from guardware.public import is_public, is_public_network


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((address, True) for address in ("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1")),
        *((address, True) for address in ("2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808")),
        *((address, False) for address in ("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.53", "169.254.169.254")),
        *((address, False) for address in ("172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.8")),
        *((address, False) for address in ("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1")),
        *((address, False) for address in ("192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255")),
        *((address, False) for address in ("::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "::ffff:10.0.0.1")),
        *((address, False) for address in ("64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b:1::808:808")),
        *((address, False) for address in ("2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1")),
        *(
            (address, False)
            for address in ("fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "2606:4700::1%1")
        ),
        *((address, False) for address in ("", "localhost", "127.1", "0x7f000001", "010.0.0.1", "8.8.8.8/32")),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_nothing_is_public_that_python_takes_for_private() -> None:
    for first in range(256):
        for second in (0, 16, 64, 88, 100, 168, 254):
            address = ip_address(bytes([first, second, 0, 9]))
            assert not (is_public(str(address)) and (address.is_private or address.is_multicast))


@pytest.mark.parametrize(
    ("network", "public"),
    [
        ("8.8.8.0/24", True),
        ("9.0.0.0/8", True),
        ("8.0.0.0/6", False),  # holds 10.0.0.0/8
        ("10.1.0.0/16", False),
        ("192.0.0.0/16", False),  # holds 192.0.0.0/24 and 192.0.2.0/24
        ("2606:4700::/32", True),
        ("2001:a00::/23", True),
        ("2001:c00::/23", False),  # holds 2001:db8::/32
        ("2000::/3", False),
        ("fc00::/7", False),
        ("64:ff9b::/96", False),  # one address within may be asked; nobody owns them all
        ("::ffff:8.8.8.0/120", False),
    ],
)
def test_which_networks_are_public(network: str, public: bool) -> None:
    assert is_public_network(ip_network(network)) is public
