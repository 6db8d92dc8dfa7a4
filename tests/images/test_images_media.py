"""Which content types are pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.images.media import PROTECTED_TYPES, picture_type


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"image/jpeg", "image/jpeg"),
        (b"image/jpg", "image/jpeg"),
        (b"image/pjpeg", "image/jpeg"),
        (b"IMAGE/PNG", "image/png"),
        (b"image/apng", "image/png"),
        (b" image/webp ; q=1", "image/webp"),
        (b"image/gif;charset=utf-8", "image/gif"),
        (b"image/avif\t", "image/avif"),
        (b"image/png, image/png", "image/png"),
        (b"image/tiff", "image/tiff"),
        (b"image/x-tiff", "image/tiff"),
        (b"image/x-ms-bmp", "image/bmp"),
        (b"image/heic", None),  # recognised by its bytes, but no variant can be made
        (b"image/svg+xml", None),
        (b"image/", None),
        (b"image/jpegx", None),
        (b"text/html", None),
        (b"", None),
        (None, None),
        (b"\xff\xfe", None),
    ],
)
def test_picture_type(content_type: bytes | None, expected: str | None) -> None:
    assert picture_type(content_type) == expected


@given(st.binary(max_size=80))
def test_any_bytes_have_an_answer(content_type: bytes) -> None:
    assert picture_type(content_type) in {None, *PROTECTED_TYPES}
