"""A shop of its own of which only the address is known: what is tried, one after the other.

Its `/products.json`; else the sitemaps that its robots.txt names, or `/sitemap.xml`; else links
from the page that was named. Pages are read by what they say of themselves in schema.org's words.
What worked is told by the keys that were used.
"""

import re
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from integrations.marketplaces.assemble import listing_of, templated
from integrations.marketplaces.base import Page, SourceError, Unreadable
from integrations.marketplaces.extract import OnHtml, read_fields, thing
from integrations.marketplaces.links import joined
from integrations.marketplaces.mapping import Source, source_of
from integrations.marketplaces.parse import Html, html_page, json_page, sitemap_page
from integrations.marketplaces.paths import find
from integrations.marketplaces.patterns import holds
from integrations.marketplaces.request import must_be_answer
from integrations.marketplaces.steps import Done, Fault, Step, StepKind

PRODUCTS: Final = "/products.json"
ROBOTS: Final = "/robots.txt"
SITEMAP: Final = "/sitemap.xml"
_NAMED: Final = re.compile(rb"(?im)^[ \t]*sitemap[ \t]*:[ \t]*(\S+)")
_MOST_NAMED: Final = 50
_MOST_LINKS: Final = 500
_LIKELY: Final = r"(?i)(product|item|goods|/p/|/sku|detail)"
_NO_PAGE: Final = (
    r"(?i)\.(jpe?g|png|gif|webp|svg|ico|css|js|pdf|zip|mp4|xml|json|woff2?)($|\?)"
    r"|/(cart|login|account|register|checkout|basket)(/|$|\?)"
)


def first(source: Source) -> list[Step]:
    return [Step(StepKind.LIST, urljoin(place, PRODUCTS), page=1) for place in source.start]


def otherwise(source: Source, step: Step) -> tuple[Step, ...]:
    """What is tried when a way does not lead on."""
    path = urlsplit(step.url).path
    if step.turn or step.depth:
        return ()
    if step.kind is StepKind.LIST and path == PRODUCTS:
        return (Step(StepKind.SITEMAP, urljoin(step.url, ROBOTS)),)
    if step.kind is StepKind.SITEMAP and path == ROBOTS:
        return (Step(StepKind.SITEMAP, urljoin(step.url, SITEMAP)),)
    if step.kind is StepKind.SITEMAP:
        ours = urlsplit(step.url).netloc
        starts = [place for place in source.start if urlsplit(place).netloc == ours]
        return tuple(Step(StepKind.LIST, place) for place in starts)
    return ()


def as_shopify(source: Source) -> Source:
    """The same shop, read by its list of products."""
    given = {"platform": source.platform, "kind": "shopify", "start": list(source.start)}
    return source_of(given | ({"currency": source.currency} if source.currency else {}))


def is_products(step: Step) -> bool:
    return step.kind is StepKind.LIST and urlsplit(step.url).path == PRODUCTS


def has_products(page: Page) -> bool:
    """Whether the page is such a list, with something in it."""
    try:
        return page.status == HTTPStatus.OK and bool(find(json_page(page), "products[*].id"))
    except SourceError:
        return False


def read(source: Source, step: Step, page: Page, at: datetime) -> Done:
    match step.kind:
        case StepKind.SITEMAP if urlsplit(step.url).path == ROBOTS:
            return Done(next_steps=_named(source, step, page) or otherwise(source, step))
        case StepKind.SITEMAP:
            return _sitemap(source, step, page)
        case StepKind.LIST:
            return _linked(source, step, page, at)
        case StepKind.DETAIL:
            must_be_answer(page)
            return _offer(source, step, html_page(page), page, at)


def _named(source: Source, step: Step, page: Page) -> tuple[Step, ...]:
    """The sitemaps that robots.txt names, as the sitemap protocol has it; on our hosts alone."""
    if page.status != HTTPStatus.OK:
        return ()
    found = _NAMED.findall(page.body)[:_MOST_NAMED]
    urls = dict.fromkeys(_joined(step.url, url.decode(errors="replace")) for url in found)
    return tuple(Step(StepKind.SITEMAP, url) for url in urls if _ours(source, url))


def _sitemap(source: Source, step: Step, page: Page) -> Done:
    try:
        must_be_answer(page)
        found = sitemap_page(page)
    except SourceError:
        if step.depth:
            raise
        return Done(next_steps=otherwise(source, step))
    maps = [
        Step(StepKind.SITEMAP, url, depth=step.depth + 1)
        for url in sorted((_joined(page.url, url) for url in found.maps), key=_unlikely)
        if _ours(source, url)
    ]
    urls = dict.fromkeys(_joined(page.url, url) for url in found.pages)
    wanted = (url for url in urls if _wanted(source, url))
    pages = [Step(StepKind.DETAIL, url) for url in sorted(wanted, key=_unlikely)]
    if not maps and not pages and not step.depth:
        return Done(next_steps=otherwise(source, step))
    return Done(next_steps=(*maps, *pages), used=frozenset({"site.sitemap"}))


def _linked(source: Source, step: Step, page: Page, at: datetime) -> Done:
    must_be_answer(page)
    html = html_page(page)
    done = _offer(source, step, html, page, at)
    links = (node.attributes.get("href") or "" for node in html.raw.css("a[href]"))
    urls = dict.fromkeys(_joined(html.base, link.strip()) for link in links if link.strip())
    wanted = sorted((url for url in urls if _wanted(source, url)), key=_unlikely)[:_MOST_LINKS]
    deeper = [Step(StepKind.LIST, url, depth=step.depth + 1) for url in wanted]
    if step.depth >= source.limits.depth:
        deeper = []
    if not (deeper or done.listings or step.depth):
        raise Unreadable("site_says_nothing", url=page.url)
    return replace(done, next_steps=tuple(deeper), used=done.used | {"site.links"})


def _offer(source: Source, step: Step, html: Html, page: Page, at: datetime) -> Done:
    by_json, by_items = thing(html.things, "name"), thing(html.items, "name")
    if not (by_json or by_items) or source.detail is None:
        return Done(left_out=1)
    ground = OnHtml(html)
    fields = source.detail.fields
    readings = templated(
        fields, read_fields(fields, ground, "detail"), page.url, html.base, "detail"
    )
    listing, doubts = listing_of(source, readings, url=page.url, record=page.record, at=at)
    used = {reading.key for reading in readings.values()}
    used |= {"site.jsonld"} if by_json else {"site.microdata"}
    faults = tuple(Fault(doubt, page.url, step.kind) for doubt in doubts)
    return Done((listing,), faults=faults, used=frozenset(used))


def _unlikely(url: str) -> bool:
    return not holds(_LIKELY, url)


def _joined(base: str, link: str) -> str:
    return urldefrag(joined(base, link)).url


def _ours(source: Source, url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and parts.netloc in source.own_hosts


def _wanted(source: Source, url: str) -> bool:
    return _ours(source, url) and not holds(_NO_PAGE, url)
