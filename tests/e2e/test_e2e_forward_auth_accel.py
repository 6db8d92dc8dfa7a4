"""nginx by the shipped recipe passes everything on, and sends by itself the originals that guardware names."""

import os
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from path_tricks import PATHS

from .forward_auth_site import BROWSER, CURL, GPTBOT, PAGE, PLACES, Site, build_site, guardware, nginx


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("accel")
    root = folder / "gallery"
    originals = build_site(root)
    accel = "forward_auth: {accel: /.originals/}\n"
    with guardware(folder, "--root", str(root), config=accel) as socket:
        changes = {"/var/www/gallery": str(root), "/run/guardware/guardware.sock": str(socket)}
        with nginx(folder, ("nginx-accel.conf",), changes) as port:
            yield Site(port, True, root, originals)


@pytest.mark.parametrize("place", PLACES[:4])
def test_people_get_originals_from_nginx(site: Site, place: str) -> None:
    reply = site.ask("/" + quote(place))
    assert (reply.status, reply.body) == (200, site.originals[place])
    assert reply.one("x-robots-tag") == "noai, noimageai"
    assert reply.one("tdm-reservation") == "1"
    assert (reply.one("cache-control") or "").startswith("private")
    assert reply.one("vary") == "User-Agent"
    assert reply.one("content-type") in ("image/jpeg", "image/png")
    # nginx writes an entity tag as time and size in hexadecimal.
    status = (site.root / place).stat()
    assert reply.one("etag") == f'"{int(status.st_mtime):x}-{len(reply.body):x}"'
    assert [name for name, _ in reply.headers if name.lower().startswith(("x-guardware", "x-accel"))] == []


@pytest.mark.parametrize("place", PLACES[:4])
def test_parts_and_conditions(site: Site, place: str) -> None:
    target = "/" + quote(place)
    whole = site.ask(target)
    tag, since = whole.one("etag") or "", whole.one("last-modified") or ""
    for more in ((), (("If-Range", tag),)):
        part = site.ask(target, (*BROWSER, ("Range", "bytes=5-9"), *more))
        assert (part.status, part.body) == (206, whole.body[5:10])
    assert site.ask(target, (*BROWSER, ("If-None-Match", tag))).status == 304
    assert site.ask(target, (*BROWSER, ("If-Modified-Since", since))).status == 304
    assert site.ask(target, (*BROWSER, ("If-Match", tag))).status == 200
    head = site.ask(target, method="HEAD")
    assert (head.status, head.one("content-length"), head.body) == (200, str(len(whole.body)), b"")


def test_pages_come_from_guardware(site: Site) -> None:
    assert b"<title>Gallery" in site.ask("/", PAGE).body
    assert site.ask("/none", PAGE).status == 404
    assert site.ask("/.hidden.jpg").status == 404
    assert site.ask("/robots.txt", GPTBOT).status == 200


@pytest.mark.parametrize("target", [*PATHS, "/.originals/art/1.jpg", "/.originals/../.originals/art/1.jpg"])
def test_no_trick_gets_an_original(site: Site, target: str) -> None:
    for lines in (CURL, GPTBOT):
        assert not site.leaks(site.ask(target, lines))


def test_the_place_of_originals_is_nobodys_address(site: Site) -> None:
    for target in ("/.originals/art/1.jpg", "/.originals//art/1.jpg", "/%2eoriginals/art/1.jpg"):
        assert site.ask(target, BROWSER).status == 404


def test_the_doubted_get_a_variant(site: Site) -> None:
    for place in PLACES:
        reply = site.ask("/" + quote(place), CURL)
        assert reply.status == 200
        assert not site.leaks(reply)


def test_a_link_that_took_the_place_of_a_file_is_not_followed(site: Site) -> None:
    """guardware still names the file, for a moment; nginx looks again."""
    place = site.root / "exchanged.jpg"
    outside = site.root.parent / "outside.jpg"
    outside.write_bytes(site.originals["art/1.jpg"])
    place.write_bytes(site.originals[PLACES[1]])
    assert site.ask("/exchanged.jpg").status == 200
    (site.root / "link.jpg").symlink_to(outside)
    os.replace(site.root / "link.jpg", place)
    reply = site.ask("/exchanged.jpg")
    assert (reply.status in (403, 404), site.leaks(reply)) == (True, False)
