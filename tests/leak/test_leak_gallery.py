"""The gallery: pictures that differ, and pages whose links lead somewhere."""

import re
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.leak.clients.walk import PAGES, walk
from benchmarks.leak.gallery import Gallery, build, overview_path


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Two overviews, and one of a single picture."""
    return build(51, tmp_path_factory.mktemp("gallery"))


def page(gallery: Gallery, path: str) -> str:
    return (gallery.folder / (path.removeprefix("/") or "index.html")).read_text()


def links(html: str) -> dict[str, str]:
    """Where the links lead, by their class."""
    return dict(re.findall(r'<a class="(\w+)" href="([^"]+)"', html))


def test_each_picture_is_unlike_the_others_and_of_a_usual_size(gallery: Gallery) -> None:
    files = [gallery.original(path) for path in gallery.paths]
    assert len(set(files)) == 51
    assert all(25_000 < len(data) < 120_000 for data in files)
    formats = [Image.open(BytesIO(data)).format for data in files]
    assert {name: formats.count(name) for name in ("JPEG", "PNG", "WEBP")} == {"JPEG": 46, "PNG": 3, "WEBP": 2}


def test_it_is_drawn_once_and_is_the_same_elsewhere(gallery: Gallery, tmp_path: Path) -> None:
    first = build(3, tmp_path)
    stamp = first.folder.stat().st_mtime_ns
    assert build(3, tmp_path) == first
    assert first.folder.stat().st_mtime_ns == stamp
    assert [first.original(path) for path in first.paths] == [gallery.original(path) for path in gallery.paths[:3]]


def test_the_overviews_show_every_picture_once_with_words(gallery: Gallery) -> None:
    shown = []
    for number in range(1, gallery.overviews + 1):
        found = re.findall(r'<img class="small" src="([^"]+)" alt="([^"]+)"', page(gallery, overview_path(number)))
        assert tuple(source for source, _ in found) == gallery.on_overview(number)
        assert all(len(words) > 10 for _, words in found)
        shown += [source for source, _ in found]
    assert tuple(shown) == gallery.paths


def test_every_link_and_source_leads_to_a_file(gallery: Gallery) -> None:
    for file in gallery.folder.rglob("*.html"):
        for path in re.findall(r'(?:href|src)="([^"]+)"', file.read_text()):
            assert (gallery.folder / (path.removeprefix("/") or "index.html")).is_file(), path


@pytest.mark.parametrize("count", [1, 3, 7, 51])
def test_a_person_can_click_all_the_way(tmp_path: Path, gallery: Gallery, count: int) -> None:
    walked = gallery if count == 51 else build(count, tmp_path)
    steps = walk(walked)
    for before, step in pairwise(steps):
        html = page(walked, before.path)
        if step.link.startswith("main"):
            assert f'href="{step.path}"' in html
        else:
            assert links(html)[step.link.removeprefix("a.")] == step.path
        assert all(picture in page(walked, step.path) for picture in step.pictures)


def test_a_person_sees_thirty_pages_of_a_large_gallery() -> None:
    paths = tuple(f"/art/{number}.jpg" for number in range(1000))
    steps = walk(Gallery(Path("nowhere"), paths))
    assert len(steps) == PAGES
    assert len({picture for step in steps for picture in step.pictures}) == 125
