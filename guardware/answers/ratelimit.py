"""The RateLimit and RateLimit-Policy fields (draft-ietf-httpapi-ratelimit-headers-11, structured fields)."""

import math

from guardware.config.schema import Limit, Limits
from guardware.http import RawHeaders


def policies(limits: Limits) -> dict[str, str]:
    """The value of RateLimit-Policy for each limit, by its dotted config path (``limits.client.page``)."""
    found: dict[str, str] = {}
    for scope in ("client", "network"):
        for kind, limit in getattr(limits, scope):
            if limit is not None:
                name = f"limits.{scope}.{kind}"
                found[name] = _policy(name, limit)
    return found


def limit_headers(name: str, policy: str | None, retry_after: int) -> RawHeaders:
    """``Retry-After`` in seconds and, given a policy, that nothing is left of it until then."""
    seconds = str(retry_after).encode()
    lines = [(b"retry-after", seconds)]
    if policy is not None:
        lines.append((b"ratelimit-policy", policy.encode()))
        lines.append((b"ratelimit", b'"' + name.encode() + b'";r=0;t=' + seconds))
    return lines


def _policy(name: str, limit: Limit) -> str:
    """A GCRA limit admits ``burst`` visits at once and is whole again after burst / rate seconds: that is a
    quota of ``q`` visits in a window of ``w`` seconds, rounded up.
    """
    return f'"{name}";q={limit.burst};w={math.ceil(limit.burst / limit.rate)}'
