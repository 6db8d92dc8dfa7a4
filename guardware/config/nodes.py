"""YAML text to a tree of nodes that know their place: YAML 1.2 scalars, bounded in size, depth and number.

PyYAML speaks YAML 1.1, where ``off``, ``no`` and ``NO`` are booleans, ``1:30`` is ninety and ``010`` is eight.
The resolver here is the core schema of YAML 1.2.2 (section 10.3.2): ``signals: {off: [...]}`` has a key ``off``.
"""

import re

from yaml import MarkedYAMLError, Node
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from guardware.config.faults import Fault
from guardware.config.syntax import explain, syntax_fault

MAX_NODES = 20_000
"""Keys and values a configuration may have; the fullest preset has about 200, PyYAML reads 30 000 a second."""
MAX_DEPTH = 32
"""Levels a configuration may be nested; the schema has 5."""

TAG = "tag:yaml.org,2002:"
SCALARS = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    # More digits than fit any option stay text, and are refused as such: int() on thousands of them is an error.
    "int": re.compile(r"[-+]?[0-9]{1,30}|0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}"),
    "float": re.compile(r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE][-+]?[0-9]{1,5})?"),
}
"""The whole text of a plain scalar of each type, in the order in which they are tried; all else is a string."""

# What PyYAML's reader refuses, less the byte order mark, which may only stand first.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class _Resolver(BaseResolver):
    """YAML 1.2 core schema."""


for _name, _pattern in SCALARS.items():
    _Resolver.add_implicit_resolver(TAG + _name, re.compile(f"(?:{_pattern.pattern})\\Z"), None)


class _Loader(Reader, Scanner, Parser, Composer, _Resolver):
    """Composes nodes, and stops early on what no configuration needs."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _Resolver.__init__(self)
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise MarkedYAMLError(problem="too deep or too many nodes", problem_mark=self.get_mark())
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def compose(text: str) -> Node | Fault | None:
    """The tree of ``text``; None when it is empty; the fault when it is not YAML."""
    text = text.removeprefix("\ufeff")
    if found := _UNPRINTABLE.search(text):
        before = text[: found.start()]
        column = found.start() - (before.rfind("\n") + 1)
        return syntax_fault(
            f"the sign U+{ord(found[0]):04X} cannot stand in a configuration; delete it",
            before.count("\n") + 1,
            column + 1,
        )
    loader = _Loader(text)
    try:
        node: Node | None = loader.get_single_node()
    except MarkedYAMLError as error:
        return explain(error)
    except (ValueError, OverflowError):  # PyYAML lets them out for "\UFFFFFFFF" and %YAML 99…9.1
        return syntax_fault("a number here is beyond all bounds; correct it", loader.line + 1, loader.column + 1)
    return node
