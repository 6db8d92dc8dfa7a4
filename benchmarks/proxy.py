"""What the proxy costs: guardware with its whole judgement, beside nginx and what the libraries cost alone.

::

    make bench-proxy                                       # the whole table
    make bench-proxy BENCH_ARGS="--rounds 5 --seconds 3"

An nginx serves three files; wrk asks each proxy in turn, round after round, with a browser's headers. Every answer
must be the original, byte for byte in the samples. CPU seconds are those of the proxy's processes alone. Read the
ratios: absolute figures are the machine's.
"""

import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.proxy_servers import BARE, NGINX_PROXY, OFF, ON, SIZES, Server, servers

CONNECTIONS = 32
SLOW = 500
"""Clients that ask for the largest file and read next to nothing of it."""

BROWSER = {
    "sec-ch-ua-platform": '"Linux"',
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36",
    "sec-ch-ua": '"Chromium";v="156", "Google Chrome";v="156", "Not)A;Brand";v="8"',
    "sec-ch-ua-mobile": "?0",
    "Accept": "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Dest": "image",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.9",
}
"""Chromium 156 asking for a picture of a page, as captured."""

TARGETS = {
    (OFF, BARE): {"1kB": 0.9, "200kB": 0.9, "5MB": 0.9},
    (ON, NGINX_PROXY): {"1kB": 0.5, "200kB": 1.5, "5MB": 3.0},
}
"""Requests per CPU second of the first, as a multiple of the second's."""


class Cell(NamedTuple):
    """One server, one file, one round: requests a second, and requests for each second of its CPU."""

    rate: float
    per_cpu: float


Table = dict[tuple[str, str], list[Cell]]


def _headers(port: int) -> dict[str, str]:
    return {"Host": f"localhost:{port}", **BROWSER, "Referer": f"http://localhost:{port}/"}


def _load(server: Server, size: str, seconds: int) -> Cell:
    """Let wrk ask for a while. Raises SystemExit if an answer was no 200, or failed."""
    lines = [part for name, value in _headers(server.port).items() for part in ("-H", f"{name}: {value}")]
    wrk = shutil.which("wrk") or "wrk"
    argv = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", *lines]
    cpu = server.cpu
    told = subprocess.run(
        [*argv, f"http://127.0.0.1:{server.port}/{size}.jpg"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    spent = server.cpu - cpu
    done = re.search(r"(\d+) requests in ([\d.]+)s", told)
    if done is None or "Non-2xx" in told or re.search(r"Socket errors: .*(read|write|connect) [1-9]", told):
        raise SystemExit(f"{server.name} failed at {size}:\n{told}")
    asked = int(done[1])
    return Cell(asked / float(done[2]), asked / max(spent, 0.01))


def _fetch(server: Server, size: str) -> bytes:
    """The file as the server gives it; raises SystemExit if it is no 200."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in _headers(server.port).items())
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"GET /{size}.jpg HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"{server.name} answers {head[:200]!r}")
    return body


def _check(all_of_them: Sequence[Server], site: Path) -> None:
    for server in all_of_them:
        for size in SIZES:
            if _fetch(server, size) != (site / f"{size}.jpg").read_bytes():
                raise SystemExit(f"{server.name} does not give the original of {size}")


def measure(all_of_them: Sequence[Server], rounds: int, seconds: int) -> Table:
    """All cells, round by round; the order of the servers moves on by one each round."""
    table: Table = {(server.name, size): [] for server in all_of_them for size in SIZES}
    for number in range(rounds):
        turn = number % len(all_of_them)
        for server in [*all_of_them[turn:], *all_of_them[:turn]]:
            for size in SIZES:
                table[server.name, size].append(_load(server, size, seconds))
        if sys.stderr.isatty():
            print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    return table


def slow_readers(server: Server, count: int) -> int:
    """Bytes by which the server grows while ``count`` clients read next to nothing of the largest file."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in _headers(server.port).items())
    before, clients = server.memory, []
    try:
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.settimeout(10)
            client.connect(("127.0.0.1", server.port))
            client.sendall(f"GET /5MB.jpg HTTP/1.1\r\n{lines}\r\n".encode())
            clients.append(client)
        for _ in range(4):
            for client in clients:
                client.recv(512)
            time.sleep(0.25)
        return server.memory - before
    finally:
        for client in clients:
            client.close()


def _ratio(table: Table, first: str, second: str, size: str) -> float:
    pairs = zip(table[first, size], table[second, size], strict=True)
    return median(mine.per_cpu / theirs.per_cpu for mine, theirs in pairs)


def _print(table: Table, names: Sequence[str], grown: dict[str, int]) -> None:
    print(f"\n{'':26}" + "".join(f"{size:>30}" for size in SIZES) + f"{f'{SLOW} slow readers':>20}")
    print(f"{'':26}" + f"{'req/s':>10}{'req/CPU s':>11}{'x nginx':>9}" * len(SIZES) + f"{'growth, MB':>20}")
    for name in names:
        cells = ""
        for size in SIZES:
            rate = median(cell.rate for cell in table[name, size])
            per_cpu = median(cell.per_cpu for cell in table[name, size])
            cells += f"{rate:>10.0f}{per_cpu:>11.0f}{_ratio(table, name, NGINX_PROXY, size):>9.2f}"
        print(f"{name:26}{cells}{grown[name] / 1e6 if name in grown else float('nan'):>20.1f}")
    print("\nrequests per CPU second, against the target")
    for (first, second), wanted in TARGETS.items():
        got = {size: _ratio(table, first, second, size) for size in SIZES}
        told = ", ".join(f"{size} {got[size]:.2f} (>= {wanted[size]})" for size in SIZES)
        print(f"  {first} / {second}: {told}")


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each cell")
    parser.add_argument("--only", action="append", help="names of servers that are measured; by default all")
    parser.add_argument("--slow", type=int, default=SLOW, help="slow readers; 0 leaves them out")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as started:
        chosen = [server for server in started if not args.only or server.name in args.only]
        _check(chosen, Path(folder) / "site")
        table = measure(chosen, args.rounds, args.seconds)
        grown = {server.name: slow_readers(server, args.slow) for server in chosen if args.slow}
        _check(chosen, Path(folder) / "site")
    if args.json:
        cells = [{"server": name, "file": size, "cells": rows} for (name, size), rows in table.items()]
        print(json.dumps({"cells": cells, "growth": grown}))
    else:
        _print(table, [server.name for server in chosen], grown)


if __name__ == "__main__":
    main()
