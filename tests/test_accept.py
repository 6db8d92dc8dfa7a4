"""The Accept header, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.accept import MAX_ACCEPT, media_ranges


@pytest.mark.parametrize(
    ("accept", "ranges"),
    [
        (b"image/avif", [(b"image/avif", 1.0)]),
        (b"image/avif, IMAGE/WebP;q=0.5", [(b"image/avif", 1.0), (b"image/webp", 0.5)]),
        (b"image/webp; level=1 ; Q=0", [(b"image/webp", 0.0)]),
        (
            b"image/webp;q=2,image/png;q=-1,a/b;q=nan,c/d;q=x",
            [(b"image/webp", 0.0), (b"image/png", 0.0), (b"a/b", 0.0), (b"c/d", 0.0)],
        ),
        (b"", [(b"", 1.0)]),
        (None, [(b"", 1.0)]),
    ],
)
def test_media_ranges(accept: bytes | None, ranges: list[tuple[bytes, float]]) -> None:
    assert list(media_ranges(accept)) == ranges


@given(st.binary(max_size=3 * MAX_ACCEPT))
def test_any_header_gives_few_ranges_with_a_quality(accept: bytes) -> None:
    found = list(media_ranges(accept))
    assert len(found) <= 32
    assert all(0 <= quality <= 1 for _, quality in found)
