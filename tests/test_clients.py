"""What real clients get: captures of 57 clients, replayed."""

from pathlib import Path
from typing import Any

import pytest
from clients_table import Replay, replay_all, table

from guardware.verdict import Action

CLIENTS = list(replay_all(Path(__file__).parent / "corpora" / "clients.jsonl"))
ENGINES = {"human-browser", "human-browser-noimg", "human-privacy", "automation-browser"}


def of(*categories: str) -> list[Any]:
    return [pytest.param(c, id=c.client) for c in CLIENTS if c.category in categories]


def test_the_corpus_is_whole() -> None:
    assert len(CLIENTS) == 57
    assert sum(len(c.pictures) for c in CLIENTS) > 400


@pytest.mark.parametrize("client", of("tool", "dataset-downloader"))
def test_tools_and_dataset_downloaders_get_no_original(client: Replay) -> None:
    assert client.pictures
    assert all(v.action is not Action.ALLOW for v in client.pictures)


@pytest.mark.parametrize("client", of("tool-spoofed", "crawler"))
def test_spoofed_tools_and_crawlers_are_known_by_their_third_picture(client: Replay) -> None:
    assert all(v.action is not Action.ALLOW for v in client.pictures[2:])


@pytest.mark.parametrize(
    "client", [pytest.param(c, id=c.client) for c in CLIENTS if c.category.startswith("human")]
)
def test_people_are_never_refused(client: Replay) -> None:
    assert all(v.action in (Action.ALLOW, Action.PROTECT) for v in (*client.pictures, *client.others))


@pytest.mark.parametrize("client", of(*ENGINES))
def test_browser_engines_get_everything(client: Replay) -> None:
    if client.headless_name:
        # The name itself is what a driven browser declares.
        assert all(v.action is not Action.ALLOW for v in client.pictures)
    else:
        assert all(v.action is Action.ALLOW for v in (*client.pictures, *client.others))


def test_the_table_in_the_docs_is_current() -> None:
    assert (Path(__file__).parents[1] / "docs" / "clients.md").read_text() == table(CLIENTS)
