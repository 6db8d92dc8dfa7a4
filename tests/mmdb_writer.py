"""Writes small databases in MaxMind's format (version 2.0 of its specification), for tests to read."""

import struct
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_EMPTY, _POINTER = -1, -2


def mmdb(records: dict[str, Any], version: int = 6, kind: str = "GeoLite2-ASN") -> bytes:
    """A database of disjoint networks and their records; IPv4 lies at ::/96 of one for version 6."""
    nodes: list[list[int]] = [[_EMPTY, _EMPTY]]
    data = b""
    for text, record in records.items():
        _set(nodes, _bits(ip_network(text), version), _POINTER - len(data))
        data += _encoded(record)
    tree = b"".join(struct.pack(">2I", *(_record(child, len(nodes)) for child in node)) for node in nodes)
    meta = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_795_300_000,
        "database_type": kind,
        "description": {"en": "a test"},
        "ip_version": version,
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": 32,
    }
    return tree + bytes(16) + data + _MARKER + _encoded(meta)


def _bits(network: IPv4Network | IPv6Network, version: int) -> str:
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return "0" * 96 + bits if version == 6 and network.version == 4 else bits


def _set(nodes: list[list[int]], bits: str, value: int) -> None:
    node = 0
    for bit in map(int, bits[:-1]):
        if nodes[node][bit] == _EMPTY:
            nodes.append([_EMPTY, _EMPTY])
            nodes[node][bit] = len(nodes) - 1
        node = nodes[node][bit]
    nodes[node][int(bits[-1])] = value


def _record(child: int, count: int) -> int:
    """A node's number; ``count`` for nothing; beyond it and the separator, a place in the data."""
    if child == _EMPTY:
        return count
    return child if child >= 0 else count + 16 + (_POINTER - child)


def _encoded(value: Any) -> bytes:
    match value:
        case dict():
            return _control(7, len(value)) + b"".join(_encoded(k) + _encoded(v) for k, v in value.items())
        case list():
            return _control(11, len(value)) + b"".join(map(_encoded, value))
        case str():
            return _control(2, len(value.encode())) + value.encode()
        case int():
            raw = value.to_bytes(8, "big").lstrip(b"\0")
            return _control(9, len(raw)) + raw
    raise TypeError(value)


def _control(kind: int, size: int) -> bytes:
    """The control byte; kinds from 8 on are extended, sizes from 29 on go into a byte of their own."""
    low, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return (bytes([kind << 5 | low]) if kind < 8 else bytes([low, kind - 7])) + more
