"""Authority: what a Host header says."""

import re
from ipaddress import IPv6Address
from typing import NamedTuple

MAX_HOST = 512
"""Bytes up to which a Host header is read: twice the longest name, 253 (RFC 1035 section 2.3.4)."""

_HOST = re.compile(
    rb"(\[[0-9A-Fa-f:.]{2,45}\]|(?>[A-Za-z0-9_-]+)(?>(?:\.(?>[A-Za-z0-9_-]+))*)\.?)(?::([0-9]{0,5}))?"
)
"""RFC 9110 section 7.2 and RFC 3986 section 3.2, of which a name may end in a dot and a port may be empty; but of
all the signs that a name may have there, those that real names have."""
_LOCAL = re.compile(r"(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]")


class Authority(NamedTuple):
    """What a Host header says; ``http`` and ``https``: the base URL by either."""

    text: str
    host: str
    local: bool
    http: str
    https: str


NO_HOST = Authority("", "", False, "", "")


def read_host(value: bytes | None) -> Authority | None:
    """What a Host header says, or None if it is malformed."""
    if not value:
        return NO_HOST
    match = _HOST.fullmatch(value) if len(value) <= MAX_HOST else None
    if match is None:
        return None
    name, port = match[1].decode().lower(), int(match[2] or 0)
    host = name.removesuffix(".")
    if len(host) > 253 or port > 65535 or (host[0] == "[" and not _is_ipv6(host[1:-1])):
        return None
    text = f"{name}:{port}" if match[2] else name
    return Authority(text, host, _LOCAL.fullmatch(host) is not None, f"http://{text}", f"https://{text}")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
