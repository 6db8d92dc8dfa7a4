"""A tree to a Config, or to every fault that it has: its own, the tidier's and the schema's."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from guardware.config.faults import Fault, Path, Place
from guardware.config.schema import Config
from guardware.config.sentences import sentence
from guardware.config.tidy import tidy
from guardware.config.tree import Tree

_AT_KEY = ("extra_forbidden", "missing")
"""Errors that concern a key and not its value."""


def validate(tree: Tree) -> Config | list[Fault]:
    """The Config of ``tree``, or every fault in it. ``tree.data`` must be a mapping."""
    data, untidy = tidy(tree.data)
    told = tree.left_out | {fault.path for fault in untidy}
    faults = tree.faults + [
        fault._replace(place=place_of(fault.path, tree)) for fault in untidy if fault.path not in tree.left_out
    ]
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return faults + [_fault(detail, tree, data) for detail in details if not _is_told(detail, told)]
    return faults or config


def place_of(path: Path, tree: Tree, at_key: bool = False) -> Place | None:
    """Where ``path``, or as much of it as is there, stands in the file; None when there is no file."""
    first, second = (tree.keys, tree.values) if at_key else (tree.values, tree.keys)
    for end in range(len(path), -1, -1):
        known = path[:end]
        # ``ai-search`` may have been written ``ai_search``.
        for spelt in (known, tuple(k.replace("-", "_") if isinstance(k, str) else k for k in known)):
            if place := first.get(spelt) or second.get(spelt):
                return place
    return None


def _is_told(detail: ErrorDetails, told: set[Path]) -> bool:
    """Whether ``detail`` only follows from a fault that is told already."""
    path = detail["loc"]
    within = detail["type"] == "value_error" and any(other[: len(path)] == path for other in told)
    return within or path in told


def _fault(detail: ErrorDetails, tree: Tree, data: Mapping[str, Any]) -> Fault:
    kind, path = detail["type"], _written(detail, data)
    variables = tuple(n for where, names in tree.variables.items() if where[: len(path)] == path for n in names)
    at_key = kind in _AT_KEY or isinstance(detail["input"], dict | list)
    return Fault(path, sentence(detail, variables), place_of(path, tree, at_key))


def _written(detail: ErrorDetails, data: Mapping[str, Any]) -> Path:
    """The location of ``detail`` as the writer knows it: a single value may have been made a list of one."""
    loc, value = detail["loc"], data
    for end, key in enumerate(loc):
        missing = detail["type"] == "missing" and end == len(loc) - 1
        inside = isinstance(value, dict) and key in value
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            inside = True
        if not inside:
            return loc if missing else loc[:end]
        value = value[key]  # type: ignore[index]
    return loc
