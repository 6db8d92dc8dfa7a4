"""A Scrapy spider that turns the overview pages and stores their pictures through the images pipeline.

Usage: scrapy runspider gallery_spider.py -a url=URL -s IMAGES_STORE=FOLDER
"""

from collections.abc import Iterator
from typing import Any

import scrapy  # type: ignore[import-not-found]


class GallerySpider(scrapy.Spider):  # type: ignore[misc]
    """As in Scrapy's tutorial; robots.txt is not asked, as in a spider without a project."""

    name = "gallery"
    custom_settings = {"ITEM_PIPELINES": {"scrapy.pipelines.images.ImagesPipeline": 1}}  # noqa: RUF012

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [url]

    def parse(self, response: Any) -> Iterator[Any]:
        yield {"image_urls": [response.urljoin(source) for source in response.css("img::attr(src)").getall()]}
        yield from response.follow_all(css="a.next")
