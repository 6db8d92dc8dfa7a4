"""Fixtures shared by all tests."""

from io import BytesIO

import pytest
from asgi import Call, call_app
from PIL import Image, ImageDraw


@pytest.fixture
def call() -> Call:
    return call_app


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A JPEG of 1600 x 1200, colourful."""
    image = Image.new("RGB", (1600, 1200), "teal")
    draw = ImageDraw.Draw(image)
    for n in range(40):
        draw.ellipse((n * 37, n * 23, n * 37 + 300, n * 23 + 200), fill=(n * 6, 255 - n * 5, n * 3 % 256))
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
