"""images: variants made of steps, and who gets which."""

from typing import Any

import pytest

from guardware.config import Config, from_mapping, load_text
from guardware.config.images import VARIANTS
from guardware.errors import ConfigError


def steps(config: Config, variant: str) -> list[Any]:
    return [step.short() for step in config.images.variants[variant]]


def fault(images: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load_text(f"images: {images}", "g.yaml")
    (line,) = raised.value.faults
    return line.partition(": ")[2]


def test_what_is_there_without_a_line() -> None:
    config = Config()
    assert steps(config, "veiled") == [{"resize": 2048}, "veil", "trace", "metadata"]
    assert config.images.verdicts.doubtful == "veiled"
    assert config.images.verdicts.everyone == "original"


def test_a_variant_of_ones_own_stands_beside_the_others() -> None:
    config = load_text("images: {variants: {tiny: [resize: 200, watermark]}, verdicts: {suspect: tiny}}", "g.yaml")
    assert steps(config, "tiny") == [{"resize": 200}, "watermark"]
    assert config.images.variants["veiled"] == VARIANTS["veiled"]
    assert config.images.verdicts.suspect == "tiny"


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("veil", "veil"),
        ("{veil: true}", "veil"),
        ("{resize: 300}", {"resize": 300}),
        ("{resize: {max_side: 300}}", {"resize": 300}),
        ("degrade", "degrade"),
        ("{degrade: {blur: 2}}", {"degrade": {"blur": 2.0}}),
        ("{watermark: {text: mine, repeat: false}}", {"watermark": {"text": "mine", "repeat": False}}),
        ("{save: {format: webp}}", {"save": {"format": "webp"}}),
        ("placeholder", "placeholder"),
    ],
)
def test_how_a_step_is_written(written: str, short: Any) -> None:
    assert steps(load_text(f"images: {{variants: {{v: [{written}]}}}}", "g.yaml"), "v") == [short]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("{variants: {v: []}}", "images.variants.v: has no step; write at least one, for example [placeholder]"),
        (
            "{variants: {v: [veil, resize: 100]}}",
            "images.variants.v: would draw over what veil hides; put resize before veil",
        ),
        ("{variants: {v: [trace, veil]}}", "images.variants.v: has trace before veil; put veil first"),
        ("{variants: {v: [veil, veil]}}", "images.variants.v: has the step veil twice; remove one"),
        (
            "{variants: {v: [placeholder, metadata]}}",
            "images.variants.v: has more than the placeholder; remove the other steps",
        ),
        (
            "{variants: {v: [resize: 9, veil]}}",
            "images.variants.v[0].resize: is too small; write a number of at least 16",
        ),
        (
            "{variants: {v: [cloak]}}",
            "images.variants.v[0]: cloak is not there yet: it will come with the extra guardware[cloak]; "
            "take it out",
        ),
        (
            "{variants: {v: [viel]}}",
            "images.variants.v[0]: 'viel' is no step; write one of resize, degrade, decoy, placeholder, "
            "watermark, veil, trace, metadata, save",
        ),
        (
            "{verdicts: {doubtful: veild}}",
            "images.verdicts: doubtful names no variant; write one of veiled, veiled-marked, veiled-small, "
            "marked, marked-traced, bait, credited",
        ),
        (
            "{verdicts: {doubtful: credited}}",
            "images.verdicts: doubtful would get the picture as it is; add a step such as resize: 1024, or name "
            "another variant",
        ),
        (
            "{verdicts: {preview_bot: veiled}}",
            "images.verdicts: preview_bot is for programs that ignore colour profiles, so no veil can be in it; "
            "write marked",
        ),
        (
            "{variants: {Original: [veil]}}",
            "images.variants: has a name that cannot be one; use small letters, digits, - and _, and not original",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_mend(images: str, message: str) -> None:
    assert fault(images) == message


def test_only_everyone_may_have_the_original() -> None:
    assert from_mapping({"images": {"verdicts": {"everyone": "original"}}}).images.verdicts.everyone == "original"
    assert "doubtful names no variant" in fault("{verdicts: {doubtful: original}}")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("action: allow, variant: marked", "has a variant, but its action is not protect"),
        ("action: protect, variant: no-such", "rules[0].variant is no variant"),
        ("action: protect, variant: credited", "rules[0].variant leaves the picture as it is"),
    ],
)
def test_a_rule_names_a_variant_that_protects(rule: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[").replace("]", r"\]")):
        load_text(f"rules: [{{match: {{path: /a/**}}, {rule}}}]", "g.yaml")
