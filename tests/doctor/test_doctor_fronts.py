"""The doctor before real servers: a guarded gallery, nginx and Caddy in front of it, well and badly set up, and a
gallery that nobody guards."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import pytest
from e2e.processes import free_port, guarded_server, listens, program, run, server

from guardware.config import load
from guardware.doctor import leaks
from guardware.doctor.examine import Examination, examine
from guardware.doctor.finding import Level
from guardware.doctor.text import as_json, text

NGINX = """\
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {}
http {
    access_log off;
    client_body_temp_path tmp-body; proxy_temp_path tmp-proxy; fastcgi_temp_path tmp-fastcgi;
    uwsgi_temp_path tmp-uwsgi; scgi_temp_path tmp-scgi;
    types { text/html html; image/jpeg jpg; }
    proxy_cache_path cache keys_zone=art:1m;
    proxy_set_header Host $http_host;
    server {
        listen 127.0.0.1:GOOD;
        location / {
            proxy_pass GUARD;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
    server { listen 127.0.0.1:SILENT; location / { proxy_pass GUARD; } }
    server {
        listen 127.0.0.1:FORGERY;
        location / { proxy_pass GUARD; proxy_hide_header X-Robots-Tag; }
        location = /robots.txt { return 200 "User-agent: *"; }
    }
    server {
        listen 127.0.0.1:CACHE;
        location / {
            proxy_pass GUARD;
            proxy_cache art;
            proxy_cache_valid 200 1h;
            proxy_ignore_headers Cache-Control Vary Expires;
            add_header X-Cache-Status $upstream_cache_status;
        }
    }
    server { listen 127.0.0.1:TLS ssl; ssl_certificate site.crt; ssl_certificate_key site.key;
             location / { proxy_pass GUARD; proxy_set_header X-Forwarded-For $remote_addr; } }
    server { listen 127.0.0.1:BARE; root ROOT; }
}
"""
PORTS = ("GOOD", "SILENT", "FORGERY", "CACHE", "TLS", "BARE")
CADDY = """\
{
    admin off
    auto_https off
}
http://127.0.0.1:PORT {
    reverse_proxy GUARD
}
"""


class Fronts(NamedTuple):
    """``trusting`` and ``unaware``: configurations with and without the front in clients.trusted_proxies, and the
    addresses of guards with either."""

    trusting: Path
    unaware: Path
    guards: dict[Path, str]
    ports: dict[str, int]
    caddy: int

    async def examine(self, config: Path, url: str, upstream: str | None = None) -> Examination:
        return await examine(load(config), config.name, url, upstream, pause=0)

    def url(self, name: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.ports[name]}/"


def told(examination: Examination, level: Level) -> str:
    return "\n".join("\n".join((f.text, *f.mend)) for f in examination.findings if f.level is level)


def _stranger(folder: Path) -> Path:
    """A configuration with another folder for its keys."""
    config = folder / "stranger.yaml"
    config.write_text(f"store: {{folder: {folder / 'state'}}}\n")
    return config


@pytest.fixture(scope="module")
def gallery_folder(tmp_path_factory: pytest.TempPathFactory, picture: bytes) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "art.jpg").write_bytes(picture)
    (folder / "index.html").write_text('<title>Art</title><img src="art.jpg">')
    return folder


@pytest.fixture(scope="module")
def fronts(gallery_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronts]:
    folder = tmp_path_factory.mktemp("fronts")
    ports = {name: free_port() for name in PORTS}
    caddy = free_port()
    usual = f"site: {{name: Ada, contact: a@b.example}}\nstore: {{folder: {folder / 'state'}}}\n"
    trusting, unaware = folder / "trusting.yaml", folder / "unaware.yaml"
    unaware.write_text(usual)
    trusting.write_text(f"{usual}clients: {{trusted_proxies: [127.0.0.1]}}\n")
    subject = ["-subj", "/CN=localhost", "-days", "2", "-keyout", "site.key", "-out", "site.crt"]
    made = run([program("openssl"), "req", "-x509", "-nodes", "-newkey", "rsa:2048", *subject], cwd=folder)
    assert made.code == 0, made.output
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        guards = {
            config: stack.enter_context(guarded_server(gallery_folder, config, folder / f"{config.stem}.log"))
            for config in (trusting, unaware)
        }
        guard = guards[trusting].replace("localhost", "127.0.0.1")
        nginx = NGINX.replace("GUARD", guard).replace("ROOT", str(gallery_folder))
        for name, port in ports.items():
            nginx = nginx.replace(f":{name}", f":{port}")
        (folder / "nginx.conf").write_text(nginx)
        (folder / "Caddyfile").write_text(CADDY.replace("GUARD", guard).replace("PORT", str(caddy)))
        start = [program("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
        ready = partial(listens, ports["GOOD"])
        stack.enter_context(server(start, cwd=folder, log=folder / "nginx.log", answers=ready))
        start = [program("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
        ready = partial(listens, caddy)
        stack.enter_context(server(start, cwd=folder, log=folder / "caddy.log", answers=ready))
        yield Fronts(trusting, unaware, guards, ports, caddy)


async def test_a_guard_that_visitors_reach_directly_is_fine(fronts: Fronts) -> None:
    found = await fronts.examine(fronts.unaware, fronts.guards[fronts.unaware])
    assert {finding.level for finding in found.findings} == {Level.OK}, text(found, 100)
    assert "do not get the original" in told(found, Level.OK)
    assert "All is well" in text(found, 100)
    assert as_json(found)["requests"] == found.asked <= 60


async def test_a_front_that_is_set_up_well_is_fine(fronts: Fronts) -> None:
    found = await fronts.examine(fronts.trusting, fronts.url("GOOD"))
    assert {finding.level for finding in found.findings} == {Level.OK}, text(found, 100)


async def test_a_front_that_the_settings_forgot(fronts: Fronts, tmp_path: Path) -> None:
    """Here the guard that knows of no front is reached through one."""
    port = free_port()
    guard = fronts.guards[fronts.unaware].replace("localhost", "127.0.0.1")
    (tmp_path / "Caddyfile").write_text(CADDY.replace("GUARD", guard).replace("PORT", str(port)))
    start = [program("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with server(start, cwd=tmp_path, log=tmp_path / "log", answers=partial(listens, port)):
        found = await fronts.examine(fronts.unaware, f"http://127.0.0.1:{port}/")
        stranger = await fronts.examine(_stranger(tmp_path), f"http://127.0.0.1:{port}/")
    assert "ALL your visitors look like one" in told(found, Level.FAULT)
    assert "clients:\n  trusted_proxies: [127.0.0.1]" in told(found, Level.FAULT)
    # Who has not the guard's secret is told nothing of it; and no secret is made up for him.
    assert "it does not know its secret" in told(stranger, Level.WARNING)
    assert "ALL your visitors" not in told(stranger, Level.FAULT)
    assert not (tmp_path / "state").exists()


async def test_a_trusted_front_that_does_not_tell(fronts: Fronts) -> None:
    found = await fronts.examine(fronts.trusting, fronts.url("SILENT"))
    assert "it sends no X-Forwarded-For" in told(found, Level.FAULT)


async def test_a_front_that_lets_visitors_forge_and_strips_notices(fronts: Fronts) -> None:
    faults = told(await fronts.examine(fronts.trusting, fronts.url("FORGERY")), Level.FAULT)
    assert "Anybody can write himself any address" in faults
    assert "The page has lost on its way: x-robots-tag: noai, noimageai" in faults
    assert "/robots.txt is there, but it is not guardware's" in faults


async def test_a_front_that_writes_headers_anew(fronts: Fronts) -> None:
    found = await fronts.examine(fronts.trusting, f"http://127.0.0.1:{fronts.caddy}/")
    assert told(found, Level.FAULT) == ""
    assert "the server in front sorts them" in told(found, Level.WARNING)


async def test_a_front_that_keeps_pictures_for_all(fronts: Fronts) -> None:
    await fronts.examine(fronts.trusting, fronts.url("CACHE"))
    faults = told(await fronts.examine(fronts.trusting, fronts.url("CACHE")), Level.FAULT)
    assert "comes from a cache in front of guardware (x-cache-status: HIT)" in faults
    assert "LEAK: curl" in faults


async def test_a_front_with_tls_that_does_not_say_so(fronts: Fronts) -> None:
    faults = told(await fronts.examine(fronts.trusting, fronts.url("TLS", "https")), Level.FAULT)
    assert "You asked by https, and guardware takes it for http" in faults
    assert "The certificate of 127.0.0.1" in faults


async def test_a_gallery_that_nobody_guards_leaks(fronts: Fronts) -> None:
    faults = told(await fronts.examine(fronts.trusting, fronts.url("BARE")), Level.FAULT)
    assert "No guardware answers" in faults
    assert "LEAK: curl, a download tool, gets the original" in faults
    assert "LEAK: GPTBot" in faults
    assert "/robots.txt answers 404" in faults


async def test_a_way_past_the_guard(fronts: Fronts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "_outside", lambda: ["127.0.0.1"])
    found = await fronts.examine(fronts.unaware, fronts.guards[fronts.unaware], fronts.url("BARE"))
    assert "whoever finds that address goes past guardware" in told(found, Level.FAULT)
    monkeypatch.setattr(leaks, "_outside", lambda: [])
    found = await fronts.examine(fronts.unaware, fronts.guards[fronts.unaware], fronts.url("BARE"))
    assert told(found, Level.FAULT) == ""


async def test_pictures_on_another_server(fronts: Fronts, gallery_folder: Path, tmp_path: Path) -> None:
    root = copytree(gallery_folder, tmp_path / "www")
    (root / "index.html").write_text(f'<img src="art.jpg"><img src="{fronts.url("BARE")}art.jpg">')
    config = tmp_path / "guardware.yaml"
    config.write_text(fronts.unaware.read_text())
    with guarded_server(root, config, tmp_path / "log") as base:
        stranger = await fronts.examine(config, base)
        faults = told(await fronts.examine(config, base, fronts.url("BARE")), Level.FAULT)
    # An address inside is asked only if the owner names it: here with --upstream.
    assert told(stranger, Level.FAULT) == ""
    assert "The doctor did not ask there" in told(stranger, Level.WARNING)
    assert f"LEAK: 1 picture of the page stands on another server, 127.0.0.1:{fronts.ports['BARE']}" in faults
