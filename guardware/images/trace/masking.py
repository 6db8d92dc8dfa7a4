"""How much of a mark each part of a picture hides: all of it in texture, less in a flat sky.

Everything is measured on the unweighted mean of the channels and is the same for a negative, so a reader that has
only the original comes to the same answer as the writer that saw it under a veil.
"""

import numpy as np
from PIL import Image, ImageChops, ImageFilter

_FLAT = 0.4
"""Share in flat parts. Of 2 grey levels that leaves 0.8: nothing is seen in the sky of the test pictures; at 1.25
its cells are just visible, at 2 they are plain."""
_PAPER = 0.8
"""Share on flat white and black: on white 2 levels are half the contrast that they are on mid grey (sRGB), and
drawings on paper have nothing else to carry a mark."""
_PAPER_FROM, _PAPER_ALL = 108.0, 120.0
"""Distance from mid grey, in levels, at which paper begins and is complete."""
_TEXTURE = 6.0
"""Mean deviation, in levels, from the surroundings at which everything is hidden."""
_BLOCK = 16

_MEAN = (1 / 3, 1 / 3, 1 / 3, 0.0)


def hidden(image: Image.Image) -> Image.Image:
    """For ``image`` (RGB): the share of the full strength, as an L image of 0 to 255, one pixel for each 16 x 16;
    to be resized bilinearly."""
    half = image.convert("L", _MEAN).reduce(2)
    detail = ImageChops.difference(half, half.filter(ImageFilter.BoxBlur(3))).reduce(_BLOCK // 2)
    tone = np.abs(np.asarray(half.reduce(_BLOCK // 2), np.float32) - 127.5)
    paper = np.clip((tone - _PAPER_FROM) / (_PAPER_ALL - _PAPER_FROM), 0, 1)
    flat = _FLAT + (_PAPER - _FLAT) * paper
    share = flat + (1 - flat) * np.clip(np.asarray(detail, np.float32) / _TEXTURE, 0, 1)
    return Image.fromarray(np.rint(255 * share).astype(np.uint8))
