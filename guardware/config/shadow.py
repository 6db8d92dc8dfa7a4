"""Whether one rule's conditions take every visit that another's would: then the other, if later, never decides."""

from collections.abc import Callable, Mapping
from typing import Any

from guardware.config.schema import Match


def covers(wide: Match, narrow: Match) -> bool:
    """True when every visit meant by ``narrow`` is surely matched by ``wide`` too; in doubt False.

    Meant: a rule that restricts also catches a path in odd case, which one that allows does not. That is a net
    under the rule and not its purpose.
    """
    if wide.score is not None and (narrow.score is None or narrow.score < wide.score):
        return False
    return _headers_cover(wide.header, narrow.header) and all(
        _list_covers(getattr(wide, name), getattr(narrow, name), one_covers) for name, one_covers in _LISTS.items()
    )


def _headers_cover(wide: Mapping[str, str], narrow: Mapping[str, str]) -> bool:
    globs = {name.lower(): glob for name, glob in narrow.items()}
    return all(name.lower() in globs and glob in ("*", globs[name.lower()]) for name, glob in wide.items())


def _list_covers(wide: tuple[Any, ...], narrow: tuple[Any, ...], one_covers: Callable[[Any, Any], bool]) -> bool:
    """An empty list is no condition. Within a list one is enough, so each of ``narrow`` needs one of ``wide``."""
    return not wide or (bool(narrow) and all(any(one_covers(w, n) for w in wide) for n in narrow))


def _same(wide: str, narrow: str) -> bool:
    return wide == narrow


def _same_word(wide: str, narrow: str) -> bool:
    return wide.lower() == narrow.lower()


def _path_covers(wide: str, narrow: str) -> bool:
    """``/art/**`` covers whatever begins with the very letters ``/art/``."""
    start = wide.removesuffix("**")
    plain = wide.endswith("**") and not any(sign in start for sign in "*?[")
    return wide == narrow or (plain and narrow.startswith(start))


def _host_covers(wide: str, narrow: str) -> bool:
    return _same_word(wide, narrow) or (wide.startswith("*.") and narrow.lower().endswith(wide[1:].lower()))


def _network_covers(wide: Any, narrow: Any) -> bool:
    return bool(wide.version == narrow.version and narrow.subnet_of(wide))


_LISTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "path": _path_covers,
    "kind": _same,
    "method": _same_word,
    "address": _network_covers,
    "host": _host_covers,
    "crawler": _same_word,
    "purpose": _same,
}
