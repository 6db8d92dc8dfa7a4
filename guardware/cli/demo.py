"""``guardware demo``: a guarded sample gallery, and what to try on it."""

import os
import shlex
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from guardware.config.schema import Config
from guardware.demo import ARTIST, Build, works
from guardware.errors import GuardwareError
from guardware.proxy.listen import listen_tcp
from guardware.proxy.server import build, run

_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, never bound
"""What a client on this machine types where the server listens on every address."""

_SHOWN = "last-light-over-the-pass"
"""The work that the printed commands ask for: larger than a preview may be, so that the difference shows."""

_DISGUISE = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0"
"""What img2dataset says it is (img2dataset 1.47, downloader.py)."""

_INVITATION = """\
{count} pictures by {artist} hang at {site}
(the files are in {folder}; Ctrl-C ends the show)

Try these in another terminal:

1. A browser gets the originals, and nothing in its way.
   python3 -m webbrowser {site}

2. curl, like most download scripts, gets a smaller copy, with a watermark across it and with scrambled colours.
   A browser puts them right by the profile in the file; programs that build training sets do not.
   curl -o copy.jpg {picture}
   python3 -m webbrowser copy.jpg

3. GPTBot, a crawler that collects training data, gets a 403 and no picture.
   curl -sS -D - -o copy-for-gptbot.txt -A GPTBot {picture}

4. img2dataset (pip install img2dataset), which builds training sets, obeys the X-Robots-Tag and keeps nothing.
   echo {picture} > list.txt
   img2dataset --url_list list.txt --output_folder taken
   Told to ignore the tag, it takes home a picture in wrong colours:
   img2dataset --url_list list.txt --output_folder taken-anyway --disallowed_header_directives '[]'

5. Every copy carries an invisible number. trace reads it, and says which visit took this one.
   {guardware} trace copy.jpg --original {folder}

6. explain says why somebody gets what: here the browser that img2dataset pretends to be.
   {guardware} explain --url {picture} --ua '{disguise}'
"""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one.")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Build the gallery here, in a folder of its own. Default: a cache folder.",
)
def command(host: str, port: int, folder: Path | None) -> None:
    """A guarded sample gallery; nothing to configure."""
    # Asked first: a port that is taken should not be found out after the pictures are drawn.
    port = free_port(host, port)
    with ExitStack() as cleanup:
        gallery = _gallery(folder, cleanup)
        guard = build(Config.model_validate({"site": {"name": ARTIST}}), root=gallery)
        run(guard, host, port, announce=lambda _: click.echo(invitation(host, port, gallery)))


def invitation(host: str, port: int, gallery: Path) -> str:
    """What the demo prints once it serves: where, and commands to try with what each will show."""
    name = _EVERY_ADDRESS.get(host, host)
    site = f"http://{f'[{name}]' if ':' in name else name}:{port}/"
    picture = next(site + work.original for work in works() if work.slug == _SHOWN)
    return _INVITATION.format(
        count=len(works()),
        artist=ARTIST,
        site=site,
        folder=gallery,
        picture=picture,
        disguise=_DISGUISE,
        guardware=_this_command(),
    )


def _this_command() -> str:
    """How another terminal calls guardware: by its name, or by its place if it is not on the PATH."""
    beside = Path(sys.executable).with_name("guardware")
    return "guardware" if shutil.which("guardware") or not beside.exists() else shlex.quote(str(beside))


def free_port(host: str, port: int) -> int:
    """The port to serve on, free at this moment; 0 chooses one. Raises GuardwareError if it is taken."""
    sockets = listen_tcp(host, port)
    chosen: int = sockets[0].getsockname()[1]
    for opened in sockets:
        opened.close()
    return chosen


def _gallery(folder: Path | None, cleanup: ExitStack) -> Path:
    """The folder with the whole gallery in it; a temporary one if the cache folder cannot be written."""
    if folder is None:
        cache = cache_folder()
        try:
            if cache is not None:
                return _drawn(cache, ours=True)
        except OSError as error:
            click.echo(
                f"{cache} cannot be written ({error.strerror or error}); using a temporary folder.", err=True
            )
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="guardware-demo-")))
    try:
        return _drawn(folder)
    except OSError as error:
        mend = "name another with --dir"
        raise GuardwareError(f"{folder} cannot be written ({error.strerror or error}); {mend}") from None


def _drawn(folder: Path, ours: bool = False) -> Path:
    gallery = Build(folder, ours=ours)
    left = len(gallery.missing)
    with click.progressbar(gallery.run(), length=left, label="Drawing the pictures", hidden=not left) as bar:
        for _ in bar:
            pass
    return folder


def cache_folder() -> Path | None:
    """Where the gallery is kept from one demo to the next, or None where there is no home.

    XDG Base Directory Specification 0.8: a relative XDG_CACHE_HOME is to be ignored.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named if os.path.isabs(named) else os.path.expanduser("~/.cache"))
    return base / "guardware" / "demo" if base.is_absolute() else None
