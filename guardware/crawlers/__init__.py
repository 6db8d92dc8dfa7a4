"""Known crawlers: the catalogue, and the matcher that finds them in a user-agent string."""

from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.crawler import Crawler, Purpose, Verification

__all__ = ["Catalogue", "Crawler", "Purpose", "Verification"]
