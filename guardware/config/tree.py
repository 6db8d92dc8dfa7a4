"""Nodes to plain values, each with its place; variables filled in; whatever is no configuration told as faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from guardware.config.environment import expand
from guardware.config.faults import Fault, Path, Place
from guardware.config.nodes import MAX_NODES, SCALARS, TAG

_NUMBERS = {"0o": 8, "0x": 16}


@dataclass(slots=True)
class Tree:
    """A configuration as it was written.

    ``values`` and ``keys`` say where each value and each key stands, ``written`` what a value was before its
    variables were filled in, and ``variables`` which those were. ``left_out`` are the paths whose values are not
    in ``data``, because ``faults`` has something to say of them already.
    """

    data: Any = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    variables: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    left_out: set[Path] = field(default_factory=set)


def grow(node: Node, environment: Mapping[str, str]) -> Tree:
    """The tree of ``node``. Raises nothing: look at its ``faults``."""
    grower = _Grower(environment)
    grower.tree.data = grower.value(node, ())
    return grower.tree


_NO_TEXT = "has signs that are no text; write it anew, without a backslash"


def _is_text(text: str) -> bool:
    """Whether ``text`` is free of lone surrogates, which YAML can write (``"\\ud800"``) and nothing can show."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


class _Grower:
    """Walks nodes once for each path that leads to them, aliases included, and counts its steps."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.tree = Tree()
        self._environment = environment
        self._steps = 0
        self._above: list[Node] = []

    def value(self, node: Node, path: Path) -> Any:
        self._steps += 1
        self.tree.values[path] = _place(node)
        if any(node is other for other in self._above):
            return self._leave_out(path, node, "refers to something that holds it; write the value out")
        # An alias costs one word and repeats a whole branch, so ten lines could stand for a thousand million.
        if self._steps > MAX_NODES:
            text = "repeats too much by references; write the values out"
            return self._leave_out(path, node, text if self._steps == MAX_NODES + 1 else "")
        self._above.append(node)
        try:
            return self._content(node, path)
        finally:
            self._above.pop()

    def _content(self, node: Node, path: Path) -> Any:
        if isinstance(node, MappingNode) and node.tag == TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == TAG + "seq":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        return self._leave_out(
            path, node, "begins with ! and so is taken for a type; take the word with the ! away"
        )

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        first: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else ""
            if not key:
                self._fault(path, key_node, "has a key that is no word; write key: value")
            elif key == "<<":
                self._fault((*path, key), key_node, "is not read here; write the keys out")
            elif not _is_text(key):
                self._fault((*path, key), key_node, _NO_TEXT)
            elif key in first:
                text = f"is there twice, first in line {first[key].line}; remove one, or merge the two"
                self._fault((*path, key), key_node, text)
            else:
                first[key] = self.tree.keys[*path, key] = _place(key_node)
                value = self.value(value_node, (*path, key))
                if (*path, key) not in self.tree.left_out:
                    data[key] = value
        return data

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        kind = node.tag.removeprefix(TAG)
        if kind == "str":
            return self._text(node, path)
        if kind not in SCALARS or not SCALARS[kind].fullmatch(node.value):
            return self._leave_out(path, node, "begins with ! and so is taken for a type; put the value in quotes")
        if kind == "int":
            return int(node.value, _NUMBERS.get(node.value[:2], 10))
        return float(node.value) if kind == "float" else {"t": True, "f": False}.get(node.value[:1].lower())

    def _text(self, node: ScalarNode, path: Path) -> Any:
        text: str = node.value
        if not _is_text(text):
            return self._leave_out(path, node, _NO_TEXT)
        if "${" not in text:
            return text
        expanded = expand(text, self._environment)
        self.tree.written[path] = text
        self.tree.variables[path] = expanded.names
        for fault in expanded.faults:
            self._leave_out(path, node, fault)
        return expanded.text

    def _leave_out(self, path: Path, node: Node, text: str) -> None:
        self.tree.left_out.add(path)
        if text:
            self._fault(path, node, text)

    def _fault(self, path: Path, node: Node, text: str) -> None:
        self.tree.faults.append(Fault(path, text, _place(node)))
