"""The gallery, and the server that guards it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from .pictures import Gallery, build_gallery
from .processes import guarded_server

CONFIG = """\
site:
  name: Ada Example
"""


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Twelve originals and a page."""
    return build_gallery(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def guarded(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gallery behind ``guardware serve`` in the default configuration; the base URL, on localhost."""
    with _guarded(gallery, tmp_path_factory.mktemp("guarded")) as base:
        yield base


@pytest.fixture
def guarded_anew(gallery: Gallery, tmp_path: Path) -> Iterator[str]:
    """The same on a server of its own, so that nothing is remembered of the visits of another test."""
    with _guarded(gallery, tmp_path) as base:
        yield base


@pytest.fixture
def loot(tmp_path: Path) -> Path:
    """An empty folder for what a client takes."""
    folder = tmp_path / "loot"
    folder.mkdir()
    return folder


def _guarded(gallery: Gallery, folder: Path) -> AbstractContextManager[str]:
    config = folder / "guardware.yaml"
    config.write_text(f"{CONFIG}store: {{folder: {folder / 'state'}}}\n")
    return guarded_server(gallery.folder, config, folder / "server.log")
