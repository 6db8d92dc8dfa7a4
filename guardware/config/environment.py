"""``${NAME}`` and ``${NAME:-default}`` in values: what they stand for, and what is wrong with them.

``$${`` stands for a plain ``${``. As in the shell, a default also replaces a variable that is set but empty.
No message shows a variable's value or a default: either may be a secret.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_REFERENCE = re.compile(r"\$\$\{|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^${}]*)?\})?")


class Expanded(NamedTuple):
    """``text`` with the variables filled in; their ``names``; and the ``faults`` that kept any from it."""

    text: str
    names: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def expand(text: str, environment: Mapping[str, str]) -> Expanded:
    """Fill in the variables that ``text`` names."""
    names: list[str] = []
    faults: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if match[0] == "$${":
            return "${"
        if name is None:
            faults.append("has a ${ that is no variable; write ${NAME} or ${NAME:-default}, or $${ for a plain ${")
            return ""
        names.append(name)
        value = environment.get(name, "")
        if default is not None:
            return value or str(default[2:])
        if name not in environment:
            faults.append(
                f"needs the environment variable {name}, which is not set; set it, or write a default: "
                f"${{{name}:-…}}"
            )
        return value

    return Expanded(_REFERENCE.sub(fill, text), tuple(names), tuple(faults))


def without_variables(text: str) -> str:
    """What stands literally in the file: ``text`` with every variable empty and every default filled in."""
    return expand(text, {}).text
