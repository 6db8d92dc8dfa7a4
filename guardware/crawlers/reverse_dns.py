"""Forward-confirmed reverse DNS: does an address belong to the operator of a crawler?

Address to names (PTR), a name under one of the operator's suffixes, and from that name back to the address (A or
AAAA). Whoever runs an address may give it any name; only the owner of the name can make it lead back. The
procedure is the one that Google, Microsoft and Yandex describe for their crawlers.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dns import name as dns_name
from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.message import Message
from dns.name import Name
from dns.nameserver import Do53Nameserver
from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration
from dns.reversename import from_address

from guardware.addresses import Address, parse_address
from guardware.crawlers.expiring import Expiring
from guardware.crawlers.proof import Outcome

TIMEOUT = 2.0
"""Seconds for all questions about one address together."""

QUERY_TIMEOUT = 1.0
"""Seconds for one question to one name server, so that within ``TIMEOUT`` a second one gets its turn."""

MAX_NAMES = 5
"""Names of an address that are looked up. Crawlers have one; liars may have as many as they like."""

CONFIRMED_FOR, REFUTED_FOR, UNKNOWN_FOR = 86400.0, 600.0, 300.0
"""Seconds that an answer is remembered: addresses of crawlers stay theirs, while outages pass."""

SIZE = 4096
"""Answers of each kind that are remembered."""

GENERIC: dict[str, str] = {
    "1e100.net": "any of Google's machines, those that fetch for customers among them",
    "googleusercontent.com": "virtual machines of Google Cloud (bc.) and App Engine (gae.)",
    "amazonaws.com": "virtual machines of AWS (compute.)",
    "amazonaws.com.cn": "virtual machines of AWS in China",
    "compute.internal": "AWS's names within a private network",
    "awsglobalaccelerator.com": "front addresses that customers of AWS rent",
    "cloudfront.net": "AWS's content delivery",
    "cloudapp.net": "virtual machines of Azure, old names",
    "azure.com": "virtual machines of Azure (cloudapp.)",
    "azurewebsites.net": "apps of Azure's customers",
    "oraclecloud.com": "virtual machines of Oracle Cloud",
    "oraclevcn.com": "Oracle Cloud's names within a private network",
    "yandexcloud.net": "virtual machines of Yandex Cloud",
    "aliyuncs.com": "virtual machines of Alibaba Cloud",
    "myhuaweicloud.com": "virtual machines of Huawei Cloud",
    "linodeusercontent.com": "virtual machines of Linode",
    "vultrusercontent.com": "virtual machines of Vultr",
    "your-server.de": "servers of Hetzner's customers",
    "ovh.net": "servers of OVH's customers",
    "contaboserver.net": "servers of Contabo's customers",
    "akamaitechnologies.com": "Akamai's content delivery",
    "fastly.net": "Fastly's content delivery",
}
"""Suffixes that prove nothing, with what is found under them: whoever rents a machine there gets such a name, and
it leads back. Never accepted, whatever the catalogue says."""

_GENERIC = tuple(dns_name.from_text(text) for text in GENERIC)

logger = logging.getLogger("guardware.crawlers")


class Confirmation(NamedTuple):
    """What the look-up of an address found; ``name`` is the one that was confirmed, else ""."""

    outcome: Outcome
    name: str = ""


_REFUTED, _UNKNOWN = Confirmation(Outcome.REFUTED), Confirmation(Outcome.UNKNOWN)
_LIFETIMES = {Outcome.CONFIRMED: CONFIRMED_FOR, Outcome.REFUTED: REFUTED_FOR, Outcome.UNKNOWN: UNKNOWN_FOR}


class ReverseDns:
    """Asks name servers for addresses, and remembers what they said.

    ``resolver``: see ``system_resolver``; None means that nothing can be asked. ``clock``: seconds, for the
    memory. Belongs to one event loop.
    """

    def __init__(
        self, resolver: Resolver | None, *, timeout: float = TIMEOUT, clock: Callable[[], float] = time.time
    ) -> None:
        self._resolver = resolver
        self._timeout = timeout
        self._clock = clock
        self._known: dict[Outcome, Expiring[tuple[str, tuple[str, ...]], Confirmation]] = {
            outcome: Expiring(SIZE, lifetime) for outcome, lifetime in _LIFETIMES.items()
        }

    async def confirm(self, address: str, suffixes: tuple[str, ...]) -> Confirmation:
        """Whether ``address`` has a name under one of ``suffixes`` that leads back to it. Never raises.

        Refuted: it has no name, or none of its names both fits and leads back. Unknown: somebody who had to be
        asked gave no answer, in time or in order.
        """
        key = (address, suffixes)
        now = self._clock()
        for known in self._known.values():
            if (answer := known.get(key, now)) is not None:
                return answer
        answer = await self._ask(address, suffixes)
        self._known[answer.outcome].put(key, answer, self._clock())
        return answer

    def sweep(self, now: float) -> None:
        """Forget what has expired: addresses are not to be kept longer than they are of use."""
        for known in self._known.values():
            known.sweep(now)

    async def _ask(self, text: str, suffixes: tuple[str, ...]) -> Confirmation:
        address = parse_address(text)
        if self._resolver is None or address is None:
            return _UNKNOWN
        try:
            wanted = accepted(suffixes)
            if not wanted:
                return _UNKNOWN
            async with asyncio.timeout(self._timeout):
                return await self._chain(self._resolver, address, wanted)
        except (DNSException, OSError, TimeoutError, ValueError) as error:
            logger.debug("reverse DNS gave no answer: %s", type(error).__name__)
            return _UNKNOWN

    async def _chain(self, resolver: Resolver, address: Address, wanted: tuple[Name, ...]) -> Confirmation:
        names = [record.target for record in await _resolve(resolver, from_address(str(address)), "PTR")]
        outcome = _REFUTED
        # Sorted: name servers rotate their answers, and the same facts are to give the same outcome.
        fitting = sorted(name for name in names if fits(name, wanted) and not fits(name, _GENERIC))
        for name in fitting[:MAX_NAMES]:
            try:
                records = await _resolve(resolver, name, "A" if address.version == 4 else "AAAA")
            except DNSException:
                outcome = _UNKNOWN  # another name may still lead back
                continue
            if any(parse_address(record.address) == address for record in records):
                return Confirmation(Outcome.CONFIRMED, name.to_text(omit_final_dot=True).lower())
        return outcome


def system_resolver(file: str = "/etc/resolv.conf") -> Resolver | None:
    """A resolver for the name servers of this machine; None, with a line in the log, if it has none."""
    try:
        resolver = Resolver(file)
    except NoResolverConfiguration as error:
        logger.warning("no name server is configured, so reverse DNS verifies no crawler: %s", error)
        return None
    return resolver_at((str(server), resolver.port) for server in resolver.nameservers)


def resolver_at(servers: Iterable[tuple[str, int]]) -> Resolver:
    """A resolver for the name servers at these addresses and ports; it knows no search domains."""
    resolver = Resolver(configure=False)
    resolver.nameservers = [_Datagrams(address, port) for address, port in servers]
    resolver.timeout, resolver.lifetime = QUERY_TIMEOUT, TIMEOUT
    return resolver


def accepted(suffixes: Iterable[str]) -> tuple[Name, ...]:
    """The suffixes that can prove something: of two labels at least, and not those of ``GENERIC``."""
    names = [dns_name.from_text(suffix) for suffix in suffixes]
    return tuple(name for name in names if len(name) > 2 and not fits(name, _GENERIC))  # the root is a label too


def fits(name: Name, suffixes: Iterable[Name]) -> bool:
    """Whether ``name`` is one of ``suffixes`` or stands under one; label by label, in any case.

    Not by the ends of strings: ``evilgooglebot.com`` is not under ``googlebot.com``, nor is a name whose one
    label holds the dot.
    """
    return any(name.is_subdomain(suffix) for suffix in suffixes)


async def _resolve(resolver: Resolver, name: Name, kind: str) -> list[Any]:
    """The records of that kind; none when the name server is sure that there are none. Raises DNSException."""
    try:
        return list(await resolver.resolve(name, kind, search=False))
    except NXDOMAIN:
        return []
    except NoAnswer as error:
        if error.kwargs["response"].answer:
            raise  # an alias that the server did not follow: it may lead to records
        return []


class _Datagrams(Do53Nameserver):
    """A name server that is never asked over TCP.

    Names of crawlers fit the 512 bytes of a datagram. Over TCP the owner of an address can send 64 kB of names,
    and reading those takes a quarter of a second in which no visit is served.
    """

    async def async_query(self, *args: Any, **kwargs: Any) -> Message:
        if kwargs["max_size"]:
            raise OSError("the answer is too long for a datagram, and TCP is not used")
        return await super().async_query(*args, **kwargs)
