"""Which form of an answer a visitor understands, from the Accept header."""

from enum import StrEnum

MAX_ACCEPT = 1024
"""Octets of the header that are looked at; browsers send about 130."""

_MAX_RANGES = 32


class Form(StrEnum):
    """How an answer is written."""

    HTML = "html"
    JSON = "json"
    TEXT = "text"


_FORMS = {
    b"text/html": Form.HTML,
    b"application/xhtml+xml": Form.HTML,
    b"application/json": Form.JSON,
    b"application/problem+json": Form.JSON,
}


def form_for(accept: bytes | None, is_picture: bool) -> Form:
    """TEXT where a picture is expected (never HTML there), HTML for whoever names it, JSON for all others.

    Every browser names text/html when it opens a page; what says only ``*/*``, or nothing, is a program.
    A header that makes no sense counts as none.
    """
    if is_picture:
        return Form.TEXT
    best: dict[Form, float] = {}
    pictures = False
    for part in (accept or b"")[:MAX_ACCEPT].split(b",")[:_MAX_RANGES]:
        media, _, parameters = part.partition(b";")
        media = media.strip().lower()
        pictures = pictures or media.startswith(b"image/")
        form = _FORMS.get(media)
        if form is not None:
            best[form] = max(best.get(form, 0.0), _quality(parameters))
    if best.get(Form.HTML, 0.0) > 0 and best[Form.HTML] >= best.get(Form.JSON, 0.0):
        return Form.HTML
    return Form.TEXT if pictures and not best.get(Form.JSON) else Form.JSON


def _quality(parameters: bytes) -> float:
    """The ``q`` among the parameters of one media range, 0 to 1 (RFC 9110, 12.4.2); 1 if there is none."""
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0.0 <= quality <= 1.0 else 0.0
    return 1.0
