"""The shapes in which guardware stands before one picture, and curl, which asks for it in many ways at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from . import forward_auth_site
from .processes import program, run
from .proxy_site import ART, application, guarded, nginx_behind, nginx_front

AGENTS = ("curl/8.5.0", "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)")


class Ask(NamedTuple):
    """One request of curl's."""

    target: str
    agent: str = AGENTS[0]
    method: str = "GET"
    lines: Sequence[str] = ()


class Got(NamedTuple):
    """What came back; status 0 if nothing did."""

    ask: Ask
    status: int
    body: bytes


class Place(NamedTuple):
    """What a shape is made of: a folder of its own, and the folder with the picture."""

    folder: Path
    root: Path


Shape = Callable[[Place], AbstractContextManager[int]]


@contextmanager
def _root(place: Place) -> Iterator[int]:
    with guarded(place.folder, "--root", str(place.root)) as guarding:
        yield guarding.port


@contextmanager
def _root_front(place: Place) -> Iterator[int]:
    with (
        guarded(place.folder, "--root", str(place.root), unix=True) as guarding,
        nginx_front(place.folder, guarding) as port,
    ):
        yield port


@contextmanager
def _relayed(place: Place) -> Iterator[int]:
    with _behind(place) as upstream, guarded(place.folder, "--upstream", upstream) as guarding:
        yield guarding.port


@contextmanager
def _copied(place: Place) -> Iterator[int]:
    config = "proxy: {relay: false}\n"
    with _behind(place) as upstream, guarded(place.folder, "--upstream", upstream, config=config) as guarding:
        yield guarding.port


@contextmanager
def _between(place: Place) -> Iterator[int]:
    with (
        _behind(place) as upstream,
        guarded(place.folder, "--upstream", upstream) as guarding,
        nginx_front(place.folder, guarding) as port,
    ):
        yield port


@contextmanager
def _lenient(place: Place) -> Iterator[int]:
    """The site reads every path as the picture's."""
    with (
        application(place.folder, str(place.root / ART[1:])) as app,
        guarded(place.folder, "--upstream", f"http://127.0.0.1:{app}") as guarding,
    ):
        yield guarding.port


@contextmanager
def _hosts(place: Place) -> Iterator[int]:
    """One site by name, another for all other names."""
    with _behind(place) as upstream:
        config = f"proxy: {{upstream: '{upstream}'}}\nhosts: {{localhost: {{proxy: {{root: '{place.root}'}}}}}}\n"
        with guarded(place.folder, config=config) as guarding:
            yield guarding.port


@contextmanager
def _auth_app(place: Place) -> Iterator[int]:
    with _behind(place) as upstream, forward_auth_site.guardware(place.folder, "--upstream", upstream) as socket:
        changes = {
            "127.0.0.1:3000": upstream.removeprefix("http://"),
            "/run/guardware/guardware.sock": str(socket),
        }
        names = ("nginx-auth.conf", "nginx-auth-app.conf")
        with forward_auth_site.nginx(place.folder, names, changes) as port:
            yield port


@contextmanager
def _auth_files(place: Place) -> Iterator[int]:
    with forward_auth_site.guardware(place.folder, "--root", str(place.root)) as socket:
        changes = {"/var/www/gallery": str(place.root), "/run/guardware/guardware.sock": str(socket)}
        names = ("nginx-auth.conf", "nginx-auth-files.conf")
        with forward_auth_site.nginx(place.folder, names, changes) as port:
            yield port


SHAPES: dict[str, Shape] = {
    "root": _root,
    "root-nginx": _root_front,
    "relayed": _relayed,
    "copied": _copied,
    "nginx": _between,
    "lenient": _lenient,
    "hosts": _hosts,
    "auth-app": _auth_app,
    "auth-files": _auth_files,
}


@contextmanager
def _behind(place: Place) -> Iterator[str]:
    """The site's address; it has files, and nothing answers below ``/app/``."""
    with ExitStack() as stack:
        yield f"http://127.0.0.1:{stack.enter_context(nginx_behind(place.folder, place.root, 9))}"


def curl(folder: Path, port: int, asks: Sequence[Ask]) -> list[Got]:
    """Ask for all, each from a network of its own, so that nobody is limited for what another one did."""
    entries = [_entry(number, port, ask) for number, ask in enumerate(asks)]
    (folder / "asks").write_text("next\n".join(entries))
    done = run([program("curl"), "-K", "asks"], cwd=folder, timeout=60, env={})
    found = dict(line.split() for line in done.output.decode().splitlines() if line.count(" ") == 1)
    bodies = [folder / str(number) for number in range(len(asks))]
    return [
        Got(ask, int(found[str(number)]), bodies[number].read_bytes() if bodies[number].exists() else b"")
        for number, ask in enumerate(asks)
    ]


def _entry(number: int, port: int, ask: Ask) -> str:
    """One request in the words of curl's configuration file."""
    literal = ask.target.startswith("/") and "#" not in ask.target  # else curl would not send it as it is
    url = f"http://127.0.0.1:{port}{ask.target if literal else '/'}"
    options = [
        ("url", url),
        ("user-agent", ask.agent),
        ("interface", f"host!127.{1 + number // 250}.{1 + number % 250}.9"),
        ("output", str(number)),
        ("write-out", f"{number} %{{http_code}}\\n"),
        ("max-time", "20"),
        *(("header", line) for line in ask.lines),
    ]
    if not literal:
        options.append(("request-target", ask.target))
    if ask.method != "GET":
        options.append(("request", ask.method))
    quoted = [f'{name} = "{_quoted(value) if name != "write-out" else value}"' for name, value in options]
    flags = ["path-as-is", "globoff", "silent", *(["head"] if ask.method == "HEAD" else [])]
    return "\n".join([*flags, *quoted, ""])


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
