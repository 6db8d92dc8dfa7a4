"""Options: how a front wants to be answered, said in the address that it asks.

In the address, because a front's own configuration alone writes it; a header might be the visitor's.
"""

from enum import StrEnum
from itertools import permutations, product
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
    """``files``: the front serves files by their names, so a style sheet's name cannot show a picture.
    ``ordered``: the visitor's headers come in his order, as far as the front is concerned."""

    form: Form = Form.PAGE
    files: bool = False
    ordered: bool = True


def _spellings() -> dict[bytes, Options]:
    """Every query that is understood, so that reading one is a look-up."""
    known: dict[bytes, Options] = {}
    for form, files, lost in product((None, *Form), (False, True), (False, True)):
        words = [f"answer={form}"] if form is not None else []
        words += ["serves=files"] * files + ["order=lost"] * lost
        options = Options(form or Form.PAGE, files, ordered=not lost)
        known |= {"&".join(said).encode(): options for said in permutations(words)}
    return known


_SPELLINGS = _spellings()


def read_options(query: bytes) -> Options | None:
    """``answer=path&serves=files`` read; None if it says something else, or something twice."""
    return _SPELLINGS.get(query)
