"""Scrapy on the shop of this benchmark: the same fields, no evidence.

python -m tests.bench.crawl_spider URL     prints pages, items and seconds as JSON
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response


class Spider(scrapy.Spider):
    name = "shop"

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:  # noqa: ANN401
        for link in response.css("li.card a::attr(href)").getall():
            yield response.follow(link, self.read)
        for link in response.css("a[rel=next]::attr(href)").getall():
            yield response.follow(link, self.parse)

    def read(self, response: Response) -> dict[str, Any]:
        return {
            "title": response.css("h1::text").get(),
            "price": response.css("p.price::text").get(),
            "listing_id": response.css("p.sku::text").get(),
            "shop_id": response.css("p.shop::attr(data-id)").get(),
            "shop_name": response.css("p.shop::text").get(),
            "sales": response.css("p.sold::text").get(),
            "description": " ".join(response.css("div.text::text").getall()),
            "url": response.url,
        }


def main(url: str) -> None:
    process = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS": 32,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": True,
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    crawler = process.create_crawler(Spider)
    process.crawl(crawler, start_urls=[url])
    began = time.monotonic()
    process.start()
    took = time.monotonic() - began
    stats = crawler.stats.get_stats() if crawler.stats else {}
    told = {
        "pages": stats["response_received_count"],
        "listings": stats["item_scraped_count"],
        "seconds": took,
        "processor": time.process_time(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
