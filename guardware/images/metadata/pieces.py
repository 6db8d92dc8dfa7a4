"""Pieces: a file put together from runs of another, with as few copies as can be."""


class Pieces:
    """Takes slices of ``data``, joining neighbours, and new bytes between them; copies once, at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._parts: list[bytes | memoryview] = []
        self._start = self._end = 0

    def keep(self, start: int, end: int) -> None:
        """The bytes from ``start`` to before ``end``."""
        if start != self._end:
            self._flush()
            self._start = start
        self._end = end

    def add(self, new: bytes) -> None:
        self._flush()
        self._parts.append(new)

    def joined(self) -> bytes:
        self._flush()
        return b"".join(self._parts)

    def _flush(self) -> None:
        if self._end > self._start:
            self._parts.append(self._data[self._start : self._end])
        self._start = self._end
