"""Download tools as people use them: they see the page, and of its pictures they get previews."""

from email.parser import BytesParser
from pathlib import Path

import pytest

from .pictures import Gallery, assert_no_originals, assert_previews, files_below, is_picture, shares_bytes
from .processes import client_program, program, run

SCRAPERS = Path(__file__).parent / "scrapers"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


def curl(url: str, loot: Path, *options: str) -> tuple[int, bytes]:
    """Status and body of one request by curl."""
    body = loot / "body"
    body.unlink(missing_ok=True)
    argv = [program("curl"), "-sS", "--max-time", "20", "-o", str(body), "-w", "%{http_code}", *options, url]
    finished = run(argv, cwd=loot)
    assert finished.code == 0, finished.output
    return int(finished.output), body.read_bytes() if body.exists() else b""


def test_curl_gets_previews(guarded: str, gallery: Gallery, loot: Path) -> None:
    answers = [curl(f"{guarded}/{name}", loot) for name in gallery.originals]
    assert [status for status, _ in answers] == [200] * 12
    assert_previews((body for _, body in answers), gallery)


def test_curl_sees_the_page(guarded: str, loot: Path) -> None:
    status, body = curl(f"{guarded}/", loot)
    assert (status, b"<img" in body) == (200, True)


def test_curl_under_the_name_of_chrome_gets_no_original(guarded: str, gallery: Gallery, loot: Path) -> None:
    answers = [curl(f"{guarded}/{name}", loot, "-A", CHROME) for name in gallery.originals]
    assert {status for status, _ in answers} <= {200, 403, 429}
    assert_no_originals((body for _, body in answers), gallery)


@pytest.mark.parametrize("path", ["/", "/picture-0.jpg", "/picture-2.png"])
def test_a_declared_training_crawler_is_refused(guarded: str, gallery: Gallery, loot: Path, path: str) -> None:
    agent = (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3; +https://openai.com/gptbot)"
    )
    status, body = curl(f"{guarded}{path}", loot, "-A", agent)
    assert status == 403
    assert_no_originals([body], gallery)


def test_a_refused_crawler_still_reads_robots_txt(guarded: str, loot: Path) -> None:
    status, body = curl(f"{guarded}/robots.txt", loot, "-A", "GPTBot/1.3")
    assert (status, b"GPTBot" in body) == (200, True)


@pytest.mark.parametrize(
    "options",
    [
        ("-r", "0-99999999"),
        ("-r", "3000-"),
        ("-r", "-3000"),
        ("-H", "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT"),
        ("-H", 'If-None-Match: "nothing"'),
        ("-H", "Range: bytes=2000-4999,9000-12999"),
        ("-X", "POST"),
        ("--path-as-is", "-H", "Accept: text/html"),
    ],
    ids=" ".join,
)
def test_no_request_form_gets_at_original_bytes(
    guarded: str, gallery: Gallery, loot: Path, options: tuple[str, ...]
) -> None:
    status, body = curl(f"{guarded}/picture-0.jpg", loot, *options)
    assert status < 500
    assert not shares_bytes(body, gallery.originals["picture-0.jpg"])


def test_a_head_tells_nothing_of_the_original(guarded: str, gallery: Gallery, loot: Path) -> None:
    finished = run([program("curl"), "-sS", "-I", f"{guarded}/picture-0.jpg"], cwd=loot)
    headers = BytesParser().parsebytes(finished.output.partition(b"\r\n")[2])
    assert headers["content-type"].startswith("image/")
    assert int(headers["content-length"]) != len(gallery.originals["picture-0.jpg"])


def test_wget_takes_the_whole_gallery_as_previews(guarded: str, gallery: Gallery, loot: Path) -> None:
    argv = [program("wget"), "-q", "-r", "-l", "1", "-p", "-nd", "-e", "robots=off", "--tries=1", "--timeout=20"]
    run([*argv, f"{guarded}/"], cwd=loot)
    pictures = [data for data in files_below(loot) if is_picture(data)]
    assert len(pictures) == 12
    assert_previews(pictures, gallery)


def test_python_requests_gets_previews(guarded: str, gallery: Gallery, loot: Path) -> None:
    script = SCRAPERS / "requests_gallery.py"
    finished = run([client_program("python"), str(script), f"{guarded}/", str(loot)], cwd=loot)
    assert finished.code == 0, finished.output
    taken = files_below(loot)
    assert len(taken) == 12
    assert_previews(taken, gallery)


def test_scrapy_gets_previews(guarded: str, gallery: Gallery, loot: Path) -> None:
    spider = SCRAPERS / "gallery_spider.py"
    argv = [
        client_program("scrapy"),
        "runspider",
        str(spider),
        "-a",
        f"url={guarded}/",
        "-s",
        f"FILES_STORE={loot}",
    ]
    finished = run(argv, cwd=loot, timeout=60)
    assert finished.code == 0, finished.output
    taken = files_below(loot)
    assert len(taken) == 12, finished.output
    assert_previews(taken, gallery)
