"""Fixtures shared by all tests."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from asgi import Call, call_app
from PIL import Image, ImageDraw

from guardware.images import atelier
from guardware.images.crew import Crew


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys, records and finished variants of the tests go to a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("STATE_DIRECTORY", raising=False)
        patch.delenv("GUARDWARE_SECRET", raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def shared_workers() -> Iterator[None]:
    """All guards of the tests have their pictures made by the same worker processes: starting one takes 0.3 s."""
    crews: dict[tuple[int, int, float], Crew] = {}

    def crew(function: str, workers: int, *, memory: int, timeout: float) -> Crew:
        settings = (workers, memory, timeout)
        if settings not in crews:
            crews[settings] = made = Crew(function, workers, memory=memory, timeout=timeout)
            made.close = lambda: None  # type: ignore[method-assign]
        return crews[settings]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atelier, "Crew", crew)
        yield
    for made in crews.values():
        Crew.close(made)


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
