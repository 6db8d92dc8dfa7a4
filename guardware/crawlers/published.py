"""Published address lists: reads the JSON in which operators say where their crawlers come from.

Two shapes, of which one holds the other: Google's (OpenAI, Bing, Apple, Perplexity and others publish the same),
and JAFAR (draft-illyes-webbotauth-jafar-00), which adds keys that say nothing about addresses. A list decides who
is believed and, since a name from elsewhere is a lie, who is denied: so one that cannot be right is refused whole.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from guardware.config.faults import shown
from guardware.errors import GuardwareError
from guardware.prefixes import Network, PrefixTable

LARGEST = 4 * 1024 * 1024
"""Bytes of a list; the longest known one (Google's user-triggered fetchers) has 80 kB."""
MOST_PREFIXES = 100_000
SHORTEST = {4: 8, 6: 19}
"""No crawler comes from more: registries give out at most a /8 of IPv4, and of IPv6 a /19."""
SHRUNK = 0.1
"""Below this part of what it was, in prefixes and in addresses, a list is not believed."""


def _ends(text: str) -> tuple[int, int]:
    network = ip_network(text)
    return int(network.network_address), int(network.broadcast_address)


_RESERVED = {
    4: tuple(map(_ends, (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3",
    ))),
    6: tuple(map(_ends, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))),
}  # fmt: skip
"""First and last address of what no visitor comes from: IANA's special-purpose registries (RFC 6890), multicast,
and what is not given out; sorted and apart. 2002::/16 is 6to4, where anyone's IPv4 address stands within."""
_IPV6 = _ends("2000::/3")
"""All the IPv6 addresses that are given out."""


class ListError(GuardwareError):
    """A list from the net that cannot be had or cannot be right; says why, in words for a log."""


class Published(NamedTuple):
    """A list that was read: the table to look into, its prefixes in canonical form, and how many clients it holds
    (IPv4 addresses and IPv6 /64s, what one visitor has)."""

    table: PrefixTable
    prefixes: tuple[str, ...]
    clients: int


def read_list(data: bytes) -> Published:
    """The list in ``data``. Unknown keys and entries are ignored. Raises ListError when it is to be refused."""
    parsed = parse_json(data, LARGEST)
    entries = parsed.get("prefixes") if isinstance(parsed, dict) else None
    if not isinstance(entries, list):
        raise ListError('has no list "prefixes"; its publisher may have moved it')
    return published(text for entry in entries for text in _prefixes(entry))


def published(prefixes: Iterable[str]) -> Published:
    """``prefixes`` as a list. Raises ListError as ``read_list`` does."""
    texts = list(islice(prefixes, MOST_PREFIXES + 1))
    if len(texts) > MOST_PREFIXES:
        raise ListError(f"has more than {MOST_PREFIXES} prefixes")
    networks = dict.fromkeys(map(_network, texts))
    if not networks:
        raise ListError("is empty")
    return Published(
        PrefixTable((network, "") for network in networks),
        tuple(map(str, networks)),
        sum(network.num_addresses >> (64 if network.version == 6 else 0) or 1 for network in networks),
    )


def shrunk(old: Published, new: Published) -> bool:
    """Whether so little is left of ``old`` that a mistake is likelier than a change.

    Counted in both: an operator may sum up many small prefixes in a few large ones.
    """
    fewer = len(new.prefixes) < len(old.prefixes) * SHRUNK
    return fewer and new.clients < old.clients * SHRUNK


def parse_json(data: bytes, most: int) -> Any:
    """``data`` as JSON. Raises ListError when it is none, larger than ``most`` bytes, or nested without end."""
    if len(data) > most:
        raise ListError(f"is larger than {most >> 20} MiB")
    try:
        return json.loads(data)
    except RecursionError:
        raise ListError("is nested without end") from None
    except ValueError as error:
        raise ListError(f"is no JSON ({str(error)[:80]})") from None


def _prefixes(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        raise ListError(f"has {shown(entry)} among its prefixes")
    values = [entry[key] for key in ("ipv4Prefix", "ipv6Prefix") if key in entry]
    if not all(isinstance(value, str) for value in values):
        raise ListError(f"has a prefix that is no text: {shown(values)}")
    return values


def _network(text: str) -> Network:
    try:
        # Some publishers leave bits of an address behind the prefix; what is meant is clear.
        network = IPv6Network(text, strict=False) if ":" in text else IPv4Network(text, strict=False)
    except ValueError:
        raise ListError(f"has {shown(text)} among its prefixes") from None
    if network.prefixlen < SHORTEST[network.version]:
        raise ListError(f"claims {network}, which is more than any crawler comes from")
    if not _public(network):
        raise ListError(f"claims {network}, where no visitor comes from")
    return network


def _public(network: Network) -> bool:
    """Whether the network lies where visitors may be, and holds nothing else. By a search in numbers: ``overlaps``
    for each of the reserved ones would take 5 s for a long list."""
    first = int(network.network_address)
    last = first + network.num_addresses - 1
    if network.version == 6 and not _IPV6[0] <= first <= last <= _IPV6[1]:
        return False
    reserved = _RESERVED[network.version]
    before = bisect_right(reserved, last, key=itemgetter(0)) - 1
    return before < 0 or reserved[before][1] < first
