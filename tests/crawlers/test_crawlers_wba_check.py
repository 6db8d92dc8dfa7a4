"""Web Bot Auth as a whole: a request in, its outcome out. Origins are played; fetching has its own tests."""

import base64
import json
from collections import Counter
from math import inf, nan
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from web_bot_auth_samples import AGENT, NOW, Headers, Signer, base64url, changed, text, thumbprint

from guardware.crawlers.web_bot_auth import KeyDirectories, MemoryNonces, Result, WebBotAuth
from guardware.crawlers.web_bot_auth.directory import MEDIA_TYPE, Fetched
from guardware.crawlers.web_bot_auth.result import unverified
from guardware.errors import StoreError

BOT, STRANGER = Signer(), Signer(b"stranger")


class Origins:
    """What each origin's directory holds; the others cannot be fetched."""

    def __init__(self) -> None:
        self.keys = {AGENT: [BOT.jwk()]}
        self.asked: Counter[str] = Counter()

    async def __call__(self, origin: str) -> Fetched:
        self.asked[origin] += 1
        if origin not in self.keys:
            raise unverified("the key directory's host has no address")
        body = json.dumps({"keys": self.keys[origin]}).encode()
        return Fetched(200, [(b"content-type", MEDIA_TYPE.encode())], body)


class Away:
    """A memory of nonces whose store is away."""

    async def first_use(self, key: str, until: float) -> bool:
        raise StoreError("Redis: ConnectionError")

    async def close(self) -> None:
        pass


@pytest.fixture
def origins() -> Origins:
    return Origins()


@pytest.fixture
def auth(origins: Origins) -> WebBotAuth:
    return WebBotAuth(KeyDirectories(origins, clock=lambda: NOW), MemoryNonces(clock=lambda: NOW))


async def check(auth: WebBotAuth, headers: Headers, **request: Any) -> Result:
    usual: dict[str, Any] = {
        "method": "GET",
        "scheme": "https",
        "authority": "gallery.example",
        "raw_path": b"/art/1.jpg",
        "query": b"",
        "now": NOW,
    }
    return await auth.check(headers, **(usual | request))


async def test_a_signed_request_is_verified(auth: WebBotAuth) -> None:
    assert await check(auth, BOT.headers()) == ("verified", AGENT, "the signature is by the agent's key")


async def test_most_visits_claim_nothing(auth: WebBotAuth, origins: Origins) -> None:
    result = await check(auth, [(b"user-agent", b"Mozilla/5.0")])
    assert result == ("unverified", "", "it carries no signature")
    assert not origins.asked


@pytest.mark.parametrize(
    ("headers", "outcome", "agent", "reason"),
    [
        (
            # Signed by a stranger who gives the agent's key ID.
            STRANGER.headers(keyid=f'"{BOT.keyid}"'),
            "invalid",
            AGENT,
            "the signature is not by the agent's key, or of another request",
        ),
        (STRANGER.headers(), "unverified", AGENT, "the key directory has no such key"),
        (
            BOT.headers(agent='"https://nowhere.example"'),
            "unverified",
            "https://nowhere.example",
            "the key directory's host has no address",
        ),
        (BOT.headers(agent=None), "unverified", "", "it does not say whose signature it is"),
        (
            BOT.headers(agent=f'"{AGENT}/keys";type=jwks_uri'),
            "unverified",
            AGENT,
            "Signature-Agent leads to a jwks_uri, which guardware does not read",
        ),
        (
            BOT.headers(agent=f'"{AGENT}/card";type=cimd'),
            "unverified",
            AGENT,
            "Signature-Agent leads to a cimd, which guardware does not read",
        ),
        (BOT.headers(expires=NOW - 5), "invalid", AGENT, "the signature has expired"),
        (changed(BOT.headers(), b"signature", b":"), "unverified", "", "Signature is malformed"),
    ],
    ids=["forged", "unknown key", "no such host", "nobody", "jwks_uri", "cimd", "expired", "malformed"],
)
async def test_claims_that_are_not_verified(
    auth: WebBotAuth, headers: Headers, outcome: str, agent: str, reason: str
) -> None:
    assert await check(auth, headers) == (outcome, agent, reason)


async def test_what_can_be_refused_without_its_key_is_not_fetched(auth: WebBotAuth, origins: Origins) -> None:
    await check(auth, BOT.headers(expires=NOW - 5))
    await check(auth, BOT.headers(keyid='"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"'))
    assert not origins.asked


async def test_a_copied_request_proves_nothing(auth: WebBotAuth) -> None:
    assert (await check(auth, BOT.headers())).outcome == "verified"
    assert await check(auth, BOT.headers()) == ("unverified", AGENT, "the signature was used before")
    assert (await check(auth, BOT.headers(nonce='"another"'))).outcome == "verified"


async def test_without_a_nonce_the_signature_stands_for_it(auth: WebBotAuth) -> None:
    headers = BOT.headers(nonce=None)
    assert [(await check(auth, headers)).outcome for _ in range(2)] == ["verified", "unverified"]
    assert (await check(auth, BOT.headers(nonce=None, created=NOW - 9))).outcome == "verified"


async def test_a_copied_signature_cannot_be_turned_around(auth: WebBotAuth, origins: Origins) -> None:
    """Of a signature (r, s) on a curve of order n, (r, n - s) is good too, and anybody can work it out."""
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_numbers()
    jwk: dict[str, Any] = {"kty": "EC", "crv": "P-256"} | {
        name: base64url(number.to_bytes(32)) for name, number in (("x", point.x), ("y", point.y))
    }
    origins.keys[AGENT] = [jwk]
    keyid = thumbprint(**jwk)
    parameters = BOT.parameters(keyid=f'"{keyid}"', alg=None, nonce=None)
    announced = f'("@authority" "signature-agent"){parameters}'
    base = f'"@authority": gallery.example\n"signature-agent": "{AGENT}"\n"@signature-params": {announced}'
    r, s = decode_dss_signature(private.sign(base.encode(), ec.ECDSA(hashes.SHA256())))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2 section 2.4.2
    outcomes = []
    for half in (s, order - s):
        signature = base64.b64encode(r.to_bytes(32) + half.to_bytes(32))
        headers = [
            (b"signature-agent", f'"{AGENT}"'.encode()),
            (b"signature-input", f"sig1={announced}".encode()),
            (b"signature", b"sig1=:%b:" % signature),
        ]
        outcomes.append(await check(auth, headers))
    assert [result.outcome for result in outcomes] == ["verified", "unverified"]
    assert outcomes[1].reason == "the signature was used before"


async def test_a_forged_request_uses_up_no_nonce(auth: WebBotAuth) -> None:
    """Else whoever saw a nonce on its way could spend it before its owner."""
    assert (await check(auth, BOT.headers(), authority="elsewhere.example")).outcome == "invalid"
    assert (await check(auth, BOT.headers())).outcome == "verified"


async def test_the_same_nonce_of_another_agent_is_another(auth: WebBotAuth, origins: Origins) -> None:
    origins.keys["https://other.example.org"] = [STRANGER.jwk()]
    assert (await check(auth, BOT.headers())).outcome == "verified"
    assert (await check(auth, STRANGER.headers(agent='"https://other.example.org"'))).outcome == "verified"


async def test_when_nonces_cannot_be_remembered_nothing_is_verified(origins: Origins) -> None:
    auth = WebBotAuth(KeyDirectories(origins, clock=lambda: NOW), Away())
    result = await check(auth, BOT.headers())
    assert result == ("unverified", AGENT, "whether the signature was used before cannot be told")


async def test_of_several_signatures_the_best_counts(auth: WebBotAuth) -> None:
    good = BOT.headers(nonce=None)
    forged = STRANGER.headers(label="forged", keyid=f'"{BOT.keyid}"')[:2]
    unknown = STRANGER.headers(label="unknown")[:2]
    assert (await check(auth, [*forged, *unknown, *good])).outcome == "verified"
    assert (await check(auth, [*STRANGER.headers(), *forged])).outcome == "invalid"
    assert (await check(auth, [*forged, *STRANGER.headers()])).outcome == "invalid"


@pytest.mark.parametrize("now", [nan, inf, -inf])
async def test_a_clock_that_tells_no_time_accuses_nobody(auth: WebBotAuth, now: float) -> None:
    assert await check(auth, BOT.headers(), now=now) == ("unverified", AGENT, "the clock tells no time")


async def test_the_path_and_query_count_when_they_are_covered(auth: WebBotAuth) -> None:
    covered = {
        '"@authority"': "gallery.example",
        '"@path"': "/a%20b",
        '"@query"': "?size=full",
        '"@method"': "GET",
    }
    covered |= {'"signature-agent"': f'"{AGENT}"'}
    headers = BOT.headers(covered, nonce=None)
    assert (await check(auth, headers, raw_path=b"/a%20b", query=b"size=full")).outcome == "verified"
    for other in ({"raw_path": b"/a b"}, {"query": b"size=ful"}, {"method": "HEAD"}):
        request = {"raw_path": b"/a%20b", "query": b"size=full"} | other
        assert (await check(auth, headers, **request)).outcome == "invalid"


async def test_an_error_of_our_own_is_told_and_ends_as_unverified(
    auth: WebBotAuth, caplog: pytest.LogCaptureFixture
) -> None:
    headers = BOT.headers()
    result = await check(auth, headers, authority=None)
    assert result == ("unverified", "", "the signature could not be checked")
    assert "checking a signed request" in caplog.text
    assert text(headers, b"signature") not in caplog.text


async def test_closing(auth: WebBotAuth) -> None:
    await check(auth, BOT.headers())
    await auth.close()
