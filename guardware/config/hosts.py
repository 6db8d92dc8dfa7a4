"""The ``hosts`` of a configuration: how a name is written, what may differ, how a part is laid over the whole."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address
from typing import Any, NamedTuple, TypeVar

from guardware.config.faults import Fault, Path, dotted, shown

T = TypeVar("T")

KEY = "hosts"

PROCESS: tuple[Path, ...] = (
    ("store",),
    ("server",),
    ("observe",),
    ("clients", "trusted_proxies"),
    ("clients", "secret_file"),
    ("clients", "keep_addresses"),
    ("clients", "facts"),
    ("clients", "networks"),
    ("crawlers", "verification"),
    ("images", "max_bytes"),
    ("images", "timeout"),
    ("images", "workers"),
    ("images", "worker_memory"),
    ("images", "queue"),
    ("images", "cache_bytes"),
    ("images", "disk_bytes"),
    ("images", "trace", "keep"),
)
"""What all sites of a process share: one store, one record, one crew of workers, one bound on memory."""

_SOURCES = ("upstream", "root", "routes")
"""Keys of ``proxy`` that say together where a site is: whoever names one of the first two means another site."""

_DEEPEST = 8
"""Keys down to which sections are merged: more than the schema has; what a program gives may be without end."""

_NAME = re.compile(r"(?:\*\.)?(?>[a-z0-9_-]{1,63})(?>(?:\.[a-z0-9_-]{1,63})*)")
"""As ``guardware/hosts.py`` reads them of a visit; labels by RFC 1035 section 2.3.4."""

_BRACKETED = re.compile(r"\[[0-9a-f:.]+\]")

_LONGEST = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the length bytes)."""


class Part(NamedTuple):
    """What differs for one host: its name as it was written, and in normal form, and the keys."""

    written: str
    name: str
    data: dict[str, Any]


def normal_host(text: str) -> str:
    """``text`` as a visit's host reads: small letters, A-labels (RFC 5890), no final dot; perhaps with ``*.`` in
    front. An IPv6 address stands in brackets. Raises ValueError, with the mend, for what is no such name."""
    name = text.strip().lower()
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://|[/?#].*$", "", name).rpartition("@")[2]
    bare = re.sub(r":\d*$", "", bare).removesuffix(".")
    if bare != name.removesuffix("."):
        raise ValueError(f"{shown(text)} is more than a host name; write {shown(bare or 'example.com')} alone")
    if bare == "*":
        raise ValueError(
            "is every host, for which what names no host is there: the top of the file; or write *.example.com"
        )
    if bare.startswith("["):
        return _bracketed(bare, text)
    name = bare if bare.isascii() else _as_ascii(bare, text)
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise ValueError(
            f"{shown(text)} is no host name; write one like example.com, or *.example.com for all below"
        )
    return name


def _bracketed(name: str, text: str) -> str:
    try:
        if not _BRACKETED.fullmatch(name):
            raise ValueError(name)
        IPv6Address(name[1:-1])
    except ValueError:
        raise ValueError(f"{shown(text)} is no IPv6 address; write one like [2001:db8::1]") from None
    return name


def _as_ascii(name: str, text: str) -> str:
    # Imported here because its tables cost every start 20 ms, and few names need them.
    import idna

    star = "*." if name.startswith("*.") else ""
    try:
        return star + idna.encode(name.removeprefix("*."), uts46=True).decode("ascii")
    except UnicodeError:  # idna.IDNAError is one
        raise ValueError(f"{shown(text)} is no host name; write it as browsers do, beginning with xn--") from None


def most_exact(hosts: Mapping[str, T], host: str) -> T | None:
    """What ``hosts`` has for ``host`` (normal form): under its own name, else under the longest ``*.`` that takes
    it, which stands for one label or more; None if there is neither."""
    found, rest = hosts.get(host), host
    while found is None and "." in rest:
        rest = rest.partition(".")[2]
        found = hosts.get(f"*.{rest}")
    return found


def read_hosts(hosts: Any) -> tuple[list[Part], list[Fault]]:
    """The parts in ``hosts``, less what has no place there; and a fault for each name and key that has none."""
    if hosts is None:
        return [], []
    if not isinstance(hosts, Mapping):
        return [], [Fault((KEY,), "must be a table; write host names beneath it, each with what differs there")]
    parts: list[Part] = []
    first: dict[str, str] = {}
    faults: list[Fault] = []
    for written, data in hosts.items():
        path = (KEY, written)
        try:
            name = normal_host(written)
        except ValueError as error:
            faults.append(Fault(path, str(error)))
            name = written  # its keys are looked at all the same
        if first.setdefault(name, written) != written:
            faults.append(Fault(path, f"is the same host as {shown(first[name])}; merge the two"))
        if not isinstance(data, Mapping):
            faults.append(Fault(path, "must be a section; write beneath it, indented, what differs for this host"))
            continue
        own, misplaced = _own(dict(data), path)
        faults += misplaced
        parts.append(Part(written, name, own))
    return parts, faults


def _own(data: dict[str, Any], path: Path) -> tuple[dict[str, Any], list[Fault]]:
    """``data`` without what belongs to the process, and a fault for each such key."""
    faults = []
    if KEY in data:
        faults.append(Fault((*path, KEY), "cannot stand within a host; write all names beneath the one hosts:"))
        data = {key: value for key, value in data.items() if key != KEY}
    for place in PROCESS:
        if _holds(data, place):
            text = f"is the same for all hosts of a process; write {dotted(place)} at the top of the file"
            faults.append(Fault((*path, *place), text))
            data = _without(data, place)
    return data, faults


def _holds(data: Any, path: Path) -> bool:
    for key in path:
        if not isinstance(data, Mapping) or key not in data:
            return False
        data = data[key]
    return True


def _without(data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {key: value for key, value in data.items() if key != first}
    return {key: _without(value, tuple(rest)) if key == first else value for key, value in data.items()}


def lay_over(whole: Mapping[str, Any], part: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """``whole`` with what ``part`` says otherwise: sections and tables are merged, lists and single values are
    replaced. A part that names a ``proxy.upstream`` or ``proxy.root`` of its own inherits neither, nor routes."""
    laid = dict(whole)
    for key, value in part.items():
        below = laid.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping) and depth < _DEEPEST:
            if key == "proxy" and not depth and not value.keys().isdisjoint(_SOURCES[:2]):
                below = {name: inner for name, inner in below.items() if name not in _SOURCES}
            laid[key] = lay_over(below, value, depth + 1)
        else:
            laid[key] = value
    return laid


def differing(whole: object, site: object) -> Iterator[Path]:
    """The paths of what belongs to the process and differs between the configurations ``whole`` and ``site``."""
    for path in PROCESS:
        one, other = whole, site
        for key in path:
            one, other = getattr(one, str(key)), getattr(other, str(key))
        if one != other:
            yield path
