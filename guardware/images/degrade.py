"""Detail taken away from a picture: blurred, in coarse blocks, without colour."""

from PIL import Image, ImageFilter

from guardware.images.recipe import Degrade

_COARSE = 2.5
"""Radius in pixels that is fine enough to blur with: a wider blur is done on a smaller picture, at a quarter of
the cost. Measured on a photograph: 0.3 to 0.5 grey levels away in the mean, 17 at the most, beside hard edges."""


def degrade(image: Image.Image, step: Degrade) -> Image.Image:
    """``image`` (RGB or RGBA), of the same size and mode, with ``step`` done to it: blur, blocks, then colour.

    The blur's radius (standard deviation) and the side of a block are thousandths of the longer side, so that
    a small picture loses as much as a large one; a block is at least two pixels, if there are any.
    """
    longer = max(image.size)
    if step.blur > 0:
        image = _blurred(image, step.blur / 1000 * longer)
    if step.pixelate > 0:
        image = _in_blocks(image, max(2, round(step.pixelate / 1000 * longer)))
    return _grey(image) if step.grayscale else image


def _blurred(image: Image.Image, radius: float) -> Image.Image:
    if image.mode == "RGBA":
        # Weighted by opacity: colours beneath transparent parts must not flow into what is seen.
        return _blurred(image.convert("RGBa"), radius).convert("RGBA")
    step = max(1, min(int(radius / _COARSE), *image.size))
    if step == 1:
        return image.filter(ImageFilter.GaussianBlur(radius))
    soft = image.reduce(step).filter(ImageFilter.GaussianBlur(radius / step))
    inside = (0, 0, image.width / step, image.height / step)
    return soft.resize(image.size, Image.Resampling.BICUBIC, box=inside)


def _in_blocks(image: Image.Image, side: int) -> Image.Image:
    blocks = image.reduce((min(side, image.width), min(side, image.height)))
    coarse = blocks.resize((blocks.width * side, blocks.height * side), Image.Resampling.NEAREST)
    return coarse.crop((0, 0, *image.size))


def _grey(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    return Image.merge(image.mode, [grey, grey, grey, *image.split()[3:]])
