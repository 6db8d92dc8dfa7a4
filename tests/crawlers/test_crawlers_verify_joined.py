"""The verifier with the real thing behind it: signed requests, lists that are fetched, a name server."""

import json
from pathlib import Path

import pytest
from dns_server import dns_server
from verify_fakes import LIST, SUFFIX, crawler, visit
from web_bot_auth_samples import AGENT, NOW, Headers, Signer

from guardware.crawlers.proof import Proof, Standing
from guardware.crawlers.ranges import RangeLists
from guardware.crawlers.reverse_dns import ReverseDns, resolver_at
from guardware.crawlers.verify import Verifier
from guardware.crawlers.web_bot_auth import KeyDirectories, MemoryNonces, WebBotAuth
from guardware.crawlers.web_bot_auth.directory import MEDIA_TYPE, Fetched

VERIFIED, LYING, UNVERIFIED = Standing.VERIFIED, Standing.LYING, Standing.UNVERIFIED
BOT = Signer()
AGENT_BOT = crawler("AgentBot", web_bot_auth=AGENT.removeprefix("https://"))
BOTH = crawler(ranges=(LIST,), rdns=(SUFFIX,))


def clock() -> float:
    return float(NOW)


async def directory(origin: str) -> Fetched:
    assert origin == AGENT
    return Fetched(200, [(b"content-type", MEDIA_TYPE.encode())], json.dumps({"keys": [BOT.jwk()]}).encode())


def signed(
    nonce: str, *, created: int = NOW - 10, expires: int = NOW + 290, instead: str | None = None
) -> Headers:
    """The headers of an honest visit, unless ``instead`` of them something else is signed."""
    covered = {'"@authority"': "example.org", '"signature-agent"': f'"{AGENT}"'}
    return BOT.headers(covered, signed=instead, created=created, expires=expires, nonce=nonce)


@pytest.mark.parametrize(
    ("second", "address", "third"),
    [
        pytest.param(signed('"two"'), "8.8.4.4", VERIFIED, id="signs again"),
        pytest.param(signed('"one"'), "8.8.4.4", VERIFIED, id="tries again with the same signature"),
        pytest.param(signed('"two"', created=NOW - 99), "8.8.4.4", VERIFIED, id="signed some time ago"),
        pytest.param(signed('"two"', expires=NOW - 1), "8.8.4.4", LYING, id="with an expired signature"),
        pytest.param(signed('"two"', instead="()"), "8.8.4.4", LYING, id="with a signature of something else"),
        pytest.param(signed('"one"'), "1.1.1.1", UNVERIFIED, id="copied by somebody else"),
    ],
)
async def test_signed_visits(second: Headers, address: str, third: Standing) -> None:
    checker = WebBotAuth(KeyDirectories(directory, clock=clock), MemoryNonces(clock=clock))
    verifier = Verifier([AGENT_BOT], checker=checker, closing=[checker.close], clock=clock)
    await verifier.start()
    assert verifier.standing(visit("8.8.4.4", headers=signed('"one"')), None, NOW).standing is UNVERIFIED
    await verifier.idle()
    proof = verifier.standing(visit("8.8.4.4", headers=signed('"zero"')), None, NOW)
    assert proof == Proof(VERIFIED, f"its visits are signed by {AGENT}", AGENT, AGENT_BOT)
    await verifier.idle()
    verifier.standing(visit(address, headers=second), None, NOW)
    await verifier.idle()
    assert verifier.standing(visit(address, headers=signed('"three"')), None, NOW).standing is third
    await verifier.close()


@pytest.mark.parametrize(
    ("fetched", "named", "expected"),
    [
        ("192.0.0.0/8", False, UNVERIFIED),  # a list that cannot be right is no list
        ("66.249.64.0/19", False, VERIFIED),
        ("45.0.0.0/16", False, LYING),
        ("45.0.0.0/16", True, VERIFIED),
    ],
)
async def test_lists_and_names(tmp_path: Path, fetched: str, named: bool, expected: Standing) -> None:
    async def fetch(url: str) -> bytes:
        assert url == LIST
        return json.dumps({"prefixes": [{"ipv4Prefix": fetched}]}).encode()

    async with dns_server() as server:
        if named:
            server.host("66.249.66.1", f"one.{SUFFIX}")
        names = ReverseDns(resolver_at([("127.0.0.1", server.port)]), clock=clock)
        ranges = RangeLists(tmp_path, fetch, clock=clock)
        verifier = Verifier([BOTH], ranges=ranges, names=names, clock=clock)
        await verifier.start()
        assert verifier.standing(visit("66.249.66.1"), BOTH, NOW).standing is UNVERIFIED
        await verifier.idle()
        assert verifier.standing(visit("66.249.66.1"), BOTH, NOW).standing is expected
        await verifier.close()
