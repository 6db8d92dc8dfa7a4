"""Serving: what a hot variant costs beside a static file, and what many cold requests at once take."""

import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from asgi import BROWSER
from PIL import ImageChops

from benchmarks.images_server import Peak, Server, config, serving
from benchmarks.images_steps_child import jpeg, photograph
from benchmarks.images_tables import Request, markdown

_HEADERS = {name.decode(): value.decode() for name, value in BROWSER if name not in (b"host", b"connection")}

# Same picture, same client; only the rule for the path differs, and with it what is served.
_ROWS = {
    "static file (allow)": ("original", {"action": "allow"}),
    "hot variant, one for all": ("shared", {"action": "protect", "variant": "shared"}),
    "hot variant, a traced copy for each": ("traced", {"action": "protect", "variant": "veiled"}),
}
_VARIANTS = {"shared": [{"resize": 2048}, "veil", "metadata"]}
_RULES: list[dict[str, object]] = [
    {"name": name, "match": {"path": f"/{folder}/**"}, **action} for name, (folder, action) in _ROWS.items()
]
_HOT_SIZE = (1600, 1200)
_COLD_SIZE = (4000, 3000)


class Answer(NamedTuple):
    """``placeholder``: no picture, but the card (it comes with Retry-After, or as PNG for a JPEG)."""

    status: int
    length: int
    placeholder: bool


def table(request: Request) -> str:
    """Two tables: hot, then cold."""
    return "\n\n".join([_hot_table(request), _cold_table(request)])


def _get(connection: HTTPConnection, path: str) -> Answer:
    connection.request("GET", path, headers=_HEADERS)
    response = connection.getresponse()
    body = response.read()
    other = response.headers["content-type"] != "image/jpeg"
    return Answer(response.status, len(body), other or response.headers["retry-after"] is not None)


def _hot_table(request: Request) -> str:
    rounds, calls = (3, 100) if request.quick else (9, 300)
    with tempfile.TemporaryDirectory() as name:
        root, state = Path(name, "root"), Path(name, "state")
        for folder, _ in _ROWS.values():
            (root / folder).mkdir(parents=True)
            (root / folder / "picture.jpg").write_bytes(jpeg(photograph(_HOT_SIZE)))
        with serving(root, config(_RULES, dict(_VARIANTS), state), Path(name)) as server:
            lengths = {row: _warm(server, folder) for row, (folder, _) in _ROWS.items()}
            costs = _interleaved(server, rounds, calls)
    static = costs["static file (allow)"]
    rows = [
        [
            row,
            f"{lengths[row] / 1000:.0f}",
            f"{1e6 * statistics.median(spent):.0f}",
            f"{_ratio(static, spent):.2f}",
        ]
        for row, spent in costs.items()
    ]
    return markdown(["request", "kB", "server CPU, µs a request", "requests per CPU, of static"], rows)


def _warm(server: Server, folder: str) -> int:
    """Ask until the variant is there; its length in bytes."""
    answer = None
    for _ in range(100):
        with closing(server.connect()) as connection:
            answer = _get(connection, f"/{folder}/picture.jpg")
        if answer.status == 200 and not answer.placeholder:
            return answer.length
        time.sleep(0.2)
    raise RuntimeError(f"/{folder}/picture.jpg stays a placeholder: {answer}")


def _interleaved(server: Server, rounds: int, calls: int) -> dict[str, list[float]]:
    """CPU seconds of the server a request, for each row and round; the calls of a round share a connection."""
    costs: dict[str, list[float]] = {row: [] for row in _ROWS}
    for number in range(rounds):
        turn = number % len(_ROWS)
        for row in (*list(_ROWS)[turn:], *list(_ROWS)[:turn]):
            # A new one: the server hangs up on one that waits through the other rows.
            with closing(server.connect()) as connection:
                costs[row].append(_cost(server, connection, f"/{_ROWS[row][0]}/picture.jpg", calls))
    return costs


def _cost(server: Server, connection: HTTPConnection, path: str, calls: int) -> float:
    began = server.cpu()
    answers = {_get(connection, path)._replace(length=0) for _ in range(calls)}
    if answers != {Answer(200, 0, False)}:
        raise RuntimeError(f"{path} was answered with {answers}")
    return (server.cpu() - began) / calls


def _ratio(static: Sequence[float], mine: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(static, mine, strict=True))


def _cold_table(request: Request) -> str:
    count = 8 if request.quick else 40
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "root")
        folder = root / "traced"
        folder.mkdir(parents=True)
        picture = photograph(_COLD_SIZE)
        paths = [f"/traced/{number}.jpg" for number in range(count)]
        for number, path in enumerate(paths):
            (root / path[1:]).write_bytes(jpeg(ImageChops.offset(picture, 16 * number, 0)))
        with serving(root, config(_RULES, dict(_VARIANTS), Path(name, "state")), Path(name)) as server:
            idle = server.memory()
            with Peak(server) as peak:
                began = time.monotonic()
                first = _at_once(server, paths)
                seconds = time.monotonic() - began
    good = [answer for answer in first if answer.status == 200 and not answer.placeholder]
    cards = sum(answer.placeholder for answer in first)
    row = [
        str(count),
        str(len(good)),
        str(cards),
        f"{seconds:.1f}",
        f"{idle / 2**20:.0f}",
        f"{peak.bytes / 2**20:.0f}",
    ]
    head = [
        "cold 12 MP JPEGs at once",
        "variants",
        "placeholders",
        "seconds",
        "idle MB",
        "peak MB (server + workers)",
    ]
    return markdown(head, [row])


def _at_once(server: Server, paths: Sequence[str]) -> list[Answer]:
    answers: list[Answer] = []
    together = threading.Barrier(len(paths))

    def ask(path: str) -> None:
        with closing(server.connect()) as connection:
            together.wait()
            answers.append(_get(connection, path))

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) != len(paths):
        raise RuntimeError(f"{len(paths) - len(answers)} of {len(paths)} requests were not answered")
    return answers
