"""A gallery on disk, ``guardware serve`` beside it on a unix socket, and requests sent byte for byte."""

import http.client
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from .processes import REPOSITORY, free_port, listens, program, server

EXAMPLES = REPOSITORY / "examples"

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
BROWSER = (
    ("Connection", "keep-alive"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("User-Agent", CHROME),
    ("sec-ch-ua", '"Chromium";v="156", "Google Chrome";v="156", "Not)A;Brand";v="8"'),
    ("sec-ch-ua-mobile", "?0"),
    ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "no-cors"),
    ("Sec-Fetch-Dest", "image"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
"""Chromium 156 asking for a picture of a page on localhost."""

PAGE = tuple(
    (
        name,
        {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}.get(
            name, value
        ),
    )
    for name, value in BROWSER
)
STYLE = tuple(
    (name, {"Accept": "text/css,*/*;q=0.1", "Sec-Fetch-Dest": "style"}.get(name, value)) for name, value in BROWSER
)
CURL = (("User-Agent", "curl/8.5.0"), ("Accept", "*/*"))
GPTBOT = (("User-Agent", "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"), ("Accept", "*/*"))

PLACES = ("art/1.jpg", "art/with space & 100%.jpg", "art/caf\u00e9.png", "art/a?b#c.jpg", "extensionless")
"""Where the pictures of the gallery lie."""

NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    types {{ image/jpeg jpg; image/png png; text/html html; text/css css; }}
    client_body_temp_path tmp-body;
    proxy_temp_path tmp-proxy;
    fastcgi_temp_path tmp-fastcgi;
    uwsgi_temp_path tmp-uwsgi;
    scgi_temp_path tmp-scgi;
{includes}
}}
"""

Lines = Sequence[tuple[str, str]]


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) < 2, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None


class Site(NamedTuple):
    """A front on ``port``, whether it serves files itself, and the originals that lie in ``root``. ``caddy``: the
    front is Caddy."""

    port: int
    files: bool
    root: Path
    originals: dict[str, bytes]
    caddy: bool = False

    def ask(
        self, target: str, lines: Lines = BROWSER, method: str = "GET", host: str = "", ip: str = "127.0.0.1"
    ) -> Reply:
        """One request for ``target``, exactly as it is written."""
        return ask(self.port, target, lines, method, host, ip)

    def leaks(self, reply: Reply) -> bool:
        """Whether ``reply`` holds a piece of an original."""
        return any(original[2000:2200] in reply.body for original in self.originals.values())


def ask(
    port: int,
    target: str,
    lines: Lines = BROWSER,
    method: str = "GET",
    host: str = "",
    ip: str = "127.0.0.1",
) -> Reply:
    """One request over a connection of its own, from the loopback address ``ip``. What is no HTTP at all comes
    back with status 0."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(ip, 0))
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or f"localhost:{port}")
        for name, value in lines:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheaders(), answer.read())
    except (http.client.HTTPException, ConnectionError):
        return Reply(0, [], b"")
    finally:
        connection.close()


def build_site(folder: Path) -> dict[str, bytes]:
    """Pictures at PLACES, a page and a style sheet in ``folder``; the pictures' bytes by place."""
    originals = {}
    (folder / "art").mkdir(parents=True)
    for number, place in enumerate(PLACES):
        path = folder / place
        size = (480, 320) if number else (960, 640)  # the first is so large that it is handed over
        noise = [Image.effect_noise(size, 60 + band + 10 * number) for band in range(3)]
        Image.merge("RGB", noise).save(path, "PNG" if place.endswith("png") else "JPEG")
        originals[place] = path.read_bytes()
    (folder / "index.html").write_text('<!doctype html><title>Gallery</title><img src="art/1.jpg" alt="One">')
    (folder / "style.css").write_text("body { margin: 0 }")
    (folder / ".hidden.jpg").write_bytes(originals["art/1.jpg"])
    (folder / "guardware.yaml").write_text("site: {name: Ada Example}\n")
    return originals


@contextmanager
def guardware(folder: Path, *options: str, config: str = "", trusted: str = "unix") -> Iterator[Path]:
    """``guardware serve`` with ``options`` on a unix socket; its path."""
    socket = folder / "guardware.sock"
    file = folder / "policy.yaml"
    file.write_text(f"clients: {{trusted_proxies: [{trusted}]}}\nstore: {{folder: {folder / 'state'}}}\n{config}")
    program_file = str(Path(sys.executable).with_name("guardware"))
    argv = [program_file, "serve", *options, "--config", str(file), "--uds", str(socket)]
    with server(argv, cwd=folder, log=folder / "guardware.log", answers=socket.exists):
        yield socket


FRONTS = ("nginx-app", "nginx-files", "haproxy", "caddy")
"""The recipes that are tried; those that serve files themselves are the second and the last."""


@contextmanager
def fronted(name: str, folder: Path, config: str = "", app: int = 0) -> Iterator[Site]:
    """The gallery behind a front by its shipped recipe. ``app``: the port of another site than Python's own server
    of files, for the fronts that do not serve files themselves."""
    root = folder / "gallery"
    originals = build_site(root)
    files = name in ("nginx-files", "caddy")
    with ExitStack() as stack:
        if files:
            socket = stack.enter_context(guardware(folder, "--root", str(root), config=config))
            changes = {"/var/www/gallery": str(root)}
        else:
            if not app:
                app = free_port()
                argv = [sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", str(root), str(app)]
                stack.enter_context(
                    server(argv, cwd=folder, log=folder / "app.log", answers=partial(listens, app))
                )
            socket = stack.enter_context(guardware(folder, "--upstream", f"http://127.0.0.1:{app}", config=config))
            changes = {"127.0.0.1:3000": f"127.0.0.1:{app}"}
        changes["/run/guardware/guardware.sock"] = str(socket)
        port = stack.enter_context(start_front(name, folder, changes))
        yield Site(port, files, root, originals, caddy=name == "caddy")


def start_front(name: str, folder: Path, changes: dict[str, str]) -> AbstractContextManager[int]:
    """One of FRONTS with its shipped files, in which ``changes`` replace addresses and paths; its port."""
    if name == "haproxy":
        return haproxy(folder, changes)
    if name == "caddy":
        return caddy(folder, changes)
    return nginx(folder, ("nginx-auth.conf", f"nginx-auth-{name.removeprefix('nginx-')}.conf"), changes)


@contextmanager
def nginx(folder: Path, names: Sequence[str], changes: dict[str, str]) -> Iterator[int]:
    """nginx with the shipped files ``names``, in which ``changes`` replace addresses and paths; its port."""
    port = free_port()
    ours = {"listen 80;": f"listen 127.0.0.1:{port};", "/run/nginx-guardware": str(folder / "kept"), **changes}
    includes = [f"    include {_adapted(folder, name, ours)};" for name in names]
    (folder / "nginx.conf").write_text(NGINX.format(includes="\n".join(includes)))
    argv = [program("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    with server(argv, cwd=folder, log=folder / "nginx.log", answers=partial(listens, port)):
        yield port


@contextmanager
def haproxy(folder: Path, changes: dict[str, str]) -> Iterator[int]:
    """HAProxy with the shipped files, changed in the same way; its port."""
    port = free_port()
    script = _adapted(folder, "haproxy-auth.lua", changes)
    more = {"bind :80": f"bind 127.0.0.1:{port}", "/etc/haproxy/haproxy-auth.lua": str(script), **changes}
    argv = [program("haproxy"), "-db", "-f", str(_adapted(folder, "haproxy-auth.cfg", more))]
    with server(argv, cwd=folder, log=folder / "haproxy.log", answers=partial(listens, port)):
        yield port


@contextmanager
def caddy(folder: Path, changes: dict[str, str]) -> Iterator[int]:
    """Caddy with the shipped file, changed in the same way; its port."""
    port = free_port()
    changes = {":80 {": f"http://:{port} {{\n\tbind 127.0.0.1", **changes}
    file = _adapted(folder, "Caddyfile.forward-auth", changes)
    file.write_text("{\n\tadmin off\n}\n" + file.read_text())
    argv = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]
    with server(argv, cwd=folder, log=folder / "caddy.log", answers=partial(listens, port)):
        yield port


def _adapted(folder: Path, name: str, changes: dict[str, str]) -> Path:
    """A copy of the shipped file in which nothing but what ``changes`` says is another."""
    text = (EXAMPLES / name).read_text()
    for shipped, ours in changes.items():
        text = text.replace(shipped, ours)
    assert not re.search(r"/run/|/var/www|/var/cache", re.sub(r"#.*", "", text)), "a path was not replaced"
    path = folder / name
    path.write_text(text)
    return path
