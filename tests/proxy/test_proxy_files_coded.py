"""Compressed files beside their plain ones: who gets them, and what they never stand for."""

import gzip
import os
import time
from pathlib import Path

import pytest

from guardware.proxy.files.coded import accepted, may_be_coded
from guardware.proxy.gallery import gallery

from .peers import Visitor, ask

STYLE = b"body { color: red }"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    for suffix, content in {"": STYLE, ".br": b"as br", ".zst": b"as zstd", ".gz": gzip.compress(STYLE)}.items():
        (root / f"style.css{suffix}").write_bytes(content)
    return root


async def get(
    root: Path, path: bytes, encodings: bytes | None = b"br, gzip, zstd", method: str = "GET"
) -> Visitor:
    headers = [] if encodings is None else [(b"accept-encoding", encodings)]
    return await ask(gallery(root, title="x"), path, method, headers)


@pytest.mark.parametrize(
    ("encodings", "names"),
    [
        (None, []),
        (b"", []),
        (b"identity", []),
        (b"gzip", ["gzip"]),
        (b"x-gzip", ["gzip"]),
        (b"GZIP", ["gzip"]),
        (b"gzip, deflate, br, zstd", ["br", "zstd", "gzip"]),
        (b"gzip;q=1, br;q=0.5", ["gzip", "br"]),
        (b"br;q=0, gzip", ["gzip"]),
        (b"*", ["br", "zstd", "gzip"]),
        (b"*;q=0.1, br;q=0", ["zstd", "gzip"]),
        (b"*;q=0", []),
        (b"gzip;q=0.5, identity;q=0.8", []),
        (b"gzip;q=0.8, identity;q=0.5", ["gzip"]),
        (b"gzip;q=much", []),
        (b"deflate, compress", []),
        (b"gzip;q=0.001", ["gzip"]),
    ],
)
def test_what_is_accepted(encodings: bytes | None, names: list[str]) -> None:
    headers = [] if encodings is None else [(b"accept-encoding", encodings)]
    assert [coding.name.decode() for coding in accepted(headers)] == names


def test_two_lines_are_one_list() -> None:
    assert len(accepted([(b"accept-encoding", b"gzip"), (b"accept-encoding", b"br")])) == 2


@pytest.mark.parametrize(
    ("kind", "coded"),
    [
        ("text/html; charset=utf-8", True),
        ("text/javascript", True),
        ("application/json", True),
        ("application/ld+json", True),
        ("application/rss+xml", True),
        ("application/wasm", True),
        ("application/manifest+json", True),
        ("image/svg+xml", False),
        ("image/jpeg", False),
        ("font/woff2", False),
        ("application/octet-stream", False),
        ("video/mp4", False),
    ],
)
def test_which_types_have_compressed_files(kind: str, coded: bool) -> None:
    assert may_be_coded(kind) is coded


@pytest.mark.parametrize(
    ("encodings", "coding", "body"),
    [(b"br", [b"br"], b"as br"), (b"zstd", [b"zstd"], b"as zstd"), (None, [], STYLE), (b"deflate", [], STYLE)],
)
async def test_a_style_sheet(root: Path, encodings: bytes | None, coding: list[bytes], body: bytes) -> None:
    got = await get(root, b"/style.css", encodings)
    assert (got.status, got.body, got.values(b"content-encoding")) == (200, body, coding)
    assert got.values(b"content-type") == [b"text/css; charset=utf-8"]
    assert got.values(b"content-length") == [b"%d" % len(body)]
    assert got.values(b"vary") == [b"Accept-Encoding"]
    assert got.values(b"cache-control") == [b"no-cache"]


async def test_each_has_a_tag_of_its_own(root: Path) -> None:
    now = time.time()
    for name in os.listdir(root):
        (root / name).write_bytes(b"all alike")
        os.utime(root / name, (now, now))
    tags = {(await get(root, b"/style.css", encodings)).values(b"etag")[0] for encodings in (None, b"br", b"gzip")}
    assert len(tags) == 3
    for tag in tags:
        met = [
            (await ask(gallery(root, title="x"), b"/style.css", "GET", [line, (b"if-none-match", tag)])).status
            for line in [(b"accept-encoding", b"br"), (b"accept-encoding", b"gzip"), (b"accept", b"*/*")]
        ]
        assert sorted(met) == [200, 200, 304]


async def test_what_is_missing_is_passed_over(root: Path) -> None:
    (root / "style.css.br").unlink()
    assert (await get(root, b"/style.css")).values(b"content-encoding") == [b"zstd"]


async def test_one_left_from_an_earlier_version_is_passed_over(root: Path) -> None:
    old = time.time() - 60
    os.utime(root / "style.css.br", (old, old))
    assert (await get(root, b"/style.css", b"br")).body == STYLE


async def test_the_compressed_file_is_also_one_of_its_own(root: Path) -> None:
    got = await get(root, b"/style.css.gz")
    assert (gzip.decompress(got.body), got.values(b"content-encoding")) == (STYLE, [])
    assert got.values(b"content-type") == [b"application/octet-stream"]


async def test_it_does_not_stand_for_a_plain_file_that_is_missing(root: Path) -> None:
    (root / "style.css").unlink()
    assert (await get(root, b"/style.css")).status == 404


async def test_it_is_no_way_out(root: Path) -> None:
    (root.parent / "secret").write_bytes(b"secret")
    (root / ".hidden").write_bytes(b"secret")
    (root / "a.css").write_bytes(STYLE)
    for target in (root.parent / "secret", root / ".hidden", "/dev/zero"):
        (root / "a.css.br").unlink(missing_ok=True)
        (root / "a.css.br").symlink_to(target)
        assert (await get(root, b"/a.css", b"br")).body == STYLE
    (root / "a.css.br").unlink()
    os.mkfifo(root / "a.css.br")
    assert (await get(root, b"/a.css", b"br")).body == STYLE


@pytest.mark.parametrize("name", ["a.jpg", "a.svg", "a.png"])
async def test_pictures_never_come_compressed(root: Path, name: str) -> None:
    (root / name).write_bytes(b"plain")
    for suffix in (".br", ".gz", ".zst"):
        (root / f"{name}{suffix}").write_bytes(b"compressed")
    got = await get(root, f"/{name}".encode())
    assert (got.body, got.values(b"vary"), got.values(b"content-encoding")) == (b"plain", [], [])
    assert (await get(root, f"/{name}.gz".encode())).status == 404


async def test_a_drawing_that_is_compressed_by_nature_says_so(root: Path) -> None:
    (root / "a.svgz").write_bytes(gzip.compress(b"<svg/>"))
    got = await get(root, b"/a.svgz", None)
    assert (got.values(b"content-type"), got.values(b"content-encoding")) == ([b"image/svg+xml"], [b"gzip"])


async def test_an_index_page_comes_compressed_too(root: Path) -> None:
    (root / "index.html").write_text("plain")
    (root / "index.html.br").write_bytes(b"as br")
    got = await get(root, b"/")
    assert (got.body, got.values(b"content-type")) == (b"as br", [b"text/html; charset=utf-8"])
    head = await get(root, b"/", method="HEAD")
    assert (head.body, head.values(b"content-encoding"), head.values(b"content-length")) == (b"", [b"br"], [b"5"])
