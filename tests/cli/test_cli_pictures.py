"""``guardware watermark`` and ``veil``: files and folders in, copies out, and what is said of the rest."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import pytest
from attacks import psnr
from image_samples import animation, difference, file_of, noise, opened, png_promising, sample, scene
from PIL import Image

from guardware import cli
from guardware.cli.convert import renamed
from guardware.cli.pictures import look_through, reason_of, size_words
from guardware.cli.whole import write_whole
from guardware.images.crew import JobError, WorkerDied
from guardware.images.formats import named
from guardware.images.veil import unveil


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]

PICTURES = {
    "a.jpg": sample("JPEG"),
    "b.png": sample("PNG"),
    "old/c.gif": sample("GIF"),
    "old/d.tif": sample("TIFF"),
    "old/deep/E.JPEG": sample("JPEG"),
    "old/mislabelled.png": sample("JPEG"),
}
OTHERS = {
    "notes.txt": b"no picture at all",
    "empty.jpg": b"",
    ".hidden.jpg": sample("JPEG"),
    ".trash/f.jpg": sample("JPEG"),
    "photo.heic": b"\0\0\0\x18ftypheic\0\0\0\0",
}
COPIES = ["a.jpg", "b.png", "old/c.png", "old/d.jpg", "old/deep/E.JPEG", "old/mislabelled.jpg"]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for name, data in {**PICTURES, **OTHERS}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the folder ``in`` that has all of the above."""
    copytree(source, tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def guardware(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, in this process."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["guardware", *arguments, "--workers", "1"])
        try:
            cli.main()
            code = 0
        except SystemExit as exit:
            code = int(exit.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def picture(path: str | Path) -> Image.Image:
    return opened(Path(path).read_bytes())


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder(guardware: Run, folder: Path) -> None:
    done = guardware("watermark", "in", "--out", "out", "--text", "© Ada")
    assert done.code == 0
    assert files(folder / "out") == COPIES
    for copy in COPIES:
        marked = picture(f"out/{copy}")
        assert marked.format == {".png": "PNG"}.get(Path(copy).suffix, "JPEG")
        assert marked.size == (640, 480)
        assert difference(marked, scene()) > 2
    assert all((folder / "in" / name).read_bytes() == data for name, data in PICTURES.items())
    assert re.fullmatch(
        r"6 pictures written to out \(\d+ kB, \d+\.\d s\)\n"
        "5 skipped:\n"
        "  in/.trash: hidden\n"
        "  in/.hidden.jpg: hidden\n"
        "  in/empty.jpg: empty\n"
        "  in/notes.txt: no picture\n"
        "  in/photo.heic: HEIC is not read\n",
        done.out,
    )


def test_copies_can_be_read_by_others_as_any_file(guardware: Run, folder: Path) -> None:
    Path("plain").touch()
    guardware("watermark", "in/a.jpg", "--out", "out")
    assert os.stat("out/a.jpg").st_mode == os.stat("plain").st_mode


def test_credit_is_in_the_copies(guardware: Run) -> None:
    Path("guardware.yaml").write_text("site: {name: Ada Example}\n")
    assert guardware("watermark", "in/a.jpg", "--out", "out").code == 0
    assert picture("out/a.jpg").getexif()[0x8298].endswith("Ada Example")


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(guardware: Run, folder: Path) -> None:
    done = guardware("watermark", "in", "--out", "out", "--dry-run", "--format", "webp")
    assert done.code == 0
    assert done.out.splitlines()[:7] == [
        "in/a.jpg -> out/a.webp",
        "in/b.png -> out/b.webp",
        "in/old/c.gif -> out/old/c.webp",
        "in/old/d.tif -> out/old/d.webp",
        "in/old/mislabelled.png -> out/old/mislabelled.webp",
        "in/old/deep/E.JPEG -> out/old/deep/E.webp",
        "6 pictures would be written",
    ]
    assert not (folder / "out").exists()


def test_what_is_there_is_replaced_only_with_force(guardware: Run, folder: Path) -> None:
    Path("out").mkdir()
    Path("out/a.jpg").write_bytes(b"mine")
    done = guardware("watermark", "in/a.jpg", "in/b.png", "--out", "out")
    assert done.code == 0
    assert "1 skipped:\n  in/a.jpg: there already; replace it with --force\n" in done.out
    assert Path("out/a.jpg").read_bytes() == b"mine"
    assert guardware("watermark", "in/a.jpg", "--out", "out", "--force").code == 0
    assert opened(Path("out/a.jpg").read_bytes()).size == (640, 480)
    assert files(folder / "out") == ["a.jpg", "b.png"]


def link(folder: Path) -> None:
    Path("out").mkdir()
    Path("out/a.jpg").hardlink_to(folder / "in/a.jpg")


def symbolic_link(folder: Path) -> None:
    Path("out").mkdir()
    Path("out/a.jpg").symlink_to(folder / "in/a.jpg")


def linked_folder(folder: Path) -> None:
    Path("out").symlink_to(folder / "in", target_is_directory=True)


@pytest.mark.parametrize("arrange", [link, symbolic_link, linked_folder])
def test_an_original_is_not_replaced_even_with_force(
    guardware: Run, folder: Path, arrange: Callable[[Path], None]
) -> None:
    arrange(folder)
    done = guardware("watermark", "in/a.jpg", "--out", "out", "--force")
    assert done.code == 1
    assert "in/a.jpg: would be written over the original, itself; name another folder with --out\n" in done.out
    assert (folder / "in/a.jpg").read_bytes() == PICTURES["a.jpg"]


def test_another_original_is_not_replaced_either(guardware: Run, folder: Path) -> None:
    (folder / "in/b.jpg").write_bytes(sample("JPEG"))
    done = guardware("veil", "in/b.png", "in/b.jpg", "--out", "in", "--format", "jpeg", "--force")
    assert done.code == 1
    assert "in/b.png: would be written over the original, in/b.jpg; name another" in done.out
    assert (folder / "in/b.jpg").read_bytes() == sample("JPEG")


def test_two_that_would_become_one_file(guardware: Run) -> None:
    Path("in/c.png").write_bytes(sample("PNG"))
    Path("in/c.gif").write_bytes(sample("GIF"))
    for _ in range(2):  # The one that keeps its name has it; so it is the second time.
        done = guardware("watermark", "in/c.gif", "in/c.png", "--out", "out", "--force")
        assert done.code == 1
        assert "1 picture written" in done.out
        assert "in/c.gif: would become the same file as in/c.png; rename one\n" in done.out


def test_copies_within_the_folder_are_not_taken_for_originals(guardware: Run, folder: Path) -> None:
    for _ in range(2):
        done = guardware("watermark", "in", "--out", "in/copies")
        assert done.code == 0
    assert "in/copies: what is written goes there\n" in done.out
    assert files(folder / "in/copies") == COPIES


def test_the_good_are_made_though_others_fail(guardware: Run, folder: Path) -> None:
    Path("in/broken.jpg").write_bytes(sample("JPEG")[:3000])
    Path("in/bomb.png").write_bytes(png_promising(30_000, 30_000))
    Path("in/broken.gif").write_bytes(sample("GIF")[:900])
    Path("guardware.yaml").write_text("images: {max_bytes: 90 kB}\n")
    Path("in/large.png").write_bytes(file_of(noise(200, 200), "PNG"))
    done = guardware("watermark", "in/a.jpg", *map(str, Path("in").glob("b*")), "in/large.png", "--out", "out")
    assert done.code == 1
    assert files(folder / "out") == ["a.jpg", "b.png"]
    assert "  in/broken.jpg: JPEG that breaks off\n" in done.out
    assert "  in/broken.gif: " in done.out
    assert "in/bomb.png: 30000 x 30000 is more than 50000000 pixels; raise images.max_pixels\n" in done.out
    assert "in/large.png: larger than 90 kB; raise images.max_bytes\n" in done.out
    assert done.err.endswith("guardware: 4 failed; the reasons stand above\n")


def test_a_file_where_a_folder_should_be(guardware: Run) -> None:
    Path("out").mkdir()
    Path("out/old").write_text("a file")
    done = guardware("watermark", "in", "--out", "out", "--force")
    assert done.code == 1
    assert "  in/old/c.gif: Not a directory\n" in done.out
    assert Path("out/old").read_text() == "a file"


@pytest.mark.parametrize("name", ["notes.txt", "empty.jpg"])
def test_a_file_that_was_named_and_is_no_picture_has_failed(guardware: Run, name: str) -> None:
    done = guardware("watermark", f"in/{name}", "--out", "out")
    assert done.code == 1
    assert f"1 failed:\n  in/{name}: " in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing-there"], 2, "Path 'nothing-there' does not exist."),
        (["bare"], 2, "there are no pictures in what you named"),
        (["in", "--opacity", "3"], 2, "3.0 is not in the range 0<x<=1."),
        (["in", "--logo", "in/notes.txt"], 2, "is neither PNG nor SVG"),
        (["in", "--font", "in/notes.txt"], 2, "is no font that can be read"),
        (["in", "--text", "x", "--logo", "in/b.png"], 2, "Give one of --text and --logo."),
        (["in", "--text", "x" * 201], 2, "is longer than 200 characters"),
        (["in", "--config", "no.yaml"], 2, "no.yaml:1:1: file: is not there"),
        (["in", "--out", "in/notes.txt"], 2, "is a file"),
        (["in/a.jpg", "--out", "in/notes.txt/x"], 1, "cannot be written (Not a directory); name another folder"),
        (["in/a.jpg", "--out", "/proc/x"], 1, "/proc/x cannot be written (No such file or directory)"),
    ],
)
def test_what_cannot_be(guardware: Run, folder: Path, arguments: list[str], code: int, words: str) -> None:
    Path("bare").mkdir()
    done = guardware("watermark", "--out", "out", *arguments)
    assert done.code == code
    assert words in done.err
    assert not list(folder.glob("out/*"))


def mean_changes(copy: str) -> list[float]:
    """How much the four quarters of a grey picture were changed, as one reads."""
    image = picture(copy).convert("RGB")
    width, height = image.width // 2, image.height // 2
    boxes = [(x, y, x + width, y + height) for y in (0, height) for x in (0, width)]
    grey = Image.new("RGB", (width, height), "gray")
    return [difference(image.crop(box), grey) for box in boxes]


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ([], [True] * 4),
        (["--once"], [False, False, False, True]),
        (["--position", "nowe"], [True, False, False, False]),
        (["--position", "nowe", "--repeat"], [True] * 4),
    ],
)
def test_where_the_mark_stands(guardware: Run, options: list[str], changed: list[bool]) -> None:
    Image.new("RGB", (600, 400), "gray").save("grey.png")
    assert guardware("watermark", "grey.png", "--out", "out", "--text", "Ada", *options).code == 0
    assert [change > 0.1 for change in mean_changes("out/grey.png")] == changed


def test_a_logo_and_a_smaller_copy(guardware: Run) -> None:
    Image.new("RGBA", (60, 60), "red").save("logo.png")
    Image.new("RGB", (600, 400), "gray").save("grey.png")
    options = ["--logo", "logo.png", "--opacity", "1", "--position", "ce", "--scale", "0.5", "--max-side", "300"]
    assert guardware("watermark", "grey.png", "--out", "out", *options).code == 0
    copy = picture("out/grey.png").convert("RGB")
    assert copy.size == (300, 200)
    assert copy.getpixel((150, 100)) == (255, 0, 0)
    assert copy.getpixel((10, 10)) == (128, 128, 128)


def test_quality(guardware: Run) -> None:
    for quality in ("30", "90"):
        assert guardware("watermark", "in/a.jpg", "--out", quality, "--quality", quality).code == 0
    assert Path("30/a.jpg").stat().st_size < 0.7 * Path("90/a.jpg").stat().st_size


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif"])
def test_a_veil_is_lifted_by_the_profile_and_by_nothing_else(guardware: Run, format: str) -> None:
    assert guardware("veil", "in/a.jpg", "--out", "out", "--format", format).code == 0
    (copy,) = Path("out").iterdir()
    image = picture(copy)
    assert copy.suffix == {"jpeg": ".jpg"}.get(format, f".{format}")
    assert psnr(unveil(image), scene()) >= 33
    assert psnr(image.convert("RGB"), scene()) <= 14


def test_what_carries_no_veil_is_told(guardware: Run) -> None:
    Path("in/moving.gif").write_bytes(animation("GIF"))
    done = guardware("veil", "in/moving.gif", "in/a.jpg", "--out", "out")
    assert done.code == 0
    assert "1 to note:\n  in/moving.gif: browsers lift no veil from an animated WebP, so it has" in done.out
    assert picture("out/moving.webp").n_frames == 3  # type: ignore[attr-defined]


def test_ctrl_c_leaves_no_half_files(folder: Path) -> None:
    large = file_of(noise(2000, 1500), "JPEG", quality=90)
    Path("many").mkdir()
    for number in range(90):
        Path(f"many/{number}.jpg").write_bytes(large)
    code = "from guardware.cli import main; main()"
    arguments = ["watermark", "many", "--out", "out", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob("out/*.jpg")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.rstrip().endswith("Aborted!")
    made = list((folder / "out").iterdir())
    assert 0 < len(made) < 90
    for path in made:
        assert path.suffix == ".jpg"
        assert opened(path.read_bytes()).size == (2000, 1500)


def test_odd_things_in_a_folder(folder: Path) -> None:
    os.mkfifo("in/pipe.jpg")
    Path("in/gone.jpg").symlink_to("nowhere")
    Path("in/link.jpg").symlink_to("a.jpg")
    Path("in/again").symlink_to(".", target_is_directory=True)
    walk = look_through([Path("in")])
    reasons = {outcome.name: outcome.reason for outcome in walk.passed}
    assert reasons["in/pipe.jpg"] == reasons["in/gone.jpg"] == "no file"
    assert reasons["in/again"] == "a link to a folder"
    assert Path("link.jpg") in [found.relative for found in walk.found]


def test_each_is_taken_once_however_often_it_is_named() -> None:
    walk = look_through([Path("in/a.jpg"), Path("in"), Path("in/../in/a.jpg")])
    assert len(walk.found) == len(PICTURES)


def test_names_that_no_terminal_should_see(guardware: Run) -> None:
    name = b"in/\x1b[31mred\xff.txt"
    Path(os.fsdecode(name)).write_bytes(b"text")
    done = guardware("watermark", "in", "--out", "out", "--dry-run")
    assert "  in/\\x1b[31mred\\udcff.txt: no picture\n" in done.out


@pytest.mark.parametrize(
    ("name", "format", "new"),
    [
        ("a/cat.jpg", "jpeg", "a/cat.jpg"),
        ("cat.JPEG", "jpeg", "cat.JPEG"),
        ("cat.jpg", "webp", "cat.webp"),
        ("cat.png", "jpeg", "cat.jpg"),
        ("cat.tar.gif", "png", "cat.tar.png"),
        ("cat", "jpeg", "cat.jpg"),
        ("cat.v2", "avif", "cat.v2.avif"),
    ],
)
def test_the_ending_follows_the_format(name: str, format: str, new: str) -> None:
    assert renamed(Path(name), named(format)) == Path(new)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_234_567, "1.23 MB"),
        (2 * 10**9, "2 GB"),
    ],
)
def test_sizes(count: int, words: str) -> None:
    assert size_words(count) == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            JobError("MemoryError", "", permanent=False),
            "needs more memory than a worker may take; raise images.wor",
        ),
        (JobError("ValueError", "so\nso", permanent=True), "so\\nso"),
        (JobError("KeyError", "", permanent=True), "KeyError"),
        (WorkerDied("a worker was ended by SIGKILL"), "a worker was ended by SIGKILL"),
        (TimeoutError("a worker took longer than 120 s"), "a worker took longer than 120 s"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (OSError("broken"), "OSError"),
        (ValueError(""), "ValueError"),
    ],
)
def test_reasons(error: Exception, words: str) -> None:
    assert reason_of(error).startswith(words)


class TestWholeFiles:
    def test_written_with_its_folder(self) -> None:
        write_whole(Path("x/y/z"), b"data", replace=False)
        assert files(Path("x")) == ["y/z"]
        assert Path("x/y/z").read_bytes() == b"data"

    @pytest.mark.parametrize("links", [True, False], ids=["links", "no links, as on FAT"])
    def test_not_over_another(self, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        def link(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        if not links:
            monkeypatch.setattr(os, "link", link)
        write_whole(Path("x/a"), b"mine", replace=False)
        with pytest.raises(FileExistsError):
            write_whole(Path("x/a"), b"other", replace=False)
        assert (Path("x/a").read_bytes(), files(Path("x"))) == (b"mine", ["a"])
        write_whole(Path("x/a"), b"other", replace=True)
        assert (Path("x/a").read_bytes(), files(Path("x"))) == (b"other", ["a"])

    def test_nothing_is_left_when_it_fails(self) -> None:
        Path("x/a").mkdir(parents=True)
        with pytest.raises(OSError):
            write_whole(Path("x/a"), b"data", replace=True)
        assert files(Path("x")) == []

    def test_the_longest_name(self) -> None:
        write_whole(Path("x" * 255), b"data", replace=False)
        assert Path("x" * 255).read_bytes() == b"data"
