"""Where a site stands: the addresses of ``proxy.upstream``, of routes and of ``--upstream``."""

import re
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from guardware.config.faults import shown

_EXAMPLE = "write it like http://127.0.0.1:3000 or unix:/run/app.sock"

_PORTS = {"http": 80, "https": 443}

_NAME = re.compile(r"(?>[A-Za-z0-9_-]+)(?>(?:\.(?>[A-Za-z0-9_-]+))*)\.?")
"""A host's name, with the underscore that container networks give names."""

_SOCKET = re.compile(r"unix:(?://(?=/))?(/[^/:\x00-\x1f\x7f][^:\x00-\x1f\x7f]*)(?::(/.*)?)?")
"""``unix:`` and a path, after which ``:/prefix`` may stand, as in nginx's proxy_pass."""

_LONGEST_SOCKET = 107
"""Bytes of a socket's path: 108 with the NUL at its end (unix(7))."""

_PREFIX_SAFE = "/!$&'()*+,;=:@%-._~"
"""What may stand in a path as it is (RFC 3986 section 3.3); the rest is percent-encoded."""


class Address(NamedTuple):
    """``origin``: scheme and authority; ``prefix``: a path put before each visitor's path, without last slash;
    ``socket``: the unix socket that is connected to, "" for TCP.
    """

    origin: str
    prefix: str
    socket: str = ""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.origin.startswith("https:")

    def __str__(self) -> str:
        """As an owner would write it; for logs."""
        if not self.socket:
            return self.origin + self.prefix
        return f"unix:{self.socket}:{self.prefix}" if self.prefix else f"unix:{self.socket}"


def parse_address(text: str) -> Address:
    """Read ``http://127.0.0.1:3000``, ``https://example.com/site`` or ``unix:/run/app.sock``.

    ``unix:/run/app.sock:/site`` puts ``/site`` before each path. Raises ValueError with the mend.
    """
    if text[:5].lower() == "unix:":
        return _unix(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not an address ({error}); {_EXAMPLE}") from None
    if parts.scheme not in _PORTS:
        raise ValueError(f"{shown(text)} does not start with http://, https:// or unix:; {_EXAMPLE}")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{shown(text)} has more than a host and a path: leave out user, query and fragment")
    host = _host(parts)
    if not host or port == 0:
        raise ValueError(f"{shown(text)} names no host that can be reached; {_EXAMPLE}")
    authority = host if port is None or port == _PORTS[parts.scheme] else f"{host}:{port}"
    return Address(f"{parts.scheme}://{authority}", _prefix(text, parts.path))


def check_address(value: str) -> str:
    """An address, as it came; raises ValueError."""
    parse_address(value)
    return value


def _unix(text: str) -> Address:
    match = _SOCKET.fullmatch("unix:" + text[5:])
    if match is None:
        raise ValueError(f"{shown(text)} names no socket; write it like unix:/run/app.sock")
    if len(match[1].encode()) > _LONGEST_SOCKET:
        raise ValueError(
            f"{shown(text)} is longer than a socket's path may be; keep it to {_LONGEST_SOCKET} bytes"
        )
    return Address("http://localhost", _prefix(text, match[2] or ""), match[1])


def _host(parts: SplitResult) -> str:
    """The host as it stands in a URL, or "" if nothing can have that name."""
    name = parts.hostname or ""
    try:
        if ":" in name:
            return f"[{IPv6Address(name)}]"
        name = name if name.isascii() else name.encode("idna").decode()
    except ValueError:
        return ""
    return name if _NAME.fullmatch(name) else ""


def _prefix(text: str, path: str) -> str:
    if any(part in (".", "..") for part in path.split("/")):
        raise ValueError(f"{shown(text)} has . or .. in its path; write the path that is meant")
    return quote(path, safe=_PREFIX_SAFE).rstrip("/")
