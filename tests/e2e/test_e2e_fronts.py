"""nginx and HAProxy by the shipped recipes: what they see of a connection arrives, what is forged does not."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import async_playwright

from .processes import REPOSITORY, free_port, listens, program, run, server

EXAMPLES = REPOSITORY / "examples"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
FORGED = ("X-Client-Protocol: HTTP/2.0", "X-Client-ALPN: h2", "X-Client-JA4: t13d1516h2_8daaf6152771_02713d6af862")
NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path tmp-body;
    proxy_temp_path tmp-proxy;
    fastcgi_temp_path tmp-fastcgi;
    uwsgi_temp_path tmp-uwsgi;
    scgi_temp_path tmp-scgi;
    include {facts};
}}
"""


class Front(NamedTuple):
    """A proxy that ends TLS, and the application behind it."""

    name: str
    https: int
    app: int
    folder: Path

    def ask(self, *options: str, direct: bool = False) -> dict[str, Any]:
        """What the application found in a visit of curl's; ``direct``: past the proxy, from an address that is
        not trusted."""
        url = f"http://localhost:{self.app}/art" if direct else f"https://localhost:{self.https}/art"
        way = ["--interface", "127.0.0.2"] if direct else ["--insecure"]
        done = run([program("curl"), "-sS", *way, *options, url], cwd=self.folder)
        assert done.code == 0, done.output
        found: dict[str, Any] = json.loads(done.output)
        return found


def headers(*lines: str) -> list[str]:
    return [part for line in lines for part in ("-H", line)]


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp(request.param)
    found = Front(request.param, free_port(), free_port(), folder)
    _certificate(folder)
    config = re.search(r"```yaml\n(.*?)```", (REPOSITORY / "docs" / "fronts.md").read_text(), re.DOTALL)
    assert config is not None
    (folder / "guardware.yaml").write_text(f"{config[1]}  account: {{header: X-Account}}\n")
    mirror = [sys.executable, str(Path(__file__).with_name("fronts_app.py")), str(found.app), "guardware.yaml"]
    with ExitStack() as stack:
        for argv, port in ((mirror, found.app), (_proxy(found), found.https)):
            log = folder / f"{port}.log"
            stack.enter_context(server(argv, cwd=folder, log=log, answers=partial(listens, port)))
        # Guardware believes protocols once it knows that HTTP/2 is on offer.
        assert found.ask("--http1.1")["alpn"] is None
        assert found.ask()["alpn"] == "h2"
        yield found


def _proxy(front: Front) -> list[str]:
    """The command line of the proxy, with the shipped lines; only ports and paths are this test's."""
    if front.name == "nginx":
        facts = _adapted(front, "nginx-facts.conf", "listen 443", f"listen 127.0.0.1:{front.https}")
        (front.folder / "nginx.conf").write_text(NGINX.format(facts=facts))
        return [program("nginx"), "-p", str(front.folder), "-c", "nginx.conf", "-e", "stderr"]
    config = _adapted(front, "haproxy-facts.cfg", "bind :443", f"bind 127.0.0.1:{front.https}")
    return [program("haproxy"), "-db", "-f", str(config)]


def _adapted(front: Front, name: str, listen: str, here: str) -> Path:
    text = (EXAMPLES / name).read_text()
    for shipped, ours in (
        (listen, here),
        ("127.0.0.1:8000", f"127.0.0.1:{front.app}"),
        ("/etc/nginx/", f"{front.folder}/"),
        ("/etc/haproxy/haproxy-ja4.lua", str(EXAMPLES / "haproxy-ja4.lua")),
        ("/etc/haproxy/", f"{front.folder}/"),
    ):
        text = text.replace(shipped, ours)
    path = front.folder / name
    path.write_text(text)
    return path


def _certificate(folder: Path) -> None:
    wanted = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", "site.key", "-out", "site.crt"]
    done = run([program("openssl"), "req", "-x509", "-nodes", *wanted, *files], cwd=folder)
    assert done.code == 0, done.output
    (folder / "site.pem").write_text((folder / "site.crt").read_text() + (folder / "site.key").read_text())


@pytest.mark.parametrize(
    ("options", "protocol", "alpn"),
    [
        ([], "HTTP/2.0", "h2"),
        (["--http1.1"], "HTTP/1.1", "http/1.1"),
        (["--no-alpn"], "HTTP/1.1", "none"),
    ],
)
def test_facts_arrive_and_forged_ones_are_replaced(
    front: Front, options: list[str], protocol: str, alpn: str
) -> None:
    for forged in ([], headers(*FORGED)):
        found = front.ask(*options, *forged)
        assert (found["protocol"], found["alpn"], found["scheme"]) == (protocol, alpn, "https")
        if front.name == "nginx":
            assert found["ja4"] is None
        else:
            assert found["ja4"][8:10] == {"none": "00", "http/1.1": "h1", "h2": "h2"}[alpn]
            assert found["ja4"][10:] != "_8daaf6152771"


def test_what_a_visitor_sends_past_the_proxy_means_nothing(front: Front) -> None:
    forged = headers(*FORGED, "X-Forwarded-Proto: https", "X-Forwarded-For: 8.8.8.8", "X-Account: ada")
    found = front.ask(*forged, direct=True)
    assert [found[name] for name in ("protocol", "alpn", "ja4", "account")] == [None, None, None, ""]
    assert (found["scheme"], found["address"]) == ("http", "127.0.0.2")


@pytest.mark.parametrize(
    ("options", "evidence"),
    [(["--no-alpn"], "no-alpn"), (["--http1.1"], "no-h2")],
)
def test_who_claims_a_browser_and_does_not_speak_as_one_is_found(
    front: Front, options: list[str], evidence: str
) -> None:
    assert evidence in front.ask("-A", CHROME, *options)["evidence"]
    assert evidence not in front.ask(*options)["evidence"]
    assert {"no-alpn", "no-h2"}.isdisjoint(front.ask("-A", CHROME)["evidence"])


@pytest.mark.parametrize("front", ["haproxy"], indirect=True)
def test_borrowed_names_do_not_fit_the_tls(front: Front) -> None:
    assert "ja4-mismatch" in front.ask("-A", CHROME)["evidence"]
    assert "ja4-mismatch" in front.ask("-A", FIREFOX)["evidence"]


async def test_a_real_browser_is_not_doubted(front: Front) -> None:
    """Also by the order of its headers, which both proxies keep; curl's does not fit its borrowed name."""
    usual = headers("Accept: */*", "Accept-Language: en", "Accept-Encoding: gzip", "X-Other: 1")
    url = f"https://localhost:{front.https}/art?[1-210]"
    learnt = run([program("curl"), "-sS", "--insecure", "-o", "/dev/null", *usual, url], cwd=front.folder)
    assert learnt.code == 0, learnt.output
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        try:
            page = await browser.new_page(ignore_https_errors=True, user_agent=CHROME)
            opened = await page.goto(f"https://localhost:{front.https}/art")
            assert opened is not None
            found = await opened.json()
        finally:
            await browser.close()
    assert (found["protocol"], found["alpn"], found["order"]) == ("HTTP/2.0", "h2", "Pal")
    assert {"no-alpn", "no-h2", "ja4-mismatch", "order-mismatch"}.isdisjoint(found["evidence"])
    if front.name == "haproxy":
        assert found["ja4"][10:] == "_8daaf6152771"
    borrowed = headers("Accept-Encoding: gzip", "Accept: image/png", "Sec-Fetch-Dest: image", "X-Other: 1")
    assert "order-mismatch" in front.ask("-A", CHROME, *borrowed)["evidence"]
