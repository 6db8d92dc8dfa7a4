"""Whether an original leaks: to a download tool, to a crawler, by a trick of the path, or past the guard."""

import socket
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from guardware.config.schema import Config
from guardware.config.upstreams import parse_address
from guardware.doctor.client import Client, InsideError, Reply, UnreachableError
from guardware.doctor.finding import Finding, fault, ok, warning
from guardware.doctor.likeness import bears_our_mark, same_picture
from guardware.doctor.pictures import Found
from guardware.doctor.tricks import tricks
from guardware.notices.headers import kind_of
from guardware.verdict import Action

TOPIC = "pictures"

MOST = 3
"""Pictures that are tried out, and other hosts that are asked."""

_TRIED = 10
"""Addresses of pictures that are asked for, until so many are found."""

_CACHES = ("x-cache", "cf-cache-status", "x-proxy-cache", "x-cache-status", "x-varnish-cache", "cdn-cache")
_DIRECT = "Let guardware's server be the only one that can reach it: let it listen on 127.0.0.1, or close its port"


class Prober:
    """Tries out pictures of one site. ``page``: the address of the page that they stand on."""

    def __init__(self, client: Client, page: str, config: Config) -> None:
        self._client = client
        self._page = page
        self._config = config

    async def fetch(self, found: Found) -> dict[str, Reply]:
        """What a browser gets of the first pictures of the site."""
        got: dict[str, Reply] = {}
        for url in found.here[:_TRIED]:
            try:
                reply = await self._client.picture(url, self._page)
            except UnreachableError:
                continue
            if reply.status == 200 and _is_picture(reply):
                got[url] = reply
            if len(got) == MOST:
                break
        return got

    async def pictures(self, found: Found, got: dict[str, Reply]) -> list[Finding]:
        """Findings on the pictures of the site; ``got``: what a browser got of them."""
        if not got:
            return [_none(found)]
        findings = list(self._caches(got))
        for url, reply in got.items():
            findings += await self._one(url, reply)
        return findings

    async def elsewhere(self, found: Found) -> list[Finding]:
        """On pictures that stand on other hosts, which guardware does not see."""
        findings = []
        hosts: dict[str, list[str]] = {}
        for url in found.elsewhere:
            hosts.setdefault(urlsplit(url).netloc, []).append(url)
        for host, urls in list(hosts.items())[:MOST]:
            try:
                reply = await self._client.as_agent("curl", urls[0])
            except InsideError as error:
                findings.append(_inside(host, len(urls), error))
                continue
            except UnreachableError as error:
                findings.append(warning(TOPIC, f"{error}.", "Look whether the page shows this picture at all"))
                continue
            taken = reply.status == 200 and _is_picture(reply)
            findings.append(_foreign(host, len(urls), urls[0], taken=taken))
        return findings

    async def upstream(self, upstream: str, pictures: dict[str, Reply]) -> list[Finding]:
        """Whether the site behind can be reached past the guard, at an address that is not this machine's
        alone."""
        address = parse_address(upstream)
        if address.socket:
            return [
                ok(TOPIC, f"The site behind listens on a unix socket ({upstream}), which nobody outside reaches.")
            ]
        parts = urlsplit(address.origin)
        path = address.prefix + next((urlsplit(url).path for url in pictures), "/")
        local = _is_local(parts.hostname or "")
        hosts = _outside() if local else [parts.hostname or ""]
        for host in hosts:
            netloc = f"[{host}]" if ":" in host else host
            url = urlunsplit((parts.scheme, f"{netloc}:{parts.port}" if parts.port else netloc, path, "", ""))
            self._client.name(url)
            reply = await self._as("curl", url)
            if reply is not None:
                what = "a picture as it is" if _is_picture(reply) else f"status {reply.status}"
                return [_reached(url, what, local=local)]
        where = ", ".join(hosts) or "any outside address (this machine has none)"
        return [ok(TOPIC, f"The site behind does not answer at {where}, so nobody goes past guardware there.")]

    async def _as(self, agent: str, url: str, method: str = "GET", extra: Mapping[str, str] = {}) -> Reply | None:
        """The answer to one of ``AGENTS``; None where there is none: so nothing leaks."""
        try:
            return await self._client.as_agent(agent, url, method=method, extra=extra)
        except UnreachableError:
            return None

    async def _one(self, url: str, browser: Reply) -> list[Finding]:
        if bears_our_mark(browser.body):
            return [_not_judged(url)]
        findings = []
        if self._config.crawlers.tool is not Action.ALLOW:
            findings += await self._taken_by_tools(url, browser)
        if self._config.crawlers.training is not Action.ALLOW and "GPTBot" not in self._config.crawlers.tokens:
            reply = await self._as("GPTBot", url)
            if reply is not None and same_picture(browser.body, reply.body, self._config):
                findings.append(_leak(url, "GPTBot, a crawler that collects for AI,", self._config))
        return findings or [
            ok(TOPIC, f"{url}: tools, crawlers and tricks of the address do not get the original.")
        ]

    async def _taken_by_tools(self, url: str, browser: Reply) -> list[Finding]:
        straight = await self._as("curl", url)
        if straight is not None and same_picture(browser.body, straight.body, self._config):
            return [_leak(url, "curl, a download tool,", self._config)]
        ways = []
        for trick in tricks(url):
            reply = await self._as("curl", trick.url, trick.method, trick.headers)
            if reply is None:
                continue
            if same_picture(browser.body, reply.body, self._config) or _tells_size(reply, browser):
                ways.append((trick.name, trick.url))
        return [_leak(where, f"curl with {name} in the request", self._config) for name, where in ways]

    def _caches(self, got: dict[str, Reply]) -> Iterator[Finding]:
        for url, reply in got.items():
            told = [
                f"{name}: {value}" for name, value in reply.headers if name in _CACHES and "hit" in value.lower()
            ]
            if reply.first("age") not in ("", "0"):
                told.append(f"age: {reply.first('age')}")
            if told:
                yield fault(
                    TOPIC,
                    f"{url} comes from a cache in front of guardware ({'; '.join(told)}): one visitor gets what "
                    "was made for another, and scrapers get originals without being judged.",
                    "Let the CDN or the server in front not cache pictures, or heed Cache-Control: private",
                )
                return


def _tells_size(reply: Reply, browser: Reply) -> bool:
    """A HEAD has no body; the length or the validator of the original shows that it is what would come."""
    if reply.body or reply.status != 200 or not _is_picture(reply):
        return False
    tag = browser.first("etag")
    return reply.first("content-length") == str(len(browser.body)) or (tag != "" and reply.first("etag") == tag)


def _is_picture(reply: Reply) -> bool:
    return kind_of(reply.first("content-type").encode("latin-1")) == "picture"


def _none(found: Found) -> Finding:
    if found.here:
        return fault(
            TOPIC,
            f"A browser does not get the pictures of this page ({found.here[0]}).",
            "Open the page in a browser; if its pictures show there, the doctor may have been limited: wait a "
            "minute",
        )
    return warning(
        TOPIC,
        "The page names no pictures of this site, so none could be tried.",
        "Give the doctor the address of a page with pictures",
    )


def _not_judged(url: str) -> Finding:
    return warning(
        TOPIC,
        f"{url}: even as a browser the doctor got a protected copy, so it cannot tell whether originals leak.",
        "Programs that play browsers look like what they are, and that is right. If it was a scraper's "
        "address before,",
        "wait an hour; or see what it would get: guardware explain --url " + url,
    )


def _leak(url: str, who: str, config: Config) -> Finding:
    if config.mode == "monitor":
        why = ["The mode is monitor. Write into guardware.yaml: mode: enforce"]
    else:
        why = [
            "Does guardware stand before this address? Its findings above (visitors, notices) say so.",
            "Does a rule of yours allow it? See which: guardware explain --ua curl/8.14.1 --url " + url,
        ]
    return fault(TOPIC, f"LEAK: {who} gets the original of {url}", *why)


def _stand(count: int) -> str:
    return "1 picture of the page stands" if count == 1 else f"{count} pictures of the page stand"


def _foreign(host: str, count: int, example: str, *, taken: bool) -> Finding:
    pictures = _stand(count)
    if not taken:
        return warning(
            TOPIC,
            f"{pictures} on another server, {host}, which guardware does not guard.",
            f"curl could not take {example}; nothing to do if that server refuses tools by itself",
        )
    return fault(
        TOPIC,
        f"LEAK: {pictures} on another server, {host}, which guardware does not guard: curl gets {example}",
        "Serve these pictures from your own site, through guardware, and make that storage private;",
        f"or let guardware guard that name too (a route in proxy.routes for the host {host})",
    )


def _inside(host: str, count: int, error: InsideError) -> Finding:
    pictures = _stand(count)
    return warning(
        TOPIC,
        f"{pictures} on {host}, which is not your site: {error}. The doctor did not ask there, "
        "since a page may name any address; and visitors cannot reach it.",
        "Serve these pictures from your own site, through guardware; or find out who put them into the page",
    )


def _reached(url: str, what: str, *, local: bool) -> Finding:
    text = f"The site behind guardware answers at {url} ({what}): whoever finds that address goes past guardware."
    if local:
        return fault(TOPIC, f"LEAK: {text}", _DIRECT)
    return warning(
        TOPIC, f"{text} (This machine reaches it; whether others do cannot be seen from here.)", _DIRECT
    )


def _is_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _outside() -> list[str]:
    """The addresses under which others know this machine, as far as it knows; no packet is sent for it."""
    found = []
    # Addresses for documentation (RFC 5737, RFC 3849): any that lie outside will do.
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far, 9))
                found.append(str(probe.getsockname()[0]))
            except OSError:
                continue
    return [address for address in found if not _is_local(address)]
