"""A bounded cache for the request path, in two generations.

A flood of values seen once (a scraper that randomises its user-agent) must neither grow it nor cost more than a
dict insertion. New entries enter the young generation; when it is full it becomes the old one, and the former
old one is dropped. What is found in the old generation moves to the young one, so whatever is in use survives.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """At most ``2 * size`` entries; no value may be None. Not thread-safe: one event loop owns it.

    ``get(key)`` returns the value or None. It is a dict's own ``__getitem__``, so a hit costs no Python call.
    """

    __slots__ = ("_old", "_size", "_young", "get")

    def __init__(self, size: int) -> None:
        self._size = size
        self._old: dict[K, V] = {}
        self._young: _Young[K, V] = _Young(self)
        self.get: Callable[[K], V | None] = self._young.__getitem__

    def put(self, key: K, value: V) -> None:
        """Remember ``value``; the oldest half may go."""
        young = self._young
        if len(young) >= self._size:
            self._old = {k: v for k, v in young.items() if v is not None}
            young.clear()
        young[key] = value

    def find_old(self, key: K) -> V | None:
        """The value in the old generation, moved to the young one; or None."""
        value = self._old.get(key)
        if value is not None:
            self.put(key, value)
        return value

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())


class _Young(dict[K, V | None], Generic[K, V]):
    """Asks its cache's old generation for what it does not have."""

    __slots__ = ("_cache",)

    def __init__(self, cache: BoundedCache[K, V]) -> None:
        super().__init__()
        self._cache = cache

    def __missing__(self, key: K) -> V | None:
        return self._cache.find_old(key)
