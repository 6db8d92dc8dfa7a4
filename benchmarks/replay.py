"""How fast access logs are replayed: lines a second of one core, by format.

::

    python -m benchmarks.replay
    python -m benchmarks.replay --rounds 5 --json

The lines are those of tests/corpora/logs/elastic-2015.log.gz, written anew in each format and repeated, with a
time that goes on. Processor time is measured; on a machine busy with other things it is still up to twice what it
is on one at rest, so the best round counts, and beside it stands what reading and parsing alone cost.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from guardware.config import Config
from guardware.replay.entry import Entry
from guardware.replay.formats import Format, detect
from guardware.replay.player import Player
from guardware.replay.site import site_of
from guardware.replay.sources import Source
from guardware.replay.text_formats import combined

_CORPUS = Path(__file__).parents[1] / "tests" / "corpora" / "logs" / "elastic-2015.log.gz"
_LAPS = 3
_APART = 2.0
"""Seconds between two lines: a site of some 43 000 visits a day."""


class Row(NamedTuple):
    """``whole`` and ``parsing``: lines a second."""

    format: str
    lines: int
    whole: float
    parsing: float


def _quoted(entry: Entry, name: bytes) -> str:
    value = dict(entry.headers).get(name, b"-").decode("latin-1")
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _words(entry: Entry) -> tuple[str, str, str]:
    """Method, target, and time in the common format."""
    request = entry.request
    assert request is not None
    target = request.raw_path.decode("latin-1") + ("?" + request.query.decode("latin-1") if request.query else "")
    return request.method, target, datetime.fromtimestamp(entry.time, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def _common(entry: Entry) -> str:
    method, target, when = _words(entry)
    return f'{entry.address} - - [{when}] "{method} {target} HTTP/1.1" {entry.status} 512'


def _combined(entry: Entry) -> str:
    return f'{_common(entry)} "{_quoted(entry, b"referer")}" "{_quoted(entry, b"user-agent")}"'


def _vhost(entry: Entry) -> str:
    return f"www.semicomplete.com:443 {_combined(entry)}"


def _json(entry: Entry) -> str:
    headers = {name.decode(): value.decode("latin-1") for name, value in entry.headers}
    method, target, _ = _words(entry)
    record = {
        "time_iso8601": datetime.fromtimestamp(entry.time, UTC).isoformat(),
        "remote_addr": entry.address,
        "request": f"{method} {target} HTTP/1.1",
        "status": entry.status,
        "http_referer": headers.get("referer", ""),
        "http_user_agent": headers.get("user-agent", ""),
    }
    return json.dumps(record)


def _caddy(entry: Entry) -> str:
    headers = {name.decode().title(): [value.decode("latin-1")] for name, value in entry.headers}
    browser = {"Accept": ["*/*"], "Accept-Encoding": ["gzip, deflate, br, zstd"], "Accept-Language": ["en"]}
    fetch = {"Sec-Fetch-Dest": ["image"], "Sec-Fetch-Mode": ["no-cors"], "Sec-Fetch-Site": ["same-origin"]}
    method, target, _ = _words(entry)
    request: dict[str, Any] = {
        "remote_ip": entry.address,
        "remote_port": "4711",
        "client_ip": entry.address,
        "proto": "HTTP/2.0",
        "method": method,
        "host": "www.semicomplete.com",
        "uri": target,
        "headers": headers | browser | fetch,
        "tls": {"resumed": False, "version": 772, "cipher_suite": 4865, "proto": "h2"},
    }
    answer = {"Content-Type": ["text/html"], "Server": ["Caddy"]}
    record = {"level": "info", "ts": entry.time, "msg": "handled request", "request": request}
    return json.dumps({**record, "duration": 0.001, "size": 512, "status": entry.status, "resp_headers": answer})


WRITERS: dict[str, Callable[[Entry], str]] = {
    "combined": _combined,
    "vhost": _vhost,
    "common": _common,
    "json": _json,
    "caddy": _caddy,
}


def _entries() -> Iterator[Entry]:
    parse = combined()
    found = [entry for line in gzip.decompress(_CORPUS.read_bytes()).splitlines() if (entry := parse(line))]
    number = 0
    for _ in range(_LAPS):
        for entry in found:
            if entry.request is not None:
                yield entry._replace(time=1_795_168_800 + number * _APART)
                number += 1


def _opened(path: Path) -> tuple[Source, Format, list[Entry]]:
    source = Source(str(path))
    form = detect(source.samples)
    assert form is not None
    return source, form, [entry for text in source.samples if (entry := form.parse(text)) is not None]


def _parsing(path: Path) -> float:
    source, form, _ = _opened(path)
    began = process_time()
    for line in source:
        if line:
            form.parse(line)
    spent = process_time() - began
    source.close()
    return spent


def _whole(path: Path) -> tuple[int, float]:
    source, form, entries = _opened(path)
    player = Player(Config(), site_of(Config(), entries), entries[0].time)
    began = process_time()
    player.play(source, form)
    player.close()
    spent = process_time() - began
    source.close()
    return player.lines.judged, spent


def measure(name: str, path: Path, rounds: int) -> Row:
    """The best of ``rounds``."""
    wholes = [_whole(path) for _ in range(rounds)]
    lines = wholes[0][0]
    return Row(name, lines, lines / min(t for _, t in wholes), lines / min(_parsing(path) for _ in range(rounds)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts (default 3)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds is at least 1")
    return arguments


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    entries, rows = list(_entries()), []
    with tempfile.TemporaryDirectory() as folder:
        for name, write in WRITERS.items():
            path = Path(folder) / name
            path.write_text("".join(f"{write(entry)}\n" for entry in entries), encoding="latin-1")
            rows.append(measure(name, path, arguments.rounds))
            if sys.stderr.isatty():
                print(f"\r{name} done", end="", file=sys.stderr)
    if arguments.json:
        print(json.dumps([row._asdict() for row in rows], indent=1))
        return
    print(f"{'format':<10}{'lines':>9}{'replayed, lines/s':>20}{'parsed, lines/s':>20}")
    for row in rows:
        print(f"{row.format:<10}{row.lines:>9,}{row.whole:>20,.0f}{row.parsing:>20,.0f}")


if __name__ == "__main__":
    main()
