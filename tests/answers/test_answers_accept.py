"""Which form an Accept header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.answers.accept import Form, form_for

FIREFOX = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = (
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    b"application/signed-exchange;v=b3;q=0.7"
)
CHROME_IMAGE = b"image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (FIREFOX, Form.HTML),
        (CHROME, Form.HTML),
        (b"TEXT/HTML", Form.HTML),
        (b"application/json", Form.JSON),
        (b"application/problem+json, text/html;q=0.5", Form.JSON),
        (b"application/json;q=0.5, text/html", Form.HTML),
        (b"text/html;q=0", Form.JSON),
        (b"text/html;q=nan", Form.JSON),
        (b"text/html; q=junk", Form.JSON),
        (b"*/*", Form.JSON),
        (b"text/css,*/*;q=0.1", Form.JSON),
        (CHROME_IMAGE, Form.TEXT),
        (b"image/png, application/json", Form.JSON),
        (b"", Form.JSON),
        (None, Form.JSON),
        (b"," * 65_536, Form.JSON),
        (b"x" * 65_536 + b",text/html", Form.JSON),
    ],
)
def test_form_for_a_page(accept: bytes | None, form: Form) -> None:
    assert form_for(accept, is_picture=False) is form


@given(accept=st.none() | st.binary(max_size=200))
def test_a_picture_is_never_answered_with_markup(accept: bytes | None) -> None:
    assert form_for(accept, is_picture=True) is Form.TEXT


@given(parts=st.lists(st.sampled_from([b"text/html", b";q=", b"0.5", b",", b"nan", b"-1", b"1e9", b"*/*", b" "])))
def test_any_header_gets_some_form(parts: list[bytes]) -> None:
    assert form_for(b"".join(parts), is_picture=False) in Form
