"""Signed requests for the tests of Web Bot Auth, put together without the code under test."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CORPUS = Path(__file__).parent / "corpora" / "web-bot-auth"
NOW = 1_790_000_000
"""Seconds since the epoch, in September 2026."""
AGENT = "https://agent.example.org"

Headers = list[tuple[bytes, bytes]]


def corpus(name: str) -> Any:
    return json.loads((CORPUS / name).read_text())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(**members: str) -> str:
    """RFC 7638: the required members by name, without spaces."""
    return base64url(hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())


def public_half(jwk: dict[str, str]) -> dict[str, str]:
    """What a directory would publish of ``jwk``."""
    return {name: value for name, value in jwk.items() if name not in {"d", "p", "q", "dp", "dq", "qi"}}


class Signer:
    """An agent with an Ed25519 key of its own, made from ``seed``."""

    def __init__(self, seed: bytes = b"agent") -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed).digest())
        self.x = base64url(self.private.public_key().public_bytes_raw())
        self.keyid = thumbprint(crv="Ed25519", kty="OKP", x=self.x)

    def jwk(self, **more: object) -> dict[str, object]:
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x, "use": "sig", **more}

    def signature(self, base: str) -> str:
        return base64.b64encode(self.private.sign(base.encode("latin-1"))).decode()

    def parameters(self, **changes: Any) -> str:
        """The parameters of a usual signature, as text; None takes one away, text is written as it is."""
        usual = {
            "created": NOW - 10,
            "expires": NOW + 290,
            "keyid": f'"{self.keyid}"',
            "alg": '"ed25519"',
            "nonce": '"c29tZXRoaW5n"',
            "tag": '"web-bot-auth"',
        }
        return "".join(f";{name}={value}" for name, value in (usual | changes).items() if value is not None)

    def headers(
        self,
        covered: dict[str, str] | None = None,
        *,
        agent: str | None = f'"{AGENT}"',
        label: str = "sig1",
        written: str | None = None,
        signed: str | None = None,
        **changes: Any,
    ) -> Headers:
        """The three fields. ``covered``: identifiers of components with the values that are signed.

        ``written`` is what follows the label in Signature-Input, ``signed`` what is signed of it, both by default
        the usual.
        """
        if covered is None:
            covered = {'"@authority"': "gallery.example"}
            covered |= {'"signature-agent"': agent} if agent is not None else {}
        usual = f"({' '.join(covered)}){self.parameters(**changes)}"
        lines = [f"{name}: {value}" for name, value in covered.items()]
        base = "\n".join([*lines, f'"@signature-params": {signed or written or usual}'])
        fields = {
            "signature-input": f"{label}={written or usual}",
            "signature": f"{label}=:{self.signature(base)}:",
            **({} if agent is None else {"signature-agent": agent}),
        }
        return [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]


def text(headers: Headers, name: bytes) -> str:
    """The value of the header ``name``."""
    return dict(headers)[name].decode("latin-1")


def changed(headers: Headers, name: bytes, value: bytes | None) -> Headers:
    """``headers`` with another value for ``name``, or without it."""
    rest = [(key, old) for key, old in headers if key != name]
    return rest if value is None else [*rest, (name, value)]
