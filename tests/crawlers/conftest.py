"""The shipped catalogue, and the corpora of user-agents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from guardware.crawlers import Catalogue

_CORPORA = Path(__file__).parents[1] / "corpora" / "crawlers"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def corpus() -> Callable[[str], list[str]]:
    """The user-agents of a corpus file; lines that begin with # are its licence."""

    def read(name: str) -> list[str]:
        lines = (_CORPORA / name).read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith("#")]

    return read
