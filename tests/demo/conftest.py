"""A small gallery, drawn once: a work of every format."""

from pathlib import Path

import pytest

from guardware.demo import Build, Work, works

SOME = (
    "last-light-over-the-pass",  # JPEG
    "harbour",  # JPEG
    "quiet-primer",  # PNG
    "one-breath",  # WebP
    "silver-hour",  # AVIF
    "breathing-square",  # GIF
)


@pytest.fixture(scope="session")
def some() -> tuple[Work, ...]:
    return tuple(work for work in works() if work.slug in SOME)


@pytest.fixture(scope="session")
def hung(some: tuple[Work, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished gallery; tests must leave it as it is."""
    folder = tmp_path_factory.mktemp("demo") / "gallery"
    assert len(list(Build(folder, shown=some, workers=1).run())) == len(SOME)
    return folder
