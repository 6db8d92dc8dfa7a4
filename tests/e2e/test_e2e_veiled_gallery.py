"""A gallery veiled for everyone: people with Chromium and Firefox see what they would see without guardware."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attacks import psnr
from PIL import Image
from real_pictures import picture

from guardware.images.trace.record import Record

from .processes import guarded_server, program, run

WORKS = ("astronaut", "coffee", "chelsea", "rocket")
SIZE = "1280,900"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
"""Headless it would say so, and be taken for a tool."""

PAGE = """<!doctype html><title>Works</title>
<style>
body { margin: 20px; display: grid; grid-template-columns: repeat(2, 600px); gap: 20px }
img { width: 600px }
</style>
"""


@pytest.fixture(scope="module")
def galleries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """The same gallery as it is, and veiled for everyone; and the folder of its state."""
    top = tmp_path_factory.mktemp("galleries")
    art = top / "art"
    art.mkdir()
    for work in WORKS:
        picture(work).save(art / f"{work}.jpg", quality=92)
    (art / "index.html").write_text(PAGE + "".join(f'<img src="{work}.jpg" alt="{work}">' for work in WORKS))
    shared = f"store: {{folder: {top / 'state'}}}\n"
    (top / "open.yaml").write_text(f"mode: monitor\n{shared}")
    (top / "veiled.yaml").write_text(f"images: {{verdicts: {{everyone: veiled}}}}\n{shared}")
    with (
        guarded_server(art, top / "open.yaml", top / "open.log") as plain,
        guarded_server(art, top / "veiled.yaml", top / "veiled.log") as veiled,
    ):
        yield plain, veiled, top / "state"


def chromium(profile: Path, shot: Path, url: str) -> list[str]:
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
    return [
        program("chromium"),
        *quiet,
        f"--user-agent={CHROME}",
        f"--window-size={SIZE}",
        f"--screenshot={shot}",
        url,
    ]


def firefox(profile: Path, shot: Path, url: str) -> list[str]:
    quiet = ["--headless", "--no-remote", "--profile", str(profile)]
    return [program("firefox-esr"), *quiet, f"--window-size={SIZE}", "--screenshot", str(shot), url]


@pytest.mark.parametrize("browser", [chromium, firefox])
def test_it_looks_the_same(
    galleries: tuple[str, str, Path], tmp_path: Path, browser: Callable[[Path, Path, str], list[str]]
) -> None:
    seen: list[Image.Image] = []
    *addresses, state = galleries
    for number, url in enumerate(addresses):
        profile, shot = tmp_path / f"profile-{number}", tmp_path / f"{number}.png"
        profile.mkdir()
        finished = run(browser(profile, shot, f"{url}/"), cwd=tmp_path, timeout=60, env={"HOME": str(tmp_path)})
        assert shot.exists(), finished.output
        with Image.open(shot) as image:
            seen.append(image.convert("RGB"))
    assert len(seen[0].getcolors(1 << 24) or ()) > 10_000, "no pictures are shown"
    assert psnr(*seen) >= 33
    assert veiled_copies(state) >= {f"/{work}.jpg" for work in WORKS}


def veiled_copies(state: Path) -> set[str]:
    """Paths of the veiled copies in the record, once the server has had a second to write."""
    deadline = time.monotonic() + 5
    found: set[str] = set()
    while len(found) < len(WORKS) and time.monotonic() < deadline:
        time.sleep(0.1)
        found = {entry.path for entry in Record(state / "trace") if entry.variant == "veiled"}
    return found
