"""Recipes: what is done to a picture, as plain values that can be sent to another process.

Nothing here knows the configuration; ``guardware.images.recipes`` makes these from it.
"""

import hashlib
from typing import NamedTuple

import PIL

RECIPE_VERSION = 2
"""Raised whenever the same recipe gives other bytes than before."""


class Resize(NamedTuple):
    """Scale down, never up, until the longer side is at most ``max_side`` pixels."""

    max_side: int


class Degrade(NamedTuple):
    """Take detail away: Gaussian ``blur`` and ``pixelate`` in thousandths of the longer side, colour."""

    blur: float
    pixelate: float
    grayscale: bool


class Watermark(NamedTuple):
    """A visible mark: ``text``, or ``logo`` (the bytes of a PNG) in its place.

    ``font``: a path, or "" for the shipped ones. ``opacity`` 0 to 1. ``scale``: the letters' or the logo's height
    over the picture's shorter side. ``angle`` in degrees, counter-clockwise. ``position``: imgproxy's words (ce,
    no, so, ea, we, noea, nowe, soea, sowe), for a mark that is not repeated. ``repeat``: all over the picture.
    ``margin``: between mark and edge, over the picture's shorter side.
    """

    text: str
    logo: bytes
    font: str
    opacity: float
    scale: float
    angle: float
    position: str
    repeat: bool
    margin: float


class Veil(NamedTuple):
    """Scramble the colour channels; the embedded profile undoes it. ``fallback``: drawn on pictures of which no
    scramble makes nonsense, and on those whose format carries no veil."""

    fallback: Watermark | None = None


class Trace(NamedTuple):
    """The invisible mark that names the request. ``delta``: quantiser step of T1; ``amplitude``: of T2, both in
    grey levels."""

    delta: float
    amplitude: float


class Metadata(NamedTuple):
    """What is written into the file, and that private facts are taken out.

    ``mining``: the last part of a PLUS data-mining term (PROHIBITED, PROHIBITED-AIMLTRAINING, …), or "" for no
    statement. Empty texts are left out. ``strip``: GPS, serial numbers and the like go (they never reach an
    encoded variant; this concerns files that are rewritten without decoding).
    """

    creator: str
    rights: str
    usage_terms: str
    web_statement: str
    description: str
    mining: str
    strip: bool


class Decoy(NamedTuple):
    """Another, made-up picture of the same proportions in its place."""


class Placeholder(NamedTuple):
    """The card that says so, in its place."""


class Save(NamedTuple):
    """How the result is encoded: ``format`` is keep, auto (by the Accept header), jpeg, png, webp or avif;
    ``quality`` is 1 to 100 on JPEG's scale."""

    format: str
    quality: int


Step = Resize | Degrade | Veil | Watermark | Trace | Metadata | Decoy | Placeholder


class Bounds(NamedTuple):
    """What an original may ask for at most: pixels of one frame, frames of an animation, pixels of all frames
    together."""

    max_pixels: int
    max_frames: int
    max_animation_pixels: int


class Recipe(NamedTuple):
    """A named variant, ready to be made: its steps in order, how it is saved, and the bounds."""

    name: str
    steps: tuple[Step, ...]
    save: Save
    bounds: Bounds
    version: tuple[int, str] = (RECIPE_VERSION, PIL.__version__)

    def digest(self) -> bytes:
        """16 bytes that differ when anything but the name does."""
        text = repr(self._replace(name=""))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()[:16]
