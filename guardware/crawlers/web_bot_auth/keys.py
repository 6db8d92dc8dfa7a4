"""Keys as directories publish them (JWK, RFC 7517 and 8037), and whether a signature is by one."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from math import inf
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

TEST_KEYS = frozenset(
    [
        "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",  # Ed25519, RFC 9421 appendix B.1.4
        "oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA",  # RSA-PSS, appendix B.1.2
        "ydQXMtvbsOsZyFir-Y7A8t7fKEM1gbKPvyFkdpu4fvI",  # P-256, appendix B.1.3
    ]
)
"""Thumbprints of keys whose private halves are printed in the specification."""

RSA_BITS = range(2048, 4097)
"""Shorter ones can be broken, longer ones only cost time (NIST SP 800-131A revision 2)."""

# RFC 9421 section 3.3.1: the salt is 64 bytes.
_PSS = PSS(mgf=MGF1(SHA512()), salt_length=64)
_MILLISECONDS = 1e11
"""A time above this is in milliseconds, as in Cloudflare's example directory; as seconds it is the year 5138."""

_NEVER = 1e15

PublicKey = Ed25519PublicKey | RSAPublicKey | EllipticCurvePublicKey


class Key(NamedTuple):
    """``thumbprint``: RFC 7638 with SHA-256, base64url. ``algorithm``: the only one it is used with, by its name
    in RFC 9421. Good from ``begins`` until ``ends``, seconds since the epoch."""

    thumbprint: str
    algorithm: str
    public: PublicKey
    begins: float = -inf
    ends: float = inf

    def is_good_at(self, now: float) -> bool:
        """Whether the directory lets the key be used at ``now``."""
        return self.begins <= now < self.ends


def read_jwk(jwk: object) -> Key | None:
    """The key in a JWK, or None if it is of no use here: another kind or purpose, malformed, or not secret any
    more because its private half stands beside it."""
    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    try:
        algorithm, names, public = _public(jwk)
        begins, ends = _time(jwk, "nbf", -inf), _time(jwk, "exp", inf)
        fits = jwk.get("alg", algorithm) in _ALGORITHMS[algorithm]
    except (ValueError, KeyError, TypeError):  # also what cryptography raises for points off the curve
        return None
    if not fits:
        return None
    return Key(_thumbprint(jwk, names), algorithm, public, begins, ends)


def is_signed(key: Key, signature: bytes, base: bytes) -> bool:
    """Whether ``signature`` over ``base`` is by ``key``."""
    public = key.public
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(signature, base)
        elif isinstance(public, RSAPublicKey):
            public.verify(signature, base, _PSS, SHA512())
        else:
            public.verify(_der(signature), base, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


_ALGORITHMS: Mapping[str, frozenset[object]] = {
    "ed25519": frozenset(["ed25519", "Ed25519", "EdDSA"]),
    "rsa-pss-sha512": frozenset(["rsa-pss-sha512", "PS512"]),
    "ecdsa-p256-sha256": frozenset(["ecdsa-p256-sha256", "ES256"]),
}
"""What a JWK may give as ``alg`` (RFC 7518 section 3.1, RFC 8037, RFC 9864) for each algorithm of RFC 9421."""


def _public(jwk: dict[str, Any]) -> tuple[str, tuple[str, ...], PublicKey]:
    """Algorithm, the members that make the thumbprint (RFC 7638 section 3.2), and the key. Raises ValueError."""
    match jwk["kty"], jwk.get("crv"):
        case "OKP", "Ed25519":
            ed25519 = Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
            return "ed25519", ("crv", "kty", "x"), ed25519
        case "EC", "P-256":
            x, y = (_coordinate(jwk[name]) for name in ("x", "y"))
            point = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
            return "ecdsa-p256-sha256", ("crv", "kty", "x", "y"), point
        case "RSA", _:
            e, n = (_number(jwk[name]) for name in ("e", "n"))
            if n.bit_length() not in RSA_BITS or not 3 <= e < 2**32:
                raise ValueError("an RSA key of such a size is not used")
            return "rsa-pss-sha512", ("e", "kty", "n"), RSAPublicNumbers(e, n).public_key()
    raise ValueError("no such kind of key is used")


def _bytes(text: str) -> bytes:
    """base64url without padding, in the only form that it has: another would give the key another thumbprint."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(value).rstrip(b"=").decode() != text:
        raise ValueError("not base64url as it is written")
    return value


def _number(text: str) -> int:
    value = _bytes(text)
    if value[:1] == b"\0":
        raise ValueError("a number with leading zeros")  # RFC 7518 section 6.3.1
    return int.from_bytes(value)


def _coordinate(text: str) -> int:
    value = _bytes(text)
    if len(value) != 32:
        raise ValueError("not of the length that the curve has")  # RFC 7518 section 6.2.1.2
    return int.from_bytes(value)


def _thumbprint(jwk: dict[str, Any], names: tuple[str, ...]) -> str:
    text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _time(jwk: dict[str, Any], name: str, default: float) -> float:
    value = jwk.get(name)
    if value is None:
        return default
    if type(value) not in (int, float) or not -_NEVER < value < _NEVER:  # NaN is neither
        raise ValueError(f"{name} is no time")
    return value / 1000 if value > _MILLISECONDS else float(value)


def _der(signature: bytes) -> bytes:
    """From r and s side by side (RFC 9421 section 3.3.4) to what cryptography reads."""
    if len(signature) != 64:
        raise ValueError("not two numbers of 32 bytes")
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
