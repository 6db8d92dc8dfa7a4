"""What may go into a link: the address of the site and the owner's contact, checked before they are used."""

import re
from urllib.parse import urlsplit

from guardware.config.schema import Site

_BASE = re.compile(r"https?://(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_EMAIL = re.compile(r"(?:mailto:)?([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)")
_PAGE = re.compile(r"https?://[!#-;=?-~]+")


def origin(site: Site) -> str:
    """``scheme://host[:port]`` of ``site.url``, or an empty string."""
    if site.url is None:
        return ""
    parts = urlsplit(str(site.url))
    return usable_base(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def usable_base(base_url: str, fallback: str = "") -> str:
    """``base_url`` without a slash at its end if it is nothing but scheme, host and port; else ``fallback``.

    The host comes from the request, so whatever is not a host name must not reach a header or a file.
    """
    base = base_url.removesuffix("/")
    return base if _BASE.fullmatch(base) else fallback


def email_of(contact: str) -> str:
    """The plain e-mail address that ``contact`` is, or an empty string."""
    match = _EMAIL.fullmatch(contact.strip())
    return match[1] if match else ""


def page_of(contact: str) -> str:
    """The http(s) address that ``contact`` is, or an empty string; never another scheme."""
    match = _PAGE.fullmatch(contact.strip())
    return match[0] if match else ""
