"""What short names mean: the values of a record, and the class of a client's headers."""

from collections.abc import Mapping

RECORD: Mapping[str, str] = {
    "visits": "admitted visits of the address, of whatever kind",
    "hour": "different pictures on the budget of this hour of the clock (UTC)",
    "day": "the same of this day",
    "asked_hour": "different pictures asked for in this hour; an estimate",
    "asked_day": "the same of this day",
    "navigated": "pictures opened like pages since the last page",
    "walk": "pictures in a row whose numbers are neighbours",
    "cookies": "answers that set a cookie",
    "home_asked": "originals that all clients of its address got in this hour, added up",
    "home_walk": "walk, of all clients of its address",
    "pages": "pages opened; fades in hours",
    "errors": "wrong addresses asked, less one each 10 seconds",
    "rate": "visits a second, averaged over a minute",
    "home_pages": "pages, of all clients of its address",
    "proof": "1: once gave proof against itself",
    "cookie": "1: sent a cookie back",
    "robots": "1: read robots.txt",
    "rendered": "1: fetched what only a page being shown asks for",
    "headers_score": "what is kept of its headers' score",
    "behaviour_score": "what is kept of its deeds' score",
}
"""What may be given of a record (``judging.GIVEN``), and what is shown of it."""

_ENCODINGS = {"g": "gzip", "d": "deflate", "b": "br", "z": "zstd"}
_HINTS = {"c": "client hints", "f": "fetch metadata"}


def class_in_words(fingerprint: str) -> str:
    """``identity.fingerprint`` in words: ``gecko128/de/gdb/`` is gecko128, language de, gzip deflate br, ..."""
    claim, language, encodings, hints = fingerprint.split("/")
    return ", ".join(
        (
            "no known browser" if claim == "other" else claim,
            f"language {language}" if language else "no language",
            " ".join(_ENCODINGS[letter] for letter in encodings) or "no compression",
            " and ".join(_HINTS[letter] for letter in hints) or "no client hints or fetch metadata",
        )
    )
