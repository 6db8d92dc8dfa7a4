"""Who sent a request: the client's address, from trusted proxies only.

A forwarded header counts only when the peer that sent it is in ``clients.trusted_proxies``; then hops are read
from the right until the first that is not trusted (RFC 7239 section 5.2; Werkzeug and uvicorn read alike). If
X-Forwarded-For is there, Forwarded is not read: nginx, HAProxy, Caddy and the CDNs set the former and pass on
whatever the visitor wrote in the latter.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

from guardware.caching import BoundedCache

MAX_HOPS = 32
"""Hops read from the right; a longer chain of trusted proxies does not exist."""

MAX_BYTES = 4096
"""Bytes read of a header's end: 32 hops of 128 bytes. What stands before them only an attacker wrote."""

_MAX_CACHED = 512
"""Bytes of forwarded headers up to which an answer is remembered."""

# A visitor may write what these read, so none may ever go back: all repetitions are atomic groups. (Not possessive
# quantifiers, which mean the same: those are broken before Python 3.11.5, gh-106052, and Debian 12 has 3.11.2.)
_STRING = r'"(?>(?:[^"\\]|\\.)*)"'
_PAIR = rf"((?>[A-Za-z0-9!#$%&'*+.^_`|~-]+))=({_STRING}|(?>[^\";,\\\s]*))"
_CLOSED = re.compile(rf'(?>(?:(?>[^"]+)|{_STRING})*)', re.DOTALL)
"""Text in which every quote that opens also closes."""
_ELEMENT = re.compile(rf'(?>(?:(?>[^",]+)|{_STRING})+)', re.DOTALL)
"""What stands between commas, in such text."""
_SOME_PAIR = rf"(?>(?:{_PAIR})?)"
_PAIRS = re.compile(rf"(?>\s*){_SOME_PAIR}(?>(?:(?>\s*);(?>\s*){_SOME_PAIR})*)(?>\s*)", re.DOTALL)
"""A whole element of Forwarded (RFC 7239 section 4)."""
_ONE_PAIR = re.compile(_PAIR, re.DOTALL)

_PRIVATE = [
    ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")
] + [ip_network(n) for n in ("fc00::/7", "fe80::/10", "::1/128")]
"""Where a proxy of one's own stands (RFC 1918, 6598, 3927, 4193, 4291): no visitor comes from there."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Source(NamedTuple):
    """Where a request came from.

    ``address``: canonical text, or "" when unknown (a unix socket that is not trusted, nonsense from a proxy).
    ``client``: the part of it that one visitor holds (IPv4 /32, IPv6 /64). ``network``: its neighbourhood
    (IPv4 /24, IPv6 /48). ``scheme``: what the trusted proxy says the visitor used, or "". ``unheeded``: the
    peer is private and sent forwarded headers, but is not trusted: most likely a forgotten setting. ``trusted``:
    the peer is one of ``clients.trusted_proxies``, so what only a proxy can know may be read from its headers.
    """

    address: str
    client: str
    network: str
    scheme: str
    unheeded: bool
    trusted: bool


class AddressReader:
    """Finds the source of a request. ``trusted``: networks of own proxies, or "unix" for a unix socket."""

    def __init__(self, trusted: Sequence[Network | Literal["unix"]] = (), cache_size: int = 4096) -> None:
        self._unix = "unix" in trusted
        self._networks = tuple(n for n in trusted if n != "unix")
        self._seen: BoundedCache[tuple[str | None, bytes, bytes, bytes], Source] = BoundedCache(cache_size)

    def read(self, peer: str | None, x_forwarded_for: bytes, forwarded: bytes, proto: bytes) -> Source:
        """``peer``: the address of the connection, None on a unix socket. Repeated lines come comma-joined."""
        key = (peer, x_forwarded_for, forwarded, proto)
        known = self._seen.get(key)
        if known is None:
            known = self._resolve(peer, x_forwarded_for, forwarded, proto)
            if len(x_forwarded_for) + len(forwarded) + len(proto) <= _MAX_CACHED:
                self._seen.put(key, known)
        return known

    def _resolve(self, peer: str | None, x_forwarded_for: bytes, forwarded: bytes, proto: bytes) -> Source:
        address = parse_address(peer or "")
        claimed = bool(x_forwarded_for or forwarded)
        if not (self._trusts(address) if peer else self._unix):
            unheeded = claimed and (address is None or _is_private(address))
            return _source(address, "", unheeded=unheeded, trusted=False)
        scheme = proto.decode("latin-1").rpartition(",")[2].strip().lower()
        if x_forwarded_for:
            hops = [(hop, "") for hop in _end(x_forwarded_for).split(",")[-MAX_HOPS:]]
        else:
            hops = _forwarded(_end(forwarded))
        for text, hop_scheme in reversed(hops):
            hop = parse_address(text)
            if hop is None:
                break
            address, scheme = hop, scheme if proto else hop_scheme
            if not self._trusts(hop):
                break
        return _source(address, scheme if scheme in ("http", "https") else "", unheeded=False, trusted=True)

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def parse_address(text: str) -> Address | None:
    """One hop: ``1.2.3.4``, ``1.2.3.4:5``, ``::1``, ``[::1]:443``, quoted or not; IPv4-mapped becomes IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    if "%" in text or len(text) > 45:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_private(address: Address) -> bool:
    return any(address in network for network in _PRIVATE)


def _end(header: bytes) -> str:
    """The whole elements among the last ``MAX_BYTES`` of ``header``."""
    if len(header) > MAX_BYTES:
        header = header[-MAX_BYTES:].partition(b",")[2]
    return header.decode("latin-1")


def _forwarded(header: str) -> list[tuple[str, str]]:
    """The ``for`` and ``proto`` of the last elements of a Forwarded header; empty for what is no element.

    A quote that a visitor left open would swallow what the proxy wrote after it, and the visitor would pass for
    the proxy. Such a header is cut at every comma; then only the part with the stray quote is no element.
    """
    elements = _ELEMENT.findall(header) if _CLOSED.fullmatch(header) else header.split(",")
    return [_hop(element) for element in elements[-MAX_HOPS:]]


def _hop(element: str) -> tuple[str, str]:
    if not _PAIRS.fullmatch(element):
        return "", ""
    pairs = {name.lower(): value.strip('"') for name, value in _ONE_PAIR.findall(element)}
    return pairs.get("for", ""), pairs.get("proto", "").lower()


def _source(address: Address | None, scheme: str, *, unheeded: bool, trusted: bool) -> Source:
    if address is None:
        return Source("", "unknown", "unknown", scheme, unheeded, trusted)
    host, near = (32, 24) if address.version == 4 else (64, 48)
    bits, value = address.max_prefixlen, int(address)
    client = f"{value >> (bits - host):x}/{host}"
    network = f"{value >> (bits - near):x}/{near}"
    return Source(str(address), client, network, scheme, unheeded, trusted)
