"""Reading T1 with the original at hand, from two pictures to a mark."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from guardware.images.trace.blind import DELTA
from guardware.images.trace.code import decode
from guardware.images.trace.frame import SIDE, canonical
from guardware.images.trace.plane import Box, Mask, Plane, high_pass, mean_plane, resized
from guardware.images.trace.reading import Reading, trusted
from guardware.images.trace.register import Placement, find
from guardware.images.trace.residual import soft_informed

_GREY: Final = 6
"""Grey levels by which the channels of a picture without colour may differ after JPEG."""
_FOUND: Final = 0.6
"""Correlation below which a leak is looked for once more, as a negative."""
_LARGE: Final = 2.5
"""Leak's shorter side over the frame's above which it has all the detail that the frame has."""
_KERNELS: Final = (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
"""img2dataset makes smaller by area, Pillow by bicubic, ImageMagick and libvips by Lanczos."""


class Known(NamedTuple):
    """An original as the reader needs it. ``whole``: its mean channel, shorter side 256, to be found in a leak.
    ``frame``: the plane that was marked; ``box``: the part of ``whole`` that it shows, in pixels. ``mean``,
    ``luma``: of the whole original, as large as it is."""

    whole: Plane
    frame: Plane
    box: Box
    mean: Plane
    luma: Plane


def known(original: Image.Image) -> Known:
    """``original``: as it was before marking, in the size it was served at or larger."""
    if original.mode != "RGB":
        original = original.convert("RGBA" if original.has_transparency_data else "RGB")
    frame = canonical(original)
    if original.mode == "RGBA":
        flat = Image.new("RGB", original.size, "white")
        flat.paste(original, mask=original.getchannel("A"))
        original = flat
    mean, luma = mean_plane(original), mean_plane(original.convert("L"))
    scale = SIDE / min(original.size)
    size = round(original.width * scale), round(original.height * scale)
    ratio = size[0] / original.width, size[1] / original.height
    box = frame.box[0] * ratio[0], frame.box[1] * ratio[1], frame.box[2] * ratio[0], frame.box[3] * ratio[1]
    return Known(resized(mean, size), frame.plane, box, mean, luma)


def read_known(
    leak: Image.Image, original: Known, key: bytes, *, delta: float = DELTA, placement: Placement | None = None
) -> Reading:
    """The mark in ``leak``, which shows ``original`` or a part of it, however scaled, squeezed, mirrored or turned
    by some degrees, in right colours, permuted or negative. ``placement``: where its mean channel lies in
    ``original.whole``, when that is known already. ``how`` of the result says how it was found, and the
    correlation."""
    plane = mean_plane(leak)
    place = placement if placement is not None else find(plane, original.whole)
    if placement is None and place.ncc < _FOUND:
        negative = find(255 - plane, original.whole)
        if negative.ncc > place.ncc:
            plane, place = 255 - plane, negative._replace(how=f"negative, {negative.how}")
    frame = place.part(original.box, (original.frame.shape[1], original.frame.shape[0]))
    brought, seen = frame.bring(plane)
    channel = original.luma if colourless(leak) else original.mean
    hosts = [_framed(channel, original, frame), *_lossy(channel, place, frame)]
    host = max(hosts, key=lambda one: _likeness(one, brought, seen))
    soft = soft_informed(brought, original.frame, key, delta, seen, host)
    decoded = decode(soft, key)
    how = f"{place.how}, correlation {place.ncc:.2f}"
    return Reading(decoded.mark, trusted(decoded, soft), decoded.quality, how, soft)


def _framed(channel: Plane, original: Known, frame: Placement) -> Plane:
    """The whole channel on the frame's grid, as marking saw it."""
    ratio = channel.shape[1] / original.whole.shape[1], channel.shape[0] / original.whole.shape[0]
    box = original.box
    return resized(
        channel, frame.original, (box[0] * ratio[0], box[1] * ratio[1], box[2] * ratio[0], box[3] * ratio[1])
    )


def _lossy(channel: Plane, place: Placement, frame: Placement) -> Iterator[Plane]:
    """The channel on the frame's grid as it comes back from a leak that was made smaller in one way or another:
    what fine detail turns into depends much on that."""
    if min(place.leak) > _LARGE * SIDE:
        return
    for kernel in _KERNELS:
        yield frame.bring(place.view(channel, kernel))[0]


def _likeness(one: Plane, other: Plane, seen: Mask) -> float:
    """Correlation of the detail of both."""
    a, b = high_pass(one)[seen], high_pass(other)[seen]
    return float(np.dot(a, b)) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-9)


def colourless(image: Image.Image) -> bool:
    """Whether the picture shows greys alone, so that its channels are the original's luma."""
    small = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX), np.int16)
    return bool(np.ptp(small, axis=2).max() <= _GREY)
