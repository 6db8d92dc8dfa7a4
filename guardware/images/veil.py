"""The veil: a picture's colours scrambled in the file, and the colour profile that restores them.

A program that applies embedded profiles, as browsers do, shows the right picture. One that ignores them, as the
loaders of training sets do, gets wrong colours. It hides no shapes, and whoever applies the profile undoes it.
"""

import hashlib
import math
from collections.abc import Sequence
from itertools import pairwise, permutations, product
from typing import Any, NamedTuple

from PIL import Image, ImageChops, ImageStat

from guardware.images.colour import ToSrgb, plain_mode
from guardware.images.icc import linear, rgb_profile

NONSENSE = 12.0
"""At most this likeness, in dB, between the file's own colours and the right ones counts as nonsense."""

_THUMBNAIL = (64, 64)
_TAIL = 0.025
"""Share of the darkest and of the brightest values that ``Tones`` may squeeze."""
_SQUEEZE = 3
"""How many levels become one there: more would show as steps, less would move the rest too little."""

_STILL = {"jpeg", "png", "webp", "avif"}
_ANIMATED = {"png", "avif"}
"""Formats whose embedded profile Chromium 156 and Firefox 153 both obey, as screenshots show. Not animated WebP:
Chromium passes over its profile. GIF has none."""

_WEBP_EXTRA = 5


class Tones(NamedTuple):
    """How an inverted picture's tones are moved, for pictures whose mid-greys an inversion leaves as they are.

    The values ``low`` to ``high`` of the picture are inverted and moved up by ``shift`` levels (down if negative),
    nothing else, so that an invisible mark keeps its strength. The few values outside are squeezed or stretched
    into what is left.
    """

    low: int = 0
    high: int = 255
    shift: int = 0

    def knots(self) -> tuple[tuple[int, int], ...]:
        """The corners of the curve, as (value in the picture, value in the file); between them it is straight."""
        inner = ((self.low, 255 - self.low + self.shift), (self.high, 255 - self.high + self.shift))
        return tuple(dict.fromkeys(((0, 255), *inner, (255, 0))))


class Order(NamedTuple):
    """How the colours are scrambled: channel k of the file is channel ``permutation[k]`` of the picture.

    ``inverted``: as a negative. All three channels alike, since an invisible mark adds the same to all three.
    ``tones`` matter to negatives only.
    """

    permutation: tuple[int, int, int]
    inverted: bool
    tones: Tones = Tones()


def orders() -> tuple[Order, ...]:
    """The eleven scrambles by permutation and inversion; without the one that leaves all as it is."""
    found = (Order((r, g, b), inverted) for inverted, (r, g, b) in product((False, True), permutations(range(3))))
    return tuple(order for order in found if order != Order((0, 1, 2), False))


def scramble(image: Image.Image, order: Order) -> Image.Image:
    """The file's colours for a picture in RGB or RGBA; transparency stays."""
    return _recolour(image, order.permutation, _stored(order) if order.inverted else None)


def restore(image: Image.Image, order: Order) -> Image.Image:
    """The picture for a file's colours in RGB or RGBA, without a profile: for copies that have lost it.

    Exact but for rounding outside the tones that are only moved.
    """
    r, g, b = (order.permutation.index(channel) for channel in range(3))
    table = [round(value) for value in _shown(order)] if order.inverted else None
    return _recolour(image, (r, g, b), table)


def unveil(image: Image.Image) -> Image.Image:
    """The picture as a browser shows it: its embedded profile, ours or any, applied; RGB or RGBA."""
    return ToSrgb(image.info.get("icc_profile"))(plain_mode(image))


def profile(order: Order) -> bytes:
    """The ICC profile that makes viewers undo ``scramble``; 952 bytes."""
    return rgb_profile(order.permutation, [linear(value) for value in _shown(order)])


def choose(image: Image.Image, key: bytes, picture: bytes) -> Order:
    """The order for a picture in RGB or RGBA: one that makes nonsense of it.

    Which of those that do is decided by ``key`` (32 bytes) and ``picture``, the digest of the original, so it is
    the same in every process, and unknown to others. When none does, the one that comes closest; ``likeness`` says
    how close.
    """
    small = _thumbnail(image)
    tried: dict[Order, float] = {}
    for candidates in (orders, lambda: _moved(image)):
        for order in sorted(candidates(), key=lambda order: _rank(order, key, picture)):
            tried[order] = likeness(small, order)
            if tried[order] <= NONSENSE:
                return order
    return min(tried, key=tried.__getitem__)


def likeness(image: Image.Image, order: Order) -> float:
    """PSNR in dB between a picture and its file's colours, seen small, where it isn't transparent.

    Above ``NONSENSE`` a loader that ignores the profile still sees something like the picture.
    """
    small = _thumbnail(image)
    difference = ImageChops.difference(small.convert("RGB"), scramble(small, order).convert("RGB"))
    stat = ImageStat.Stat(difference, _visible(small))
    error = sum(stat.sum2) / sum(stat.count)
    return 10 * math.log10(255**2 / error) if error else math.inf


def carries(format: str, animated: bool) -> bool:
    """Whether browsers show a veiled file of ``format`` (jpeg, png, webp, avif …) right."""
    return format in (_ANIMATED if animated else _STILL)


def encoder_options(format: str, quality: int) -> dict[str, Any]:
    """What Pillow's writer needs besides for a veiled picture; ``quality`` is 1 to 100 on JPEG's scale.

    Encoders spare what the eye sees least, blue and red edges, but under a veil that may be the green that it sees
    best. At quality 80, over twelve coloured pictures and five permutations, with colours at half the resolution
    as usual, the brightness a person sees loses 3.1 dB on average (PSNR), on pixel art 23. At full resolution
    JPEG loses 0.9 dB for 28 % more bytes, AVIF 1.4 for 8 %. Pillow's WebP halves always; 5 steps more quality
    leave 1.7 dB of 2.7 for 26 %. Raises ValueError for a format that carries no veil.
    """
    match format:
        case "jpeg" | "avif":
            return {"subsampling": "4:4:4"}
        case "webp":
            return {"quality": min(100, quality + _WEBP_EXTRA)}
        case "png":
            return {}
    raise ValueError(f"{format} carries no veil; {', '.join(sorted(_STILL))} do")


def _thumbnail(image: Image.Image) -> Image.Image:
    """Small as it is: untouched. Averaged and not sampled, as in the training sets, where grain is gone."""
    if image.width <= _THUMBNAIL[0] and image.height <= _THUMBNAIL[1]:
        return image
    return image.resize(_THUMBNAIL, Image.Resampling.BOX, reducing_gap=2.0)


def _visible(image: Image.Image) -> Image.Image | None:
    """A mask that leaves out what is transparent, if that is not everything."""
    if image.mode != "RGBA":
        return None
    alpha = image.getchannel("A")
    return None if alpha.getbbox() is None else alpha


def _rank(order: Order, key: bytes, picture: bytes) -> bytes:
    """What sorts the orders differently for every key and picture."""
    return hashlib.blake2b(repr(order).encode() + picture, key=key, digest_size=16, person=b"veil").digest()


def _moved(image: Image.Image) -> tuple[Order, ...]:
    """Negatives whose tones are moved up or down as far as the squeezed rest allows."""
    low, high = _usual(image)
    shifts = (low - low // _SQUEEZE, -(255 - high - (255 - high) // _SQUEEZE))
    negatives = (order for order in orders() if order.inverted)
    return tuple(order._replace(tones=Tones(low, high, shift)) for order in negatives for shift in shifts)


def _usual(image: Image.Image) -> tuple[int, int]:
    """The least and the greatest value, all channels together, when the tails are left out."""
    counts = image.convert("RGB").histogram(_visible(image))
    values = [sum(counts[value::256]) for value in range(256)]
    allowed = _TAIL * sum(values)
    return _reach(values, allowed), 255 - _reach(values[::-1], allowed)


def _reach(counts: Sequence[int], allowed: float) -> int:
    """How many counts from the first on add up to no more than ``allowed``."""
    total = 0
    for index, count in enumerate(counts):
        total += count
        if total > allowed:
            return index
    return 0


def _recolour(image: Image.Image, permutation: tuple[int, int, int], table: Sequence[int] | None) -> Image.Image:
    """Channel k becomes channel ``permutation[k]``, each value its entry in ``table``."""
    if image.mode not in ("RGB", "RGBA"):
        raise ValueError(f"a picture under a veil is RGB or RGBA, not {image.mode}")
    bands = image.split()
    colours = [bands[channel] for channel in permutation]
    if table is not None:
        colours = [band.point(table) for band in colours]
    return Image.merge(image.mode, [*colours, *bands[3:]])


def _stored(order: Order) -> list[int]:
    """For every value in the picture, the value in the file of an inverted order."""
    knots = order.tones.knots()
    return [round(_line(value, knots)) for value in range(256)]


def _shown(order: Order) -> list[float]:
    """For every value in the file, the value in the picture."""
    if not order.inverted:
        return list(range(256))
    knots = [(stored, value) for value, stored in reversed(order.tones.knots())]
    return [_line(stored, knots) for stored in range(256)]


def _line(at: float, knots: Sequence[tuple[int, int]]) -> float:
    """The height at ``at`` of straight pieces between ``knots``, which go from left to right."""
    for (left, start), (right, end) in pairwise(knots):
        if at <= right:
            return start if left == right else start + (end - start) * (at - left) / (right - left)
    raise ValueError(f"{at} is right of the last of {knots}")
