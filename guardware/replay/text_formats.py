"""The text formats of Apache, nginx and their kin: common, combined, and both behind a virtual host's name."""

import re
from collections.abc import Callable

from guardware.addresses import parse_address
from guardware.http import RawHeaders
from guardware.replay.entry import Entry, RequestReader, unescaped
from guardware.replay.times import TimeReader

# Anybody may write what these read, so each runs in linear time: no two neighbouring repetitions can match the
# same bytes, save the user's name, behind which a literal stands.
_QUOTED = rb'"((?>[^"\\]*(?:\\.[^"\\]*)*))"'
_TIME = rb"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d):(\d\d) ([+-]\d{4})\]"
_TAIL = rb" (?:- - |[^ ]+ .*? )" + _TIME + rb" " + _QUOTED + rb" (\d\d\d|-) [^ ]+"
"""From the identity (RFC 1413) to the length: ``- me [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512``."""

_NUMERIC = rb"((?>\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]+))"
_HEADERS = rb" " + _QUOTED + rb" " + _QUOTED + rb"(.*)"

# Proxies' addresses may stand in front: Apache's %{X-Forwarded-For}i in the place of %h.
_COMBINED = re.compile(rb"()((?>[^ ,]+(?:, [^ ,]+)*))" + _TAIL + _HEADERS, re.DOTALL)
_COMMON = re.compile(rb"()((?>[^ ,]+(?:, [^ ,]+)*))" + _TAIL + rb"(?: .*)?", re.DOTALL)
_VHOST = re.compile(rb"([^\s\"]+) " + _NUMERIC + _TAIL + _HEADERS, re.DOTALL)

_ADDRESSES = re.compile(rb' "((?>[0-9A-Fa-f.:, ]+))"')
"""A quoted field of addresses and nothing else: nginx's "$http_x_forwarded_for", in its usual ``main`` format."""

_SCHEMES = {b"443": "https", b"80": "http"}

_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time; one is built for every line."""


def combined(*, vhost: bool = False) -> Callable[[bytes], Entry | None]:
    """A parser of combined lines; None for what is none. Fields after the user-agent are passed over, but for
    X-Forwarded-For. ``vhost``: with a host's name in front, as in Apache's ``vhost_combined``.
    """
    requests, times = RequestReader(), TimeReader()
    known, read, minutes = requests.known, requests.read, times.minutes
    fullmatch = (_VHOST if vhost else _COMBINED).fullmatch

    def parse(line: bytes) -> Entry | None:
        match = fullmatch(line)
        if match is None:
            return None
        name, address, minute, second, zone, request, status, referer, agent, rest = match.groups()
        at = minutes((minute, zone)) or times.minute(minute, zone)
        if at is None:
            return None
        if b"\\" in line:
            request, referer, agent = unescaped(request), unescaped(referer), unescaped(agent)
        headers: RawHeaders = []
        if agent != b"-" and agent:
            headers.append((b"user-agent", agent))
        if referer != b"-" and referer:
            headers.append((b"referer", referer))
        if rest and (hops := _forwarded(rest)):
            headers.append((b"x-forwarded-for", hops))
        host, scheme = _host(name) if name else (b"", "")
        asked = (known(request) or read(request))[0]
        code = int(status) if status != b"-" else 0
        visitor = address.decode("latin-1") if b"," not in address else _first(address)
        return _new(Entry, (visitor, at + int(second), asked, code, headers, host, scheme, False, False))

    return parse


def common() -> Callable[[bytes], Entry | None]:
    """A parser of common lines, which have no headers at all; None for what is none."""
    requests, times = RequestReader(), TimeReader()

    def parse(line: bytes) -> Entry | None:
        match = _COMMON.fullmatch(line)
        if match is None:
            return None
        _, address, minute, second, zone, request, status = match.groups()
        time = times.common(minute, second, zone)
        if time is None:
            return None
        code = int(status) if status != b"-" else 0
        return Entry(_first(address), time, requests.line(unescaped(request)), code, [])

    return parse


def _first(addresses: bytes) -> str:
    """Of several addresses the first, which is the visitor's: the log's owner chose to write them here."""
    return addresses.partition(b",")[0].decode("latin-1")


def _forwarded(rest: bytes) -> bytes:
    """What the fields behind the user-agent say of the addresses before the last proxy; b"" for nothing."""
    for match in _ADDRESSES.finditer(rest):
        hops = match[1].strip()
        if parse_address(hops.partition(b",")[0].decode("ascii")) is not None:
            return hops
    return b""


def _host(name: bytes) -> tuple[bytes, str]:
    """Host and scheme of ``example.com:443``; a port other than the two says nothing of the scheme."""
    host, colon, port = name.rpartition(b":")
    if colon and port.isdigit():
        return (host if port in _SCHEMES else name), _SCHEMES.get(port, "")
    return name, ""
