"""nginx, Caddy, HAProxy and Apache with the rules that ``guardware export`` writes."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest
from browser_user_agents import user_agents
from click.testing import CliRunner

from guardware.cli.export import command
from guardware.config import load
from guardware.export import FRONTS, gather

from .processes import free_port, listens, program, run, server

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
GPTBOT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"

LICENCE = '<https://ada.example/license.xml>; rel="license"; type="application/rsl+xml"'

CONFIG = """\
site:
  name: 'Ada "{$HOME}" $${HOME} %{REQUEST_URI} $$1 \\ # Example & <b>'
  url: https://ada.example
  contact: ada@example.com
notices:
  noindex_pictures: true
  tdm_policy: 'https://ada.example/l?a={env.HOME}&b=$${HOME}%20'
  robots_disallow: ['/a b{$HOME}', '/*.pdf$$', '/q"\\x', '/{env.HOME}']
limits:
  client:
    page: {rate: 2/minute, burst: 3}
    image: null
  network: {page: null, image: null}
store: {folder: FOLDER}
"""

NGINX = """\
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path tmp-body; proxy_temp_path tmp-proxy; fastcgi_temp_path tmp-fastcgi;
    uwsgi_temp_path tmp-uwsgi; scgi_temp_path tmp-scgi;
    types {{ text/html html; image/png png; text/css css; }}
    include {rules}/guardware-http.conf;
    server {{ listen 127.0.0.1:{port}; root {root}; include {rules}/guardware-server.conf; }}
}}
"""
CADDY = """\
{{
    admin off
    auto_https off
}}
import {rules}/guardware.caddy
http://127.0.0.1:{port} {{
    import guardware
    root * {root}
    file_server
}}
"""
HAPROXY = """\
frontend www from guardware
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/html string "page" if {{ path /page.html }}
    http-request return status 200 content-type image/png string "picture" if {{ path /art.png }}
    http-request return status 200 content-type text/css string "style" if {{ path /style.css }}
    http-request return status 404
"""
APACHE = """\
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
{modules}
TypesConfig {folder}/types
<VirtualHost 127.0.0.1:{port}>
    DocumentRoot {root}
    Include {rules}/guardware.conf
</VirtualHost>
"""
MODULES = ("mpm_event", "authz_core", "rewrite", "headers", "setenvif", "mime", "dir")


class Front(NamedTuple):
    """A server with the rules. ``config``: the file they are made from."""

    name: str
    port: int
    config: Path

    def get(self, path: str, agent: str = FIREFOX) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"User-Agent": agent})
            answer = connection.getresponse()
            return answer.status, [(k.lower(), v) for k, v in answer.getheaders()], answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module", params=list(FRONTS))
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp(request.param)
    root = folder / "www"
    root.mkdir()
    for name in ("page.html", "art.png", "style.css"):
        (root / name).write_text(name)
    config = folder / "guardware.yaml"
    config.write_text(CONFIG.replace("FOLDER", str(folder / "state")))
    rules = folder / "rules"
    done = CliRunner().invoke(command, [request.param, "--config", str(config), "--output", str(rules)])
    assert done.exit_code == 0, done.output
    found = Front(request.param, free_port(), config)
    argv, check = _commands(found, folder, {"rules": rules, "root": root, "port": found.port, "folder": folder})
    # Caddy keeps a copy of its configuration in the home folder; and {$HOME} must not get in anywhere.
    environment = {"HOME": "/the-secret-home", "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    checked = run(check, cwd=folder, env=environment)
    assert checked.code == 0, checked.output
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for key, value in environment.items():
            patch.setenv(key, value)
        ready = partial(listens, found.port)
        stack.enter_context(server(argv, cwd=folder, log=folder / "log", answers=ready))
        yield found


def _commands(front: Front, folder: Path, places: dict[str, object]) -> tuple[list[str], list[str]]:
    """How the server is started, and how it checks its configuration."""
    if front.name == "nginx":
        (folder / "nginx.conf").write_text(NGINX.format(**places))
        start = [program("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
        return start, [*start, "-t"]
    if front.name == "caddy":
        (folder / "Caddyfile").write_text(CADDY.format(**places))
        tail = ["--config", "Caddyfile", "--adapter", "caddyfile"]
        return [program("caddy"), "run", *tail], [program("caddy"), "validate", *tail]
    if front.name == "haproxy":
        (folder / "haproxy.cfg").write_text(HAPROXY.format(**places))
        files = ["-f", f"{places['rules']}/guardware.cfg", "-f", "haproxy.cfg"]
        return [program("haproxy"), "-db", *files], [program("haproxy"), "-c", *files]
    (folder / "types").write_text("text/html html\nimage/png png\ntext/css css\n")
    modules = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES)
    (folder / "apache.conf").write_text(APACHE.format(modules=modules, **places))
    start = [program("apache2"), "-f", str(folder / "apache.conf")]
    return [*start, "-DFOREGROUND"], [*start, "-t"]


def values(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key == name]


def test_every_notice_file_is_for_everybody(front: Front) -> None:
    for notice in gather(load(front.config)).notices:
        for agent in (FIREFOX, GPTBOT, "", "x" * 4000):
            status, headers, body = front.get(notice.path, agent)
            assert (status, values(headers, "content-type")) == (200, [notice.content_type])
            text = body.decode()
            assert "secret-home" not in text
            if front.name == "caddy":  # it cannot write braces: see export/escape.py
                for written, meant in (("&#123;", "{"), ("&#92;", "\\"), ("%7B", "{"), ("%5C", "\\")):
                    text = text.replace(written, meant)
                assert text == notice.body.replace("%7B", "{").replace("%5C", "\\")
            else:
                assert text == notice.body


@pytest.mark.parametrize(
    "agent",
    [
        GPTBOT,
        "gptbot",
        "CCBot/2.0 (https://commoncrawl.org/faq/)",
        "a" * 3000 + " GPTBot",
        "\xe9 GPTBot/1 \xfe",
    ],
)
def test_declared_crawlers_are_refused_with_the_licence(front: Front, agent: str) -> None:
    for path in ("/page.html", "/art.png", "/nothing", "//art.png", "/%61rt.png"):
        status, headers, body = front.get(path, agent)
        assert status == 403
        assert values(headers, "content-type") == ["text/plain; charset=utf-8"]
        assert values(headers, "link") == [LICENCE]
        assert values(headers, "x-robots-tag") == ["noai, noimageai"]
        assert values(headers, "cache-control") == ["no-store"]
        assert b"Licence: https://ada.example/license.xml\nContact: ada@example.com\n" in body


def test_browsers_and_others_are_not_refused(front: Front) -> None:
    others = ("", "Googlebot/2.1", "xgptbot", "GPTBots", '"; } $x')
    for agent in (*islice(user_agents(10_000), 0, 10_000, 50), *others):
        assert front.get("/art.png", agent)[0] == 200, agent


def test_pages_and_pictures_carry_the_notices(front: Front) -> None:
    _, headers, _ = front.get("/art.png")
    assert values(headers, "x-robots-tag") == ["noai, noimageai", "noindex"]
    assert values(headers, "tdm-reservation") == ["1"]
    assert values(headers, "content-usage") == ["train-ai=n, ai-use=n"]
    # Caddy can't write braces, nor Apache what looks like its variables: in an address %7B and %24 are the same.
    policy = values(headers, "tdm-policy")[0].replace("%7B", "{").replace("%24", "$")
    assert policy == "https://ada.example/l?a={env.HOME}&b=${HOME}%20"
    if front.name != "caddy":  # which puts them on everything
        assert values(front.get("/style.css")[1], "x-robots-tag") == []


@pytest.mark.parametrize("front", ["nginx", "haproxy"], indirect=True)
def test_who_is_too_fast_waits_and_still_gets_the_notices(front: Front) -> None:
    answers = [front.get("/page.html")[:2] for _ in range(9)]
    slow = [headers for status, headers in answers if status == 429]
    assert len(slow) >= 4
    assert values(slow[0], "retry-after") == ["10"]
    assert {front.get("/robots.txt")[0] for _ in range(9)} == {200}
    assert {front.get("/art.png")[0] for _ in range(9)} == {200}
