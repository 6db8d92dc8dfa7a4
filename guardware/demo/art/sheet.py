"""Sheet: shapes with smooth edges. Drawn larger than asked and scaled down; coordinates are final pixels."""

from collections.abc import Callable, Iterable, Sequence
from math import cos, hypot, sin, tau
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from guardware.demo.art.fields import Picture, Size, grain

Point = tuple[float, float]
Ink = int | str


class Sheet:
    """A drawing in mode "L" (a mask, black at first) or "RGB" (``ground`` at first)."""

    def __init__(self, size: Size, mode: str = "L", ground: Ink = 0, scale: int = 2) -> None:
        self.size, self._scale = size, scale
        self._big = Image.new(mode, (size[0] * scale, size[1] * scale), ground)
        self._draw = ImageDraw.Draw(self._big)

    def polygon(self, points: Sequence[Point], ink: Ink = 255) -> None:
        """A filled shape."""
        if len(points) > 2:
            self._draw.polygon(self._scaled(points), fill=ink)

    def line(self, points: Sequence[Point], width: float, ink: Ink = 255) -> None:
        """A line of even width with round joints."""
        if len(points) > 1:
            thick = max(1, round(width * self._scale))
            self._draw.line(self._scaled(points), fill=ink, width=thick, joint="curve" if thick > 3 else None)

    def circle(self, centre: Point, radius: float, ink: Ink = 255) -> None:
        """A filled disc."""
        self._draw.ellipse(self._box(centre, radius), fill=ink)

    def ring(self, centre: Point, radius: float, width: float, ink: Ink = 255) -> None:
        """A circle's outline, ``width`` inwards."""
        thick = max(1, round(width * self._scale))
        self._draw.ellipse(self._box(centre, radius), outline=ink, width=thick)

    def wedge(self, centre: Point, radius: float, start: float, end: float, ink: Ink = 255) -> None:
        """A slice of a disc, degrees clockwise from three o'clock."""
        self._draw.pieslice(self._box(centre, radius), start, end, fill=ink)

    def box(self, left: float, top: float, right: float, bottom: float, ink: Ink = 255) -> None:
        """A filled rectangle; the right and bottom edges are outside it."""
        s = self._scale
        if right > left and bottom > top:
            self._draw.rectangle((left * s, top * s, right * s - 1, bottom * s - 1), fill=ink)

    def stroke(self, points: Sequence[Point], width: Callable[[float], float], ink: Ink = 255) -> None:
        """A brush stroke along ``points``; ``width`` gives the brush's breadth at 0 (start) to 1 (end)."""
        self.polygon(outline(points, width), ink)

    def paste(self, picture: Picture) -> None:
        """Lay a picture of the sheet's size under all that follows."""
        self._big.paste(picture.resize(self._big.size, Image.Resampling.BICUBIC))

    def stamp(self, mask: Picture, x: float, y: float, ink: Ink = 255) -> None:
        """``ink`` pressed through ``mask``, its upper left corner at ``x``, ``y``."""
        s = self._scale
        large = mask.resize((mask.width * s, mask.height * s), Image.Resampling.BICUBIC)
        self._big.paste(ink, (round(x * s), round(y * s)), large)

    def done(self) -> Picture:
        """The drawing at its final size."""
        return self._big.reduce(self._scale)

    def _scaled(self, points: Iterable[Point]) -> list[Point]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def _box(self, centre: Point, radius: float) -> tuple[float, float, float, float]:
        s = self._scale
        return (
            (centre[0] - radius) * s,
            (centre[1] - radius) * s,
            (centre[0] + radius) * s,
            (centre[1] + radius) * s,
        )


def outline(points: Sequence[Point], width: Callable[[float], float]) -> list[Point]:
    """The outline of a stroke along ``points``."""
    left, right = [], []
    last = len(points) - 1
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, last)]
        length = hypot(bx - ax, by - ay) or 1.0
        half = width(i / max(last, 1)) / 2
        nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def away(start: Point, angle: float, distance: float) -> Point:
    """The point ``distance`` from ``start`` in a direction (radians, clockwise from the right)."""
    return start[0] + cos(angle) * distance, start[1] + sin(angle) * distance


def bezier(start: Point, control: Point, end: Point, steps: int = 16) -> list[Point]:
    """A quadratic curve as points."""
    curve = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        curve.append((a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]))
    return curve


def blob(rng: Random, centre: Point, radius: float, wobble: float = 0.15, steps: int = 72) -> list[Point]:
    """A closed, roundish shape; ``wobble`` is how far from a circle."""
    waves = [(n, rng.uniform(0, tau), rng.uniform(0.3, 1) * wobble / n**0.7) for n in range(2, 7)]
    points = []
    for i in range(steps):
        angle = tau * i / steps
        r = radius * (1 + sum(size * sin(n * angle + phase) for n, phase, size in waves))
        points.append((centre[0] + r * cos(angle), centre[1] + r * sin(angle)))
    return points


def pressed(picture: Picture, colour: str, mask: Picture) -> Picture:
    """``picture`` with ``colour`` multiplied in where ``mask`` says: a glaze of transparent paint."""
    glazed = ImageChops.multiply(picture, Image.new("RGB", picture.size, colour))
    return Image.composite(glazed, picture, mask)


def over(picture: Picture, colour: str | Picture, mask: Picture) -> Picture:
    """``picture`` with ``colour`` laid over it where ``mask`` says: opaque paint."""
    top = colour if isinstance(colour, Image.Image) else Image.new("RGB", picture.size, colour)
    return Image.composite(top, picture, mask)


def soft(picture: Picture, radius: float) -> Picture:
    """The picture out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


def textured(rng: Random, picture: Picture, strength: float = 6) -> Picture:
    """A print on paper: soft-edged grain of about ``strength`` levels, which also hides the steps of 8 bits.

    0 leaves flat colour flat.
    """
    if strength <= 0:
        return picture
    speckle = soft(grain(rng, picture.size).point(lambda v: v * 255).convert("L"), 0.6)
    scaled = speckle.point([round(128 + (v - 127.5) / 64 * strength) for v in range(256)])
    return ImageChops.add(picture, Image.merge("RGB", [scaled] * 3), 1, -128)
