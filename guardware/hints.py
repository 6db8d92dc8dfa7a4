"""Hints: what looks like a forgotten setting, said once in the log."""

import logging
from collections.abc import Callable

from guardware.config.schema import Config
from guardware.visit import Visit

logger = logging.getLogger("guardware")


class Hints:
    """``look`` is for visits of which ``asked`` says so; nearly all of them are not asked about."""

    def __init__(self, config: Config) -> None:
        clients = config.clients
        named = (clients.facts.protocol, clients.facts.alpn, clients.facts.ja4, clients.account.header)
        self._names = frozenset(name.lower().encode() for name in named if name)
        self._said: set[Callable[[], str]] = set()
        self._config = config

    def at_start(self) -> None:
        """What the configuration alone lets one think."""
        clients, url = self._config.clients, self._config.site.url
        if url is not None and url.scheme == "https" and clients.scheme == "auto" and not clients.trusted_proxies:
            self._say(_no_proxy_for_tls)

    def asked(self, visit: Visit) -> bool:
        """Whether ``look`` may find something."""
        return visit.source.unheeded or (bool(self._names) and not visit.source.trusted)

    def look(self, visit: Visit) -> None:
        """Say what ``visit`` lets one think, if it was not said before."""
        if visit.source.unheeded:
            self._say(_unnamed_proxy)
        elif _distrusted not in self._said and any(name in self._names for name, _ in visit.headers):
            self._say(_distrusted)

    def _say(self, words: Callable[[], str]) -> None:
        if words not in self._said:
            self._said.add(words)
            logger.warning("%s", words())


def _no_proxy_for_tls() -> str:
    return (
        "site.url is https and clients.trusted_proxies is empty; if something in front of this server "
        "ends TLS, name its address there, or all visitors behind it count as one"
    )


def _unnamed_proxy() -> str:
    return (
        "a proxy at a private address sends forwarded headers, but clients.trusted_proxies does not "
        "name it, so all visitors behind it count as one; add its network, for example 10.0.0.0/8"
    )


def _distrusted() -> str:
    return (
        "a header that clients.facts or clients.account names came from an address that clients.trusted_proxies "
        "does not name, so it is not believed; if it was your proxy's, name it there, and start uvicorn with "
        "--no-proxy-headers, or it puts the visitor's address in the proxy's place"
    )
