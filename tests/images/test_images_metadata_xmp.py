"""XMP rewritten: the owner's properties stay, private ones go, and packets made to do harm."""

import time
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from image_samples import file_of, scene
from metadata_samples import FIELDS, NOTHING, STATEMENT, exiftool, jpeg_segment

from guardware.images.metadata import credit, packet, xmp, xmp_bytes

LIMIT = xmp.JPEG_LIMIT
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

OWNERS = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="uuid:1" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:exifEX="http://cipa.jp/exif/1.0/" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
 xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:Rating="4" exif:GPSLatitude="48,12N" aux:SerialNumber="4711" GCamera:MotionPhoto="1"
 plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-ALLOWED">
 <dc:subject><rdf:Bag><rdf:li>hills &amp; sky</rdf:li><rdf:li>blau &lt;3</rdf:li></rdf:Bag></dc:subject>
 <dc:rights><rdf:Alt><rdf:li xml:lang="de">frei</rdf:li></rdf:Alt></dc:rights>
 <exifEX:BodySerialNumber>4712</exifEX:BodySerialNumber>
 <xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource">/9j/thumbnail</rdf:li></rdf:Alt></xmp:Thumbnails>
 <Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource">
   <exif:GPSLongitude>16,22E</exif:GPSLongitude><Iptc4xmpExt:City>Wien</Iptc4xmpExt:City>
 </rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>
</rdf:Description>
<rdf:Description rdf:about="uuid:1" xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:GPSAltitude>1</exif:GPSAltitude>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def with_xmp(text: bytes) -> bytes:
    data = file_of(scene(8, 8), "JPEG")
    return data[:2] + jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text) + data[2:]


def test_the_owners_properties_stay_and_private_ones_go() -> None:
    found = exiftool({"a.jpg": credit(with_xmp(OWNERS), STATEMENT)}, "-a", "-struct")["a.jpg"]
    assert {key: found.get(key) for key in FIELDS} == FIELDS | {"XMP-dc:Creator": [STATEMENT.creator]}
    assert found["XMP-xmp:Rating"] == 4
    assert found["XMP-dc:Subject"] == ["hills & sky", "blau <3"]
    assert found["XMP-rdf:About"] == "uuid:1"
    assert found["XMP-iptcExt:LocationCreated"] == [{"City": "Wien"}]
    new = credit(with_xmp(OWNERS), STATEMENT)
    for private in (b"GPS", b"4711", b"4712", b"thumbnail", b"MotionPhoto", b"DMI-ALLOWED", b"frei"):
        assert private in OWNERS
        assert private not in new


def test_without_strip_only_what_is_stated_anew_goes() -> None:
    new = xmp.rewritten(OWNERS, STATEMENT._replace(strip=False), LIMIT)
    for kept in (b"48,12N", b"4711", b"4712", b"thumbnail", b"GPSAltitude"):
        assert kept in new
    for gone in (b"DMI-ALLOWED", b"frei", b"MotionPhoto"):
        assert gone not in new


def test_the_usual_prefixes_are_used() -> None:
    text = xmp.rewritten(OWNERS, STATEMENT, LIMIT).decode()
    assert "<plus:DataMining>http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-EXCEPT" in text
    assert 'xmp:Rating="4"' in text


def test_nothing_stated_leaves_the_owners_packet() -> None:
    assert b"DMI-ALLOWED" in xmp.rewritten(OWNERS, NOTHING, LIMIT)
    assert xmp.rewritten(b"", NOTHING, LIMIT) == b""


def test_a_prefix_that_means_something_else_is_renamed() -> None:
    owners = f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:dc="urn:other" dc:x="1"/></rdf:RDF>'.encode()
    root = ElementTree.fromstring(xmp.rewritten(owners, STATEMENT, LIMIT))
    assert root.find(".//*[@{urn:other}x='1']") is not None
    assert root.find(".//{http://purl.org/dc/elements/1.1/}creator") is not None


def test_texts_come_back_as_they_were() -> None:
    stated = NOTHING._replace(rights="a\rb\n\tc <&>\"']]>", web_statement="https://e.example/?a=1&b=<2>")
    root = ElementTree.fromstring(xmp_bytes(stated))
    rights = root.find(f".//{{http://purl.org/dc/elements/1.1/}}rights/{{{RDF}}}Alt/{{{RDF}}}li")
    web = root.find(".//{http://ns.adobe.com/xap/1.0/rights/}WebStatement")
    assert rights is not None
    assert web is not None
    assert (rights.text, web.text) == (stated.rights, stated.web_statement)


@pytest.mark.parametrize(
    ("mining", "terms", "error"),
    [
        ("PROHIBITED", "", None),
        ("PROHIBITED-AIMLTRAINING", "", None),
        ("", "", None),
        ("prohibited", "", "mining: unknown term 'prohibited'; one of UNSPECIFIED, ALLOWED"),
        ("DMI-PROHIBITED", "", "unknown term"),
        ("PROHIBITED-SEECONSTRAINT", "", "needs usage_terms"),
        ("PROHIBITED-SEECONSTRAINT", "Ask me.", None),
    ],
)
def test_data_mining_terms(mining: str, terms: str, error: str | None) -> None:
    stated = NOTHING._replace(mining=mining, usage_terms=terms)
    if error is None:
        assert (f"DMI-{mining}<".encode() in xmp_bytes(stated)) == bool(mining)
        assert (b"plus:OtherConstraints" in xmp_bytes(stated)) == mining.endswith("CONSTRAINT")
    else:
        with pytest.raises(ValueError, match=error):
            xmp_bytes(stated)


def test_marked_says_that_rights_are_claimed() -> None:
    assert b"<xmpRights:Marked>True" in xmp_bytes(NOTHING._replace(rights="mine"))
    assert b"Marked" not in xmp_bytes(NOTHING._replace(creator="me"))


def rdf(body: str, head: str = "") -> bytes:
    return f'{head}<rdf:RDF xmlns:rdf="{RDF}" xmlns:a="urn:a">{body}</rdf:RDF>'.encode()


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(12)
)
BOMBS = {
    "no xml": b"\x00\x01 nothing",
    "not utf-8": OWNERS.replace(b"Wien", b"\xff\xfe"),
    "utf-16": OWNERS.decode().encode("utf-16"),
    "cut off": OWNERS[:900],
    "other xml": b"<svg/>",
    "billion laughs": rdf("<rdf:Description a:x='1'>&m;</rdf:Description>", LAUGHS + "]>"),
    "one entity": rdf("<rdf:Description a:x='&a;'/>", "<!DOCTYPE x [<!ENTITY a 'ha'>]>"),
    "quadratic": rdf("&a;" * 5000, "<!DOCTYPE x [<!ENTITY a '" + "b" * 40_000 + "'>]>"),
    "external": rdf("&a;", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
    "hidden encoding": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-',
    "deep": rdf("<a:b>" * 30_000 + "</a:b>" * 30_000),
    "many": rdf("<a:b/>" * 150_000),
    "large": rdf(" " * 2_000_000),
    "two roots": rdf("") + rdf(""),
    "unbound prefix": f'<rdf:RDF xmlns:rdf="{RDF}"><nobody:a/></rdf:RDF>'.encode(),
}


@pytest.mark.parametrize("name", BOMBS)
def test_harmful_packets_give_way_to_a_fresh_one(name: str) -> None:
    start = time.process_time()
    assert xmp.rewritten(BOMBS[name], STATEMENT, LIMIT) == xmp_bytes(STATEMENT)
    assert time.process_time() - start < 10


def test_many_names_cost_no_more_than_their_bytes() -> None:
    spaces = " ".join(f'xmlns:ns{n}="urn:{n}" ns{n}:a="1"' for n in range(8000, 20_000))
    defaults = "".join(f'<a xmlns="urn:d{n}"/>' for n in range(8000))
    start = time.process_time()
    new = xmp.rewritten(rdf(f"<rdf:Description {spaces}>{defaults}</rdf:Description>"), STATEMENT, 1 << 24)
    assert time.process_time() - start < 10
    assert len(ElementTree.fromstring(new).findall(".//*")) > 8000


def test_a_packet_too_large_for_its_segment_gives_way() -> None:
    owners = rdf(f"<rdf:Description a:x='{'b' * 65_400}'/>")
    assert xmp.rewritten(owners, STATEMENT, LIMIT) == xmp_bytes(STATEMENT)
    assert b"bbbb" in xmp.rewritten(owners, STATEMENT, 1 << 20)


def test_terms_too_long_for_a_jpeg_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"the texts take \d+ bytes of XMP, which holds 65504: shorten"):
        xmp_bytes(NOTHING._replace(usage_terms="& " * 20_000))


@given(st.binary(max_size=300))
@example(b"<rdf:RDF/>")
def test_any_bytes_are_rewritten(old: bytes) -> None:
    assert xmp.rewritten(old, STATEMENT, LIMIT) == xmp_bytes(STATEMENT)


NAMES = st.sampled_from(
    ["a", "{urn:a}b", "{urn:q}c", f"{{{RDF}}}Description", "{http://purl.org/dc/elements/1.1/}d"]
)
TEXTS = st.text(st.sampled_from("ab <>&\"'\t\n\rë🏔]"), max_size=6)


def element(name: str, attributes: dict[str, str], text: str, children: list[Element]) -> Element:
    made = Element(name, attributes | {packet.XML_LANG: "de"})
    made.text, made.tail = text, text
    made.extend(children)
    return made


LEAVES = st.builds(element, NAMES, st.dictionaries(NAMES, TEXTS, max_size=3), TEXTS, st.just([]))
TREES = st.recursive(
    LEAVES, lambda trees: st.builds(element, NAMES, st.just({}), TEXTS, st.lists(trees, max_size=3)), max_leaves=8
)


@given(TREES)
def test_what_is_written_reads_the_same(tree: Element) -> None:
    root = Element(f"{{{RDF}}}RDF")
    root.append(tree)
    found = packet.read(packet.write(packet.Packet(root, {"urn:q": "q"})))
    assert found is not None
    assert ElementTree.tostring(found.rdf[0]) == ElementTree.tostring(tree)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_be_stated(creator: str, rights: str) -> None:
    stated = NOTHING._replace(creator=creator, rights=rights)
    new = xmp_bytes(stated)
    assert new == b"" or packet.read(new) is not None
