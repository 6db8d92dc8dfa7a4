"""What is allowed in a configuration and yet hardly meant: warnings, each with the key that it concerns."""

from collections.abc import Callable, Iterable, Iterator

from guardware.config.crawlers import purposes
from guardware.config.faults import Fault, Path, dotted
from guardware.config.hosts import KEY
from guardware.config.schema import Config
from guardware.config.shadow import covers
from guardware.verdict import Action


def warnings(config: Config) -> list[str]:
    """What is hardly meant in ``config``, as lines ``key: what is odd; how to mend it``. Empty: nothing."""
    return [f"{dotted(finding.path)}: {finding.text}" for finding in findings(config)]


def findings(config: Config) -> list[Fault]:
    """The same by the paths of the keys, for whoever knows their places in the file; what is odd only at one of
    ``hosts`` is told there."""
    found = [finding for check in _CHECKS for finding in check(config)]
    for name, site in config.hosts.items():
        odd = (finding for check in _CHECKS for finding in check(site))
        found += [fault._replace(path=(KEY, name, *fault.path)) for fault in odd if fault not in found]
    return found


def _nameless(config: Config) -> Iterator[Fault]:
    if not config.site.name and not config.images.watermark.text:
        yield Fault(("site", "name"), "is empty, so the watermark names nobody; write the artist's name")


def _everyone_trusted(config: Config) -> Iterator[Fault]:
    for index, network in enumerate(config.clients.trusted_proxies):
        if network != "unix" and network.prefixlen == 0:
            text = "trusts everyone, so anyone can forge an address; write the addresses of your own proxies"
            yield Fault(("clients", "trusted_proxies", index), text)


def _everyone_doubted(config: Config) -> Iterator[Fault]:
    if config.thresholds.protect <= 0:
        text = "is not above 0, where every visitor begins, so nobody gets an original; write 2, the usual value"
        yield Fault(("thresholds", "protect"), text)


def _unprovable(config: Config) -> Iterator[Fault]:
    """Only who proves who it is is allowed; with every way switched off nobody can."""
    ways = config.crawlers.verification
    if ways.ranges or ways.reverse_dns or ways.web_bot_auth:
        return
    text = "allows crawlers that prove who they are, and verification is switched off; switch on one way at least"
    for name, action in purposes(config.crawlers).items():
        if action is Action.ALLOW:
            yield Fault(("crawlers", name), text)
    for token, gets in config.crawlers.tokens.items():
        if gets is Action.ALLOW:
            yield Fault(("crawlers", "tokens", token), text)


def _unheard(config: Config) -> Iterator[Fault]:
    """Headers that nobody can send, since no proxy is trusted."""
    clients = config.clients
    if clients.trusted_proxies:
        return
    text = "is read from trusted proxies only, and clients.trusted_proxies names none; name yours there"
    if clients.account.header:
        yield Fault(("clients", "account", "header"), text)
    for name in ("protocol", "alpn", "ja4"):
        if getattr(clients.facts, name):
            yield Fault(("clients", "facts", name), text)


def _numbers_without_a_database(config: Config) -> Iterator[Fault]:
    networks = config.clients.networks
    if networks.hosting_asns and networks.asn_database is None:
        text = "are looked up in clients.networks.asn_database, which is not set; name such a file, or remove them"
        yield Fault(("clients", "networks", "hosting_asns"), text)


def _watched_for_nothing(config: Config) -> Iterator[Fault]:
    if config.mode == "monitor" and config.store.folder == "none" and config.observe.file is None:
        text = "watches, and writes nothing down for guardware report; name a store.folder or an observe.file"
        yield Fault(("mode",), text)


def _never_reached(config: Config) -> Iterator[Fault]:
    for index, rule in enumerate(config.rules):
        earlier = (i for i, other in enumerate(config.rules[:index]) if covers(other.match, rule.match))
        if (first := next(earlier, None)) is not None:
            text = f"decides nothing, because rules[{first}] takes its visits first; move it up, or remove it"
            yield Fault(("rules", index), text)


def _watched_beside_protected(config: Config) -> Iterator[Fault]:
    """A host that only watches, before the very site that another one protects: an open door to it."""
    sites: list[tuple[Path, Config]] = [((), config), *(((KEY, n), site) for n, site in config.hosts.items())]
    protected = {_source(site) for _, site in sites if site.mode == "enforce"}
    text = (
        "is monitor before a site that other hosts protect, so whoever asks by this name may get its originals; "
        "write enforce, or name another upstream or root"
    )
    for path, site in sites:
        source = _source(site)
        if site.mode == "monitor" and any(source) and source in protected:
            yield Fault((*path, "mode"), text)


def _source(site: Config) -> tuple[object, ...]:
    """Where the pictures come from; all empty where an application shows them, which may heed the host."""
    return site.proxy.root, site.proxy.upstream, site.proxy.routes


_CHECKS: tuple[Callable[[Config], Iterable[Fault]], ...] = (
    _nameless,
    _everyone_trusted,
    _everyone_doubted,
    _unprovable,
    _unheard,
    _numbers_without_a_database,
    _watched_for_nothing,
    _never_reached,
    _watched_beside_protected,
)
