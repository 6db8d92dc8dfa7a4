"""Finished things in memory: least recently used first out, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

OVERHEAD = 512
"""Bytes charged for an entry besides its own: key, tuple, entity tag, links (about 430 by sys.getsizeof)."""


class MemoryCache(Generic[T]):
    """Things by key, at most ``capacity`` bytes in all. Any thread puts and gets.

    ``charge`` says how many bytes a thing takes; ``OVERHEAD`` comes on top. It is asked once, so what it says may
    change afterwards. What is larger than the whole cache is not kept.
    """

    def __init__(self, capacity: int, charge: Callable[[T], int]) -> None:
        self._capacity, self._charge = capacity, charge
        self._entries: OrderedDict[bytes, tuple[T, int]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes that the entries are charged in all, never above the capacity."""
        return self._size

    def get(self, key: bytes) -> T | None:
        """What was put for ``key``, if it is still there; it is now the last to go."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: bytes, thing: T) -> None:
        """Keep ``thing`` for ``key``, in the place of what was there."""
        charge = OVERHEAD + self._charge(thing)
        with self._lock:
            if (before := self._entries.pop(key, None)) is not None:
                self._size -= before[1]
            if charge > self._capacity:
                return
            self._entries[key] = thing, charge
            self._size += charge
            while self._size > self._capacity:
                self._size -= self._entries.popitem(last=False)[1][1]
