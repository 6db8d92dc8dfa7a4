"""Writes docs/configuration.md from the schema: every key, what it takes, its default and its meaning.

Run from the top of the repository: ``python scripts/config_reference.py`` (``--check``: only compare, exit 1 if
the file is not current).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BeforeValidator, HttpUrl
from pydantic.fields import FieldInfo

from guardware.config.faults import Path as KeyPath
from guardware.config.fields import choices, fields_of, members, section_in, sections
from guardware.config.forms import field_written, written
from guardware.config.presets import preset_names, preset_summary
from guardware.config.schema import Config, KindLimits, Limit, Rule, Section
from guardware.config.values import parse_duration, parse_network, parse_proxy, parse_rate, parse_size

TARGET = Path(__file__).parent.parent / "docs" / "configuration.md"

PARSERS: dict[Any, str] = {
    parse_rate: "rate",
    parse_size: "size",
    parse_duration: "duration",
    parse_network: "address or network",
    parse_proxy: "address, network or `unix`",
}
SCALARS: dict[Any, str] = {
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    str: "text",
    HttpUrl: "web address",
}

INTRODUCTION = """\
<!-- Made by scripts/config_reference.py from guardware/config/schema.py; do not edit. -->
# Configuration

The commands read one YAML file: `guardware.yaml` in the folder where they are started, or the one named with
`--config`. An application names its file: `GuardMiddleware(app, config="guardware.yaml")`. Without a file it does
what the preset `portfolio` says. Every key may be left out; a key that is not known is an error.

```
guardware init                  # writes guardware.yaml: the preset portfolio, with notes
guardware init --preset strict  # or another preset
guardware check                 # every error with line, column and mend; warnings; a summary
guardware check --schema        # JSON Schema, for editors that complete and mark keys
```

## Presets

{presets}

## How values are written

| what | how |
|---|---|
| rate | a count and a unit: `120/minute`; units `s`, `m`, `h`, `d` or `second`, `minute`, `hour`, `day` |
| size | a number of bytes, or a number and a unit: `64 MB`, `50MiB` |
| duration | a number of seconds, or a number and a unit: `50ms`, `2s`, `5m`, `6h`, `1d` |
| address or network | `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32` |
| list | `[one, two]`, or each on a line of its own that begins with `-` |
| text | as it is; in quotes when it begins with a sign such as `*`, `&`, `!`, `@`, `%`, or holds `: ` or ` #` |

`${{NAME}}` in a value stands for an environment variable, `${{NAME:-default}}` for the same with a default for
when it is not set or empty, and `$${{` for a plain `${{`. A password in `store.url` must come from a variable. In
a list in square brackets such a value needs quotes: `["${{NAME}}"]`.

Words are words: `off`, `no` and `on` are read as false and true only where a key asks for `true` or `false`.

## All keys
"""


def reference() -> str:
    """The whole file."""
    presets = "\n".join(f"- `{name}`: {preset_summary(name)}" for name in preset_names())
    return INTRODUCTION.format(presets=presets) + "\n".join(line for part in _parts() for line in part)


def _parts() -> Iterator[list[str]]:
    seen: set[type[Section]] = set()
    for path, section in sections():
        # Eight limits look alike, and their values stand in the tables above them.
        if not (section is Limit and section in seen):
            yield _part(path, section)
        seen.add(section)


def _part(path: KeyPath, section: type[Section]) -> list[str]:
    rows = [
        f"| `{key}` | {_type(info.annotation, info.metadata)} | {_default(path, key, info)} | {info.description} |"
        for key, info in fields_of(section).items()
        if section in (KindLimits, Rule) or section_in(info.annotation) is None
    ]
    meaning = " ".join((section.__doc__ or "").split()).replace("``", "`")
    head = [f"\n### {_title(path, section)}\n", f"{meaning}\n"]
    return [*head, "| key | takes | default | meaning |", "|---|---|---|---|", *rows] if rows else head


def _title(path: KeyPath, section: type[Section]) -> str:
    if section is Limit:
        return "`limits.*.*`"
    name = "".join("[]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return f"`{name}`" if name else "At the top"


def _default(path: KeyPath, key: str, info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value: Any = written(Config())
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    value = value[key] if isinstance(value, dict) else field_written(info, info.default)
    return f"`{_inline(value)}`" if value is not None else "none"


def _inline(value: Any) -> str:
    """``value`` as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_listed(item) for item in value) + "]"
    return value if isinstance(value, str) and value else json.dumps(value)


def _listed(item: Any) -> str:
    """``item`` within square brackets: a word with a colon needs quotes there."""
    return f'"{item}"' if isinstance(item, str) and ":" in item else _inline(item)


def _type(annotation: Any, metadata: list[Any]) -> str:
    """What may be written where the code has ``annotation`` with ``metadata``."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _type(
            inner, [m for item in more for m in (item.metadata if isinstance(item, FieldInfo) else [item])]
        )
    for item in metadata:
        if isinstance(item, BeforeValidator) and item.func in PARSERS:
            return PARSERS[item.func]
    return " or ".join(_member(member, metadata) for member in members(annotation))


def _member(member: Any, metadata: list[Any]) -> str:
    if words := choices(member):
        return ", ".join(f"`{word}`" for word in words[:-1]) + f" or `{words[-1]}`"
    if get_origin(member) is tuple:
        return f"list: {_type(get_args(member)[0], [])}"
    if get_origin(member) is dict:
        return f"table: name to {_type(get_args(member)[1], [])}"
    if section_in(member):
        return f"{member.__name__.lower()}"
    if member is type(None):
        return "`null`"
    return SCALARS[member] + _bounds(metadata)


def _bounds(metadata: list[Any]) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "max_length": "at most"}
    found = {
        name: getattr(item, name) for item in metadata for name in words if getattr(item, name, None) is not None
    }
    if "ge" in found and "le" in found:
        return f", {found['ge']} to {found['le']}"
    unit = " characters" if "max_length" in found else ""
    return "".join(f", {words[name]} {bound}{unit}" for name, bound in found.items())


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is not current")
    if parser.parse_args().check:
        return int(not TARGET.exists() or TARGET.read_text(encoding="utf-8") != reference())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(reference(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
