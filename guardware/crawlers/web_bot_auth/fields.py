"""The header fields of a signature, read as structured fields (RFC 9651) within bounds.

``http_sf`` takes 1 to 2 µs for each item, 3 ms for 4 KiB that hold nothing else (measured). So what is long, or
has too many parts to be honest, is refused before it is parsed.
"""

import re
from typing import Any, NamedTuple

import http_sf

from guardware.crawlers.web_bot_auth.result import unverified
from guardware.http import RawHeaders

MAX_BYTES = 4096
"""Of one field, all its lines. Four signatures with RSA keys of 4096 bits take 2.8 KiB."""
MAX_LABELS = 4
MAX_PARTS = 128
"""Separators and escapes in one field. Four signatures of eight components and eight parameters have some 70."""
MAX_COMPONENTS = 24
"""Covered by one signature. Known agents cover two to four."""

_SEPARATORS = (b";", b",", b" ", b"\t", b"\\")
# An atomic group, so that no text is read twice.
_ELEMENT = re.compile(r'(?>(?:[^",]+|"(?:[^"\\]|\\.)*")+)')
"""What stands between the commas of a dictionary that has been parsed already."""

Parameters = dict[str, Any]


class Component(NamedTuple):
    """One thing that a signature covers. ``text``: its identifier as it stands in the signature base."""

    name: str
    parameters: Parameters
    text: str


class Label(NamedTuple):
    """One signature of a message.

    ``spellings``: the covered components and parameters as text, as received and, where that differs, in canonical
    form. RFC 9421 section 2.3 signs the canonical form; who builds the header by hand signs what he wrote.
    """

    name: str
    components: tuple[Component, ...]
    parameters: Parameters
    spellings: tuple[str, ...]
    signature: bytes


def joined(headers: RawHeaders, name: bytes, most: int = MAX_BYTES) -> bytes | None:
    """The field ``name`` (lower case), repeated lines joined as RFC 9110 section 5.3 has it, or None.

    Raises RefusalError for one of more than ``most`` bytes or with too many parts.
    """
    lines = [value for key, value in headers if key == name]
    if not lines:
        return None
    if sum(map(len, lines)) + 2 * len(lines) > most + 2:
        raise unverified(f"{name.decode('ascii', 'replace')[:60]} is longer than {most} bytes")
    value = b", ".join(lines)
    if sum(map(value.count, _SEPARATORS)) > MAX_PARTS * most // MAX_BYTES:
        raise unverified(f"{name.decode('ascii', 'replace')[:60]} has too many parts")
    return value


def parse(value: bytes, shape: str, name: str) -> Any:
    """``value`` as a structured field of ``shape`` ("dictionary" or "item"). Raises RefusalError if it is none."""
    try:
        return http_sf.parse(value, tltype=shape, on_duplicate_key=_no_duplicates)
    except ValueError:
        raise unverified(f"{name} is malformed") from None


def serialised(member: Any) -> str:
    """A member of a dictionary or list, in canonical form (RFC 9651 section 4.1)."""
    return http_sf.ser([member])


def read_labels(signature_input: bytes, signature: bytes, tag: str, most: int = MAX_LABELS) -> list[Label]:
    """The signatures whose parameter ``tag`` is ``tag``. Raises RefusalError when the fields are malformed."""
    inputs = parse(signature_input, "dictionary", "Signature-Input")
    signatures = parse(signature, "dictionary", "Signature")
    if len(inputs) > most or len(signatures) > most:
        raise unverified(f"there are more than {most} signatures")
    return [
        _label(name, member, signatures, signature_input)
        for name, member in inputs.items()
        if _is_tagged(member, tag)
    ]


def _no_duplicates(key: str, where: str) -> None:
    # RFC 9651 lets the last one count; parsers that let the first one count would read another message.
    raise ValueError(f"{where} repeats {key}")


def _is_tagged(member: Any, tag: str) -> bool:
    value = member[1].get("tag")
    return type(value) is str and value == tag


def _label(name: str, member: Any, signatures: Any, signature_input: bytes) -> Label:
    items, parameters = member
    if not isinstance(items, list):
        raise unverified("Signature-Input is malformed")
    if len(items) > MAX_COMPONENTS:
        raise unverified(f"a signature covers more than {MAX_COMPONENTS} components")
    components = tuple(map(_component, items))
    if len({component.text for component in components}) < len(components):
        raise unverified("a signature covers the same component twice")  # RFC 9421 section 2.5
    proof = signatures.get(name, (None,))[0]
    if not isinstance(proof, bytes):
        raise unverified("Signature lacks what Signature-Input announces")
    canonical = serialised(member)
    return Label(name, components, parameters, _spellings(name, canonical, signature_input), proof)


def _component(item: Any) -> Component:
    name, parameters = item
    if type(name) is not str or name == "@signature-params":
        raise unverified("Signature-Input is malformed")
    return Component(name, parameters, serialised(item))


def _spellings(name: str, canonical: str, signature_input: bytes) -> tuple[str, ...]:
    text = signature_input.decode("ascii")  # what is not ASCII has not been parsed
    if f"{name}={canonical}" in text:
        return (canonical,)
    for element in _ELEMENT.findall(text):
        key, _, received = element.partition("=")
        # Parsed anew: the text that counts must mean what has been read.
        if key.strip(" \t") == name and _means(received := received.strip(" \t"), canonical):
            return (received, canonical)
    return (canonical,)


def _means(text: str, canonical: str) -> bool:
    try:
        return serialised(http_sf.parse(b"x=" + text.encode(), tltype="dictionary")["x"]) == canonical  # type: ignore[call-overload,index]
    except ValueError:
        return False
