"""RSL 1.0 (rslstandard.org/rsl): /license.xml and the Link header that points to it."""

from xml.sax.saxutils import escape, quoteattr

from guardware.config.schema import Site
from guardware.notices.owner import email_of, page_of

PATH = "/license.xml"
MEDIA_TYPE = "application/rsl+xml"
NAMESPACE = "https://rslstandard.org/rsl"

_DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<rsl xmlns="{namespace}">
  <content url="/">
    <license>
      <prohibits type="usage">ai-all</prohibits>
    </license>{holder}
  </content>
</rsl>
"""
# No <permits> and no <payment>: a licence without payment is free, so only the prohibition is stated.
# An element that RSL does not know makes the document non-conformant: add none.


def link(base: str, path: str = PATH) -> bytes:
    """The value of a ``Link`` header to the licence at ``base`` (scheme and host)."""
    return f'<{base}{path}>; rel="license"; type="{MEDIA_TYPE}"'.encode("ascii", "ignore")


def license_xml(site: Site) -> bytes:
    """The licence document: no AI use of anything here, and whom to ask."""
    return _DOCUMENT.format(namespace=NAMESPACE, holder=_holder(site)).encode("utf-8", "replace")


def accepts_own(own: bytes) -> bool:
    """Whether the app's own file is an RSL document (and not, say, a page that answers every address)."""
    return NAMESPACE.encode() in own and b"<rsl" in own


def _holder(site: Site) -> str:
    email, page = email_of(site.contact), page_of(site.contact)
    attributes = f" contactEmail={quoteattr(email)}" if email else ""
    attributes += f" contactUrl={quoteattr(page)}" if page else ""
    if not (site.name or attributes):
        return ""
    return f"\n    <copyright{attributes}>{escape(_xml_text(site.name))}</copyright>"


def _xml_text(text: str) -> str:
    """``text`` without the characters that no XML 1.0 document may hold (section 2.2)."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
