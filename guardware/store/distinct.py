"""How many different pictures: linear counting in a bitmap, for the memory store.

K.-Y. Whang, B. T. Vander-Zanden, H. M. Taylor, "A linear-time probabilistic counting algorithm for database
applications", ACM TODS 15(2), 1990. A value sets one bit; the share of bits still zero tells how many
different values there were. For 1000 pictures it takes a tenth of a HyperLogLog's memory.
"""

from math import exp, log

STANDARD_ERROR = 0.03
"""Of the estimate, relative, up to the largest count that matters: "a few per cent" in the protocol."""

_FULL = 5
"""a² of Whang et al. (a = √5): the bitmap's expected zeros stay this far from none, so it never fills early."""


def bits_for(largest: int) -> int:
    """The smallest bitmap, in bits and a multiple of 64, that counts to ``largest`` within STANDARD_ERROR."""
    bits = 64
    while not _suffices(bits, max(largest, 1)):
        bits += 64
    return bits


def _suffices(bits: int, largest: int) -> bool:
    """The condition on m in section 4 of Whang et al.: m > max(a², 1 / (ε t)²) · (e^t - t - 1)."""
    load = largest / bits
    if load > 30:  # far too small; e^t would only grow out of range
        return False
    return bits > max(_FULL, 1 / (STANDARD_ERROR * load) ** 2) * (exp(load) - load - 1)


class LinearCounter:
    """The sizes and the table for bitmaps that count to about ``largest``; the bitmaps live with their owners.

    Beyond ``largest`` the estimate gets coarse but never falls, so what is over a budget stays over it.
    """

    __slots__ = ("bits", "estimates", "size")

    def __init__(self, largest: int) -> None:
        self.bits = bits_for(largest)
        self.size = self.bits // 8
        """Bytes of one bitmap."""
        full = round(self.bits * log(2 * self.bits))
        self.estimates = [round(-self.bits * log(1 - ones / self.bits)) for ones in range(self.bits)] + [full]
        """The estimate for each number of bits set."""

    def place(self, value: int) -> tuple[int, int]:
        """The byte within a bitmap and the mask of the bit that ``value`` (a uniform hash, >= 0) sets."""
        bit = value % self.bits
        return bit >> 3, 1 << (bit & 7)

    def clear(self, bitmap: bytearray, offset: int) -> int:
        """Empty the bitmap at ``offset``; returns how many bits are set then, which is 0."""
        bitmap[offset : offset + self.size] = bytes(self.size)
        return 0
