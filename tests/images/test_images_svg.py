"""SVG without scripts, references to elsewhere and embedded pictures."""

import gzip
from base64 import b64encode
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import sample

from guardware.images.svg import MAX_BYTES, sanitise

PICTURE = b64encode(sample("JPEG"))
EMBEDDED = b"data:image/jpeg;base64," + PICTURE
DRAWING = (
    b'<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs>'
    b'<g clip-path="url(#c)" transform="scale(2)"><path d="M0 0L9 9" fill="url(#g)" style="stroke:#000"/></g>'
    b'<style>path{fill:url(#g)}</style><text x="3">Zo\xc3\xab</text><use href="#g"/>'
)


def svg(inside: bytes, attributes: bytes = b"") -> bytes:
    spaces = b'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return b"<svg " + spaces + b" " + attributes + b">" + inside + b"</svg>"


def test_a_drawing_stays() -> None:
    tree = ElementTree.fromstring(sanitise(svg(DRAWING, b'viewBox="0 0 9 9" width="9"')))
    names = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert names == ["svg", "defs", "linearGradient", "stop", "g", "path", "style", "text", "use"]
    assert tree.attrib == {"viewBox": "0 0 9 9", "width": "9"}
    path = tree.find(".//{*}path")
    assert path is not None
    assert path.attrib == {"d": "M0 0L9 9", "fill": "url(#g)", "style": "stroke:#000"}
    assert tree.findtext("{*}text") == "Zoë"


@pytest.mark.parametrize(
    "inside",
    [
        b"<script>alert(1)</script>",
        b"<rect onclick='alert(1)'/>",
        b"<a href='javascript:alert(1)'/>",
        b"<foreignObject><img xmlns='http://www.w3.org/1999/xhtml' src='x' onerror='alert(1)'/></foreignObject>",
        b"<set attributeName='onclick' to='alert(1)'/>",
        b"<!-- alert(1) -->",
    ],
)
def test_scripts_go(inside: bytes) -> None:
    clean = sanitise(svg(inside + DRAWING)).lower()
    assert b"<script" not in clean
    assert b"onclick=" not in clean
    assert b"javascript:" not in clean
    assert b"onerror" not in clean
    assert b"<!--" not in clean


@pytest.mark.parametrize(
    "inside",
    [
        b"<image href='%s'/>",
        b"<image xlink:href='%s'/>",
        b"<image href=' %s'/>",
        b"<image href='&#100;%s'/>".replace(b"&#100;%s", b"&#100;ata:image/jpeg;base64," + PICTURE),
        b"<filter><feImage href='%s'/></filter>",
        b"<style>rect{fill:url(%s)}</style>",
        b"<style>rect{fill:URL('%s')}</style>",
        b"<style><![CDATA[rect{fill:url(%s)}]]></style>",
        b"<style>rect{background:image-set('%s' 1x)}</style>",
        b"<style>rect{fill:u\\72l(%s)}</style>",
        b"<rect style='fill:url(%s)'/>",
        b"<rect fill='url(%s)'/>",
        b"<rect cursor='url(%s)'/>",
        b"<use href='%s#a'/>",
        b"<image><set attributeName='href' to='%s'/></image>",
        b"<image><animate attributeName='href' values='%s;%s'/></image>",
        b"<foreignObject><img xmlns='http://www.w3.org/1999/xhtml' src='%s'/></foreignObject>",
        b"<desc>%s</desc>",
        b"<metadata>%s</metadata>",
        b"<!-- %s -->",
        b"<rect id='%s'/>",
        b"<rect data-x='%s'/>",
        b"<x:image xmlns:x='http://ns.example/' href='%s'/>",
        b"<s:image xmlns:s='http://www.w3.org/2000/svg' href='%s'/>",
    ],
)
def test_embedded_pictures_go(inside: bytes) -> None:
    dirty = svg(inside.replace(b"%s", EMBEDDED) + DRAWING)
    clean = sanitise(dirty)
    assert PICTURE in dirty
    assert PICTURE[:60] not in clean
    assert b"M0 0L9 9" in clean


def test_an_embedded_picture_by_way_of_an_entity_goes() -> None:
    entity = b'<!DOCTYPE svg [<!ENTITY p "data:image/png;base64,AAAABBBBCCCC">]>'
    assert b"AAAABBBB" not in sanitise(entity + svg(b"<image href='&p;'/><text>&p;</text>"))


@pytest.mark.parametrize(
    "inside",
    [
        b"<image href='https://other.example/a.jpg'/>",
        b"<image href='/pictures/a.jpg'/>",
        b"<image xlink:href='a.jpg'/>",
        b"<use href='https://other.example/a.svg#b'/>",
        b"<rect fill='url(https://other.example/a.svg#b)'/>",
        b"<style>rect{fill:url('a.jpg')}</style>",
        b"<?xml-stylesheet href='https://other.example/a.css'?>",
    ],
)
def test_references_to_elsewhere_go(inside: bytes) -> None:
    clean = sanitise(svg(inside + DRAWING))
    for name in (b"other.example", b"a.jpg", b"a.css", b"a.svg"):
        assert name not in clean
    assert b'href="#g"' in clean


def test_imports_of_style_sheets_go() -> None:
    clean = sanitise(svg(b"<style>@import url(https://other.example/a.css);</style>" + DRAWING))
    assert b"@import" not in clean
    assert clean.count(b"url(") == clean.count(b"url(#")


def test_gzipped_drawings_come_out_plain() -> None:
    assert sanitise(gzip.compress(svg(DRAWING))) == sanitise(svg(DRAWING))


def test_entities_of_drawing_programs_are_resolved() -> None:
    document = (
        b'<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]><svg xmlns="&ns;"><path d="M1 1"/></svg>'
    )
    assert b"M1 1" in sanitise(document)


BILLION = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no SVG"),
    "no xml": (b"rubbish", "no SVG"),
    "html": (b"<html><body/></html>", "the outermost element is html"),
    "no namespace": (b"<svg><rect/></svg>", "no SVG: the outermost element is svg"),
    "breaks off": (svg(DRAWING)[:-3], "no SVG"),
    "a picture": (sample("PNG"), "no SVG"),
    "too large": (svg(b" " * MAX_BYTES), "more than 5242880 bytes"),
    "gzip bomb": (gzip.compress(svg(b" " * MAX_BYTES)), "more than 5242880 bytes"),
    "broken gzip": (b"\x1f\x8brubbish", "damaged gzip"),
    "half a gzip": (gzip.compress(svg(DRAWING))[:-20], "breaks off"),
    "billion laughs": (b'<!DOCTYPE l [<!ENTITY a0 "ha">' + BILLION + b"]>" + svg(b"&a9;"), "the entity a1"),
    "long entity": (b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 1001 + b'">]>' + svg(b"&a;"), "the entity a"),
    "much used": (b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 900 + b'">]>' + svg(b"&a;" * 9000), "grow beyond"),
    "file": (b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg(b"&a;"), "the entity a"),
    "deep": (svg(b"<g>" * 200_000 + b"</g>" * 200_000), "more than 100 deep"),
    "many": (svg(b"<g/>" * 200_000), "more than 100000 elements"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    data, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        sanitise(data)


@given(
    st.binary(max_size=200), st.lists(st.sampled_from([b"<g>", b"</g>", b"<a href='x'/>", b"&amp;", b"x", b"<!"]))
)
def test_any_bytes_give_an_svg_or_an_error(rubbish: bytes, parts: list[bytes]) -> None:
    for data in (rubbish, svg(rubbish), svg(b"".join(parts))):
        try:
            clean = sanitise(data)
        except ValueError:
            continue
        assert ElementTree.fromstring(clean).tag == "{http://www.w3.org/2000/svg}svg"
