"""One replay from the names of logs to the report."""

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import PurePath
from typing import NamedTuple

from guardware.config.faults import printable
from guardware.config.schema import Config
from guardware.errors import GuardwareError
from guardware.replay.entry import Entry
from guardware.replay.formats import Format, detect
from guardware.replay.masking import masked
from guardware.replay.notes import OLD, notes
from guardware.replay.player import Player
from guardware.replay.report import Report, build
from guardware.replay.site import Site, site_of
from guardware.replay.sources import Source

Progress = Callable[[int, int], None]
"""Told how many bytes of how many were read; of 0 if nobody knows."""


class Wishes(NamedTuple):
    """What the owner asks for. ``form``: a name in ``FORMATS``, or "auto"; ``site``: None to find it out."""

    form: str = "auto"
    site: Site | None = None
    addresses: bool = False


class _Log(NamedTuple):
    source: Source
    form: Format
    entries: list[Entry]
    """Of its first lines."""

    @property
    def name(self) -> str:
        """As it may be printed, without its folders: reports are handed on."""
        return _shown(self.source)

    @property
    def start(self) -> float:
        return min((entry.time for entry in self.entries), default=math.inf)


def replay(
    names: Sequence[str], config: Config, wishes: Wishes, now: float, progress: Progress = lambda done, size: None
) -> Report:
    """The report on these logs ("-": standard input), played in the order of their time.

    Ctrl-C ends the reading, and what was read until then is reported. Raises GuardwareError if no line can be read
    or a file cannot be opened. ``now``: seconds since the epoch.
    """
    with ExitStack() as opened:
        logs, remarks = [], []
        for name in names:
            source = Source(name)
            opened.callback(source.close)
            form = detect(source.samples, wishes.form)
            if form is None:
                remarks.append(f"{_unreadable(source, wishes)}.")
            else:
                logs.append(_Log(source, form, [e for text in source.samples if (e := form.parse(text))]))
        if not logs:
            raise GuardwareError(f"no line could be read. {' '.join(remarks)}")
        ordered = sorted(logs, key=lambda log: log.start)
        if ordered != logs:
            told = ", ".join(log.name for log in ordered)
            remarks.append(f"The logs were not given in the order of their time; they were played so: {told}.")
        return _played(ordered, config, wishes, now, progress, remarks)


def _played(
    logs: Sequence[_Log], config: Config, wishes: Wishes, now: float, progress: Progress, remarks: list[str]
) -> Report:
    start = logs[0].start
    site = wishes.site or site_of(config, (entry for log in logs for entry in log.entries))
    seen = frozenset.intersection(*(log.form.seen for log in logs))
    player = Player(of_its_time(config, start, now), site, start, agents_seen="user_agent" in seen)
    interrupted = _play(player, logs, progress)
    player.close()
    broken = [f"{log.name} was not read to its end: {log.source.fault}." for log in logs if log.source.fault]
    told = [
        {
            "name": printable(log.source.name) if log.source.name != "-" else log.name,
            "format": log.form.name,
            "shows": sorted(log.form.seen),
        }
        for log in logs
    ]
    every = [*broken, *remarks, *notes(player, seen, now)]
    return build(player, told, every, addresses=wishes.addresses, cut_short=interrupted)


def _play(player: Player, logs: Sequence[_Log], progress: Progress) -> bool:
    """Whether Ctrl-C ended it."""
    size, done = sum(log.source.size for log in logs), 0
    known = size if all(log.source.size for log in logs) else 0
    try:
        for log in logs:
            player.play(log.source, log.form, _told(progress, log.source, done, known))
            done += log.source.size
    except KeyboardInterrupt:
        return True
    return False


def _told(progress: Progress, source: Source, before: int, size: int) -> Callable[[], None]:
    return lambda: progress(before + source.position, size)


def of_its_time(config: Config, start: float, now: float) -> Config:
    """``config`` for a log that began at ``start``: in an old one, an old browser was not old."""
    if now - start <= OLD:
        return config
    off = (*config.signals.off, "stale-engine")
    return config.model_copy(update={"signals": config.signals.model_copy(update={"off": off})})


def _shown(source: Source) -> str:
    return "standard input" if source.name == "-" else printable(PurePath(source.name).name)


def _unreadable(source: Source, wishes: Wishes) -> str:
    name = _shown(source)
    if source.fault:
        return f"{name}: {source.fault}"
    if not source.samples:
        return f"{name} is empty"
    wanted = "of no format that is known" if wishes.form == "auto" else f"not of the format {wishes.form}"
    first = source.samples[0][:80].decode("utf-8", "replace")
    if not wishes.addresses:
        first = masked(first)
    return f"{name} is {wanted}; its first line begins {first!r}"
