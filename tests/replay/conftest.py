"""Where the logs of these tests are, and how more of them are written."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Write = Callable[..., str]


@pytest.fixture
def corpus() -> Path:
    return Path(__file__).parents[1] / "corpora" / "logs"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes lines to a file, and gives its name."""

    def write(lines: Iterable[str | bytes], name: str = "access.log") -> str:
        data = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write
