"""Which paths are judged, and as what; which are refused because servers disagree on what they name."""

import re
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
        ("/...hidden/x.png", "/...hidden/x.png", "png"),
        ("/a.%20/b../x.png", "/a. /b../x.png", "png"),
        ("/%20/x.png", "/ /x.png", "png"),
        ("/%C3%80%E0%A0%80%F0%90%80%80.png", "/Àࠀ\U00010000.png", "png"),
        ("/caf%E9.jpg", "/caf\ufffd.jpg", "jpg"),
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
        # Windows leaves out the dots and spaces at a segment's end.
        "/press/..%20/p.jpg",
        "/press/.%20./p.jpg",
        "/press/%20./p.jpg",
        "/press/.%20",
        "/press/.../p.jpg",
        "/....",
        "/press/..%20;x=1/p.jpg",
        # Overlong UTF-8, once and twice encoded.
        "/press/%c0%ae%c0%ae/p.jpg",
        "/press%C1%9Cp.jpg",
        "/press/%e0%80%ae/p.jpg",
        "/press/%f0%80%80%af/p.jpg",
        "/press/%25c0%25ae/p.jpg",
        "/press/%25C0%ae/p.jpg",
        "/press/%25c0%25ae%2525/p.jpg",
        "/press/%c0%25ae/p.jpg",
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
        assert not [s for s in found.text.split("/") if "." in s and not s.strip(". ")]
        assert "//" not in found.text
        assert normalise(found.text) == found


def test_overlong_bytes_that_are_not_encoded_are_refused() -> None:
    assert normalise("/press/\ufffd\ufffd/p.jpg", b"/press/\xc0\xae/p.jpg") is None


@pytest.mark.parametrize("part", [".", " ", ". ", " .", "/.a", ";", ".;", "/ "])
def test_long_runs_of_odd_signs_are_read_in_no_time(part: str) -> None:
    path = "/" + part * (8000 // len(part)) + "a"
    assert normalise(path) in (None, Path(re.sub("/{2,}", "/", path), extension(path)))


@given(st.text(), st.binary(max_size=40))
def test_never_raises(path: str, raw: bytes) -> None:
    assert normalise(path, raw) == normalise(path, raw)


@pytest.mark.parametrize(("path", "ext"), [("/a.b/c", ""), ("/x.jpg", "jpg"), ("/.png", ""), ("/x.JPG. ", "jpg")])
def test_extension(path: str, ext: str) -> None:
    assert extension(path) == ext
