"""Handover: the signed paths under which guardware itself answers a visit that it has judged for a front.

A path says what was asked and what the verdict was; it is sealed (ChaCha20-Poly1305, RFC 8439), so that nobody can
make one, or read why he is doubted; it opens for the same client alone, and for LIFETIME seconds. Each second has
a key of its own, derived from the keyring's, so a nonce drawn at random never comes twice under one key.
"""

import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from guardware.keys import derive
from guardware.verdict import Action, Verdict
from guardware.visit import Visit

LIFETIME = 30
"""Seconds. The front asks for the path at once; a redirected browser has a second way to go, on a slow line."""

_AHEAD = 5
"""Seconds by which the clock of another machine with the same key may be ahead."""

_NONCE = 12
_LONGEST = 32 * 1024
"""Characters of a path that is looked at: the longest target, twice encoded."""

_READING = ("GET", "HEAD")


class Handed(NamedTuple):
    """What a path says: the visit's method, target and host, and the verdict on it. ``seal``: bytes that no other
    path has, however it is written."""

    method: str
    target: bytes
    host: str
    verdict: Verdict
    seal: bytes

    def is_for(self, method: str) -> bool:
        """Whether a request by ``method`` is the one that was judged; who may GET may HEAD."""
        return method == self.method or (method in _READING and self.method in _READING)


def seal(key: bytes, visit: Visit, target: bytes, verdict: Verdict, now: float) -> str:
    """The last part of the path for ``visit``, which asked for ``target``; ``now``: seconds since the epoch."""
    issued = struct.pack(">I", int(now))
    said = [
        visit.method,
        target.decode("ascii"),
        visit.host,
        verdict.action,
        verdict.decided_by,
        verdict.number,
        verdict.retry_after,
        verdict.variant,
        verdict.enforced,
    ]
    nonce = os.urandom(_NONCE)
    sealed = _cipher(key, issued).encrypt(nonce, json.dumps(said, separators=(",", ":")).encode(), _holder(visit))
    return urlsafe_b64encode(issued + nonce + sealed).rstrip(b"=").decode()


def unseal(key: bytes, visit: Visit, text: str, now: float) -> Handed | None:
    """What the path says that ``visit`` came by; None if it is forged, too old, or somebody else's."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    issued, nonce, sealed = raw[:4], raw[4 : 4 + _NONCE], raw[4 + _NONCE :]
    if len(nonce) < _NONCE or not -_AHEAD <= now - struct.unpack(">I", issued)[0] <= LIFETIME + 1:
        return None
    try:
        said = json.loads(_cipher(key, issued).decrypt(nonce, sealed, _holder(visit)))
    except InvalidTag:
        return None
    method, target, host, action, decided_by, number, retry_after, variant, enforced = said
    verdict = Verdict(
        Action(action),
        decided_by,
        0.0,
        (),
        number,
        retry_after=retry_after,
        enforced=enforced,
        variant=variant,
    )
    return Handed(method, target.encode(), host, verdict, issued + nonce)


def _cipher(key: bytes, issued: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(derive(key, f"hand-over {issued.hex()}"))


def _holder(visit: Visit) -> bytes:
    """Who may use the path: the address (IPv6: its /64) and the program."""
    return visit.source.client.encode() + b"\0" + (visit.facts.user_agent or b"")
