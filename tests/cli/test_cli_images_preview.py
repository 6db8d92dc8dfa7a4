"""``guardware images preview``: the page shows what is served, says what is so, and holds everything itself."""

import base64
import math
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from attacks import psnr
from image_samples import animation, file_of, opened, sample, scene
from PIL import Image, ImageCms

from guardware import cli
from guardware.cli.preview import preview
from guardware.cli.views import Entry, Original, entries, read
from guardware.cli.words import VERDICTS, likeness_in_words, receivers, steps_in_words
from guardware.config import from_mapping
from guardware.config.images import VARIANTS, Verdicts
from guardware.config.schema import Config
from guardware.images.measured import make_measured
from guardware.images.pipeline import Secrets, make
from guardware.images.recipes import compile_recipes
from guardware.images.veil import unveil
from guardware.keys import Keyring


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]
Attributes = dict[str, str | None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("cat.jpg").write_bytes(sample("JPEG"))
    return tmp_path


@pytest.fixture
def guardware(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``guardware images preview`` in this process."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["guardware", "images", "preview", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as exit:
            code = int(exit.code or 0)
        return Done(code, *capsys.readouterr())

    return run


class Page(HTMLParser):
    """A page's elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]

    def every(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


def configured(**images: object) -> Config:
    return from_mapping({"site": {"name": "Ada Example"}, "images": images})


def of(data: bytes, config: Config) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries(read(data, config), config)}


def shown(source: str) -> Image.Image:
    """The picture in a data URI."""
    return opened(base64.b64decode(source.partition(",")[2]))


@pytest.fixture(scope="module")
def variants() -> dict[str, Entry]:
    """Those of the default configuration."""
    return of(sample("JPEG"), configured())


@pytest.fixture(scope="module")
def page(variants: dict[str, Entry]) -> Page:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("guardware.cli.preview.entries", lambda *_: iter(variants.values()))
        return Page(preview(Original(sample("JPEG"), scene(), "JPEG"), "a <b> & c.jpg", configured()))


def test_the_command(guardware: Run) -> None:
    done = guardware("cat.jpg")
    assert done.code == 0
    assert re.fullmatch(r"Wrote preview\.html \(\d+ kB\)\. Open it in a browser\.\n", done.out)
    page = Page(Path("preview.html").read_text("utf-8"))
    assert all(name in page.text for name in VARIANTS)


def test_a_page_is_replaced_only_with_force(guardware: Run) -> None:
    Path("preview.html").write_text("mine")
    done = guardware("cat.jpg")
    assert (done.code, done.out) == (1, "")
    assert "preview.html is there already; name another file, or replace it with --force" in done.err
    assert Path("preview.html").read_text() == "mine"
    assert guardware("cat.jpg", "--force").code == 0
    assert Path("preview.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.jpg"], 2, "File 'none.jpg' does not exist."),
        (["notes.txt"], 1, "notes.txt: no picture; read are jpeg, png,"),
        (["empty.jpg"], 1, "empty.jpg: no picture"),
        (["broken.jpg"], 1, "broken.jpg: JPEG that breaks off"),
        (["cat.jpg", "--config", "small.yaml"], 1, "cat.jpg: larger than 2 kB; raise images.max_bytes"),
        (["cat.jpg", "--out", "cat.jpg/x.html"], 1, "cat.jpg/x.html cannot be written (Not a directory); check"),
    ],
)
def test_what_cannot_be(guardware: Run, arguments: list[str], code: int, words: str) -> None:
    Path("notes.txt").write_text("no picture")
    Path("empty.jpg").touch()
    Path("broken.jpg").write_bytes(sample("JPEG")[:3000])
    Path("small.yaml").write_text("images: {max_bytes: 2 kB}")
    done = guardware(*arguments)
    assert done.code == code
    assert words in done.err
    assert not Path("preview.html").exists()


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: Page) -> None:
    assert all(source.startswith("data:image/") for source in page.every("src"))
    assert all(link.startswith("#") for link in page.every("href"))
    assert not page.all("script")
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_every_link_leads_somewhere_and_no_name_is_given_twice(page: Page) -> None:
    names = page.every("id")
    assert len(names) == len(set(names))
    assert {link[1:] for link in page.every("href")} <= set(names)
    assert set(page.every("aria-labelledby")) <= set(names)


def test_every_picture_has_a_text_and_a_size(page: Page) -> None:
    pictures = page.all("img")
    assert len(pictures) == 1 + 3 * 2 + 3  # the original, the veiled ones twice, the others once; not credited
    for picture in pictures:
        assert picture["alt"]
        assert int(picture["width"] or 0) > 0
    assert pictures[0]["alt"] == "The original, a <b> & c.jpg"
    assert "What visitors get of a <b> & c.jpg" in page.text


def test_who_gets_what_and_how_it_is_made(page: Page, variants: dict[str, Entry]) -> None:
    text = " ".join(page.text.split())
    for entry in variants.values():
        assert all(words in text for words in (*entry.receivers, *entry.steps))
    assert "It goes to everyone nothing speaks against." in text
    assert "No verdict names it, so nobody gets it at present." in text


@pytest.mark.parametrize("name", ["veiled", "veiled-small", "veiled-marked"])
def test_a_veiled_one_in_a_browser_and_to_a_loader(variants: dict[str, Entry], name: str) -> None:
    entry = variants[name]
    assert entry.browser is not None
    assert entry.loader is not None
    served, loaded = shown(entry.browser.source), shown(entry.loader.source)
    assert served.info["icc_profile"]
    assert "icc_profile" not in loaded.info
    assert psnr(loaded, served) > 33  # the same pixels, without what would put them right
    assert entry.loader.psnr is not None
    assert entry.loader.psnr < 14
    assert entry.loader.likeness == "nonsense colours"
    seen = unveil(served)
    original = opened(sample("JPEG"))
    assert entry.browser.psnr == pytest.approx(psnr(seen, original), abs=0.01)
    assert entry.browser.psnr is not None
    assert (entry.browser.psnr >= 33) == (name != "veiled-marked")


def test_the_figures(variants: dict[str, Entry]) -> None:
    bait = variants["bait"]
    assert bait.browser is not None
    assert bait.size == bait.browser.size == shown(bait.browser.source).size == (320, 240)
    assert bait.bytes == len(base64.b64decode(bait.browser.source.partition(",")[2]))
    assert bait.format == "JPEG"
    assert bait.loader is None
    assert bait.cost is not None
    assert 0 < bait.cost < 10_000
    assert bait.browser.ssim is not None
    assert bait.browser.ssim < 0.95


def test_what_leaves_the_picture_needs_no_figures(variants: dict[str, Entry]) -> None:
    credited = variants["credited"]
    assert (credited.browser, credited.size, credited.note) == (None, (640, 480), "Not a pixel is changed.")
    assert credited.bytes > len(sample("JPEG"))


def test_those_that_somebody_gets_come_first(variants: dict[str, Entry]) -> None:
    got = [bool(entry.receivers) for entry in variants.values()]
    assert got == sorted(got, reverse=True)


def test_other_pictures_in_its_place() -> None:
    config = configured(variants={"card": ["placeholder"], "made-up": ["decoy"]})
    made = of(sample("PNG"), config)
    card, decoy = made["card"], made["made-up"]
    assert card.browser is not None
    assert shown(card.browser.source).size == card.size == (600, 400)
    assert card.cost is None
    assert decoy.browser is not None
    assert decoy.browser.psnr is None
    html = preview(read(sample("PNG"), config), "cat.png", config)
    assert "another picture" in Page(html).text


def test_where_nobody_gets_the_original() -> None:
    config = configured(verdicts={"everyone": "veiled"})
    text = " ".join(Page(preview(read(sample("PNG"), config), "cat.png", config)).text.split())
    assert "Under your configuration nobody gets the original." in text
    assert "Nobody gets it." in text


def test_an_animation_carries_no_veil() -> None:
    veiled = of(animation("GIF"), configured())["veiled"]
    assert veiled.note == "Browsers lift no veil from a file like this, so it has the visible mark instead."
    assert (veiled.loader, veiled.format) == (None, "WebP")


def test_a_variant_that_cannot_be_made() -> None:
    wide = file_of(Image.new("RGB", (17_000, 20), "teal"), "PNG")
    config = configured(variants={"large": ["veil", {"save": {"format": "webp"}}]})
    made = of(wide, config)
    assert made["large"].failure == "17000 x 20 is too large for webp: 16383 pixels a side"
    assert made["veiled"].failure == ""
    assert "It cannot be made of this picture" in preview(read(wide, config), "wide.png", config)


def test_where_the_format_is_negotiated_it_is_what_browsers_get() -> None:
    made = of(sample("JPEG"), configured(format="auto", variants={"plain": [{"resize": 100}]}))
    assert made["plain"].format == "AVIF"


def test_an_original_with_a_profile_of_its_own_is_shown_in_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = file_of(scene(), "PNG", icc_profile=profile)
    view = read(data, configured()).view()
    assert "icc_profile" not in shown(view.source).info
    assert psnr(shown(view.source), scene()) > 33


def test_there_are_words_for_every_verdict() -> None:
    assert set(VERDICTS) == set(Verdicts.model_fields)


def test_rules_give_variants_too() -> None:
    rules = [
        {"name": "the press", "match": {"path": "/press/**"}, "action": "protect", "variant": "bait"},
        {"match": {"path": "/x/**"}, "action": "protect", "variant": "bait"},
    ]
    assert receivers(from_mapping({"rules": rules}), "bait") == [
        VERDICTS["bait"],
        "those whom your rule “the press” names",
        "those whom your rule 2 names",
    ]


def test_steps_in_words() -> None:
    steps = [
        {"resize": 500},
        {"degrade": {"blur": 0, "pixelate": 20, "grayscale": True}},
        {"watermark": {"text": "Mine", "repeat": False, "opacity": 0.5}},
        "veil",
        "trace",
        "metadata",
    ]
    recipes = compile_recipes(configured(variants={"all": steps, "none": ["decoy"], "card": ["placeholder"]}))
    assert steps_in_words(recipes["all"]) == [
        "Scaled down to 500 pixels on the longer side, if it has more.",
        "Degraded: in coarse blocks, without colour.",
        "Watermarked: “Mine”, once, 50% opaque.",
        "Veiled: the colours are scrambled in the file, and its colour profile restores them.",
        "Traced: an invisible mark names the request that got the copy.",
        "Credited: your name and the opt-out stand in the file.",
    ]
    assert steps_in_words(recipes["none"]) == ["Replaced: another, made-up picture in its place."]
    assert steps_in_words(recipes["card"]) == ["Replaced: a card in its place."]


@pytest.mark.parametrize(
    ("decibels", "words"),
    [
        (math.inf, "no difference to be seen"),
        (40.0, "no difference to be seen"),
        (33.0, "hardly a difference"),
        (32.9, "a visible difference"),
        (24.9, "a clear difference"),
        (13.9, "nonsense colours"),
        (0.0, "nonsense colours"),
    ],
)
def test_likeness_in_words(decibels: float, words: str) -> None:
    assert likeness_in_words(decibels) == words


def test_what_is_measured_is_what_is_served() -> None:
    recipe = compile_recipes(configured())["marked"]
    secrets = Secrets.of(Keyring([bytes(32)]))
    job = {"original": sample("PNG"), "content_type": "", "recipe": recipe, "secrets": secrets, "accept": b""}
    header, body = make_measured(**job)
    plain, same = make(**job)  # type: ignore[arg-type]
    assert body == same
    assert header.pop("cpu_ms") > 0
    assert header == plain
    assert Image.open(BytesIO(body)).size == (640, 480)
