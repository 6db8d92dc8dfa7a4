"""Reads files of networks: one a line, or the JSON in which Amazon and Google publish theirs."""

import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, NamedTuple

from guardware.addresses import Network
from guardware.config.faults import printable, shown
from guardware.config.values import parse_network
from guardware.public import SHORTEST

LARGEST = 256 * 1024 * 1024
"""Bytes of a file: the whole routing table of 2026, a million networks with names, takes a tenth of it."""
_MOST_FAULTS = 20
_LONGEST_NAME = 60

_AMAZON = {"prefixes": ("ip_prefix",), "ipv6_prefixes": ("ipv6_prefix",)}
_GOOGLE = {"prefixes": ("ipv4Prefix", "ipv6Prefix")}
"""The lists in the JSON of each, and the keys of a network in their entries: https://ip-ranges.amazonaws.com/
ip-ranges.json and https://www.gstatic.com/ipranges/cloud.json."""

Entry = tuple[Network, str]


class Read(NamedTuple):
    """What a file holds, and what is wrong with it, as lines ``file:line: what; how to mend it``."""

    entries: list[Entry]
    faults: list[str]


def read_networks(path: Path) -> Read:
    """The networks in the file ``path`` with their owners' names, where it says none the file's own name."""
    try:
        if path.stat().st_size > LARGEST:
            return Read([], [f"{_name(path)}: is larger than {LARGEST >> 20} MiB; name a list of networks"])
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        where = "" if path.is_absolute() else f" (looked for at {path.absolute()})"
        fault = f"{_name(path)}: {error.strerror or error}{where}"
        return Read([], [f"{fault}; create it, or take it out of the list"])
    rows = _json_rows(text, path) if text.lstrip()[:1] in ("{", "[") else _line_rows(text, path)
    read = Read([], [])
    for place, network, owner in rows:
        found = _network(network, place) if network else f"{place}: {owner}"
        if not isinstance(found, str):
            read.entries.append((found, owner))
        elif len(read.faults) < _MOST_FAULTS:
            read.faults.append(found)
        else:
            read.faults.append(f"{_name(path)}: and more; is it a list of networks?")
            break
    return read


Row = tuple[str, str, str]
"""Where it stands, the network as it is written, its owner; an empty network: its fault in the owner's place."""


def _line_rows(text: str, path: Path) -> Iterator[Row]:
    name, stem = _name(path), _owner(path.stem)
    for number, line in enumerate(text.splitlines(), 1):
        columns = re.split(r"[\s,;]+", line.partition("#")[0].strip(), maxsplit=1)
        if columns[0]:
            yield f"{name}:{number}", columns[0], _owner(columns[1]) if len(columns) > 1 else stem


def _json_rows(text: str, path: Path) -> Iterator[Row]:
    name = _name(path)
    try:
        data = json.loads(text)
    except ValueError as error:
        yield name, "", f"is no JSON ({error}); download it again"
        return
    except RecursionError:
        yield name, "", "is no list of networks but nested without end; download it again"
        return
    found = False
    owner, shape = ("Amazon", _AMAZON) if _is_amazon(data) else ("Google Cloud", _GOOGLE)
    for key, fields in shape.items():
        for number, entry in enumerate(_list(data, key)):
            for network in _texts(entry, fields):
                found = True
                yield f"{name}: {key}[{number}]", network, owner
    if not found:
        mend = "write one network a line, or give Amazon's ip-ranges.json or Google's cloud.json"
        yield name, "", f"is JSON of a shape that is not known; {mend}"


def _is_amazon(data: Any) -> bool:
    return isinstance(data, dict) and ("ipv6_prefixes" in data or "createDate" in data)


def _list(data: Any, key: str) -> list[Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else []


def _texts(entry: Any, fields: tuple[str, ...]) -> list[str]:
    values = (entry.get(field) for field in fields) if isinstance(entry, dict) else ()
    return [value for value in values if isinstance(value, str) and value]


def _network(text: str, place: str) -> Network | str:
    """The network that ``text`` is, else what is wrong with it."""
    try:
        network = IPv6Network(text) if ":" in text else IPv4Network(text)
    except ValueError:
        try:
            parse_network(text)
        except ValueError as error:
            return f"{place}: {printable(str(error))}"
        return f"{place}: {shown(text)} is no network; write one like 192.0.2.0/24"
    if network.prefixlen < SHORTEST[network.version]:
        mend = f"write the networks in it, /{SHORTEST[network.version]} at the shortest"
        return f"{place}: {network} is more than any company holds; {mend}"
    return network


def _owner(text: str) -> str:
    text = printable(" ".join(text.split())).strip('"')
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def _name(path: Path) -> str:
    return printable(str(path))
