"""Published address lists: reads the JSON in which operators say where their crawlers come from.

Two shapes, of which one holds the other: Google's (OpenAI, Bing, Apple, Perplexity and others publish the same),
and JAFAR (draft-illyes-webbotauth-jafar-00), which adds keys that say nothing about addresses. A list decides who
is believed and, since a name from elsewhere is a lie, who is denied: so one that cannot be right is refused whole.
"""

import json
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from itertools import islice
from typing import Any, NamedTuple

from guardware.addresses import Network
from guardware.config.faults import shown
from guardware.errors import GuardwareError
from guardware.prefixes import PrefixTable
from guardware.public import SHORTEST, is_public_network

LARGEST = 4 * 1024 * 1024
"""Bytes of a list; the longest known one (Google's user-triggered fetchers) has 80 kB."""
MOST_PREFIXES = 100_000
SHRUNK = 0.1
"""Below this part of what it was, in prefixes and in addresses, a list is not believed."""


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


def check_kept(old: Published, new: Published) -> None:
    """Raises ListError when so little is left of ``old`` that a mistake is likelier than a change.

    Counted in both: an operator may sum up many small prefixes in a few large ones.
    """
    if len(new.prefixes) < len(old.prefixes) * SHRUNK and new.clients < old.clients * SHRUNK:
        raise ListError(f"shrank from {len(old.prefixes)} prefixes to {len(new.prefixes)}")


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
    if not is_public_network(network):
        raise ListError(f"claims {network}, where no visitor comes from")
    return network
