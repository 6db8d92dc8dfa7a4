"""What our answers say: one row for each kind of answer, in plain words for the person who reads it."""

from typing import NamedTuple

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""The problem type of draft-ietf-httpapi-ratelimit-headers-11, section 5."""


class Words(NamedTuple):
    """One kind of answer. ``{owner}`` and ``{wait}`` are filled in; everything is escaped where it is shown.

    ``type`` and ``status`` go into the problem document (RFC 9457), ``title`` and ``detail`` into both,
    ``advice`` and the button into the page (an empty ``goes_to`` is the address that was asked for); ``text``
    is the whole answer where a picture was asked for.
    """

    status: int
    title: str
    detail: str
    advice: tuple[str, ...]
    text: str
    type: str = "about:blank"
    button: str = "Reload the page"
    goes_to: str = ""


DENY = Words(
    403,
    "This page stays closed to automated visits",
    "{owner} keeps these pictures out of AI training sets. Your visit looked like that of a program "
    "that collects pictures, so nothing was sent.",
    (
        "If you are a person, we are sorry. Please reload the page.",
        "If it stays closed, try again without add-ons that make your browser look like another one.",
    ),
    "This picture is not open to automated visits.",
)

LIMIT = Words(
    429,
    "A short pause, please",
    "That was a lot in a short time. Nothing is wrong, and nothing is lost: you can go on {wait}.",
    ("Reload the page then.",),
    "Too many pictures in a short time. You can go on {wait}.",
    QUOTA_EXCEEDED,
)

BAD_REQUEST = Words(
    400,
    "This address could not be read",
    "Something in the address or in the request is written in a way that cannot be passed on safely, so "
    "nothing was sent.",
    ("If you typed or pasted the address, look for stray signs in it.",),
    "This address could not be read.",
    button="Go to the front page",
    goes_to="/",
)


def wait_words(seconds: int) -> str:
    """``seconds`` as a person would say it, never too short: "in 1 second", "in about 3 minutes"."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds > length:
            count = -(-seconds // length)
            return f"in about {count} {unit}{'' if count == 1 else 's'}"
    return f"in {seconds} second{'' if seconds == 1 else 's'}"
