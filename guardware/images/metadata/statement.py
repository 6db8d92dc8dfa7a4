"""What is stated, made fit to be written: known terms, and texts that every format can hold."""

import re

from guardware.images.recipe import Metadata

MINING_VOCABULARY = "http://ns.useplus.org/ldf/vocab/DMI-"
"""What stands before a term in ``plus:DataMining`` (PLUS licence data format; IPTC Photo Metadata 2023.1)."""

MINING_TERMS = (
    "UNSPECIFIED",
    "ALLOWED",
    "PROHIBITED-AIMLTRAINING",
    "PROHIBITED-GENAIMLTRAINING",
    "PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
    "PROHIBITED",
    "PROHIBITED-SEECONSTRAINT",
    "PROHIBITED-SEEEMBEDDEDRIGHTSEXPR",
    "PROHIBITED-SEELINKEDRIGHTSEXPR",
)
"""The PLUS vocabulary of data mining, whole."""

OLD_LIMIT = 1 << 20
"""Bytes of one kind of metadata that are read from a file; what is larger gives way to a fresh one. Cameras and
Photoshop stay far below; an attacker's megabytes cost no time."""

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold (section 2.2, Char); NUL would also end a text in EXIF."""


def checked(meta: Metadata) -> Metadata:
    """``meta`` with texts trimmed and free of characters that no format holds.

    Raises ValueError for an unknown data-mining term, or one that needs a text which is missing.
    """
    stated = Metadata(
        creator=_fit(meta.creator),
        rights=_fit(meta.rights),
        usage_terms=_fit(meta.usage_terms),
        web_statement=_fit(meta.web_statement),
        description=_fit(meta.description),
        mining=meta.mining,
        strip=meta.strip,
    )
    if stated.mining and stated.mining not in MINING_TERMS:
        raise ValueError(f"metadata: mining: unknown term {stated.mining!r}; one of {', '.join(MINING_TERMS)}")
    if stated.mining == "PROHIBITED-SEECONSTRAINT" and not stated.usage_terms:
        raise ValueError("metadata: mining: PROHIBITED-SEECONSTRAINT needs usage_terms that say the constraint")
    return stated


def _fit(text: str) -> str:
    return _UNFIT.sub("", text).strip()
