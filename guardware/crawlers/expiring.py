"""A bounded memory whose entries expire, for answers that cost a look-up in the network."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SKEW = 60.0
"""Seconds that the clock may be set back without costing what is remembered; more, and nobody knows how old
an entry is."""


class Expiring(Generic[K, V]):
    """At most ``size`` entries, each for ``lifetime`` seconds after it was put; the oldest go first.

    All times are the caller's ``now``, in seconds. Not thread-safe: one event loop owns it.
    """

    __slots__ = ("_entries", "_lifetime", "_size")

    def __init__(self, size: int, lifetime: float) -> None:
        self._size = size
        self._lifetime = lifetime
        self._entries: dict[K, tuple[float, V]] = {}

    def get(self, key: K, now: float) -> V | None:
        """The value, or None when there is none of this age."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and -SKEW <= now - entry[0] < self._lifetime else None

    def age(self, key: K, now: float) -> float:
        """Seconds since ``key`` was put; infinite when it is not there."""
        entry = self._entries.get(key)
        return now - entry[0] if entry is not None else float("inf")

    def put(self, key: K, value: V, now: float) -> None:
        """Remember ``value`` from ``now`` on."""
        entries = self._entries
        entries.pop(key, None)  # so that the order of the dict stays that of age
        if len(entries) >= self._size:
            self.sweep(now)
        if len(entries) >= self._size:
            del entries[next(iter(entries))]
        entries[key] = (now, value)

    def forget(self, key: K) -> None:
        """Drop ``key``, if it is there."""
        self._entries.pop(key, None)

    def sweep(self, now: float) -> None:
        """Drop what has expired: all of it while the clock only goes forward."""
        entries, lifetime = self._entries, self._lifetime
        while entries:
            key = next(iter(entries))
            if -SKEW <= now - entries[key][0] < lifetime:
                return
            del entries[key]

    def __len__(self) -> int:
        return len(self._entries)
