"""The shape of the ``images`` section: variants and their steps, who gets which, and the limits of making them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from guardware.config.faults import shown
from guardware.config.section import Section
from guardware.config.values import Duration, Size

ORIGINAL = "original"
"""What ``verdicts.everyone`` may name besides a variant: the picture as it is."""

Position = Literal["ce", "no", "so", "ea", "we", "noea", "nowe", "soea", "sowe"]
"""imgproxy's words: centre, north, south, east, west and the corners."""

_DRAWS = ("resize", "degrade", "watermark", "decoy")
"""Steps that change what is seen; they come before those that hide something in it."""
_HIDES = ("veil", "trace")
_WHOLE = ("placeholder", "decoy")
"""Steps that put another picture in its place, so they come first."""

PLAIN_STEPS = ("veil", "trace", "metadata", "decoy", "placeholder", "watermark", "degrade")
"""Steps that may stand as one word."""


class Resize(Section):
    """Scale down, never up. ``resize: 2048`` is short for the longer side."""

    max_side: int = Field(ge=16, le=16384, description="Pixels of the longer side.")

    @model_validator(mode="before")
    @classmethod
    def _number(cls, data: Any) -> Any:
        return {"max_side": data} if isinstance(data, int | float) and not isinstance(data, bool) else data


class Degrade(Section):
    """Take detail away."""

    blur: float = Field(4.0, ge=0, le=100, description="Gaussian radius, in thousandths of the longer side.")
    pixelate: float = Field(0.0, ge=0, le=500, description="Size of a block, in thousandths of the longer side.")
    grayscale: bool = Field(False, description="Take the colour away.")


class Mark(Section):
    """A visible mark of this step alone; what is left out is as under images.watermark."""

    text: str | None = Field(None, max_length=200, description="What it says.")
    logo: str | None = Field(None, description="A PNG or SVG file in place of the text.")
    font: str | None = Field(None, description="A font file.")
    opacity: float | None = Field(None, gt=0, le=1, description="1 hides what is beneath.")
    scale: float | None = Field(None, gt=0, le=1, description="Height over the picture's short side.")
    angle: float | None = Field(None, ge=-180, le=180, description="Degrees, counter-clockwise.")
    position: Position | None = Field(None, description="Where one mark stands.")
    repeat: bool | None = Field(None, description="All over the picture.")
    margin: float | None = Field(None, ge=0, le=0.5, description="Space to the edge, over the short side.")


class Save(Section):
    """How this variant is encoded; what is left out is as in images.format and images.quality."""

    format: Literal["keep", "auto", "jpeg", "png", "webp", "avif"] | None = Field(None, description="The format.")
    quality: int | None = Field(None, ge=1, le=100, description="Of lossy formats.")


class Step(Section):
    """One step of a variant: one key, or one word where a step needs no more."""

    resize: Resize | None = Field(None, description="Scale down to so many pixels.")
    degrade: Degrade | None = Field(None, description="Blur, pixelate, take the colour.")
    decoy: bool = Field(False, description="Another, made-up picture in its place.")
    placeholder: bool = Field(False, description="A card that says so in its place.")
    watermark: Mark | None = Field(None, description="The visible mark.")
    veil: bool = Field(False, description="Colours scrambled in the file; its profile restores them.")
    trace: bool = Field(False, description="The invisible mark that names the request.")
    metadata: bool = Field(False, description="Credit and opt-out in the file (images.metadata).")
    save: Save | None = Field(None, description="Format and quality of this variant.")

    @model_validator(mode="before")
    @classmethod
    def _word(cls, data: Any) -> Any:
        """A word is the step of that name as it is by default."""
        if data == "cloak" or (isinstance(data, dict) and "cloak" in data):
            raise ValueError("cloak is not there yet: it will come with the extra guardware[cloak]; take it out")
        if not isinstance(data, str):
            return data
        if data not in PLAIN_STEPS:
            raise ValueError(f"{shown(data)} is no step; write one of {', '.join(cls.model_fields)}")
        return {data: {} if data in ("watermark", "degrade") else True}

    @model_validator(mode="after")
    def _one(self) -> "Step":
        if len(self._given()) != 1:
            raise ValueError("is not one step; write each step as - key: value, on a line of its own")
        return self

    @property
    def name(self) -> str:
        return self._given()[0]

    def short(self) -> Any:
        """The step as a file would have it: a word, or a table of one key."""
        name = self.name
        value = getattr(self, name)
        if isinstance(value, Resize):
            return {name: value.max_side}
        if value is True:
            return name
        given = {key: inner for key, inner in value if key in value.model_fields_set and inner is not None}
        return {name: given} if given else name

    def _given(self) -> list[str]:
        return [name for name, value in self if value is not None and value is not False]


def check_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps in an order that makes sense, none twice; raises ValueError."""
    names = [step.name for step in steps]
    if not names:
        raise ValueError("has no step; write at least one, for example [placeholder]")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"has the step {name} twice; remove one")
    for place, name in enumerate(names):
        if name in _WHOLE and place:
            raise ValueError(f"replaces the picture by {name} after other steps; put {name} first")
        hidden = next((n for n in names[:place] if n in _HIDES), None)
        if name in _DRAWS and hidden:
            raise ValueError(f"would draw over what {hidden} hides; put {name} before {hidden}")
    if "trace" in names and "veil" in names and names.index("trace") < names.index("veil"):
        raise ValueError("has trace before veil; put veil first")
    if "placeholder" in names and len(names) > 1:
        raise ValueError("has more than the placeholder; remove the other steps")
    return steps


def changes_picture(steps: tuple[Step, ...]) -> bool:
    """Whether what comes out is another picture than the original, and not the original in another file."""
    return any(step.name not in ("metadata", "save") for step in steps)


Steps = Annotated[tuple[Step, ...], AfterValidator(check_steps)]


def _steps(*steps: Any) -> tuple[Step, ...]:
    return tuple(Step.model_validate(step) for step in steps)


VARIANTS: dict[str, tuple[Step, ...]] = {
    "veiled": _steps({"resize": 2048}, "veil", "trace", "metadata"),
    "veiled-marked": _steps({"resize": 1024}, "watermark", "veil", "trace", "metadata"),
    "veiled-small": _steps({"resize": 1024}, "veil", "trace", "metadata"),
    "marked": _steps({"resize": 1024}, "watermark", "metadata"),
    "marked-traced": _steps({"resize": 1024}, "watermark", "trace", "metadata"),
    "bait": _steps({"resize": 320}, "degrade", "watermark", "metadata"),
    "credited": _steps("metadata"),
}
"""The variants that are there without a line of configuration."""


class Verdicts(Section):
    """Which variant each verdict gets, by name. Only everyone may be given the original."""

    doubtful: str = Field("veiled", description="Something does not fit: a person sees the right picture.")
    suspect: str = Field("veiled-marked", description="Much does not fit (thresholds.suspect); download tools.")
    unmanaged: str = Field(
        "marked-traced",
        description="Doubtful, and of no browser known to apply colour profiles: never veil these.",
    )
    unverified_search: str = Field("marked", description="Search engines, unless crawlers allows them originals.")
    preview_bot: str = Field("marked", description="Link previews and feed readers: they ignore colour profiles.")
    over_budget: str = Field("veiled-small", description="Took more originals than budgets allow.")
    bait: str = Field("bait", description="The preview in src, where pages are rewritten.")
    everyone: str = Field(ORIGINAL, description="Those nothing speaks against.")


class Watermark(Section):
    """The visible mark on protected pictures."""

    text: str = Field("", max_length=200, description="Empty: © and the site's name.")
    logo: str = Field("", description="A PNG or SVG file in place of the text (SVG: the extra svg).")
    font: str = Field("", description="A font file of yours; empty: the shipped fonts.")
    opacity: float = Field(0.35, gt=0, le=1, description="1 hides what is beneath.")
    scale: float = Field(0.045, gt=0, le=1, description="Height of the letters or the logo over the short side.")
    angle: float = Field(30.0, ge=-180, le=180, description="Degrees, counter-clockwise.")
    position: Position = Field("soea", description="Where one mark stands if it is not repeated.")
    repeat: bool = Field(True, description="All over the picture; false: once, at position.")
    margin: float = Field(
        0.03, ge=0, le=0.5, description="Space from a single mark to the edge, over the short side."
    )


class Trace(Section):
    """The invisible mark, and the record of who got which."""

    delta: float = Field(
        30.0, ge=8, le=80, description="Strength in shared copies (grey levels of the quantiser)."
    )
    amplitude: float = Field(2.0, ge=0.5, le=6, description="Strength in JPEG copies (grey levels).")
    keep: Duration = Field(365 * 86400.0, description="How long the record of marked copies is kept.")


class Metadata(Section):
    """What the step metadata writes into files: XMP, EXIF, IPTC. Empty texts come from site."""

    creator: str = Field("", max_length=200, description="Empty: the site's name.")
    rights: str = Field("", max_length=500, description="Empty: © and the site's name.")
    usage_terms: str = Field(
        "No AI training. No text and data mining.", max_length=1000, description="What is allowed, in words."
    )
    web_statement: str = Field(
        "", max_length=500, description="A page with your terms; empty: notices.tdm_policy."
    )
    description: str = Field("", max_length=1000, description="EXIF ImageDescription; empty: rights and terms.")
    mining: Literal[
        "prohibited",
        "prohibited-aimltraining",
        "prohibited-genaimltraining",
        "prohibited-exceptsearchengineindexing",
        "unspecified",
        "allowed",
    ] = Field("prohibited-aimltraining", description="plus:DataMining, in the words of the PLUS vocabulary.")
    strip: bool = Field(True, description="Take out GPS, serial numbers, thumbnails.")


_BLIND = ("unmanaged", "unverified_search", "preview_bot")
"""Verdicts on programs that are not known to apply colour profiles."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Images(Section):
    """What is given instead of an original, and the limits of making it."""

    variants: dict[str, Steps] = Field(VARIANTS, description="Named lists of steps; yours are added to these.")
    verdicts: Verdicts = Field(Verdicts(), description="Which verdict gets which variant.")
    format: Literal["keep", "auto", "jpeg", "png", "webp", "avif"] = Field(
        "keep", description="keep: as the original; auto: the best that the visitor's Accept header names."
    )
    quality: int = Field(85, ge=1, le=100, description="Of lossy formats, on JPEG's scale; 100 is best.")
    watermark: Watermark = Field(Watermark(), description="The visible mark.")
    trace: Trace = Field(Trace(), description="The invisible mark.")
    metadata: Metadata = Field(Metadata(), description="Credit and opt-out in files.")
    svg: Literal["serve", "sanitise", "refuse"] = Field(
        "serve",
        description="SVG for doubtful clients: as it is, without scripts and embedded pictures, or a card.",
    )
    max_pixels: int = Field(50_000_000, ge=1, description="Larger pictures become a placeholder.")
    max_bytes: Size = Field(64_000_000, description="Larger files become a placeholder.")
    max_frames: int = Field(200, ge=1, le=10_000, description="Further frames of an animation are left out.")
    timeout: Duration = Field(10.0, description="Seconds until the placeholder is served instead.")
    workers: int = Field(2, ge=1, le=64, description="Pictures made at the same time, each in a process.")
    worker_memory: Size = Field(1_000_000_000, description="Memory that one of these may take.")
    queue: int = Field(64, ge=0, description="Pictures that may wait; more get the placeholder.")
    cache_bytes: Size = Field(128_000_000, description="Memory for finished variants.")
    disk_bytes: Size = Field(2_000_000_000, description="Disk for finished variants, in store.folder; 0: none.")

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        """A variant that is not written stays as it is."""
        if not isinstance(data, dict) or not isinstance(data.get("variants"), dict):
            return data
        return {**data, "variants": {**VARIANTS, **data["variants"]}}

    @field_validator("variants")
    @classmethod
    def _named(cls, variants: dict[str, tuple[Step, ...]]) -> dict[str, tuple[Step, ...]]:
        if any(not _NAME.fullmatch(name) or name == ORIGINAL for name in variants):
            raise ValueError("has a name that cannot be one; use small letters, digits, - and _, and not original")
        return variants

    @field_validator("verdicts")
    @classmethod
    def _known(cls, verdicts: Verdicts, info: ValidationInfo) -> Verdicts:
        variants: dict[str, tuple[Step, ...]] = info.data.get("variants", {})
        for verdict, name in verdicts if variants else ():
            if reason := _unfit(verdict, name, variants):
                raise ValueError(f"{verdict} {reason}")
        return verdicts


def _unfit(verdict: str, name: str, variants: Mapping[str, tuple[Step, ...]]) -> str:
    """Why the variant ``name`` must not be what ``verdict`` gets, and what would be right; else ""."""
    free = verdict == "everyone"
    if name not in variants:
        known = ", ".join([*variants, ORIGINAL] if free else variants)
        return "" if free and name == ORIGINAL else f"names no variant; write one of {known}"
    if not free and not changes_picture(variants[name]):
        return "would get the picture as it is; add a step such as resize: 1024, or name another variant"
    if verdict in _BLIND and any(step.veil for step in variants[name]):
        return "is for programs that ignore colour profiles, so no veil can be in it; write marked"
    return ""
