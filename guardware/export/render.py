"""From the material to the text of one front: a template each."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from guardware.export.escape import FILTERS
from guardware.export.limits import WINDOW
from guardware.export.material import Material

FRONTS: Mapping[str, tuple[str, ...]] = {
    "nginx": ("guardware-http.conf", "guardware-headers.conf", "guardware-server.conf"),
    "caddy": ("guardware.caddy",),
    "haproxy": ("guardware.cfg",),
    "apache": ("guardware.conf",),
}
"""The files of each front; the template of the same name, with ``.j2``, lies in its folder."""

_PIECE = 3000
"""Bytes of a text, escaped, in one parameter: nginx reads up to 4096."""
_HAPROXY_BUFFER = 16384
"""HAProxy's tune.bufsize, which an answer must fit into."""
_HAPROXY_HEAD = 2048
"""Bytes of it for the head, and what is kept free to rewrite headers (tune.maxrewrite, 1024)."""


class ExportedFile(NamedTuple):
    """A file for the front's configuration folder."""

    name: str
    text: str


def render(front: str, material: Material) -> tuple[ExportedFile, ...]:
    """The files for ``front``, one of ``FRONTS``, which belong into one folder. Raises KeyError for another."""
    environment = Environment(
        loader=PackageLoader("guardware.export"),
        autoescape=False,  # noqa: S701 - no HTML; every value passes a filter of escape.py
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.filters.update({**FILTERS, "pieces": _pieces})
    values = {**material._asdict(), "window": WINDOW, "buffer": _buffer(material)}
    return tuple(
        ExportedFile(name, environment.get_template(f"{front}/{name}.j2").render(values)) for name in FRONTS[front]
    )


def _pieces(text: str) -> Iterator[str]:
    """``text``, not escaped yet, in parts that are short enough however they are escaped (twice as long)."""
    part, size = "", 0
    for sign in text:
        width = 2 * len(sign.encode("utf-8", "replace"))
        if size + width > _PIECE:
            yield part
            part, size = "", 0
        part, size = part + sign, size + width
    if part:
        yield part


def _buffer(material: Material) -> int:
    """What HAProxy's buffers must hold, 0 if they do."""
    longest = max((len(notice.body.encode()) for notice in material.notices), default=0) + _HAPROXY_HEAD
    size = _HAPROXY_BUFFER
    while size < longest:
        size *= 2
    return 0 if size == _HAPROXY_BUFFER else size
