"""How single values are written: rates, sizes, durations, networks, paths; text in, number out."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import isfinite
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from guardware.config.faults import shown

Network = IPv4Network | IPv6Network

SECONDS = {"s": 1, "second": 1, "m": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}
DURATIONS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}

STORES = ("memory", "redis", "rediss", "unix")
"""The schemes of ``store.url``."""

# Limits are kept in whole microseconds between visits (store/protocol.py), so a million a second is the most.
# The least is one a day: what is remembered of a client is forgotten a day after its last visit.
_FASTEST = 1_000_000.0
_SLOWEST = 1 / 86400


def parse_rate(value: Any) -> Any:
    """``"120/minute"`` (or ``/s /m /h /d /second /hour /day``) as requests per second; raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("is not a rate; write a count and a unit, for example 120/minute")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*([a-z]+)\s*", value)
    if not match or match[2] not in SECONDS or float(match[1]) <= 0:
        raise ValueError(f"{shown(value)} is not a rate; write a count and a unit, for example 120/minute")
    rate = float(match[1]) / SECONDS[match[2]]
    if not _SLOWEST * 0.999 <= rate <= _FASTEST:
        raise ValueError(f"{shown(value)} is out of range; write a rate from 1/day to 1000000/second")
    return rate


def parse_size(value: Any) -> Any:
    """``"64 MB"``, ``"50MiB"`` or a plain number of bytes, as an int; raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", value) if isinstance(value, str) else None
    if not match or match[2].lower() not in BYTES or not isfinite(float(match[1])):
        raise ValueError(f"{shown(value)} is not a size; write a number and a unit, for example 64 MB")
    return int(float(match[1]) * BYTES[match[2].lower()])


def parse_duration(value: Any) -> Any:
    """``"50ms"``, ``"2s"``, ``"5m"``, ``"6h"``, ``"1d"`` or a number of seconds, in seconds; raises ValueError."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)\s*", value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{shown(value)} is not a duration; write a number and a unit, for example 50ms or 2s")
    return float(match[1]) * DURATIONS[match[2]]


def parse_network(value: Any) -> Any:
    """``"10.0.0.0/8"``, ``"2001:db8::/32"`` or one address, as a network; raises ValueError."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    # ip_network() would take the number 10 for the address 0.0.0.10.
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not an address; write an address or a network, as in 10.0.0.0/8")
    try:
        return ip_network(value)
    except ValueError:
        pass
    try:
        whole = ip_network(value, strict=False)
    except ValueError:
        message = f"{shown(value)} is not an address; write an address or a network, as in 10.0.0.0/8"
        raise ValueError(message) from None
    raise ValueError(
        f"{shown(value)} is an address within a network, not a network; "
        f"write {whole}, or {value.partition('/')[0]} for the one address"
    )


def parse_proxy(value: Any) -> Any:
    """A network, or ``"unix"`` for any unix socket; raises ValueError."""
    return value if value == "unix" else parse_network(value)


def check_prefix(value: str) -> str:
    """A path with no slash at its end and no dot segments, as it came; raises ValueError."""
    parts = value.split("/")
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", value) or "." in parts or ".." in parts:
        raise ValueError(f"{shown(value)} is not a path; write one like /.guardware, with no slash at its end")
    return value


def check_store_url(value: str) -> str:
    """The address of a store, as it came; raises ValueError, which does not show it: it may hold a password."""
    if not value.startswith(tuple(f"{scheme}://" for scheme in STORES)):
        known = ", ".join(f"{scheme}://" for scheme in STORES)
        raise ValueError(f"is not the address of a store; begin it with one of {known}")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise ValueError(
            "has no right host and port; write redis://host:6379/0, with : / # ? @ in a password percent-encoded"
        ) from None
    if parts.scheme == "unix" and not parts.path:
        raise ValueError("names no socket; write unix:// and its path, as in unix:///run/redis/redis.sock")
    return value


Rate = Annotated[float, BeforeValidator(parse_rate), Field(json_schema_extra={"type": "string"})]
Size = Annotated[int, Field(ge=0), BeforeValidator(parse_size)]
Duration = Annotated[float, Field(gt=0), BeforeValidator(parse_duration)]
Net = Annotated[Network, BeforeValidator(parse_network)]
ProxyNet = Annotated[Network | Literal["unix"], BeforeValidator(parse_proxy)]
Prefix = Annotated[str, AfterValidator(check_prefix)]
StoreUrl = Annotated[str, AfterValidator(check_store_url)]
