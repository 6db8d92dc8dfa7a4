"""Whatever is thrown at the loader, it gives a Config or a ConfigError with well-formed lines."""

import re
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guardware.config import Config, from_mapping, load_text, preset_text
from guardware.config.fields import fields_of, sections
from guardware.errors import ConfigError

LINE = re.compile(r"g\.yaml:[1-9]\d*:[1-9]\d*: .+: .+; .+")

KEYS = sorted({key for _, section in sections() for key in fields_of(section)} | {"GPTBot", "x", ""})
WORDS = (
    "deny allow enforce image 120/minute 5s 64MB 10.0.0.0/8 unix redis://h /a/** https://example.com "
    "${HOME} ${ $${x} off nan inf 1e999 -1"
).split()

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)
TREES = st.dictionaries(st.sampled_from(sorted(Config.model_fields)), VALUES, max_size=8)


def outcome(load: Callable[[], Config]) -> list[str]:
    """The faults that ``load`` tells; none when it gives a Config."""
    try:
        config = load()
    except ConfigError as error:
        return error.faults or ["an error without a fault"]
    assert isinstance(config, Config)
    return []


def loads(text: str) -> None:
    for line in outcome(lambda: load_text(text, "g.yaml")):
        assert LINE.fullmatch(line), line
        assert line.isprintable()


@given(st.text())
@settings(deadline=None)
@example('"\\UFFFFFFFF"')
@example("%YAML " + "9" * 5000 + ".1\n--- a")
@example("[" * 2000)
@example("site: " + "{" * 2000)
@example("? " * 2000)
@example("\x85\u2028\ufeff: \ufeff")
@example("!!int x: !!float y")
@example("!!null x")
def test_any_text(text: str) -> None:
    loads(text)


@given(st.text(alphabet=st.sampled_from(list("ab:-?[]{},&*!|>'\"%@`#~<\\ \t\n${}019.")), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_in_the_signs_of_yaml(text: str) -> None:
    loads(text)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_preset_with_a_hole_in_it(data: st.DataObject) -> None:
    text = preset_text("strict")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    loads(text[:start] + data.draw(st.text(max_size=5)) + text[end:])


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_any_tree_as_yaml(tree: dict[str, Any]) -> None:
    loads(yaml.safe_dump(tree, allow_unicode=True))


@given(TREES | st.dictionaries(SCALARS, VALUES, max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_tree_as_a_dict(tree: dict[Any, Any]) -> None:
    for line in outcome(lambda: from_mapping(tree)):
        assert re.fullmatch(r"config: .+: .+; .+", line), line
