"""The PROXY protocol, versions 1 and 2: what a front says, before all else, of whose connection it passes on.

https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt. The library proxy-protocol reads asyncio's streams and
has no way to leave what follows untouched, as TLS needs it; the format is small, and the same since 2020.
"""

import struct
from ipaddress import ip_address
from typing import Literal, NamedTuple

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = 16
"""Bytes of a version 2 header before its addresses."""

_LONGEST_LINE = 107
"""Bytes of a version 1 header at most (section 2.1)."""

_LONGEST = 4096
"""Bytes of a version 2 header that we take; HAProxy and the clouds' balancers send some hundred at most."""

_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_SSL, _OVER_SSL = 0x20, 0x01
"""PP2_TYPE_SSL and PP2_CLIENT_SSL (section 2.2.6)."""

_FAMILIES = {_TCP4: ("!4s4sHH", 12), _TCP6: ("!16s16sHH", 36)}


class Announced(NamedTuple):
    """``client``: address and port, or None where the connection is the front's own (a health check).

    ``scheme``: what the visitor uses, if the front says it.
    """

    client: tuple[str, int] | None
    scheme: Literal["http", "https"] | None = None


def share(have: bytes, more: bytes) -> int:
    """How many bytes of ``more`` still belong to the header that begins with ``have``. Raises ValueError."""
    whole = have + more
    if _SIGNATURE.startswith(whole[:12]):
        end = _FIXED if len(whole) < _FIXED else _FIXED + int.from_bytes(whole[14:16])
        if end > _LONGEST:
            raise ValueError("a PROXY header that is too long")
    elif b"PROXY ".startswith(whole[:6]):
        line = whole.find(b"\n") + 1
        end = line or len(whole) + 1
        if end > _LONGEST_LINE:
            raise ValueError("a PROXY line that is too long")
    else:
        raise ValueError("no PROXY header")
    return min(len(more), end - len(have))


def read(header: bytes) -> Announced | None:
    """What ``header`` says, or None if more of it is to come. Raises ValueError if it is none."""
    if header[:12] == _SIGNATURE:
        if len(header) < _FIXED or len(header) < _FIXED + int.from_bytes(header[14:16]):
            return None
        return _read_binary(header)
    return _read_line(header) if header[-1:] == b"\n" and header[:6] == b"PROXY " else None


def _read_line(line: bytes) -> Announced:
    if line[-2:] != b"\r\n":
        raise ValueError("a PROXY line without a carriage return")
    words = line[:-2].decode("ascii").split(" ")
    if words[1:2] == ["UNKNOWN"]:
        return Announced(None)
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise ValueError("a PROXY line with other than six words")
    source, target = ip_address(words[2]), ip_address(words[3])
    if {source.version, target.version} != {int(words[1][3])}:
        raise ValueError("a PROXY line with addresses of another family than it says")
    port, _ = map(_port, words[4:])
    return Announced((str(source), port))


def _port(word: str) -> int:
    if not (word.isdigit() and len(word) <= 5 and int(word) <= 65535) or (word[0] == "0" and word != "0"):
        raise ValueError("a PROXY line with a port that is none")
    return int(word)


def _read_binary(header: bytes) -> Announced:
    command, family = header[12], header[13]
    if command == _LOCAL:
        return Announced(None)
    if command != _PROXY:
        raise ValueError("a PROXY header with an unknown version or command")
    rest = header[_FIXED:]
    if family not in _FAMILIES:
        return Announced(None)  # unspecified, a unix socket, or datagrams: section 2.2 says to pass them over
    layout, size = _FAMILIES[family]
    if len(rest) < size:
        raise ValueError("a PROXY header that is shorter than its addresses")
    source, _, port, _ = struct.unpack(layout, rest[:size])
    return Announced((str(ip_address(source)), port), _scheme(rest[size:]))


def _scheme(extras: bytes) -> Literal["http", "https"] | None:
    """What the extras (type, length, value) say of TLS."""
    while extras:
        if len(extras) < 3:
            raise ValueError("a PROXY header with half an extra")
        kind, length = extras[0], int.from_bytes(extras[1:3])
        value, extras = extras[3 : 3 + length], extras[3 + length :]
        if len(value) != length:
            raise ValueError("a PROXY header with half an extra")
        if kind == _SSL and value:
            return "https" if value[0] & _OVER_SSL else "http"
    return None
