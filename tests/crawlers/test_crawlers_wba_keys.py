"""Web Bot Auth: which keys of a directory are of use."""

from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_bot_auth_samples import NOW, Signer, base64url, corpus, public_half

from guardware.crawlers.web_bot_auth.keys import read_jwk

ED25519 = Signer().jwk()
RSA = public_half(corpus("rsapss.json"))
# RFC 9421 appendix B.1.3
P256 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA",
    "y": "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0",
}


@pytest.mark.parametrize(
    ("jwk", "algorithm"),
    [(ED25519, "ed25519"), (RSA, "rsa-pss-sha512"), (P256, "ecdsa-p256-sha256")],
)
def test_the_kinds_of_keys(jwk: dict[str, Any], algorithm: str) -> None:
    key = read_jwk(jwk)
    assert key is not None
    assert (key.algorithm, key.begins, key.ends) == (algorithm, -inf, inf)
    assert read_jwk(jwk | {"alg": algorithm}) is not None


def test_a_thumbprint_is_of_the_required_members_only() -> None:
    # RFC 8037 appendix A.3
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a name"}
    key = read_jwk(jwk)
    assert key is not None
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        "key",
        {},
        ED25519 | {"use": "enc"},
        ED25519 | {"use": None},
        ED25519 | {"use": ["sig"]},
        ED25519 | {"d": "AAAA"},
        ED25519 | {"alg": "ES256"},
        ED25519 | {"alg": ["EdDSA"]},
        ED25519 | {"kty": "oct"},
        ED25519 | {"kty": ["OKP"]},
        ED25519 | {"crv": "X25519"},
        ED25519 | {"crv": "Ed448"},
        ED25519 | {"x": ED25519["x"] + "="},  # type: ignore[operator]
        ED25519 | {"x": "AAAA"},
        ED25519 | {"x": "A" * 42 + "B"},  # bits that count for nothing are set: another spelling of the same key
        ED25519 | {"x": 1},
        ED25519 | {"x": "+" * 43},
        ED25519 | {"x": "é" * 43},
        RSA | {"alg": "RS256"},
        RSA | {"n": base64url((2**1023 + 1).to_bytes(128))},
        RSA | {"n": base64url((2**4096 + 1).to_bytes(513))},
        RSA | {"n": base64url(b"\0" + (2**2047 + 1).to_bytes(256))},
        RSA | {"n": "_" * 60000},
        RSA | {"e": "AQ"},
        RSA | {"e": "AAAB"},
        RSA | {"e": "BA"},
        RSA | {"e": base64url((2**64 + 1).to_bytes(9))},
        P256 | {"x": P256["y"]},
        P256 | {"x": P256["x"][:-1]},
        P256 | {"crv": "P-384"},
        {"kty": "oct", "k": "AAAA"},
    ],
)
def test_keys_of_no_use(jwk: object) -> None:
    assert read_jwk(jwk) is None


@pytest.mark.parametrize(
    ("times", "good"),
    [
        ({"nbf": NOW}, True),
        ({"nbf": NOW + 1}, False),
        ({"nbf": NOW * 1000}, True),  # Cloudflare's example directory has milliseconds
        ({"nbf": NOW * 1000 + 1000}, False),
        ({"exp": NOW + 0.5}, True),
        ({"exp": NOW}, False),
        ({"exp": NOW * 1000}, False),
        ({"nbf": None, "exp": None}, True),
    ],
)
def test_the_time_of_a_key(times: dict[str, Any], good: bool) -> None:
    key = read_jwk(ED25519 | times)
    assert key is not None
    assert key.is_good_at(NOW) is good


@pytest.mark.parametrize("time", ["1", True, [], float("nan"), inf, -inf, 10**400, 1e300, -(10**16)])
def test_times_that_are_none(time: object) -> None:
    assert read_jwk(ED25519 | {"nbf": time}) is None
    assert read_jwk(ED25519 | {"exp": time}) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
_NAMES = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "use", "alg", "nbf", "exp", "kid"])


@settings(deadline=None)
@given(st.sampled_from([ED25519, RSA, P256]), st.dictionaries(_NAMES, _JSON, max_size=3))
def test_no_key_makes_an_error(jwk: dict[str, Any], changes: dict[str, Any]) -> None:
    key = read_jwk(jwk | changes)
    assert key is None or len(key.thumbprint) == 43
