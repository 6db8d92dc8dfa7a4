"""Options: how a front wants to be answered, said in the address that it asks.

In the address, because a front's own configuration alone writes it; a header might be the visitor's.
"""

from enum import StrEnum
from typing import NamedTuple


class Form(StrEnum):
    """What becomes of an answer that is not a plain yes.

    ``page``: refusals come as whole answers, with status, headers and body, and the front passes them on (Caddy).
    ``path``: the answer's status is 200 or 403 only, and a path of ours says where the front finds what to answer
    with (nginx, HAProxy). ``redirect``: the visitor's own program is sent to that path (Traefik, Envoy).
    """

    PAGE = "page"
    PATH = "path"
    REDIRECT = "redirect"


class Options(NamedTuple):
    """``files``: the front serves files by their names, so a style sheet's name cannot show a picture."""

    form: Form = Form.PAGE
    files: bool = False


def _spellings() -> dict[bytes, Options]:
    """Every query that is understood, so that reading one is a look-up."""
    known = {b"": Options(), b"serves=files": Options(files=True)}
    for form in Form:
        said = f"answer={form}".encode()
        known[said] = Options(form)
        known[said + b"&serves=files"] = known[b"serves=files&" + said] = Options(form, files=True)
    return known


_SPELLINGS = _spellings()


def read_options(query: bytes) -> Options | None:
    """``answer=path&serves=files`` read; None if it says something else, or something twice."""
    return _SPELLINGS.get(query)
