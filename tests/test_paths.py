"""Which paths are judged, and as what; which are refused because servers disagree on what they name."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.paths import Path, extension, normalise


@pytest.mark.parametrize(
    ("raw", "text", "ext"),
    [
        ("/", "/", ""),
        ("/art/full.png", "/art/full.png", "png"),
        ("/art/Full.PNG", "/art/Full.PNG", "png"),
        ("//art///full.png", "/art/full.png", "png"),
        ("/art/", "/art/", ""),
        ("/art%20works/caf%C3%A9.jpg", "/art works/café.jpg", "jpg"),
        ("/art%2Ffull.png", "/art/full.png", "png"),
        ("/art/full.png;jsessionid=7", "/art/full.png;jsessionid=7", "png"),
        ("/art/full.png.", "/art/full.png.", "png"),
        ("/art/full.png/x.css", "/art/full.png/x.css", "css"),
        ("/.well-known/tdmrep.json", "/.well-known/tdmrep.json", "json"),
        ("/.hidden", "/.hidden", ""),
        ("/100%25.png", "/100%.png", "png"),
        ("/a..b/c...png", "/a..b/c...png", "png"),
    ],
)
def test_reads(raw: str, text: str, ext: str) -> None:
    assert normalise(unquote(raw), raw.encode()) == Path(text, ext)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "art.png",
        "/.well-known/../art/x.png",
        "/art/..",
        "/./art",
        "/art/%2e%2e/x.png",
        "/art/.%2E/x.png",
        "/art%2f..%2fx.png",
        "/art/%252e%252e/x.png",
        "/art%252fx.png",
        "/art/x.png%00.css",
        "/art/x.png%2500.css",
        "/art\\x.png",
        "/art%5cx.png",
        "/art%255cx.png",
        "/press/..;/art/x.png",
        "/a\r\nSet-Cookie: x",
        "/" + "a" * 9000,
    ],
)
def test_refuses(raw: str) -> None:
    assert normalise(unquote(raw), raw.encode()) is None


def test_refuses_when_raw_and_decoded_name_different_things() -> None:
    assert normalise("/press/kit.zip", b"/art/full.png") is None


@given(st.text(max_size=60))
def test_what_is_read_has_no_dot_segment_and_reads_the_same_again(text: str) -> None:
    path = "/" + text
    found = normalise(path, quote(path, safe="/", errors="replace").encode() if path.isascii() else b"")
    if found is not None:
        assert not {".", ".."} & set(found.text.split("/"))
        assert "//" not in found.text
        assert normalise(found.text) == found


@given(st.text(), st.binary(max_size=40))
def test_never_raises(path: str, raw: bytes) -> None:
    assert normalise(path, raw) == normalise(path, raw)


@pytest.mark.parametrize(("path", "ext"), [("/a.b/c", ""), ("/x.jpg", "jpg"), ("/.png", ""), ("/x.JPG. ", "jpg")])
def test_extension(path: str, ext: str) -> None:
    assert extension(path) == ext
