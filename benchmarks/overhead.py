"""What a guard costs each request: guardware against its peers, as ratios to the bare app of the same run.

::

    make bench                                  # the whole table
    make bench BENCH_ARGS="--json --rounds 25"

In process, one request at a time, no sockets except Redis's. Read the ratios: absolute figures are the machine's.
"""

import argparse
import asyncio
import json
import logging
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from importlib.metadata import version
from typing import NamedTuple

from redis.asyncio import Redis

from benchmarks.peers import BARE, AsgiSubject, fastapi_guard_defaults, guarded_by_redis, subjects
from benchmarks.redis_rows import EVALSHA, bare_gcra, bare_touch, redis_server, script_calls
from benchmarks.timing import Subject, Timing, interleave
from benchmarks.user_agents import UnseenUserAgents
from benchmarks.visits import CLIENTS

PACKAGES = ("starlette", "slowapi", "limits", "fastapi-guard", "redis", "guardware")


class Row(NamedTuple):
    """One line of the table, in microseconds a call; a ratio is None where it would mean nothing."""

    name: str
    median: float
    p99: float
    cpu: float
    times_bare: float | None
    times_evalsha: float | None


def _rows(subjects: Sequence[Subject], timings: Mapping[str, Timing]) -> list[Row]:
    rows = []
    for subject in subjects:
        timing = timings[subject.name]
        bare = timing.times(timings[BARE[subject.kind]]) if isinstance(subject, AsgiSubject) else None
        evalsha = timing.times(timings[EVALSHA]) if "Redis" in subject.name or "redis" in subject.name else None
        rows.append(Row(subject.name, timing.median, timing.p99, timing.cpu, bare, evalsha))
    return rows


def _progress(done: int, rounds: int) -> None:
    if sys.stderr.isatty():
        print(f"\rround {done} of {rounds}", end="\n" if done == rounds else "", file=sys.stderr, flush=True)


async def measure(rounds: int, calls: int, defaults: bool) -> list[Row]:
    """The whole table. ``defaults`` adds fastapi-guard as it comes."""
    with redis_server() as socket:
        url = f"unix://{socket}"
        async with aclosing(Redis.from_url(url)) as redis:
            over_redis = guarded_by_redis(url)
            scripts = [await bare_gcra(redis), await bare_touch(redis, socket, over_redis[1])]
            every: list[Subject] = [*subjects(), *scripts, *over_redis, UnseenUserAgents()]
            if defaults:
                every.append(fastapi_guard_defaults())
            before = await script_calls(redis)
            timings = await interleave(every, rounds, calls, CLIENTS, lambda done: _progress(done, rounds))
            asked = await script_calls(redis) - before
    expected = (len(scripts) + len(over_redis)) * (CLIENTS + rounds * calls)
    if asked != expected:
        raise SystemExit(f"Redis was asked {asked} times, not {expected}: guardware went on with local memory")
    return _rows(every, timings)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _table(rows: Sequence[Row]) -> str:
    head = f"{'':40}{'median µs':>11}{'p99 µs':>11}{'CPU µs':>11}{'× bare app':>12}{'× EVALSHA':>11}"
    lines = [
        f"{row.name:40}{row.median:11,.1f}{row.p99:11,.0f}{row.cpu:11,.1f}"
        f"{_ratio(row.times_bare):>12}{_ratio(row.times_evalsha):>11}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=13, help="interleaved rounds (default 13)")
    parser.add_argument("--calls", type=int, default=250, help="calls of each row in a round (default 250)")
    parser.add_argument("--defaults", action="store_true", help="also fastapi-guard as it comes, 100 ms a call")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.calls < 1:
        parser.error("--rounds and --calls are at least 1")
    return arguments


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    logging.disable()  # a line written is not what is measured here; no peer logs an admitted request by default
    rows = asyncio.run(measure(arguments.rounds, arguments.calls, arguments.defaults))
    versions = {name: version(name) for name in PACKAGES}
    if arguments.json:
        run = {"python": platform.python_version(), "packages": versions, "rounds": arguments.rounds}
        print(json.dumps({**run, "calls": arguments.calls, "rows": [row._asdict() for row in rows]}, indent=1))
        return
    print(f"Python {platform.python_version()}, " + ", ".join(f"{n} {v}" for n, v in versions.items()))
    print(f"{arguments.rounds} interleaved rounds of {arguments.calls} calls, {CLIENTS} clients\n")
    print(_table(rows))


if __name__ == "__main__":
    main()
