"""From theft to name: a data set taken by img2dataset is nonsense, and each picture in it names its visit."""

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from attacks import border, psnr
from PIL import Image
from real_pictures import picture

from guardware.images.trace.record import Entry, Record

from .processes import client_program, guarded_server, program, run

WORKS = {
    "astronaut.jpg": "JPEG",
    "coffee.jpg": "JPEG",
    "hubble.png": "PNG",
    "chelsea.webp": "WEBP",
}
NONSENSE = 14.0
"""dB to the original at most, where 30 and more look alike."""


class Site(NamedTuple):
    """A gallery of real pictures behind a guard, and where the guard keeps what it must not forget."""

    base: str
    folder: Path
    config: Path
    state: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    top = tmp_path_factory.mktemp("site")
    (top / "art").mkdir()
    for name, format in WORKS.items():
        picture(name.partition(".")[0]).save(top / "art" / name, format, quality=92)
    config = top / "guardware.yaml"
    config.write_text(f"site: {{name: Ada Example}}\nstore: {{folder: {top / 'state'}}}\n")
    with guarded_server(top / "art", config, top / "server.log") as base:
        yield Site(base, top / "art", config, top / "state")


@pytest.fixture(scope="module")
def dataset(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What img2dataset made of the gallery with its usual settings, deaf to the notices alone; by name."""
    loot = tmp_path_factory.mktemp("loot")
    (loot / "urls.txt").write_text("".join(f"{site.base}/{name}\n" for name in WORKS))
    argv = [client_program("img2dataset"), f"--url_list={loot / 'urls.txt'}", f"--output_folder={loot / 'out'}"]
    argv += ["--processes_count=1", "--thread_count=2", "--timeout=20", "--disallowed_header_directives=[]"]
    finished = run(argv, cwd=loot, timeout=120)
    taken = {}
    for description in (loot / "out" / "00000").glob("*.json"):
        taken[json.loads(description.read_text())["url"].rpartition("/")[2]] = description.with_suffix(".jpg")
    assert taken.keys() == WORKS.keys(), finished.output
    return taken


def test_what_it_took_is_nonsense(site: Site, dataset: dict[str, Path]) -> None:
    for name, taken in dataset.items():
        with Image.open(site.folder / name) as original, Image.open(taken) as copy:
            assert psnr(copy.convert("RGB"), border(original.convert("RGB"), 256)) <= NONSENSE, name


def traced(site: Site, *arguments: Path | str) -> list[dict[str, Any]]:
    """What ``guardware trace`` says, a dict for each file."""
    guardware = str(Path(sys.executable).with_name("guardware"))
    argv = [guardware, "trace", "--json", "--config", str(site.config), *map(str, arguments)]
    finished = run(argv, cwd=site.folder, timeout=280)
    assert finished.code == 0, finished.output
    return [json.loads(line) for line in finished.output.splitlines() if line.startswith(b"{")]


def accused(report: dict[str, Any]) -> set[str]:
    """The support ids of the visits that are named."""
    return {entry["event"] for f in report["findings"] if f["accuses"] for entry in f["entries"]}


def events(site: Site, name: str) -> list[Entry]:
    return [entry for entry in Record(site.state / "trace") if entry.path == f"/{name}"]


def test_every_picture_of_it_names_the_visit_that_took_it(site: Site, dataset: dict[str, Path]) -> None:
    reports = {Path(r["file"]): r for r in traced(site, *dataset.values(), "--original", site.folder)}
    for name, taken in dataset.items():
        assert accused(reports[taken]) == {entry.event for entry in events(site, name)}, (name, reports[taken])


def test_of_two_who_took_one_picture_the_right_one_is_named(site: Site, tmp_path: Path) -> None:
    curl = program("curl")
    for thief in ("one", "two"):
        run(
            [curl, "-sS", "-A", f"Mozilla/5.0 {thief}", "-o", f"{thief}.jpg", f"{site.base}/coffee.jpg"],
            cwd=tmp_path,
        )
    # The first is cropped, shrunk and compressed again before it turns up.
    with Image.open(tmp_path / "one.jpg") as stolen:
        width, height = stolen.size
        part = stolen.convert("RGB").crop((width // 10, height // 10, width, height)).resize((640, 480))
    out = BytesIO()
    part.save(out, "JPEG", quality=70)
    (tmp_path / "found.jpg").write_bytes(out.getvalue())
    (report,) = traced(site, tmp_path / "found.jpg", "--original", site.folder)
    named = {entry.user_agent for entry in events(site, "coffee.jpg") if entry.event in accused(report)}
    assert named == {"Mozilla/5.0 one"}


def test_exiftool_reads_the_credit_and_the_refusal(site: Site, tmp_path: Path) -> None:
    run([program("curl"), "-sS", "-o", "copy.jpg", f"{site.base}/coffee.jpg"], cwd=tmp_path)
    fields = [
        "-Copyright",
        "-XMP-plus:DataMining",
        "-ImageDescription",
        "-IPTC:By-line",
        "-ICC_Profile:ProfileDescription",
    ]
    read = run([program("exiftool"), "-json", *fields, "copy.jpg"], cwd=tmp_path).output
    (found,) = json.loads(read)
    assert found["Copyright"] == "© Ada Example"
    assert (
        "Prohibited for AI/ML training" in found["DataMining"]
        or "DMI-PROHIBITED-AIMLTRAINING" in found["DataMining"]
    )
    assert "guardware:" in found["ImageDescription"]
    assert found["By-line"] == "Ada Example"
