"""The Accept header, read within bounds."""

from collections.abc import Iterator

MAX_ACCEPT = 1024
"""Octets of the header that are looked at; browsers send about 130."""

_MAX_RANGES = 32


def media_ranges(accept: bytes | None) -> Iterator[tuple[bytes, float]]:
    """The media ranges that the header names, lower case, each with its quality, 0 to 1 (RFC 9110, 12.5.1).

    A quality that makes no sense counts as 0.
    """
    for part in (accept or b"")[:MAX_ACCEPT].split(b",")[:_MAX_RANGES]:
        media, _, parameters = part.partition(b";")
        yield media.strip().lower(), _quality(parameters)


def _quality(parameters: bytes) -> float:
    """The ``q`` among the parameters of one media range (RFC 9110, 12.4.2); 1 if there is none."""
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0.0 <= quality <= 1.0 else 0.0
    return 1.0
