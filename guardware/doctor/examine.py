"""The whole examination: which questions are asked, in which order."""

from typing import NamedTuple
from urllib.parse import urlsplit

import yarl

from guardware.config.schema import Config
from guardware.doctor.client import PAUSE, Client, Reply, UnreachableError
from guardware.doctor.configuration import configuration_findings
from guardware.doctor.finding import Finding, fault, ok, warning
from guardware.doctor.leaks import Prober
from guardware.doctor.notices import file_findings, header_findings, notices_of
from guardware.doctor.pictures import pictures_in
from guardware.doctor.storage import store_findings
from guardware.doctor.view import look, view_findings

TOPIC = "site"


class Examination(NamedTuple):
    """``asked``: how many requests were made."""

    findings: list[Finding]
    asked: int


async def examine(
    config: Config, name: str | None, url: str | None, upstream: str | None, *, pause: float = PAUSE
) -> Examination:
    """Looks at ``config`` (from the file ``name``) and, if there is an address, at the site there. ``upstream``:
    what stands behind the guard, tried for a way past it; default: what the configuration names."""
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
    async with Client(pause=pause) as client:
        try:
            findings += await _site(client, url, config, upstream)
        except UnreachableError as error:
            findings.append(fault(TOPIC, f"{error}.", "Is the site running, and is this its address?"))
        findings += [_untrusted(host, why) for host, why in client.untrusted.items()]
        return Examination(findings, client.asked)


async def _site(client: Client, url: str, config: Config, upstream: str | None) -> list[Finding]:
    page = await client.page(str(yarl.URL(url)))  # percent-encoded, and the host in ASCII
    parts = urlsplit(page.url)
    base = f"{parts.scheme}://{parts.netloc}"
    config = config.of_host((parts.hostname or "").lower())
    upstream = upstream or next(iter(config.proxy.upstream), None)
    seen, findings = await look(client, base, config)
    findings = [_page(page), *findings, *(view_findings(seen) if seen is not None else ())]
    notices = notices_of(config)
    findings += header_findings("The page", page, notices, base)
    prober = Prober(client, page.url, config)
    found = pictures_in(page.body.decode("utf-8", "replace"), page.url)
    # As a browser first: what follows makes the doctor look like a scraper.
    on_pictures, got = await prober.pictures(found)
    for picture in list(got.values())[:1]:
        findings += header_findings("A picture", picture, notices, base)
    findings += await file_findings(client, base, notices)
    findings += [*on_pictures, *await prober.elsewhere(found)]
    if upstream is not None:
        findings += await prober.upstream(upstream, got)
    if seen is not None and got:
        findings.append(_counted(str(seen.plain["address"])))
    return findings


def _page(page: Reply) -> Finding:
    if page.status == 200:
        return ok(TOPIC, f"{page.url} answers a browser.")
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
