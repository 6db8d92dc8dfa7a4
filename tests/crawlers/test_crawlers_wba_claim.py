"""Web Bot Auth: what a claim must hold to, each rule broken by itself."""

import asyncio
import base64
from math import inf, nan
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from web_bot_auth_samples import AGENT, NOW, Headers, Signer, base64url, changed, text

from guardware.crawlers.web_bot_auth.agent import read_origin
from guardware.crawlers.web_bot_auth.base import RequestComponents, SignedRequest
from guardware.crawlers.web_bot_auth.claim import Claim, read
from guardware.crawlers.web_bot_auth.fields import MAX_BYTES, read_labels
from guardware.crawlers.web_bot_auth.keys import Key, read_jwk
from guardware.crawlers.web_bot_auth.result import RefusalError, Result
from guardware.crawlers.web_bot_auth.verify import verify

BOT = Signer()
AUTHORITY = {'"@authority"': "gallery.example"}
QUOTED = f'"{AGENT}"'


def key_of(jwk: dict[str, object]) -> Key:
    key = read_jwk(jwk)
    assert key is not None
    return key


def judge(headers: Headers, *, key: Key | None = None, now: float = NOW, **request: Any) -> Result:
    """The result of the only claim in ``headers``, of a GET of https://gallery.example/art/1.jpg."""
    (found,) = read(headers)
    if isinstance(found, Result):
        return found
    usual: dict[str, Any] = {
        "method": "GET",
        "scheme": "https",
        "authority": "gallery.example",
        "raw_path": b"/art/1.jpg",
        "query": b"",
    }
    components = RequestComponents(SignedRequest(**(usual | request), headers=headers))
    return verify(found, components, key or key_of(BOT.jwk()), now)


def test_a_sound_signature_is_verified() -> None:
    assert judge(BOT.headers()) == ("verified", AGENT, "the signature is by the agent's key")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"signature-agent", QUOTED.encode())],
        changed(BOT.headers(), b"signature", None),
        changed(BOT.headers(), b"signature-input", None),
        BOT.headers(tag='"another-purpose"'),
        BOT.headers(tag="web-bot-auth"),  # a token is no string
        BOT.headers(tag=None),
    ],
    ids=["nothing", "agent only", "no signature", "no input", "other tag", "token as tag", "no tag"],
)
def test_nothing_is_claimed(headers: Headers) -> None:
    assert read(headers) == ()


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"created": None}, "invalid", "the signature lacks created"),
        ({"expires": None}, "invalid", "the signature lacks expires"),
        ({"keyid": None}, "invalid", "the signature lacks keyid"),
        ({"keyid": '""'}, "invalid", "the signature lacks keyid"),
        ({"keyid": "1"}, "unverified", "the signature's keyid is no string"),
        ({"nonce": ":AAAA:"}, "unverified", "the signature's nonce is no string"),
        ({"nonce": None}, "verified", "the signature is by the agent's key"),
        ({"created": NOW + 60}, "verified", "the signature is by the agent's key"),
        ({"created": NOW + 61}, "invalid", "the signature is dated in the future"),
        ({"expires": NOW + 1}, "verified", "the signature is by the agent's key"),
        ({"expires": NOW}, "invalid", "the signature has expired"),
        ({"created": NOW, "expires": NOW}, "invalid", "the signature expires before it is made"),
        ({"created": NOW - 400, "expires": NOW + 86000}, "verified", "the signature is by the agent's key"),
        ({"created": NOW - 401, "expires": NOW + 86000}, "unverified", "the signature lives longer than a day"),
        ({"created": f"{NOW}.5"}, "unverified", "the signature's created is no whole number"),
        ({"created": f"@{NOW}"}, "unverified", "the signature's created is no whole number"),
        ({"created": "?1"}, "unverified", "the signature's created is no whole number"),
        ({"created": f'"{NOW}"'}, "unverified", "the signature's created is no whole number"),
        ({"created": "NaN"}, "unverified", "the signature's created is no whole number"),
        ({"expires": "999999999999999"}, "unverified", "the signature lives longer than a day"),
        ({"expires": "9" * 16}, "unverified", "Signature-Input is malformed"),
        ({"created": "-999999999999999"}, "unverified", "the signature lives longer than a day"),
        ({"alg": None}, "verified", "the signature is by the agent's key"),
        ({"alg": '"hmac-sha256"'}, "invalid", "the signature is an HMAC, which whoever can check can forge"),
        ({"alg": '"rsa-pss-sha512"'}, "invalid", "the signature's algorithm does not fit the agent's key"),
        ({"alg": '"ecdsa-p384-sha384"'}, "unverified", "the signature's algorithm is not known"),
        ({"alg": "ed25519"}, "unverified", "the signature's alg is no string"),
        ({"keyid": f'"{Signer(b"other").keyid}"'}, "unverified", "the key is another one"),
        (
            {"keyid": '"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"'},
            "unverified",
            "the key is one of the specification's examples, which everybody has",
        ),
    ],
)
def test_the_rules_of_parameters(changes: dict[str, Any], outcome: str, reason: str) -> None:
    assert judge(BOT.headers(**changes)) == (outcome, AGENT if "malformed" not in reason else "", reason)


@pytest.mark.parametrize(
    ("now", "outcome"),
    [(NOW, "verified"), (NOW + 10**6, "invalid"), (NOW - 10**6, "invalid"), (nan, "invalid"), (inf, "invalid")],
)
def test_a_clock_that_is_off_verifies_nothing(now: float, outcome: str) -> None:
    assert judge(BOT.headers(), now=now).outcome == outcome


@pytest.mark.parametrize(
    ("covered", "agent", "outcome", "reason"),
    [
        ({'"signature-agent"': QUOTED}, QUOTED, "invalid", "the signature does not cover the host"),
        ({'"@authority"': "gallery.example"}, QUOTED, "invalid", "the signature does not cover Signature-Agent"),
        (
            {'"@target-uri"': "https://gallery.example/art/1.jpg", '"signature-agent"': QUOTED},
            QUOTED,
            "verified",
            "the signature is by the agent's key",
        ),
        (
            AUTHORITY | {'"signature-agent"': QUOTED},
            None,
            "unverified",
            "the signature covers Signature-Agent, which is not there",
        ),
        (
            AUTHORITY | {'"signature-agent";key="b"': QUOTED},
            f"a={QUOTED}",
            "invalid",
            "the signature covers an agent that Signature-Agent does not name",
        ),
        (
            AUTHORITY | {'"signature-agent";key="a"': QUOTED, '"signature-agent";key="b"': QUOTED},
            f"a={QUOTED}, b={QUOTED}",
            "unverified",
            "the signature covers more than one agent",
        ),
        (
            AUTHORITY | {'"signature-agent"': f"a={QUOTED}, b={QUOTED}"},
            f"a={QUOTED}, b={QUOTED}",
            "unverified",
            "Signature-Agent names several, and the signature does not say which",
        ),
        (
            AUTHORITY | {'"signature-agent";sf': QUOTED},
            QUOTED,
            "unverified",
            "the signature covers Signature-Agent in an unknown way",
        ),
        (
            AUTHORITY | {'"signature-agent";key=a': QUOTED},
            f"a={QUOTED}",
            "invalid",
            "the signature covers an agent that Signature-Agent does not name",
        ),
        (
            {'"@authority";req': "x", '"signature-agent"': QUOTED},
            QUOTED,
            "invalid",
            "the signature does not cover the host",
        ),
        (
            AUTHORITY | {'"signature-agent"': "?1"},
            "?1",
            "unverified",
            "Signature-Agent is malformed",
        ),
        (AUTHORITY | {'"signature-agent"': "a=1"}, "a=1", "unverified", "Signature-Agent is malformed"),
        (AUTHORITY | {'"signature-agent"': '"x'}, '"x', "unverified", "Signature-Agent is malformed"),
    ],
)
def test_what_must_be_covered(covered: dict[str, str], agent: str | None, outcome: str, reason: str) -> None:
    assert judge(BOT.headers(covered, agent=agent))[::2] == (outcome, reason)


def test_the_member_that_is_covered_says_who_it_is() -> None:
    covered = AUTHORITY | {'"signature-agent";key="b"': '"https://b.example.org";type=directory'}
    agent = 'a="https://a.example.org", b="https://b.example.org";type=directory'
    assert judge(BOT.headers(covered, agent=agent))[:2] == ("verified", "https://b.example.org")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://chatgpt.com", "https://chatgpt.com"),
        ("HTTPS://ChatGPT.com/", "https://chatgpt.com"),
        ("https://chatgpt.com:443/path?query", "https://chatgpt.com"),
        ("https://agent.example.org:8443", "https://agent.example.org:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert read_origin(url) == origin


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("http://chatgpt.com", "invalid"),
        ("https:chatgpt.com", "invalid"),
        ("ftp://chatgpt.com", "invalid"),
        ("https://user@chatgpt.com", "invalid"),
        ("https://user:secret@chatgpt.com", "invalid"),
        ("https://chatgpt.com#fragment", "invalid"),
        ("https://chatgpt.com/#fragment", "invalid"),
        ("https://chatgpt.com/a b", "invalid"),
        ("https://chatgpt.com\\@evil.example", "invalid"),
        ("https://chatgpt.com/\\evil.example", "invalid"),
        ("https://127.0.0.1", "unverified"),
        ("https://127.1", "unverified"),
        ("https://2130706433", "unverified"),
        ("https://0x7f.1", "unverified"),
        ("https://[::1]", "unverified"),
        ("https://localhost", "unverified"),
        ("https://chatgpt", "unverified"),
        ("https://chatgpt.com.", "unverified"),
        ("https://chatgpt..com", "unverified"),
        ("https://-chatgpt.com", "unverified"),
        ("https://chat_gpt.com", "unverified"),
        ("https://chatgpt.cöm", "unverified"),
        ("https://%63hatgpt.com", "unverified"),
        (f"https://{'a.' * 127}com", "unverified"),
        (f"https://{'a' * 64}.com", "unverified"),
        ("https://chatgpt.com:0", "unverified"),
        ("https://chatgpt.com:65536", "unverified"),
        ("https://chatgpt.com:4e2", "unverified"),
        ("https://", "unverified"),
        ("", "invalid"),
    ],
)
def test_urls_that_name_no_agent(url: str, outcome: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        read_origin(url)
    assert refusal.value.outcome == outcome


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (b"signature-input", b"\xff", "Signature-Input is malformed"),
        (b"signature-input", b"sig1=(", "Signature-Input is malformed"),
        (b"signature-input", b'sig1=1;tag="web-bot-auth"', "Signature-Input is malformed"),
        (b"signature-input", b'sig1=(1);tag="web-bot-auth"', "Signature-Input is malformed"),
        (b"signature-input", b'sig1=(token);tag="web-bot-auth"', "Signature-Input is malformed"),
        (b"signature-input", b'sig1=("@signature-params");tag="web-bot-auth"', "Signature-Input is malformed"),
        (b"signature-input", b'a=();tag="web-bot-auth", a=();tag="web-bot-auth"', "Signature-Input is malformed"),
        (b"signature-input", b'sig1=();tag="x";tag="web-bot-auth"', "Signature-Input is malformed"),
        (
            b"signature-input",
            b'sig1=("@authority" "@authority");tag="web-bot-auth"',
            "a signature covers the same component twice",
        ),
        (
            b"signature-input",
            b'sig1=(%b);tag="web-bot-auth"' % b" ".join(b'"x-%d"' % n for n in range(25)),
            "a signature covers more than 24 components",
        ),
        (b"signature-input", b"a=(), b=(), c=(), d=(), e=()", "there are more than 4 signatures"),
        (b"signature-input", b"x" * (MAX_BYTES + 1), "signature-input is longer than 4096 bytes"),
        (b"signature-input", b"a=(%b)" % (b"1 " * 2000), "signature-input has too many parts"),
        (b"signature", b"sig1=:AAAA", "Signature is malformed"),
        (b"signature", b"sig1=:!!!!:", "Signature is malformed"),
        (b"signature", b'sig1="AAAA"', "Signature lacks what Signature-Input announces"),
        (b"signature", b"sig2=:AAAA:", "Signature lacks what Signature-Input announces"),
        (b"signature", b"", "Signature lacks what Signature-Input announces"),
        (b"signature", b"a=::, b=::, c=::, d=::, e=::", "there are more than 4 signatures"),
        (b"signature", b"sig1=:%b:" % (b"A" * MAX_BYTES), "signature is longer than 4096 bytes"),
        (
            b"signature-agent",
            b'"https://%b.example"' % (b"a" * MAX_BYTES),
            "signature-agent is longer than 4096 bytes",
        ),
    ],
)
def test_fields_that_cannot_be_read(name: bytes, value: bytes, reason: str) -> None:
    assert judge(changed(BOT.headers(), name, value)) == ("unverified", "", reason)


def test_many_lines_count_together() -> None:
    rest = [line for line in BOT.headers() if line[0] != b"signature"]
    lines = [(b"signature", b"s%d=:AAAA:" % n) for n in range(500)]
    assert judge([*rest, *lines]) == ("unverified", "", "signature is longer than 4096 bytes")


def test_lines_of_two_signers_are_read_as_one_field() -> None:
    other = Signer(b"proxy").headers(label="proxy", tag='"something-else"')[:2]
    assert judge([*other, *BOT.headers()]).outcome == "verified"
    assert judge([*BOT.headers(), *other]).outcome == "verified"


def test_each_signature_is_a_claim_of_its_own() -> None:
    second = Signer(b"second").headers(label="sig2")[:2]
    found = read([*BOT.headers(), *second])
    assert [claim.label.name for claim in found if isinstance(claim, Claim)] == ["sig1", "sig2"]


@pytest.mark.parametrize(
    "change",
    [
        {"authority": "other.example"},
        {"authority": "gallery.example:8443"},
        {"scheme": "http", "authority": "gallery.example:443"},
        {"key": key_of(Signer(b"other").jwk())},
    ],
    ids=["host", "port", "scheme", "key"],
)
def test_a_signature_of_another_request_is_not_verified(change: dict[str, Any]) -> None:
    assert judge(BOT.headers(), **change).outcome != "verified"


@pytest.mark.parametrize("authority", ["gallery.example", "GALLERY.example", "gallery.example:443"])
def test_the_host_has_one_form(authority: str) -> None:
    assert judge(BOT.headers(), authority=authority).outcome == "verified"


@pytest.mark.parametrize(
    "spelling",
    [
        '("@authority"  "signature-agent"){}',
        '( "@authority" "signature-agent" ){}',
        '("@authority" "signature-agent"); {}',
    ],
)
def test_parameters_written_unusually_are_good_either_way(spelling: str) -> None:
    """Some sign what they wrote, as a text; RFC 9421 has the canonical form signed."""
    parameters = BOT.parameters()
    written = spelling.format(parameters.lstrip(";") if spelling.endswith(" {}") else parameters)
    canonical = f'("@authority" "signature-agent"){parameters}'
    assert written != canonical
    assert judge(BOT.headers(written=written)).outcome == "verified"
    assert judge(BOT.headers(written=written, signed=canonical)).outcome == "verified"
    assert judge(BOT.headers(written=written, signed=canonical + ";x")).outcome == "invalid"


def test_the_order_of_parameters_is_the_signer_s() -> None:
    turned = ";".join(reversed(BOT.parameters().split(";")[1:]))
    assert judge(BOT.headers(written=f'("signature-agent" "@authority");{turned}')).outcome == "invalid"
    covered = {'"signature-agent"': QUOTED, '"@authority"': "gallery.example"}
    assert judge(BOT.headers(covered, written=f'("signature-agent" "@authority");{turned}')).outcome == "verified"


def test_text_in_a_string_cannot_stand_for_the_parameters() -> None:
    """A copied signature over other parameters, which stand in the new ones as a string."""
    copied = BOT.headers()
    announced = text(copied, b"signature-input")
    quoted = announced.replace("\\", "\\\\").replace('"', '\\"')
    later = announced.replace(f"expires={NOW + 290}", f"expires={NOW + 900}")
    trick = changed(copied, b"signature-input", f'{later};x=",{quoted},"'.encode())
    assert judge(trick, now=NOW + 500).outcome == "invalid"


def test_only_text_that_means_the_same_is_taken_as_received() -> None:
    """A display string may end in a backslash, after which quotes open for a hasty reader where they close."""
    field = b'x=%"\\", sig1=( "@authority");tag="t";n=",sig1=(),"'
    (label,) = read_labels(field, b"sig1=::", "t")
    assert label.spellings == ('("@authority");tag="t";n=",sig1=(),"',)


class TestOtherKeys:
    """RSA and P-256 beside Ed25519."""

    def test_rsa_pss(self) -> None:
        private = rsa.generate_private_key(65537, 2048)
        numbers = private.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": base64url(numbers.n.to_bytes(256)), "e": "AQAB", "alg": "PS512"}
        pss = padding.PSS(padding.MGF1(SHA512()), 64)
        assert self.judged(jwk, lambda base: private.sign(base, pss, SHA512())) == "verified"
        pkcs1 = padding.PKCS1v15()
        assert self.judged(jwk, lambda base: private.sign(base, pkcs1, SHA512())) == "invalid"

    def test_p256(self) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        numbers = private.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}

        def raw(base: bytes) -> bytes:
            r, s = decode_dss_signature(private.sign(base, ec.ECDSA(SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)

        assert self.judged(jwk, raw) == "verified"
        assert self.judged(jwk, lambda base: raw(base)[:-1]) == "invalid"
        assert self.judged(jwk, lambda base: bytes(64)) == "invalid"
        # DER, as in certificates, is not what RFC 9421 section 3.3.4 has.
        assert self.judged(jwk, lambda base: private.sign(base, ec.ECDSA(SHA256()))) == "invalid"

    def judged(self, jwk: dict[str, Any], sign: Any) -> str:
        key = key_of(jwk)
        parameters = BOT.parameters(keyid=f'"{key.thumbprint}"', alg=f'"{key.algorithm}"')
        announced = f'("@authority" "signature-agent"){parameters}'
        base = f'"@authority": gallery.example\n"signature-agent": {QUOTED}\n"@signature-params": {announced}'
        headers = [
            (b"signature-agent", QUOTED.encode()),
            (b"signature-input", f"sig1={announced}".encode()),
            (b"signature", b"sig1=:%b:" % base64.b64encode(sign(base.encode()))),
        ]
        return judge(headers, key=key).outcome


def test_a_key_counts_only_in_its_time() -> None:
    early, late = key_of(BOT.jwk(nbf=NOW + 1)), key_of(BOT.jwk(exp=NOW))
    for key in (early, late):
        assert judge(BOT.headers(), key=key)[::2] == ("unverified", "the agent's key is not good at this time")
    assert judge(BOT.headers(), key=key_of(BOT.jwk(nbf=NOW, exp=NOW + 1))).outcome == "verified"


async def test_reading_needs_no_event_loop() -> None:
    assert (await asyncio.to_thread(judge, BOT.headers())).outcome == "verified"
