"""The servers of the proxy benchmark: an nginx with three files, and the proxies in front of it, one port each."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

SIZES = {"1kB": 1024, "200kB": 200 * 1024, "5MB": 5 * 1024 * 1024}
"""The files, named ``/SIZE.jpg``."""

CONFIG = """
# The whole judgement, whose outcome is always the original: one address asks thousands of times a second.
thresholds: {protect: 13, suspect: 13.5, deny: 14}
limits:
  client: {image: {rate: 1000000/second, burst: 1000000}}
  network: {image: {rate: 1000000/second, burst: 1000000}}
budgets: {per_hour: 100000, per_day: 100000}
store: {folder: none}
"""

_NGINX = """
user {user}; daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_timeout 60; keepalive_requests 100000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  types {{ image/jpeg jpg; }}
  {server}
}}
"""

_FILES = "server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}"

_PROXY = """
  upstream site {{ server 127.0.0.1:{origin}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
"""

_GO = """
package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	site, _ := url.Parse("http://127.0.0.1:" + os.Args[2])
	proxy := httputil.NewSingleHostReverseProxy(site)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	http.ListenAndServe("127.0.0.1:"+os.Args[1], proxy)
}
"""


class Server(NamedTuple):
    """A server under test. ``pid``: of its first process; its children count, too."""

    name: str
    port: int
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it and its children have used."""
        return sum(map(_cpu, _family(self.pid)))

    @property
    def memory(self) -> int:
        """Bytes resident, its children's included."""
        return sum(map(_resident, _family(self.pid)))


NGINX_FILES, NGINX_PROXY = "nginx, files", "nginx proxy_pass"
BARE, OFF, ON, GO = "uvicorn + aiohttp, bare", "guardware, relay off", "guardware, relay on", "Go ReverseProxy"


@contextmanager
def servers(folder: Path) -> Iterator[list[Server]]:
    """All of them, answering. What is not at hand is left out, with a line that says so."""
    site = folder / "site"
    site.mkdir()
    for name, size in SIZES.items():
        (site / f"{name}.jpg").write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(size - 4))
    with ExitStack() as stack:
        started = []

        def start(name: str, argv: Callable[[int], Sequence[str]]) -> int:
            port = _free_port()
            pid = stack.enter_context(_running(argv(port), port, folder))
            started.append(Server(name, port, pid))
            return port

        origin = start(NGINX_FILES, lambda port: _nginx(folder, "files", _FILES.format(port=port, root=site)))
        start(NGINX_PROXY, lambda port: _nginx(folder, "proxy", _PROXY.format(port=port, origin=origin)))
        upstream = f"http://127.0.0.1:{origin}"
        start(BARE, lambda port: [sys.executable, "-m", "benchmarks.proxy_bare", str(port), upstream])
        for name, relay in ((OFF, "false"), (ON, "true")):
            config = folder / f"relay-{relay}.yaml"
            config.write_text(f"{CONFIG}proxy: {{relay: {relay}}}\n")
            start(name, lambda port, config=config: _guardware(port, upstream, config))  # type: ignore[misc]
        go = _build_go(folder)
        if go is not None:
            start(GO, lambda port: [go, str(port), str(origin)])
        yield started


def _guardware(port: int, upstream: str, config: Path) -> list[str]:
    program = str(Path(sys.executable).with_name("guardware"))
    return [program, "serve", "--upstream", upstream, "--config", str(config), "--port", str(port)]


def _nginx(folder: Path, name: str, server: str) -> list[str]:
    home = folder / name
    home.mkdir()
    (home / "nginx.conf").write_text(_NGINX.format(server=server, user=_user()))
    return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(home), "-c", "nginx.conf", "-e", "stderr"]


def _user() -> str:
    """Ourselves: a server that root starts would else read nothing of root's."""
    return f"{pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name}"


def _build_go(folder: Path) -> str | None:
    if shutil.which("go") is None:
        print("Go is not installed: its ReverseProxy is left out", file=sys.stderr)
        return None
    (folder / "proxy.go").write_text(_GO)
    program = str(folder / "go-proxy")
    subprocess.run(["go", "build", "-o", program, str(folder / "proxy.go")], check=True, timeout=110)
    return program


@contextmanager
def _running(argv: Sequence[str], port: int, folder: Path) -> Iterator[int]:
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(
                    f"{argv[0]} does not serve: {(folder / f'{port}.log').read_text(errors='replace')}"
                )
            time.sleep(0.05)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return probe.recv(9) == b"HTTP/1.1 "
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    family = [pid]
    for member in family:
        with suppress(OSError):
            family += map(int, Path(f"/proc/{member}/task/{member}/children").read_text().split())
    return family


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
