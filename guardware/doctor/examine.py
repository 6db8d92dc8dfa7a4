"""The whole examination: which questions are asked, in which order."""

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

import yarl

from guardware.config.proxy import Proxy
from guardware.config.schema import Config
from guardware.config.upstreams import parse_address
from guardware.doctor.client import PATIENCE, PAUSE, Client, InsideError, Reply, UnreachableError
from guardware.doctor.configuration import configuration_findings
from guardware.doctor.finding import Finding, fault, ok, warning
from guardware.doctor.leaks import Prober
from guardware.doctor.notices import file_findings, header_findings, notices_of
from guardware.doctor.pictures import pictures_in
from guardware.doctor.storage import store_findings
from guardware.doctor.view import look, view_findings

TOPIC = "site"

_INSIDE = ("If that is your site, run the doctor with that very address.",)


class Examination(NamedTuple):
    """``asked``: how many requests were made."""

    findings: list[Finding]
    asked: int


async def examine(
    config: Config,
    name: str | None,
    url: str | None,
    upstream: str | None,
    *,
    pause: float = PAUSE,
    patience: float = PATIENCE,
) -> Examination:
    """Looks at ``config`` (from the file ``name``) and, if there is an address, at the site there. ``upstream``:
    what stands behind the guard, tried for a way past it; default: what the configuration names. ``pause`` and
    ``patience``: seconds between requests, and for all of them."""
    findings = [*configuration_findings(config, name), *await store_findings(config)]
    if url is None:
        findings.append(
            warning(
                TOPIC,
                "No address was given, so only the configuration was looked at.",
                "Give the address that visitors type: guardware doctor https://your.site",
            )
        )
        return Examination(findings, 0)
    async with Client(pause=pause, patience=patience) as client:
        url = str(yarl.URL(url))  # percent-encoded, and the host in ASCII
        client.name(url)
        try:
            async for found in _site(client, url, config, upstream):
                findings += found
        except InsideError as error:
            findings.append(fault(TOPIC, f"{error}, and the doctor goes there only if you name it.", *_INSIDE))
        except UnreachableError as error:
            findings.append(fault(TOPIC, f"{error}.", "Is the site running, and is this its address?"))
        findings += [_untrusted(host, why) for host, why in client.untrusted.items()]
        return Examination(findings, client.asked)


async def _site(
    client: Client, url: str, config: Config, upstream: str | None
) -> AsyncIterator[Iterable[Finding]]:
    """One part after the other, so that those before the site broke off are kept."""
    page = await client.page(url)
    yield [_page(page)]
    parts = urlsplit(page.url)
    base = f"{parts.scheme}://{parts.netloc}"
    config = config.of_host((parts.hostname or "").lower())
    upstreams = (upstream,) if upstream is not None else _upstreams(config.proxy)
    for behind in upstreams:
        client.name(parse_address(behind).origin)
    seen, not_seen = await look(client, base, config)
    yield [*not_seen, *(view_findings(seen) if seen is not None else ())]
    notices = notices_of(config)
    yield header_findings("The page", page, notices, base)
    prober = Prober(client, page.url, config)
    found = pictures_in(page.body.decode("utf-8", "replace"), page.url)
    # As a browser first: what follows makes the doctor look like a scraper.
    got = await prober.fetch(found)
    for picture in list(got.values())[:1]:
        yield header_findings("A picture", picture, notices, base)
    yield await file_findings(client, base, notices)
    yield await prober.pictures(found, got)
    yield await prober.elsewhere(found)
    for behind in upstreams:
        yield await prober.upstream(behind, got)
    if seen is not None and got:
        yield [_counted(str(seen.plain["address"]))]


def _upstreams(settings: Proxy) -> Iterable[str]:
    """All that the configuration names, each once."""
    named = (*settings.upstream, *(address for route in settings.routes for address in route.upstream))
    return dict.fromkeys(named)


def _page(page: Reply) -> Finding:
    if page.status == 200:
        return ok(TOPIC, f"{page.url} answers a browser.")
    if page.status in (404, 410):
        return fault(
            TOPIC, f"There is no page at {page.url}.", "Give the doctor the address of a page that visitors open"
        )
    return fault(
        TOPIC,
        f"{page.url} answers a browser with status {page.status}.",
        "Open it in a browser; if it shows there, the doctor may have been limited: wait a minute",
    )


def _untrusted(host: str, why: str) -> Finding:
    return fault(
        TOPIC,
        f"The certificate of {host} does not hold: {why.strip('. ()')}. Browsers warn visitors away.",
        "Renew the certificate, with the whole chain, or ask for the name that it is for",
    )


def _counted(address: str) -> Finding:
    return ok(
        "afterwards",
        f"Mind: the doctor played download tools and crawlers from {address}. For up to an hour guardware may "
        "show that address protected copies, also to your own browser.",
    )
