"""``guardware prepare``: what it makes is what the server finds, and what it cannot make is told."""

import hashlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import animation, file_of, noise, sample

from guardware import cli
from guardware.cli.fetch import Fetcher, web_address, without_password
from guardware.cli.pantry import offer_sets
from guardware.cli.prepare import chosen_recipes
from guardware.config import from_mapping, load
from guardware.images.recipe import Bounds, Recipe, Save
from guardware.images.recipes import compile_recipes, offered, offers
from guardware.images.variants import Asked, VariantMaker
from guardware.secrets import load_keyring


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]

CONFIG = """\
store: {folder: state}
images:
  variants: {small: [{resize: 64}, veil, trace, metadata], card: [placeholder], tiny: [{resize: 32}, watermark]}
  verdicts: {doubtful: small, suspect: small, unmanaged: card, unverified_search: card, preview_bot: card,
             over_budget: small, bait: tiny}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a configuration and two pictures."""
    monkeypatch.chdir(tmp_path)
    Path("guardware.yaml").write_text(CONFIG)
    Path("in/sub").mkdir(parents=True)
    Path("in/a.jpg").write_bytes(sample("JPEG"))
    Path("in/sub/b.png").write_bytes(sample("PNG"))
    Path("in/notes.txt").write_text("no picture")
    return tmp_path


@pytest.fixture
def guardware(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``guardware prepare`` in this process."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["guardware", "prepare", *arguments, "--workers", "1"])
        try:
            cli.main()
            code = 0
        except SystemExit as exit:
            code = int(exit.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def write(name: str, data: bytes | str) -> None:
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)


def read(name: str) -> bytes:
    return Path(name).read_bytes()


class _Handler(BaseHTTPRequestHandler):
    """By path: a picture, or what goes wrong."""

    def do_GET(self) -> None:
        status, headers, body = ANSWERS.get(self.path, (404, {}, b"not here"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


Answers = dict[str, tuple[int, dict[str, str], bytes]]
ANSWERS: Answers = {
    "/a.jpg": (200, {}, sample("JPEG")),
    "/moved.jpg": (302, {"location": "/a.jpg"}, b""),
    "/page": (200, {}, b"<!doctype html><p>no picture"),
    "/nothing": (200, {}, b""),
    "/large.png": (200, {}, file_of(noise(300, 300), "PNG")),
    "/zipped.jpg": (200, {"content-encoding": "gzip"}, b"..."),
    "/variant.jpg": (200, {"etag": '"gw-0123"'}, sample("JPEG")),
    "/traced.jpg": (200, {}, sample("JPEG") + b"guardware:0123456789"),
    "/to-a-file": (302, {"location": "file:///etc/passwd"}, b""),
    "/round": (302, {"location": "/round"}, b""),
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("format", ["keep", "auto"])
async def test_the_server_finds_what_was_prepared(guardware: Run, format: str) -> None:
    write("in/c.gif", animation("GIF"))
    write("guardware.yaml", f"{CONFIG}  format: {format}\n")
    done = guardware("in")
    assert done.code == 0
    assert done.out.startswith(f"{3 if format == 'keep' else 12} variants of 3 pictures made (")
    config = load()
    maker = VariantMaker(config, load_keyring(config))
    try:
        for path in ("in/a.jpg", "in/sub/b.png", "in/c.gif"):
            original = read(path)
            for accept in (None, b"image/webp,*/*;q=0.8", b"image/avif,image/webp,image/*", b"image/avif"):
                asked = Asked("small", accept, 7)
                found = await maker.find(hashlib.sha256(original).digest(), asked)
                assert found is not None
                variant = await maker.make(original, "image/jpeg", asked)
                assert variant == found.copy(7)
                assert max(variant.size) == 64
        assert maker.stats.made == 0
    finally:
        await maker.close()


@pytest.mark.parametrize("name", ["in/a.jpg", "in/c.gif"])
async def test_one_that_stands_in_is_what_the_server_would_make(guardware: Run, name: str, folder: Path) -> None:
    """Where two offers lead to one format, the work is done once."""
    write("in/c.gif", animation("GIF"))
    write("guardware.yaml", f"{CONFIG}  format: auto\n")
    assert guardware(name).code == 0
    config = load()
    elsewhere = config.model_copy(update={"store": config.store.model_copy(update={"folder": "elsewhere"})})
    prepared, fresh = (VariantMaker(one, load_keyring(config)) for one in (config, elsewhere))
    original = read(name)
    try:
        for accept in (b"image/avif", b"image/webp", b"image/avif,image/webp"):
            variants = [await maker.make(original, "", Asked("small", accept, 7)) for maker in (prepared, fresh)]
            assert variants[0] == variants[1]
        assert prepared.stats.made == 0
    finally:
        await prepared.close()
        await fresh.close()


def test_what_is_there_is_passed_over(guardware: Run) -> None:
    assert guardware("in/a.jpg").out.startswith("1 variant of 1 picture made (")
    assert "1 variant of 2 pictures made (" in (done := guardware("in")).out
    assert "; 1 there already\n" in done.out
    assert guardware("in").out.startswith("0 variants of 2 pictures made (0 bytes, ")


def test_a_dry_run_counts_and_writes_nothing(guardware: Run, folder: Path) -> None:
    done = guardware("in", "--dry-run")
    assert done == (
        0,
        "2 variants of 2 pictures would be made; 0 there already\n1 skipped:\n  in/notes.txt: no picture\n",
        "Preparing the pictures\n",
    )
    assert not Path("state").exists()
    guardware("in/a.jpg")
    assert "1 variant of 2 pictures would be made; 1 there already\n" in guardware("in", "--dry-run").out


def test_a_picture_that_cannot_be_read_is_told_once(guardware: Run) -> None:
    Path("in/broken.jpg").write_bytes(sample("JPEG")[:3000])
    done = guardware("in", "--variants", "small,tiny,marked")
    assert done.code == 1
    assert done.out.startswith("6 variants of 3 pictures made (")
    assert done.out.endswith("1 failed:\n  in/broken.jpg: JPEG that breaks off\n")


def test_which_variants_are_made() -> None:
    assert list(chosen_recipes(load(), None)) == ["small"]  # neither the card nor the bait
    assert list(chosen_recipes(load(), "tiny, small")) == ["tiny", "small"]
    rule = {"match": {"path": "/x/**"}, "action": "protect", "variant": "bait"}
    usual = ["veiled", "veiled-marked", "marked-traced", "marked", "veiled-small"]
    assert list(chosen_recipes(from_mapping({}), None)) == usual
    assert list(chosen_recipes(from_mapping({"rules": [rule]}), None)) == [*usual, "bait"]
    everyone = {"images": {"verdicts": {"everyone": "credited"}}}
    assert list(chosen_recipes(from_mapping(everyone), None)) == [*usual, "credited"]


@pytest.mark.parametrize("format", ["keep", "jpeg", "auto"])
def test_every_offer_that_a_visitor_can_make(format: str) -> None:
    recipe = Recipe("x", (), Save(format, 85), Bounds(1, 1, 1))
    accepts = [b"", b"image/avif", b"image/webp", b"image/webp, image/avif", b"*/*"]
    assert {offers(recipe, accept) for accept in accepts} == set(offer_sets(recipe))
    assert [offers(recipe, offered(letters)) for letters in offer_sets(recipe)] == list(offer_sets(recipe))


@pytest.mark.parametrize(
    ("config", "arguments", "code", "words"),
    [
        ("store: {folder: none}", ["in"], 2, "store.folder: is none, so the server would find nothing; write"),
        ("images: {disk_bytes: 0}", ["in"], 2, "images.disk_bytes: is 0, so the server keeps no variants; write"),
        ("store: {folder: /proc/x}", ["in"], 1, "/proc/x cannot be written, so the server would find nothing"),
        (
            CONFIG,
            ["in", "--variants", "small,huge"],
            2,
            "huge is no variant; write some of veiled, veiled-",
        ),
        (CONFIG, ["in", "--variants", "card"], 2, "none of these is made of a picture"),
        (CONFIG, ["bare"], 2, "there are no pictures in what you named"),
        (CONFIG, ["empty.txt"], 2, "there are no pictures in what you named"),
        (CONFIG, ["binary"], 2, "binary is no folder, no picture and no list of addresses"),
        (CONFIG, ["nowhere"], 2, "Path 'nowhere' does not exist."),
    ],
)
def test_what_cannot_be(guardware: Run, config: str, arguments: list[str], code: int, words: str) -> None:
    Path("guardware.yaml").write_text(config)
    Path("bare").mkdir()
    Path("empty.txt").write_text("# nothing yet\n\n")
    Path("binary").write_bytes(b"\xfe\xfe\xfe")
    done = guardware(*arguments)
    assert done.code == code
    assert words in done.err


def test_a_disk_that_takes_nothing_ends_it(guardware: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARDWARE_SECRET", "0123456789abcdef")
    Path("state").mkdir()
    Path("state/variants").write_text("in the way")
    done = guardware("in")
    assert done.code == 1
    assert "guardware: nothing can be kept in state/variants; is the disk full or read-only?\n" in done.err


def test_a_cache_that_is_too_small(guardware: Run) -> None:
    write("guardware.yaml", f"{CONFIG}  disk_bytes: 64 kB\n")
    Path("in/large.png").write_bytes(file_of(noise(200, 200), "PNG"))
    done = guardware("in/large.png", "--variants", "small,credited")
    assert done.code == 1
    assert done.out.startswith("1 variant of 1 picture made (")
    assert re.search(r"in/large\.png, credited: takes 1\d\d kB, too much for images\.disk_bytes; raise", done.out)
    for number in range(12):
        Path(f"in/{number}.png").write_bytes(file_of(noise(60, 60), "PNG"))
    done = guardware("in", "--variants", "small")
    assert done.code == 1
    assert "had to make room for others, as images.disk_bytes is 64 kB; raise it, or prepare fewer" in done.err


def test_a_list_of_addresses(guardware: Run, site: str) -> None:
    here = site.removeprefix("http://")
    Path("list.txt").write_text(
        f"# mine\n\nhttp://me:secret@{here}/moved.jpg\nlarge.png\n/large.png\nhttp://me:secret@{here}/page\n"
        f"ftp://{here}/a.jpg\n"
    )
    done = guardware("list.txt", "in/sub", "--base-url", f"{site}/")
    assert done.code == 1
    assert done.out.startswith("3 variants of 4 pictures made (")
    assert f"2 failed:\n  list.txt: ftp://{here}/a.jpg: no web address; write it whole" in done.out
    assert f"  {site}/page: no picture\n" in done.out
    assert "secret" not in done.out + done.err


def test_addresses_that_are_not_whole_need_a_base(guardware: Run) -> None:
    Path("list.txt").write_text("/a.jpg\n")
    done = guardware("list.txt")
    assert done.code == 1
    assert "list.txt: /a.jpg: no web address; write it whole, for example https://example.com/cat.jpg" in done.out


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/gone.jpg", "the answer is 404 Not Found"),
        ("/large.png", "larger than 50 kB; raise images.max_bytes"),
        ("/zipped.jpg", "comes compressed"),
        ("/variant.jpg", "a variant that a guard gave out"),
        ("/traced.jpg", "a variant that a guard gave out"),
        ("/to-a-file", "file:///etc/passwd"),
        ("/round", "leads from one address to the next"),
    ],
)
def test_what_cannot_be_fetched(site: str, path: str, words: str) -> None:
    fetcher = Fetcher(50_000)
    try:
        with pytest.raises(ValueError) as error:
            fetcher.fetch(site + path)
        assert words in str(error.value)
        assert fetcher.fetch(f"{site}/a.jpg") == sample("JPEG")
    finally:
        fetcher.close()


def test_nobody_answers() -> None:
    fetcher = Fetcher(1000)
    with pytest.raises(ValueError, match=r"Cannot connect to host 127\.0\.0\.1:1"):
        fetcher.fetch("http://127.0.0.1:1/")
    fetcher.close()
    fetcher.close()  # once more does no harm


@given(
    st.text() | st.from_regex(r"https?://[^\s]{0,20}(/[^\s]*)?"), st.sampled_from(["", "https://example.com/x/"])
)
def test_what_is_taken_for_an_address(text: str, base: str) -> None:
    try:
        address = web_address(text, base)
    except ValueError:
        return
    parts = urlsplit(address)
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    assert "@" not in urlsplit(without_password(address)).netloc


@pytest.mark.parametrize(
    ("text", "base", "address"),
    [
        ("https://example.com/a.jpg", "", "https://example.com/a.jpg"),
        ("a.jpg", "https://example.com/pictures/", "https://example.com/pictures/a.jpg"),
        ("/a.jpg", "https://example.com/pictures/", "https://example.com/a.jpg"),
        ("http://other.example/a.jpg", "https://example.com/", "http://other.example/a.jpg"),
    ],
)
def test_addresses(text: str, base: str, address: str) -> None:
    assert web_address(text, base) == address


def test_nothing_is_prepared_with_a_key_that_is_lost(guardware: Run) -> None:
    """The keys are the server's, from the same folder: they are made once and then stay."""
    guardware("in/a.jpg")
    keys = Path("state/keys").read_bytes()
    guardware("in")
    assert Path("state/keys").read_bytes() == keys
    assert len(compile_recipes(load())) == 10
