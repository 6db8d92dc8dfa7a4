"""Crawlers in the report, by the catalogue that serves: with the copy that an update left in the state folder."""

import json
from collections import Counter
from pathlib import Path

import pytest

from guardware.config import from_mapping
from guardware.crawlers.catalogue import KEPT, catalogue_data
from guardware.observe.summary import Summary
from guardware.report.reading import Found
from guardware.report.report import build
from guardware.report.totals import add_up


@pytest.fixture
def updated(tmp_path: Path) -> Path:
    """A state folder whose catalogue knows one more."""
    data = catalogue_data()
    data["crawlers"].append(
        {**data["crawlers"][0], "token": "PictureEater", "operator": "New Ltd", "phrases": ["PictureEater"]}
    )
    (tmp_path / KEPT).write_text(json.dumps(data))
    return tmp_path


@pytest.mark.parametrize(("known", "operator"), [(True, "New Ltd"), (False, "")])
def test_the_updated_catalogue_names_the_operator(updated: Path, known: bool, operator: str) -> None:
    config = from_mapping({"store": {"folder": str(updated) if known else "none"}})
    crawlers = Counter({("PictureEater", "deny"): 3})
    totals = add_up([Summary(0.0, Counter(), crawlers, Counter(), Counter())], 7, 10.0)
    assert totals is not None
    (row,) = build(totals, Found((), 0, 1), config)["crawlers"]
    assert (row["token"], row["operator"], row["visits"]) == ("PictureEater", operator, 3)
