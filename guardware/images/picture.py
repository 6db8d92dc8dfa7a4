"""Picture: decoded pixels on their way through a recipe's steps."""

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image


class Picture(NamedTuple):
    """One picture, still or animated, upright and in sRGB.

    ``frames``: at least one, all of one size and mode, RGB or RGBA with 8 bits a channel. ``durations``: for each
    frame how long it is shown, in milliseconds; empty for a still picture. ``loop``: how often an animation
    plays, 0 for ever.
    """

    frames: tuple[Image.Image, ...]
    durations: tuple[int, ...] = ()
    loop: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frames[0].size

    @property
    def animated(self) -> bool:
        return len(self.frames) > 1

    def map(self, step: Callable[[Image.Image], Image.Image]) -> "Picture":
        """The picture with ``step`` applied to every frame."""
        return self._replace(frames=tuple(map(step, self.frames)))
