"""What PyYAML is kept from: giants, depths, bombs and its own exceptions."""

import pytest

from guardware.config.faults import Fault
from guardware.config.nodes import MAX_DEPTH, MAX_NODES, compose
from guardware.config.tree import grow


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "- " * 200_000,
        "? " * 200_000,
        "[a," * 100_000,
        "- a\n" * (MAX_NODES + 1),
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    ],
    ids=["brackets", "dashes", "questions", "lists", "many", "deep"],
)
def test_more_than_any_configuration_needs_is_refused_early(text: str) -> None:
    fault = compose(text)
    assert isinstance(fault, Fault)
    assert fault.text == "the file is nested or branched beyond all need; write it plainly"


def test_as_deep_and_as_many_as_allowed() -> None:
    deep = MAX_DEPTH - 1
    assert not isinstance(compose("[" * deep + "]" * deep), Fault)
    assert not isinstance(compose("- a\n" * (MAX_NODES - 1)), Fault)


def test_a_few_lines_of_references_do_not_become_a_thousand_million_values() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    node = compose("\n".join(lines))
    assert node is not None
    assert not isinstance(node, Fault)
    tree = grow(node, {})
    assert [fault.text for fault in tree.faults] == ["repeats too much by references; write the values out"]
    assert len(tree.values) < 2 * MAX_NODES


def test_a_value_knows_its_place_and_its_key() -> None:
    node = compose("a:\n  - b: ${X}\n")
    assert node is not None
    assert not isinstance(node, Fault)
    tree = grow(node, {"X": "5"})
    assert tree.data == {"a": [{"b": "5"}]}
    assert tree.values["a", 0, "b"] == (2, 8)
    assert tree.keys["a", 0, "b"] == (2, 5)
    assert tree.written["a", 0, "b"] == "${X}"
    assert tree.variables["a", 0, "b"] == ("X",)
