"""What may stand where: the schema walked by keys, for faults, for the reference and for tidying."""

from collections.abc import Iterator
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from guardware.config.faults import Path, dotted
from guardware.config.schema import Config, Section

ANY_KEY = "*"
"""Stands in a path for any name of a table."""

_LONGEST_GUESS = 40
"""Characters of a word for which a resemblance is looked for: the search is quadratic in them."""


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The fields of ``section`` by the names they have in a file."""
    return {info.alias or name: info for name, info in section.model_fields.items()}


def members(annotation: Any) -> tuple[Any, ...]:
    """What a value of the type ``annotation`` may be, one by one: optional and annotated types taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(member for arg in get_args(annotation) for member in members(arg))
    return (annotation,)


def section_in(annotation: Any) -> type[Section] | None:
    """The section that ``annotation`` allows, if it does."""
    found = (m for m in members(annotation) if isinstance(m, type) and issubclass(m, Section))
    return next(found, None)


def below(annotation: Any, key: str | int) -> Any:
    """The type of what stands at ``key`` within a value of the type ``annotation``; None when nothing may."""
    for member in members(annotation):
        if isinstance(member, type) and issubclass(member, Section):
            info = fields_of(member).get(str(key))
            return info.annotation if info else None
        origin, args = get_origin(member), get_args(member)
        if origin is tuple and isinstance(key, int):
            return args[0]
        if origin is dict and isinstance(key, str):
            return args[1]
    return None


def at(path: Path) -> Any:
    """The type of what stands at ``path`` in a configuration; None when nothing may."""
    annotation: Any = Config
    for key in path:
        annotation = below(annotation, key)
    return annotation


def choices(annotation: Any) -> tuple[str, ...]:
    """The words that ``annotation`` allows, in the order of the schema; none when it allows any."""
    literals = (m for m in members(annotation) if get_origin(m) is Literal)
    return tuple(str(word) for literal in literals for word in get_args(literal))


def may_be_null(annotation: Any) -> bool:
    """Whether nothing is a value of its own here, and not just a value left out."""
    return NoneType in members(annotation)


def holds_many(annotation: Any) -> bool:
    """Whether a section, a list or a table of words stands here."""
    return section_in(annotation) is not None or any(get_origin(m) in (tuple, dict) for m in members(annotation))


def sections(section: type[Section] = Config, path: Path = ()) -> Iterator[tuple[Path, type[Section]]]:
    """Every section with its path, top down; what stands in a list has the position 0."""
    yield path, section
    for key, info in fields_of(section).items():
        inner, step = info.annotation, (key,)
        for candidate, deeper in (
            (inner, step),
            (below(inner, 0), (*step, 0)),
            (_in_table(inner), (*step, ANY_KEY, 0)),
        ):
            if found := section_in(candidate):
                yield from sections(found, (*path, *deeper))


def _in_table(annotation: Any) -> Any:
    """What stands in the lists that a table of lists holds, as in ``images.variants``."""
    return below(below(annotation, ANY_KEY), 0)


def closest(word: str, words: tuple[str, ...]) -> str | None:
    """The one of ``words`` that ``word`` may be a slip for."""
    if len(word) > _LONGEST_GUESS:
        return None
    plain = {_plain(known): known for known in words}
    found = get_close_matches(_plain(word), list(plain), n=1)
    return plain[found[0]] if found else None


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")


def mend_key(path: Path) -> str:
    """What to do about an unknown key at ``path``: its right name, its right section, or the names there are."""
    key, parent = str(path[-1]), section_in(at(path[:-1])) or Config
    names = tuple(fields_of(parent))
    homes = [
        where
        for where, section in sections()
        if where and ANY_KEY not in where and key in fields_of(section) and section != parent
    ]
    if homes:
        return f"it belongs under {' or '.join(dotted(home).replace('[0]', '[]') for home in homes)}"
    guess = closest(key, names)
    return f"did you mean {guess}?" if guess else f"write one of {', '.join(names)}"
