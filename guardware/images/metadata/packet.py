"""XMP packets: read from text that nobody vouches for, and written with the usual prefixes.

The standard library's ElementTree does the reading: a packet is decoded here, refused if it declares anything
(entities are what bombs are made of; XMP has no use for them), and bounded in size, depth and elements.
"""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import count
from typing import Any, NamedTuple, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from guardware.images.metadata.statement import OLD_LIMIT

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

PREFIXES = {
    RDF: "rdf",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://www.w3.org/XML/1998/namespace": "xml",
}
"""The prefixes by which these are known; some readers look for the text "plus:DataMining" and parse nothing."""

_DEEPEST, _MOST_ELEMENTS = 64, 20_000
_SLICE = 1 << 14

_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'  # XMP part 1, 7.3.2: the same in every packet
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
)
_TAIL = '\n</x:xmpmeta>\n<?xpacket end="w"?>'


class Packet(NamedTuple):
    """``rdf``: the element rdf:RDF. ``prefixes``: by namespace, as the packet has them."""

    rdf: Element
    prefixes: dict[str, str]


def read(data: bytes) -> Packet | None:
    """The packet in ``data``; None if it is none, damaged, larger than a megabyte, deep, or declares entities."""
    try:
        text = data[: OLD_LIMIT + 1].decode().strip("\0 \t\r\n\ufeff")
    except UnicodeDecodeError:  # JPEG, PNG and WebP hold XMP as UTF-8 (XMP part 3, 1.1)
        return None
    if len(data) > OLD_LIMIT or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    prefixes: dict[str, str] = {}
    try:
        root = _root(text, prefixes)
    except (ParseError, ValueError):
        return None
    rdf = root if root.tag == f"{{{RDF}}}RDF" else root.find(f"{{{RDF}}}RDF")
    return None if rdf is None else Packet(rdf, prefixes)


def write(packet: Packet) -> bytes:
    """The packet as UTF-8, with its wrapper; every namespace is declared at the top."""
    taken = _prefixes(packet)
    declared = "".join(f' xmlns:{prefix}="{_attribute(uri)}"' for uri, prefix in taken.items() if prefix != "xml")
    body = "".join(_element(packet.rdf, taken, declared))
    return (_HEAD + body + _TAIL).encode("utf-8", "ignore")


def _root(text: str, prefixes: dict[str, str]) -> Element:
    """The root element. Raises ParseError, or ValueError beyond the bounds."""
    # It is fed text, not bytes, so an encoding that the packet declares for itself counts for nothing.
    parser: XMLPullParser[Any] = XMLPullParser(("start", "end", "start-ns"))
    root: Element | None = None
    depth = elements = 0
    for at in range(0, len(text) + _SLICE, _SLICE):
        # The last slice is empty: expat 2.6 hands out what it holds back only at the end.
        parser.feed(text[at : at + _SLICE]) if at < len(text) else parser.close()
        for event, value in cast("Iterator[tuple[str, Any]]", parser.read_events()):
            if event == "start-ns":
                prefixes.setdefault(value[1], value[0])
            elif event == "start":
                root = value if root is None else root
                depth, elements = depth + 1, elements + 1
            else:
                depth -= 1
            if depth > _DEEPEST or elements > _MOST_ELEMENTS:
                raise ValueError("too deep or too many elements")
    if root is None:
        raise ValueError("no element")
    return root


def _prefixes(packet: Packet) -> dict[str, str]:
    """A prefix of its own for every namespace in use."""
    taken: dict[str, str] = {}
    used = set(PREFIXES.values()) | {"", "x"}
    spare = (f"ns{n}" for n in count())
    for uri in _namespaces(packet.rdf):
        prefix = PREFIXES.get(uri) or packet.prefixes.get(uri, "")
        while uri not in PREFIXES and prefix in used:
            prefix = next(spare)
        used.add(prefix)
        taken[uri] = prefix
    return taken


def _namespaces(rdf: Element) -> Iterable[str]:
    found: dict[str, None] = {}
    for element in rdf.iter():
        for name in (element.tag, *element.attrib):
            if name[:1] == "{":
                found[name[1:].partition("}")[0]] = None
    return found


def _name(name: str, prefixes: dict[str, str]) -> str:
    if name[:1] != "{":
        return name
    uri, _, local = name[1:].partition("}")
    return f"{prefixes[uri]}:{local}"


def _element(element: Element, prefixes: dict[str, str], declared: str = "") -> Iterator[str]:
    tag = _name(element.tag, prefixes)
    yield f"<{tag}{declared}"
    for name, value in element.items():
        yield f' {_name(name, prefixes)}="{_attribute(value)}"'
    if len(element) or element.text:
        yield ">" + _text(element.text)
        for child in element:
            yield from _element(child, prefixes)
            yield _text(child.tail)
        yield f"</{tag}>"
    else:
        yield "/>"


def _text(text: str | None) -> str:
    return escape(text or "", quote=False).replace("\r", "&#13;")


def _attribute(value: str) -> str:
    """Escaped; line ends and tabs as references, for a parser turns them into spaces (XML 1.0, 3.3.3)."""
    return escape(value).replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")
