"""Masking: text that visitors wrote, with the networks of the addresses in it in their place."""

import re

from guardware.addresses import parse_address
from guardware.replay.tally import network_of

# Visitors write what these read, so no two neighbouring repetitions can match the same characters.
_IPV6 = re.compile(r"(?>[0-9A-Fa-f:.]+)")
"""Whatever could be one; what it is, ``_network`` says."""

_IPV4 = re.compile(r"(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2\d{1,3}(?:/\d{1,2})?")
"""Also with hyphens, as names of hosts have it, and also with numbers that no address has (010, 999)."""

_HIDDEN = "(address)"


def masked(text: str) -> str:
    """``text`` with 203.0.113.0/24 for 203.0.113.9, and 2001:db8:1::/48 for 2001:db8:1:2::9.

    What looks like an address is masked too: the number of a version in four parts, an address of hardware.
    """
    return _IPV4.sub(r"\1.\3.\4.0/24", _IPV6.sub(_network, text))


def _network(match: re.Match[str]) -> str:
    found = match[0]
    if found.count(":") < 2:
        return found
    for bare in (found, found.strip("."), found.lstrip(":"), found.rstrip(":."), found.strip(":.")):
        if parse_address(bare) is not None:
            return found.replace(bare, network_of(bare))
    # Five groups are more than a date and a time have: an address that was cut, or of a network card.
    return _HIDDEN if "::" in found or found.count(":") >= 4 else found
