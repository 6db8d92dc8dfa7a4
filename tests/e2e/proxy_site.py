"""A site behind ``guardware serve --upstream``: nginx with files and an application; nginx in front if wanted."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .pictures import Gallery
from .processes import free_port, listens, program, server

ART = "/art/1.jpg"
"""The picture that everybody is after; 1440 x 960."""

_NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    sendfile on;
    types {{ image/jpeg jpg; image/png png; image/webp webp; text/html html; text/css css; }}
    client_body_temp_path tmp-body;
    proxy_temp_path tmp-proxy;
    fastcgi_temp_path tmp-fastcgi;
    uwsgi_temp_path tmp-uwsgi;
    scgi_temp_path tmp-scgi;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_request_buffering off;
    map $http_upgrade $way {{ "" ""; default upgrade; }}
    proxy_set_header Connection $way;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Host $http_host;
{more}
}}
"""

_BEHIND = """\
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location /app/ {{ proxy_pass http://127.0.0.1:{app}; }}
    }}
"""

_FRONT = """\
    upstream guardware {{ server {guardware}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port} {tls};
        location / {{
            proxy_pass http://guardware;
            proxy_bind {source};
            proxy_set_header Connection $way;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host "";
            proxy_set_header Forwarded "";
        }}
    }}
"""

FRONT_ADDRESS = "127.0.0.2"
"""Where nginx connects from, so that it can be trusted and whoever comes past it cannot."""


class Guarding(NamedTuple):
    """A running ``guardware serve``, on ``port`` or, if that is 0, on ``socket``."""

    port: int
    socket: Path
    pid: int

    def forget_peak(self) -> int:
        """Have ``peak`` begin anew; what is resident now, in bytes."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # proc(5): VmHWM becomes VmRSS
        return self._status("VmRSS:")

    def peak(self) -> int:
        """The most bytes that were resident since ``forget_peak``."""
        return self._status("VmHWM:")

    def pipes(self) -> int:
        """How many ends of pipes the process has open; the relay moves bodies through pipes."""
        return sum(os.readlink(each).startswith("pipe:") for each in Path(f"/proc/{self.pid}/fd").iterdir())

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition(name)[2].split()[0]) * 1024


def build_root(folder: Path, gallery: Gallery) -> Path:
    """The gallery's pictures in a new folder ``gallery``, one of them at ART as well, and a page."""
    root = folder / "gallery"
    (root / "art").mkdir(parents=True)
    for name, data in gallery.originals.items():
        (root / name).write_bytes(data)
    (root / ART[1:]).write_bytes(gallery.originals["picture-0.jpg"])
    (root / "index.html").write_text(f'<!doctype html><title>Gallery</title><img src="{ART}" alt="One">')
    return root


@contextmanager
def application(folder: Path, *picture: str) -> Iterator[int]:
    """``proxy_app.py``; its port. ``picture``: the file that it answers everything with."""
    port = free_port()
    argv = [sys.executable, str(Path(__file__).with_name("proxy_app.py")), str(port), *picture]
    with server(argv, cwd=folder, log=folder / "app.log", answers=partial(listens, port)):
        yield port


@contextmanager
def nginx_behind(folder: Path, root: Path, app: int) -> Iterator[int]:
    """nginx that serves ``root``, and ``/app/`` from the application; its port."""
    port = free_port()
    with _nginx(folder, "behind", _BEHIND.format(port=port, root=root, app=app), port):
        yield port


@contextmanager
def nginx_front(folder: Path, guarding: Guarding, certificate: Sequence[str] = ()) -> Iterator[int]:
    """nginx that passes everything on to guardware; its port. ``certificate``: chain and key, for https."""
    port = free_port()
    target = f"127.0.0.1:{guarding.port}" if guarding.port else f"unix:{guarding.socket}"
    tls = "ssl http2; ssl_certificate {}; ssl_certificate_key {}".format(*certificate) if certificate else ""
    source = FRONT_ADDRESS if guarding.port else "off"
    with _nginx(folder, "front", _FRONT.format(port=port, tls=tls, guardware=target, source=source), port):
        yield port


@contextmanager
def guarded(folder: Path, *options: str, config: str = "", unix: bool = False) -> Iterator[Guarding]:
    """``guardware serve`` with ``options``, on a free port or on a unix socket. ``config``: more of the policy."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Guarding(0 if unix else free_port(), folder / "guardware.sock", 0)
    file = folder / "policy.yaml"
    trusted = "unix" if unix else FRONT_ADDRESS
    file.write_text(
        f"site: {{name: Ada Example}}\nclients: {{trusted_proxies: [{trusted}]}}\n"
        f"store: {{folder: {folder / 'state'}}}\nobserve: {{log: false}}\n{config}"
    )
    where = ["--uds", str(found.socket)] if unix else ["--port", str(found.port)]
    argv = [str(Path(sys.executable).with_name("guardware")), "serve", *options, "--config", str(file), *where]
    answers = found.socket.exists if unix else partial(listens, found.port)
    with server(argv, cwd=folder, log=folder / "guardware.log", answers=answers) as pid:
        yield found._replace(pid=pid)


@contextmanager
def _nginx(folder: Path, name: str, more: str, port: int) -> Iterator[None]:
    own = folder / name
    own.mkdir(parents=True)
    (own / "nginx.conf").write_text(_NGINX.format(more=more))
    argv = [program("nginx"), "-p", str(own), "-c", "nginx.conf", "-e", "stderr"]
    with server(argv, cwd=own, log=own / "log", answers=partial(listens, port)):
        yield
