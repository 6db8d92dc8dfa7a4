"""Keys: one master secret, and from it a key for each purpose.

Whoever learns a purpose's key learns neither the master nor another purpose's key (BLAKE2b keyed with the master,
RFC 7693). Masters are rotated by adding one: the newest makes, all of them read.
"""

import hashlib
from collections.abc import Sequence

KEY_SIZE = 32
"""Bytes of a derived key."""


class Keyring:
    """``masters``: oldest first, at least one, each of 16 bytes or more. Never shown by ``repr``."""

    def __init__(self, masters: Sequence[bytes]) -> None:
        if not masters or any(len(master) < 16 for master in masters):
            raise ValueError("a master key has at least 16 bytes")
        self._masters = tuple(masters)

    def newest(self, purpose: str) -> bytes:
        """The key that makes: for ``purpose``, from the newest master."""
        return derive(self._masters[-1], purpose)

    def every(self, purpose: str) -> tuple[bytes, ...]:
        """The keys that read, newest first."""
        return tuple(derive(master, purpose) for master in reversed(self._masters))

    def __repr__(self) -> str:
        return f"Keyring({len(self._masters)} masters)"


def derive(master: bytes, purpose: str) -> bytes:
    """The key of ``KEY_SIZE`` bytes for ``purpose``, a short ASCII word such as "trace"."""
    digest = hashlib.blake2b(master, digest_size=64).digest()
    return hashlib.blake2b(purpose.encode("ascii"), key=digest, digest_size=KEY_SIZE).digest()


def key_id(key: bytes) -> str:
    """Eight hex digits that tell keys apart without giving them away."""
    return hashlib.blake2b(b"key id", key=key, digest_size=4).hexdigest()
