"""Which form of an answer a visitor understands, from the Accept header."""

from enum import StrEnum

from guardware.accept import media_ranges


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
    for media, quality in media_ranges(accept):
        pictures = pictures or media.startswith(b"image/")
        form = _FORMS.get(media)
        if form is not None:
            best[form] = max(best.get(form, 0.0), quality)
    if best.get(Form.HTML, 0.0) > 0 and best[Form.HTML] >= best.get(Form.JSON, 0.0):
        return Form.HTML
    return Form.TEXT if pictures and not best.get(Form.JSON) else Form.JSON
