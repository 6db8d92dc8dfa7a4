"""What the guard sees of the doctor's request: whether it knows visitors apart, and from what."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from guardware.config.schema import Config
from guardware.doctor.client import Client, UnreachableError
from guardware.doctor.finding import Finding, fault, ok, warning
from guardware.errors import ConfigError
from guardware.keys import Keyring
from guardware.observe.seen import PURPOSE, SCHEME, make_token
from guardware.secrets import KEYS_FILE, configured_masters, state_folder

TOPIC = "visitors"

FORGED = "203.0.113.77"
"""An address that nobody has (RFC 5737), which the doctor claims to come from."""

_HOPS = ("x-forwarded-for", "forwarded")


class _View(BaseModel):
    """What is read of the answer (``observe/seen.py``)."""

    peer: tuple[str, int] | None
    address: str
    trusted: bool
    trusted_proxies: list[str]
    forwarded: list[tuple[str, str]]
    scheme: str
    host: str
    headers: list[str]


class Seen(NamedTuple):
    """``plain``: what was seen of an ordinary request; ``forged``: of one with ``FORGED`` in X-Forwarded-For;
    ``direct``: nothing stands between the doctor and the guard. ``sent``: the names of its headers, in order."""

    url: str
    plain: dict[str, Any]
    forged: dict[str, Any]
    direct: bool
    sent: list[str]


async def look(client: Client, base: str, config: Config) -> tuple[Seen | None, list[Finding]]:
    """What the guard at ``base`` sees; None, with the finding, if it does not say."""
    url = f"{base}{config.site.prefix}/seen"
    token = {"Authorization": f"{SCHEME} {_token(config)}"}
    view = await _view_of(client, url, token)
    if view is None:
        return None, [await _why_not(client, base, config)]
    peer = view["peer"]
    direct = peer is not None and peer[1] in client.ports
    forged = await _view_of(client, url, {**token, "X-Forwarded-For": FORGED})
    sent = ["user-agent", "accept", "accept-language", "accept-encoding", "authorization"]
    return Seen(url, view, forged or view, direct, sent), []


def view_findings(seen: Seen) -> Iterator[Finding]:
    """Everything that ``seen`` says."""
    yield from _address(seen)
    yield from _forgery(seen)
    yield from _scheme(seen)
    yield from _host(seen)
    yield from _order(seen)


def _token(config: Config) -> str:
    """Made of the secret that lies here; none is made up, which would then be the doctor's and not the guard's."""
    try:
        masters = configured_masters(config)
        folder = state_folder(config)
        if not masters and folder is not None:
            lines = (folder / KEYS_FILE).read_bytes().splitlines()
            masters = tuple(line.strip() for line in lines if line.strip())
        return make_token(Keyring(masters).newest(PURPOSE), time.time())
    except (ConfigError, OSError, ValueError):
        return "none"


async def _view_of(client: Client, url: str, extra: Mapping[str, str]) -> dict[str, Any] | None:
    """What is seen of a request with the headers ``extra``; None if that is not told."""
    try:
        reply = await client.page(url, extra=extra)
    except UnreachableError:
        return None
    return _parsed(reply.body) if reply.status == 200 else None


def _parsed(body: bytes) -> dict[str, Any] | None:
    """None for what is not as ``observe/seen.py`` writes it: anybody may answer there."""
    try:
        return _View.model_validate_json(body).model_dump()
    except ValidationError:
        return None


async def _why_not(client: Client, base: str, config: Config) -> Finding:
    try:
        health = (await client.page(f"{base}{config.site.prefix}/health")).body
    except UnreachableError:
        health = b""
    if b'"header_order"' not in health:
        return fault(
            TOPIC,
            f"No guardware answers at {base}{config.site.prefix}/health: it does not stand before this site, or "
            "the server in front does not pass these addresses on.",
            "Let the server in front send all requests to guardware, also those under "
            f"{config.site.prefix}/ (if you use forward-auth, see docs/forward-auth.md)",
        )
    return warning(
        TOPIC,
        "Guardware runs there, but does not tell this command what it sees of visitors: it does not know its "
        "secret.",
        "Run the doctor on the machine where guardware runs, as the same user, with the same --config",
    )


def _address(seen: Seen) -> Iterator[Finding]:
    view, hops = seen.plain, [line for line in seen.plain["forwarded"] if line[0] in _HOPS]
    peer = view["peer"][0] if view["peer"] else "unix"
    if seen.direct and view["trusted"]:
        yield warning(
            TOPIC,
            f"You have a trusted server in front ({', '.join(view['trusted_proxies'])}), and this command went "
            "past "
            "it: what it tells of visitors could not be seen.",
            "Run the doctor again with the address that visitors type: guardware doctor https://your.site",
        )
    elif seen.direct:
        yield ok(
            TOPIC,
            f"Nothing stands between this command and guardware, which sees it come from {view['address']}. (If "
            "you "
            "have a server in front, run the doctor again with the address that visitors type.)",
        )
    elif not view["trusted"] and (hops or view["forwarded"]):
        yield fault(
            TOPIC,
            f"ALL your visitors look like one to guardware. It sees every visit come from {peer}, which is a "
            "server of "
            "yours or of your CDN in front; that server says who the visitor is, and guardware does not believe "
            "it. "
            "One scraper then spoils the site for everybody.",
            *_trust(peer),
        )
    elif not view["trusted"]:
        yield fault(
            TOPIC,
            f"Guardware sees this visit come from {peer}, and that is not this command itself: a server stands in "
            "between and does not say who the visitor is. All visitors look like one.",
            "Let that server tell; for nginx: proxy_set_header X-Forwarded-For $remote_addr;",
            *_trust(peer),
        )
    elif not hops:
        yield fault(
            TOPIC,
            f"The server in front ({peer}) is trusted, but does not say who the visitor is: it sends no "
            "X-Forwarded-For. So all visitors look like one.",
            "nginx:    proxy_set_header X-Forwarded-For $remote_addr;",
            "HAProxy:  option forwardfor",
            "Caddy and Traefik send it by themselves",
        )
    else:
        name, value = hops[-1]
        yield ok(
            TOPIC,
            f"Guardware sees this visit come from {view['address']}. The connection is that of {peer}, which is "
            f"trusted (clients.trusted_proxies), and its {name} says: {value}",
        )


def _trust(peer: str) -> list[str]:
    address = f"'{peer}'" if ":" in peer else peer  # YAML reads colons
    return ["Then write into guardware.yaml:", "", "clients:", f"  trusted_proxies: [{address}]"]


def _forgery(seen: Seen) -> Iterator[Finding]:
    if seen.direct:
        return
    if seen.forged["address"] == FORGED:
        yield fault(
            TOPIC,
            "Anybody can write himself any address: the server in front passes on the X-Forwarded-For that a "
            "visitor "
            "sends, or clients.trusted_proxies trusts too many.",
            "nginx:    proxy_set_header X-Forwarded-For $remote_addr;",
            "HAProxy:  http-request del-header X-Forwarded-For  (before option forwardfor adds its own)",
            "and name only your own servers in clients.trusted_proxies",
        )
    else:
        yield ok(TOPIC, "A visitor who writes himself another address (X-Forwarded-For) is not believed.")


def _scheme(seen: Seen) -> Iterator[Finding]:
    asked, view = urlsplit(seen.url).scheme, seen.plain
    if view["scheme"] == asked:
        yield ok(TOPIC, f"Guardware knows that this visit came by {asked}.")
        return
    said = any(name == "x-forwarded-proto" for name, _ in view["forwarded"])
    told = "says so, but is not trusted" if said and not view["trusted"] else "does not say so"
    yield (fault if asked == "https" else warning)(
        TOPIC,
        f"You asked by {asked}, and guardware takes it for {view['scheme']}: the server in front {told}. "
        "Links and "
        "cookies come out wrong, and browsers are judged by what they send over the other.",
        "Best: let the server in front say it; for nginx: proxy_set_header X-Forwarded-Proto $scheme;",
        "Or, if all visitors come by it, write into guardware.yaml:",
        "",
        "clients:",
        f"  scheme: {asked}",
    )


def _host(seen: Seen) -> Iterator[Finding]:
    asked, host = urlsplit(seen.url).netloc.lower(), str(seen.plain["host"])
    if _without_port(asked) == _without_port(host):
        yield ok(TOPIC, f"Guardware knows the name of the site: {host}")
    else:
        yield warning(
            TOPIC,
            f"You asked for {asked}, and guardware is told {host or 'nothing'}: the server in front changes the "
            "name.",
            "nginx: proxy_set_header Host $host;    HAProxy, Caddy and Traefik leave it as it is",
        )


def _order(seen: Seen) -> Iterator[Finding]:
    came = [name for name in seen.plain["headers"] if name in seen.sent]
    if came == seen.sent:
        yield ok(TOPIC, "Headers arrive in the order in which visitors send them.")
    else:
        own = [name for name in came if name != "user-agent"]  # Go writes it first, and sorts the others
        how = "sorts them" if own == sorted(own) else "moves them"
        yield warning(
            TOPIC,
            f"The headers of visitors arrive in another order: the server in front {how}. Guardware finds that "
            "out by "
            "itself and does without this one sign; nothing else suffers.",
            "Nothing must be done. nginx and HAProxy keep the order, Caddy and Traefik do not (docs/fronts.md)",
        )


def _without_port(authority: str) -> str:
    host, colon, port = authority.rpartition(":")
    return host if colon and port.isdigit() else authority
