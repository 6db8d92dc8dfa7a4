"""Redis: a server of our own, and the bare script calls that guardware's whole visit is compared with."""

import ast
import asyncio
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from redis.asyncio import Redis

from benchmarks.timing import Job, Subject
from benchmarks.visits import CLIENTS

EVALSHA = "redis-py, one bare EVALSHA (GCRA)"
"""The row that the figures with Redis are taken to."""

TOUCH = "redis-py, guardware's script called bare"

# The least a rate limiter can ask of Redis: one key, one GCRA check, one integer back.
_GCRA = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if tat - now > interval * (burst - 1) then return tat - now end
redis.call('SET', KEYS[1], string.format('%.0f', tat + interval), 'PX', 60000)
return 0
"""

_ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*)"')

Call = tuple[bytes, ...]
"""What follows EVALSHA on the wire: the script's hash, the number of keys, keys, arguments."""


@contextmanager
def redis_server() -> Iterator[Path]:
    """A redis-server that keeps nothing on disk; yields its unix socket and ends it afterwards."""
    program = which("redis-server")
    if program is None:
        raise SystemExit("redis-server is not installed; run scripts/install-system-packages.sh")
    with TemporaryDirectory(prefix="guardware-bench-") as folder:
        socket = Path(folder, "redis.sock")
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", folder]
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not socket.exists():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("redis-server did not start")
                time.sleep(0.02)
            yield socket
        finally:
            server.terminate()
            server.wait(10)


class BareCalls:
    """EVALSHA calls through redis-py with nothing around them, taking turns."""

    def __init__(self, name: str, redis: Redis, calls: Sequence[Call]) -> None:
        self.name = name
        self._redis = redis
        self._calls = calls

    def jobs(self, start: int, count: int) -> Iterator[Job]:
        for number in range(start, start + count):
            yield partial(self._redis.execute_command, "EVALSHA", *self._calls[number % len(self._calls)])

    def verify(self) -> None:
        """Nothing to add: a script that fails raises."""


async def bare_gcra(redis: Redis) -> BareCalls:
    """The trivial GCRA script, for each client of the benchmark."""
    sha = (await redis.script_load(_GCRA)).encode()
    return BareCalls(
        EVALSHA, redis, [(sha, b"1", b"bench:%d" % number, b"60", b"1000000") for number in range(CLIENTS)]
    )


async def bare_touch(redis: Redis, socket: Path, guarded: Subject) -> BareCalls:
    """The script calls that ``guarded`` makes for each client, recorded on the server, as they are."""
    return BareCalls(TOUCH, redis, await _recorded(socket, guarded))


async def script_calls(redis: Redis) -> int:
    """How many EVALSHA the server has answered."""
    return int((await redis.info("commandstats"))["cmdstat_evalsha"]["calls"])


async def _recorded(socket: Path, guarded: Subject) -> list[Call]:
    for job in guarded.jobs(0, 1):  # the first visit also loads the script
        await job()
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(b"MONITOR\r\n")
        await reader.readline()  # +OK
        for job in guarded.jobs(0, CLIENTS):
            await job()
        calls: list[Call] = []
        while len(calls) < CLIENTS:
            async with asyncio.timeout(5):
                command = _command((await reader.readline()).decode())
            if command and command[0].upper() == b"EVALSHA":
                calls.append(command[1:])
        return calls
    except TimeoutError:
        raise SystemExit("guardware did not ask its Redis for every visit; is the store away?") from None
    finally:
        writer.close()
        await writer.wait_closed()


def _command(line: str) -> Call:
    """The arguments in one line of MONITOR; none for what a script itself calls."""
    head, _, quoted = line.partition("] ")
    if head.endswith(" lua"):
        return ()
    return tuple(ast.literal_eval(f'b"{argument}"') for argument in _ARGUMENT.findall(quoted))
