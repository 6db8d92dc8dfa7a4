"""The four robots.txt readers behind one face, and the crawlers whose answer matters."""

import urllib.robotparser
from collections.abc import Callable
from typing import NamedTuple

import pytest
import robotexclusionrulesparser
from protego import Protego
from robots import RobotsParser

from guardware.notices.refused import product

PLACES = ("/", "/a", "/originals/1.jpg", "/ok/allowed.html", "/private/x?y=1", "/.well-known/tdmrep.json")
"""Addresses that are asked about; not /robots.txt itself, which protego always allows."""


class Readers(NamedTuple):
    """Four readers that have read the same file."""

    stdlib: urllib.robotparser.RobotFileParser
    protego: Protego
    rerp: robotexclusionrulesparser.RobotExclusionRulesParser
    robotspy: RobotsParser

    def answers(self, token: str, place: str) -> dict[str, bool]:
        """Who lets the crawler of that token fetch ``place``."""
        said = {
            "urllib.robotparser": self.stdlib.can_fetch(token, place),
            "protego": self.protego.can_fetch(place, token),
            "robotexclusionrulesparser": self.rerp.is_allowed(token, place),
        }
        if product(token) == token.lower():
            # robotspy goes by the letter of RFC 9309: a token with digits, dots or spaces is none to it.
            said["robotspy"] = self.robotspy.can_fetch(token, place)
        return {name: bool(answer) for name, answer in said.items()}

    def refuse(self, token: str) -> bool:
        """All four refuse it every place."""
        return not any(answer for place in PLACES for answer in self.answers(token, place).values())

    def allow(self, token: str, place: str = "/a") -> bool:
        """All four let it in."""
        return all(self.answers(token, place).values())


def read_by_all(body: bytes) -> Readers:
    text = body.decode("ascii")
    stdlib = urllib.robotparser.RobotFileParser()
    stdlib.parse(text.splitlines())
    rerp = robotexclusionrulesparser.RobotExclusionRulesParser()
    rerp.parse(text)
    return Readers(stdlib, Protego.parse(text), rerp, RobotsParser.from_string(text))


@pytest.fixture(scope="session")
def read() -> Callable[[bytes], Readers]:
    return read_by_all
