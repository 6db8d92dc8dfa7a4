"""A public log of 2015, whose bots say what they are and whose people behave like people.

What is asked of it: 95 % of the lines of declared bots are classed as bots; at most 0.5 % of the visits of
browsers that fetched icon and style sheets are touched.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from guardware.config import Config
from guardware.replay.entry import Entry
from guardware.replay.formats import detect
from guardware.replay.player import Player
from guardware.replay.run import of_its_time
from guardware.replay.site import site_of
from guardware.replay.sources import Source
from guardware.verdict import Action, Verdict
from guardware.visit import Visit

DECLARED = re.compile(rb"bot|crawl|spider|slurp|feed", re.IGNORECASE)
NOW = 1795168800.0

Seen = list[tuple[Visit, Verdict]]


class Keeping(Player):
    """Keeps every visit with its verdict."""

    seen: Seen

    def note(self, entry: Entry, visit: Visit, verdict: Verdict, now: float) -> None:
        self.seen.append((visit, verdict))
        super().note(entry, visit, verdict, now)


@pytest.fixture(scope="module")
def played() -> Keeping:
    source = Source(str(Path(__file__).parents[1] / "corpora" / "logs" / "elastic-2015.log.gz"))
    try:
        form = detect(source.samples)
        assert form is not None
        entries = [entry for text in source.samples if (entry := form.parse(text)) is not None]
        start = entries[0].time
        player = Keeping(of_its_time(Config(), start, NOW), site_of(Config(), entries), start)
        player.seen = []
        player.play(source, form)
        player.close()
        return player
    finally:
        source.close()


def test_all_lines_but_two_are_judged(played: Keeping) -> None:
    lines = played.lines
    assert (lines.read, lines.judged, lines.unparsable, lines.refused) == (10_000, 9_998, 1, 1)


def test_declared_bots_are_classed_as_bots(played: Keeping) -> None:
    bots = [(v, d) for v, d in played.seen if DECLARED.search(v.facts.user_agent or b"")]
    caught = [d for _, d in bots if d.crawler is not None or d.action in (Action.DENY, Action.PROTECT)]
    assert len(bots) == 2053
    assert len(caught) / len(bots) >= 0.95


def test_people_are_left_alone(played: Keeping) -> None:
    """Whoever says that it is a browser, and fetched what browsers fetch."""
    clients: defaultdict[tuple[str, bytes], Seen] = defaultdict(list)
    for visit, verdict in played.seen:
        agent = visit.facts.user_agent or b""
        if agent.startswith((b"Mozilla/", b"Opera/")) and not DECLARED.search(agent):
            clients[visit.source.client, agent].append((visit, verdict))
    people = [
        verdict
        for visits in clients.values()
        if {"/favicon.ico"} & {v.path for v, _ in visits} and any(v.path.endswith(".css") for v, _ in visits)
        for _, verdict in visits
    ]
    touched = [verdict for verdict in people if verdict.action is not Action.ALLOW]
    assert len(people) > 4500
    assert len(touched) / len(people) <= 0.005
