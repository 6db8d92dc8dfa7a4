"""A bound on the bytes of originals that are held while their variants are awaited."""


class Holding:
    """``capacity`` bytes in all. One event loop owns it."""

    __slots__ = ("_capacity", "held")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.held = 0
        """Bytes held now."""

    def take(self, size: int) -> bool:
        """Reserve ``size`` bytes; False if there is no room, and then nothing is reserved."""
        if self.held + size > self._capacity:
            return False
        self.held += size
        return True

    def give_back(self, size: int) -> None:
        self.held -= size
