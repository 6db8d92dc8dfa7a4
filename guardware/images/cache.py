"""Finished variants in memory: least recently used first out, bounded in bytes."""

from collections import OrderedDict
from threading import Lock

from guardware.images.pipeline import Variant

OVERHEAD = 512
"""Bytes charged for an entry besides its body: key, tuple, entity tag, links (about 430 by sys.getsizeof)."""


class VariantCache:
    """Variants by key, at most ``capacity`` bytes in all. Workers put, the event loop gets.

    Placeholders share one body, so they are charged the overhead alone. What is larger than the whole cache is
    not kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._variants: OrderedDict[bytes, Variant] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes that the entries are charged in all, never above the capacity."""
        return self._size

    def get(self, key: bytes) -> Variant | None:
        with self._lock:
            variant = self._variants.get(key)
            if variant is not None:
                self._variants.move_to_end(key)
            return variant

    def put(self, key: bytes, variant: Variant) -> None:
        with self._lock:
            self._drop(self._variants.pop(key, None))
            if _charge(variant) > self._capacity:
                return
            self._variants[key] = variant
            self._size += _charge(variant)
            while self._size > self._capacity:
                self._drop(self._variants.popitem(last=False)[1])

    def _drop(self, variant: Variant | None) -> None:
        self._size -= _charge(variant) if variant is not None else 0


def _charge(variant: Variant) -> int:
    return OVERHEAD + (0 if variant.placeholder else len(variant.body))
