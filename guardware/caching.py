"""A bounded cache for the request path, in two generations.

A flood of values seen once (a scraper that randomises its user-agent) must neither grow it nor cost more than
a dict insertion. New entries enter the young generation; when it is full it becomes the old one, and the former
old one is dropped. What is hit in the old generation moves to the young one, so whatever is in use survives.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """At most ``2 * size`` entries; the values must never be None. Not thread-safe: one event loop owns it."""

    __slots__ = ("_old", "_size", "_young")

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
