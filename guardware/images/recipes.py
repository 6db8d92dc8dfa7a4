"""From the configuration to recipes: texts filled in, files read, one recipe for every named variant."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from guardware.accept import media_ranges
from guardware.config.images import Mark, Step, changes_picture
from guardware.config.images import Watermark as WatermarkConfig
from guardware.config.schema import Config
from guardware.errors import ConfigError, GuardwareError, MissingExtraError
from guardware.images import recipe as r
from guardware.images.fonts import check_font
from guardware.images.lettering import LAST_RESORT
from guardware.images.logo import load_logo

MAX_ANIMATION_PIXELS_FACTOR = 4
"""All frames of an animation together may have so many times ``images.max_pixels``."""


def compile_recipes(config: Config) -> dict[str, r.Recipe]:
    """The recipes of ``images.variants`` by name. Raises ConfigError for a logo or font that cannot be read."""
    return {name: _recipe(name, steps, config) for name, steps in config.images.variants.items()}


def check_extras(config: Config) -> None:
    """Raises ConfigError if the configuration asks for a library that is not installed."""
    if config.images.svg == "sanitise":
        try:
            importlib.import_module("guardware.images.svg")
        except MissingExtraError as error:
            raise ConfigError([f"images.svg: {error}; or write serve or refuse"]) from None


def leaves_picture(recipe: r.Recipe) -> bool:
    """Whether the recipe only rewrites what stands around the pixels."""
    return all(isinstance(step, r.Metadata) for step in recipe.steps)


def traced(recipe: r.Recipe) -> bool:
    """Whether copies carry a mark."""
    return any(isinstance(step, r.Trace) for step in recipe.steps)


def _recipe(name: str, steps: tuple[Step, ...], config: Config) -> r.Recipe:
    images = config.images
    compiled = tuple(done for step in steps if (done := _step(step, config, name)) is not None)
    given = next((step.save for step in steps if step.save is not None), None)
    format = (given.format if given else None) or images.format
    quality = (given.quality if given else None) or images.quality
    bounds = r.Bounds(images.max_pixels, images.max_frames, MAX_ANIMATION_PIXELS_FACTOR * images.max_pixels)
    if not changes_picture(steps):
        compiled = tuple(step for step in compiled if isinstance(step, r.Metadata))
    return r.Recipe(name, compiled, r.Save(format, quality), bounds)


def _step(step: Step, config: Config, variant: str) -> r.Step | None:
    images = config.images
    match step.name:
        case "resize" if step.resize is not None:
            return r.Resize(step.resize.max_side)
        case "degrade" if step.degrade is not None:
            return r.Degrade(step.degrade.blur, step.degrade.pixelate, step.degrade.grayscale)
        case "watermark" if step.watermark is not None:
            return watermark_step(step.watermark, config, f"images.variants.{variant}")
        case "trace":
            return r.Trace(images.trace.delta, images.trace.amplitude)
        case "metadata":
            return metadata_step(config)
        case "veil":
            watermarked = any(other.name == "watermark" for other in images.variants[variant])
            return r.Veil(None if watermarked else watermark_step(Mark(), config))
        case "decoy":
            return r.Decoy()
        case "placeholder":
            return r.Placeholder()
    return None


def watermark_step(change: Mark, config: Config, place: str = "images.watermark") -> r.Watermark:
    """``images.watermark`` with what ``change`` says otherwise. Raises ConfigError naming ``place``."""
    settings = config.images.watermark
    given = {key: value for key, value in change if value is not None}
    # A text of this step's own stands before the logo of all.
    if "text" in given and "logo" not in given:
        given["logo"] = ""
    merged = WatermarkConfig.model_validate({**dict(settings), **given})
    return r.Watermark(
        merged.text.strip() or owner_words(config),
        _logo(merged.logo, place),
        _font(merged.font, place),
        merged.opacity,
        merged.scale,
        merged.angle,
        merged.position,
        merged.repeat,
        merged.margin,
    )


def owner_words(config: Config) -> str:
    """© and the owner's name, or words that stand on their own."""
    name = config.site.name.strip()
    return f"© {name}" if name else LAST_RESORT


def metadata_step(config: Config) -> r.Metadata:
    """``images.metadata`` with what is empty taken from the rest of the configuration."""
    given, name = config.images.metadata, config.site.name.strip()
    rights = given.rights or (f"© {name}" if name else "All rights reserved")
    policy = str(config.notices.tdm_policy or config.site.url or "")
    return r.Metadata(
        given.creator or name,
        rights,
        given.usage_terms,
        given.web_statement or policy,
        given.description or f"{rights}. {given.usage_terms}".strip(),
        given.mining.upper(),
        given.strip,
    )


def _logo(path: str, place: str) -> bytes:
    if not path:
        return b""
    try:
        return load_logo(str(Path(path).expanduser()))
    except (ValueError, OSError, GuardwareError) as error:
        raise ConfigError([f"{place}.logo: {error}"]) from None


def _font(path: str, place: str) -> str:
    if not path:
        return ""
    try:
        return check_font(str(Path(path).expanduser()))
    except ValueError as error:
        raise ConfigError([f"{place}.font: {error}"]) from None


OFFERS: Mapping[str, bytes] = {"a": b"image/avif", "w": b"image/webp"}
"""Formats that are negotiated, by a letter."""


def offers(recipe: r.Recipe, accept: bytes | None) -> str:
    """Which formats beside the original's own an Accept header names, as letters: "", "a", "w" or "aw".

    Only where the recipe's format is ``auto``; else always "".
    """
    if recipe.save.format != "auto" or not accept:
        return ""
    named = {media for media, quality in media_ranges(accept) if quality > 0}
    return "".join(letter for letter, media in OFFERS.items() if media in named)


def offered(letters: str) -> bytes:
    """The Accept header that ``offers`` gives ``letters`` for."""
    return b",".join(OFFERS[letter] for letter in letters)
