"""Pages a second of a patrol that keeps evidence, against Scrapy that keeps none.

    python -m tests.bench.bench_crawl [GOODS]

Both ask the same shop on loopback in the same run, one after the other, twice; the better counts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from console.actions.patrol.asking import Road, fetcher_for, put_along
from console.desk import House
from console.settings import Settings
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.route import Route
from integrations.marketplaces.walk import first_steps
from models.patrol.judge import Register
from tests.bench.figures import Figure, keep

MAPPING: Final = """
platform = "bench"
kind = "html"
start = ["{url}"]
pace = 0
currency = "CNY"
[list]
items = "li.card"
link = "a"
paging = {{ by = "next", next = "a[rel=next]" }}
[detail.fields]
listing_id = "p.sku"
title = "h1"
price = "p.price"
shop_id = "p.shop@data-id"
shop_name = "p.shop"
sales = "p.sold"
description = "div.text"
"""


@contextmanager
def shop(goods: int) -> Generator[str]:
    command = (sys.executable, "-m", "tests.bench.crawled_shop", str(goods))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/list/1"
        finally:
            server.kill()


def by_scrapy(url: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "tests.bench.crawl_spider", url)
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return json.loads(told.splitlines()[-1])


def by_patrol(url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        networks = (ip_network("127.0.0.0/8"),)
        house = House.open(Settings(data=Path(name), fetch_allowed_networks=networks, fetch_pace=0))
        source = source_from(MAPPING.format(url=url), file="bench.toml")
        road = Road(source, fetcher_for(house.settings, source), {}, Register([]))
        route, pages, listings = Route(source, set()), 0, 0
        route.add(first_steps(source))
        began, spent = time.monotonic(), time.process_time()
        for step, seen in put_along(house, road, route, "bench"):
            pages += 1
            listings += sum(isinstance(news, Listing) for news in route.took(step, seen.done))
        took, used = time.monotonic() - began, time.process_time() - spent
        whole = sum(1 for _ in house.evidence.verify_all()) == 0
        house.engine.dispose()
    return {
        "pages": pages,
        "listings": listings,
        "seconds": took,
        "processor": used,
        "whole": whole,
    }


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("goods", type=int, nargs="?", default=3000)
    goods = options.parse_args().goods
    with shop(goods) as url:
        told = [(by_patrol(url), by_scrapy(url)) for _ in range(2)]
    for pair in told:
        print(json.dumps(pair))
    ours = max(one["pages"] / one["seconds"] for one, _ in told)
    theirs = max(one["pages"] / one["seconds"] for _, one in told)
    whole = all(one["whole"] for one, _ in told) and all(
        one["listings"] == goods for pair in told for one in pair
    )
    against = f"{ours / theirs:.2f} of Scrapy's {theirs:.0f} pages/s, which keeps no evidence"
    figure = Figure(
        "crawl", f"crawl of {goods:,} goods with evidence, pace 0", f"{ours:.0f} pages/s",
        "≥ Scrapy", whole and ours >= theirs, against,
    )  # fmt: skip
    keep("crawl", [figure])


if __name__ == "__main__":
    main()
