"""Finding: one thing that the doctor looked at."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """``FAULT``: pictures are not protected, or visitors are hurt. ``WARNING``: better mended."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Finding(NamedTuple):
    """``topic``: the part of the examination; ``text``: what was found, a sentence; ``mend``: what to do about it,
    lines to be shown as they are, empty where nothing is to be done."""

    level: Level
    topic: str
    text: str
    mend: tuple[str, ...] = ()


def ok(topic: str, text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, topic, text)


def warning(topic: str, text: str, *mend: str) -> Finding:
    """Better mended."""
    return Finding(Level.WARNING, topic, text, mend)


def fault(topic: str, text: str, *mend: str) -> Finding:
    """To be mended."""
    return Finding(Level.FAULT, topic, text, mend)
