"""A Scrapy spider that stores every picture of a page through the files pipeline. Runs in .venv-clients.

Usage: scrapy runspider gallery_spider.py -a url=URL -s FILES_STORE=FOLDER
"""

from collections.abc import Iterator
from typing import Any

import scrapy  # type: ignore[import-not-found]


class GallerySpider(scrapy.Spider):  # type: ignore[misc]
    """One page, all its pictures, as they come: the files pipeline does not re-encode."""

    name = "gallery"
    custom_settings = {"ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1}}  # noqa: RUF012

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [url]

    def parse(self, response: Any) -> Iterator[dict[str, list[str]]]:
        yield {"file_urls": [response.urljoin(source) for source in response.css("img::attr(src)").getall()]}
