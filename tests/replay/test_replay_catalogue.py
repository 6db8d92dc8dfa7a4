"""Replay judges by the catalogue that serves: with the copy that an update left in the state folder."""

import json
from pathlib import Path

import pytest

from guardware.config import from_mapping
from guardware.crawlers.catalogue import KEPT, catalogue_data
from guardware.replay.player import Player
from guardware.replay.site import Site


@pytest.mark.parametrize("known", [True, False])
def test_the_updated_catalogue_is_used(tmp_path: Path, known: bool) -> None:
    data = catalogue_data()
    data["crawlers"].append({**data["crawlers"][0], "token": "PictureEater", "phrases": ["PictureEater"]})
    (tmp_path / KEPT).write_text(json.dumps(data))
    config = from_mapping({"store": {"folder": str(tmp_path) if known else "none"}})
    player = Player(config, Site(b"example.org", "https", "given"), 0.0)
    assert (player.catalogue.get("PictureEater") is not None) is known
