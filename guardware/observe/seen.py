"""What the guard sees of one request, for the owner's doctor: address, scheme, host, and why."""

import hmac
from collections.abc import Sequence
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

from guardware.config.schema import Config
from guardware.visit import Visit

PURPOSE = "doctor"
"""Of the key that tokens are made with."""

SCHEME = "Guardware"
"""Of the Authorization header that carries one."""

LIFE = 120
"""Seconds for which a token holds, before and after its time: clocks differ. It shows whoever copies it nothing
but his own request."""

_FORWARDED = (
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"forwarded",
    b"x-real-ip",
    b"cf-connecting-ip",
    b"true-client-ip",
    b"via",
)
_LONGEST = 512
_MOST = 100


def make_token(key: bytes, now: float) -> str:
    """Proof that whoever sends it has the owner's secret; ``key``: for ``PURPOSE``; ``now``: since the epoch."""
    when = str(int(now))
    return f"{when}.{_mark(key, when)}"


def is_token(keys: Sequence[bytes], authorization: bytes | None, now: float) -> bool:
    """Whether the Authorization header holds a token by one of ``keys`` that still holds."""
    scheme, _, token = (authorization or b"")[:256].decode("latin-1").partition(" ")
    when, _, mark = token.strip().partition(".")
    if scheme.lower() != SCHEME.lower() or not (when.isascii() and when.isdigit() and len(when) < 13):
        return False
    if abs(now - int(when)) > LIFE:
        return False
    given = mark.encode("latin-1")
    return any(hmac.compare_digest(_mark(key, when).encode(), given) for key in keys)


def seen(visit: Visit, peer: tuple[str, int] | None, config: Config, order: str) -> dict[str, Any]:
    """JSON-ready. ``peer``: the other end of the connection, None on a unix socket; ``order``: what is known of
    the order of headers (``HeaderOrder.state``)."""
    source, facts = visit.source, visit.facts
    lines = [(name, value) for name, value in visit.headers if name in _FORWARDED]
    return {
        "guardware": version("guardware"),
        "mode": config.mode,
        "peer": list(peer[:2]) if peer else None,
        "address": source.address,
        "trusted": source.trusted,
        "unheeded": source.unheeded,
        "trusted_proxies": [str(network) for network in config.clients.trusted_proxies],
        "forwarded": [[_text(name), _text(value)] for name, value in lines[:_MOST]],
        "scheme": visit.scheme,
        "scheme_setting": config.clients.scheme,
        "host": visit.authority,
        "order": order,
        "headers": [_text(name) for name, _ in visit.headers[:_MOST]],
        "facts": {"protocol": _fact(facts.protocol), "alpn": _fact(facts.alpn), "ja4": _fact(facts.ja4)},
    }


def _mark(key: bytes, when: str) -> str:
    return blake2b(when.encode(), key=key, digest_size=16).hexdigest()


def _text(value: bytes) -> str:
    return value[:_LONGEST].decode("latin-1")


def _fact(value: Any) -> str | None:
    return _text(value) if isinstance(value, bytes) else value
