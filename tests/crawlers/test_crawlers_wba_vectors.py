"""Web Bot Auth: the published test vectors, and the shapes that agents send."""

from math import inf
from typing import Any
from urllib.parse import urlsplit

import pytest
from web_bot_auth_samples import Headers, Signer, changed, corpus, public_half, thumbprint

from guardware.crawlers.web_bot_auth.agent import AgentField
from guardware.crawlers.web_bot_auth.base import RequestComponents, SignedRequest
from guardware.crawlers.web_bot_auth.claim import Claim, read
from guardware.crawlers.web_bot_auth.directory import Fetched, read_directory
from guardware.crawlers.web_bot_auth.fields import Component
from guardware.crawlers.web_bot_auth.keys import TEST_KEYS, Key, read_jwk
from guardware.crawlers.web_bot_auth.result import RefusalError, Result, Rules
from guardware.crawlers.web_bot_auth.verify import verify

LENIENT = Rules(longest=inf, test_keys=True)
"""The vectors are signed with public keys, and some of them for a hundred years."""

VECTORS = [
    pytest.param(vector, id=f"{version}-{vector['key']['kty']}-{vector['label']}")
    for version in ("v1", "v2")
    for vector in corpus(f"web_bot_auth_architecture_{version}.json")
]


def headers_of(vector: dict[str, Any]) -> Headers:
    named = {name: vector.get(name) for name in ("signature", "signature_input", "signature_agent")}
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items() if value]


def request_of(vector: dict[str, Any], headers: Headers) -> RequestComponents:
    url = urlsplit(vector["target_url"])
    return RequestComponents(
        SignedRequest("GET", url.scheme, url.netloc, url.path.encode(), url.query.encode(), headers)
    )


def judged(vector: dict[str, Any], headers: Headers, now: float, rules: Rules = LENIENT) -> Result:
    (claim,) = read(headers)
    assert isinstance(claim, Claim)
    key = read_jwk(public_half(vector["key"]))
    assert key is not None
    return verify(claim, request_of(vector, headers), key, now, rules)


@pytest.mark.parametrize("vector", VECTORS)
def test_published_vectors_are_verified(vector: dict[str, Any]) -> None:
    headers = headers_of(vector)
    agent = "https://signature-agent.test" if "signature_agent" in vector else ""
    assert judged(vector, headers, vector["created_ms"] / 1000) == (
        "verified",
        agent,
        "the signature is by the agent's key",
    )


@pytest.mark.parametrize("vector", VECTORS)
def test_published_vectors_hold_what_they_say(vector: dict[str, Any]) -> None:
    (claim,) = read(headers_of(vector))
    assert isinstance(claim, Claim)
    assert (claim.created * 1000, claim.expires * 1000) == (vector["created_ms"], vector["expires_ms"])
    assert (claim.nonce, claim.label.name) == (vector["nonce"], vector["label"])
    assert '"@authority"' in claim.covered


@pytest.mark.parametrize("vector", VECTORS)
def test_each_byte_of_a_vector_counts(vector: dict[str, Any]) -> None:
    now = vector["created_ms"] / 1000
    headers = headers_of(vector)
    announced = dict(headers)[b"signature-input"]
    other = changed(headers, b"signature-input", announced.replace(b'nonce="', b'nonce="A'))
    assert judged(vector, other, now).outcome == "invalid"
    elsewhere = vector | {"target_url": "https://elsewhere.example/path/to/resource"}
    assert judged(elsewhere, headers, now).outcome == "invalid"


@pytest.mark.parametrize("vector", VECTORS)
def test_published_keys_are_refused_in_earnest(vector: dict[str, Any]) -> None:
    rules = Rules(longest=inf)
    assert judged(vector, headers_of(vector), vector["created_ms"] / 1000, rules).reason == (
        "the key is one of the specification's examples, which everybody has"
    )


@pytest.mark.parametrize("vector", corpus("web_bot_auth_architecture_v1.json"))
def test_vectors_that_have_expired_are_invalid(vector: dict[str, Any]) -> None:
    headers = headers_of(vector)
    last = vector["expires_ms"] / 1000 - 1
    assert judged(vector, headers, last).outcome == "verified"
    assert judged(vector, headers, last + 1)[::2] == ("invalid", "the signature has expired")


def test_a_signature_for_a_hundred_years_is_not_accepted() -> None:
    vector = corpus("web_bot_auth_architecture_v2.json")[3]
    result = judged(vector, headers_of(vector), vector["created_ms"] / 1000, Rules(test_keys=True))
    assert result[::2] == ("unverified", "the signature lives longer than a day")


@pytest.mark.parametrize("name", ["ed25519.json", "rsapss.json"])
def test_the_published_keys_are_the_test_keys(name: str) -> None:
    jwk = corpus(name)
    members = ("e", "kty", "n") if jwk["kty"] == "RSA" else ("crv", "kty", "x")
    key = read_jwk(public_half(jwk))
    assert key is not None
    assert key.thumbprint == thumbprint(**{member: jwk[member] for member in members})
    assert key.thumbprint in TEST_KEYS


@pytest.mark.parametrize(
    "vector", corpus("web_bot_auth_signature_agent_v1.json"), ids=lambda vector: vector["name"]
)
def test_published_signature_agents(vector: dict[str, Any]) -> None:
    (entry,) = vector["entries"]
    component = Component("signature-agent", {"key": entry["label"]}, "")
    agent = AgentField(vector["header"].encode()).agent([component])
    assert agent == ("https://signature-agent.test", entry["type"])


# V4 of the field notes: a directory that signs itself, Ed25519, RFC 9421 B.1.4.
V4_BODY = (
    b'{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",'
    b'"x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","use":"sig"}]}'
)
V4_HEADERS: Headers = [
    (b"content-type", b"application/http-message-signatures-directory+json"),
    (b"content-digest", b"sha-256=:CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=:"),
    (
        b"signature-input",
        b'binding=("@authority";req "content-digest");created=1735689600;expires=4889289600;'
        b'keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";tag="http-message-signatures-directory"',
    ),
    (
        b"signature",
        b"binding=:l6P8R67tm3kujAxbHWio7ll01qrEZ0dKD/WWlGhNYEmTnFZM8Wt0VQ9zqGfvo7T/UMkBxsigzChM1Gpz7gOVBg==:",
    ),
]


def test_the_published_directory_and_its_own_signature() -> None:
    fetched = Fetched(200, V4_HEADERS, V4_BODY)
    directory = read_directory(fetched, "https://signature-agent.test", 1735689601, LENIENT)
    assert list(directory.keys) == ["poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"]


@pytest.mark.parametrize(
    ("origin", "now", "body"),
    [
        ("https://mirror.test", 1735689601, V4_BODY),
        ("https://signature-agent.test", 1735689601, V4_BODY + b" "),
        ("https://signature-agent.test", 4889289600, V4_BODY),
        ("https://signature-agent.test", 1735689539, V4_BODY),
    ],
    ids=["mirrored", "other body", "expired", "from the future"],
)
def test_the_published_directory_elsewhere_is_refused(origin: str, now: int, body: bytes) -> None:
    with pytest.raises(RefusalError, match="own signature is wrong"):
        read_directory(Fetched(200, V4_HEADERS, body), origin, now, LENIENT)


BOT = Signer()


@pytest.mark.parametrize(
    ("agent", "covered", "origin"),
    [
        # Google-Agent
        ('g="https://agent.bot.goog"', '"signature-agent";key="g"', "https://agent.bot.goog"),
        # OpenAI, Cloudflare's documents
        ('"https://chatgpt.com"', '"signature-agent"', "https://chatgpt.com"),
        # DuckDuckGo
        ("https://bot.duckduckgo.com", '"signature-agent"', "https://bot.duckduckgo.com"),
        # A dictionary covered whole: with one member nothing is left open.
        ('g="https://agent.bot.goog"', '"signature-agent"', "https://agent.bot.goog"),
    ],
)
def test_the_shapes_that_agents_send(agent: str, covered: str, origin: str) -> None:
    value = agent.partition("=")[2] if "key=" in covered else agent
    headers = BOT.headers({'"@authority"': "gallery.example", covered: value}, agent=agent)
    (claim,) = read(headers)
    assert isinstance(claim, Claim)
    request = RequestComponents(SignedRequest("GET", "https", "gallery.example", b"/", b"", headers))
    key = read_jwk(BOT.jwk())
    assert isinstance(key, Key)
    result = verify(claim, request, key, claim.created)
    assert result[:2] == ("verified", origin)
