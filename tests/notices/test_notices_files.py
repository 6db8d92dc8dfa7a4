"""The notice files as answers: types, caching, and what becomes of the app's own."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.config import schema
from guardware.http import first_value
from guardware.notices import Notices, rsl

HTTPS = "https://example.com"
RSL = "{https://rslstandard.org/rsl}"


def notices(site: schema.Site | None = None, **options: object) -> Notices:
    return Notices(schema.Notices.model_validate(options), site or schema.Site(), ("GPTBot", "CCBot"))


@pytest.mark.parametrize(
    ("path", "content_type", "switch"),
    [
        ("/robots.txt", b"text/plain; charset=utf-8", "robots_txt"),
        ("/ai.txt", b"text/plain; charset=utf-8", "ai_txt"),
        ("/.well-known/tdmrep.json", b"application/json", "tdm_reservation"),
        ("/license.xml", b"application/rsl+xml", "rsl"),
    ],
)
def test_each_file_is_a_whole_cacheable_answer(path: str, content_type: bytes, switch: str) -> None:
    answer = notices().file(path, HTTPS)
    assert answer.status == 200
    assert first_value(answer.headers, b"content-type") == content_type
    assert first_value(answer.headers, b"cache-control") == b"public, max-age=3600"
    assert re.fullmatch(rb'"[0-9a-f]{16}"', first_value(answer.headers, b"etag") or b"")
    assert not answer.body.startswith(b"\xef\xbb\xbf")
    off: dict[str, Any] = {switch: False}
    assert notices().paths - notices(**off).paths == {path}
    with pytest.raises(KeyError):
        notices(**off).file(path, HTTPS)


def test_the_etag_follows_the_body() -> None:
    guarded = notices()
    tags = [
        first_value(guarded.file("/robots.txt", base, own).headers, b"etag")
        for base, own in [
            (HTTPS, None),
            (HTTPS, b""),
            (HTTPS, b"User-agent: *\nDisallow: /x"),
            ("http://b.example", None),
        ]
    ]
    assert tags[0] == tags[1]
    assert len(set(tags)) == 3


def test_tdmrep_is_an_array() -> None:
    assert json.loads(notices().file("/.well-known/tdmrep.json", HTTPS).body) == [
        {"location": "/", "tdm-reservation": 1}
    ]


def test_tdmrep_names_the_policy() -> None:
    body = notices(tdm_policy="https://example.com/tdm.json").file("/.well-known/tdmrep.json", HTTPS).body
    assert json.loads(body)[0]["tdm-policy"] == "https://example.com/tdm.json"


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        (b'[{"location": "/a/", "tdm-reservation": 0}]', True),
        (b'{"location": "/", "tdm-reservation": 1}', False),
        (b"[]", False),
        (b"<html>not found</html>", False),
        (b"[" * 100_000, False),
        (b"\xff", False),
    ],
)
def test_the_apps_own_tdmrep_is_kept_if_it_says_something(own: bytes, kept: bool) -> None:
    body = notices().file("/.well-known/tdmrep.json", HTTPS, own).body
    assert (body == own) is kept
    assert isinstance(json.loads(body), list)


def test_ai_txt_refuses_every_kind_of_file() -> None:
    lines = notices().file("/ai.txt", HTTPS).body.decode().splitlines()
    assert lines[1] == "User-Agent: *"
    assert {"Disallow: *.jpg", "Disallow: *.png", "Disallow: *.webp", "Disallow: *.html"} < set(lines)
    assert lines[-2:] == ["Disallow: /", "Disallow: *"]
    assert not any(line.startswith("Allow") for line in lines)


@pytest.mark.parametrize(
    ("own", "kept"), [(b"User-Agent: *\nDisallow: *.jpg\n", True), (b"# A guide for assistants\n", False)]
)
def test_the_apps_own_ai_txt_is_kept_if_it_is_in_that_grammar(own: bytes, kept: bool) -> None:
    assert (notices().file("/ai.txt", HTTPS, own).body == own) is kept


def test_the_licence_prohibits_ai_and_grants_nothing() -> None:
    root = ElementTree.fromstring(notices().file("/license.xml", HTTPS).body)
    assert root.tag == f"{RSL}rsl"
    prohibited = root.find(f"{RSL}content[@url='/']/{RSL}license/{RSL}prohibits[@type='usage']")
    assert prohibited is not None
    assert prohibited.text == "ai-all"
    assert {element.tag.removeprefix(RSL) for element in root.iter()} == {"rsl", "content", "license", "prohibits"}


@pytest.mark.parametrize(
    ("contact", "attributes"),
    [
        ("studio@example.com", {"contactEmail": "studio@example.com"}),
        ("mailto:studio@example.com", {"contactEmail": "studio@example.com"}),
        ("https://example.com/contact", {"contactUrl": "https://example.com/contact"}),
        ("javascript:alert(1)", {}),
        ("ring the bell", {}),
        ("", {}),
    ],
)
def test_the_licence_names_the_holder(contact: str, attributes: dict[str, str]) -> None:
    site = schema.Site(name="Mira & <Holm>", contact=contact)
    holder = ElementTree.fromstring(notices(site).file("/license.xml", HTTPS).body).find(f".//{RSL}copyright")
    assert holder is not None
    assert holder.text == "Mira & <Holm>"
    assert holder.attrib == attributes


@given(name=st.text(max_size=50), contact=st.text(max_size=50))
def test_the_licence_is_well_formed_whoever_the_owner_is(name: str, contact: str) -> None:
    root = ElementTree.fromstring(rsl.license_xml(schema.Site(name=name, contact=contact)))
    assert root.tag == f"{RSL}rsl"


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        (b'<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license/></content></rsl>', True),
        (b"<html></html>", False),
    ],
)
def test_the_apps_own_licence_is_kept_if_it_is_one(own: bytes, kept: bool) -> None:
    assert (notices().file("/license.xml", HTTPS, own).body == own) is kept


def test_robots_txt_is_merged_with_the_apps_own_and_its_licence_follows_the_host() -> None:
    guarded = notices()
    own = b"User-agent: *\nDisallow: /drafts/\n"
    for base in (HTTPS, "http://other.example"):
        body = guarded.file("/robots.txt", base, own).body.decode()
        assert f"License: {base}/license.xml\n" in body
        assert "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n" in body
        assert "Disallow: /drafts/\n" in body


def test_a_hostile_host_reaches_no_file() -> None:
    body = notices().file("/robots.txt", "https://x\nUser-agent: GPTBot\nAllow: /").body
    assert b"License" not in body
    assert b"Allow: /\n\n" not in body.split(b"User-agent: *")[0]
