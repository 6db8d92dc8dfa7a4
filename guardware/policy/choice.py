"""Which variant a protected visit gets: from what decided, and from what its program can show."""

from collections.abc import Mapping

from guardware.config.images import ORIGINAL, Images
from guardware.crawlers.crawler import Crawler, Purpose
from guardware.engines import Engine

_BY_PURPOSE: Mapping[Purpose, str] = {
    Purpose.SEARCH: "unverified_search",
    # Neither previews nor feed readers apply colour profiles on the servers that make their thumbnails.
    Purpose.PREVIEW: "preview_bot",
    Purpose.FEED: "preview_bot",
}
"""The verdicts on crawlers by purpose; on all others: suspect."""


class Choice:
    """The names of variants, ready to be looked up. "" is the original."""

    def __init__(self, images: Images) -> None:
        self._verdicts: dict[str, str] = dict(images.verdicts)
        self._veiled = {name for name, steps in images.variants.items() if any(step.veil for step in steps)}
        everyone = images.verdicts.everyone
        self.everyone = "" if everyone == ORIGINAL else everyone
        """What visits get that nothing speaks against."""

    def of(self, verdict: str, engine: Engine | None) -> str:
        """The variant for ``verdict`` (a name in ``images.verdicts``) on a visit of ``engine``.

        Whoever may be a person, and whose program is not known to apply colour profiles, gets no veil. Of a
        suspect we do not think so, unless he claims such a browser: a telephone in a crowd may become one.
        """
        name = self._verdicts[verdict]
        if name not in self._veiled or (engine is not None and engine.manages_colour):
            return name
        return name if engine is None and verdict == "suspect" else self._verdicts["unmanaged"]

    def of_crawler(self, crawler: Crawler) -> str:
        """The variant for a crawler that is neither denied nor allowed."""
        return self._verdicts[_BY_PURPOSE.get(crawler.purpose, "suspect")]
