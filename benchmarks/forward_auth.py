"""nginx alone against nginx that asks guardware: ``python -m benchmarks.forward_auth [--seconds 3] [--rounds 3]``.

By the shipped recipes, guardware on a unix socket: nginx keeps answers for a second as they say, or is made to ask
each time; everything that is asked is judged, but limits and thresholds do not hold back a single client that asks
ten thousand times. The length of the answers
proves that they are originals. wrk with 32 connections, all ways in turn in each round. CPU time is that of all
processes of the way, nginx and guardware, so that nothing is hidden in the other one.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from guardware.layout import aligned, column_widths

REPOSITORY = Path(__file__).parents[1]
SIZES = {"1 kB": 1_000, "200 kB": 200_000, "5 MB": 5_000_000}
TICK = os.sysconf("SC_CLK_TCK")

POLICY = """\
clients: {{trusted_proxies: [unix]}}
store: {{folder: {folder}/state}}
forward_auth: {{accel: {accel}}}
thresholds: {{protect: 14, suspect: 14, deny: 14}}
limits:
  client: {{page: null, image: null, feed: null, api: null}}
  network: {{page: null, image: null, feed: null, api: null}}
"""
PLAIN = """\
server { listen 80; root /var/www/gallery; sendfile on; }
"""
PASSING = """\
upstream site { server SITE; keepalive 32; }
server {
    listen 80;
    location / { proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; }
}
"""
EACH_TIME = {"proxy_cache ": "# proxy_cache ", "proxy_cache_key ": "# proxy_cache_key "}
"""Changes to the recipes by which nginx keeps no answer."""

NGINX = """\
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 512; }}
http {{
    access_log off; types {{ image/jpeg jpg; }} tcp_nopush on; keepalive_requests 100000;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    {includes}
}}
"""
SCRIPT = """\
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
wrk.headers["Accept"] = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
wrk.headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
wrk.headers["Accept-Language"] = "en-US,en;q=0.9"
wrk.headers["Sec-Fetch-Site"] = "same-origin"
wrk.headers["Sec-Fetch-Mode"] = "no-cors"
wrk.headers["Sec-Fetch-Dest"] = "image"
"""


class Way(NamedTuple):
    """A way to the files: the port, and the processes whose time counts."""

    name: str
    port: int
    processes: tuple[int, ...]


class Measured(NamedTuple):
    """One run of wrk: requests in a second, and in a second of all processes' time."""

    rate: float
    per_cpu: float


@contextmanager
def started(argv: Sequence[str], folder: Path) -> Iterator[int]:
    """A child process, killed at the end; its id."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
    try:
        yield process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def nginx(stack: ExitStack, folder: Path, files: Sequence[str], port: int, changes: dict[str, str]) -> int:
    """nginx with these files or lines, adapted by ``changes``."""
    own = folder / f"nginx-{port}"
    own.mkdir()
    texts = [file if "\n" in file else (REPOSITORY / "examples" / file).read_text() for file in files]
    text = "\n".join(texts)
    for shipped, ours in {"listen 80;": f"listen 127.0.0.1:{port};", **changes}.items():
        text = text.replace(shipped, ours)
    (own / "nginx.conf").write_text(NGINX.format(includes=text))
    program = shutil.which("nginx") or sys.exit("nginx is not installed")
    return stack.enter_context(started([program, "-p", str(own), "-c", "nginx.conf", "-e", "stderr"], own))


def guardware(stack: ExitStack, folder: Path, argv: Sequence[str], *, accel: bool) -> tuple[int, Path]:
    """guardware by ``argv`` with ROOT, SOCKET and POLICY filled in; its process and its socket."""
    own = Path(tempfile.mkdtemp(dir=folder))
    socket, policy = own / "guardware.sock", own / "policy.yaml"
    policy.write_text(POLICY.format(folder=own, accel="/.originals/" if accel else '""'))
    places = {"ROOT": str(folder / "gallery"), "SOCKET": str(socket), "POLICY": str(policy)}
    pid = stack.enter_context(started([places.get(word, word) for word in argv], own))
    deadline = time.monotonic() + 20
    while not socket.exists():
        if time.monotonic() > deadline:
            sys.exit(f"guardware does not start: {(own / 'log').read_text()}")
        time.sleep(0.05)
    return pid, socket


def spent(pids: Sequence[int]) -> float:
    """Seconds of CPU time of the processes and of their children that live."""
    children = {int(pid) for parent in pids for pid in _children(parent)}
    return sum(_ticks(pid) for pid in {*pids, *children}) / TICK


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def measure(way: Way, size: int, seconds: int, script: Path) -> Measured:
    """wrk for ``seconds`` against the file of ``size``; stops if anything but that file comes back."""
    before = spent(way.processes)
    url = f"http://127.0.0.1:{way.port}/{size}.jpg"
    argv = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), url]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    cpu = spent(way.processes) - before
    found = re.search(r"(\d+) requests in ([\d.]+)s, ([\d.]+)([KMG]?)B read", said)
    if found is None or "Non-2xx" in said:
        sys.exit(f"{way.name}: {said}")
    read = float(found[3]) * 1024 ** " KMG".index(found[4] or " ")
    if int(found[1]) == 0:
        sys.exit(f"{way.name} does not answer")
    least = 0.97 * size * int(found[1])
    if not least < read < 1.06 * least + 1000 * int(found[1]) + 32 * size:  # heads; and what was under way
        sys.exit(f"{way.name}: these are not the originals: {said}")
    return Measured(int(found[1]) / float(found[2]), int(found[1]) / cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=18480, help="The first of seven ports.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "gallery").mkdir()
        for size in SIZES.values():
            (folder / "gallery" / f"{size}.jpg").write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(size - 4))
        script = folder / "browser.lua"
        script.write_text(SCRIPT)
        ways = _ways(stack, folder, options.port)
        time.sleep(1)
        rows = []
        for label, size in SIZES.items():
            runs: dict[str, list[Measured]] = {way.name: [] for way in ways}
            for _ in range(options.rounds):
                for way in ways:
                    runs[way.name].append(measure(way, size, options.seconds, script))
            rows += _rows(label, runs)
    lines = [("file", "way", "requests/s", "of bare", "requests/CPU s", "of bare"), *rows]
    for line in lines:
        print(aligned(line, column_widths(lines), (0, 1)))


def _ways(stack: ExitStack, folder: Path, port: int) -> list[Way]:
    program = str(Path(sys.executable).with_name("guardware"))
    plain = {"/var/www/gallery": str(folder / "gallery")}
    serve = [program, "serve", "--root", "ROOT", "--uds", "SOCKET", "--config", "POLICY"]
    auth, auth_socket = guardware(stack, folder, serve, accel=False)
    accel, accel_socket = guardware(stack, folder, serve, accel=True)
    at = "/run/guardware/guardware.sock"
    to_auth, to_accel = {**plain, at: str(auth_socket)}, {**plain, at: str(accel_socket)}
    # A site behind nginx: the same files, by another nginx, whose time does not count.
    site = f"127.0.0.1:{port}"
    behind = {"127.0.0.1:3000": site, at: str(auth_socket)}

    def asking(kind: str, at: int, changes: dict[str, str]) -> int:
        kept = {"/run/nginx-guardware": str(folder / f"kept-{at}"), **changes}
        return nginx(stack, folder, ["nginx-auth.conf", f"nginx-auth-{kind}.conf"], port + at, kept)

    return [
        Way("files", port, (nginx(stack, folder, [PLAIN], port, plain),)),
        Way("files, asks", port + 1, (asking("files", 1, {**to_auth, **EACH_TIME}), auth)),
        Way("files, asks, keeps", port + 2, (asking("files", 2, to_auth), auth)),
        Way("a site", port + 3, (nginx(stack, folder, [PASSING], port + 3, {"SITE": site}),)),
        Way("a site, asks", port + 4, (asking("app", 4, {**behind, **EACH_TIME}), auth)),
        Way("a site, asks, keeps", port + 5, (asking("app", 5, behind), auth)),
        # Everything goes through guardware, so it is to be compared with a proxy.
        Way(
            "a site, told where", port + 6, (nginx(stack, folder, ["nginx-accel.conf"], port + 6, to_accel), accel)
        ),
    ]


def _rows(label: str, runs: dict[str, list[Measured]]) -> list[tuple[str, ...]]:
    middle = {
        name: Measured(statistics.median(r.rate for r in found), statistics.median(r.per_cpu for r in found))
        for name, found in runs.items()
    }
    rows: list[tuple[str, ...]] = []
    for name, found in middle.items():
        bare = middle["a site" if name.startswith("a site") else "files"]
        rate, cpu = f"{found.rate / bare.rate:.2f}", f"{found.per_cpu / bare.per_cpu:.2f}"
        rows.append((label, name, f"{found.rate:.0f}", rate, f"{found.per_cpu:.0f}", cpu))
    return rows


if __name__ == "__main__":
    main()
