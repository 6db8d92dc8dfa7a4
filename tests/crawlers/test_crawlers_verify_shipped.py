"""Every shipped crawler that has reverse DNS, met by honest and by forged names on a real name server."""

from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import dns.rcode
import pytest
from dns_server import DnsServer, dns_server
from verify_fakes import Clock, FakeRanges, visit

from guardware.config.crawlers import Verification
from guardware.crawlers import Catalogue, Crawler
from guardware.crawlers.assemble import build_verifier
from guardware.crawlers.proof import Standing
from guardware.crawlers.reverse_dns import ReverseDns, accepted, resolver_at
from guardware.crawlers.verify import Verifier
from guardware.crawlers.web_bot_auth import MemoryNonces
from guardware.visit import Visit

CATALOGUE = Catalogue.load()
NAMED = [crawler for crawler in CATALOGUE if crawler.verification.rdns]
VERIFIED, LYING, UNVERIFIED = Standing.VERIFIED, Standing.LYING, Standing.UNVERIFIED


class Case(NamedTuple):
    """``forge``: what the name server is told of an address, for a suffix of the crawler's operator."""

    forge: Callable[[DnsServer, str, str], None]
    expected: Standing


def _outage(server: DnsServer, address: str, suffix: str) -> None:
    server.point(address, [f"host-9.{suffix}"])
    server.rcodes[f"host-9.{suffix}"] = dns.rcode.SERVFAIL


CASES = {
    "good name": Case(lambda server, address, suffix: server.host(address, f"host-1.{suffix}"), VERIFIED),
    "bad name": Case(lambda server, address, suffix: server.host(address, "host-1.example.net"), LYING),
    "name with the suffix glued on": Case(
        lambda server, address, suffix: server.host(address, f"evil{suffix}"), LYING
    ),
    "name with more after the suffix": Case(
        lambda server, address, suffix: server.host(address, f"{suffix}.example.net"), LYING
    ),
    "no name": Case(lambda server, address, suffix: None, LYING),
    "forged name": Case(lambda server, address, suffix: server.point(address, [f"host-1.{suffix}"]), LYING),
    "outage": Case(_outage, UNVERIFIED),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize(("first", "apart"), [("45.12.34.1", 1), ("2a00:1450:4001::1", 1 << 64)])
async def test_each_shipped_crawler(case: Case, first: str, apart: int) -> None:
    """Each from addresses of its own, one for each suffix, none of them in a published range."""
    claims = [(crawler, suffix) for crawler in NAMED for suffix in crawler.verification.rdns]
    addresses = [str(ip_address(first) + number * apart) for number in range(len(claims))]
    ranges = FakeRanges({url: False for crawler in NAMED for url in crawler.verification.ranges})
    async with dns_server() as server:
        for address, (_, suffix) in zip(addresses, claims, strict=True):
            case.forge(server, address, suffix)
        names = ReverseDns(resolver_at([("127.0.0.1", server.port)]))
        verifier = Verifier(NAMED, ranges=ranges, names=names, clock=Clock())
        await verifier.start()
        for _ in range(2):
            proofs = [
                verifier.standing(visit(address), crawler, Clock().now)
                for address, (crawler, _) in zip(addresses, claims, strict=True)
            ]
            await verifier.idle()
        await verifier.close()
    assert len(claims) > 30
    found = [(*claim, proof.standing) for claim, proof in zip(claims, proofs, strict=True)]
    assert found == [(*claim, case.expected) for claim in claims]
    assert not any(address in proof.how for address, proof in zip(addresses, proofs, strict=True))


@pytest.mark.parametrize("crawler", NAMED, ids=lambda crawler: crawler.token)
def test_no_shipped_suffix_is_one_that_anybody_can_rent(crawler: Crawler) -> None:
    assert len(accepted(crawler.verification.rdns)) == len(crawler.verification.rdns)


@cache
def assembled(ways: Verification) -> Verifier:
    return build_verifier(ways, CATALOGUE)


class TestAssembled:
    """The verifier as a configuration asks for it; not started, so that it asks nobody."""

    @pytest.mark.parametrize(
        ("ways", "token", "address", "expected", "how"),
        [
            (Verification(), "Googlebot", "66.249.66.1", VERIFIED, "its address is in Google's published ranges"),
            (Verification(), "Googlebot", "8.8.8.8", UNVERIFIED, "it was not checked"),
            (Verification(ranges=False), "Googlebot", "66.249.66.1", UNVERIFIED, "it was not checked"),
            (
                *(Verification(ranges=False, reverse_dns=False), "Googlebot", "66.249.66.1", UNVERIFIED),
                "the ways to verify it are switched off",
            ),
            (Verification(), "Googlebot", "127.0.0.1", UNVERIFIED, "private or not known, so nobody can be asked"),
            (Verification(), "Bytespider", "8.8.8.8", UNVERIFIED, "nobody can verify it"),
            (Verification(), "Google-Extended", "66.249.66.1", UNVERIFIED, "its operator never sends that name"),
            (Verification(), "ChatGPT Agent", "8.8.8.8", UNVERIFIED, "only a signature can verify it"),
        ],
    )
    def test_by_the_shipped_data(
        self, ways: Verification, token: str, address: str, expected: Standing, how: str
    ) -> None:
        crawler = CATALOGUE.get(token)
        assert crawler is not None
        proof = assembled(ways).standing(visit(address), crawler, 0.0)
        assert proof.standing is expected
        assert proof.how.endswith(how)

    @pytest.mark.parametrize(("on", "how"), [(True, "its signature was not checked"), (False, "it names nobody")])
    def test_signatures_can_be_switched_off(self, on: bool, how: str) -> None:
        signed: Visit = visit("8.8.8.8", agent="https://chatgpt.com")
        assert assembled(Verification(web_bot_auth=on)).standing(signed, None, 0.0).how == how

    async def test_it_starts_and_closes(self, tmp_path: Path) -> None:
        verifier = build_verifier(Verification(), CATALOGUE, tmp_path, MemoryNonces())
        await verifier.start()
        assert verifier.stats == (0, 0, 0, 0, 0, 0)
        await verifier.close()
