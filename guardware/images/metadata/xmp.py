"""XMP: rights, credit and data mining in, private facts out, the owner's other properties kept."""

from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement

from guardware.images.metadata.packet import PREFIXES, RDF, XML_LANG, Packet, read, write
from guardware.images.metadata.statement import MINING_VOCABULARY, checked
from guardware.images.recipe import Metadata

JPEG_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"

JPEG_LIMIT = 65533 - len(JPEG_PREFIX)
"""Bytes of a packet in one segment (XMP part 3, 1.1.3: 65502 and the end of the prefix)."""

_URIS = {prefix: uri for uri, prefix in PREFIXES.items()}
_DESCRIPTION = f"{{{RDF}}}Description"
_ABOUT = f"{{{RDF}}}about"

_NOTE = "http://ns.adobe.com/xmp/note/"

_PRIVATE_NAMESPACES = (
    # Android's motion photos, depth maps and second pictures (developer.android.com, Motion Photo format 1.0);
    # what they describe is cut off with the end of the picture.
    "http://ns.google.com/photos/",
    "http://ns.adobe.com/hdr-gain-map/",
)

_PRIVATE_NAMES = frozenset(
    f"{{{uri}}}{name}"
    for uri, names in {
        # XMP part 2; CIPA DC-010 (Exif in XMP); Camera Raw's aux
        "http://ns.adobe.com/exif/1.0/": "ImageUniqueID MakerNote UserComment",
        "http://cipa.jp/exif/1.0/": "BodySerialNumber LensSerialNumber CameraOwnerName",
        "http://ns.adobe.com/exif/1.0/aux/": "SerialNumber LensSerialNumber OwnerName",
        "http://ns.adobe.com/xap/1.0/": "Thumbnails",
        "http://ns.adobe.com/tiff/1.0/": "HostComputer",
        "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "filePath",
        _NOTE: "HasExtendedXMP",
    }.items()
    for name in names.split()
)
_GPS = "{http://ns.adobe.com/exif/1.0/}GPS"


def xmp_bytes(meta: Metadata) -> bytes:
    """A fresh XMP packet (UTF-8, wrapped), as Pillow's ``save(xmp=)`` takes it; empty if nothing is stated.

    Properties: plus:DataMining, dc:creator, dc:rights, dc:description, xmpRights:Marked, UsageTerms, WebStatement.
    Raises ValueError as ``checked``.
    """
    return rewritten(b"", checked(meta), JPEG_LIMIT)


def rewritten(old: bytes, meta: Metadata, limit: int) -> bytes:
    """The packet ``old`` (empty: none) with what ``meta`` (checked) states; at most ``limit`` bytes.

    Where the owner's properties cannot be read, or do not fit, only ours are written; empty if there is nothing to
    write. Raises ValueError if ours alone do not fit.
    """
    found = read(old) if old else None
    stated = _stated(meta)
    if found is not None:
        _clean(found.rdf, {child.tag for child in stated}, meta.strip)
        about = next((element.get(_ABOUT, "") for element in found.rdf.iter(_DESCRIPTION)), "")
        stated.set(_ABOUT, about)
        merged = Element(found.rdf.tag, found.rdf.attrib)
        merged.extend([stated] if len(stated) else [])
        merged.extend(child for child in found.rdf if len(child) or set(child.attrib) - {_ABOUT})
        packet = write(Packet(merged, found.prefixes)) if len(merged) else b""
        if len(packet) <= limit:
            return packet
    if not len(stated):
        return b""
    stated.set(_ABOUT, "")
    fresh = Element(f"{{{RDF}}}RDF")
    fresh.append(stated)
    packet = write(Packet(fresh, {}))
    if len(packet) > limit:
        raise ValueError(f"metadata: the texts take {len(packet)} bytes of XMP, which holds {limit}: shorten them")
    return packet


def _stated(meta: Metadata) -> Element:
    """An rdf:Description with our properties as its children."""
    description = Element(_DESCRIPTION)
    if meta.mining:
        _property(description, "plus:DataMining").text = MINING_VOCABULARY + meta.mining
    if meta.mining == "PROHIBITED-SEECONSTRAINT":
        _localised(description, "plus:OtherConstraints", meta.usage_terms)
    if meta.creator:
        _listed(description, "dc:creator", "Seq").text = meta.creator
    if meta.rights or meta.usage_terms or meta.web_statement:
        _property(description, "xmpRights:Marked").text = "True"
    for name, text in (
        ("dc:rights", meta.rights),
        ("dc:description", meta.description),
        ("xmpRights:UsageTerms", meta.usage_terms),
    ):
        if text:
            _localised(description, name, text)
    if meta.web_statement:
        _property(description, "xmpRights:WebStatement").text = meta.web_statement
    return description


def _property(parent: Element, name: str) -> Element:
    prefix, _, local = name.partition(":")
    return SubElement(parent, f"{{{_URIS[prefix]}}}{local}")


def _listed(parent: Element, name: str, container: str) -> Element:
    return _property(_property(_property(parent, name), f"rdf:{container}"), "rdf:li")


def _localised(parent: Element, name: str, text: str) -> None:
    """A text with its default language (XMP part 1, 8.2.2.4)."""
    item = _listed(parent, name, "Alt")
    item.set(XML_LANG, "x-default")
    item.text = text


def _clean(rdf: Element, ours: set[str], strip: bool) -> None:
    """Take out of the owner's properties what we state anew and, if ``strip``, private facts at any depth."""
    for description in rdf:
        _remove(description, ours.__contains__)
    if strip:
        for element in list(rdf.iter()):
            _remove(element, _private)
    else:
        for description in rdf:
            _remove(description, _about_more_pictures)


def _remove(element: Element, unwanted: Callable[[str], bool]) -> None:
    for name in [name for name in element.attrib if unwanted(name)]:
        del element.attrib[name]
    element[:] = [child for child in element if not unwanted(child.tag)]


def _private(name: str) -> bool:
    return name in _PRIVATE_NAMES or name.startswith(_GPS) or _about_more_pictures(name)


def _about_more_pictures(name: str) -> bool:
    return name[1:].startswith(_PRIVATE_NAMESPACES)
