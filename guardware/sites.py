"""Sites: which Parts serve a Host; all sites of a process are built, exchanged and closed together."""

from collections.abc import Mapping

from guardware.caching import BoundedCache
from guardware.common import Common, build_common, retire_common
from guardware.config.hosts import most_exact
from guardware.config.schema import Config
from guardware.errors import ConfigError
from guardware.hosts import read_host
from guardware.http import RawHeaders
from guardware.overview import Overview
from guardware.parts import Parts, build_parts
from guardware.store import MemoryStore, ResilientStore

_REMEMBERED = 1024
"""Host headers, of at most ``guardware.hosts.MAX_HOST`` bytes: a flood of sub-domains must not grow it."""


class Sites:
    """``default`` serves what no name in ``hosts`` takes: the most exact one wins."""

    def __init__(self, common: Common, default: Parts, hosts: Mapping[str, Parts]) -> None:
        self.common = common
        self.default = default
        self.hosts = hosts
        self._strict = any(parts.guard.enforced for parts in (default, *hosts.values()))
        self._known: BoundedCache[bytes, Parts] = BoundedCache(_REMEMBERED)

    def of(self, headers: RawHeaders) -> Parts:
        """What serves a request with these headers: by the first Host line, as ``VisitReader`` reads it."""
        for name, value in headers:
            if name == b"host":
                return self._known.get(value) or self._look(value)
        return self.default

    def of_host(self, host: str) -> Parts:
        """What serves ``host`` (``Visit.host``: small letters, no port)."""
        return most_exact(self.hosts, host) or self.default

    def enforces(self, parts: Parts, headers: RawHeaders) -> bool:
        """Whether a request that cannot be judged is refused: by the mode of ``parts``, which serve it; where the
        Host itself cannot be read, it may be meant for any site."""
        unread = self._strict and any(name == b"host" and read_host(value) is None for name, value in headers)
        return parts.guard.enforced or unread

    async def start(self) -> None:
        """Agree on the secret, and begin what works behind the requests."""
        await self.common.verifier.start()
        if self.common.sharing is not None:
            self.common.sharing.start()
        # Once for all, or a store that is away would let each site wait for it. Last, because from here on a store
        # that comes back agrees with these guards, and no longer with those that it served before.
        await self.default.guard.start([parts.guard for parts in self.hosts.values()])

    def _look(self, value: bytes) -> Parts:
        authority = read_host(value)
        if authority is None:
            return self.default  # whose reader refuses it
        parts = self.of_host(authority.host)
        self._known.put(value, parts)
        return parts


def build_sites(
    config: Config, previous: Sites | None = None, store: MemoryStore | ResilientStore | None = None
) -> Sites:
    """The sites of ``config``; what ``previous`` remembers (records, counts, variants) is kept where it fits.

    Raises ConfigError, which names the host that it concerns.
    """
    common = build_common(config, previous.common if previous is not None else None, store)
    overview = Overview(common, config.hosts)
    default = build_parts(config, common, overview, previous.default if previous is not None else None)
    hosts: dict[str, Parts] = {}
    for name, part in config.hosts.items():
        try:
            hosts[name] = build_parts(part, common, overview, previous.hosts.get(name) if previous else None)
        except ConfigError as error:
            raise ConfigError([f"hosts.{name}.{fault}" for fault in error.faults]) from None
    return Sites(common, default, hosts)


async def retire(
    old: Sites, new: Sites | None = None, *, given: MemoryStore | ResilientStore | None = None
) -> None:
    """Close what ``new`` did not take over from ``old``; never a store that was ``given`` to us."""
    await retire_common(old.common, new.common if new is not None else None, given=given)
