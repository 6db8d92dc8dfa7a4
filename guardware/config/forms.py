"""Values as a file would have them: the way back from numbers to 120/minute, 64 MB and 50ms."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from guardware.config.images import Step
from guardware.config.section import Section
from guardware.config.values import parse_duration, parse_rate, parse_size


def rate_text(rate: float) -> str:
    """2.0 a second as ``120/minute``: a minute, or the first longer unit that needs no fraction."""
    for unit, seconds in (("minute", 60), ("hour", 3600), ("day", 86400)):
        count = rate * seconds
        if count >= 1 and abs(count - round(count)) < 1e-6 * count:
            return f"{round(count)}/{unit}"
    return f"{rate * 86400:.6f}/day"


def size_text(size: int) -> str:
    """64000000 bytes as ``64 MB``; what is no round number stays a number of bytes."""
    for unit, count in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if size and size % count == 0:
            return f"{size // count} {unit}"
    return str(size)


def duration_text(seconds: float) -> str:
    """0.05 seconds as ``50ms``, 60 as ``60s``."""
    return f"{seconds * 1000:.15g}ms" if seconds < 1 else f"{seconds:.15g}s"


_BY_PARSER: Mapping[Any, Callable[[Any], str]] = {
    parse_rate: rate_text,
    parse_size: size_text,
    parse_duration: duration_text,
}


def parser_of(info: FieldInfo) -> Any:
    """The parser of values.py through which a field is read, if any."""
    return next((m.func for m in info.metadata if isinstance(m, BeforeValidator) and m.func in _BY_PARSER), None)


def written(section: Section) -> dict[str, Any]:
    """``section`` as the dict that a file with all its values spelled out would give."""
    fields = type(section).model_fields
    return {info.alias or name: field_written(info, getattr(section, name)) for name, info in fields.items()}


def field_written(info: FieldInfo, value: Any) -> Any:
    """``value`` of the field ``info`` as a file would have it."""
    form = _BY_PARSER.get(parser_of(info))
    return form(value) if form else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Step):
        return value.short()
    if isinstance(value, Section):
        return written(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
