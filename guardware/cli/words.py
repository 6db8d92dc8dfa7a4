"""Recipes, verdicts and likeness in words for an artist."""

import math
from collections.abc import Iterator, Mapping

from guardware.config.schema import Config
from guardware.images.recipe import (
    Decoy,
    Degrade,
    Metadata,
    Placeholder,
    Recipe,
    Resize,
    Step,
    Trace,
    Veil,
    Watermark,
)

VERDICTS: Mapping[str, str] = {
    "everyone": "everyone nothing speaks against",
    "doubtful": "visitors of whom something does not fit",
    "suspect": "visitors of whom much does not fit, such as download tools",
    "unmanaged": "doubtful visitors whose program is not known to apply colour profiles",
    "unverified_search": "search engines",
    "preview_bot": "link previews and feed readers",
    "over_budget": "visitors who took more originals than their budget",
    "bait": "the first address in a page's pictures, where pages are rewritten",
}
"""Who gets the variant that ``images.verdicts`` names under a key."""

_LIKENESS = (
    (40.0, "no difference to be seen"),
    (33.0, "hardly a difference"),
    (25.0, "a visible difference"),
    (14.0, "a clear difference"),
    (-math.inf, "nonsense colours"),
)
"""PSNR in dB from which on a picture is so much like another. 33: what a person may lose under a veil; 14: what
the veil must leave a loader at most (the issue's bounds); 40 and 25: where we begin to see JPEG's and blur's marks
side by side."""


def steps_in_words(recipe: Recipe) -> list[str]:
    """A sentence for each step, in their order."""
    return [_step(step) for step in recipe.steps]


def receivers(config: Config, variant: str) -> list[str]:
    """Who gets ``variant``, or "original"; empty if nobody does."""
    by_verdict = [VERDICTS[verdict] for verdict, name in config.images.verdicts if name == variant]
    return by_verdict + list(_by_rule(config, variant))


def likeness_in_words(psnr: float) -> str:
    """How much alike two pictures of so many dB are."""
    return next(words for least, words in _LIKENESS if psnr >= least)


def _by_rule(config: Config, variant: str) -> Iterator[str]:
    for number, rule in enumerate(config.rules, 1):
        if rule.variant == variant:
            yield f"those whom your rule {f'“{rule.name}”' if rule.name else number} names"


def _step(step: Step) -> str:
    match step:
        case Resize(side):
            return f"Scaled down to {side} pixels on the longer side, if it has more."
        case Degrade():
            return _degraded(step)
        case Watermark():
            return _marked(step)
        case Veil():
            return "Veiled: the colours are scrambled in the file, and its colour profile restores them."
        case Trace():
            return "Traced: an invisible mark names the request that got the copy."
        case Metadata():
            return "Credited: your name and the opt-out stand in the file."
        case Decoy():
            return "Replaced: another, made-up picture in its place."
        case Placeholder():
            return "Replaced: a card in its place."


def _degraded(step: Degrade) -> str:
    done = {"blurred": step.blur > 0, "in coarse blocks": step.pixelate > 0, "without colour": step.grayscale}
    return f"Degraded: {', '.join(word for word, so in done.items() if so) or 'not at all'}."


def _marked(step: Watermark) -> str:
    what = "your logo" if step.logo else f"“{step.text}”"
    return f"Watermarked: {what}, {'all over' if step.repeat else 'once'}, {step.opacity:.0%} opaque."
