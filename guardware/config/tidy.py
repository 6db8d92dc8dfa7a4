"""What a person may leave loose and a schema may not: empty sections, two spellings of a key, true for 1."""

from collections.abc import Mapping
from typing import Any

from guardware.config.faults import Fault, Path
from guardware.config.fields import below, holds_many, may_be_null, members, section_in
from guardware.config.hosts import KEY as HOSTS
from guardware.config.schema import Config


def tidy(data: Mapping[Any, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """``data`` made ready for the schema, and the faults that the schema itself would not see.

    - A section, list or table that is left empty (``rules:`` and nothing more) counts as not written.
    - ``ai_search`` is the same key as ``ai-search``.
    - ``true`` for a number is a fault, where Python would see a 1; so are a value left empty and a key that is
      no text.
    """
    faults: list[Fault] = []
    return _mapping(data, (), Config, faults), faults


def _value(value: Any, path: Path, annotation: Any, faults: list[Fault]) -> Any:
    # What the schema does not know it refuses as a whole: nothing to tidy, and cycles are never entered.
    if annotation is None:
        return value
    if isinstance(value, Mapping):
        return _mapping(value, path, annotation, faults)
    if isinstance(value, list | tuple):
        return [_value(item, (*path, i), below(annotation, i), faults) for i, item in enumerate(value)]
    if isinstance(value, bool) and any(member in (int, float) for member in members(annotation)):
        faults.append(
            Fault(path, "is a yes or no where none is asked; write a value as docs/configuration.md has it")
        )
    elif value is None and not may_be_null(annotation):
        faults.append(Fault(path, "has no value; write one, or remove the line"))
    return value


def _mapping(value: Mapping[Any, Any], path: Path, annotation: Any, faults: list[Fault]) -> dict[str, Any]:
    section = section_in(annotation)
    spellings = {name: info.alias for name, info in section.model_fields.items() if info.alias} if section else {}
    tidied: dict[str, Any] = {}
    for written, inner in value.items():
        if not isinstance(written, str):
            faults.append(Fault(path, "has a key that is no text; write keys as strings"))
            continue
        key = spellings.get(written, written)
        # Hosts do not nest, whatever the type says; nor may a dict that holds itself be followed for ever.
        expected = below(annotation, key) if key != HOSTS or not path else None
        if inner is None and path == (HOSTS,):
            inner = {}  # a host of which nothing differs: not the same as none, where *.example.com takes it
        if key in tidied:
            faults.append(Fault((*path, written), "is there twice, with - and with _; remove one of the two"))
        elif inner is not None or not holds_many(expected) or may_be_null(expected):
            tidied[key] = _value(inner, (*path, key), expected, faults)
    return tidied
