"""A tree to a Config, or to every fault that it has: its own, the tidier's and the schema's."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from guardware.config.faults import Fault, Path, Place
from guardware.config.hosts import KEY as HOSTS
from guardware.config.hosts import Part, lay_over, read_hosts
from guardware.config.schema import Config
from guardware.config.sentences import sentence
from guardware.config.tidy import tidy
from guardware.config.tree import Tree

_AT_KEY = ("extra_forbidden", "missing")
"""Errors that concern a key and not its value."""


def validate(tree: Tree) -> Config | list[Fault]:
    """The Config of ``tree``, or every fault in it. ``tree.data`` must be a mapping."""
    data, untidy = tidy(tree.data)
    parts, misplaced = read_hosts(data.pop(HOSTS, None))
    told = tree.left_out | {fault.path for fault in (*untidy, *misplaced)}
    faults = tree.faults + [
        fault._replace(place=place_of(fault.path, tree, at_key))
        for found, at_key in ((untidy, False), (misplaced, True))
        for fault in found
        if fault.path not in tree.left_out
    ]
    config, details = _checked(data)
    faults += [_fault(detail, tree, data) for detail in details if not _is_told(detail["loc"], detail, told)]
    known = {_sameness(detail) for detail in details}
    sites: dict[str, Config] = {}
    for part in parts:
        laid = lay_over(data, part.data)
        site, details = _checked(laid)
        faults += _faults_of_host(part, laid, details, known, tree, told)
        if site is not None:
            sites[part.name] = site
    return faults if faults or config is None else config.model_copy(update={HOSTS: sites}) if sites else config


def _checked(data: Mapping[str, Any]) -> tuple[Config | None, list[ErrorDetails]]:
    try:
        return Config.model_validate(data), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _faults_of_host(
    part: Part,
    laid: Mapping[str, Any],
    details: list[ErrorDetails],
    known: set[tuple[Any, ...]],
    tree: Tree,
    told: set[Path],
) -> Iterator[Fault]:
    """What is wrong with a host's part, once it is ``laid`` over the whole, and is not ``known`` of the whole."""
    for detail in details:
        path = _written(detail, laid)
        inside = _inside(path, part.data)
        merged = not any(isinstance(key, int) for key in inside[0]) and (
            len(inside[0]) < len(path) or isinstance(inside[1], Mapping)
        )
        if merged and _sameness(detail) in known:
            continue
        missing = detail["type"] == "missing" and len(inside[0]) == len(path) - 1
        at = (HOSTS, part.written, *(path if missing else inside[0]))
        if not _is_told(at, detail, told):
            variables = (*_variables(at, tree), *_variables(path, tree))
            yield Fault(at, sentence(detail, variables), place_of(at, tree, _concerns_key(detail)))


def _sameness(detail: ErrorDetails) -> tuple[Any, ...]:
    return detail["loc"], detail["type"], detail["msg"]


def _inside(path: Path, data: Any) -> tuple[Path, Any]:
    """As much of ``path`` as stands in ``data``, and what stands there."""
    for end, key in enumerate(path):
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return path[:end], data
    return path, data


def place_of(path: Path, tree: Tree, at_key: bool = False) -> Place | None:
    """Where ``path``, or as much of it as is there, stands in the file; None when there is no file."""
    first, second = (tree.keys, tree.values) if at_key else (tree.values, tree.keys)
    for end in range(len(path), -1, -1):
        known = path[:end]
        # ``ai-search`` may have been written ``ai_search``; the name of a host may not.
        plain = 2 if known[:1] == (HOSTS,) else 0
        spelt_so = tuple(k.replace("-", "_") if isinstance(k, str) else k for k in known[plain:])
        for spelt in (known, (*known[:plain], *spelt_so)):
            if place := first.get(spelt) or second.get(spelt):
                return place
    return None


def _is_told(path: Path, detail: ErrorDetails, told: set[Path]) -> bool:
    """Whether ``detail``, which concerns ``path``, only follows from a fault that is told already."""
    within = detail["type"] == "value_error" and any(other[: len(path)] == path for other in told)
    return within or path in told


def _fault(detail: ErrorDetails, tree: Tree, data: Mapping[str, Any]) -> Fault:
    path = _written(detail, data)
    return Fault(path, sentence(detail, _variables(path, tree)), place_of(path, tree, _concerns_key(detail)))


def _variables(path: Path, tree: Tree) -> tuple[str, ...]:
    """The variables whose values stand at ``path`` or below."""
    return tuple(name for where, names in tree.variables.items() if where[: len(path)] == path for name in names)


def _concerns_key(detail: ErrorDetails) -> bool:
    return detail["type"] in _AT_KEY or isinstance(detail["input"], dict | list)


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
