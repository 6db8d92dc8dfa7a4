"""Fixtures shared by all tests."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from asgi import Call, call_app
from PIL import Image, ImageDraw


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys, records and finished variants of the tests go to a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("STATE_DIRECTORY", raising=False)
        patch.delenv("GUARDWARE_SECRET", raising=False)
        yield


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
