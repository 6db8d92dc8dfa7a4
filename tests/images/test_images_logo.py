"""The owner's logo: files that are taken, files that are refused with a reason, and how it is drawn."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import file_of, opened, scene
from PIL import Image, ImageDraw

from guardware.errors import MissingExtraError
from guardware.images.logo import draw_logo, load_logo

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><circle cx="10" cy="10" r="8" fill="red"/></svg>'
)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], str]:
    def write(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def disc(mode: str = "RGBA", size: tuple[int, int] = (200, 100), colour: str = "#c01f2e") -> Image.Image:
    """A disc at the left of an empty picture."""
    image = Image.new("RGBA", size)
    ImageDraw.Draw(image).ellipse((10, 10, size[1] - 10, size[1] - 10), fill=colour)
    return image.convert(mode)


def deep(image: Image.Image) -> Image.Image:
    """In 16 bits of grey."""
    return image.convert("L").convert("I").point(lambda value: value * 256).convert("I;16")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_a_png_loses_the_empty_space_around_it(mode: str, file: Callable[[str, bytes], str]) -> None:
    plain = disc().quantize(8) if mode == "PA" else disc(mode)
    logo = opened(load_logo(file("logo.png", file_of(plain, "PNG"))))
    assert (logo.format, logo.mode, logo.size) == ("PNG", "RGBA", (81, 81))
    assert logo.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "I;16"])
def test_a_png_without_transparency_is_taken_whole(mode: str, file: Callable[[str, bytes], str]) -> None:
    plain = deep(scene(64, 48)) if mode == "I;16" else scene(64, 48).convert(mode)
    logo = opened(load_logo(file("logo.png", file_of(plain, "PNG"))))
    assert (logo.mode, logo.size) == ("RGBA", (64, 48))
    low, high = logo.convert("L").getextrema()
    assert high - low > 100  # type: ignore[operator]


def test_an_svg_is_drawn_large_whatever_size_it_names(file: Callable[[str, bytes], str]) -> None:
    for attributes in ("", 'width="4" height="2" ', 'width="90000" height="45000" '):
        path = file("logo.svg", SVG.replace("viewBox", attributes + "viewBox").encode())
        logo = opened(load_logo(path))
        assert logo.mode == "RGBA"
        assert logo.size == pytest.approx((410, 410), abs=3)
        assert logo.getpixel((205, 205)) == (255, 0, 0, 255)


def test_texts_in_an_svg_are_drawn(file: Callable[[str, bytes], str]) -> None:
    text = '<text x="2" y="15" font-family="DejaVu Sans" font-size="12">Mira</text>'
    logo = opened(load_logo(file("logo.svg", SVG.replace("<circle", text + "<circle").encode())))
    assert logo.getchannel("A").crop((500, 0, *logo.size)).getbbox() is not None


def test_a_large_logo_is_kept_small(file: Callable[[str, bytes], str]) -> None:
    path = file("logo.png", file_of(Image.new("RGB", (3000, 1500), "navy"), "PNG"))
    assert opened(load_logo(path)).size == (1024, 512)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("photo.jpg", file_of(scene(), "JPEG"), "is neither PNG nor SVG; export the logo as one of them"),
        ("empty.png", b"", "is neither PNG nor SVG"),
        (
            "cut.png",
            file_of(disc(), "PNG")[:120],
            r"cannot be used \(.*\); export the logo again, as a PNG of at most",
        ),
        ("bare.png", file_of(Image.new("RGBA", (9, 9)), "PNG"), "shows nothing; export the logo with its shapes"),
        (
            "huge.png",
            file_of(Image.new("1", (6000, 6000)), "PNG"),
            r"cannot be used \(6000 x 6000 is more than 25,000,000 pixels\)",
        ),
        (
            "heavy.png",
            b"\x89PNG\r\n\x1a\n" + bytes(5_000_000),
            "is larger than 5,000,000 bytes; export the logo sm",
        ),
        ("cut.svg", SVG[:-6].encode(), r"cannot be drawn \(.*\); export it again as plain SVG, or as PNG"),
        ("bare.svg", SVG.replace("red", "none").encode(), "shows nothing"),
        ("wide.svg", SVG.encode("utf-16"), "is neither PNG nor SVG; .* UTF-8"),
    ],
)
def test_a_logo_that_cannot_be_used_is_refused_with_the_mend(
    name: str, content: bytes, words: str, file: Callable[[str, bytes], str]
) -> None:
    with pytest.raises(ValueError, match=f"{name}: {words}"):
        load_logo(file(name, content))


@pytest.mark.parametrize("path", ["/no/such/logo.png", "/", "logo\x00.png"])
def test_a_path_that_leads_nowhere_is_named(path: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read \(.*\); write the path of a PNG or SVG file"):
        load_logo(path)


def test_an_svg_without_the_extra_names_it(
    file: Callable[[str, bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"guardware\[svg\]"):
        load_logo(file("logo.svg", SVG.encode()))


@pytest.mark.parametrize(
    ("size", "height", "room", "drawn"),
    [
        ((200, 100), 50, (1000, 1000), (100, 50)),
        ((200, 100), 50, (60, 1000), (60, 30)),
        ((200, 100), 50, (1000, 10), (20, 10)),
        ((1, 900), 50, (1000, 1000), (1, 50)),
        ((900, 1), 50, (90, 90), (90, 1)),
    ],
)
def test_a_logo_is_scaled_to_its_height_and_its_room(
    size: tuple[int, int], height: int, room: tuple[int, int], drawn: tuple[int, int]
) -> None:
    logo = draw_logo(file_of(Image.new("RGBA", size, "red"), "PNG"), height, room, 0)
    assert logo.picture.size == logo.whole.size == drawn


def test_the_outline_goes_all_around() -> None:
    logo = draw_logo(file_of(Image.new("RGBA", (40, 40), "red"), "PNG"), 40, (99, 99), 3)
    assert logo.picture.size == (46, 46)
    assert logo.picture.getchannel("A").getbbox() == (3, 3, 43, 43)
    assert logo.whole.point([0] * 128 + [255] * 128).getbbox() == (1, 1, 45, 45)


@pytest.mark.parametrize(
    ("colour", "plain", "luma"),
    [("black", True, 0), ("white", True, 255), ("#808080", True, 128), ("red", False, 76)],
)
def test_a_logo_of_one_grey_is_told_from_a_coloured_one(colour: str, plain: bool, luma: float) -> None:
    logo = draw_logo(file_of(disc(colour=colour), "PNG"), 30, (99, 99), 0)
    assert (logo.plain, round(logo.luma)) == (plain, luma)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    height=st.integers(1, 200),
    room=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    stroke=st.integers(0, 20),
)
def test_any_size_in_any_room(size: tuple[int, int], height: int, room: tuple[int, int], stroke: int) -> None:
    logo = draw_logo(file_of(Image.new("RGBA", size, "red"), "PNG"), height, room, stroke)
    assert logo.picture.size == logo.whole.size
    assert logo.picture.width - 2 * stroke <= room[0]
    assert logo.picture.height - 2 * stroke <= min(height, room[1])


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(8, 400), at=st.integers(8, 399), byte=st.integers(0, 255))
def test_a_damaged_png_is_taken_or_refused_in_words(
    cut: int, at: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(file_of(disc(), "PNG"))
    data[min(at, len(data) - 1)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    path.write_bytes(data[:cut])
    failure = ""
    try:
        assert opened(load_logo(str(path))).mode == "RGBA"
    except ValueError as error:
        failure = str(error)
    assert not failure or failure.startswith(f"{path}: ")
