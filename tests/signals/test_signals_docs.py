"""The table of signals in the docs is the one in the code."""

import re
from pathlib import Path

from guardware.signals import NAMES, TABLE

DOC = (Path(__file__).parents[2] / "docs" / "detection.md").read_text()


def test_every_signal_is_in_the_docs_with_its_weight() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| \w+ \| ([^|]+) \|", DOC, re.MULTILINE))
    assert set(rows) == set(NAMES)
    for signal in TABLE:
        assert rows[signal.name] == f"{signal.weight}" + (", proof" if signal.proof else "")
