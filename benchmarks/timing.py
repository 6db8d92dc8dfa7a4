"""Interleaved timing: every subject runs in every round, so that a busy neighbour hurts all of them alike."""

import gc
from collections.abc import Awaitable, Callable, Iterable, Sequence
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import NamedTuple, Protocol

Job = Callable[[], Awaitable[object]]


class Subject(Protocol):
    """Something to time."""

    @property
    def name(self) -> str:
        """How the table calls it. Unique."""

    def jobs(self, start: int, count: int) -> Iterable[Job]:
        """At most ``count`` calls, each built just before it is made: a server has just parsed what it hands on,
        so that it is warm in the processor's caches. Building is not timed. ``start`` numbers the first.
        """

    def verify(self) -> None:
        """Raise if the calls made since ``jobs`` did not do what they claim to do."""


class Round(NamedTuple):
    """One block of calls of one subject, in microseconds a call."""

    median: float
    cpu: float
    calls: tuple[float, ...]


class Timing(NamedTuple):
    """All rounds of one subject."""

    rounds: tuple[Round, ...]

    @property
    def median(self) -> float:
        """Microseconds a call: the median of the rounds' medians."""
        return median(r.median for r in self.rounds)

    @property
    def cpu(self) -> float:
        """Microseconds of this process's CPU a call: the median of the rounds' means."""
        return median(r.cpu for r in self.rounds)

    @property
    def p99(self) -> float:
        """Microseconds that 99 calls in 100 stay below. Mostly the neighbours' doing."""
        calls = sorted(call for r in self.rounds for call in r.calls)
        return calls[int(len(calls) * 0.99)]

    def times(self, base: "Timing") -> float:
        """How many times ``base``: the median of the ratios, each taken within one round."""
        return median(mine.median / theirs.median for mine, theirs in zip(self.rounds, base.rounds, strict=True))


async def _run(subject: Subject, start: int, count: int) -> Round:
    spent, cpu = [], 0
    gc.collect()
    for job in subject.jobs(start, count):
        cpu_began, began = process_time_ns(), perf_counter_ns()
        await job()
        spent.append((perf_counter_ns() - began) / 1000)
        cpu += process_time_ns() - cpu_began
    subject.verify()
    return Round(median(spent), cpu / 1000 / len(spent), tuple(spent))


async def interleave(
    subjects: Sequence[Subject], rounds: int, calls: int, warm_up: int, progress: Callable[[int], None]
) -> dict[str, Timing]:
    """Time every subject in ``rounds`` rounds of ``calls`` calls, after ``warm_up`` calls that do not count.

    The order moves on by one each round. ``progress`` is called with the number of rounds done.
    """
    for subject in subjects:
        await _run(subject, 0, warm_up)
    done: dict[str, list[Round]] = {subject.name: [] for subject in subjects}
    for number in range(rounds):
        turn = number % len(subjects)
        for subject in (*subjects[turn:], *subjects[:turn]):
            done[subject.name].append(await _run(subject, warm_up + number * calls, calls))
        progress(number + 1)
    return {name: Timing(tuple(timings)) for name, timings in done.items()}
