"""The pages: well-formed, complete in themselves, and readable without eyes."""

from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit

import pytest

from guardware.demo import Work, works
from guardware.demo.gallery import STATIC, pages
from guardware.demo.ledger import NAME

VOID = {"img", "link", "meta", "source", "br", "hr", "input"}
PAGES = dict(pages(works()))


class Page(HTMLParser):
    """Reads a page and notes what is wrong with it, what it refers to, and its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.references: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if len(given) != len(attrs):
            self.wrong.append(f"{tag} has an attribute twice")
        self.references += [v for k, v in attrs if k in ("href", "src", "srcset") and v]
        self.ids += [v for k, v in attrs if k == "id" and v]
        if tag == "img":
            self.pictures.append(given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed(path: str) -> None:
    page = Page(PAGES[path])
    assert page.wrong == []
    assert page.open == []
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("title") == 1
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_refers_to_is_in_the_gallery(path: str) -> None:
    files = {*PAGES, *STATIC, *(w.original for w in works()), *(w.thumb for w in works())}
    for reference in Page(PAGES[path]).references:
        parts = urlsplit(reference)
        assert (parts.scheme, parts.netloc) == ("", ""), "nothing from elsewhere"
        if parts.path:
            assert normpath(join(dirname(path), parts.path)) in files


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_has_its_size_and_words(path: str) -> None:
    for picture in Page(PAGES[path]).pictures:
        assert int(picture["width"] or 0) > 0
        assert int(picture["height"] or 0) > 0
        assert picture["alt"]


def test_the_wall_shows_every_work_and_loads_it_late() -> None:
    pictures = Page(PAGES["index.html"]).pictures
    assert {picture["src"] for picture in pictures} == {work.thumb for work in works()}
    assert all(picture["loading"] == "lazy" for picture in pictures)


@pytest.mark.parametrize("work", works(), ids=lambda work: work.slug)
def test_a_works_page_shows_its_original(work: Work) -> None:
    assert f"../{work.original}" in Page(PAGES[work.page]).references
    assert work.title in PAGES[work.page]


def test_the_gallery_can_be_walked_round() -> None:
    """From any work, next leads past every other one and back."""
    start = here = works()[0].page
    seen = []
    for _ in works():
        text = PAGES[here]
        link = text[text.index('rel="next" href="') + len('rel="next" href="') :].partition('"')[0]
        here = normpath(join(dirname(here), link))
        seen.append(here)
    assert here == start
    assert len(set(seen)) == len(works())


def test_no_scripts() -> None:
    assert not [path for path, text in PAGES.items() if "<script" in text or "javascript:" in text]


def test_an_animation_keeps_still_for_those_who_asked_for_it() -> None:
    text = PAGES["works/breathing-square.html"]
    assert '<source srcset="../thumbs/breathing-square.jpg" media="(prefers-reduced-motion: reduce)">' in text


def test_words_are_escaped() -> None:
    work = works()[0]._replace(title="<b>&", alt='"quoted" <i>')
    text = dict(pages((work,)))["index.html"]
    assert "&lt;b&gt;&amp;" in text
    assert 'alt="&#34;quoted&#34; &lt;i&gt;"' in text


def test_the_folder_holds_the_gallery_and_nothing_else(hung: Path, some: tuple[Work, ...]) -> None:
    found = {path.relative_to(hung).as_posix() for path in hung.rglob("*") if path.is_file()}
    expected = {path for path, _ in pages(some)} | {*STATIC, NAME}
    assert found == expected | {w.original for w in some} | {w.thumb for w in some}
