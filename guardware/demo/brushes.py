"""The brushes: every drawing function of the demo by the name under which works.toml asks for it."""

from collections.abc import Callable

from guardware.demo.art import (
    blossoms,
    botanicals,
    compositions,
    contours,
    ink,
    lowpoly,
    moire,
    mountains,
    night,
    ribbons,
    watercolour,
    woven,
)
from guardware.demo.art.fields import Picture

Brush = Callable[..., Picture]
"""Called with a random generator, a size in pixels and the work's options."""

BRUSHES: dict[str, Brush] = {
    "arches": compositions.arches,
    "bamboo": ink.bamboo,
    "branch": botanicals.branch,
    "circle": ink.circle,
    "cut_paper": contours.cut_paper,
    "discs": compositions.discs,
    "fern": botanicals.fern,
    "hills": watercolour.hills,
    "ikat": woven.ikat,
    "lines": contours.lines,
    "lowpoly": lowpoly.paint,
    "mountains": mountains.paint,
    "night": night.paint,
    "pebbles": watercolour.pebbles,
    "planes": compositions.planes,
    "poppies": watercolour.poppies,
    "ribbons": ribbons.paint,
    "rings": moire.rings,
    "scroll": ink.scroll,
    "sunflower": blossoms.sunflower,
    "strings": moire.strings,
    "survey": contours.survey,
    "swell": moire.swell,
    "tapestry": woven.tapestry,
    "tartan": woven.tartan,
    "tiles": compositions.tiles,
    "tree": blossoms.tree,
    "umbels": blossoms.umbels,
}

LOOPS: dict[str, Callable[..., list[Picture]]] = {"breathing": moire.breathing}
"""Brushes that draw the frames of an animation."""
