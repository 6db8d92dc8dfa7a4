"""Which addresses a request goes to: by the host and the path that were judged, never by what goes upstream."""

import ssl
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp

from guardware.config.proxy import Proxy, Route
from guardware.config.upstreams import Address, parse_address
from guardware.hosts import read_host
from guardware.http import Scope, first_value
from guardware.paths import normalise
from guardware.proxy.pool import Group, Member
from guardware.proxy.sessions import open_session
from guardware.proxy.upstream_tls import client_context
from guardware.visit import Visit


class Place(NamedTuple):
    """What a request names. ``host``: lower case, without port and final dot; ``path``: normal form."""

    host: str
    path: str


def place_of(scope: Scope) -> Place | None:
    """From the visit that the middleware leaves in the scope, else read anew; None if it cannot be judged."""
    visit = scope.get("state", {}).get("guardware.visit")
    if isinstance(visit, Visit):
        return Place(visit.host, visit.path)
    authority = read_host(first_value(scope["headers"], b"host"))
    path = normalise(scope["path"], scope.get("raw_path") or b"")
    return Place(authority.host, path.text) if authority is not None and path is not None else None


class _Rule:
    """One route, ready to be compared."""

    def __init__(self, route: Route, group: Group) -> None:
        self.group = group
        self._hosts = frozenset(host for host in route.host if not host.startswith("*."))
        self._domains = tuple(host[1:] for host in route.host if host.startswith("*."))
        self._path = route.path.rstrip("/")

    def fits(self, place: Place) -> bool:
        """Whether host and path are of this route. The path's parts count whole: /art is not /artist."""
        if (self._hosts or self._domains) and not (
            place.host in self._hosts or place.host.endswith(self._domains or "\0")
        ):
            return False
        return place.path == self._path or place.path.startswith(f"{self._path}/")


class Routes:
    """The routes of a configuration, and the members that they share: an address named twice is one.

    Raises ValueError for what is no address, GuardwareError for a certificate that cannot be used.
    """

    def __init__(self, settings: Proxy) -> None:
        self._settings = settings
        self._members: dict[Address, Member] = {}
        self._rules = [_Rule(route, self._group(route.upstream)) for route in settings.routes]
        self._default = self._group(settings.upstream) if settings.upstream else None
        secure = any(address.secure for address in self._members)
        self._tls: ssl.SSLContext | None = client_context(settings.tls) if secure else None

    @property
    def members(self) -> Sequence[Member]:
        """All of them, each once."""
        return tuple(self._members.values())

    def find(self, scope: Scope) -> Group | None:
        """Whose request this is: the first route's that fits, else that of ``upstream``; None if there is none.

        What cannot be judged (it comes here only in monitor mode) fits no route.
        """
        place = place_of(scope) if self._rules else None
        if place is not None:
            for rule in self._rules:
                if rule.fits(place):
                    return rule.group
        return self._default

    def _group(self, texts: Sequence[str]) -> Group:
        addresses = dict.fromkeys(parse_address(text) for text in texts)
        return Group([self._member(address) for address in addresses])

    def _member(self, address: Address) -> Member:
        if address not in self._members:
            self._members[address] = Member(address, self._settings.max_connections, self._open)
        return self._members[address]

    def _open(self, address: Address) -> aiohttp.ClientSession:
        return open_session(address, self._settings.connect_timeout, self._tls)
